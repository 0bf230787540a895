"""The collapsed cell at the start of each section that calls `helpers.catch_up`."""

import hashlib
import json

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from helpers.catch_up import headings
from helpers.instructor.sources import find_notebooks, read

TAG = "catch-up"

SOURCE = """\
# Late? Run this cell: it brings you to this section.
import sys
from pathlib import Path

sys.path[:0] = [str(p) for p in Path.cwd().parents if (p / "helpers" / "maths.py").exists()][:1]
from helpers.catch_up import catch_up

catch_up("{number}", {section}, globals())"""


def without_catch_up(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells of a notebook as a learner counts them."""
    return [cell for cell in cells if TAG not in cell.metadata.get("tags", [])]


def with_catch_up(cells: list[NotebookNode], number: str) -> list[NotebookNode]:
    """The cells with one that catches up after the heading of each section that runs code.

    What comes before the first code cell needs none. Cells made earlier are made anew, so this may
    be repeated, for instance after a heading has changed.
    """
    cells = without_catch_up(cells)
    starts = headings(cells)
    first_code = next(place for place, cell in enumerate(cells) if cell.cell_type == "code")
    ends = [place for place, _ in starts[1:]] + [len(cells)]
    for (start, section), end in reversed(list(zip(starts, ends, strict=True))):
        runs_code = any(cell.cell_type == "code" for cell in cells[start:end])
        if start > first_code and runs_code:
            cells.insert(start + 1, _cell(number, section))
    return cells


def _cell(number: str, section: str) -> NotebookNode:
    source = SOURCE.format(number=number, section=json.dumps(section, ensure_ascii=False))
    identity = hashlib.sha256(f"{number} {section}".encode()).hexdigest()[:8]
    metadata = {"jupyter": {"source_hidden": True}, "tags": [TAG]}
    return new_code_cell(source, id=identity, metadata=metadata)


def put_in(numbers: list[str]) -> None:
    """Write the cells into notebooks, which must be stored again afterwards."""
    for path in find_notebooks(numbers):
        notebook = read(path)
        notebook.cells = with_catch_up(notebook.cells, path.stem[:2])
        text = nbformat.writes(notebook).rstrip("\n") + "\n"
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"{path.stem}: now run python -m tests.execute --store {path.stem[:2]}")
