"""Judge an answer: is it right, and if not, which mistake is it?

An exercise is data: a solution, and typical wrong answers under the sentence that each earns. The
learner's answer is probed, for instance called with examples, and the results are compared with
those of the solution. Where they differ, the wrong answer that behaves like the learner's names the
mistake.
"""

import dis
import inspect
import itertools
import types
from dataclasses import dataclass, replace
from typing import Any

from helpers.exercises import errors
from helpers.exercises.differences import describe_difference, is_finite, same
from helpers.exercises.exercise import (
    SECONDS,
    Exercise,
    NotYet,
    Observation,
    Record,
    observations,
    plain,
    value,
)
from helpers.exercises.sandbox import Printed, Stopped, run_safely
from helpers.exercises.showing import Code, as_text

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
    first = next((i for i, pair in enumerate(pairs) if not same(*pair, tolerance)), None)
    if first is None:
        if error is None:
            return Verdict(CORRECT, exercise.takeaway)
        if isinstance(error, NotYet):
            return Verdict(NOT_YET, str(error))
        sentence = _named_mistake(exercise, results, error, len(seen))
        return _could_not_run(error, sentence or _exchanged_arguments(exercise, answer))
    is_shown = exercise.probe is not value
    sentence = (
        _named_mistake(exercise, results, error, first)
        or _exchanged_arguments(exercise, answer)
        or describe_difference(pairs[first:], tolerance, reveal=is_shown)
    )
    example = (
        ("given", Code(seen[first][0])),
        ("came out", results[first]),
        ("should be", expected[first]),
    )
    return Verdict(NOT_YET, sentence, example if is_shown else ())


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
) -> str:
    """The sentence of the wrong answer that behaves most like the learner's, or "".

    It must do so up to the first difference from the right answer, which has this number: a result,
    or the error after the last one. But many mistakes end in `nan` or `inf`: two that do so there
    need not be the same. Where two sentences fit equally well, neither is chosen.
    """
    best = 0
    sentences: set[str] = set()
    for number, (wrong, sentence) in enumerate(exercise.wrong_answers):
        record = _record(exercise, number, wrong, results, first)
        agrees = [
            same(*pair, exercise.tolerance) for pair in zip(results, record.results, strict=False)
        ]
        ends_alike = len(results) == len(record.results) and _same_error(error, record.error)
        is_all = all(agrees) and len(agrees) == len(results)
        if first == len(results):
            is_near = is_all and ends_alike
        else:
            is_near = is_all or (all(agrees[: first + 1]) and is_finite(results[first]))
        if not is_near or len(agrees) <= first < len(results):
            continue
        agreement = sum(agrees) + ends_alike
        if agreement > best:
            best, sentences = agreement, set()
        if agreement == best:
            sentences.add(sentence)
    return sentences.pop() if len(sentences) == 1 else ""


def _same_error(one: BaseException | None, other: BaseException | None) -> bool:
    if one is None or other is None:
        return one is other
    return errors.name_and_text(one) == errors.name_and_text(other)


def _record(exercise: Exercise, number: int, wrong: Any, results: list[Any], first: int) -> Record:
    """What comes out of a wrong answer, at least up to where it differs from these results.

    Answers are put to use from the beginning each time: a probe that stops half way and goes on
    later would meet what others have done to a shared model.
    """

    def differs(mine: list[Any]) -> bool:
        if len(mine) > len(results) == first:  # where the learner's has ended with an error
            return True
        pairs = zip(mine, results[: first + 1], strict=False)
        return not all(same(theirs, one, exercise.tolerance) for one, theirs in pairs)

    known = exercise.records.get(number)
    if known and (known.is_complete or differs(known.results)):
        return known
    mine: list[Any] = []
    is_complete = False

    def use() -> None:
        nonlocal is_complete
        for _, result in exercise.probe(wrong):
            mine.append(plain(result))
            if len(mine) <= first + 1 and differs(mine):
                return
        is_complete = True

    error = run_safely(use, SECONDS)
    exercise.records[number] = Record(mine, error, is_complete or error is not None)
    return exercise.records[number]


def _exchanged_arguments(exercise: Exercise, answer: Any) -> str:
    """A sentence if the answer is right once two of its arguments change places, else ""."""
    methods = vars(exercise.solution).values() if isinstance(exercise.solution, type) else ()
    for function in (exercise.solution, *methods):
        if not isinstance(function, types.FunctionType):
            continue
        name = function.__name__
        names = [each for each in inspect.signature(function).parameters if each != "self"]
        for one, other in itertools.combinations(range(len(names)), 2):
            exchanged = _exchange(answer, name, function is not exercise.solution, one, other)
            if exchanged is not None and _is_right(exercise, exchanged):
                return (
                    f"It is right with {names[one]} and {names[other]} exchanged. The exercise "
                    f"calls it as `{name}({', '.join(names)})`."
                )
    return ""


def _exchange(answer: Any, name: str, is_method: bool, one: int, other: int) -> Any:
    """The answer, or its method of this name, with two arguments exchanged; None if it has none."""
    original = vars(answer).get(name) if is_method and isinstance(answer, type) else answer
    if not isinstance(original, types.FunctionType) or is_method != isinstance(answer, type):
        return None

    def exchanged(*arguments: Any) -> Any:
        order = list(arguments)
        i, j = one + is_method, other + is_method
        if j < len(order):
            order[i], order[j] = order[j], order[i]
        return original(*order)

    return type(answer.__name__, (answer,), {name: exchanged}) if is_method else exchanged


def _is_right(exercise: Exercise, answer: Any) -> bool:
    right = 0

    def use() -> None:
        nonlocal right
        for (_, got), wanted in zip(exercise.probe(answer), exercise.expected, strict=False):
            if not same(plain(got), wanted, exercise.tolerance):
                return
            right += 1

    return run_safely(use, SECONDS) is None and right == len(exercise.expected)
