"""How long the cells run: measured, rounded, and written into the notebooks' metadata.

Only cells of a second or more are noted.
"""

import time

import nbformat

from helpers.running import NotebookError, code_cells, execute, set_kernel_environment
from tools.notebooks import as_stored, find_notebooks, read_notebook


def measure(numbers: list[str]) -> None:
    """Run notebooks and store `course: {"seconds": …}` for each cell of a second or more."""
    set_kernel_environment()
    for path in find_notebooks(numbers):
        notebook, run = read_notebook(path), read_notebook(path)  # outputs of the run are dropped
        began: list[float] = []
        seconds: list[float] = []

        def starts(began: list = began) -> None:
            began.append(time.monotonic())

        def done(began: list = began, seconds: list = seconds) -> None:
            seconds.append(time.monotonic() - began[-1])

        try:
            execute(run, path.parent, cell_done=done, cell_starts=starts)
        except NotebookError as error:
            raise NotebookError(f"{path.stem} does not run: {error}") from error
        for cell, taken in zip(code_cells(notebook), seconds, strict=True):
            about = cell.metadata.setdefault("course", nbformat.NotebookNode())
            about.pop("seconds", None)
            if taken >= 1:
                about["seconds"] = round(taken)
            if not about:
                del cell.metadata["course"]
        path.write_text(as_stored(notebook), encoding="utf-8", newline="\n")
        print(f"{path.stem}: {sum(seconds):.0f} seconds in {len(seconds)} cells")
