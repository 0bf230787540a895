"""Is an answer right, and if not, which mistake is it?

An exercise is data: a right answer, and typical wrong ones, each with the sentence that helps who
made it. An answer is put to use, and what comes out is compared with what the right answer gives.
Where it differs, the wrong answer that behaves like the learner's tells which mistake it is.
"""

import copy
import dis
import linecache
import traceback
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from helpers.exercises.safely import SECONDS, Stopped, run_safely

NOT_STARTED = "not started"
CORRECT = "correct"
NOT_YET = "not yet"
COULD_NOT_RUN = "could not run"

# Whose lines of code are not the learner's.
HELPERS = str(Path(__file__).resolve().parent.parent)
PACKAGES = str(Path(np.__file__).resolve().parent.parent)
STANDARD_LIBRARY = str(Path(dis.__file__).resolve().parent)

# What an answer was asked, and what came out.
Observation = tuple[str, Any]


@dataclass(frozen=True)
class Exercise:
    """One exercise, everything about it in one place."""

    right: Any  # the answer that `solution` shows
    also_right: tuple  # other answers that are right: other types, shapes, ways
    mistakes: tuple[tuple[Any, str], ...]  # typical wrong answers, each with its sentence
    observe: Callable[[Any], Iterator[Observation]]  # puts an answer to use
    hints: tuple[str, str, str]  # from a nudge to almost there
    meaning: str  # one sentence for "correct": why it matters, what it will be used for
    why: str  # what `solution` explains
    tolerance: float = 1e-4


@dataclass(frozen=True)
class Verdict:
    """One of the four outcomes, and what the learner reads."""

    outcome: str
    message: str


class NotYet(Exception):
    """What an observer raises when it sees by itself what is wrong with an answer."""


def value(answer: Any) -> Iterator[Observation]:
    """Observe an answer that is no program: a number, a list of numbers, a letter."""
    yield "your answer", answer


def calls(*argument_lists: tuple) -> Callable[[Any], Iterator[Observation]]:
    """Observe a function by calling it with each of these arguments.

    It gets copies. If it changes one of them, that is a mistake of its own.
    """

    def observe(function: Callable) -> Iterator[Observation]:
        if not callable(function):
            raise NotYet("Give `check` the function itself, by its name and without brackets.")
        for arguments in argument_lists:
            given = copy.deepcopy(arguments)
            result = function(*given)
            if not _same(given, arguments, tolerance=0):
                raise NotYet(
                    "You changed the caller's array: make a new array instead of writing into "
                    "the one that you were given."
                )
            yield ", ".join(map(shown, arguments)), result

    return observe


def judge(exercise: Exercise, answer: Any) -> Verdict:
    """Compare an answer with the right one, without ever raising."""
    if is_blank(answer):
        return Verdict(NOT_STARTED, "Nothing here yet. Write your answer, then run the cell again.")
    seen, error = _observations(exercise, answer)
    expected, _ = _observations(exercise, exercise.right)
    for number, ((given, got), (_, wanted)) in enumerate(zip(seen, expected, strict=False)):
        if not _same(got, wanted, exercise.tolerance):
            sentence = _named_mistake(exercise, seen, number) or _plain_difference(got, wanted)
            example = f"given:     {given}\ncame out:  {shown(got)}\nshould be: {shown(wanted)}"
            return Verdict(
                NOT_YET, sentence if exercise.observe is value else f"{sentence}\n{example}"
            )
    if isinstance(error, NotYet):
        return Verdict(NOT_YET, str(error))
    if error is not None:
        return Verdict(COULD_NOT_RUN, _told(error))
    return Verdict(CORRECT, exercise.meaning)


def is_blank(answer: Any) -> bool:
    """Whether the learner has left the place for the answer empty."""
    if isinstance(answer, (list, tuple)):
        return any(is_blank(item) for item in answer)
    if isinstance(answer, type):
        methods = [item for item in vars(answer).values() if isinstance(item, types.FunctionType)]
        return any(map(is_blank, methods))
    if isinstance(answer, types.FunctionType):
        steps = list(dis.get_instructions(answer))
        plain = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
        returned = [step.argval for step in steps if step.opname in ("LOAD_CONST", "RETURN_CONST")]
        return {step.opname for step in steps} <= plain and returned == [None]
    return answer is None or answer is Ellipsis


def shown(thing: Any) -> str:
    """A short text for a value, numbers to four digits."""
    try:
        array = np.asarray(thing)
        if array.dtype.kind in "biuf":
            text = np.array2string(
                array, precision=4, suppress_small=True, separator=", ", threshold=24, edgeitems=2
            )
        else:
            text = repr(thing)
    except Exception:
        text = type(thing).__name__
    text = " ".join(text.split())
    return text if len(text) <= 160 else text[:157] + "..."


def _observations(exercise: Exercise, answer: Any) -> tuple[list, BaseException | None]:
    """What comes out when the answer is put to use, and the error that ended it, if one did."""
    seen: list[Observation] = []

    def use() -> None:
        for given, result in exercise.observe(answer):
            seen.append((given, copy.deepcopy(_plain(result))))

    return seen, run_safely(use)


def _plain(result: Any) -> Any:
    """Tensors as arrays, so that results of any library can be compared and kept."""
    if isinstance(result, (tuple, list)):
        return type(result)(map(_plain, result)) if type(result) in (tuple, list) else list(result)
    return np.asarray(result) if hasattr(result, "__array__") else result


def _same(got: Any, wanted: Any, tolerance: float) -> bool:
    if isinstance(wanted, str):
        return isinstance(got, str) and got.strip().lower() == wanted.strip().lower()
    if isinstance(wanted, (tuple, list)) and any(np.ndim(part) for part in wanted):
        return (
            isinstance(got, (tuple, list))
            and len(got) == len(wanted)
            and all(_same(*pair, tolerance) for pair in zip(got, wanted, strict=True))
        )
    try:
        got, wanted = np.asarray(got), np.asarray(wanted)
        if got.dtype.kind not in "biuf" or got.shape != wanted.shape:
            return bool(got.dtype.kind == wanted.dtype.kind == "O" and (got == wanted).all())
        return bool(np.allclose(got, wanted, rtol=tolerance, atol=tolerance, equal_nan=True))
    except Exception:
        return False


def _named_mistake(exercise: Exercise, seen: list[Observation], number: int) -> str:
    """The sentence of the wrong answer that behaves like the learner's, or "" """
    for length in (len(seen), number + 1):
        for wrong, sentence in exercise.mistakes:
            others, _ = _observations(exercise, wrong)
            if len(others) >= length and all(
                _same(got, other, exercise.tolerance)
                for (_, got), (_, other) in zip(seen[:length], others, strict=False)
            ):
                return sentence
    return ""


def _plain_difference(got: Any, wanted: Any) -> str:
    if got is None:
        return "Your function returns nothing: end it with `return` and the result."
    if isinstance(wanted, str):
        return "That is not it. Read the question once more."
    try:
        got_array, wanted_array = np.asarray(got), np.asarray(wanted)
    except Exception:
        return "The result cannot be read as an array of numbers."
    if got_array.dtype.kind not in "biuf":
        return f"The result should be made of numbers, but it is of type {type(got).__name__}."
    if got_array.shape != wanted_array.shape:
        return f"The shape is {got_array.shape}, and it should be {wanted_array.shape}."
    if not np.isfinite(got_array).all() and np.isfinite(wanted_array).all():
        return "The result contains `nan` or `inf`, and no right answer does here."
    return "The form is right, but the numbers are not."


def _told(error: BaseException) -> str:
    """The learner's own error, in two lines, with the line of their code."""
    if isinstance(error, Stopped):
        lines = [f"It ran for {SECONDS:.0f} seconds and was stopped. Is there an endless loop?"]
    else:
        first = next(iter(str(error).splitlines()), "")
        lines = [f"{type(error).__name__}: {first}" if first else type(error).__name__]
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((HELPERS, PACKAGES, STANDARD_LIBRARY))
    ]
    if own:
        source = linecache.getline(own[-1].filename, own[-1].lineno).strip()
        lines.append(f"in line {own[-1].lineno} of your code: {source}")
    return "\n".join(lines)
