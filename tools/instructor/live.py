"""The live-coding version: the key lines are left out, and stand in the instructor's notes.

Which lines these are is said in a cell's metadata, `course: {"live": [...]}`, line by line as they
are written. In the handout `# …` with a number stands for each run of neighbouring lines.
"""

import re

import nbformat
from nbformat import NotebookNode

from tools.instructor.notes import notes_of, taken_out_of
from tools.instructor.sources import BUILD, InstructorError, find_notebooks, parts, read

PLACEHOLDER = "# … {number}"


def take_out(source: str, lines: list[str], number: int) -> tuple[str, dict[int, list[str]]]:
    """A source without the given lines, and what stands for which placeholder.

    `number` is that of the first placeholder. Raises InstructorError for a line that is not there.
    """
    rest, left_out, kept = list(lines), {}, []
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
        raise InstructorError(f"This cell has no line {rest[0]!r} to leave out: {source[:60]!r}")
    return "\n".join(kept), left_out


def put_back(source: str, left_out: dict[int, list[str]]) -> str:
    """The original of a source that `take_out` has made."""
    lines = []
    for line in source.splitlines():
        number = re.fullmatch(r"\s*# … (\d+)", line)
        lines += left_out[int(number[1])] if number else [line]
    return "\n".join(lines)


def handout(notebook: NotebookNode) -> dict[str, dict[int, list[str]]]:
    """Turn a notebook into the live version, in place; what was left out, by the cell's id.

    Outputs go, and so does all that its author wrote for the instructor.
    """
    left_out: dict[str, dict[int, list[str]]] = {}
    number = 1
    for cell in notebook.cells:
        about = taken_out_of(cell)
        if cell.cell_type != "code":
            continue
        cell.outputs, cell.execution_count = [], None
        if about.get("live"):
            cell.source, left_out[cell.id] = take_out(cell.source, about["live"], number)
            number += len(left_out[cell.id])
    return left_out


def write(numbers: list[str]) -> None:
    """Write the live version and its notes into build/live/."""
    folder = BUILD / "live"
    folder.mkdir(parents=True, exist_ok=True)
    for path in find_notebooks(numbers):
        notebook = read(path)
        left_out = handout(notebook)
        nbformat.write(notebook, folder / path.name)
        notes = folder / f"notes-{path.stem[:2]}.md"
        notes.write_text(_notes(path, notebook, left_out), encoding="utf-8")
        print(f"build/live/{path.name}, for the room\nbuild/live/{notes.name}, for you")


def _notes(path, notebook: NotebookNode, left_out: dict[str, dict[int, list[str]]]) -> str:
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
