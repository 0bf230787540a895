"""Trace what a notebook does with the training and the test pictures.

The cells are executed symbolically, in order. A value is a set of tags; the learner's own functions
and classes are entered, loops run twice, both branches are taken, and a call into a library passes
on the tags of its arguments. What is assigned to a variable counts, not its name. What a learner
reads off a printed score and then types can't be seen.
"""

from __future__ import annotations

import ast
import re
from collections import ChainMap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

Kind = Literal[
    "trains",
    "tests",  # a model meets test pictures or labels
    "scores",  # an answer meets test labels
    "chooses",  # among models or settings, by their scores on the test set
    "fits",  # a model, a temperature or a threshold is fitted to test labels
    "splits",  # the training pictures
    "guesses",  # the most frequent class, or the share of one class
]

# Tags
TRAIN, PICTURES, LABELS, LOADED = "training data", "test pictures", "test labels", "loaded"
MODEL, ANSWER, SCORE = "model", "answer on test pictures", "score on the test set"
# With the level of a loop: one of its models, or a value of its variable.
VARIES, SETTING = "model of loop ", "setting of loop "
RIVALS, SETTINGS, RANKED = "of several models", "of several settings", "sorted"
PART, GUESS, COUNT = "part of an order", "whether a label is this class", "labels of each class"
CROSS_VALIDATION = "cross-validation"
TEST = {PICTURES, LABELS}
DATA = {TRAIN, *TEST, ANSWER, SCORE}

# What a call into a library does, by the last part of its name.
EFFECTS = {
    "trains": r"fit|partial_fit|train|train_(?!test_split)\w+|apply_gradients|step|cross_val\w+",
    "fits": r"fit\w*(?<!transform)|train_(?!test_split)\w+|cross_val\w+|search|threshold_for"
    r"|(opti|mini)mi[sz]e\w*",
    "splits": r"(array_|random_|train_test_)?split|skip|delete|setdiff1d|cross_val\w+",
    "loads": r"load|loadtxt|(load|read|fetch)_(?!state_dict)\w+",
    "has a model": r"compile|parameters|eval|(load_)?state_dict|predict\w*|evaluate|score|train",
    "predicts": r"predict\w*|evaluate|score|scores_of",
    "prepares": r"(fit_)?transform|adapt",
    "compares": r"\w*(acc|score|error|matrix|report|loss)\w*",
    "picks": r"(idx|arg)?(max|min)|nlargest|nsmallest",
    "ranks": r"sorted|(arg)?sort|sort_values",
    "counts": r"bincount|value_counts|unique|Counter|mode",
    "averages": r"mean|sum|std|var|median|average|count_nonzero",
    "adds": r"append|extend|add|update|insert",
    "holds": r"zip|list|tuple|dict|set|enumerate|(as)?array|[vh]?stack|concat(enate)?|cat|items"
    r"|values|DataFrame|Series|TensorDataset|DataLoader|from_tensor_slices|(deep)?copy",
    "shows": r"print|display|len|range|isinstance|type|shape|size|dtype|ndim",
}


def _does(name: str, effect: str) -> bool:
    return bool(re.fullmatch(EFFECTS[effect], name))


class Event(NamedTuple):
    """Something done in a cell; `loop` numbers the outermost loop around it, 0 without one."""

    kind: Kind
    cell: int
    loop: int


# The variables of a function, and around it those of the notebook.
Scope: TypeAlias = "ChainMap[str, Value]"


class TooLong(Exception):
    """The steps are used up."""


@dataclass(eq=False)
class Value:
    """What is known of a value, shared by all its names."""

    tags: set[str] = field(default_factory=set)
    # Items and attributes, by their source: "0", "'test'", ".weights".
    parts: dict[str, Value] = field(default_factory=dict)
    of: Value | None = None  # what it was taken from
    code: ast.FunctionDef | ast.Lambda | ast.ClassDef | None = None
    scope: Scope | None = None  # around the code
    owner: Value | None = None  # the object of a method

    def mark(self, tags: set[str]) -> None:
        """Add tags to the value, and to what it was taken from."""
        self.tags |= tags
        if self.of:
            self.of.mark(tags)


def follow(cells: Iterable[tuple[int, ast.Module]], steps: int = 50_000) -> list[Event]:
    """What the numbered cells do with the data, in order; the beginning if it takes more steps."""
    tracer, scope = _Tracer(steps), ChainMap[str, Value]()
    try:
        for tracer.cell, tree in cells:
            tracer.run(tree, scope)
    except (TooLong, RecursionError):
        pass
    return tracer.events


def _all(values: Iterable[Value | None]) -> Iterator[Value]:
    """The values with all their parts."""
    seen: set[int] = set()
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if value and id(value) not in seen:
            seen.add(id(value))
            yield value
            waiting += value.parts.values()


def tags_of(*values: Value | None) -> set[str]:
    """The tags of values and of all their parts."""
    return set().union(*(value.tags for value in _all(values)))


def _spread(tags: set[str]) -> set[str]:
    """The tags that say over what a value varies."""
    several = {RIVALS, SETTINGS, RANKED}
    return {tag for tag in tags if tag in several or tag.startswith((VARIES, SETTING))}


def _collected(tags: set[str], level: int | str = "") -> set[str]:
    """The tags of a collection of such values; they vary in a loop of this level, or in any."""
    found = set(tags)
    for varying, several in ((VARIES, RIVALS), (SETTING, SETTINGS)):
        if any(tag.startswith(f"{varying}{level}") for tag in tags):
            found.add(several)
    return found


def _numbered(values: Iterable[Value]) -> Value:
    """A tuple or list of these values."""
    return Value(parts={str(number): value for number, value in enumerate(values)})


def _source(name: str) -> set[str]:
    """What a field, a key or a file of this name holds of a data set."""
    words = set(re.split(r"[^a-z]+", name.lower()))
    if words & {"train", "training"}:
        return {TRAIN}
    is_labels, is_pictures = words & {"labels", "y"}, words & {"images", "x"}
    test = {LABELS} if is_labels else {PICTURES} if is_pictures else TEST
    return set(test) if "test" in words else set()


def _items(collection: Value, level: int) -> list[Value]:
    """The items where they differ; otherwise any item, twice."""
    parts, tags = list(collection.parts.values()), tags_of(collection)
    if not collection.tags and len({frozenset(tags_of(part)) for part in parts}) > 1:
        return parts
    if any(part.parts for part in parts):
        return [Value({*part.tags, f"{SETTING}{level}"}, part.parts, part) for part in parts]
    if tags & {MODEL, RIVALS}:
        tags = tags - {RIVALS, SETTINGS} | {f"{VARIES}{level}"}
    elif not tags - {SETTINGS}:
        tags = {f"{SETTING}{level}"}
    return [Value(tags, of=collection)] * 2


class _Tracer:
    def __init__(self, steps: int) -> None:
        self.events: list[Event] = []
        self.steps = steps
        self.cell = 0
        self.loops = 0
        self.level = 0  # of loops, through the functions that are called
        self.depth = 0  # of calls
        self.statement = ""

    def note(self, kind: Kind) -> None:
        self.events.append(Event(kind, self.cell, self.loops if self.level else 0))

    # Statements -----------------------------------------------------------------------------------

    def run(self, node: ast.AST, scope: Scope) -> None:
        """Execute a statement, or all that is inside a part of one."""
        self.steps -= 1
        if self.steps < 0:
            raise TooLong
        if isinstance(node, ast.Expr | ast.Assign | ast.Return):
            self.statement = ast.unparse(node)
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                scope[node.name] = Value(code=node, scope=scope)
            case ast.Return(value=value) | ast.Expr(value=ast.Yield(value=value)):
                given = self.value(value, scope)
                if isinstance(node, ast.Expr):
                    given = Value(_collected(tags_of(given)), of=given)
                before = scope.maps[0].get("return")
                joined = Value(tags_of(given, before), of=given) if before else given
                scope.maps[0]["return"] = joined
            case ast.For():
                for item in self.iterate(self.value(node.iter, scope), scope):
                    self.assign(node.target, item, scope)
                    self.run_all(node.body, scope)
                self.run_all(node.orelse, scope)
            case ast.While():
                for _ in self.iterate(Value(), scope):
                    self.decide(node, scope)
            case ast.If():
                self.decide(node, scope)
            case ast.Assign(targets=targets, value=value):
                found = self.value(value, scope)
                self.step_by_hand(targets[0], value, found)
                for target in targets:
                    self.assign(target, found, scope)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.assign(target, self.value(value, scope), scope)
            case ast.AugAssign(target=target, op=op):
                whole = ast.BinOp(target, op, node.value)
                found = Value(_collected(tags_of(self.value(whole, scope))))
                self.step_by_hand(target, whole, found)
                self.assign(target, found, scope)
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                self.assign(target, self.value(value, scope), scope)
            case ast.expr():
                self.value(node, scope)
            case _:
                self.run_all(ast.iter_child_nodes(node), scope)

    def run_all(self, nodes: Iterable[ast.AST], scope: Scope) -> None:
        for node in nodes:
            self.run(node, scope)

    def step_by_hand(self, target: ast.expr, value: ast.expr, found: Value) -> None:
        """In a loop, `weights = weights - rate * gradient` trains."""
        match value:
            case ast.BinOp(left=left, op=ast.Sub()) if ast.unparse(left) == ast.unparse(target):
                if self.level and TRAIN in tags_of(found):
                    self.note("trains")
                    found.mark(self.trained())

    def decide(self, node: ast.If | ast.While, scope: Scope) -> None:
        shows_only = all("print" in ast.unparse(line) for line in node.body)
        self.decide_by(node.test, scope, shows_only)
        self.run_all([*node.body, *node.orelse], scope)

    def decide_by(self, test: ast.expr, scope: Scope, shows_only: bool = False) -> None:
        """A condition on a score, other than `name == "a"`, chooses."""
        tags = tags_of(self.value(test, scope))
        if not shows_only and not isinstance(getattr(test, "ops", [0])[0], ast.Eq | ast.NotEq):
            self.pick(_collected(tags - {RIVALS}))

    def iterate(self, collection: Value, scope: Scope) -> Iterator[Value]:
        self.loops += not self.level
        self.level += 1
        yield from _items(collection, self.level)
        for value in _all(scope.values()):  # what is left after a loop is one of several no more
            value.tags -= {f"{VARIES}{self.level}", f"{SETTING}{self.level}"}
        self.level -= 1

    def assign(self, target: ast.expr, value: Value, scope: Scope) -> None:
        match target:
            case ast.Name(id=name):
                if tags_of(value) == {LOADED}:
                    value = Value({LOADED} | _source(name))
                scope[name] = value
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                parts = list(value.parts.values())
                if len(parts) != len(targets) or value.tags:
                    parts = [Value(tags_of(value), of=value) for _ in targets]
                for each, part in zip(targets, parts, strict=True):
                    self.assign(each, part, scope)
            case ast.Starred(value=each):
                self.assign(each, value, scope)
            case ast.Attribute(value=base, attr=attr):
                self.value(base, scope).parts[f".{attr}"] = value
            case ast.Subscript(value=base, slice=index):
                if not isinstance(index, ast.Constant):
                    value = Value(_collected(tags_of(value)), of=value)
                self.value(base, scope).parts[ast.unparse(index)] = value

    # Expressions ----------------------------------------------------------------------------------

    def value(self, node: ast.expr | None, scope: Scope) -> Value:
        match node:
            case ast.Name(id=name):
                if name not in scope:
                    scope[name] = Value()
                return scope[name]
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return _numbered(self.expanded(items, scope))
            case ast.Dict(keys=keys, values=values):
                names = [ast.unparse(key) if key else f"**{i}" for i, key in enumerate(keys)]
                return Value(parts=dict(zip(names, self.expanded(values, scope), strict=True)))
            case ast.Lambda():
                return Value(code=node, scope=scope)
            case ast.Call():
                return self.call(node, scope)
            case ast.Attribute(value=base, attr=attr):
                return self.attribute(self.value(base, scope), attr)
            case ast.Subscript():
                return self.subscript(node, scope)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                item = node.value if isinstance(node, ast.DictComp) else node.elt
                return self.gathered(self.comprehend(item, node.generators, scope.new_child()))
            case ast.Compare(left=left, ops=ops, comparators=others):
                sides = [self.value(each, scope) for each in (left, *others)]
                return Value(self.compared(sides, isinstance(ops[0], ast.Eq | ast.NotEq)))
            case ast.NamedExpr(target=target, value=value):
                self.assign(target, self.value(value, scope), scope)
                return self.value(target, scope)
            case ast.expr():
                inside = [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr)]
                tags = tags_of(*(self.value(each, scope) for each in inside))
                inverted = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert)
                return Value(self.met(tags) | ({PART} if inverted else set()))
        return Value()

    def expanded(self, items: list[ast.expr], scope: Scope) -> Iterator[Value]:
        """The values of items or arguments, `*each` as its parts."""
        for item in items:
            starred = isinstance(item, ast.Starred)
            value = self.value(item.value if isinstance(item, ast.Starred) else item, scope)
            yield from value.parts.values() if starred and value.parts else [value]

    def comprehend(
        self, item: ast.expr, generators: list[ast.comprehension], scope: Scope
    ) -> Iterator[Value]:
        if not generators:
            yield self.value(item, scope)
            return
        for each in self.iterate(self.value(generators[0].iter, scope), scope):
            self.assign(generators[0].target, each, scope)
            for condition in generators[0].ifs:
                self.decide_by(condition, scope)
            for found in self.comprehend(item, generators[1:], scope):
                yield Value(_collected(tags_of(found), self.level), found.parts, found)

    def gathered(self, items: Iterable[Value]) -> Value:
        """A collection of what a loop or `map` yields."""
        values = list(items)
        if len({frozenset(tags_of(value)) for value in values}) > 1:
            return _numbered(values)
        own = {f"{VARIES}{self.level + 1}", f"{SETTING}{self.level + 1}"}
        return Value(tags_of(*values) - own, of=values[0] if values else None)

    def attribute(self, base: Value, attr: str) -> Value:
        if f".{attr}" in base.parts:
            return base.parts[f".{attr}"]
        if _does(attr, "shows"):
            return Value()
        tags = tags_of(base)
        if re.fullmatch(r"(test|train)_(images|labels)", attr) or LOADED in tags:
            tags = _source(attr) or tags
        return Value(tags - {MODEL} if _does(attr, "prepares") else tags, of=base)

    def subscript(self, node: ast.Subscript, scope: Scope) -> Value:
        base, index = self.value(node.value, scope), tags_of(self.value(node.slice, scope))
        part = base.parts.get(ast.unparse(node.slice))
        if part:
            return part
        tags = tags_of(base)
        several = isinstance(node.slice, ast.Tuple) and node.slice.elts  # () takes all
        row = several[0] if several else node.slice
        match row:
            case ast.Slice(lower=ast.expr() as lower) if ast.unparse(lower) != "0":
                index = index | {PART}
            case ast.Constant(value=str(name)):
                return Value(_source(name) or tags if LOADED in tags else tags, of=base)
        if RANKED in tags and not isinstance(row, ast.List):
            self.pick(tags)
            tags = tags - {RANKED}
        if not tags & DATA:  # a table: `shelf_of[labels]`
            tags = tags | (index & DATA)
        if PART in index:
            self.split(tags)
            tags = tags | {PART}
        if tags & {MODEL, RIVALS} and _spread(index):
            tags = tags - {RIVALS} | {f"{VARIES}{self.level}"}
        elif isinstance(row, ast.Slice) or index & DATA:
            tags = tags | _spread(index)
        elif not isinstance(row, ast.List):  # one item
            tags = tags - {RIVALS, SETTINGS}
        return Value(tags, of=base)

    # What the tags say ----------------------------------------------------------------------------

    def split(self, tags: set[str]) -> None:
        if TRAIN in tags and not tags & TEST:
            self.note("splits")

    def pick(self, tags: set[str]) -> None:
        """One of several is picked by what has these tags."""
        if SCORE in tags and tags & {RIVALS, SETTINGS}:
            self.note("chooses")

    def trained(self) -> set[str]:
        """The tags of a model that is trained here."""
        return {MODEL, *(f"{VARIES}{level}" for level in range(1, self.level + 1))}

    def met(self, tags: set[str], compares: bool = False) -> set[str]:
        """The tags of what a model, pictures and labels give together."""
        if MODEL in tags and tags & TEST:
            self.note("tests")
        if LABELS in tags and (tags & {MODEL, ANSWER} or (compares and TRAIN in tags)):
            self.note("scores")
            return {SCORE} | _spread(tags)
        if MODEL in tags and PICTURES in tags:
            return {ANSWER} | _spread(tags)
        return tags - {MODEL} if TRAIN in tags else tags

    def compared(self, values: list[Value], equal: bool) -> set[str]:
        if not equal:
            return self.met(tags_of(*values))
        # `labels == c` picks the pictures of a class: c is no setting of a model.
        sides = [tags for tags in map(tags_of, values) if tags - _spread(tags)]
        tags = self.met(set().union(*sides), compares=True)
        return tags | {GUESS} if tags & {LABELS, TRAIN} and len(sides) == 1 else tags

    # Calls ----------------------------------------------------------------------------------------

    def call(self, node: ast.Call, scope: Scope) -> Value:
        receiver = None
        if isinstance(node.func, ast.Attribute):
            receiver, name = self.value(node.func.value, scope), node.func.attr
            function = self.attribute(receiver, name)
        else:
            function, name = self.value(node.func, scope), getattr(node.func, "id", "")
        args = list(self.expanded(node.args, scope))
        named = {each.arg or "**": self.value(each.value, scope) for each in node.keywords}
        if function.code:
            return self.enter(function, args, named)
        given = [*args, *named.values()]
        if name == "map" and len(args) == 2:
            items = self.iterate(args[1], scope)
            found = (tags_of(self.apply(args[0], item)) for item in items)
            return self.gathered(Value(_collected(each, self.level)) for each in found)
        # A library calls the functions that it is given, with items of its other arguments.
        data = [value for value in (receiver, *given) if value and not value.code]
        whole = data[0] if len(data) == 1 else Value(tags_of(*data))
        for function_given in _all(given) if _does(name, "fits") else list(given):
            if isinstance(function_given.code, ast.FunctionDef | ast.Lambda):
                for item in self.iterate(whole, scope):
                    tags = tags_of(self.apply(function_given, item))
                    given.append(Value(_collected(tags, self.level)))
        return self.library(node, name, receiver, given, tags_of(function))

    def apply(self, function: Value, item: Value) -> Value:
        if function.code:
            return self.enter(function, [item], {})
        return Value(self.met(tags_of(function, item)))

    def library(
        self, node: ast.Call, name: str, receiver: Value | None, given: list[Value], tags: set[str]
    ) -> Value:
        """A call of what the notebook does not define, by its name and by the tags it is given."""
        text = ast.unparse(node)
        given_tags = tags_of(*given)
        tags = tags | given_tags
        if receiver and _does(name, "has a model"):
            receiver.mark({MODEL})
            tags |= {MODEL}
        if _does(name, "fits") and given_tags & {LABELS, SCORE}:
            self.note("fits")
        if _does(name, "splits") or "validation_split=" in text or CROSS_VALIDATION in tags:
            self.split(tags)
        if _does(name, "trains") and (given or name == "step"):
            self.note("trains")
            model = receiver or Value()
            model.mark(self.trained())
            return model
        if _does(name, "shows"):
            return Value()
        if _does(name, "loads"):
            if name == "load_data":
                pairs = ({TRAIN}, {TRAIN}), ({PICTURES}, {LABELS})
                return _numbered(_numbered(map(Value, pair)) for pair in pairs)
            return Value({LOADED}.union(*map(_source, re.findall(r"'([^']*)'", text))))
        if name == "train_test_split":
            return _numbered(Value(tags_of(each)) for each in given for _ in range(2))
        if _does(name, "adds") and receiver:
            receiver.mark(_collected(given_tags))
            return Value()
        first = next((value for value in (receiver, *given) if value), None)
        if _does(name, "picks"):
            return Value(self.picked(node, name, tags), of=first)
        if _does(name, "ranks") and receiver and name == "sort":
            receiver.mark({RANKED})
        if _does(name, "averages"):
            if GUESS in tags:
                self.note("guesses")
            if "axis" not in text and "groupby" not in text:
                tags = tags - {RIVALS, SETTINGS, RANKED}
        tags |= {
            tag
            for tag, adds in {
                RANKED: _does(name, "ranks"),
                COUNT: _does(name, "counts"),
                MODEL: _does(name, "predicts"),
                CROSS_VALIDATION: name.endswith("SearchCV"),
                PART: _does(name, "splits")
                or (name == "slice" and not re.match(r"slice\((0|None|[^,]*\))", text)),
            }.items()
            if adds
        }
        if COUNT in tags and name in ("mode", "most_common"):
            self.note("guesses")
        if _does(name, "holds"):
            return Value(tags, of=first)
        of = next((each for each in (receiver, *given) if MODEL in tags_of(each)), receiver)
        return Value(self.met(tags, _does(name, "compares")), of=of)

    def picked(self, node: ast.Call, name: str, tags: set[str]) -> set[str]:
        if COUNT in tags:
            self.note("guesses")
        plain = name in ("max", "min") and not node.keywords
        if plain and len(node.args) > 1:
            tags = _collected(tags)
        # "From the smallest to the largest" tells the range, and picks none.
        other = {"max": "min", "min": "max"}.get(name, "")
        if not (plain and re.sub(rf"\b{name}\(", f"{other}(", ast.unparse(node)) in self.statement):
            self.pick(tags - {SETTINGS} if plain else tags)
        return tags - {RIVALS, SETTINGS}

    def enter(self, function: Value, args: list[Value], named: dict[str, Value]) -> Value:
        """Run the learner's own function, or make an object of their class."""
        node, around = function.code, function.scope
        if self.depth == 8 or node is None or around is None:
            return Value(tags_of(*args, *named.values()))
        if isinstance(node, ast.ClassDef):
            return self.make(node, around, args, named)
        scope = around.new_child()
        names = [each.arg for each in (*node.args.posonlyargs, *node.args.args)]
        for each, default in zip(reversed(names), reversed(node.args.defaults), strict=False):
            scope[each] = self.value(default, around)
        own = [function.owner] if function.owner else []
        scope.update(zip(names, [*own, *args], strict=False))
        scope.update(named)
        if node.args.vararg:
            scope[node.args.vararg.arg] = _numbered(args[len(names) - len(own) :])
        self.depth += 1
        if isinstance(node, ast.Lambda):
            result = self.value(node.body, scope)
        else:
            self.run_all(node.body, scope)
            result = scope.maps[0].get("return", Value())
        self.depth -= 1
        return result

    def make(
        self, node: ast.ClassDef, scope: Scope, args: list[Value], named: dict[str, Value]
    ) -> Value:
        made, fields = Value(), []
        for line in node.body:
            match line:
                case ast.FunctionDef(name=name):
                    made.parts[f".{name}"] = Value(code=line, scope=scope, owner=made)
                case ast.AnnAssign(target=ast.Name(id=name)):  # of a data class
                    fields.append(name)
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    made.parts[f".{name}"] = self.value(value, scope)
        if ".__init__" in made.parts:
            self.enter(made.parts[".__init__"], args, named)
        given = {**dict(zip(fields, args, strict=False)), **named} if fields else {}
        made.parts |= {f".{name}": value for name, value in given.items()}
        return made
