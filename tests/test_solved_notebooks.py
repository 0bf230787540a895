"""With every solution filled in, the notebooks run, and nothing but the exercises is different."""

import shutil

import pytest

from helpers import data
from helpers.instructor.solved import fill_in_all
from tests.execute import (
    REPOSITORY,
    cell_name,
    code_cells,
    execute,
    find_notebooks,
    read_notebook,
)
from tests.notebook_comparison import output_differences, stderr_lines, tolerance


@pytest.fixture
def copy_of_the_course(tmp_path, monkeypatch):
    """The course in another place: the progress of whoever runs the tests is not touched."""
    for folder in ("notebooks", "helpers", "data", "browser"):
        ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.gz*")
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=ignored)
    if pictures := data.find_folder():
        monkeypatch.setenv("FASHION_MNIST_DIR", str(pictures))
    return tmp_path


# The longest ones first, as in conftest.py.
@pytest.mark.parametrize("path", find_notebooks([])[::-1], ids=lambda path: path.stem)
def test_a_solved_notebook_says_correct_everywhere_and_changes_nothing_else(
    path, copy_of_the_course
):
    stored = code_cells(read_notebook(path))
    notebook = read_notebook(path)
    answered = fill_in_all(notebook, int(path.stem[:2]))
    execute(notebook, copy_of_the_course / "notebooks")

    wrong = []
    for cell, before in zip(code_cells(notebook), stored, strict=True):
        tags = cell.metadata.get("tags", [])
        if cell.id in answered:
            printed = "".join(output.get("text", "") for output in cell.outputs)
            problems = stderr_lines(cell.outputs)
            if f"{answered[cell.id]} correct: " not in printed:
                problems.append(printed)
        elif "data" in tags and data.find_folder() is None:
            problems = stderr_lines(cell.outputs)
        else:
            problems = output_differences(before.outputs, cell.outputs, tolerance(tags))
        if problems:
            wrong += [cell_name(notebook, cell), *problems]
    assert not wrong, "\n".join(wrong)
    assert (copy_of_the_course / "progress.json").is_file()
