"""Make a set of exercises into an nbgrader assignment: `python -m tools.instructor assignment`.

The statements and starter cells are those of the notebooks, the reference answers and the judge
those of `helpers/exercises/`. Only one notebook is written: a helper file beside it would be handed
out with it.
"""

import argparse
import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from helpers import ROOT
from helpers.exercises import NOTEBOOKS, exercises_of, source_of

FOLDER = ROOT / "build" / "nbgrader"
CONFIGURATION = "nbgrader_config.py"

# The solution stands in place of an empty line of the starter, so what nbgrader leaves in a release
# is the starter: tools.instructor.autograding.settings makes its own stub empty.
SOLUTION = "### BEGIN SOLUTION\n{}\n### END SOLUTION"
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


class AssignmentError(Exception):
    """Why there is no assignment, in one sentence for the instructor."""


@dataclass(frozen=True)
class Place:
    """Where an exercise stands in its notebook, and what stands there."""

    section: str  # the heading above it
    statement: str
    starter: str  # the cell that ends in `check("1.2", answer)`
    above: tuple[str, ...]  # the code cells of the notebook up to here


# The exercises of an assignment -------------------------------------------------------------------


def chosen(names: list[str]) -> list[str]:
    """These exercises, in the order of the course. Raises AssignmentError for one that isn't."""
    known = [name for notebook in NOTEBOOKS for name in exercises_of(notebook)]
    for name in names:
        if name not in known:
            raise AssignmentError(
                f"There is no exercise {name!r}: give numbers such as 1.2, from {known[0]} to "
                f"{known[-1]}."
            )
    return [name for name in known if name in names]


def find(name: str) -> Place:
    """Find an exercise in the notebooks."""
    cells = json.loads(_path_of(name).read_text(encoding="utf-8"))["cells"]
    section, statement, above = "", "", []
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            before, heading, after = source.partition(f"### Exercise {name} · ")
            sections = re.findall(r"^## (.+)$", before, re.MULTILINE)
            section = sections[-1] if sections and not statement else section
            statement = heading + after if heading else statement
        elif cell["cell_type"] == "code":
            if f'check("{name}", ' in source:
                return Place(section, statement, source, tuple(above))
            above.append(source)
    raise LookupError(f"exercise {name} is in no notebook")


def _path_of(name: str) -> Path:
    [path] = (ROOT / "notebooks").glob(f"{int(name.partition('.')[0]):02}-*.ipynb")
    return path


def _check_call(starter: str) -> ast.Call:
    return ast.parse(starter).body[-1].value


def answered(starter: str, right: Any) -> str:
    """A starter cell with the reference answer in it, between nbgrader's marks."""
    answer = _check_call(starter).args[1]
    if isinstance(answer, ast.List):
        pairs = zip(answer.elts, right, strict=True)
        solution = "\n".join(f"{name.id} = {part!r}" for name, part in pairs)
    elif callable(right):
        solution = source_of(right)
    else:
        solution = f"{answer.id} = {right!r}"
    # The empty line before the check becomes the solution.
    definition, _, check = starter.rpartition("\n\n")
    return f"{definition}\n{SOLUTION.format(solution)}\n{check}"


def context(exercises: list[tuple[Place, Any]]) -> str:
    """What exercises of one notebook find there: its imports, and functions that they speak of.

    Each is given as its place and its right answer.
    """
    if not any(callable(right) for _, right in exercises):
        return "import numpy as np"  # no program is asked for
    above = exercises[-1][0].above
    imports: dict[str, None] = {}
    functions = []
    for source in above[1:]:  # the first cell finds the course
        for node in ast.parse(source).body:
            text = ast.get_source_segment(source, node)
            if isinstance(node, ast.FunctionDef):
                functions.append((node.name, text))
            elif isinstance(node, ast.Import | ast.ImportFrom) and "helpers.exercises" not in text:
                # Answers draw nothing, and matplotlib takes a second.
                imports[text.replace(", plotting", "")] = None
    imports.pop("from helpers import plotting", None)

    programs = [(place, right) for place, right in exercises if callable(right)]
    used = "\n".join(place.starter + source_of(right) for place, right in programs)
    mentioned = {span for p, _ in programs for span in re.findall(r"`(\w+)`", p.statement)}
    own = {_name(place) for place, _ in exercises}
    needed = []
    for name, text in reversed(functions):
        if name not in own and (name in mentioned or re.search(rf"\b{name}\(", used)):
            needed.insert(0, text)
            used += text
    return "\n\n\n".join(["\n".join(imports), *needed])


def _name(place: Place) -> str:
    return ast.unparse(_check_call(place.starter).args[1])


# The notebook -------------------------------------------------------------------------------------


def source_notebook(title: str, names: list[str]) -> NotebookNode:
    """The instructor's version: nbgrader takes the solutions and the grading out of it.

    The ids of its cells, sorted, are in the order of the cells: see autograding.RepairCells.
    """
    cells = [_locked("0-0-introduction", INTRODUCTION.format(title=title))]
    places = {name: find(name) for name in names}
    finder = places[names[0]].above[0]
    cells += [_locked("0-1-course", finder, code=True)]
    cells += [_locked("0-2-check", CHECK, code=True)]
    rights = {name: exercises_of(_notebook(name))[name]().solution for name in names}
    for notebook in sorted(set(map(_notebook, names))):
        here = [name for name in names if _notebook(name) == notebook]
        surroundings = context([(places[name], rights[name]) for name in here])
        cells += [_locked(f"{notebook:02}-00-0-imports", surroundings, code=True)]
        for name in here:
            number = f"{notebook:02}-{int(name.partition('.')[2]):02}"
            place = places[name]
            belongs = BELONGS.format(notebook=_path_of(name).stem[:2], section=place.section)
            cells += [
                _locked(f"{number}-0-exercise", f"{place.statement}\n\n{belongs}"),
                _cell(f"{number}-1-answer", answered(place.starter, rights[name]), solution=True),
                _cell(f"{number}-2-grade", GRADE.format(name, _name(place)), grade=True, points=1),
            ]
    return nbformat.v4.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
    )


def _notebook(name: str) -> int:
    return int(name.partition(".")[0])


def _locked(grade_id: str, source: str, code: bool = False) -> NotebookNode:
    return _cell(grade_id, source, code=code)


def _cell(
    grade_id: str, source: str, code: bool = True, solution: bool = False, **graded: Any
) -> NotebookNode:
    make = nbformat.v4.new_code_cell if code else nbformat.v4.new_markdown_cell
    nbgrader = {
        "grade_id": grade_id,
        "grade": False,
        "solution": solution,
        "locked": not solution,
        "task": False,
        "schema_version": 3,
    }
    return make(source, id=grade_id, metadata={"nbgrader": nbgrader | graded})


# The command --------------------------------------------------------------------------------------


def write(title: str, names: list[str], folder: Path) -> Path:
    """Write the instructor's version into nbgrader's course folder; return its path.

    Raises AssignmentError for a name that nbgrader can't use, an unknown exercise, and files that
    would be handed out.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", title):
        raise AssignmentError(
            f"nbgrader can't use the name {title!r}: take letters, digits, - and _ only."
        )
    notebook = source_notebook(title, chosen(names))
    source = folder / "source" / title
    source.mkdir(parents=True, exist_ok=True)
    path = source / f"{title}.ipynb"
    others = sorted(other.name for other in source.iterdir() if other != path)
    if others:
        raise AssignmentError(
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


def run(options: argparse.Namespace) -> int:
    """Make the assignment, and say what to do next."""
    folder = options.folder.resolve()
    try:
        path = write(options.name, options.exercises, folder)
    except AssignmentError as error:
        print(error)
        return 1
    settings = folder / CONFIGURATION
    if not settings.exists():
        settings.write_text(configuration(), encoding="utf-8", newline="\n")
    elif settings.read_text(encoding="utf-8") != configuration():
        print(f"{settings} is not the course's own. It needs these lines:\n\n{configuration()}")
    print(f"Written: {path}\nNext, in {folder}: nbgrader generate_assignment {options.name}")
    return 0


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
    parser.set_defaults(run=run)
