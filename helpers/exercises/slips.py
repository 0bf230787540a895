"""Change an answer in one place at a time, as a slip of the hand might have changed a right one.

If one of the changed answers is right, the learner's mistake is where it was changed.
"""

import ast
import copy
import inspect
import itertools
import math
import textwrap
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from helpers.exercises.showing import Code

OPERATORS = (
    (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.MatMult),
    (ast.Mult, ast.Pow),
    (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq),
    (ast.BitAnd, ast.BitOr),
    (ast.And, ast.Or),
)
# Functions that are taken for each other.
FUNCTIONS = [
    names.split()
    for names in (
        "sum mean max min prod median cumsum",
        "argmax argmin argsort max min",
        "maximum minimum",
        "exp log log2 log10 log1p expm1",
        "sqrt square abs sign",
        "floor ceil round trunc",
        "any all",
        "zeros ones",
        "softmax log_softmax naive_softmax logsumexp",
    )
]
REDUCTIONS = {"sum", "mean", "max", "min", "argmax", "argmin", "argsort", "any", "all", "prod"}
# What may be missing around an expression.
WRAPPERS = {
    "-x": "the sign turned round in",
    "numpy.abs(x)": "the absolute value of",
    "numpy.log(x)": "the logarithm of",
    "numpy.exp(x)": "the exponential of",
    "numpy.sqrt(x)": "the square root of",
    "x**2": "the square of",
    "1 - x": "1 minus",
    "x + 1": "one more than",
    "x - 1": "one less than",
    "x.T": "rows and columns exchanged in",
    "x[::-1]": "the order turned round in",
    "x[0]": "the first of",
    "x.mean()": "the mean of",
    "x.sum()": "the sum of",
    "x.sum(axis=0)": "the sum of each column of",
    "x.sum(axis=-1)": "the sum of each row of",
    "x.astype(float)": "floats in place of",
}

Edit = tuple[str, Callable[[Any], None]]  # words for a change, and what makes it


@dataclass(frozen=True)
class Slip:
    """An answer that differs from another in one place."""

    words: str  # what has changed, for instance "another operator in `a + b`"
    line: tuple[str, Code]  # the line before the change, such as ("line 3", "return a + b")
    answer: Any


def slips(answer: Any) -> Iterator[Slip]:
    """Each answer that differs from this function, or a method of this class, in one place.

    There are none if its source is not known.
    """
    if isinstance(answer, types.FunctionType):
        yield from _slips_of_function(answer)
    elif isinstance(answer, type):
        for name, method in list(vars(answer).items()):
            # `super()` would not work in a method that is defined outside its class.
            if isinstance(method, types.FunctionType) and not method.__closure__:
                for slip in _slips_of_function(method):
                    changed = type(answer.__name__, (answer,), {name: slip.answer})
                    yield replace(slip, answer=changed)


def _slips_of_function(function: types.FunctionType) -> Iterator[Slip]:
    try:
        source = textwrap.dedent(inspect.getsource(function))
        definition = _definition(source)
    except (OSError, TypeError, SyntaxError):
        return
    tree = ast.Module([definition], [])
    names = {"numpy": np, **function.__globals__, **inspect.getclosurevars(function).nonlocals}
    parents = {part: node for node in ast.walk(tree) for part in ast.iter_child_nodes(node)}
    for number, node in enumerate(ast.walk(tree)):
        if not isinstance(node, (ast.stmt, ast.expr)):
            continue
        parent = parents[node]
        while isinstance(parent, ast.Tuple):
            parent = parents[parent]
        for words, edit in _edits(node, parent, definition):
            changed = ast.Module([_definition(source)], [])  # ten times as fast as a copy
            edit(next(itertools.islice(ast.walk(changed), number, None)))
            try:
                code = compile(ast.fix_missing_locations(changed), "<slip>", "exec")
            except (SyntaxError, TypeError, ValueError):  # it makes no sense
                continue
            defined = dict(names)
            exec(code, defined)
            label = f"line {function.__code__.co_firstlineno + node.lineno - 1}"
            line = Code(source.splitlines()[node.lineno - 1].strip())
            yield Slip(words, (label, line), defined["answer"])


def _definition(source: str) -> ast.FunctionDef:
    """The function of this source, under the name `answer`.

    A SyntaxError tells that there is none, or several lambdas.
    """
    nodes = ast.walk(ast.parse(source))
    found: list[Any] = [n for n in nodes if isinstance(n, (ast.FunctionDef, ast.Lambda))]
    if not found or (isinstance(found[0], ast.Lambda) and len(found) > 1):
        raise SyntaxError("no single function")
    first, body = found[0], found[0].body
    if isinstance(first, ast.Lambda):
        body = [ast.copy_location(ast.Return(body), first)]
    return ast.copy_location(ast.FunctionDef("answer", first.args, body, []), first)


def _edits(node: Any, parent: Any, function: ast.FunctionDef) -> Iterator[Edit]:
    """The small changes of one node of a function."""
    text = _text(node)
    place = f" in {_text(parent)}" if isinstance(parent, (ast.expr, ast.keyword)) else ""
    operator = node.ops[0] if isinstance(node, ast.Compare) else getattr(node, "op", None)
    for kind in (kind for group in OPERATORS if isinstance(operator, group) for kind in group):
        yield f"another operator in {text}", _set_operator(kind())
    match node:
        case ast.FunctionDef(args=ast.arguments(args=arguments)):
            for pair in itertools.combinations(range(len(arguments)), 2):
                one, other = (arguments[each].arg for each in pair)
                yield f"`{one}` and `{other}` exchanged after `def`", _exchange_arguments(*pair)
        case ast.BinOp(left=left, right=right):
            yield f"the two sides of {text} exchanged", _exchange("left", "right")
            yield f"other brackets in {text}", _regroup(is_exchanged=False)
            yield f"other brackets in {text}", _regroup(is_exchanged=True)
            for side in (left, right):
                yield f"only a part of {text}", _become(side)
        case ast.UnaryOp(operand=operand) if not isinstance(operand, ast.Constant):
            yield f"{text} without what stands before it", _become(operand)
        case ast.Constant(value=bool() as truth):
            yield f"the opposite of {text}{place}", _become(ast.Constant(not truth))
        case ast.Constant(value=int() | float() as number):
            scaled = (number * 10.0**power for power in (1, 2, -1, -2))
            near = (number + 1, number - 1, -number, 0, 1, 2, -1)
            for value in (*near, *scaled, math.inf, -math.inf):
                yield f"another number than {text}{place}", _become(ast.Constant(value))
            for name in _names(function):
                yield f"a variable in place of {text}{place}", _become(_expression(name))
        case ast.Name(ctx=ast.Load()):
            for name in _names(function):
                yield f"another name than {text}{place}", _become(_expression(name))
        case ast.Subscript(value=value, slice=inside):
            if isinstance(inside, ast.Tuple):
                yield f"the indices of {text} exchanged", lambda n: n.slice.elts.reverse()
            if isinstance(value, ast.Subscript):
                yield f"the brackets of {text} in the other order", _exchange_brackets
            if isinstance(inside, ast.Slice):
                yield f"the other end in {text}", _exchange_ends
            yield f"{text} without its last brackets", _become(value)
        case ast.Call():
            yield from _edits_of_call(node, text)
        case ast.Assign(targets=[ast.Name() | ast.Subscript() as target], value=value):
            words = f"{_text(target)} kept and added to, where {text} writes over it"
            yield words, _become(ast.AugAssign(target, ast.Add(), value))
            if isinstance(value, ast.UnaryOp):  # `=-` for `-=`
                yield words, _become(ast.AugAssign(target, ast.Sub(), value.operand))
    if isinstance(node, (ast.Constant, ast.Call, ast.Subscript)):
        for size in _sizes(function):
            yield f"another size than {text}{place}", _become(size)
    if isinstance(parent, (ast.Return, ast.Assign, ast.AugAssign, ast.Call)):
        for template, words in WRAPPERS.items():
            yield f"{words} {text}{place}", _wrap(template)
    if isinstance(getattr(node, "body", None), list):
        yield from _edits_of_lines(node.body)


def _edits_of_call(node: ast.Call, text: str) -> Iterator[Edit]:
    method = node.func if isinstance(node.func, ast.Attribute) else None
    field = "attr" if method else "id"
    name = getattr(node.func, field, "")
    for other in {other for group in FUNCTIONS if name in group for other in group}:
        yield f"another function than `{name}` in {text}", _rename(field, other)
    keywords = [keyword.arg for keyword in node.keywords]
    for place, keyword in enumerate(keywords):
        yield f"{text} without `{keyword}`", _drop_keyword(place)
    yield f"the arguments of {text} in another order", lambda n: n.args.reverse()
    if name in REDUCTIONS and "axis" not in keywords:
        for axis in ("0", "1", "-1"):
            yield f"an `axis` for {text}", _add_keyword("axis", axis)
    if name in REDUCTIONS and "keepdims" not in keywords:
        yield f"`keepdims=True` in {text}", _add_keyword("keepdims", "True")
    if name.endswith("_like"):
        yield f"`dtype=float` in {text}", _add_keyword("dtype", "float")
    for part in (*node.args[:1], *([method.value] if method else [])):
        yield f"no `{name}` in {text}", _become(part)


def _edits_of_lines(lines: list) -> Iterator[Edit]:
    """Lines that change places, also between a loop and what stands around it."""
    for place, line in enumerate(lines):
        following = lines[place + 1] if place + 1 < len(lines) else None
        if following:
            yield f"{_text(following)} before {_text(line)}", _move((place + 1,), (place,))
        if isinstance(line, (ast.For, ast.While, ast.If, ast.With)):
            last, head = len(line.body) - 1, _text(line)
            if following:
                words = f"{_text(following)} one level in, under {head}"
                yield words, _move((place + 1,), (place, last + 1))
            words = f"{_text(line.body[-1])} one level out, after {head}"
            yield words, _move((place, last), (place + 1,))
            words = f"{_text(line.body[0])} one level out, before {head}"
            yield words, _move((place, 0), (place,))


def _names(function: ast.FunctionDef) -> list[str]:
    """Those of its arguments and variables."""
    nodes = list(ast.walk(function))
    names = [node.arg for node in nodes if isinstance(node, ast.arg)]
    stored = [n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return list(dict.fromkeys([*names, *(node.id for node in stored)]))


def _sizes(function: ast.FunctionDef) -> list[ast.expr]:
    """The sizes of its arguments."""
    texts = ("len({0})", "{0}.shape[1]", "{0}.shape[-1]", "{0}.size")
    names = [argument.arg for argument in function.args.args]
    return [_expression(text.format(name)) for name in names for text in texts]


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _text(node: ast.AST) -> str:
    """The first line of its source, as code, cut where it is long."""
    first = ast.unparse(node).strip().partition("\n")[0]
    return f"`{first if len(first) <= 50 else first[:49] + '…'}`"


# What makes a change ------------------------------------------------------------------------------


def _become(other: ast.AST) -> Callable[[Any], None]:
    """Put a copy of the other node in the place of this one."""

    def edit(node: Any) -> None:
        place = {name: getattr(node, name) for name in node._attributes}  # its line and column
        node.__class__, node.__dict__ = other.__class__, copy.deepcopy(other.__dict__) | place

    return edit


def _wrap(template: str) -> Callable[[Any], None]:
    """Put around this node what the template has around x."""

    def edit(node: Any) -> None:
        tree = _expression(template)
        x = next(part for part in ast.walk(tree) if isinstance(part, ast.Name) and part.id == "x")
        _become(node)(x)
        _become(tree)(node)

    return edit


def _set_operator(operator: Any) -> Callable[[Any], None]:
    return lambda node: node.__dict__.update({"op": operator, "ops": [operator]})


def _rename(field: str, name: str) -> Callable[[Any], None]:
    return lambda call: setattr(call.func, field, name)


def _drop_keyword(place: int) -> Callable[[Any], None]:
    return lambda call: call.keywords.pop(place)


def _add_keyword(name: str, value: str) -> Callable[[Any], None]:
    return lambda node: node.keywords.append(ast.keyword(name, _expression(value)))


def _exchange(one: str, other: str) -> Callable[[Any], None]:
    return lambda node: node.__dict__.update({one: node.__dict__[other], other: node.__dict__[one]})


def _exchange_arguments(one: int, other: int) -> Callable[[Any], None]:
    def edit(node: Any) -> None:
        arguments = node.args.args
        arguments[one], arguments[other] = arguments[other], arguments[one]

    return edit


def _exchange_brackets(node: Any) -> None:
    node.slice, node.value.slice = node.value.slice, node.slice


def _exchange_ends(node: Any) -> None:
    node.slice.lower, node.slice.upper = node.slice.upper, node.slice.lower


def _regroup(is_exchanged: bool) -> Callable[[Any], None]:
    """Turn `(a / b) * c` into `a / (b * c)`, and `a - (b / c)` into `(a - b) / c`.

    Or, with b and c exchanged, `a + (b * c)` into `(a + c) * b`.
    """

    def edit(node: Any) -> None:
        left, operator, right = node.left, node.op, node.right
        if isinstance(inner := right, ast.BinOp):
            one, other = (inner.right, inner.left) if is_exchanged else (inner.left, inner.right)
            node.left, node.op, node.right = ast.BinOp(left, operator, one), inner.op, other
        elif isinstance(inner := left, ast.BinOp):
            one, other = (inner.right, inner.left) if is_exchanged else (inner.left, inner.right)
            node.left, node.op, node.right = one, inner.op, ast.BinOp(other, operator, right)

    return edit


def _move(start: tuple[int, ...], end: tuple[int, ...]) -> Callable[[Any], None]:
    """Move a line, by its place among the lines of a node, or of the loop at a place."""

    def lines(node: Any, place: tuple[int, ...]) -> list:
        return node.body[place[0]].body if len(place) > 1 else node.body

    def edit(node: Any) -> None:
        source, target = lines(node, start), lines(node, end)
        target.insert(end[-1], source.pop(start[-1]))

    return edit
