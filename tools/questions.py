"""The questions in a notebook as text, for slides and the web edition: nobody runs those."""

import re

from nbformat import NotebookNode

from helpers.questions.question import Question, Reason, read

CALL = re.compile(r'^(predict|remember|explain)\("([\w.]+)", .*\)$', re.MULTILINE)
KINDS = ("predict", "remember", "explain")
UNANSWERED = re.compile(r"^\d\d\.\w+(?: no prediction yet)?: write .*\n?", re.MULTILINE)


def _find(call: str, name: str) -> Question | Reason:
    return read(int(name[:2]))[KINDS.index(call)][name]


def asked_in(source: str) -> list[Question | Reason]:
    """What a cell asks, in order."""
    return [_find(*found) for found in CALL.findall(source)]


def answered(source: str) -> str:
    """The source of a cell with the right answers filled in."""

    def fill_in(match: re.Match) -> str:
        asked = _find(*match.groups())
        answer = asked.model if isinstance(asked, Reason) else asked.answer
        return f'{match[1]}("{match[2]}", {answer!r})'

    return CALL.sub(fill_in, source)


def remove_calls(cell: NotebookNode) -> None:
    """Remove from a cell the lines that ask, and what these print before they are answered."""
    cell.source = CALL.sub("", cell.source).strip("\n")
    for output in cell.outputs:
        if output.output_type == "stream":
            output.text = UNANSWERED.sub("", output.text)
    cell.outputs = [output for output in cell.outputs if output.get("text", "more") != ""]


def as_markdown(question: Question) -> str:
    """A question and its choices."""
    choices = "".join(f"\n- **{letter}** {text}" for letter, text in question.choices.items())
    return f"{question.ask}\n{choices}".strip()


def answer(asked: Question | Reason) -> str:
    """What somebody reads who has answered."""
    if isinstance(asked, Reason):
        return asked.model
    return f"**{asked.right.rstrip('.')}.** {asked.because}"
