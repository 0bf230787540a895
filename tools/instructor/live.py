"""The live-coding version: its key lines are in the instructor's notes instead of the notebook.

A cell's metadata names them as they are written: `course: {"live": [...]}`. In the handout, `# …`
and a number replace each run of neighbouring lines.
"""

import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from helpers.running import NotebookError
from tools.instructor.notes import notes_of, strip_metadata
from tools.notebooks import BUILD, find_notebooks, parts, read_notebook

PLACEHOLDER = "# … {number}"


def redact(source: str, lines: list[str], number: int) -> tuple[str, dict[int, list[str]]]:
    """Replace the given lines by placeholders; return the source and the lines by placeholder.

    `number` is that of the first placeholder. Raises NotebookError for a missing line.
    """
    rest, kept = list(lines), []
    left_out: dict[int, list[str]] = {}
    for line in source.splitlines():
        if not rest or line != rest[0]:
            kept.append(line)
            continue
        rest.pop(0)
        if kept and kept[-1].strip() == PLACEHOLDER.format(number=number - 1) and left_out:
            left_out[number - 1].append(line)
            continue
        indent = line[: len(line) - len(line.lstrip())]
        kept.append(indent + PLACEHOLDER.format(number=number))
        left_out[number] = [line]
        number += 1
    if rest:
        raise NotebookError(f"This cell has no line {rest[0]!r} to leave out: {source[:60]!r}")
    return "\n".join(kept), left_out


def restore(source: str, left_out: dict[int, list[str]]) -> str:
    """The original of a source made by `redact`."""
    lines = []
    for line in source.splitlines():
        number = re.fullmatch(r"\s*# … (\d+)", line)
        lines += left_out[int(number[1])] if number else [line]
    return "\n".join(lines)


def handout(notebook: NotebookNode) -> dict[str, dict[int, list[str]]]:
    """Turn a notebook into the live version, in place; return the lines left out by cell id.

    Outputs and whatever is for the instructor only are removed.
    """
    left_out: dict[str, dict[int, list[str]]] = {}
    number = 1
    for cell in notebook.cells:
        about = strip_metadata(cell)
        if cell.cell_type != "code":
            continue
        cell.outputs, cell.execution_count = [], None
        if about.get("live"):
            cell.source, left_out[cell.id] = redact(cell.source, about["live"], number)
            number += len(left_out[cell.id])
    return left_out


def write(numbers: list[str]) -> None:
    """Write the live version and its notes into build/live/."""
    folder = BUILD / "live"
    folder.mkdir(parents=True, exist_ok=True)
    for path in find_notebooks(numbers):
        notebook = read_notebook(path)
        left_out = handout(notebook)
        nbformat.write(notebook, folder / path.name)
        notes = folder / f"notes-{path.stem[:2]}.md"
        notes.write_text(_notes(path, notebook, left_out), encoding="utf-8")
        print(f"build/live/{path.name}, for the room\nbuild/live/{notes.name}, for you")


def _notes(path: Path, notebook: NotebookNode, left_out: dict[str, dict[int, list[str]]]) -> str:
    sources = {cell.id: cell.source for cell in notebook.cells}
    lines = []
    for part in parts(path):
        lines += [f"{'#' * part.level} {part.title}", "", *notes_of(part)]
        for cell in part.cells:
            if cell.id not in left_out:
                continue
            first = next(line for line in sources[cell.id].splitlines() if line.strip())
            lines += [f"In the cell that begins with `{first}`, type:", ""]
            for number, typed in left_out[cell.id].items():
                code = [f"    {line}" for line in typed]
                lines += [f"in place of `# … {number}`", "", *code, ""]
    return "\n".join(lines)
