"""Exercises that can tell you what is wrong: `check`, `hint`, `solution` and `progress`.

The exercises of notebook 01 are in `notebook_01.py`, and so on: one function for each, which
returns everything about it. Modules are imported when they are first needed.
"""

import importlib
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from helpers.exercises.judging import CORRECT, NOT_STARTED, Exercise, judge
from helpers.exercises.progress_file import read_progress, write_entry

NOTEBOOKS = range(11)


def exercises_of(notebook: int) -> dict[str, Callable[[], Exercise]]:
    """The exercises of one notebook, by id such as "1.2", in order."""
    return importlib.import_module(f"helpers.exercises.notebook_{notebook:02}").EXERCISES


def check(exercise_id: str, answer: Any) -> None:
    """Print whether an answer is right, and if not, which mistake it is."""
    exercise = _find(exercise_id)
    if exercise is None:
        return
    verdict = judge(exercise, answer)
    print(f"{exercise_id} {verdict.outcome}: {_indented(verdict.message)}")
    if verdict.outcome != NOT_STARTED:
        entry = _entry(exercise_id)
        best = CORRECT if CORRECT in (verdict.outcome, entry.get("outcome")) else verdict.outcome
        _store(exercise_id, entry, outcome=best, tries=entry.get("tries", 0) + 1)


def hint(exercise_id: str) -> None:
    """Print the next hint: three for each exercise, from a nudge to almost there."""
    exercise = _find(exercise_id)
    if exercise is None:
        return
    entry = _entry(exercise_id)
    number = min(entry.get("hints", 0), len(exercise.hints) - 1)
    print(f"{exercise_id} hint {number + 1} of {len(exercise.hints)}: {exercise.hints[number]}")
    _store(exercise_id, entry, hints=number + 1)


def solution(exercise_id: str) -> None:
    """Print a solution and why it is one, after a try of your own or when asked twice."""
    exercise = _find(exercise_id)
    if exercise is None:
        return
    entry = _entry(exercise_id)
    asked = entry.get("asked", 0)
    if not entry.get("tries") and not asked:
        print(f"{exercise_id}: try it once yourself and check it. Or ask again to see it now.")
    else:
        print(
            f"{exercise_id} a solution:\n\n{source_of(exercise.solution)}\n\n{exercise.explanation}"
        )
    _store(exercise_id, entry, asked=asked + 1)


def progress() -> None:
    """Print a small table: what is solved in each notebook, and what was tried."""
    entries, _ = read_progress()
    print("notebook   solved   by exercise")
    for notebook in NOTEBOOKS:
        outcomes = {name: entries.get(name, {}).get("outcome") for name in exercises_of(notebook)}
        solved = sum(outcome == CORRECT for outcome in outcomes.values())
        marks = ", ".join(f"{name} {outcome or 'open'}" for name, outcome in outcomes.items())
        print(f"{notebook:02}         {solved} of {len(outcomes)}   {marks}")


def source_of(answer: Any) -> str:
    """An answer as Python: the source of a function or class, the text of a value."""
    if callable(answer):
        return textwrap.dedent(inspect.getsource(answer)).strip()
    return repr(answer)


def _find(exercise_id: str) -> Exercise | None:
    number, _, _ = str(exercise_id).partition(".")
    if number.isdecimal() and int(number) in NOTEBOOKS:
        exercises = exercises_of(int(number))
        if exercise_id in exercises:
            return exercises[exercise_id]()
        print(f"Notebook {int(number):02} has the exercises {', '.join(exercises)}.", end=" ")
    print(f'There is no exercise {exercise_id!r}: give its number as a text, such as "1.2".')
    return None


def _entry(exercise_id: str) -> dict:
    return read_progress()[0].get(exercise_id, {})


def _store(exercise_id: str, entry: dict, **changes: Any) -> None:
    if problem := write_entry(exercise_id, entry | changes):
        print(problem)


def _indented(message: str) -> str:
    return message.replace("\n", "\n    ")
