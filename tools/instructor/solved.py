"""Every notebook with the solutions filled in and executed: build/solved/."""

import ast
import shutil
from pathlib import Path
from typing import Any

import nbformat

from helpers.exercises import exercises_of, source_of
from helpers.exercises.progress_file import PROGRESS_FILE
from helpers.running import NotebookError, execute, set_kernel_environment
from tools.instructor.sources import BUILD, InstructorError, find_notebooks, read


def fill_in(starter: str, right: Any) -> str:
    """The source of a starter cell with the right answer in the place for it.

    Raises InstructorError when the cell has no place for a part of the answer.
    """
    tree = ast.parse(starter)
    check = tree.body[-1].value
    answer = check.args[1]
    answers = {}
    if isinstance(answer, ast.List):
        answers = {name.id: repr(part) for name, part in zip(answer.elts, right, strict=True)}
    else:
        answers = {answer.id: source_of(right)}
    lines = starter.splitlines()
    for node in reversed(tree.body):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in answers:
            lines[node.lineno - 1 : node.end_lineno] = [answers.pop(node.name)]
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in answers:
            name = ast.unparse(node.targets[0])
            lines[node.lineno - 1 : node.end_lineno] = [f"{name} = {answers.pop(name)}"]
    if answers:
        raise InstructorError(f"There is no place for {', '.join(answers)}.")
    return "\n".join(lines)


def fill_in_all(notebook: nbformat.NotebookNode, number: int) -> dict[str, str]:
    """Fill in every exercise of a notebook; the cells' ids with the exercises' names."""
    answered = {}
    for name, make in exercises_of(number).items():
        [cell] = [cell for cell in notebook.cells if f'check("{name}", ' in cell.source]
        cell.source = fill_in(cell.source, make().solution)
        answered[cell.id] = name
    return answered


def write(numbers: list[str]) -> None:
    """Write notebooks with solutions, executed. Raises InstructorError if one does not run."""
    set_kernel_environment()
    paths = find_notebooks(numbers)
    # Notebook 10 looks at the example projects beside it.
    projects = paths[0].parent / "projects"
    ignored = shutil.ignore_patterns("my*", ".ipynb_checkpoints")
    shutil.copytree(projects, BUILD / "solved" / "projects", ignore=ignored, dirs_exist_ok=True)
    kept = PROGRESS_FILE.read_bytes() if PROGRESS_FILE.exists() else None
    try:
        for path in paths:
            _write_one(path)
    finally:  # what the instructor has solved alone stays as it was
        if kept is None:
            PROGRESS_FILE.unlink(missing_ok=True)
        else:
            PROGRESS_FILE.write_bytes(kept)


def _write_one(path: Path) -> None:
    notebook = read(path)
    fill_in_all(notebook, int(path.stem[:2]))
    target = BUILD / "solved" / path.name
    print(f"{path.stem} …", flush=True)
    try:
        execute(notebook, target.parent)
    except NotebookError as error:
        raise InstructorError(f"{path.stem} with solutions does not run: {error}") from error
    nbformat.write(notebook, target)
    print(f"    {target.relative_to(BUILD.parent)}")
