"""Make a set of exercises into an nbgrader assignment: `python -m tools.instructor assignment`.

Statements and starter cells come from the notebooks, reference answers and the judge from
`helpers/exercises/`. Only one notebook is written: nbgrader would hand out any file next to it.
"""

import argparse
import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from helpers import NOTEBOOKS, ROOT
from helpers.exercises import exercises_of, source_of
from helpers.running import NotebookError
from tools.instructor.solved import answer_of, fill_in
from tools.notebooks import BUILD, KERNEL_METADATA, find_notebooks, parts

FOLDER = BUILD / "nbgrader"
CONFIGURATION = "nbgrader_config.py"
SELF_PACED = r"helpers\.(exercises|questions)"  # not available while an assignment is graded

# The solution replaces a blank line of the starter, so what nbgrader leaves in a release is the
# starter: tools.instructor.autograding.settings makes its own stub empty.
SOLUTION = ("### BEGIN SOLUTION", "### END SOLUTION")
GRADE = """\
# Exercise {0} · 1 point, given when your work is graded.
### BEGIN HIDDEN TESTS
from tools.instructor.grading import grade

grade("{0}", lambda: {1})
### END HIDDEN TESTS"""

CHECK = """\
try:
    from helpers.exercises import check
except ImportError:  # a copy of the course without its answers

    def check(exercise_id, answer):
        print(f"{exercise_id}: checked when your work is graded.")"""

INTRODUCTION = """\
# {title}

Below each exercise stands a place for your answer. Run its cell and read what `check` says, as \
often as you like. Write only where the answer goes: the other cells are put back before grading.

Before you hand in, choose *Restart Kernel and Run All Cells*, and look at every verdict once \
more. What counts is what this notebook does when it is run once from top to bottom."""

BELONGS = """\
*This exercise is from notebook {notebook}, "{section}". What it speaks of stands there.*"""


@dataclass(frozen=True)
class Place:
    """An exercise in its notebook."""

    section: str  # the heading above it
    statement: str
    starter: str  # the cell that ends in `check("1.2", answer)`
    above: tuple[str, ...]  # the code cells before it


# The exercises of an assignment -------------------------------------------------------------------


def chosen(names: list[str]) -> list[str]:
    """These exercises, in the order of the course. Raises NotebookError for an unknown one."""
    known = [name for notebook in NOTEBOOKS for name in exercises_of(notebook)]
    for name in names:
        if name not in known:
            raise NotebookError(
                f"There is no exercise {name!r}: give numbers such as 1.2, from {known[0]} to "
                f"{known[-1]}."
            )
    return [name for name in known if name in names]


def find(name: str) -> Place:
    """Find an exercise in the notebooks."""
    section = ""
    above: list[str] = []
    for part in parts(_path_of(name)):
        if part.level == 2:
            section = part.title
        for cell in part.cells:
            if cell.cell_type != "code":
                continue
            if f'check("{name}", ' in cell.source:
                _, heading, text = part.cells[0].source.partition(f"### {part.title}")
                return Place(section, heading + text, cell.source, tuple(above))
            above.append(cell.source)
    raise LookupError(f"exercise {name} is in no notebook")


def _path_of(name: str) -> Path:
    [path] = find_notebooks([str(_notebook(name))])
    return path


def context(exercises: list[tuple[Place, Any]]) -> str:
    """The code that exercises of one notebook need: its imports, and functions that they mention.

    `exercises` are pairs of a place and its right answer.
    """
    if not any(callable(right) for _, right in exercises):
        return "import numpy as np"  # no function is asked for
    above = exercises[-1][0].above
    imports: dict[str, None] = {}
    functions = []
    for source in above[1:]:  # the first cell finds the course
        for node in ast.parse(source).body:
            text = ast.get_source_segment(source, node) or ""
            if isinstance(node, ast.FunctionDef):
                functions.append((node.name, text))
            elif isinstance(node, ast.Import | ast.ImportFrom) and not re.search(SELF_PACED, text):
                # Answers draw nothing, and matplotlib takes a second.
                imports[text.replace(", plotting", "")] = None
    imports.pop("from helpers import plotting", None)

    programs = [(place, right) for place, right in exercises if callable(right)]
    used = "\n".join(place.starter + source_of(right) for place, right in programs)
    mentioned = {span for p, _ in programs for span in re.findall(r"`(\w+)`", p.statement)}
    own = {_name(place) for place, _ in exercises}
    needed: list[str] = []
    for name, text in reversed(functions):
        if name not in own and (name in mentioned or re.search(rf"\b{name}\(", used)):
            needed.insert(0, text)
            used += text
    return "\n\n\n".join(["\n".join(imports), *needed])


def _name(place: Place) -> str:
    return ast.unparse(answer_of(place.starter))


# The notebook -------------------------------------------------------------------------------------


def source_notebook(title: str, names: list[str]) -> NotebookNode:
    """The instructor's version, from which nbgrader makes the release.

    Sorting the ids of its cells keeps their order: see autograding.RepairCells.
    """
    cells = [_text("0-0-introduction", INTRODUCTION.format(title=title))]
    places = {name: find(name) for name in names}
    finder = places[names[0]].above[0]
    cells += [_code("0-1-course", finder)]
    cells += [_code("0-2-check", CHECK)]
    rights = {name: exercises_of(_notebook(name))[name]().solution for name in names}
    for notebook in sorted(set(map(_notebook, names))):
        here = [name for name in names if _notebook(name) == notebook]
        surroundings = context([(places[name], rights[name]) for name in here])
        cells += [_code(f"{notebook:02}-00-0-imports", surroundings)]
        for name in here:
            number = f"{notebook:02}-{int(name.partition('.')[2]):02}"
            place = places[name]
            belongs = BELONGS.format(notebook=_path_of(name).stem[:2], section=place.section)
            cells += [
                _text(f"{number}-0-exercise", f"{place.statement}\n\n{belongs}"),
                _code(
                    f"{number}-1-answer",
                    fill_in(place.starter, rights[name], SOLUTION),
                    is_answer=True,
                ),
                _code(f"{number}-2-grade", GRADE.format(name, _name(place)), points=1),
            ]
    return nbformat.v4.new_notebook(cells=cells, metadata=KERNEL_METADATA)


def nbgrader_metadata(
    grade_id: str, is_answer: bool = False, points: float | None = None
) -> dict[str, Any]:
    """What nbgrader must know of a cell: an answer, a cell that gives points, or a locked one."""
    metadata = {
        "grade_id": grade_id,
        "grade": points is not None,
        "solution": is_answer,
        "locked": not is_answer,
        "task": False,
        "schema_version": 3,
    }
    return metadata if points is None else metadata | {"points": points}


def _notebook(name: str) -> int:
    return int(name.partition(".")[0])


def _text(grade_id: str, source: str) -> NotebookNode:
    metadata = {"nbgrader": nbgrader_metadata(grade_id)}
    return nbformat.v4.new_markdown_cell(source, id=grade_id, metadata=metadata)


def _code(grade_id: str, source: str, **role: Any) -> NotebookNode:
    metadata = {"nbgrader": nbgrader_metadata(grade_id, **role)}
    return nbformat.v4.new_code_cell(source, id=grade_id, metadata=metadata)


# The command --------------------------------------------------------------------------------------


def write(title: str, names: list[str], folder: Path) -> Path:
    """Write the instructor's version into nbgrader's course folder; return its path.

    Raises NotebookError for a name that nbgrader can't use, an unknown exercise, and files that
    would be handed out.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", title):
        raise NotebookError(
            f"nbgrader can't use the name {title!r}: take letters, digits, - and _ only."
        )
    notebook = source_notebook(title, chosen(names))
    source = folder / "source" / title
    source.mkdir(parents=True, exist_ok=True)
    path = source / f"{title}.ipynb"
    others = sorted(other.name for other in source.iterdir() if other != path)
    if others:
        raise NotebookError(
            f"{source} also holds {', '.join(others)}, and nbgrader would hand it out: move it to "
            "another folder."
        )
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
    return path


def configuration() -> str:
    """nbgrader_config.py: how nbgrader finds the course, and the course's settings for it."""
    # SystemExit, since nbgrader logs any other error of its configuration and goes on without it.
    return f'''\
"""Lets nbgrader use the course. Written by `python -m tools.instructor assignment`."""

import sys

COURSE = {str(ROOT)!r}

sys.path.insert(0, COURSE)
try:
    from tools.instructor.autograding import settings
except ImportError as error:
    sys.exit(f"The course can't be used from {{COURSE}} ({{error}}): correct nbgrader_config.py.")

settings(get_config(), COURSE)  # noqa: F821
'''


def run(options: argparse.Namespace) -> None:
    """Make the assignment, and say what to do next."""
    folder = options.folder.resolve()
    path = write(options.name, options.exercises, folder)
    settings = folder / CONFIGURATION
    if not settings.exists():
        settings.write_text(configuration(), encoding="utf-8", newline="\n")
    elif settings.read_text(encoding="utf-8") != configuration():
        print(f"{settings} is not the course's own. It needs these lines:\n\n{configuration()}")
    print(f"Written: {path}\nNext, in {folder}: nbgrader generate_assignment {options.name}")


def add_command(commands: Any) -> None:
    """Add `assignment` to the commands of an argument parser."""
    parser = commands.add_parser("assignment", help="make exercises into an nbgrader assignment")
    parser.add_argument("name", help="such as softmax-1")
    parser.add_argument("exercises", nargs="+", metavar="exercise", help="such as 1.2")
    parser.add_argument(
        "--folder",
        type=Path,
        default=FOLDER,
        help="nbgrader's course folder, which keeps the grades (build/nbgrader unless given)",
    )
