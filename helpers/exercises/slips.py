"""Change an answer in one place at a time, as a slip of the hand might have changed a right one.

If one of the changed answers is right, the learner's mistake is where it was changed.
"""

import ast
import copy
import inspect
import itertools
import textwrap
import types
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from helpers.exercises.showing import Code

SYMBOLS = {
    **{"Add": "+", "Sub": "-", "Mult": "*", "Div": "/", "FloorDiv": "//", "MatMult": "@"},
    **{"Pow": "**", "BitAnd": "&", "BitOr": "|", "And": "and", "Or": "or"},
    **{"Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Eq": "==", "NotEq": "!="},
}
# Operators that are taken for each other, and functions.
OPERATORS = [each.split() for each in ("+ - * / // @", "* **", "< <= > >= == !=", "& |", "and or")]
FUNCTIONS = [
    each.split()
    for each in (
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
# A change of what these return would only make up for a slip elsewhere.
NEW_ARRAYS = ("zeros", "ones", "eye", "full", "arange", "range")
# What may be missing around an expression.
WRAPPERS = {
    "-({})": "the sign turned round in",
    "numpy.abs({})": "the absolute value of",
    "numpy.log({})": "the logarithm of",
    "numpy.exp({})": "the exponential of",
    "numpy.sqrt({})": "the square root of",
    "({}) ** 2": "the square of",
    "1 - ({})": "1 minus",
    "({}) + 1": "one more than",
    "({}) - 1": "one less than",
    "({}).T": "rows and columns exchanged in",
    "({})[::-1]": "the order turned round in",
    "({})[0]": "the first of",
    "({}).mean()": "the mean of",
    "({}).sum()": "the sum of",
    "({}).sum(axis=0)": "the sum of each column of",
    "({}).sum(axis=-1)": "the sum of each row of",
    "({}).astype(float)": "floats in place of",
}

Edit = tuple[str, str]  # words for a change, and the source that a node changes into


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
    names = {"numpy": np, **function.__globals__, **inspect.getclosurevars(function).nonlocals}
    parents = {part: node for node in ast.walk(definition) for part in ast.iter_child_nodes(node)}
    for number, node in enumerate(ast.walk(definition)):
        if not isinstance(node, (ast.stmt, ast.expr)):
            continue
        parent = parents.get(node)
        while isinstance(parent, ast.Tuple):
            parent = parents[parent]
        for words, text in _edits(node, parent, definition):
            changed = _definition(source)  # ten times as fast as a copy
            try:
                _become(next(itertools.islice(ast.walk(changed), number, None)), text)
                if _grows_without_end(changed):
                    continue
                code = compile(ast.Module([changed], []), "<slip>", "exec")
                exec(code, defined := dict(names))
            except Exception:  # it makes no sense
                continue
            label = f"line {function.__code__.co_firstlineno + node.lineno - 1}"
            line = Code(source.splitlines()[node.lineno - 1].strip())
            yield Slip(words, (label, line), defined["answer"])


def _become(node: Any, text: str) -> None:
    """Put what this source means in the place of a node, which is part of a tree."""
    other: Any = ast.parse(text).body[0]
    if isinstance(node, ast.expr):
        other = other.value
    for part in ast.walk(other):
        ast.copy_location(part, node)
    node.__class__, node.__dict__ = other.__class__, other.__dict__


def _grows_without_end(tree: ast.AST) -> bool:
    """Whether something is put into itself, doubled, or gone through while it grows."""
    for node in ast.walk(tree):
        whole, part = _added(node)
        if whole and whole in part:
            return True
        if isinstance(node, ast.For):
            whole = ast.unparse(node.iter)
            if any(_added(inside)[0] == whole for inside in ast.walk(node)):
                return True
    return False


def _added(node: ast.AST) -> tuple[str, list[str]]:
    """What a step makes longer, and the things that it adds; "" and nothing for other steps."""
    match node:
        case ast.Call(func=ast.Attribute(value=whole), args=parts):
            pass
        case ast.Assign(targets=[ast.Subscript(value=whole)], value=part):
            parts = [part]
        case ast.AugAssign(target=whole, value=part):
            parts = part.elts if isinstance(part, ast.List) else [part]
        case ast.Assign(targets=[whole], value=ast.BinOp(left=left, right=right)):
            parts = [left] if ast.unparse(left) == ast.unparse(right) else []
        case _:
            return "", []
    return ast.unparse(whole), [ast.unparse(part) for part in parts]


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
    source, text = ast.unparse(node), _text(node)
    place = f" in {_text(parent)}" if isinstance(parent, (ast.expr, ast.keyword)) else ""
    variables = _variables(function)
    yield from _edits_of_operator(node, text)
    match node:
        case ast.FunctionDef():
            arguments = node.args.args
            for one, other in itertools.combinations(arguments, 2):
                order = {one: other, other: one}
                given = copy.copy(node.args)
                given.args = [order.get(each, each) for each in arguments]
                words = f"`{one.arg}` and `{other.arg}` exchanged after `def`"
                yield words, ast.unparse(_with(node, args=given))
        case ast.UnaryOp(operand=operand) if not isinstance(operand, ast.Constant):
            yield f"{text} without what stands before it", ast.unparse(operand)
        case ast.Constant(value=bool() as truth):
            yield f"the opposite of {text}{place}", str(not truth)
        case ast.Constant(value=int() | float() as number):
            near = (number + 1, number - 1, -number, 0, 1, 2, -1)
            powers = (1, 2, -1, -2) if abs(number) not in (0, 1) else ()
            scaled = (number * 10.0**power for power in powers)
            # As a default, an infinite number would only switch off what is too much.
            is_default = isinstance(parent, ast.arguments)
            infinite = () if is_default else ("numpy.inf", "-numpy.inf")
            for value in (*map(repr, near), *map(repr, scaled), *infinite):
                yield f"another number than {text}{place}", value
            for name in variables:
                yield f"a variable in place of {text}{place}", name
        case ast.Name(ctx=ast.Load()):
            for name in variables:
                yield f"another name than {text}{place}", name
        case ast.Subscript(value=value, slice=inside):
            array, index = ast.unparse(value), ast.unparse(inside)
            if isinstance(inside, ast.Tuple):
                exchanged = ", ".join(map(ast.unparse, reversed(inside.elts)))
                yield f"the indices of {text} exchanged", f"{array}[{exchanged}]"
            if isinstance(value, ast.Subscript):
                first, second = ast.unparse(value.value), ast.unparse(value.slice)
                words = f"the brackets of {text} in the other order"
                yield words, f"{first}[{index}][{second}]"
            if isinstance(inside, ast.Slice) and index.count(":") == 1:
                yield f"the other end in {text}", f"{array}[{':'.join(index.split(':')[::-1])}]"
            yield f"{text} without its last brackets", array
        case ast.Call():
            yield from _edits_of_call(node, text)
        case ast.Assign(targets=[ast.Name() | ast.Subscript() as target], value=value):
            words = f"{_text(target)} kept and added to, where {text} writes over it"
            if isinstance(parent, (ast.For, ast.While, ast.If)):
                yield words, f"{ast.unparse(target)} += {ast.unparse(value)}"
            if isinstance(value, ast.UnaryOp):  # `=-` for `-=`
                yield words, f"{ast.unparse(target)} -= {ast.unparse(value.operand)}"
    if isinstance(node, (ast.Constant, ast.Call, ast.Subscript)):
        for argument in function.args.args:
            for size in ("len({})", "{}.shape[1]", "{}.shape[-1]", "{}.size"):
                yield f"another size than {text}{place}", size.format(argument.arg)
    if isinstance(parent, (ast.Return, ast.Assign, ast.AugAssign, ast.Call)) and not (
        isinstance(node, ast.Call) and ast.unparse(node.func).endswith(NEW_ARRAYS)
    ):
        for template, words in WRAPPERS.items():
            yield f"{words} {text}{place}", template.format(source)
    if isinstance(getattr(node, "body", None), list):
        yield from _edits_of_lines(node)


def _edits_of_operator(node: Any, text: str) -> Iterator[Edit]:
    match node:
        case ast.BinOp(left=left, op=operator, right=right):
            pass
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            pass
        case ast.BoolOp(op=operator, values=[left, right]):
            pass
        case ast.AugAssign(target=left, op=operator, value=right):
            pass
        case _:
            return
    symbol = SYMBOLS.get(type(operator).__name__, "")
    a, b = (f"({ast.unparse(side)})" for side in (left, right))
    for other in (each for group in OPERATORS if symbol in group for each in group):
        is_line = isinstance(node, ast.AugAssign)
        changed = f"{ast.unparse(left)} {other}= {b}" if is_line else f"{a} {other} {b}"
        yield f"another operator in {text}", changed
    if not isinstance(node, ast.BinOp):
        return
    yield f"the two sides of {text} exchanged", f"{b} {symbol} {a}"
    if symbol in "*@":
        yield f"`np.outer`, every entry times every entry, for {text}", f"numpy.outer({a}, {b})"
        entries = " * ".join(f"({ast.unparse(side).removesuffix('.T')})" for side in (left, right))
        yield f"`*`, entry by entry, and no `.T` for {text}", entries
    for side, inner in ((0, left), (1, right)):
        if isinstance(inner, ast.Call) and len(inner.args) == 1 and not inner.keywords:
            name, inside = ast.unparse(inner.func), ast.unparse(inner.args[0])
            longer = f"{a} {symbol} {inside}" if side else f"{inside} {symbol} {b}"
            yield f"more of {text} in the brackets of `{name}`", f"{name}({longer})"
        if isinstance(inner, ast.BinOp):
            inside = SYMBOLS.get(type(inner.op).__name__, "")
            parts = [f"({ast.unparse(part)})" for part in (inner.left, inner.right)]
            for one, other in (parts, parts[::-1]):
                # (a / b) * c becomes a / (b * c), and a - (b / c) becomes (a - b) / c.
                left_out = f"{one} {inside} ({other} {symbol} {b})"
                right_out = f"({a} {symbol} {one}) {inside} {other}"
                yield f"other brackets in {text}", right_out if side else left_out
    for part in (a, b):
        yield f"only a part of {text}", part


def _edits_of_call(node: ast.Call, text: str) -> Iterator[Edit]:
    *owner, name = ast.unparse(node.func).rpartition(".")
    arguments, keywords = list(map(ast.unparse, node.args)), list(map(ast.unparse, node.keywords))
    before = "".join(owner)

    def call(name: str, *given: str) -> str:
        return f"{before}{name}({', '.join(given)})"

    for other in (each for group in FUNCTIONS if name in group for each in group):
        yield f"another function than `{name}` in {text}", call(other, *arguments, *keywords)
    for place, keyword in enumerate(keywords):
        others = keywords[:place] + keywords[place + 1 :]
        yield f"{text} without `{keyword.partition('=')[0]}`", call(name, *arguments, *others)
    words = f"the arguments of {text} in another order"
    yield words, call(name, *arguments[::-1], *keywords)
    match node:
        case ast.Call(args=[ast.Call(args=[argument], keywords=[]) as inner, *_]):  # f(g(x), …)
            within = call(name, ast.unparse(argument), *arguments[1:], *keywords)
        case ast.Call(func=ast.Attribute(value=ast.Call(args=[argument], keywords=[]) as inner)):
            within = f"({ast.unparse(argument)}).{name}({', '.join([*arguments, *keywords])})"
        case _:
            within = ""
    if within:
        first = ast.unparse(inner.func)
        yield f"`{first}` outside `{name}` in {text}", f"{first}({within})"
    match node:
        case ast.Call(args=[ast.BinOp(left=left, op=operator, right=right)], keywords=[]):
            symbol = SYMBOLS.get(type(operator).__name__, "")
            words = f"less in the brackets of `{name}` in {text}"
            yield words, f"{call(name, ast.unparse(left))} {symbol} ({ast.unparse(right)})"
            yield words, f"({ast.unparse(left)}) {symbol} {call(name, ast.unparse(right))}"
    more = {"`dtype=float` in": ["dtype=float"]} if name.endswith("_like") else {}
    if name in REDUCTIONS:
        more = {"an `axis` for": ["axis=0", "axis=1", "axis=-1"]}
        more |= {"`keepdims=True` in": ["keepdims=True"]}
    for words, given in more.items():
        for keyword in given:
            yield f"{words} {text}", call(name, *arguments, *keywords, keyword)
    for part in filter(None, (*arguments[:1], owner[0])):
        yield f"no `{name}` in {text}", part


def _edits_of_lines(node: Any) -> Iterator[Edit]:
    """Lines that change places, also between a loop and what stands around it."""
    lines = node.body
    for place, line in enumerate(lines):
        before, after = lines[:place], lines[place + 1 :]

        def changed(*new: Any, before: list = before) -> str:
            return ast.unparse(_with(node, body=[*before, *new]))

        if after:
            words = f"{_text(after[0])} before {_text(line)}"
            yield words, changed(after[0], line, *after[1:])
        if isinstance(line, ast.Assign) and after:
            for loop in (each for each in ast.walk(after[0]) if isinstance(each, ast.For)):
                inside, loop.body = loop.body, [line, *loop.body]
                text = changed(*after)
                loop.body = inside
                yield f"{_text(line)} inside {_text(loop)}, at its start", text
        if isinstance(line, (ast.For, ast.While, ast.If, ast.With)):
            head, inside = _text(line), line.body
            if after:
                longer = _with(line, body=[*inside, after[0]])
                yield f"{_text(after[0])} one level in, under {head}", changed(longer, *after[1:])
            last, shorter = inside[-1], _with(line, body=inside[:-1])
            words = f"{_text(last)} one level out, after {head}"
            yield words, changed(shorter, last, *after)
            if isinstance(last, ast.Return) and isinstance(last.value, ast.Subscript):
                whole = _with(last, value=last.value.value)
                yield f"{_text(whole)} after {head}", changed(shorter, whole, *after)
            words = f"{_text(inside[0])} one level out, before {head}"
            yield words, changed(inside[0], _with(line, body=inside[1:]), *after)


def _with(node: Any, **parts: Any) -> Any:
    """A node like this one, but for these parts."""
    other = copy.copy(node)
    other.__dict__.update(parts)
    return other


def _variables(function: ast.FunctionDef) -> list[str]:
    """The names of its arguments and variables."""
    nodes = list(ast.walk(function))
    names = [node.arg for node in nodes if isinstance(node, ast.arg)]
    stored = [n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return list(dict.fromkeys([*names, *(node.id for node in stored)]))


def _text(node: ast.AST) -> str:
    """The first line of its source, as code, cut where it is long."""
    first = ast.unparse(node).strip().partition("\n")[0]
    return f"`{first if len(first) <= 50 else first[:49] + '…'}`"
