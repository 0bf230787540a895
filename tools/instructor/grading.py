"""What happens inside the kernel when an assignment is graded: `grade` raises where `check` prints.

nbgrader gives a point to a cell unless it raises or writes to stderr, and takes a number that a
cell returns for the score. So `grade` raises on every verdict but "correct", writes nothing to
stderr whatever TensorFlow or an answer writes, and returns nothing.
"""

import contextlib
import io
import sys
import types
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import helpers
from helpers import NOTEBOOKS, exercises
from helpers.exercises import exercises_of, judge
from helpers.exercises.exercise import Exercise
from helpers.exercises.judging import CORRECT, COULD_NOT_RUN, NOT_STARTED, NOT_YET, Verdict
from helpers.quiet_stderr import muted_stderr

# Taken before the first cell of a submission runs: what it replaces them with does not count.
MAKERS = {name: make for notebook in NOTEBOOKS for name, make in exercises_of(notebook).items()}
OWN_ANSWERS = str(Path(exercises.__file__).resolve().parent)

# Not available while an assignment is graded: what a learner may import, and what it says then.
CLOSED = {
    "helpers.exercises": (
        ("check", "hint", "progress", "reset", "solution"),
        "Checked by the cell below.",
    ),
    "helpers.questions": (
        ("explain", "predict", "quiz", "remember", "review"),
        "Questions are not asked while an assignment is graded.",
    ),
}

NOT_GRADED = "not graded"
WRONG_ANSWERS_TRIED = 5


class NoPoint(Exception):
    """Why an answer gets no point. Jupyter shows this sentence, and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def grade(exercise_id: str, answer: Callable[[], Any]) -> None:
    """Raise NoPoint with the verdict of `check` unless the answer is right.

    `answer` is a function, so that a missing answer gets a verdict, too.
    """
    with _silence():
        verdict = _verdict(exercise_id, answer)
    if verdict.outcome != CORRECT:
        raise NoPoint(f"{exercise_id} {verdict.outcome}: {verdict.message}") from None
    print(f"{exercise_id} {verdict.outcome}: {verdict.message}")


def _verdict(exercise_id: str, answer: Callable[[], Any]) -> Verdict:
    exercise = MAKERS[exercise_id]()
    if not _judge_works(exercise):
        return Verdict(
            NOT_GRADED,
            "Something in this notebook changes the judge or a library that it needs, so that it "
            "no longer tells right answers from wrong ones. Take it out.",
        )
    try:
        given = answer()
    except NameError as error:
        return Verdict(NOT_STARTED, f"There is no `{error.name}` in this notebook.")
    if _is_own_answer(given):
        return Verdict(NOT_YET, "This is the course's own answer. Give yours.")
    return judge(exercise, given)


def _judge_works(exercise: Exercise) -> bool:
    """Whether the judge still accepts the right answer and rejects wrong ones."""
    wrong = [answer for answer, _ in islice(exercise.wrong_answers, WRONG_ANSWERS_TRIED)]
    return judge(exercise, exercise.solution).outcome == CORRECT and all(
        judge(exercise, answer).outcome in (NOT_YET, COULD_NOT_RUN) for answer in wrong
    )


def _is_own_answer(answer: Any) -> bool:
    parts = [answer, *vars(answer).values()] if isinstance(answer, type) else [answer]
    codes = [part.__code__ for part in parts if isinstance(part, types.FunctionType)]
    return any(code.co_filename.startswith(OWN_ANSWERS) for code in codes)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Mute stderr, both Python's and the file descriptor."""
    with muted_stderr(), contextlib.redirect_stderr(io.StringIO()):
        yield


def lock() -> None:
    """Put modules that do nothing in the place of two, before a submission's first cell.

    A notebook may import `check`, `predict` and the like, as every notebook of the course does. The
    answers and the progress of the person who grades are out of reach.
    """
    for name, (functions, sentence) in CLOSED.items():
        closed = types.ModuleType(name, "Closed while an assignment is graded.")
        for function in functions:
            setattr(closed, function, lambda *_, sentence=sentence: print(sentence))
        for each in [each for each in sys.modules if each.startswith(name)]:
            del sys.modules[each]
        sys.modules[name] = closed
        setattr(helpers, name.partition(".")[2], closed)
