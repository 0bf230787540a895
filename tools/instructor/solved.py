"""Every notebook with its exercises solved, executed: build/solved/."""

import ast
import shutil
from pathlib import Path
from typing import Any

import nbformat

from helpers.exercises import exercises_of, source_of
from helpers.exercises.progress_file import PROGRESS_FILE
from helpers.running import NotebookError, execute, set_kernel_environment
from tools.notebooks import BUILD, find_notebooks, read_notebook
from tools.questions import answered


def fill_in(starter: str, right: Any, marks: tuple[str, str] | None = None) -> str:
    """Put the right answer into a starter cell, which ends with `check("1.2", answer)`.

    It replaces what is there. With `marks`, the starter stays as it is and the answer, between the
    lines of the two marks, replaces the blank line above the check.

    Raises NotebookError if the cell has no place for a part of the answer.
    """
    solutions = _solutions(answer_of(starter), right)
    if marks:
        before, _, after = starter.rpartition("\n\n")
        return "\n".join([before, marks[0], *solutions.values(), marks[1], after])
    lines = starter.splitlines()
    for node in reversed(ast.parse(starter).body):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = node.name
        elif isinstance(node, ast.Assign):
            name = ast.unparse(node.targets[0])
        else:
            continue
        if name in solutions:
            lines[node.lineno - 1 : node.end_lineno] = [solutions.pop(name)]
    if solutions:
        raise NotebookError(f"There is no place for {', '.join(solutions)}.")
    return "\n".join(lines)


def answer_of(starter: str) -> ast.expr:
    """The expression that a starter cell checks: a name or a list of names."""
    [*_, check] = ast.parse(starter).body
    assert isinstance(check, ast.Expr)
    assert isinstance(check.value, ast.Call)
    return check.value.args[1]


def _solutions(answer: ast.expr, right: Any) -> dict[str, str]:
    """The statements that define the right answer, by the name that each defines."""
    if isinstance(answer, ast.List):
        names = [ast.unparse(name) for name in answer.elts]
        return {name: f"{name} = {part!r}" for name, part in zip(names, right, strict=True)}
    name = ast.unparse(answer)
    return {name: source_of(right) if callable(right) else f"{name} = {right!r}"}


def fill_in_all(notebook: nbformat.NotebookNode, number: int) -> dict[str, str]:
    """Solve every exercise of a notebook; return the exercises' names by cell id."""
    answered = {}
    for name, make in exercises_of(number).items():
        [cell] = [cell for cell in notebook.cells if f'check("{name}", ' in cell.source]
        cell.source = fill_in(cell.source, make().solution)
        answered[cell.id] = name
    return answered


def write(numbers: list[str]) -> None:
    """Write notebooks with solutions, executed. Raises NotebookError if one does not run."""
    set_kernel_environment()
    paths = find_notebooks(numbers)
    # Notebook 10 looks at the example projects in the folder next to it.
    projects = paths[0].parent / "projects"
    ignored = shutil.ignore_patterns("my*", ".ipynb_checkpoints")
    shutil.copytree(projects, BUILD / "solved" / "projects", ignore=ignored, dirs_exist_ok=True)
    kept = PROGRESS_FILE.read_bytes() if PROGRESS_FILE.exists() else None
    try:
        for path in paths:
            _write_one(path)
    finally:  # the instructor's own progress stays as it was
        if kept is None:
            PROGRESS_FILE.unlink(missing_ok=True)
        else:
            PROGRESS_FILE.write_bytes(kept)


def _write_one(path: Path) -> None:
    notebook = read_notebook(path)
    fill_in_all(notebook, int(path.stem[:2]))
    for cell in notebook.cells:
        cell.source = answered(cell.source)
    target = BUILD / "solved" / path.name
    print(f"{path.stem} …", flush=True)
    try:
        execute(notebook, target.parent)
    except NotebookError as error:
        raise NotebookError(f"{path.stem} with solutions does not run: {error}") from error
    nbformat.write(notebook, target)
    print(f"    {target.relative_to(BUILD.parent)}")
