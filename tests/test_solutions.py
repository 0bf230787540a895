"""With its solutions, a notebook says "correct" everywhere and nothing else changes."""

import json
import re
import shutil
from dataclasses import dataclass

import pytest
from nbformat import NotebookNode

from helpers import data
from helpers.exercises.judging import CORRECT
from tests.support.notebook_comparison import output_differences, stderr_lines, tolerance
from tools.instructor.solved import fill_in_all
from tools.notebooks import (
    ROOT,
    cell_name,
    code_cells,
    execute,
    find_notebooks,
    read_notebook,
)

CHECK = re.compile(r'^check\("(\d+\.\d+)", ', re.MULTILINE)


@dataclass(frozen=True)
class Solved:
    """A notebook as it is stored, and executed with its solutions."""

    stored: NotebookNode
    executed: NotebookNode
    answered: dict[str, str]  # the cells' ids, and the exercises' names
    progress: dict  # as stored by its checks


# The longest ones first, as in conftest.py.
@pytest.fixture(scope="module", params=find_notebooks()[::-1], ids=lambda path: path.stem)
def solved(request, tmp_path_factory):
    """Run a solved notebook in a copy of the course: the progress of the developer stays."""
    path, place = request.param, tmp_path_factory.mktemp("course")
    for folder in ("notebooks", "helpers", "data"):
        ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.gz*")
        shutil.copytree(ROOT / folder, place / folder, ignore=ignored)
    stored, executed = read_notebook(path), read_notebook(path)
    answered = fill_in_all(executed, int(path.stem[:2]))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", str(place))
        if pictures := data.find_folder():
            environment.setenv("FASHION_MNIST_DIR", str(pictures))
        execute(executed, place / "notebooks")
    progress = json.loads((place / "progress.json").read_text(encoding="utf-8"))
    return Solved(stored, executed, answered, progress)


def problems_of(cell, before):
    """What is wrong with the outputs of a cell, given those that are stored."""
    tags = cell.metadata.get("tags", [])
    if "data" in tags and data.find_folder() is None:
        return stderr_lines(cell.outputs)
    return output_differences(before.outputs, cell.outputs, tolerance(tags))


def test_every_exercise_is_filled_in(solved):
    checked = {
        cell.id: match[1]
        for cell in code_cells(solved.stored)
        if (match := CHECK.search(cell.source))
    }
    assert solved.answered == checked
    executed = {cell.id: cell.source for cell in code_cells(solved.executed)}
    unchanged = [
        checked[cell.id]
        for cell in code_cells(solved.stored)
        if cell.id in checked and executed[cell.id] == cell.source
    ]
    assert not unchanged


def test_a_solved_notebook_is_correct_and_otherwise_unchanged(solved):
    wrong = []
    pairs = zip(code_cells(solved.executed), code_cells(solved.stored), strict=True)
    for cell, before in pairs:
        if cell.id in solved.answered:
            printed = "".join(output.get("text", "") for output in cell.outputs)
            problems = stderr_lines(cell.outputs)
            if f"{solved.answered[cell.id]} correct: " not in printed:
                problems.append(printed)
        else:
            problems = problems_of(cell, before)
        if problems:
            wrong += [cell_name(solved.executed, cell), *problems]
    assert not wrong, "\n".join(wrong)
    outcomes = {name: entry["outcome"] for name, entry in solved.progress.items()}
    assert outcomes == dict.fromkeys(solved.answered.values(), CORRECT)
