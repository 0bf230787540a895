"""Exercises that can tell you what is wrong: `check`, `hint`, `solution`, `reset`, `progress`.

The exercises of notebook 01 are in `notebook_01.py`, and so on: one function for each, which
returns everything about it. Modules are imported when they are first needed.
"""

import ast
import importlib
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from IPython.display import display

from helpers import NOTEBOOKS, room
from helpers.exercises.exercise import Exercise
from helpers.exercises.judging import CORRECT, NOT_STARTED, judge
from helpers.exercises.progress_file import read_progress, write_entry
from helpers.exercises.showing import Code, Feedback

_last_answers: dict[str, Any] = {}  # by exercise, for `solution` to show


def exercises_of(notebook: int) -> dict[str, Callable[[], Exercise]]:
    """The exercises of one notebook, by id such as "1.2", in order."""
    return importlib.import_module(f"helpers.exercises.notebook_{notebook:02}").EXERCISES


def check(exercise_id: str, answer: Any) -> None:
    """Show whether an answer is right, and if not, which mistake it is."""
    exercise = _find(exercise_id)
    if exercise is None:
        return
    verdict = judge(exercise, answer)
    if verdict.outcome == NOT_STARTED:
        print(f"{exercise_id} {NOT_STARTED}: {verdict.message}")
        return
    _last_answers[exercise_id] = answer
    entry = _entry(exercise_id)
    best = CORRECT if CORRECT in (verdict.outcome, entry.get("outcome")) else verdict.outcome
    tries = entry.get("tries", 0) + 1
    if verdict.outcome != CORRECT and tries > 1 and not entry.get("hints"):
        verdict = replace(
            verdict, details=(*verdict.details, ("stuck?", Code(f'hint("{exercise_id}")')))
        )
    display(Feedback(exercise_id, verdict.outcome, verdict.sentence, verdict.details))
    _store(exercise_id, entry, outcome=best, tries=tries)
    room.report(exercise_id, verdict.outcome, verdict.sentence)


def hint(exercise_id: str) -> None:
    """Print the next hint: three for each exercise, from a nudge to almost there."""
    exercise = _find(exercise_id)
    if exercise is None:
        return
    entry = _entry(exercise_id)
    number = min(entry.get("hints", 0), len(exercise.hints) - 1)
    print(f"{exercise_id} hint {number + 1} of {len(exercise.hints)}: {exercise.hints[number]}")
    if number + 1 == len(exercise.hints):
        print(f'This is the last hint. Still stuck? solution("{exercise_id}") shows one way.')
    _store(exercise_id, entry, hints=number + 1)


def solution(exercise_id: str) -> None:
    """Print a solution, your last answer, and why the solution is one.

    Only after a try of your own, or when asked twice.
    """
    exercise = _find(exercise_id)
    if exercise is None:
        return
    entry = _entry(exercise_id)
    asked = entry.get("asked", 0)
    if not entry.get("tries") and not asked:
        print(f"{exercise_id}: try it once yourself and check it. Or ask again to see it now.")
    else:
        if exercise_id in _last_answers:
            print(f"{exercise_id} your last answer:\n\n{source_of(_last_answers[exercise_id])}\n")
        print(
            f"{exercise_id} a solution:\n\n{source_of(exercise.solution)}\n\n{exercise.explanation}"
        )
    _store(exercise_id, entry, asked=asked + 1)


def reset(exercise_id: str) -> None:
    """Forget the tries and hints of one exercise, and print its starter to begin again."""
    exercise = _find(exercise_id)
    if exercise is None:
        return
    _last_answers.pop(exercise_id, None)
    print(f"{exercise_id} is as new: no tries, no hints. Your cell still has what you wrote.")
    if starter := starter_of(exercise.solution):
        print(f"Its starter:\n\n{starter}")
    if problem := write_entry(exercise_id, {}):
        print(problem)


def progress() -> None:
    """Print a small table: what is solved in each notebook, and what was tried."""
    entries = read_progress()
    print("notebook   solved   by exercise")
    for notebook in NOTEBOOKS:
        outcomes = {name: entries.get(name, {}).get("outcome") for name in exercises_of(notebook)}
        solved = sum(outcome == CORRECT for outcome in outcomes.values())
        marks = ", ".join(f"{name} {outcome or 'open'}" for name, outcome in outcomes.items())
        print(f"{notebook:02}         {solved} of {len(outcomes)}   {marks}")


def source_of(answer: Any) -> str:
    """An answer as Python: the source of a function or class, the text of a value."""
    if callable(answer):
        try:
            return textwrap.dedent(inspect.getsource(answer)).strip()
        except (OSError, TypeError):
            pass  # not written in a cell
    return repr(answer)


def starter_of(solution: Any) -> str:
    """A function, or a class with its methods, with the bodies left open; "" for a value."""
    if not callable(solution):
        return ""
    lines = source_of(solution).splitlines()
    functions = [
        each
        for each in ast.walk(ast.parse("\n".join(lines)))
        if isinstance(each, ast.FunctionDef) and each.name != "__init__"
    ]
    for function in sorted(functions, key=lambda each: each.lineno, reverse=True):
        indent = " " * function.body[0].col_offset
        lines[function.body[0].lineno - 1 : function.end_lineno] = [
            f"{indent}...  # your code here"
        ]
    return "\n".join(lines)


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
    return read_progress().get(exercise_id, {})


def _store(exercise_id: str, entry: dict, **changes: Any) -> None:
    if problem := write_entry(exercise_id, entry | changes):
        print(problem)
