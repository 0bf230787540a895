"""Judge an answer: is it right, and if not, which mistake is it?

An exercise is data: a solution, and typical wrong answers under the sentence that each earns. The
learner's answer is probed, for instance called with examples, and the results are compared with
those of the solution. Where they differ, the wrong answer that behaves like the learner's names the
mistake.
"""

import copy
import dis
import linecache
import numbers
import traceback
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from helpers.exercises.sandbox import Stopped, run_safely

NOT_STARTED = "not started"
CORRECT = "correct"
NOT_YET = "not yet"
COULD_NOT_RUN = "could not run"

SECONDS = 3.0  # for one answer; right ones take milliseconds

NO_FUNCTION = "Give `check` the function itself, by its name and without brackets."
CHANGED = (
    "You changed the caller's array: make a new array instead of writing into the one that you "
    "were given."
)

# Whose lines of code are not the learner's.
HELPERS = str(Path(__file__).resolve().parent.parent)
PACKAGES = str(Path(np.__file__).resolve().parent.parent)
STANDARD_LIBRARY = str(Path(dis.__file__).resolve().parent)

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

    @property
    def wrong_answers(self) -> Iterator[tuple[Any, str]]:
        """Each typical wrong answer with its sentence."""
        for sentence, answers in self.mistakes.items():
            for answer in answers:
                yield answer, sentence


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

    It gets copies. If it changes one of them, that is a mistake of its own. NumPy's warnings are
    dropped with all others, since `inf` and `nan` are results that a sentence can speak of.
    """
    return named_calls(*((", ".join(map(shown, each)), each) for each in argument_lists))


def named_calls(*cases: tuple[str, tuple]) -> Callable[[Any], Iterator[Observation]]:
    """Like `calls`, with words for each list of arguments: large arrays say nothing when shown."""

    def observe(function: Callable) -> Iterator[Observation]:
        if not callable(function):
            raise NotYet(NO_FUNCTION)
        for name, arguments in cases:
            given = copy.deepcopy(arguments)
            result = function(*given)
            if not _same(given, arguments, tolerance=0):
                raise NotYet(CHANGED)
            yield name, result

    return observe


def judge(exercise: Exercise, answer: Any) -> Verdict:
    """Compare an answer with the right one, without ever raising."""
    if is_blank(answer, exercise.solution):
        return Verdict(NOT_STARTED, "Nothing here yet. Write your answer, then run the cell again.")
    # First, so that a library's slow first call does not count as the learner's time.
    expected, _ = _observations(exercise, exercise.solution, seconds=None)
    seen, error = _observations(exercise, answer, SECONDS)
    for number, ((given, got), (_, wanted)) in enumerate(zip(seen, expected, strict=False)):
        if not _same(got, wanted, exercise.tolerance):
            sentence = _named_mistake(exercise, seen, number) or _plain_difference(
                got, wanted, exercise.tolerance
            )
            example = f"given:     {given}\ncame out:  {shown(got)}\nshould be: {shown(wanted)}"
            return Verdict(
                NOT_YET, sentence if exercise.probe is value else f"{sentence}\n{example}"
            )
    if isinstance(error, NotYet):
        return Verdict(NOT_YET, str(error))
    if error is not None:
        return Verdict(COULD_NOT_RUN, _describe_error(error))
    return Verdict(CORRECT, exercise.takeaway)


def is_blank(answer: Any, solution: Any = None) -> bool:
    """Whether the place for the answer is still empty.

    Of a class only the methods that the solution has must be filled in: `def build(self, shape):
    pass` is right for a layer without weights.
    """
    if isinstance(answer, (list, tuple)):
        return any(is_blank(item) for item in answer)
    if isinstance(answer, type):
        asked = vars(solution) if isinstance(solution, type) else vars(answer)
        methods = [vars(answer).get(name) for name in asked]
        return any(is_blank(item) for item in methods if isinstance(item, types.FunctionType))
    if isinstance(answer, types.FunctionType):
        steps = list(dis.get_instructions(answer))
        plain = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
        returned = [step.argval for step in steps if step.opname in ("LOAD_CONST", "RETURN_CONST")]
        return {step.opname for step in steps} <= plain and returned in ([None], [Ellipsis])
    return answer is None or answer is Ellipsis


def shown(thing: Any) -> str:
    """A short text for a value, numbers to four digits."""
    array = _numbers(thing)
    if array is not None:
        text = np.array2string(
            array, precision=4, suppress_small=True, separator=", ", threshold=24, edgeitems=2
        )
    elif isinstance(thing, (tuple, list)):
        text = f"[{', '.join(map(shown, thing))}]"
    else:
        try:
            text = repr(thing)
        except Exception:
            text = type(thing).__name__
    text = " ".join(text.split())
    return text if len(text) <= 160 else text[:157] + "..."


@dataclass(frozen=True)
class _Thing:
    """Stands in for a result that is no data, so that looking at it runs no code of the learner."""

    text: str

    def __repr__(self) -> str:
        return self.text


def _observations(
    exercise: Exercise, answer: Any, seconds: float | None
) -> tuple[list[Observation], BaseException | None]:
    """What comes out when the answer is put to use, and the error that ended it, if one did."""
    seen: list[Observation] = []

    def use() -> None:
        for given, result in exercise.probe(answer):
            seen.append((given, _plain(result)))

    return seen, run_safely(use, seconds)


def _plain(result: Any) -> Any:
    """A copy made of lists, arrays, numbers and texts, whatever library the result is from."""
    if isinstance(result, (tuple, list)):
        return [_plain(part) for part in result]
    if isinstance(result, str):
        return str(result)
    if hasattr(result, "__array__"):
        array = np.array(result)
        if array.dtype.kind not in "OU":
            return array
        return _plain(array.tolist()) if array.ndim else _Thing(shown(result))
    if isinstance(result, numbers.Real):
        return result if type(result) in (bool, int) else float(result)
    return None if result is None else _Thing(shown(result))


def _same(got: Any, wanted: Any, tolerance: float) -> bool:
    if isinstance(wanted, str):
        return isinstance(got, str) and got.strip().lower() == wanted.strip().lower()
    got_array, wanted_array = _numbers(got), _numbers(wanted)
    if got_array is not None and wanted_array is not None:
        return got_array.shape == wanted_array.shape and np.allclose(
            got_array, wanted_array, rtol=tolerance, atol=tolerance, equal_nan=True
        )
    if isinstance(got, (tuple, list)) and isinstance(wanted, (tuple, list)):
        return len(got) == len(wanted) and all(
            _same(*pair, tolerance) for pair in zip(got, wanted, strict=True)
        )
    return np.array_equal(got, wanted)


def _numbers(thing: Any) -> np.ndarray | None:
    """The thing as an array of numbers, or None."""
    try:
        array = np.asarray(thing)
    except Exception:
        return None
    return array if array.dtype.kind in "biuf" else None


def _named_mistake(exercise: Exercise, seen: list[Observation], number: int) -> str:
    """The sentence of the wrong answer that behaves like the learner's, or "".

    Throughout, or else up to the first difference from the right answer, which has this number.
    But many mistakes end in `nan` or `inf`: two that do so there need not be the same.
    """
    telling = _is_finite(seen[number][1])
    similar = ""
    for wrong, sentence in exercise.wrong_answers:
        agreement = _agreement(exercise, wrong, seen)
        if agreement == len(seen):
            return sentence
        if agreement > number and telling:
            similar = similar or sentence
    return similar


def _is_finite(thing: Any) -> bool:
    array = _numbers(thing)
    if array is None:
        return not isinstance(thing, list) or all(map(_is_finite, thing))
    return bool(np.isfinite(array).all())


def _agreement(exercise: Exercise, wrong: Any, seen: list[Observation]) -> int:
    """How long a wrong answer behaves like the learner's, counted in observations."""
    count = 0

    def use() -> None:
        nonlocal count
        for (_, got), (_, other) in zip(seen, exercise.probe(wrong), strict=False):
            if not _same(got, _plain(other), exercise.tolerance):
                break
            count += 1

    run_safely(use, SECONDS)
    return count


def _plain_difference(got: Any, wanted: Any, tolerance: float) -> str:
    if got is None:
        return "Your function returns nothing: end it with `return` and the result."
    got_array, wanted_array = _numbers(got), _numbers(wanted)
    if wanted_array is None and isinstance(wanted, list):
        if not isinstance(got, list) or len(got) != len(wanted):
            return f"The result should have {len(wanted)} parts, with commas between them."
        parts = zip(got, wanted, strict=True)
        return next(
            _plain_difference(*pair, tolerance) for pair in parts if not _same(*pair, tolerance)
        )
    if wanted_array is None:
        return "That is not it. Read the question once more."
    if got_array is None:
        return f"The result should be made of numbers, not {shown(got)}."
    if got_array.shape != wanted_array.shape:
        return f"The shape is {got_array.shape}, and it should be {wanted_array.shape}."
    if not _is_finite(got_array) and _is_finite(wanted_array):
        return "The result contains `nan` or `inf`, and no right answer does here."
    return "The form is right, but the numbers are not."


def _describe_error(error: BaseException) -> str:
    """The learner's own error, in two lines, with the line of their code."""
    if isinstance(error, Stopped):
        lines = [f"It ran for {SECONDS:.0f} seconds and was stopped. Is there an endless loop?"]
    else:
        try:
            first = next(iter(str(error).splitlines()), "")
        except Exception:
            first = ""
        lines = [f"{type(error).__name__}: {first}" if first else type(error).__name__]
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((HELPERS, PACKAGES, STANDARD_LIBRARY))
    ]
    if own:
        number = own[-1].lineno or 0
        source = linecache.getline(own[-1].filename, number).strip()
        lines.append(f"in line {number} of your code: {source}")
    return "\n".join(lines)
