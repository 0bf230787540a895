"""Questions as data: one readable file for each notebook, `02.toml`, and how an answer is graded.

    [prediction.edges]        asked in the notebook, answered by `predict("02.edges", 11)`
    [question.window]         asked later: at the start of a notebook, in a review, in a test
    [reason.repair]           "say why": one sentence of the learner's own, not graded

The answer of a prediction or question is a number, one letter (a choice) or several (an order).
"""

import functools
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Question:
    """A prediction or question. For a prediction the notebook has the text and the choices."""

    id: str
    answer: str | float
    because: str  # what the learner reads after any answer
    wrong: dict[str, str]  # typical wrong answers, each with the sentence for that misconception
    ask: str = ""
    choices: dict[str, str] = field(default_factory=dict)
    tolerance: float = 0  # how far a number may be off
    section: str = ""  # the heading to go back to
    verb: str = ""  # what the notebook promised: words of its "You will be able to"
    room: dict[str, str] = field(default_factory=dict)  # in a vote: what to do about each answer
    true: tuple[str, ...] = ()  # expressions that hold the numbers, as in tools/claims

    @property
    def letters(self) -> list[str]:
        """The letters to choose from; none if the answer is a number."""
        if not isinstance(self.answer, str):
            return []
        return sorted({*self.answer, *"".join(self.wrong), *self.choices})

    @property
    def form(self) -> str:
        """How an answer is written."""
        if not self.letters:
            return "a number"
        if len(str(self.answer)) == 1:
            return f'one of {", ".join(self.letters)}, such as "A"'
        return f'the letters in order, such as "{"".join(self.letters)}"'

    @property
    def right(self) -> str:
        """The right answer in words."""
        answer = str(self.answer)
        return f"{answer}, {self.choices[answer]}" if answer in self.choices else answer


@dataclass(frozen=True)
class Reason:
    """A place that asks the learner to say why, in one sentence."""

    id: str
    model: str  # a sentence that does
    contains: tuple[str, ...]  # what a good sentence has in it


@functools.cache
def read(notebook: int) -> tuple[dict[str, Question], dict[str, Question], dict[str, Reason]]:
    """Predictions, questions and reasons of a notebook, by id such as "02.window"."""
    tables = tomllib.loads((FOLDER / f"{notebook:02}.toml").read_text(encoding="utf-8"))

    def made(kind: str, make: type) -> dict[str, Any]:
        found = {}
        for name, table in tables.get(kind, {}).items():
            values = {key: tuple(it) if isinstance(it, list) else it for key, it in table.items()}
            found[f"{notebook:02}.{name}"] = make(id=f"{notebook:02}.{name}", **values)
        return found

    return made("prediction", Question), made("question", Question), made("reason", Reason)


@functools.cache
def tests() -> dict[str, tuple[str, ...]]:
    """The ids of the questions of each test, by its name, such as "after 04"."""
    tables = tomllib.loads((FOLDER / "tests.toml").read_text(encoding="utf-8"))
    return {name: tuple(ids) for name, ids in tables.items()}


def parse(question: Question, given: Any) -> str | float:
    """Read an answer as it was typed. Raises ValueError if it has not the question's form."""
    try:
        if question.letters:
            letters = re.sub(r"[\s,]", "", "".join(given)).upper()
            is_complete = len(letters) == len(set(letters)) == len(str(question.answer))
            if is_complete and set(letters) <= set(question.letters):
                return letters
        elif not isinstance(given, bool):
            return float(given)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"The answer to {question.id} is {question.form}, not {given!r}.")


def is_right(question: Question, given: str | float) -> bool:
    """Whether a parsed answer is the right one."""
    return _same(question, given, question.answer)


def misconception(question: Question, given: str | float) -> str:
    """The sentence for a wrong answer; "" if it is not a typical one."""
    found = [text for wrong, text in question.wrong.items() if _same(question, given, wrong)]
    return found[0] if found else ""


def _same(question: Question, given: str | float, other: str | float) -> bool:
    if isinstance(given, str):
        return given == other
    return abs(given - float(other)) <= question.tolerance + 1e-9
