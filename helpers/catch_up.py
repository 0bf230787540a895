"""Bring a learner who comes late, or who starts in the middle, to a section of a notebook.

Of the cells above the section, only what its code needs is run, without their figures and prints:
a later section seldom needs more than a few lines of the earlier ones. Which lines these are is
read off the names: a line is needed if it gives a value to a name that is needed further down.
"""

import ast
import contextlib
import io
import json
import re
import symtable
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"

# Calls that nothing is assigned from, and that change how later cells come out.
SETTINGS = {"set_printoptions", "mark_source", "set_random_seed"}
# Where the namespace remembers what was run in place of cells: the kernel's history lacks it.
HISTORY = "_caught_up"


@dataclass(frozen=True)
class Statement:
    """One statement at the top level of a cell, and the names that it deals with."""

    cell: int
    node: ast.stmt
    text: str
    binds: frozenset[str]  # names it gives a value
    changes: frozenset[str]  # names whose value it changes in place
    needs: frozenset[str]  # names it reads, also inside the functions that it defines

    @property
    def touches(self) -> frozenset[str]:
        return self.binds | self.changes

    @property
    def is_tool(self) -> bool:
        """Imports and definitions: exercises may use them, and they cost nothing."""
        return isinstance(self.node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)

    @property
    def is_setting(self) -> bool:
        called = isinstance(self.node, ast.Expr) and isinstance(self.node.value, ast.Call)
        return called and getattr(self.node.value.func, "attr", "") in SETTINGS

    @property
    def replaces(self) -> bool:
        """Whether nothing of the earlier values of its names survives, whatever happens."""
        return self.is_tool or isinstance(self.node, ast.Assign | ast.AnnAssign)


class CatchUpError(Exception):
    """There is no way to this section; the text says why and what to do."""


def catch_up(notebook: str, section: str, namespace: dict[str, Any]) -> None:
    """Run what a section of a notebook needs from the cells above it.

    `notebook` is its number such as "06", `section` a heading, `namespace` the `globals()` of the
    notebook. Where nothing is missing, nothing is run or printed. Never raises: what is wrong is
    printed in one sentence.
    """
    try:
        cells = read_cells(notebook)
        steps = steps_to(cells, find_section(cells, section), namespace)
        if not steps:
            return
        _announce(cells, section, steps)
        _run(steps, namespace)
        print("You are there: go on with the next cell.")
    except CatchUpError as error:
        print(error)


def read_cells(notebook: str) -> list[dict]:
    """The cells of a notebook of the course. Raises CatchUpError if it cannot be read."""
    paths = sorted(NOTEBOOKS.glob(f"{notebook}-*.ipynb"))
    try:
        cells = json.loads(paths[0].read_text(encoding="utf-8"))["cells"]
    except (IndexError, OSError, ValueError, KeyError):
        raise CatchUpError(
            f"Notebook {notebook} is no longer in {NOTEBOOKS.name}/ under its own name, so this "
            "cell cannot read it: run the cells above one after the other."
        ) from None
    return [cell | {"source": "".join(cell["source"])} for cell in cells]


def find_section(cells: list[dict], section: str) -> range:
    """The places of a section's cells. Raises CatchUpError for a section that is not there."""
    starts = {title: place for place, title in headings(cells)}
    if section not in starts:
        raise CatchUpError(
            f"There is no section “{section}” in this notebook. Its sections are: "
            f"{'; '.join(starts)}."
        )
    following = [place for place in starts.values() if place > starts[section]]
    return range(starts[section], min(following, default=len(cells)))


def headings(cells: Iterable[dict]) -> list[tuple[int, str]]:
    """The place and the title of each cell that begins a section `## …`."""
    return [
        (place, cell["source"].splitlines()[0].removeprefix("## "))
        for place, cell in enumerate(cells)
        if cell["cell_type"] == "markdown" and cell["source"].startswith("## ")
    ]


# What to run --------------------------------------------------------------------------------------


def steps_to(cells: list[dict], section: range, namespace: dict[str, Any]) -> list[Statement]:
    """The statements above a section that have to be run before its own."""
    statements = _statements(cells)
    earlier = [statement for statement in statements if statement.cell < section.start]
    wanted = {name for statement in earlier if statement.is_tool for name in statement.binds}
    wanted |= _named_in_prose(cells[section.start : section.stop])
    for statement in reversed(statements):
        if statement.cell in section:
            wanted = _before(wanted, statement, earlier)

    last = _last_run(namespace)
    known = {statement.text for statement in statements}

    def is_there(name: str, place: int) -> bool:
        """Whether the name has the value that it has at this place of the notebook.

        What learners have written or changed themselves is theirs, and counts as right.
        """
        touching = [statement.text for statement in earlier[:place] if name in statement.touches]
        ours = last.get(name) in known
        return name in namespace and (not ours or not touching or last[name] == touching[-1])

    bound = {name for statement in earlier for name in statement.binds}
    missing = {name for name in wanted & bound if not is_there(name, len(earlier))}
    if not missing:
        return []
    steps, kept = _chain(earlier, missing, is_there)
    kept |= (wanted & bound) - missing
    if any(kept & step.touches for step in steps):
        # Running these would spoil a value that is there: leave nothing to it.
        steps, _ = _chain(earlier, wanted, lambda name, place: False)
    return steps


def _chain(earlier: list[Statement], needed: set[str], is_there) -> tuple[list[Statement], set]:
    """The statements that lead to the needed names, and the names they find already there."""
    steps, kept = [], set()
    for place, statement in reversed(list(enumerate(earlier))):
        if not (statement.is_setting or statement.touches & needed):
            continue
        steps.append(statement)
        before = _before(needed, statement, earlier)
        there = {name for name in before - needed if is_there(name, place)}
        kept |= there
        needed = before - there
    return steps[::-1], kept


def _before(needed: set[str], statement: Statement, earlier: list[Statement]) -> set[str]:
    """What is needed before a statement, given what is needed after it."""
    if statement.replaces:
        needed = needed - statement.binds
    # A function reads its names when it is called, so they are needed wherever it is.
    reads = {name: other.needs for other in earlier if other.is_tool for name in other.binds}
    found, new = set(), set(statement.needs)
    while new:
        found |= new
        new = {name for function in new for name in reads.get(function, ())} - found
    return needed | found


def _last_run(namespace: dict[str, Any]) -> dict[str, str]:
    """For each name, the last statement run in this kernel that gave it a value or changed it."""
    sources = list(namespace.get("In", []))
    for place, texts in reversed(namespace.get(HISTORY, [])):
        sources[place:place] = texts
    cells = [{"cell_type": "code", "source": source} for source in sources]
    return {name: step.text for step in _statements(cells) for name in step.touches}


def _named_in_prose(cells: Iterable[dict]) -> set[str]:
    """Names that the text of a section mentions: exercises say what to use."""
    prose = "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")
    return {
        word
        for code in re.findall(r"`([^`\n(][^`\n]*)`", prose)
        for word in re.findall(r"\w+", code)
    }


# What a statement does ----------------------------------------------------------------------------


def _statements(cells: Iterable[dict]) -> list[Statement]:
    """The top-level statements of all code cells but exercises and those that are no Python."""
    trees = {}
    for place, cell in enumerate(cells):
        is_exercise = re.search(r"^check\(", cell["source"], re.MULTILINE)
        if cell["cell_type"] == "code" and not is_exercise:
            with contextlib.suppress(SyntaxError):
                trees[place] = ast.parse(cell["source"]).body
    # A call such as plotting.mark_source(…) leaves the module as it was.
    modules = {
        alias.asname or alias.name.split(".")[0]
        for body in trees.values()
        for node in body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return [_statement(place, node, modules) for place, body in trees.items() for node in body]


def _statement(cell: int, node: ast.stmt, modules: set[str]) -> Statement:
    text = ast.unparse(node)
    scoped = _ScopeOfComprehensions().visit(ast.parse(text))
    table = symtable.symtable(ast.unparse(scoped), "cell", "exec")
    symbols = table.get_symbols()
    binds = {symbol.get_name() for symbol in symbols if symbol.is_assigned()}
    binds |= {symbol.get_name() for symbol in symbols if symbol.is_imported()}
    reads = {symbol.get_name() for symbol in symbols if symbol.is_referenced()}
    reads |= _globals_of_functions(table)
    if not isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        reads -= binds  # a loop binds its own names first
    changes = _changed_in_place(node)
    if isinstance(node, ast.AugAssign):
        reads |= binds
    return Statement(
        cell, node, text, frozenset(binds), frozenset(changes - modules), frozenset(reads)
    )


class _ScopeOfComprehensions(ast.NodeTransformer):
    """Puts each comprehension into a function: from Python 3.12 on it has no scope of its own."""

    def _in_function(self, node: ast.expr) -> ast.Lambda:
        self.generic_visit(node)
        return ast.Lambda(ast.arguments([], [], None, [], [], None, []), node)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _in_function


def _globals_of_functions(table: symtable.SymbolTable) -> set[str]:
    found = set()
    for child in table.get_children():
        found |= {symbol.get_name() for symbol in child.get_symbols() if symbol.is_global()}
        found |= _globals_of_functions(child)
    return found


def _changed_in_place(node: ast.stmt) -> set[str]:
    """Names that a statement writes into: `a[0] = …`, `a.b = …`, `a.append(…)`, `a.fit(…)`."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return set()
    changed = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Subscript | ast.Attribute) and isinstance(part.ctx, ast.Store):
            changed.add(_root(part))
        if isinstance(part, ast.Expr) and isinstance(
            getattr(part.value, "func", None), ast.Attribute
        ):
            changed.add(_root(part.value.func))
        # These two return something, too, so what they change isn't the only use of the line.
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            if part.func.attr == "fit":
                changed.add(_root(part.func))
            elif part.func.attr == "train_step":
                changed.add(_root(part.args[0]))
    return changed


def _root(part: ast.AST) -> str:
    while isinstance(part, ast.Attribute | ast.Subscript):
        part = part.value
    return part.id if isinstance(part, ast.Name) else ""


# Running it ---------------------------------------------------------------------------------------


def _announce(cells: list[dict], section: str, steps: list[Statement]) -> None:
    work = {step.cell for step in steps if not step.is_setting}
    times = [cells[cell]["metadata"].get("course", {}).get("seconds", 0) for cell in work]
    takes = f", about {sum(times)} seconds" if sum(times) >= 2 else ""
    count = "1 earlier cell" if len(work) == 1 else f"{len(work)} earlier cells"
    print(f"Catching up with “{section}”: running what it needs of {count}{takes}.", flush=True)


def _run(steps: list[Statement], namespace: dict[str, Any]) -> None:
    done: list[str] = []
    namespace.setdefault(HISTORY, []).append((len(namespace.get("In", [])), done))
    for step in steps:
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                code = compile(ast.Module([step.node], []), "<an earlier cell>", "exec")
                exec(code, namespace)
        except Exception as error:
            raise CatchUpError(
                f"It stopped at `{step.text.splitlines()[0]}` ({type(error).__name__}: {error}): "
                "run the cells above one after the other to see where it goes wrong."
            ) from error
        done.append(step.text)
