"""Small mechanical mistakes in a right answer, as a slip of the hand would make them."""

import ast
import copy
import inspect
import textwrap
import types
from collections.abc import Iterator
from typing import Any

OPERATORS = {
    ast.Add: [ast.Sub()],
    ast.Sub: [ast.Add()],
    ast.Mult: [ast.Div(), ast.Add()],
    ast.Div: [ast.Mult(), ast.FloorDiv()],
    ast.Pow: [ast.Mult()],
    ast.MatMult: [ast.Mult()],
    ast.LtE: [ast.Lt(), ast.GtE()],
    ast.GtE: [ast.Gt(), ast.LtE()],
    ast.Lt: [ast.LtE(), ast.Gt()],
    ast.Gt: [ast.GtE(), ast.Lt()],
    ast.Eq: [ast.NotEq()],
}
NAMES = {
    "mean": ["sum", "max"],
    "sum": ["mean", "max"],
    "max": ["min", "sum"],
    "min": ["max"],
    "argmax": ["argmin", "max"],
    "argmin": ["argmax"],
    "exp": ["log"],
    "log": ["log2", "log10"],
    "sqrt": ["square"],
    "abs": ["sign"],
    "softmax": ["log_softmax"],
    "log_softmax": ["softmax"],
    "any": ["all"],
}


def mutants(answer: Any) -> Iterator[tuple[str, Any]]:
    """Each answer that differs from this one in one place, with the line that differs."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(answer)))
    right = ast.unparse(tree)
    seen = {right}
    for number, node in enumerate(ast.walk(tree)):
        for change in _changes(node):
            other = copy.deepcopy(tree)
            change(list(ast.walk(other))[number])
            source = ast.unparse(ast.fix_missing_locations(other))
            if source not in seen:
                seen.add(source)
                lines = zip(right.splitlines(), source.splitlines(), strict=True)
                changed = next(line for original, line in lines if line != original)
                yield changed.strip(), _evaluated(source, answer)


def _changes(node: ast.AST) -> Iterator[Any]:
    if isinstance(node, ast.BinOp):
        for operator in OPERATORS.get(type(node.op), []):
            yield lambda n, operator=operator: setattr(n, "op", operator)
        for side in ("left", "right"):
            yield lambda n, side=side: _become(n, getattr(n, side))
    if isinstance(node, ast.Compare):
        for operator in OPERATORS.get(type(node.ops[0]), []):
            yield lambda n, operator=operator: setattr(n, "ops", [operator])
    if isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant):
        yield lambda n: _become(n, n.operand)
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        for value in (node.value + 1, node.value - 1):
            yield lambda n, value=value: setattr(n, "value", value)
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield lambda n: setattr(n, "value", not n.value)
    if isinstance(node, ast.Attribute):
        for name in NAMES.get(node.attr, []):
            yield lambda n, name=name: setattr(n, "attr", name)
    if isinstance(node, ast.Name):
        for name in NAMES.get(node.id, []):
            yield lambda n, name=name: setattr(n, "id", name)
    if isinstance(node, ast.Call):
        for place in range(len(node.keywords)):
            yield lambda n, place=place: n.keywords.pop(place)
        if len(node.args) == 2:
            yield lambda n: n.args.reverse()
        if isinstance(node.func, ast.Attribute):
            yield lambda n: _become(n, n.func.value)  # `x.sum()` becomes `x`
        if len(node.args) == 1:
            yield lambda n: _become(n, n.args[0])  # `abs(x)` becomes `x`


def _become(node: ast.AST, other: ast.AST) -> None:
    """Put the other node in the place of this one, which is part of a tree."""
    node.__class__ = other.__class__  # type: ignore[assignment]
    node.__dict__ = other.__dict__


def _evaluated(source: str, answer: Any) -> Any:
    """What the source defines, among the names that the answer can use."""
    functions = [answer, *(vars(answer).values() if isinstance(answer, type) else ())]
    names: dict[str, Any] = {}
    for function in functions:
        if isinstance(function, types.FunctionType):
            names |= function.__globals__ | inspect.getclosurevars(function).nonlocals
    if isinstance(answer, type):
        names |= {"keras": __import__("keras")}
    exec(compile(source, "<mutant>", "exec"), names)
    return names[answer.__name__]
