"""The course's settings for nbgrader, and what it lacks to grade every submission to its end."""

import os
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import DeadKernelError
from nbclient.util import run_sync
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.preprocessors import DeduplicateIds, Execute, NbGraderPreprocessor

SECONDS_TO_ANSWER = 5


class ExecuteToTheEnd(Execute):
    """Runs every cell, also where one of them kills the kernel or can't be interrupted.

    nbgrader's own gives up, and the submission has neither a score nor feedback. Here that cell
    fails, and the others are run in a new kernel.
    """

    def preprocess(
        self, notebook: NotebookNode, resources: Any, km: Any = None
    ) -> tuple[NotebookNode, Any]:
        """Run the notebook as often as it takes; a cell that ended a kernel is left out."""
        self.fatal: set[int] = set()
        self.running = -1
        while True:
            try:
                return super().preprocess(notebook, resources, km)
            except DeadKernelError:
                if self.running in self.fatal:
                    raise
                self.fatal.add(self.running)

    def preprocess_cell(
        self, cell: NotebookNode, resources: Any, index: int
    ) -> tuple[NotebookNode, Any]:
        """Run one cell."""
        if index in self.fatal:
            told = "This cell stopped Python. It was left out, and the others were run without it."
            cell.outputs = [nbformat.v4.new_output("error", ename="KernelStopped", evalue=told)]
            cell.outputs[0].traceback = [f"KernelStopped: {told}"]
            return cell, resources
        self.running = index
        cell, resources = super().preprocess_cell(cell, resources, index)
        if any(output.get("ename") == "CellTimeoutError" for output in cell.get("outputs", [])):
            self._require_answer()
        return cell, resources

    def _require_answer(self) -> None:
        """Raise DeadKernelError unless the kernel could be interrupted."""
        try:
            run_sync(self.kc.wait_for_ready)(timeout=SECONDS_TO_ANSWER)
        except RuntimeError as error:
            raise DeadKernelError("The kernel could not be interrupted.") from error


class RestoreCells(NbGraderPreprocessor):
    """Puts back deleted cells, all but answers, in the place that their ids say.

    nbgrader's own `add_missing_cells` fails where the cell before is missing, too.
    """

    def preprocess(self, notebook: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        """Look up which cells the assignment has, and put back those that this notebook lacks."""
        place = resources["nbgrader"]
        with Gradebook(place["db_url"]) as gradebook:
            stored = gradebook.find_notebook(place["notebook"], place["assignment"])
            points = {cell.name: cell.max_score for cell in stored.grade_cells}
            answers = {cell.name for cell in stored.solution_cells}
            wanted = {cell.name: cell for cell in stored.source_cells if cell.name not in answers}
            for name in sorted(wanted.keys() - set(map(_id, notebook.cells))):
                later = (i for i, cell in enumerate(notebook.cells) if _id(cell) > name)
                restored = self._cell(wanted[name], points.get(name))
                notebook.cells.insert(next(later, len(notebook.cells)), restored)
        return notebook, resources

    def _cell(self, stored: Any, points: float | None) -> NotebookNode:
        nbgrader = {
            "grade_id": stored.name,
            "grade": points is not None,
            "solution": False,
            "locked": True,
            "task": False,
            "schema_version": 3,
        }
        if points is not None:
            nbgrader["points"] = points
        code = stored.cell_type == "code"
        make = nbformat.v4.new_code_cell if code else nbformat.v4.new_markdown_cell
        return make(stored.source, metadata={"nbgrader": nbgrader})


def _id(cell: NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def settings(configuration: Any, course: str) -> None:
    """What nbgrader_config.py sets; `course` is the folder in which `helpers` lies."""
    configuration.ClearSolutions.code_stub = {"python": ""}  # the starter stands there already
    configuration.LimitOutput.max_lines = 100

    # nbgrader calls `alembic` by its name, which is found in an activated environment only.
    _put_first("PATH", str(Path(sys.executable).parent))
    # Kernels are started in the folder of the submission. They take `helpers` from the course,
    # never from there, nor anything else that was handed in.
    _put_first("PYTHONPATH", course)
    os.environ["PYTHONSAFEPATH"] = "1"
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # this Python's kernel, not one of the home folder
    # `validate` runs a notebook of the instructor, and this does not harm it.
    lock = "import helpers.instructor.grading as grading; grading.lock(); del grading"
    configuration.Execute.extra_arguments = [f"--IPKernelApp.exec_lines={lock}"]

    sanitize = list(Autograde.sanitize_preprocessors.default_args[0])
    sanitize.insert(1 + sanitize.index(DeduplicateIds), RestoreCells)
    configuration.Autograde.sanitize_preprocessors = sanitize
    autograde = list(Autograde.autograde_preprocessors.default_args[0])
    autograde[autograde.index(Execute)] = ExecuteToTheEnd
    configuration.Autograde.autograde_preprocessors = autograde


def _put_first(variable: str, path: str) -> None:
    others = [other for other in os.environ.get(variable, "").split(os.pathsep) if other]
    os.environ[variable] = os.pathsep.join(dict.fromkeys([path, *others]))
