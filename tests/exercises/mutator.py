"""Small mistakes made by machine: one sign, factor, axis, bound or argument of a piece of Python is changed at a time.

    source = Source(text)                      the text of a module
    for mutant in source.mutants(run): ...     run(namespace) calls the function in question; only what it evaluates is changed
    mutant.label                               "x - y -> x + y"
    mutant.namespace()                         the module with this one change
"""

import ast
import copy
import functools
from typing import NamedTuple

BINARY = {ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div], ast.Div: [ast.Mult, ast.FloorDiv], ast.FloorDiv: [ast.Div]}
ORDER = {ast.Lt: [ast.LtE, ast.Gt], ast.LtE: [ast.Lt, ast.GtE], ast.Gt: [ast.GtE, ast.Lt], ast.GtE: [ast.Gt, ast.LtE],
         ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.And: [ast.Or], ast.Or: [ast.And]}
OTHER = {"mean": ["sum"], "sum": ["mean", "max"], "min": ["max"], "max": ["min"], "minimum": ["maximum"], "maximum": ["minimum"],
         "argmin": ["argmax"], "argmax": ["argmin"], "any": ["all"], "all": ["any"], "median": ["mean", "max", "min"],
         "zeros_like": ["ones_like"], "ones_like": ["zeros_like"], "log": ["log2", "log1p"], "log1p": ["log"], "cos": ["sin"],
         "sin": ["cos"], "sigmoid": ["softplus"], "softplus": ["sigmoid"], "sign": ["abs"], "exp": ["expm1"]}
DROPPED = {"abs", "sqrt", "exp", "log", "log1p", "tanh", "sigmoid", "softplus", "sort", "sign", "cumsum", "copy", "minimum",
           "maximum", "min", "max", "clip"}  # f(x) becomes x
BOUNDS = {"minimum", "maximum", "min", "max", "clip"}  # f(x, a) becomes a
EVEN = {"abs", "cos"}  # f(-x) is f(x), so the sign of x is left alone
ODD = {"exp", "sigmoid", "softplus", "log_sigmoid"}  # f(x) becomes f(-x)
COUNTS = {"range", "arange"}  # one more, one fewer
TINY = 1e-6  # added in a logarithm and in a root
_name = functools.partial(ast.Name, ctx=ast.Load())


class Mutant(NamedTuple):
    """One change, and the module with it."""

    label: str
    codes: list

    def namespace(self):
        """What the module then consists of."""
        return _executed(self.codes)


class Source:
    """The text of a module, and what can be changed in it."""

    def __init__(self, text):
        self.tree, self.parents = ast.parse(text), {}
        self.nodes = [node for node in ast.walk(self.tree) if isinstance(node, ast.expr | ast.stmt | ast.keyword)]
        for number, node in enumerate(self.nodes):  # not those of an operator, which Python has only once
            node.number = number
        for node in ast.walk(self.tree):
            self.parents.update((id(child), node) for child in ast.iter_child_nodes(node))
        self.codes = [_compiled(statement) for statement in self.tree.body]
        self.watched = compile(ast.fix_missing_locations(_Watch().visit(copy.deepcopy(self.tree))), "watched.py", "exec")

    def mutants(self, run):
        """One mutant after the other, in the places that `run(namespace)` evaluates."""
        seen = self._evaluated(run)
        for node in self.nodes:
            for new in self._changes(node) if node.number in seen else ():
                above = [node]
                while above[-1] is not self.tree:
                    above.append(self.parents[id(above[-1])])
                place = self.tree.body.index(above[-2])
                codes = [*self.codes[:place], _compiled(_replaced(above[-2], node, new)), *self.codes[place + 1:]]
                yield Mutant(_label(above, new), codes)

    def _evaluated(self, run):
        """The numbers of the nodes that are evaluated while `run` runs, not while the module is imported."""
        seen = set()
        namespace = _executed([self.watched], _seen=lambda number, value=None: seen.add(number) or value)
        seen.clear()
        run(namespace)
        return seen

    def _changes(self, node):
        """All that may stand in the place of a node."""
        above = self.parents.get(id(node))
        match node:
            case ast.BinOp():
                yield from _arithmetic(node, above)
            case ast.Call():
                yield from _calls(node)
            case ast.Constant(value=bool()):
                yield ast.Constant(not node.value)
            case ast.Constant(value=int() | float()):
                others = dict.fromkeys((2 * node.value, node.value + 1, type(node.value)(0)))
                yield from (ast.Constant(value) for value in others if value != node.value)
            case ast.Compare():
                others = ORDER.get(type(node.ops[0]), [])
                yield from (ast.Compare(node.left, [new(), *node.ops[1:]], node.comparators) for new in others)
            case ast.BoolOp():
                yield from (ast.BoolOp(ORDER[type(node.op)][0](), node.values), *node.values)
            case ast.IfExp():
                yield from (node.body, node.orelse)
            case ast.UnaryOp(operand=inner) | ast.Attribute(inner, "T") | ast.Subscript(inner, ast.Slice()):
                yield inner
            case ast.Tuple() if isinstance(above, ast.Return | ast.Lambda):  # two neighbours exchanged
                for i in range(len(node.elts) - 1):
                    yield ast.Tuple([*node.elts[:i], *node.elts[i + 1:i - 1 if i else None:-1], *node.elts[i + 2:]], ast.Load())
            case ast.Name():
                yield from self._other_arguments(node)
            case ast.Expr(value=ast.Call()):
                yield ast.Pass()
            case ast.AugAssign():
                yield from (ast.AugAssign(node.target, new(), node.value) for new in BINARY.get(type(node.op), []))
                yield from (ast.Assign([node.target], node.value), ast.Pass())

    def _other_arguments(self, node):
        """The arguments of the function that stand before and after this one."""
        function = node
        while not isinstance(function, ast.FunctionDef | ast.Lambda | ast.Module):
            function = self.parents[id(function)]
        names = [] if function is self.tree else [argument.arg for argument in function.args.args]
        if node.id in names and len(names) > 1:
            place = names.index(node.id)
            yield from map(_name, dict.fromkeys((names[place - 1], names[(place + 1) % len(names)])))


class _Watch(ast.NodeTransformer):
    """f(x) becomes _seen(7, f(x)), and a statement gets a _seen(8) before it."""

    def visit(self, node):
        if isinstance(node, ast.JoinedStr | ast.arguments) or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            return node
        new, number = super().generic_visit(node), ast.Constant(getattr(node, "number", -1))
        sliced = any(isinstance(part, ast.Slice) for part in getattr(node, "elts", [node]))
        if isinstance(node, ast.expr) and not sliced and not isinstance(node, ast.Starred):
            return ast.Call(_name("_seen"), [number, new], [])
        if isinstance(node, ast.Expr | ast.AugAssign):
            return [ast.Expr(ast.Call(_name("_seen"), [number], [])), new]
        return new


def _replaced(tree, node, new):
    """A copy of a tree with `new` in the place of `node`."""
    replace = ast.NodeTransformer()
    replace.visit = lambda at: new if getattr(at, "number", -1) == node.number else replace.generic_visit(at)
    return ast.fix_missing_locations(replace.visit(copy.deepcopy(tree)))


def _compiled(statement):
    return compile(ast.fix_missing_locations(ast.Module([statement], [])), "mutant.py", "exec")


def _executed(codes, **more):
    namespace = {"__name__": "mutant", **more}
    for code in codes:
        exec(code, namespace)
    return namespace


def _label(above, new):
    """What is changed, with what stands around it: "x - y -> x + y". `above`: the node, its parent, and so on."""
    plain = next((node for node in above[1:] if not isinstance(node, ast.keyword | ast.Slice | ast.Starred | ast.Tuple)), None)
    around = plain if isinstance(plain, ast.expr | ast.Return | ast.Assign) else above[0]
    return f"{ast.unparse(around)} -> {ast.unparse(_replaced(around, above[0], new))}"


def _arithmetic(node, above):
    left, right, kind = node.left, node.right, type(node.op)
    function = getattr(above, "func", None)
    even = isinstance(getattr(above, "op", None), ast.Pow) or getattr(function, "attr", getattr(function, "id", "")) in EVEN
    yield from (ast.BinOp(left, new(), right) for new in BINARY.get(kind, []))
    yield left  # a term, a factor or a power dropped
    if kind in (ast.Add, ast.Sub, ast.Mult, ast.MatMult):
        yield right
    if kind in (ast.Div, ast.MatMult) or kind is ast.Sub and not even:
        yield ast.BinOp(right, node.op, left)
    if kind is ast.Pow:
        yield ast.Call(_name("abs"), [left], [])
    elif not even:
        yield ast.UnaryOp(ast.USub(), node)


def _calls(node):
    of = node.func.value if isinstance(node.func, ast.Attribute) else None  # what a method belongs to
    name = node.func.id if of is None and isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    method = of is not None and getattr(of, "id", "") not in ("np", "math")
    func, args, keywords = node.func, node.args, node.keywords
    for other in OTHER.get(name, []):
        yield ast.Call(ast.Attribute(of, other, ast.Load()) if of else _name(other), args, keywords)
    if name in DROPPED:
        yield of if method else args[0]
    if name in BOUNDS and len(args) > 1:
        yield args[1]
    if name in ("abs", "sqrt") and args:
        yield ast.BinOp(args[0], ast.Pow(), ast.Constant(2))
    if name in ("log", "sqrt"):
        yield ast.Call(func, [ast.BinOp(args[0], ast.Add(), ast.Constant(TINY))], [])
    if name in ODD:
        yield ast.Call(func, [ast.UnaryOp(ast.USub(), args[0])], [])
    if name in COUNTS:
        for operator in (ast.Add(), ast.Sub()):
            yield ast.Call(func, [*args[:-1], ast.BinOp(args[-1], operator, ast.Constant(1))], keywords)
    if len(args) > 1 and name not in BOUNDS - {"clip"}:
        turned = [*args[:-2], args[-1], args[-2]] if name == "where" else [args[1], args[0], *args[2:]]
        yield ast.Call(func, turned, keywords)
    for keyword in keywords:
        yield ast.Call(func, args, [other for other in keywords if other is not keyword])
