"""What an exercise is: a solution, typical wrong answers, and a way to put answers to use."""

import copy
import numbers
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from helpers.exercises.differences import same
from helpers.exercises.sandbox import Printed, run_safely
from helpers.exercises.showing import arguments_shown, shown

SECONDS = 3.0  # for one answer; right ones take milliseconds

NO_FUNCTION = "Give `check` the function itself, by its name and without brackets."
CHANGED = (
    "You changed the caller's array: make a new array instead of writing into the one that you "
    "were given."
)

# What an answer was asked, and what came out.
Observation = tuple[str, Any]


@dataclass(frozen=True)
class Exercise:
    """One exercise, everything about it in one place."""

    solution: Any  # the answer that `solution` shows
    mistakes: dict[str, list]  # a sentence, and the typical wrong answers that earn it
    probe: Callable[[Any], Iterator[Observation]]  # puts an answer to use
    hints: tuple[str, str, str]  # from a nudge to almost there
    takeaway: str  # one sentence for "correct": why it matters, what it will be used for
    explanation: str  # why the solution is one
    tolerance: float = 1e-4

    @cached_property
    def expected(self) -> list[Any]:
        """What comes out of the solution."""
        return [result for _, result in observations(self, self.solution, seconds=None)[0]]

    @property
    def wrong_answers(self) -> Iterator[tuple[Any, str]]:
        """Each typical wrong answer with its sentence."""
        for sentence, answers in self.mistakes.items():
            for answer in answers:
                yield answer, sentence


class NotYet(Exception):
    """What an observer raises when it sees by itself what is wrong with an answer."""


def value(answer: Any) -> Iterator[Observation]:
    """Observe an answer that is no program: a number, a list of numbers, a letter."""
    yield "your answer", answer


def calls(*argument_lists: tuple) -> Callable[[Any], Iterator[Observation]]:
    """Observe a function by calling it with each of these arguments.

    It gets copies. If it changes one of them, that is a mistake of its own. NumPy's warnings are
    dropped with all others, since `inf` and `nan` are results that a sentence can speak of.
    """
    return named_calls(*(("", arguments) for arguments in argument_lists))


def named_calls(*cases: tuple[str, tuple]) -> Callable[[Any], Iterator[Observation]]:
    """Like `calls`, with words for each list of arguments: large arrays say nothing when shown."""

    def observe(function: Callable) -> Iterator[Observation]:
        if not callable(function):
            raise NotYet(NO_FUNCTION)
        for words, arguments in cases:
            given = copy.deepcopy(arguments)
            example = words or arguments_shown(function, arguments)
            try:
                result = function(*given)
            except Exception as error:
                error.add_note(example)  # for the learner to see what was tried
                raise
            if not same(given, arguments, tolerance=0):
                raise NotYet(CHANGED)
            yield example, result

    return observe


def observations(
    exercise: Exercise, answer: Any, seconds: float | None, printed: Printed | None = None
) -> tuple[list[Observation], BaseException | None]:
    """What comes out when the answer is put to use, and the error that ended it, if one did."""
    seen: list[Observation] = []

    def use() -> None:
        for given, result in exercise.probe(answer):
            seen.append((given, plain(result)))

    return seen, run_safely(use, seconds, printed)


def plain(result: Any) -> Any:
    """A copy made of lists, arrays, numbers and texts, whatever library the result is from."""
    if isinstance(result, (tuple, list)):
        return [plain(part) for part in result]
    if isinstance(result, str):
        return str(result)
    if hasattr(result, "__array__"):
        array = np.array(result)
        if array.dtype.kind not in "OU":
            return array
        return plain(array.tolist()) if array.ndim else _Thing(shown(result))
    if isinstance(result, numbers.Real):
        return result if type(result) in (bool, int) else float(result)
    return None if result is None else _Thing(shown(result))


@dataclass(frozen=True)
class _Thing:
    """Stands in for a result that is no data, so that looking at it runs no code of the learner."""

    text: str

    def __repr__(self) -> str:
        return self.text
