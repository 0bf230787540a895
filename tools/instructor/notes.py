"""Speaker notes, section by section: `course: {"notes": {...}}`."""

from nbformat import NotebookNode

from tools.notebooks import Part, find_notebooks, parts

# In the order in which they are needed.
KINDS = {
    "say": "Say",
    "asked": "They ask",
    "misconception": "They believe",
    "late": "When late",
}


def notes_of(part: Part) -> list[str]:
    """The notes of a section as lines of Markdown; none if it has no notes."""
    notes = part.about.get("notes", {})
    lines = [f"- **{name}:** {notes[kind]}" for kind, name in KINDS.items() if kind in notes]
    return [*lines, ""] if lines else []


def strip_metadata(cell: NotebookNode) -> dict:
    """Remove from a cell what is for instructors only; return its `course` metadata."""
    cell.metadata.pop("slideshow", None)
    return cell.metadata.pop("course", {})


def show(numbers: list[str]) -> None:
    """Print the notes of notebooks."""
    for path in find_notebooks(numbers):
        for part in parts(path):
            if lines := notes_of(part):
                print(f"{'#' * part.level} {part.title}\n", *lines, sep="\n")
