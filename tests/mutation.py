"""Break the code in one place at a time, and see whether a test turns red.

    python -m tests.mutation [--sample N] [PATH …]
    python -m tests.mutation [--sample N] notebooks

Each PATH is a module of this repository; without one, all of `helpers` is broken. `--sample` tries
N mutants of each module, always the same ones. A line is printed for each mutant, and at the end a
table and the survivors: places where a mistake would go unnoticed. This takes long and is no part
of the tests; results are kept in `tests/README.md`.

`notebooks` plants the mistakes of `tests/notebook_defects.py`. Those that no quick test sees are
tried on what compares the outputs: the notebook is run up to the first cell that differs.

Of the exercises, what is broken are the checks: the right answer, the tolerance, and how answers
are observed. Examples that answers are tried on are left out one by one, but not changed.

A mutant is a text: the source with one piece exchanged. It is written into a copy of the
repository, and the tests that can see it run there, up to the first failure, in a fork of this
process. The fork has NumPy, TensorFlow and pytest loaded already, which would cost seconds each
time, and none of the course's own code. `os.fork` exists on Linux and macOS only.
"""

import argparse
import ast
import copy
import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
EXERCISES = Path("helpers/exercises")
# Which tests see a module, where they are not those of its name. Of a long test file, the part that
# starts no kernel and no other program: what it would see other tests see, too.
WITHOUT_NBGRADER = (
    "tests/test_assignment.py",
    *(
        "-k",
        "not (student or verdict or feedback or log_costs or graded or release or scan)",
    ),
)
TESTS = {
    "helpers/catch_up.py": ("tests/test_catch_up.py",),
    "helpers/figure_text.py": ("tests/test_figure_text.py", "tests/test_plotting.py"),
    "helpers/networks.py": ("tests/test_notebook_functions.py",),
    "helpers/quiet_stderr.py": ("tests/test_imports.py",),
    "helpers/quiet_tensorflow.py": ("tests/test_imports.py",),
    "helpers/running.py": (
        "tests/test_running.py",
        "tests/test_execute.py",
        "tests/test_project.py",
    ),
    "helpers/exercises": ("tests/test_judge.py", "-k", "not real_kernel"),
    "helpers/instructor": ("tests/test_instructor.py",),
    "helpers/instructor/__main__.py": ("tests/test_instructor.py", *WITHOUT_NBGRADER),
    # The others ask for a folder with no course above it.
    "helpers/instructor/colab.py": ("tests/test_colab.py", "-k", "not on_colab"),
    "helpers/instructor/assignment.py": WITHOUT_NBGRADER,
    "helpers/instructor/autograding.py": WITHOUT_NBGRADER,
    "helpers/instructor/catch_up_cells.py": (
        *("tests/test_catch_up.py", "tests/test_instructor.py"),
        *("-k", "has_its_cell or catch_up_cells"),
    ),
    "helpers/instructor/grading.py": WITHOUT_NBGRADER,
}
WORKERS = 2
PATIENCE = 20.0  # seconds that tests may take beyond five times what they need
TIMEOUT = "timeout"
# Which tests see a notebook without running it, and what runs it.
QUICK = (
    "tests/test_stored_notebooks.py",
    "tests/test_notebook_functions.py",
    "tests/test_claims.py",
)
NBVAL = ("--nbval", "--nbval-current-env", "--nbval-cell-timeout=300")
IN_PROSE = "number in prose"  # nothing that is run sees it
# Notebooks that run in seconds and have figures of nearly all kinds, whose words are compared.
FIGURES = ("notebooks/0[0-3]-*.ipynb", ("helpers/figure_text.py", "helpers/plotting.py"))
NBVAL_SECONDS = 240.0  # what the longest notebook needs
LOADED_ONCE = ("numpy", "nbval.plugin", "matplotlib.pyplot")  # and what the tests import
# What of an exercise is its check. The rest are other answers, which the check judges, and texts.
CHECK_FIELDS = ("right", "tolerance", "observe")

COMPARISONS = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


@dataclass(frozen=True)
class Mutant:
    """One broken version of a module."""

    path: Path  # relative to the repository
    line: int
    change: str  # for people
    original: str
    broken: str
    tests: tuple[str, ...]  # what pytest is given


# Which pieces are exchanged for what -------------------------------------------------------------


def exchanges(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """What can be broken at this node itself: pairs of a piece and what stands in its place."""
    match node:
        case ast.Compare(ops=operators):
            for place, operator in enumerate(operators):
                for other in COMPARISONS[type(operator)]:
                    yield node, _changed(node, "ops", place, other())
        case ast.BoolOp(op=operator, values=values):
            other = ast.Or() if isinstance(operator, ast.And) else ast.And()
            yield node, ast.BoolOp(other, values)
            for place in range(len(values)):
                rest = values[:place] + values[place + 1 :]
                yield node, rest[0] if len(rest) == 1 else ast.BoolOp(operator, rest)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield node, operand
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in ARITHMETIC:
            if not any(_is_text(side) for side in (left, right)):
                yield node, ast.BinOp(left, ARITHMETIC[type(operator)](), right)
        case ast.AugAssign(target=target, op=operator, value=value) if type(
            operator
        ) in ARITHMETIC and not _is_text(value):
            yield node, ast.AugAssign(target, ARITHMETIC[type(operator)](), value)
        case ast.Constant(value=bool(value)):
            yield node, ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield node, ast.Constant(value + 1)
            yield node, ast.Constant(value - 1)
        case ast.Constant(value=float(value)):
            for other in (2 * value, value / 2) if value else (1.0,):
                yield node, ast.Constant(other)
        case ast.If(test=test) | ast.IfExp(test=test):
            yield test, ast.Constant(True)
            yield test, ast.Constant(False)
        case ast.While(test=test):
            yield test, ast.Constant(False)
        case ast.comprehension(ifs=conditions):
            for condition in conditions:
                yield condition, ast.Constant(True)
        case ast.With(items=items):
            for item in items:
                if item.optional_vars is None:
                    yield (
                        item.context_expr,
                        ast.parse("__import__('contextlib').nullcontext()", mode="eval").body,
                    )
        case ast.ExceptHandler(type=ast.expr() as caught):
            yield caught, ast.Tuple([], ast.Load())
        case ast.Call(args=arguments):
            if len(arguments) > 1 and all(isinstance(each, ast.Tuple) for each in arguments):
                for place in range(len(arguments)):  # the cases of an exercise
                    yield node, _without(node, "args", place)
            elif len(arguments) > 1 and not any(
                isinstance(each, ast.Starred) for each in arguments[:2]
            ):
                first, second, *rest = arguments
                if ast.dump(first) != ast.dump(second):
                    yield node, ast.Call(node.func, [second, first, *rest], node.keywords)
        case ast.Tuple(elts=parts, ctx=ast.Load()):
            if len(parts) > 1 and all(isinstance(part, (ast.Tuple, ast.List)) for part in parts):
                for place in range(len(parts)):
                    yield node, _without(node, "elts", place)
        case ast.Dict(keys=keys) if len(keys) > 1:
            for place in range(len(keys)):
                yield node, _without(_without(node, "keys", place), "values", place)
    match node:
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield node, ast.Return()
        case ast.Raise() | ast.Break() | ast.Continue() | ast.AugAssign():
            yield node, ast.Pass()
        case ast.Expr(value=value) if not isinstance(value, ast.Constant):
            yield node, ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]):
            yield node, ast.Pass()


def all_exchanges(node: ast.AST, constants: bool = True) -> Iterator[tuple[ast.AST, ast.AST]]:
    """The exchanges in a node and in what it is made of, except for texts and type hints.

    With or without those of constants. In a list of lists, which is an example, there are none.
    """
    is_constant = isinstance(getattr(node, "operand", node), ast.Constant)  # with its sign
    if constants or not is_constant:
        yield from exchanges(node)
    for name, field in ast.iter_fields(node):
        if name in ("annotation", "returns") or isinstance(node, ast.JoinedStr):
            continue
        for child in field if isinstance(field, list) else [field]:
            if isinstance(child, ast.AST):
                yield from all_exchanges(child, constants and not _is_table(child))


def _changed(node: ast.AST, field: str, place: int, part: ast.AST) -> ast.AST:
    changed = copy.copy(node)
    setattr(changed, field, [*getattr(node, field)])
    getattr(changed, field)[place] = part
    return changed


def _without(node: ast.AST, field: str, place: int) -> ast.AST:
    changed = copy.copy(node)
    setattr(changed, field, [*getattr(node, field)])
    del getattr(changed, field)[place]
    return changed


def _is_table(node: ast.AST) -> bool:
    return isinstance(node, (ast.List, ast.Tuple)) and all(
        isinstance(row, ast.List) for row in node.elts
    )


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))
    )


def exchanged(source: str, old: ast.AST, new: ast.AST) -> str:
    """The source with one piece of it exchanged."""
    text = ast.unparse(new) if isinstance(new, ast.stmt) else f"({ast.unparse(new)})"
    lines = source.encode().splitlines(keepends=True)  # the columns of `ast` count bytes
    before = b"".join(lines[: old.lineno - 1]) + lines[old.lineno - 1][: old.col_offset]
    after = lines[old.end_lineno - 1][old.end_col_offset :] + b"".join(lines[old.end_lineno :])
    return (before + text.encode() + after).decode()


def in_words(old: ast.AST, new: ast.AST) -> str:
    """What was exchanged for what, in one short line: what differs, with a little around it."""
    return _difference(ast.unparse(old), ast.unparse(new))


def _difference(was: str, now: str) -> str:
    start = _same_at_the_start(was, now)
    end = _same_at_the_start(was[start:][::-1], now[start:][::-1])
    was, now = (_cut(text, start - 20, len(text) - end + 20) for text in (was, now))
    return f"`{was}` → `{now}`"


def _same_at_the_start(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _cut(text: str, start: int, end: int) -> str:
    start = max(0, start)
    end = min(end, start + 100)
    cut = ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
    return " ".join(cut.split())


# Which code is broken, and which tests can see it ------------------------------------------------


@dataclass(frozen=True)
class Part:
    """A piece of a module that is broken everywhere, and the tests that can see it."""

    node: ast.AST
    tests: tuple[str, ...]
    constants: bool = True  # whether numbers are changed, too


def parts_of(path: Path, tree: ast.Module) -> list[Part]:
    """What is broken in a module."""
    if not (path.parent == EXERCISES and path.stem.startswith("notebook_")):
        of_its_name = (f"tests/test_{path.stem}.py",)
        folder = TESTS.get(path.parent.as_posix(), of_its_name)
        return [Part(tree, TESTS.get(path.as_posix(), folder))]
    ids = {
        maker.id: name.value
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "EXERCISES"
        for name, maker in zip(node.value.keys, node.value.values, strict=True)
    }
    parts, shared = [], {}
    for maker in tree.body:
        if isinstance(maker, ast.FunctionDef) and maker.name in ids:
            name = ids[maker.name]
            for node, is_example in code_of_the_check(maker, tree):
                if node in tree.body:
                    shared.setdefault(node, []).append(name)
                else:
                    tests = ("tests/test_exercises.py", "-k", name)
                    parts.append(Part(node, tests, constants=not is_example))
    for node, names in shared.items():
        parts.append(Part(node, ("tests/test_exercises.py", "-k", " or ".join(names))))
    return parts


def code_of_the_check(maker: ast.FunctionDef, tree: ast.Module) -> Iterator[tuple[ast.AST, bool]]:
    """What decides over answers: fields of the exercise, and the statements that they rest on.

    And whether it is an example, which answers are tried on: another number in it would be as good.
    """
    inside, outside = _statements_by_name(maker), _statements_by_name(tree)
    fields = {
        keyword.arg: keyword.value
        for node in ast.walk(maker)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Exercise"
        for keyword in node.keywords
    }
    found = []
    for field in CHECK_FIELDS:
        todo = [fields[field]] if field in fields else []
        while todo:
            node = todo.pop()
            if node in found:
                continue
            found.append(node)
            yield node, field == "observe" and _makes_data(node)
            for name in _names_read(node):
                todo += inside.get(name) or outside.get(name, [])


def _makes_data(node: ast.AST) -> bool:
    """Whether a piece fills arrays, or calls something with them."""
    return isinstance(node, ast.Call) or (
        isinstance(node, ast.Assign)
        and any(isinstance(part, (ast.Call, ast.Subscript)) for part in ast.walk(node))
    )


def _statements_by_name(scope: ast.AST) -> dict[str, list[ast.AST]]:
    """For each name, the statements of this scope that give it a value or change it."""
    found: dict[str, list[ast.AST]] = {}
    for statement in scope.body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            names = {statement.name}
        elif isinstance(statement, (ast.Import, ast.ImportFrom, ast.Return)):
            names = set()
        else:
            names = {
                name.id
                for node in ast.walk(statement)
                for name in ast.walk(node)
                if isinstance(name, ast.Name)
                and (
                    isinstance(name.ctx, ast.Store)
                    or (
                        isinstance(node, (ast.Subscript, ast.Attribute))
                        and isinstance(node.ctx, ast.Store)
                        and name is node.value
                    )
                    or (
                        isinstance(statement, ast.Expr)
                        and isinstance(node, ast.Attribute)
                        and name is node.value
                    )
                )
            }
        for name in names:
            found.setdefault(name, []).append(statement)
    return found


def _names_read(node: ast.AST) -> set[str]:
    """The names that a piece takes from around it."""
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    read = {name.id for name in names if isinstance(name.ctx, ast.Load)}
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        read -= {name.id for name in names if isinstance(name.ctx, ast.Store)}
        read -= {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
    return read


def mutants(path: Path) -> list[Mutant]:
    """Every mutant of a module."""
    source = (REPOSITORY / path).read_text(encoding="utf-8")
    found: dict[str, Mutant] = {}  # two ways to the same source are one mutant
    for part in parts_of(path, ast.parse(source)):
        for old, new in all_exchanges(part.node, part.constants):
            broken = exchanged(source, old, new)
            mutant = Mutant(path, old.lineno, in_words(old, new), source, broken, part.tests)
            found.setdefault(broken, mutant)
    return sorted(found.values(), key=lambda mutant: mutant.line)


def imported(tests: Iterable[str]) -> set[str]:
    """The modules of others that these test files import. Keras stands for TensorFlow, too."""
    found = set()
    for name in tests:
        if name.endswith(".py"):
            source = (REPOSITORY / name).read_text(encoding="utf-8")
            found |= {"keras"} if "quiet_tensorflow" in source else set()
            for node in ast.parse(source).body:
                if isinstance(node, ast.Import):
                    found |= {each.name for each in node.names}
                elif isinstance(node, ast.ImportFrom):
                    found.add(node.module)
    return {name for name in found if name.partition(".")[0] not in ("helpers", "tests")}


def running_tests(mutant: Mutant) -> tuple[str, ...]:
    """The notebooks whose outputs can show what the quick tests have not seen; () for none."""
    pattern, modules = FIGURES
    if mutant.path.suffix == ".ipynb" and _kind(mutant) != IN_PROSE:
        return *NBVAL, str(mutant.path)
    if mutant.path.as_posix() in modules:
        return *NBVAL, *sorted(
            str(path.relative_to(REPOSITORY)) for path in REPOSITORY.glob(pattern)
        )
    return ()


def planted_mutants() -> list[Mutant]:
    """The mistakes of `tests/notebook_defects.py`."""
    # Imported here because of what it needs: a toy module is broken without.
    from tests.notebook_defects import DEFECTS, place_of, planted

    found = []
    for defect in DEFECTS:
        original = (REPOSITORY / defect.path).read_text(encoding="utf-8")
        if defect.path.suffix != ".ipynb":
            tests = f"tests/test_{defect.path.stem}.py", "tests/test_figure_text.py"
        elif defect.kind == IN_PROSE or "quiet_tensorflow" in original:
            tests = *QUICK, "-k", f"{defect.where}- or notebook_{defect.where} or test_claims"
        else:  # to run it takes no longer
            tests = *NBVAL, str(defect.path)
        broken, place = planted(defect), place_of(defect)
        change = f"{defect.kind}: {_difference(defect.piece, defect.becomes)}"
        found.append(Mutant(defect.path, place, change, original, broken, tests))
    return found


# Running the tests -------------------------------------------------------------------------------


class _FirstFailure:
    """Tells which test failed first, in a file that outlives the process."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.file.exists():
            self.file.write_text(report.nodeid, encoding="utf-8")

    pytest_collectreport = pytest_runtest_logreport


def _run_tests(folder: Path, tests: tuple[str, ...]) -> int:
    """Run tests of the copy in this folder, and return pytest's exit status."""
    os.setsid()
    os.chdir(folder)
    # Of this process, pytest only: the course's modules come from the copy.
    sys.path[:] = [str(folder), *(place for place in sys.path if place != str(REPOSITORY))]
    for name in [name for name in sys.modules if name.partition(".")[0] in ("tests", "helpers")]:
        del sys.modules[name]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    output = os.open(folder / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(output, stream)
    options = ["-x", "-q", "-o", "addopts=", "-p", "no:cacheprovider", "--basetemp=.tests"]
    plugins = [_FirstFailure(folder / "failure.txt")]
    if NBVAL[0] in tests:
        plugins.append(sys.modules["nbval.plugin"])
    return pytest.main([*options, *tests], plugins=plugins)


def start(folder: Path, tests: tuple[str, ...]) -> int:
    """Run tests in a process of its own, and return its number."""
    (folder / "failure.txt").unlink(missing_ok=True)
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        status = 70
        try:
            status = int(_run_tests(folder, tests))
        except BaseException:  # nobody else will tell it
            traceback.print_exc()
        finally:
            os._exit(status)
    return process


def seconds_needed(folder: Path, tests: tuple[str, ...]) -> float:
    """How long the tests take when nothing is broken. They must pass."""
    begin = time.monotonic()
    _, status = os.waitpid(start(folder, tests), 0)
    if status:
        said = (folder / "output.txt").read_text(encoding="utf-8", errors="replace")
        raise SystemExit(f"{said}\nThese tests fail though nothing is broken: {' '.join(tests)}")
    return time.monotonic() - begin


def run(
    todo: Iterable[Mutant], folders: list[Path], limit: dict[tuple[str, ...], float]
) -> Iterator[tuple[Mutant, str]]:
    """Test each mutant, and yield it with what caught it: "" for a survivor."""
    todo, running = iter(todo), {}
    free = list(folders)
    while True:
        while free and (mutant := next(todo, None)):
            folder = free.pop()
            (folder / mutant.path).write_text(mutant.broken, encoding="utf-8")
            process = start(folder, mutant.tests)
            running[process] = mutant, folder, time.monotonic() + limit[mutant.tests]
        if not running:
            return
        time.sleep(0.01)
        for process, (mutant, folder, deadline) in list(running.items()):
            ended, status = os.waitpid(process, os.WNOHANG)
            if not ended and time.monotonic() < deadline:
                continue
            if not ended:
                os.killpg(process, signal.SIGKILL)
                os.waitpid(process, 0)
                caught = TIMEOUT
            elif status == 0:
                caught = ""
            elif (folder / "failure.txt").exists():
                caught = (folder / "failure.txt").read_text(encoding="utf-8")
            else:
                caught = "an error before the first test"
            del running[process]
            (folder / mutant.path).write_text(mutant.original, encoding="utf-8")
            free.append(folder)
            yield mutant, caught


def main(arguments: list[str]) -> None:
    """Break modules or notebooks, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("paths", nargs="*", type=Path, help="modules, or: notebooks")
    parser.add_argument("--sample", type=int, help="how many mutants of each module")
    options = parser.parse_args(arguments)
    if not hasattr(os, "fork"):
        raise SystemExit("This needs `os.fork`: run it on Linux or macOS.")
    begin = time.monotonic()
    planting = options.paths == [Path("notebooks")]
    if planting:
        every = {}
        for mutant in planted_mutants():
            every.setdefault(_kind(mutant), []).append(mutant)
    else:
        paths = options.paths or sorted(Path("helpers").rglob("*.py"))
        every = {str(path): mutants(path) for path in paths}
    todo = [mutant for found in every.values() for mutant in sample(found, options.sample)]
    needed = dict.fromkeys((mutant.tests for mutant in todo), 0.0)
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    for name in (*LOADED_ONCE, *sorted(imported({name for tests in needed for name in tests}))):
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as place:
        first, *others = [Path(place).resolve() / str(number) for number in range(WORKERS)]
        ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "*.part")
        shutil.copytree(REPOSITORY, first, ignore=ignored)
        print(f"{len(todo)} mutants; {len(needed)} selections of tests", flush=True)
        for tests in needed:
            needed[tests] = seconds_needed(first, tests)
        # Now all is compiled, but what is broken must be compiled each time: an old compiled module
        # could pass for the mutant's.
        for path in {mutant.path for mutant in todo}:
            for compiled in (first / path.parent / "__pycache__").glob(f"{path.stem}.*"):
                compiled.unlink()
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        for folder in others:
            shutil.copytree(first, folder)
        limit = {tests: PATIENCE + 5 * seconds for tests, seconds in needed.items()}
        results = []
        while todo:
            again = []
            for mutant, caught in run(todo, [first, *others], limit):
                running = running_tests(mutant)
                if not caught and running and mutant.tests != running:
                    again.append(replace(mutant, tests=running))
                    continue
                results.append((mutant, caught))
                told = f"caught by {caught}" if caught else "SURVIVED"
                print(f"{mutant.path}:{mutant.line} {mutant.change} {told}", flush=True)
            todo, limit = again, {mutant.tests: 5 * NBVAL_SECONDS for mutant in again}
    counts = {name: len(found) for name, found in every.items()}
    print("\n".join(report(results, counts, _kind if planting else _module)))
    used = os.times()
    print(
        f"\n{(time.monotonic() - begin) / 60:.0f} minutes on {WORKERS} workers, "
        f"{(used.user + used.system + used.children_user + used.children_system) / 60:.0f} "
        "minutes of the processor"
    )


def sample(found: list[Mutant], count: int | None) -> list[Mutant]:
    """So many of the mutants of a module, always the same; None for all."""
    if count is None or count >= len(found):
        return found
    places = random.Random(0).sample(range(len(found)), count)
    return [found[place] for place in sorted(places)]


def _module(mutant: Mutant) -> str:
    return str(mutant.path)


def _kind(mutant: Mutant) -> str:
    return mutant.change.partition(":")[0]


def report(
    results: list[tuple[Mutant, str]], every: dict[str, int], row_of: Callable[[Mutant], str]
) -> Iterator[str]:
    """A table in Markdown, and the survivors. `every` says how many mutants there are in a row."""
    every = {**every, "all": sum(every.values())}
    counts = Counter()
    for mutant, caught in results:
        for row in (row_of(mutant), "all"):
            counts[row, "tried"] += 1
            counts[row, "caught"] += bool(caught)
            counts[row, TIMEOUT] += caught == TIMEOUT
    yield "\n| | mutants | tried | caught | of them by timeout | caught, % |"
    yield "|---|---|---|---|---|---|"
    for row in dict.fromkeys(row for row, _ in counts):
        tried, caught = counts[row, "tried"], counts[row, "caught"]
        share = f"{100 * caught / tried:.1f}"
        yield f"| {row} | {every[row]} | {tried} | {caught} | {counts[row, TIMEOUT]} | {share} |"
    survivors = sorted(
        (mutant for mutant, caught in results if not caught), key=lambda m: (m.path, m.line)
    )
    yield f"\n{len(survivors)} survivors:"
    for mutant in survivors:
        yield f"- {mutant.path}:{mutant.line} {mutant.change}"


if __name__ == "__main__":
    main(sys.argv[1:])
