"""What a teacher would want to know about the text of answers. It is read here, and never run.

    remarks(path)            what an answer file imports and calls that no exercise asks for
    likeness(path)           the answers without names and comments, to compare two students
"""

import ast
import builtins
import hashlib

from . import submission

# Nobody needs these to solve an exercise, and who wants to see or change the grader does.
MODULES = {"gc", "inspect", "sys", "ctypes", "importlib", "builtins", "os", "subprocess", "socket", "signal", "atexit", "threading",
           "multiprocessing", "traceback", "linecache", "pickle", "marshal", "runpy", "unittest", "pytest", "urllib", "http",
           "requests", "torch", "jax", "tensorflow", "autograd", "cupy"}
NAMES = {"eval", "exec", "compile", "globals", "__import__", "_getframe", "_exit", "__subclasses__", "__globals__", "__closure__",
         "__code__", "__builtins__", "f_back", "f_globals", "f_locals", "settrace", "setprofile", "modules"}
LONG = 150  # parts of a syntax tree; shorter answers are often the same


def remarks(path):
    """A sentence about what an answer file imports and calls beyond the file that was shipped; none if there is nothing."""
    tree, original = submission.parsed(path), submission.shipped(path)
    if tree is None:
        return []
    usual = set(_uses(submission.parsed(original))) if original else set()
    seen = dict.fromkeys((use, line) for use, line in _uses(tree).items() if use not in usual)
    said = ", ".join(f"{use} in line {line}" for use, line in seen)
    return [f"{path.name} uses {said}"] if said else []


def _uses(tree):
    """what -> line, of everything that a teacher may want to look at."""
    found = {}
    for line, name in submission.imported(tree):
        top = name.split(".")[0]
        if top in MODULES or top == "tinygan" and name != "tinygan.exercises.grade":
            found.setdefault(top if top in MODULES else name, line)
    for node in ast.walk(tree):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None
        if name in NAMES:
            found.setdefault(name, node.lineno)
    return found


def likeness(path):
    """A text that is the same for two files of answers that differ in names, comments and layout; "" for one that says little.

    Functions that are as they were shipped, and the lines outside of functions, do not count.
    """
    tree, original = submission.parsed(path), submission.shipped(path)
    if tree is None:
        return ""
    known = {_plain(function) for function in _functions(submission.parsed(original))} if original else set()
    answers = [function for function in _functions(tree) if _plain(function) not in known]
    if sum(1 for answer in answers for _ in ast.walk(answer)) < LONG:
        return ""
    return hashlib.sha256("\n".join(map(_plain, answers)).encode()).hexdigest()


def _functions(tree):
    return [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]


def _plain(function):
    """A function as text, without its docstring and with its own names numbered in the order in which they appear."""
    function = ast.parse(ast.unparse(function)).body[0]
    for node in ast.walk(function):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    own = [node.arg if isinstance(node, ast.arg) else node.id for node in ast.walk(function)
           if isinstance(node, ast.arg) or isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    numbers = {name: f"name{i}" for i, name in enumerate(name for name in dict.fromkeys(own) if not hasattr(builtins, name))}
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            node.arg = numbers.get(node.arg, node.arg)
        elif isinstance(node, ast.Name):
            node.id = numbers.get(node.id, node.id)
    return ast.dump(function)
