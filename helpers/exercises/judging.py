"""Judge an answer: is it right, and if not, which mistake is it?

An exercise is data: a solution, and typical wrong answers under the sentence that each earns. The
learner's answer is probed, for instance called with examples, and the results are compared with
those of the solution. Where they differ, the wrong answer that behaves like the learner's names the
mistake.
"""

import dis
import itertools
import types
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from helpers.exercises import errors
from helpers.exercises.differences import as_numbers, describe_difference, is_finite, same
from helpers.exercises.exercise import (
    SECONDS,
    Exercise,
    NotYet,
    Observation,
    observations,
    plain,
    value,
)
from helpers.exercises.sandbox import Printed, Stopped, run_safely
from helpers.exercises.showing import Code, as_text
from helpers.exercises.slips import Slip, slips

SEARCH_SECONDS = 1.0  # for a small change that makes an answer right; most are found in less
NOT_STARTED = "not started"
CORRECT = "correct"
NOT_YET = "not yet"
COULD_NOT_RUN = "could not run"

PRINTED_LINES, PRINTED_CHARACTERS = 5, 400  # that are shown of what an answer prints

NOTHING_YET = "Nothing here yet. Write your answer, then run the cell again."


@dataclass(frozen=True)
class Verdict:
    """One of the four outcomes, and what the learner reads: a sentence, and what belongs to it."""

    outcome: str
    sentence: str
    details: tuple[tuple[str, Any], ...] = ()  # such as ("came out", an array)

    @property
    def message(self) -> str:
        """All of it as plain text."""
        return as_text(self.sentence, self.details)


def judge(exercise: Exercise, answer: Any) -> Verdict:
    """Compare an answer with the right one, without ever raising."""
    places = _places(answer, exercise.solution)
    empty = [name for name, is_empty in places.items() if is_empty]
    if is_blank(answer) or (empty and len(empty) == len(places)):
        return Verdict(NOT_STARTED, NOTHING_YET)
    verdict = _judge_whole(exercise, answer)
    if not empty or verdict.outcome == CORRECT:  # a method of `pass` alone may be right
        return verdict
    still = f"Still empty: {', '.join(empty) if len(empty) < 4 else f'{len(empty)} places'}."
    filled = _judge_whole(exercise, _filled(answer, exercise.solution))
    if filled.outcome == NOT_YET:
        return replace(filled, sentence=f"{filled.sentence} {still}")
    return Verdict(NOT_YET, ("Right so far. " if filled.outcome == CORRECT else "") + still)


def _judge_whole(exercise: Exercise, answer: Any) -> Verdict:
    # First, so that a library's slow first call does not count as the learner's time.
    expected = exercise.expected
    printed = Printed(PRINTED_CHARACTERS)
    seen, error = observations(exercise, answer, SECONDS, printed)
    verdict = _compare(exercise, answer, seen, error, expected)
    if text := printed.text.strip():
        lines = text.splitlines()
        more = "\n…" if len(lines) > PRINTED_LINES or len(text) == PRINTED_CHARACTERS else ""
        text = Code("\n".join(lines[:PRINTED_LINES]) + more)
        verdict = replace(verdict, details=(*verdict.details, ("printed", text)))
    return verdict


def _compare(
    exercise: Exercise,
    answer: Any,
    seen: list[Observation],
    error: BaseException | None,
    expected: list[Any],
) -> Verdict:
    results = [got for _, got in seen]
    pairs = list(zip(results, expected, strict=False))
    tolerance = exercise.tolerance
    first = next((i for i, pair in enumerate(pairs) if not same(*pair, tolerance)), len(pairs))
    if first == len(pairs) and error is None:
        return Verdict(CORRECT, exercise.takeaway)
    if first == len(pairs) and isinstance(error, NotYet):
        return Verdict(NOT_YET, str(error))
    is_shown = exercise.probe is not value
    sentence, is_sure = _named_mistake(exercise, results, error, first)
    sentence = sentence if is_sure or not sentence else f"Perhaps: {sentence}"
    slip = None if is_sure or isinstance(error, Stopped) else _slip(exercise, answer)
    if slip:
        sentence = f"One small change makes it right: {slip.words}."
    if first == len(pairs) and error:
        return _could_not_run(error, sentence)
    details = (
        ("given", Code(seen[first][0])),
        ("came out", results[first]),
        ("should be", expected[first]),
        *([slip.line] if slip else []),
    )
    sentence = sentence or describe_difference(pairs[first:], tolerance, reveal=is_shown)
    return Verdict(NOT_YET, sentence, details if is_shown else ())


def _could_not_run(error: BaseException, sentence: str) -> Verdict:
    """The learner's own error: its meaning, the example that was tried, and the line."""
    if isinstance(error, Stopped):
        sentence = f"It ran for {SECONDS:.0f} seconds and was stopped. Is there an endless loop?"
    else:
        sentence = sentence or errors.meaning(error)
    details = []
    if sentence and not isinstance(error, Stopped):
        details.append(("error", Code(errors.name_and_text(error))))
    if notes := getattr(error, "__notes__", None):
        details.append(("given", Code(notes[-1])))
    if line := errors.line_of(error):
        number, source = line
        details.append((f"line {number}", Code(source)))
    return Verdict(COULD_NOT_RUN, sentence or errors.name_and_text(error), tuple(details))


def _places(answer: Any, solution: Any) -> dict[str, bool]:
    """The places of an answer by name, and whether each is still empty.

    A list has one for each entry, a class one for each method of the solution.
    """
    if isinstance(answer, (list, tuple)):
        names: dict[str, bool] = {}
        for number, item in enumerate(answer, start=1):
            if isinstance(item, (list, tuple)):
                row = _places(item, None).items()
                names |= {f"{name} of row {number}": is_empty for name, is_empty in row}
            else:
                names[f"number {number}"] = is_blank(item)
        return names
    if isinstance(answer, type) and isinstance(solution, type):
        methods = {name: vars(answer).get(name) for name in vars(solution)}
        return {
            f"`{name}`": is_blank(method)
            for name, method in methods.items()
            if isinstance(method, types.FunctionType) and name != "__init__"
        }
    return {}


def _filled(answer: Any, solution: Any) -> Any:
    """The answer with the solution's parts where it is still empty."""
    if isinstance(answer, type):
        methods = {
            name: vars(solution)[name]
            for name in vars(solution)
            if is_blank(vars(answer).get(name)) and name in vars(answer)
        }
        return type(answer.__name__, (answer,), methods)
    if isinstance(answer, (list, tuple)) and isinstance(solution, (list, tuple)):
        return [_filled(*pair) for pair in itertools.zip_longest(answer, solution)]
    return solution if is_blank(answer) else answer


def is_blank(answer: Any) -> bool:
    """Whether the place for an answer is still empty."""
    if isinstance(answer, types.FunctionType):
        steps = list(dis.get_instructions(answer))
        plain = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
        returned = [step.argval for step in steps if step.opname in ("LOAD_CONST", "RETURN_CONST")]
        return {step.opname for step in steps} <= plain and returned in ([None], [Ellipsis])
    return answer is None or answer is Ellipsis


# Which mistake it is ------------------------------------------------------------------------------


def _named_mistake(
    exercise: Exercise, results: list[Any], error: BaseException | None, first: int
) -> tuple[str, bool]:
    """The sentence of the wrong answer that behaves most like the learner's, and if it is sure.

    It must do so up to the first difference from the right answer, which has this number: a result,
    or the error after the last one. But many mistakes end in `nan` or `inf`: two that do so there
    need not be the same. Where two sentences fit equally well, neither is chosen. It is sure if all
    results are the same, or more than one wrong number is: a single one may be so by chance.
    """
    wrong = [
        _count_wrong(got, wanted, exercise.tolerance)
        for got, wanted in zip(results, exercise.expected, strict=False)
    ]
    best, is_sure = 0, False
    sentences: set[str] = set()
    for answer, sentence in exercise.wrong_answers:
        theirs, their_error = _results_like(exercise, answer, results, first)
        agrees = [same(*pair, exercise.tolerance) for pair in zip(results, theirs, strict=False)]
        ends_alike = len(results) == len(theirs) and _same_error(error, their_error)
        is_all = all(agrees) and len(agrees) == len(results)
        if first == len(results) or isinstance(results[first], bool):  # a bool agrees by chance
            is_near = is_all and ends_alike
        else:
            is_near = is_all or (all(agrees[: first + 1]) and is_finite(results[first]))
        if not is_near or len(agrees) <= first < len(results):
            continue
        agreement = sum(agrees) + ends_alike
        if agreement > best:
            best, sentences = agreement, set()
            is_sure = (is_all and ends_alike) or sum(itertools.compress(wrong, agrees)) > 1
        if agreement == best:
            sentences.add(sentence)
    return (sentences.pop(), is_sure) if len(sentences) == 1 else ("", False)


def _count_wrong(got: Any, wanted: Any, tolerance: float) -> int:
    """How many numbers of a result are wrong: all, if the shape is. A text counts as one."""
    if isinstance(got, list) and isinstance(wanted, list) and len(got) == len(wanted):
        return sum(_count_wrong(*pair, tolerance) for pair in zip(got, wanted, strict=True))
    one, other = as_numbers(got), as_numbers(wanted)
    if one is None or other is None or one.shape != other.shape:
        return 1 if one is None else one.size
    return int(np.sum(~np.isclose(one, other, tolerance, tolerance, equal_nan=True)))


def _same_error(one: BaseException | None, other: BaseException | None) -> bool:
    if one is None or other is None:
        return one is other
    return errors.name_and_text(one) == errors.name_and_text(other)


def _results_like(
    exercise: Exercise, wrong: Any, results: list[Any], first: int
) -> tuple[list[Any], BaseException | None]:
    """What comes out of a wrong answer, at least up to where it differs from these results."""
    theirs: list[Any] = []

    def differs() -> bool:
        if len(theirs) > len(results) == first:  # where the learner's has ended with an error
            return True
        pairs = zip(theirs, results[: first + 1], strict=False)
        return not all(same(*pair, exercise.tolerance) for pair in pairs)

    def use() -> None:
        for _, result in exercise.probe(wrong):
            theirs.append(plain(result))
            if len(theirs) <= first + 1 and differs():
                return

    return theirs, run_safely(use, SECONDS)


def _slip(exercise: Exercise, answer: Any) -> Slip | None:
    """The small change that makes the answer right, if there is one."""
    found: list[Slip] = []

    def search() -> None:
        for slip in slips(answer):
            if _is_right(exercise, slip.answer):
                found.append(slip)
                return

    run_safely(search, SEARCH_SECONDS)
    return found[0] if found else None


def _is_right(exercise: Exercise, answer: Any) -> bool:
    right = 0
    try:
        with np.errstate(over="raise"):  # a change that overflows only makes up for another slip
            for (_, got), wanted in zip(exercise.probe(answer), exercise.expected, strict=False):
                if not same(plain(got), wanted, exercise.tolerance):
                    return False
                right += 1
    except Exception:
        return False
    return right == len(exercise.expected)
