"""Check a learner's own project against the guideline of notebook 10: `check_project`.

The rubric is data. A row has its points and, where a program can check it, a function that takes
the parsed notebook and returns what is missing, one sentence each, with the place. A program sees
headings, calls and outputs, and follows the pictures through the code (`helpers.data_flow`). It
does not see meaning: it can be fooled, and it can miss what is right in a form that it does not
know. It prepares the work of a reader, who decides.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from helpers.data_flow import Event, follow
from helpers.running import Run, run_apart

SECONDS = 300.0  # limit for a whole run
LARGEST = 2e6  # bytes
LEAST_WORDS = 15  # of the learner's own in a section

LOCAL_PATH = re.compile(
    r"(?<![\w.])/(?:home|root|Users|tmp|work|content)/[^\s'\"]*"
    r"|\b[A-Za-z]:\\\\?(?:Users|Temp)\b[^\s'\"]*"
)
# A string that begins as an absolute path, or the whole of a local path.
ABSOLUTE_PATH = re.compile(r"(?<=['\"])(?:/[\w.-]+/|~[\\/]|[A-Za-z]:[\\/]+\w)[^\s'\"]*")
SECTION = re.compile(r"^## +(.+?) *$", re.MULTILINE)

TEST_SET_PROBLEMS = {
    "chooses": "chooses by a score on test pictures; choose on validation pictures.",
    "fits": "fits to test labels; fit and stop on training or validation pictures.",
}


class CannotRead(Exception):
    """The file cannot be read as a notebook. The message says why, in one sentence."""


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook, parsed."""

    kind: str  # "code", "markdown" or "raw"
    source: str
    section: str  # the `## heading` above it, or ""
    number: int  # among the code cells, from 1
    tree: ast.Module  # empty if the cell is not Python
    outputs: list[dict]
    execution_count: int | None

    def __str__(self) -> str:
        first_line = next(iter(self.source.strip().splitlines()), "(empty)")
        shown = first_line if len(first_line) <= 60 else first_line[:57] + "..."
        return f"code cell {self.number} `{shown}`"


@dataclass(frozen=True)
class Project:
    """A parsed notebook and its run; None if it was not run."""

    path: Path
    cells: list[Cell]
    run: Run | None = None

    @property
    def code(self) -> list[Cell]:
        """The code cells, without empty ones."""
        return [cell for cell in self.cells if cell.kind == "code" and cell.source.strip()]

    @cached_property
    def events(self) -> list[Event]:
        """What the code does with the data, in order."""
        return follow((cell.number, cell.tree) for cell in self.code)


@dataclass(frozen=True)
class Row:
    """One row of the rubric."""

    part: str  # of the guideline
    points: int
    criterion: str
    check: Callable[[Project], list[str]] | None = None  # None: only a reader can tell


@dataclass(frozen=True)
class Finding:
    """The result of one row that a program checks."""

    row: Row
    missing: list[str]

    @property
    def points(self) -> int:
        """All of the row's points, or none."""
        return 0 if self.missing else self.row.points


# What a learner calls -----------------------------------------------------------------------------


def check_project(path: str | Path, seconds: float = SECONDS) -> None:
    """Print the points that a program can see in a project, and what is missing where.

    The notebook is run from top to bottom in a fresh kernel for at most `seconds`; 0 skips the run.
    The file is never changed. A program can be fooled: a reader decides.
    """
    try:
        read_project(path)
        if seconds:
            print("Running it from top to bottom in a fresh kernel ...", flush=True)
        print(report(path, review(path, seconds)))
    except CannotRead as why:
        print(why)
    except Exception as error:  # never in the learner's face
        print(f"The checker itself failed, which is its fault: {error!r:.200}")


def review(path: str | Path, seconds: float = SECONDS) -> list[Finding]:
    """Check a notebook, row by row; run it unless `seconds` is 0.

    Raises CannotRead if the file is not a notebook with code.
    """
    project = read_project(path)
    if seconds:
        project = replace(project, run=run_apart(project.path, seconds))
    return [Finding(row, row.check(project)) for row in RUBRIC if row.check]


def report(path: str | Path, findings: list[Finding]) -> str:
    """The findings as text: one line per row, and one per missing item."""
    got = sum(finding.points for finding in findings)
    possible = sum(finding.row.points for finding in findings)
    lines = [f"{Path(path).name}: {got} of the {possible} points that a program can see"]
    for finding in findings:
        row = finding.row
        lines.append(f"  {finding.points} of {row.points}  {row.part}: {row.criterion}")
        lines += [f"          ✗ {sentence}" for sentence in finding.missing]
    left = sum(row.points for row in RUBRIC if row.check is None)
    lines.append(
        f"  {left} more points are a reader's to give. A program can't see what a "
        "sentence means, or what was chosen by eye from a printed score."
    )
    return "\n".join(lines)


def rubric_table() -> str:
    """The whole rubric as a Markdown table."""
    lines = ["| part | what earns the points | points | who looks |", "|---|---|---|---|"]
    for row in RUBRIC:
        who = "a reader" if row.check is None else "the program"
        lines.append(f"| {row.part} | {row.criterion} | {row.points} | {who} |")
    return "\n".join(lines)


# Reading ------------------------------------------------------------------------------------------


def read_project(path: str | Path) -> Project:
    """Parse a notebook. Raises CannotRead."""
    path = Path(path)
    try:
        project = Project(path, _cells(json.loads(path.read_bytes())))
    except FileNotFoundError:
        raise CannotRead(
            f"There is no file {path.as_posix()!r} here: look for a slip in its name or folder."
        ) from None
    except OSError as error:
        raise CannotRead(f"{path.name!r} can't be read ({error.strerror}).") from None
    except (ValueError, RecursionError):
        raise CannotRead(
            f"{path.name} is not JSON, so it is no notebook: save it again from Jupyter."
        ) from None
    except (KeyError, TypeError, AttributeError):
        raise CannotRead(
            f"{path.name} is damaged, or has an old format: open it in JupyterLab and save it once."
        ) from None
    if not project.code:
        raise CannotRead(f"{path.name} has no code: there is nothing to run and nothing to check.")
    return project


def _cells(content: dict) -> list[Cell]:
    cells, section, number = [], "", 0
    for cell in content["cells"]:
        kind, source = cell["cell_type"], "".join(cell["source"])
        number += kind == "code"
        if kind == "markdown":
            section = next(reversed(SECTION.findall(source)), section)
        cells.append(
            Cell(
                kind,
                source,
                section,
                number,
                _parsed(source if kind == "code" else ""),
                cell.get("outputs", []),
                cell.get("execution_count"),
            )
        )
    return cells


def _parsed(source: str) -> ast.Module:
    """The cell as a syntax tree, without Jupyter's own commands; empty if it is not Python."""
    python = re.sub(r"^([ \t]*)[%!?].*$", r"\1pass", source, flags=re.MULTILINE)
    try:
        return ast.parse(python)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])


# Searching ----------------------------------------------------------------------------------------


def _prose(project: Project, title_word: str) -> str | None:
    """The learner's own text under the `##` headings with this word; None without such a heading.

    Lines that begin with `>` are the template's questions, and are left out.
    """
    markdown = "\n\n".join(cell.source for cell in project.cells if cell.kind == "markdown")
    parts = SECTION.split(markdown)
    texts = [
        text
        for title, text in zip(parts[1::2], parts[2::2], strict=True)
        if title_word in title.lower()
    ]
    if not texts:
        return None
    lines = [line for line in "\n".join(texts).splitlines() if not re.match(r"\s*(>|#)", line)]
    return re.sub(r"<[^>]*>", " ", "\n".join(lines))


def _too_short(project: Project, title: str) -> list[str]:
    """What is missing if a section has fewer than LEAST_WORDS words."""
    prose = _prose(project, title.lower())
    if prose is None:
        return [f"There is no section `## {title}`."]
    words = len(re.findall(r"[^\W\d_]+", prose))
    if words < LEAST_WORDS:
        return [
            f"The section `## {title}` has {words} words of your own: write at least "
            f"{LEAST_WORDS}. Lines that begin with `>` do not count."
        ]
    return []


def _nodes(project: Project) -> Iterator[tuple[Cell, ast.AST]]:
    for cell in project.code:
        for node in ast.walk(cell.tree):
            yield cell, node


def _called(node: ast.AST) -> str:
    """The last part of a called name, "" for anything else: `np.max(x)` gives max."""
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _unless_called(project: Project, pattern: str, sentence: str) -> list[str]:
    """The sentence, unless something is called whose name contains `pattern`."""
    is_called = any(re.search(pattern, _called(node)) for _, node in _nodes(project))
    return [] if is_called else [sentence]


# The rows: what is missing, one sentence each ----------------------------------------------------


def _question(project: Project) -> list[str]:
    missing = _too_short(project, "Question")
    if not missing and "?" not in (_prose(project, "question") or ""):
        return ["The section `## Question` has no question mark: what do you want to know?"]
    return missing


def _data_described(project: Project) -> list[str]:
    return _too_short(project, "Data") + _unless_called(
        project,
        r"^(load|read|fetch)",
        "No cell loads data: no call of `load`, `load_data`, `read_…` was found.",
    )


def _validation(project: Project) -> list[str]:
    if any(event.kind == "splits" for event in project.events):
        return []
    return [
        "No pictures are set apart for choosing: no cell splits the training pictures, as the "
        "template does."
    ]


def _computes_in(project: Project, title: str) -> bool:
    return any(
        _called(node) not in ("", "print")
        for cell, node in _nodes(project)
        if title in cell.section.lower()
    )


def _baseline(project: Project) -> list[str]:
    is_guessed = any(event.kind == "guesses" for event in project.events)
    if is_guessed or _computes_in(project, "baseline"):
        return []
    return _unless_called(
        project,
        r"majority|baseline|Dummy|NearestCentroid",
        "No baseline was found: score the simplest answer before any model. The section "
        "`## Baseline` has no code that computes it.",
    )


# Calls with an argument that seed, and what they seed.
SEEDS = {
    r"\bset_random_seed$": {"keras", "numpy", "random"},
    r"\b(set|manual)_seed$": {"keras"},
    r"^(np|numpy)\.random\.seed$": {"numpy"},
    r"^(random\.)?seed$": {"random"},
}
# Random calls, what must have been seeded before them, and how.
RANDOM_CALLS = (
    (r"\b(default_rng|RandomState)\(\)$", "", "give it a number, such as 0"),
    (r"^(np|numpy)\.random\.(?!seed|default_rng)[a-z]", "numpy", "use `default_rng(0)`"),
    (r"^random\.(?!seed)[a-z]", "random", "call `random.seed(0)` first"),
    (
        r"\b(fit|train_on_batch)$",
        "keras",
        "call `keras.utils.set_random_seed(0)` first, before the network is built",
    ),
)


def _seeds(project: Project) -> list[str]:
    missing = []
    uses_keras = any(
        re.search(r"keras|tensorflow|helpers\.(networks|layers)", ast.unparse(node))
        for _, node in _nodes(project)
        if isinstance(node, ast.Import | ast.ImportFrom)
    )
    seeded = set() if uses_keras else {"keras"}
    for cell in project.code:
        calls = [
            ast.unparse(node.func) + ("" if node.args or node.keywords else "()")
            for node in ast.walk(cell.tree)
            if isinstance(node, ast.Call)
        ]
        # All seeds of a cell count for all of its calls: a function may be defined above its seed.
        for pattern, seeded_here in SEEDS.items():
            if any(re.search(pattern, call) for call in calls):
                seeded |= seeded_here
        for call in calls:
            for pattern, kind, remedy in RANDOM_CALLS:
                if kind not in seeded and re.search(pattern, call):
                    missing.append(f"{cell}: `{call}` has no seed; {remedy}.")
    return missing


def _test_set_once(project: Project) -> list[str]:
    cells = {cell.number: cell for cell in project.code}
    tests = [event for event in project.events if event.kind == "tests"]
    for kind, problem in TEST_SET_PROBLEMS.items():
        found = next((event for event in project.events if event.kind == kind), None)
        if found:
            return [f"{cells[found.cell]}: {problem}"]
    if not tests:
        if any(event.kind == "scores" for event in project.events):
            return []
        return ["The test set is never used: no cell asks a model about `data.test_images`."]
    missing = []
    first_of: dict[str | int, Cell] = {}  # the first use in each section
    for event in tests:
        cell = cells[event.cell]
        # Calibration belongs to the evaluation, even in a section of its own.
        if event == tests[0] or "calibration" not in cell.section.lower():
            first_of.setdefault(cell.section or cell.number, cell)
    if len(first_of) > 1:
        places = "; ".join(map(str, first_of.values()))
        missing.append(
            f"The test set is used in {len(first_of)} sections: {places}. Choose on validation "
            "pictures, and keep the test set for one section at the end."
        )
    later = [
        event
        for event in project.events[project.events.index(tests[0]) :]
        if event.kind == "trains" and "calibration" not in cells[event.cell].section.lower()
    ]
    loops = {event.loop for event in later if event.loop} & {test.loop for test in tests}
    for cell in {event.cell: cells[event.cell] for event in later if event.loop in loops}.values():
        missing.append(f"{cell}: a loop trains and tests in turn; train first, test once.")
    if later and not missing:
        missing.append(
            f"{cells[later[0].cell]}: trains after the test set was used by "
            f"{cells[tests[0].cell]}; the test comes last."
        )
    return missing


INTERVAL_ENDS = re.compile(r"2\.5|0\.025|\[5, 95\]|0\.05, 0\.95")  # of 95 or 90 %


def _interval(project: Project) -> list[str]:
    for _, node in _nodes(project):
        called = _called(node)
        is_percentile = called in ("percentile", "quantile")
        if (
            re.search(r"interval|confint|bootstrap|ppf", called)
            or (is_percentile and INTERVAL_ENDS.search(ast.unparse(node)))
            or getattr(node, "value", None) == 1.96  # written out
        ):
            return []
    return [
        "No score has a confidence interval: no call such as `wilson_interval(correct, count)` "
        "was found. If you computed one in another way, say so in `## Honest evaluation`."
    ]


def _calibration(project: Project) -> list[str]:
    if _computes_in(project, "calibration"):
        return []
    return _unless_called(
        project,
        r"calib|reliab|(^|_)ece($|_)|brier",
        "No cell asks how far the probabilities can be trusted: no call such as "
        "`expected_calibration_error` or `reliability_bins` was found.",
    )


def _figures(project: Project) -> list[str]:
    missing, count = [], 0
    for cell, after in zip(project.cells, [*project.cells[1:], None], strict=True):
        described = after and after.kind == "markdown" and after.source.startswith("Figure")
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                count += 1
                about = output.get("metadata", {}).get("image/png", {})
                if not described and not (isinstance(about, dict) and about.get("alt")):
                    missing.append(
                        f"{cell}: its figure has no text; draw it with helpers.plotting, or begin "
                        "the next cell with `Figure:` and say what it shows."
                    )
    return missing if count else ["No cell shows a figure: draw the one that answers the question."]


def _no_local_paths(project: Project) -> list[str]:
    missing = []
    for cell in project.code:
        found = ABSOLUTE_PATH.search(cell.source) or LOCAL_PATH.search(cell.source)
        if found:
            missing.append(
                f"{cell}: `{found[0][:60]}` exists on one computer only; write the path from the "
                "notebook's folder on."
            )
        for output in cell.outputs:
            text = output.get("text", output.get("data", {}).get("text/plain", ""))
            if LOCAL_PATH.search(json.dumps(text)):
                missing.append(f"{cell}: its output shows a path of your computer.")
    return missing


def _small(project: Project) -> list[str]:
    size = project.path.stat().st_size
    if size <= LARGEST:
        return []
    largest = max(project.code, key=lambda cell: len(json.dumps(cell.outputs)))
    return [
        f"The file has {size / 1e6:.1f} MB, and {LARGEST / 1e6:.0f} are allowed; the "
        f"largest output is that of {largest}."
    ]


def _ran_in_order(project: Project) -> list[str]:
    for expected, cell in enumerate(project.code, start=1):
        is_error = any(output.get("output_type") == "error" for output in cell.outputs)
        if is_error or cell.execution_count != expected:
            what = "an error is stored with it" if is_error else f"was not run as number {expected}"
            return [f"{cell}: {what}; restart the kernel, run all cells, save."]
    return []


def _runs(project: Project) -> list[str]:
    run = project.run
    if run is None:
        return ["It was not run: leave out `seconds=0` to have it run."]
    if not run.error:
        return []
    if not run.started:
        return [f"It could not even be started: {run.error}."]
    cell = next(cell for cell in project.code if cell.number == run.started)
    if run.out_of_time:
        return [f"{cell}: was still running when {run.error}. Is there an endless loop?"]
    return [f"{cell}: stops a run from the top with {run.error}"]


RUBRIC = (
    Row("Question", 1, "a section asks one", _question),
    Row("Question", 2, "the data at hand can answer it, and either answer would be news"),
    Row("Data", 1, "they are loaded, and described in a section", _data_described),
    Row("Data", 1, "pictures for validation are set apart", _validation),
    Row("Baseline", 2, "the simplest answer is scored", _baseline),
    Row("Baseline", 1, "it is a fair rival, not a straw man"),
    Row("Model", 2, "all that is random is seeded", _seeds),
    Row("Model", 2, "choices are told, and made on validation pictures"),
    Row(
        "Evaluation",
        3,
        "the test set is used in one section, after all training, and chooses nothing",
        _test_set_once,
    ),
    Row("Evaluation", 2, "the score has a confidence interval", _interval),
    Row("Evaluation", 1, "each figure has a text", _figures),
    Row("Evaluation", 3, "the conclusion says no more than the interval allows"),
    Row("Calibration", 1, "confidence is compared with accuracy", _calibration),
    Row("Limits", 1, "a section names them", lambda project: _too_short(project, "Limits")),
    Row("Limits", 2, "they are the ones that matter, and a reader could act on them"),
    Row("Reproducibility", 1, "no paths of one computer", _no_local_paths),
    Row("Reproducibility", 1, "at most 2 MB", _small),
    Row("Reproducibility", 1, "the stored outputs are of one run, in order", _ran_in_order),
    Row("Reproducibility", 3, "it runs from top to bottom within five minutes", _runs),
)
