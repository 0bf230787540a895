"""The course's settings for nbgrader, and preprocessors that grade every submission to its end."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from nbgrader.utils import is_grade

from helpers.exercises.judging import CORRECT
from helpers.running import with_other_ports
from tools.instructor.assignment import nbgrader_metadata

LEFT_OUT = (
    "This cell ended Python, or ran on although it was interrupted. It was left out, and all "
    "others were run without it."
)
NO_VERDICT = "Something in this notebook keeps this cell from running. Take it out."


class ExecuteToTheEnd(Execute):
    """Run every cell, even if one of them kills the kernel or can't be interrupted.

    nbgrader's own preprocessor gives up, and the submission gets neither a score nor feedback. Here
    that cell fails, and the others are run in a new kernel.
    """

    def preprocess(
        self, notebook: NotebookNode, resources: Any, km: Any = None
    ) -> tuple[NotebookNode, Any]:
        """Run the notebook until no cell ends its kernel; those that do are left out."""
        self.fatal: set[int] = set()
        self.running = -1
        while True:
            try:
                return super().preprocess(notebook, resources, km)
            except (DeadKernelError, CellTimeoutError):
                if self.running in self.fatal:
                    raise
                self.fatal.add(self.running)

    @contextmanager
    def setup_kernel(self, **arguments: Any) -> Iterator[None]:
        """Keep a kernel while the notebook runs."""
        setup_kernel = super().setup_kernel
        with ExitStack() as stack:
            with_other_ports(lambda: stack.enter_context(setup_kernel(**arguments)))
            yield

    def preprocess_cell(
        self, cell: NotebookNode, resources: Any, index: int
    ) -> tuple[NotebookNode, Any]:
        """Run one cell."""
        if index in self.fatal:
            cell.outputs = [_error(LEFT_OUT)]
            return cell, resources
        self.running = index
        cell, resources = super().preprocess_cell(cell, resources, index)
        if is_grade(cell):
            # A thread that an answer left behind may write to stderr at any time.
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
            # nbgrader gives the point to a cell that says nothing, and so to one that didn't run.
            said = "".join(output.get("text", "") for output in cell.outputs)
            failed = any(output.output_type == "error" for output in cell.outputs)
            if not failed and f" {CORRECT}: " not in said:
                cell.outputs = [_error(NO_VERDICT)]
        return cell, resources


def _error(sentence: str) -> NotebookNode:
    return nbformat.v4.new_output("error", ename="NoPoint", evalue=sentence, traceback=[sentence])


class RepairCells(NbGraderPreprocessor):
    """Restore a submission's cells to those of the assignment, except for the answers.

    nbgrader restores the source of a locked cell. But if a cell is duplicated, or its metadata was
    changed, the whole class is left ungraded, and its own `add_missing_cells` fails if two
    neighbours are missing.
    """

    def preprocess(self, notebook: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Reset every cell's metadata, remove it from copies, and restore missing cells.

        Sorting the ids gives the order of the cells. Of several copies the last one counts.
        """
        place = resources["nbgrader"]
        with Gradebook(place["db_url"]) as gradebook:
            stored = gradebook.find_notebook(place["notebook"], place["assignment"])
            points = {cell.name: cell.max_score for cell in stored.grade_cells}
            answers = {cell.name for cell in stored.solution_cells}
            sources = {cell.name: (cell.cell_type, cell.source) for cell in stored.source_cells}
        missing = set(sources)
        for cell in reversed(notebook.cells):
            name = _id(cell)
            cell.metadata.pop("nbgrader", None)
            if name in missing:
                # Nothing else stays: with a tag, a cell is skipped, and nbgrader gives the point.
                nbgrader = nbgrader_metadata(name, name in answers, points.get(name))
                cell.metadata = nbformat.from_dict({"nbgrader": nbgrader})
                missing.remove(name)
        for name in sorted(missing - answers):
            cell_type, source = sources[name]
            make = (
                nbformat.v4.new_code_cell if cell_type == "code" else nbformat.v4.new_markdown_cell
            )
            later = (number for number, cell in enumerate(notebook.cells) if _id(cell) > name)
            nbgrader = nbgrader_metadata(name, points=points.get(name))
            restored = make(source, metadata={"nbgrader": nbgrader})
            notebook.cells.insert(next(later, len(notebook.cells)), restored)
        return notebook, resources


def _id(cell: NotebookNode) -> str:
    nbgrader = cell.metadata.get("nbgrader")
    return str(nbgrader.get("grade_id", "")) if isinstance(nbgrader, dict) else ""


def settings(configuration: Any, course: str) -> None:
    """Set up nbgrader, for nbgrader_config.py; `course` is the folder that contains `helpers`."""
    configuration.ClearSolutions.code_stub = {"python": ""}  # the starter is already there
    configuration.LimitOutput.max_lines = 100
    configuration.Execute.iopub_timeout = 10  # for a flood of prints to arrive

    # nbgrader calls `alembic` by name, which is found in an activated environment only.
    _put_first("PATH", str(Path(sys.executable).parent))
    # Kernels are started in the folder of the submission. They take `helpers` from the course,
    # never from there, nor anything else that was handed in.
    _put_first("PYTHONPATH", course)
    os.environ["PYTHONSAFEPATH"] = "1"
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # this Python's kernel, not one of the home folder
    # `validate` runs a notebook of the instructor, where this does no harm.
    lock = "import tools.instructor.grading as grading; grading.lock(); del grading"
    configuration.Execute.extra_arguments = [f"--IPKernelApp.exec_lines={lock}"]

    nbgrader = Autograde()
    configuration.Autograde.sanitize_preprocessors = [RepairCells, *nbgrader.sanitize_preprocessors]
    configuration.Autograde.autograde_preprocessors = [
        ExecuteToTheEnd if preprocessor is Execute else preprocessor
        for preprocessor in nbgrader.autograde_preprocessors
    ]


def _put_first(variable: str, path: str) -> None:
    others = [other for other in os.environ.get(variable, "").split(os.pathsep) if other]
    os.environ[variable] = os.pathsep.join(dict.fromkeys([path, *others]))
