"""Speaker notes and votes, section by section: `course: {"notes": {...}, "vote": "02.window"}`."""

from nbformat import NotebookNode

from helpers.questions.question import Question, read
from tools.notebooks import Part, find_notebooks, parts
from tools.questions import answer, as_markdown

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


def vote_of(part: Part) -> Question | None:
    """The question that a section ends with, if it has one."""
    name = part.about.get("vote")
    return read(int(part.notebook))[1][name] if name else None


def vote_notes(vote: Question) -> list[str]:
    """How to ask for votes, what each wrong answer means and what to do then."""
    return [
        "- **Vote twice:** alone, then after two minutes with a neighbour who voted otherwise.",
        *(f"- **If many say {it}:** {vote.wrong[it]} {do}" for it, do in vote.room.items()),
        "",
    ]


def strip_metadata(cell: NotebookNode) -> dict:
    """Remove from a cell what is for instructors only; return its `course` metadata."""
    cell.metadata.pop("slideshow", None)
    return cell.metadata.pop("course", {})


def show(numbers: list[str]) -> None:
    """Print the notes and votes of notebooks."""
    for path in find_notebooks(numbers):
        for part in parts(path):
            lines = notes_of(part)
            if vote := vote_of(part):
                lines += [f"Vote: {as_markdown(vote)}\n\n{answer(vote)}\n", *vote_notes(vote)]
            if lines:
                print(f"{'#' * part.level} {part.title}\n", *lines, sep="\n")
