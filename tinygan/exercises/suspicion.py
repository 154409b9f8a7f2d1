"""What a teacher would want to know about the text of answers. It is read here, and never run.

    remarks(path)            what an answer file imports and calls that no exercise asks for
    likeness(path)           the answers without names and comments, to compare two students
"""

import ast
import functools
import hashlib

from . import submission

# Nobody needs these to solve an exercise, and who wants to see or change the grader does.
MODULES = {"gc", "inspect", "sys", "ctypes", "importlib", "builtins", "os", "subprocess", "socket", "signal", "atexit",
           "threading", "multiprocessing", "traceback", "linecache", "pickle", "marshal", "runpy", "unittest", "pytest", "urllib",
           "http", "requests", "torch", "jax", "tensorflow", "autograd", "cupy"}
NAMES = {"eval", "exec", "compile", "globals", "__import__", "__builtins__"}
PARTS = {"_getframe", "_exit", "__subclasses__", "__globals__", "__closure__", "__code__", "f_back", "f_globals", "f_locals",
         "settrace", "setprofile", "modules"}  # x._getframe
LONG = 300  # parts of a syntax tree; shorter answers are often the same


def remarks(path):
    """A sentence about what an answer file imports and calls that no file of the exercises does; none if there is nothing."""
    tree = submission.parsed(path)
    uses = {use: line for use, line in _uses(tree).items() if use not in _usual()} if tree else {}
    return [f"{path.name} uses " + ", ".join(f"{use} (line {line})" for use, line in uses.items())] if uses else []


@functools.cache
def _usual():
    """What the files of the exercises use themselves."""
    return {use for path in submission.FOLDER.rglob("*.py") for use in _uses(submission.parsed(path))}


def _uses(tree):
    """what -> line, of everything that a teacher may want to look at."""
    found = {}
    for line, name in submission.imported(tree):
        top = name.split(".")[0]
        if top in MODULES or top == "tinygan" and name != "tinygan.exercises.grade":
            found.setdefault(top if top in MODULES else name, line)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in NAMES:
            found.setdefault(node.id, node.lineno)
        elif isinstance(node, ast.Attribute) and node.attr in PARTS:
            found.setdefault(node.attr, node.lineno)
    return found


def likeness(path):
    """A text that is the same for two files of answers that differ in names, comments and layout; "" for one that says little.

    Functions that are as they were shipped, and the lines outside of functions, do not count.
    """
    tree, original = submission.parsed(path), submission.shipped(path)
    if tree is None:
        return ""
    known = {ast.unparse(function) for function in _functions(submission.parsed(original))} if original else set()
    answers = [function for function in _functions(tree) if ast.unparse(function) not in known]
    if sum(1 for answer in answers for _ in ast.walk(answer)) < LONG:
        return ""
    numbers = {answer.name: f"function{i}" for i, answer in enumerate(answers)}
    return hashlib.sha256("\n".join(_plain(answer, numbers) for answer in answers).encode()).hexdigest()


def _functions(tree):
    return [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]


def _plain(function, numbers):
    """A function as text, without docstrings. `numbers` are new names for functions; its own names are numbered as they come."""
    own = dict(numbers)
    for node in ast.walk(function):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
        name = _name_given(node)
        if name:
            own.setdefault(name, f"name{len(own)}")
    for node in ast.walk(function):
        for part in ("id", "arg", "name"):
            if getattr(node, part, None) in own:
                setattr(node, part, own[getattr(node, part)])
    return ast.dump(function)


def _name_given(node):
    """The name that a part of a program gives to a function, an argument or a variable; None if it gives none."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.arg):
        return node.arg
    return node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else None
