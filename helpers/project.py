"""Look at a learner's own project the way the guideline of notebook 10 asks: `check_project`.

The rubric is data: each row has its points and, where a program can look, a plain function that
gets the parsed notebook and returns what is missing, one sentence each, with the place. A program
sees names, calls, headings and outputs, not meaning. It can be fooled, and it can overlook what is
right under another name. It prepares for a reader, who decides.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.running import Run, run_apart

SECONDS = 300.0  # that a project may take from its first cell to its last
LARGEST_TO_READ = 20e6  # bytes; more can't be anybody's project, and might fill the memory
LARGEST = 2e6  # bytes that still earn the point
LEAST_WORDS = 15  # of one's own in a section

LOCAL_PATH = re.compile(
    r"(?<![\w.])/(?:home|root|Users|tmp|work|content)/|\b[A-Za-z]:\\\\?(?:Users|Temp)\b"
)
# A text in the code that begins like this is no place inside the project's folder.
ABSOLUTE_PATH = re.compile(r"/[\w.-]+/|~[\\/]|[A-Za-z]:[\\/]+\w")

# Parts of names. What a test set gave is a result, and may be shown wherever it helps.
RESULT_WORDS = frozenset(
    {"acc", "accuracies", "accuracy", "answer", "answers", "brier", "confidence", "confidences"}
    | {"correct", "count", "counts", "ece", "error", "errors", "gain", "gains", "interval"}
    | {"intervals", "logits", "loss", "losses", "matrix", "metrics", "nll", "pred", "prediction"}
    | {"predictions", "preds", "probabilities", "probs", "result", "results", "score", "scores"}
    | {"share", "shares", "size"}
)


class CannotRead(Exception):
    """Why a file can't be looked at as a notebook, in one sentence."""


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook, ready to be looked at."""

    kind: str  # "code", "markdown" or "raw"
    source: str
    section: str  # the `## heading` above it, "" where there is none
    number: int  # among the code cells, from 1
    tree: ast.Module | None  # None where it is no code, or no Python
    outputs: list[dict]
    execution_count: int | None

    def __str__(self) -> str:
        first_line = next(iter(self.source.strip().splitlines()), "(empty)")
        shown = first_line if len(first_line) <= 60 else first_line[:57] + "..."
        return f"code cell {self.number} `{shown}`"


@dataclass(frozen=True)
class Project:
    """A notebook, parsed, and how it ran: None where it was not asked to run."""

    path: Path
    size: int  # bytes
    cells: list[Cell]
    run: Run | None = None

    @property
    def code(self) -> list[Cell]:
        """The code cells, without empty ones."""
        return [cell for cell in self.cells if cell.kind == "code" and cell.source.strip()]


@dataclass(frozen=True)
class Row:
    """One row of the rubric."""

    part: str  # of the guideline
    points: int
    wants: str  # what earns the points
    look: Callable[[Project], list[str]] | None = None  # None: only a reader can tell


@dataclass(frozen=True)
class Finding:
    """What became of one row that a program looks at."""

    row: Row
    missing: list[str]

    @property
    def points(self) -> int:
        """All of the row's points, or none."""
        return 0 if self.missing else self.row.points


# What a learner calls -----------------------------------------------------------------------------


def check_project(path: str | Path, seconds: float = SECONDS) -> None:
    """Print what a program can see of a project: points, and what is missing and where.

    The notebook is run from top to bottom in a fresh kernel, for at most so many `seconds`; with 0
    it is only looked at. The file is never changed. A program can be fooled: a reader decides.
    """
    try:
        read_project(path)
        if seconds:
            print("Running it from top to bottom in a fresh kernel ...", flush=True)
        print(report(path, review(path, seconds)))
    except CannotRead as why:
        print(why)
    except Exception as error:  # never in the learner's face
        first = next(iter(str(error).splitlines()), "")
        print(f"The checker itself failed, which is its fault: {type(error).__name__}: {first}")


def review(path: str | Path, seconds: float = SECONDS) -> list[Finding]:
    """Look at a notebook, row by row; run it unless `seconds` is 0.

    Raises CannotRead for what is no notebook with code.
    """
    project = read_project(path)
    if seconds:
        run = run_apart(project.path, seconds)
        project = Project(project.path, project.size, project.cells, run)
    return [Finding(row, row.look(project)) for row in RUBRIC if row.look]


def report(path: str | Path, findings: list[Finding]) -> str:
    """The findings as text: a line for each row, and one for each thing that is missing."""
    got = sum(finding.points for finding in findings)
    possible = sum(finding.row.points for finding in findings)
    lines = [f"{Path(path).name}: {got} of the {possible} points that a program can see"]
    for finding in findings:
        row = finding.row
        lines.append(f"  {finding.points} of {row.points}  {row.part}: {row.wants}")
        lines += [f"          ✗ {sentence}" for sentence in finding.missing]
    left = sum(row.points for row in RUBRIC if row.look is None)
    lines.append(f"  {left} more points are a reader's to give.")
    return "\n".join(lines)


def rubric_table() -> str:
    """The whole rubric as a Markdown table."""
    lines = ["| part | what earns the points | points | who looks |", "|---|---|---|---|"]
    for row in RUBRIC:
        who = "a reader" if row.look is None else "the program"
        lines.append(f"| {row.part} | {row.wants} | {row.points} | {who} |")
    return "\n".join(lines)


# Reading ------------------------------------------------------------------------------------------


def read_project(path: str | Path) -> Project:
    """Parse a notebook without changing anything. Raises CannotRead if it is none."""
    if not isinstance(path, (str, Path)):
        raise CannotRead('Give the name of your notebook as a text: "my_project.ipynb".')
    path = Path(path)
    try:
        if path.is_dir():
            raise CannotRead(f"{path.name} is a folder: give the notebook in it, a file .ipynb.")
        size = path.stat().st_size
        if size > LARGEST_TO_READ:
            raise CannotRead(
                f"{path.name} has {size / 1e6:.0f} MB, and over {LARGEST_TO_READ / 1e6:.0f} MB are "
                "not even read: clear its outputs, show fewer and smaller ones, and save it again."
            )
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise CannotRead(
            f"There is no file {path.as_posix()!r} here: look for a slip in its name or folder."
        ) from None
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise CannotRead(
                f"{path.name} is not UTF-8, as every notebook is: save it again from Jupyter."
            ) from None
        reason = getattr(error, "strerror", None) or error
        raise CannotRead(f"{str(path)!r} can't be read ({reason}).") from None
    return Project(path, size, _cells(_content(text, path.name)))


def _content(text: str, name: str) -> dict:
    """The notebook in a file's text. Raises CannotRead."""
    if not text.strip():
        raise CannotRead(f"{name} is empty: copy the template again, or restore a saved version.")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f" from line {error.lineno} on" if hasattr(error, "lineno") else ""
        raise CannotRead(
            f"{name} is not JSON{place}, so it is no notebook: save it again from Jupyter."
        ) from None
    if not isinstance(content, dict) or "nbformat" not in content:
        raise CannotRead(f"{name} is JSON, but no notebook: give a file that Jupyter has saved.")
    if content["nbformat"] != 4:
        raise CannotRead(
            f"{name} has the notebook format {content['nbformat']}, and only 4 is read: open it in "
            "JupyterLab and save it once."
        )
    import nbformat

    try:
        with warnings.catch_warnings(action="ignore"):  # about what it repairs by itself
            nbformat.validate(nbformat.from_dict(content))
    except (nbformat.ValidationError, AttributeError, TypeError, KeyError) as error:
        first = next(iter(str(error).splitlines()), "")
        raise CannotRead(
            f"{name} is damaged ({first}): open it in JupyterLab and save it once."
        ) from None
    if not any(c["cell_type"] == "code" and "".join(c["source"]).strip() for c in content["cells"]):
        raise CannotRead(f"{name} has no code: there is nothing to run and nothing to check.")
    return content


def _cells(content: dict) -> list[Cell]:
    cells, section, number = [], "", 0
    for cell in content["cells"]:
        kind, source = cell["cell_type"], "".join(cell["source"])
        number += kind == "code"
        if kind == "markdown":
            section = next(reversed(_sections_in(source)), section)
        cells.append(
            Cell(
                kind,
                source,
                section,
                number,
                _parsed(source) if kind == "code" else None,
                cell.get("outputs", []),
                cell.get("execution_count"),
            )
        )
    return cells


def _sections_in(markdown: str) -> list[str]:
    return re.findall(r"^## +(.+?) *$", markdown, re.MULTILINE)


def _parsed(source: str) -> ast.Module | None:
    """The cell as a syntax tree; what only Jupyter understands is taken out of it."""
    python = re.sub(r"^([ \t]*)[%!?].*$", r"\1pass", source, flags=re.MULTILINE)
    try:
        return ast.parse(python)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


# What stands in the notebook ----------------------------------------------------------------------


def _prose(project: Project, title_word: str) -> str | None:
    """The learner's own text under the `##` heading with this word; None without such a heading.

    Lines behind `>` are the template's questions, and are left out.
    """
    markdown = "\n\n".join(cell.source for cell in project.cells if cell.kind == "markdown")
    parts = re.split(r"^## +(.+?) *$", markdown, flags=re.MULTILINE)
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
        if cell.tree:
            for node in ast.walk(cell.tree):
                yield cell, node


def _called(node: ast.AST) -> str:
    """The last part of the name that a call calls, "" for anything else: `np.max(x)` gives max."""
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _calls(project: Project, pattern: str) -> list[tuple[Cell, ast.Call]]:
    """Calls of something whose name contains `pattern`, a regular expression."""
    return [(cell, node) for cell, node in _nodes(project) if re.search(pattern, _called(node))]


def _assigned(project: Project) -> set[str]:
    return {
        node.id
        for _, node in _nodes(project)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _parts(name: str) -> list[str]:
    return name.lower().split("_")


# The rows -----------------------------------------------------------------------------------------


def question(project: Project) -> list[str]:
    """A section that asks something."""
    missing = _too_short(project, "Question")
    if not missing and "?" not in _prose(project, "question"):
        return ["The section `## Question` has no question mark: what do you want to know?"]
    return missing


def data_said(project: Project) -> list[str]:
    """Data are loaded, and described in words."""
    missing = _too_short(project, "Data")
    if not _calls(project, r"^(load|read|fetch)"):
        missing.append("No cell loads data: no call of `load`, `load_data`, `read_…` was found.")
    return missing


def validation(project: Project) -> list[str]:
    """Something is set apart for choosing."""
    for _, node in _nodes(project):
        name = getattr(node, "id", getattr(node, "arg", None)) or ""
        if isinstance(name, str) and any(
            part == "val" or part.startswith("valid") for part in _parts(name)
        ):
            return []
    return [
        "No pictures are set apart for choosing: no name such as `validation_images` or `x_val` "
        "was found."
    ]


def baseline(project: Project) -> list[str]:
    """Something simple is scored."""
    named = any({"baseline", "majority"} & set(_parts(name)) for name in _assigned(project))
    computed = any(
        "baseline" in cell.section.lower() and isinstance(node, ast.Call)
        for cell, node in _nodes(project)
    )
    if named or computed:
        return []
    where = next(
        (
            f" The section `## {cell.section}` has no code that computes it."
            for cell in project.cells
            if "baseline" in cell.section.lower()
        ),
        " There is no section `## Baseline`.",
    )
    return ["No baseline was found: score the simplest answer before any model." + where]


def seeds(project: Project) -> list[str]:
    """All that is random was seeded before."""
    missing = []
    uses_keras = any(
        re.search(r"keras|tensorflow|helpers\.(networks|layers)", ast.unparse(node))
        for _, node in _nodes(project)
        if isinstance(node, ast.Import | ast.ImportFrom)
    )
    seeded: set[str] = set()
    for cell in project.code:
        if cell.tree is None:
            continue
        calls = [node for node in ast.walk(cell.tree) if isinstance(node, ast.Call)]
        # Within a cell the order of lines says little: a function may be defined above its seed.
        for node in calls:
            called, whole = _called(node), ast.unparse(node.func)
            if called in ("set_random_seed", "set_seed", "manual_seed") and node.args:
                seeded |= {"keras", "numpy", "random"} if called == "set_random_seed" else {"keras"}
            elif called == "seed" and node.args:
                seeded.add("numpy" if "np" in whole or "numpy" in whole else "random")
        for node in calls:
            called, whole = _called(node), ast.unparse(node.func)
            if called in ("default_rng", "RandomState") and not (node.args or node.keywords):
                missing.append(f"{cell}: `{whole}()` has no seed; give it a number, such as 0.")
            elif (
                re.match(r"(np|numpy)\.random\.[a-z]\w*$", whole)
                and called
                not in (
                    "seed",
                    "default_rng",
                )
                and "numpy" not in seeded
            ):
                missing.append(f"{cell}: `{whole}` comes without a seed; use `default_rng(0)`.")
            elif (
                re.match(r"random\.[a-z]\w*$", whole)
                and called != "seed"
                and "random" not in seeded
            ):
                missing.append(f"{cell}: `{whole}` comes before `random.seed(0)`.")
            elif uses_keras and called in ("fit", "train_on_batch") and "keras" not in seeded:
                missing.append(
                    f"{cell}: trains a network before any seed is set; call "
                    "`keras.utils.set_random_seed(0)` first, before the network is built."
                )
    return missing


def test_set_once(project: Project) -> list[str]:
    """The test set is used in one section, and nothing is trained after that.

    A use is a cell in which something is computed with a name such as `test_images` or `x_test`.
    Giving it another name, preparing it, its length and its shape are no use. Calibration belongs
    to the evaluation, also where it has a section of its own.
    """
    look = _TestSet(project)
    if not look.uses:
        return [
            "The test set is never used: no cell computes anything with a name such as "
            "`test_images` or `x_test`."
        ]
    missing = []
    first_of: dict[str | int, Cell] = {}  # the first use in each section
    for cell in look.uses:
        if not first_of or "calibration" not in cell.section.lower():
            first_of.setdefault(cell.section or cell.number, cell)
    if len(first_of) > 1:
        places = "; ".join(map(str, first_of.values()))
        missing.append(
            f"The test set is used in {len(first_of)} sections: {places}. Choose on validation "
            "pictures, and keep the test set for one section at the end."
        )
    for cell in look.uses:
        if any(
            isinstance(node, ast.For | ast.While) and look.trains(node) and look.reads(node)
            for node in ast.walk(cell.tree)
        ):
            missing.append(f"{cell}: a loop trains and tests in turn; train first, test once.")
    first = look.uses[0]
    later = [cell for cell in look.training if cell.number > first.number]
    if later and not missing:
        missing.append(
            f"{later[0]}: trains after the test set was used by {first}; the test comes last."
        )
    return missing


class _TestSet:
    """Which cells use the test set, and which train: read off names, in order."""

    def __init__(self, project: Project):
        self.aliases: set[str] = set()
        self.readers: set[str] = set()  # the learner's functions that use the test set
        self.trainers: set[str] = set()  # and those that train
        self.uses: list[Cell] = []
        self.training: list[Cell] = []
        for cell in project.code:
            if cell.tree is None:
                continue
            if self._any_reads(cell.tree.body):
                self.uses.append(cell)
            if self._any_trains(cell.tree.body):
                self.training.append(cell)

    def _is_test(self, name: str) -> bool:
        parts = _parts(name)
        return name in self.aliases or ("test" in parts and not RESULT_WORDS & set(parts))

    # Sums, because `any` would stop before later statements have told their names.
    def _any_reads(self, nodes: Iterable[ast.AST]) -> bool:
        return sum(map(self.reads, nodes)) > 0

    def _any_trains(self, nodes: Iterable[ast.AST]) -> bool:
        return sum(map(self.trains, nodes)) > 0

    def reads(self, node: ast.AST) -> bool:
        if isinstance(node, ast.FunctionDef):
            if self._any_reads(node.body):
                self.readers.add(node.name)
            return False
        if isinstance(node, ast.Assign) and self._only_prepares(node):
            return False
        if isinstance(node, ast.Attribute):
            if node.attr in ("shape", "size", "dtype", "ndim"):
                return False
            return self._is_test(node.attr) or self.reads(node.value)
        if isinstance(node, ast.Name):
            return isinstance(node.ctx, ast.Load) and self._is_test(node.id)
        if isinstance(node, ast.Call):
            if _called(node) in self.readers:
                return True
            if _called(node) == "len":
                return False
            inside = [*node.args, *(keyword.value for keyword in node.keywords)]
            if isinstance(node.func, ast.Attribute):
                inside.append(node.func.value)
            return self._any_reads(inside)
        return self._any_reads(ast.iter_child_nodes(node))

    def _only_prepares(self, node: ast.Assign) -> bool:
        """Whether an assignment makes a test set of another one, and nothing else."""
        targets = [
            part.id
            for target in node.targets
            for part in ast.walk(target)
            if isinstance(part, ast.Name)
        ]
        if targets and all(map(self._is_test, targets)):
            return True
        if any(
            isinstance(part, ast.Call | ast.BinOp | ast.Compare) for part in ast.walk(node.value)
        ):
            return False
        if self.reads(node.value):
            self.aliases.update(targets)
        return True

    def trains(self, node: ast.AST) -> bool:
        if isinstance(node, ast.FunctionDef):
            if self._any_trains(node.body):
                self.trainers.add(node.name)
            return False
        return any(
            called in self.trainers or re.match(r"(fit|train)(_|$)(?!test_split)", called)
            for called in map(_called, ast.walk(node))
        )


def interval(project: Project) -> list[str]:
    """The score on the test set comes with an interval."""
    found = _calls(project, r"interval|confint|bootstrap|percentile|quantile")
    if not found:
        return [
            "No score has a confidence interval: no call such as `wilson_interval(correct, count)` "
            "was found."
        ]
    uses = _TestSet(project).uses
    if uses and all(cell.number < uses[0].number for cell, _ in found):
        return [
            f"{found[-1][0]}: the interval comes before the test set is used by {uses[0]}; give "
            "one for the score on the test set."
        ]
    return []


def calibration(project: Project) -> list[str]:
    """Confidence is compared with accuracy."""
    if _calls(project, r"calib|reliab|(^|_)ece($|_)|brier"):
        return []
    return [
        "No cell asks how far the probabilities can be trusted: no call such as "
        "`expected_calibration_error` or `reliability_bins` was found."
    ]


def figures(project: Project) -> list[str]:
    """There is a figure, and each has a text for who cannot see it."""
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
        if cell.kind == "markdown" and re.search(r"!\[\s*\]\(", cell.source):
            missing.append("A picture in the text has no words between `![` and `]`.")
    return missing if count else ["No cell shows a figure: draw the one that answers the question."]


def limits(project: Project) -> list[str]:
    """A section on what was not found out."""
    return _too_short(project, "Limits")


def no_local_paths(project: Project) -> list[str]:
    """No place that only this computer has."""
    missing = []
    for cell in project.code:
        found = LOCAL_PATH.search(cell.source)
        texts = [
            node.value
            for node in ast.walk(cell.tree or ast.Module([], []))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        begun = next(filter(ABSOLUTE_PATH.match, texts), None)
        if found or begun:
            shown = begun or cell.source[found.start() :].split()[0]
            missing.append(
                f"{cell}: `{shown[:60]}` exists on one computer only; write the path from the "
                "notebook's folder on."
            )
        for output in cell.outputs:
            if LOCAL_PATH.search(
                json.dumps(output.get("text", output.get("data", {}).get("text/plain", "")))
            ):
                missing.append(f"{cell}: its output shows a path of your computer.")
    return missing


def small(project: Project) -> list[str]:
    """The file can be sent around."""
    if project.size <= LARGEST:
        return []
    largest = max(project.code, key=lambda cell: len(json.dumps(cell.outputs)))
    return [
        f"The file has {project.size / 1e6:.1f} MB, and {LARGEST / 1e6:.0f} are allowed; the "
        f"largest output is that of {largest}."
    ]


def ran_in_order(project: Project) -> list[str]:
    """The stored outputs are those of one run from top to bottom."""
    repair = "restart the kernel, run all cells, save"
    for expected, cell in enumerate(project.code, start=1):
        if any(output.get("output_type") == "error" for output in cell.outputs):
            return [f"{cell}: an error is stored with it; repair it, then {repair}."]
        if cell.execution_count is None:
            return [f"{cell}: has never been run; {repair}."]
        if cell.execution_count != expected:
            return [
                f"{cell}: was run as number {cell.execution_count} instead of {expected}, so "
                f"outputs may be those of an older version; {repair}."
            ]
    return []


def runs(project: Project) -> list[str]:
    """It runs from top to bottom in a fresh kernel."""
    run = project.run
    if run is None:
        return ["It was not run: leave out `seconds=0` to have it run."]
    if not run.error:
        return []
    if not run.started:
        return [f"It could not even be started: {run.error}."]
    everything = [cell for cell in project.cells if cell.kind == "code"]
    # A cell without code is not started, and so not counted.
    cell = [cell for cell in everything if cell.source.strip()][run.started - 1]
    if run.out_of_time:
        return [f"{cell}: was still running when {run.error}. Is there an endless loop?"]
    if "Kernel died" in run.error:
        return [f"{cell}: ended the kernel, by running out of memory or by leaving Python."]
    return [f"{cell}: stops a run from the top with {run.error}"]


RUBRIC = (
    Row("Question", 1, "a section asks one", question),
    Row("Question", 2, "the data at hand can answer it, and either answer would be news"),
    Row("Data", 1, "they are loaded, and described in a section", data_said),
    Row("Data", 1, "pictures for validation are set apart", validation),
    Row("Baseline", 2, "the simplest answer is scored", baseline),
    Row("Baseline", 1, "it is a fair rival, not a straw man"),
    Row("Model", 2, "all that is random is seeded", seeds),
    Row("Model", 2, "choices are told, and made on validation pictures"),
    Row("Evaluation", 3, "the test set is used in one section, after all training", test_set_once),
    Row("Evaluation", 2, "the score has a confidence interval", interval),
    Row("Evaluation", 1, "each figure has a text", figures),
    Row("Evaluation", 3, "the conclusion says no more than the interval allows"),
    Row("Calibration", 1, "confidence is compared with accuracy", calibration),
    Row("Limits", 1, "a section names them", limits),
    Row("Limits", 2, "they are the ones that matter, and a reader could act on them"),
    Row("Reproducibility", 1, "no paths of one computer", no_local_paths),
    Row("Reproducibility", 1, "at most 2 MB", small),
    Row("Reproducibility", 1, "the stored outputs are of one run, in order", ran_in_order),
    Row("Reproducibility", 3, "it runs from top to bottom within five minutes", runs),
)
