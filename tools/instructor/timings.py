"""How long the cells run: measured, rounded, and written into the notebooks' metadata.

Only cells of a second or more are noted: what is shorter, nobody waits for.
"""

import time

import nbformat

from helpers.running import NotebookError, execute, set_kernel_environment
from tools.instructor.sources import InstructorError, find_notebooks, read


def measure(numbers: list[str]) -> None:
    """Run notebooks and store `course: {"seconds": …}` for each cell of a second or more."""
    set_kernel_environment()
    for path in find_notebooks(numbers):
        notebook = read(path)
        run = read(path)  # what it prints is not stored here
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        began, seconds = [], []

        def starts(began: list = began) -> None:
            began.append(time.monotonic())

        def done(began: list = began, seconds: list = seconds) -> None:
            seconds.append(time.monotonic() - began[-1])

        try:
            execute(run, path.parent, cell_done=done, cell_starts=starts)
        except NotebookError as error:
            raise InstructorError(f"{path.stem} does not run: {error}") from error
        for cell, taken in zip(code, seconds, strict=True):
            about = cell.metadata.setdefault("course", nbformat.NotebookNode())
            about.pop("seconds", None)
            if taken >= 1:
                about["seconds"] = round(taken)
            if not about:
                del cell.metadata["course"]
        text = nbformat.writes(notebook).rstrip("\n") + "\n"
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"{path.stem}: {sum(seconds):.0f} seconds in {len(seconds)} cells")
