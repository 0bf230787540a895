"""What an author says to the instructor, section by section: `course: {"notes": {...}}`."""

from nbformat import NotebookNode

from tools.instructor.sources import Part, find_notebooks, parts

# The parts of a note, in the order in which they are needed.
KINDS = {
    "say": "Say",
    "asked": "They ask",
    "misconception": "They believe",
    "late": "When late",
}


def notes_of(part: Part) -> list[str]:
    """The notes of a section as lines of Markdown; none where its author wrote none."""
    notes = part.about.get("notes", {})
    lines = [f"- **{name}:** {notes[kind]}" for kind, name in KINDS.items() if kind in notes]
    return [*lines, ""] if lines else []


def taken_out_of(cell: NotebookNode) -> dict:
    """What a cell's author wrote for instructors, which a handout lacks; taken out of it here."""
    cell.metadata.pop("slideshow", None)
    return cell.metadata.pop("course", {})


def show(numbers: list[str]) -> None:
    """Print the notes of notebooks."""
    for path in find_notebooks(numbers):
        for part in parts(path):
            if lines := notes_of(part):
                print(f"{'#' * part.level} {part.title}\n", *lines, sep="\n")
