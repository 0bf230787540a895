"""Answers of strangers: right ones are accepted, and the mistakes of the others are named.

`tests/strangers/NN.toml` has them, a table for each answer. `told` are words of the sentence that
names the mistake; a person has judged that they do. `misled` are words that are false of it.
"""

import linecache
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from helpers import NOTEBOOKS
from helpers.exercises import exercises_of, judging
from helpers.exercises.judging import CORRECT, COULD_NOT_RUN, NOT_YET, judge

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent / "strangers"
FILES = {number: tomllib.loads((FOLDER / f"{number:02}.toml").read_text(encoding="utf-8"))
         for number in NOTEBOOKS}  # fmt: skip
WRONG = [answer for each in FILES.values() for answer in each["wrong"]]
BY_EXERCISE = defaultdict(list)
for each in FILES.values():
    for kind in ("right", "wrong"):
        for answer in each[kind]:
            BY_EXERCISE[answer["exercise"]].append((kind, answer))


def answer_of(code):
    """What the code calls `answer`. Its source is known, as that of a cell is."""
    lines = code.splitlines(keepends=True)
    linecache.cache["<stranger>"] = (len(code), None, lines, "<stranger>")
    names = {"__name__": "stranger"}
    exec(compile(code, "<stranger>", "exec"), names)
    return names["answer"]


@pytest.mark.parametrize("name", BY_EXERCISE)
def test_answers_of_strangers(name, monkeypatch):
    exercise, missed = exercises_of(int(name.partition(".")[0]))[name](), []
    for kind, answer in BY_EXERCISE[name]:
        words = answer.get("told", answer.get("misled", ""))
        for seconds in (1, 30):  # a busy machine may need more to find a small change
            monkeypatch.setattr(judging, "SEARCH_SECONDS", seconds)
            verdict = judge(exercise, answer_of(answer["code"]))
            if words in verdict.message:
                break
        is_wrong = verdict.outcome in (NOT_YET, COULD_NOT_RUN)
        if (kind == "right") != (verdict.outcome == CORRECT) or (
            kind == "wrong" and not (is_wrong and words in verdict.message)
        ):
            missed.append(f"{answer['is']}\n  wanted: {words}\n  got: {verdict.message}")
    assert missed == []


def test_most_mistakes_are_named():
    assert sum("told" in answer for answer in WRONG) >= 0.93 * len(WRONG)
    assert sum("misled" in answer for answer in WRONG) <= 0.01 * len(WRONG)
    assert not [answer for answer in WRONG if "told" in answer and "misled" in answer]


def test_every_exercise_has_answers_of_both_kinds():
    for number in NOTEBOOKS:
        for name in exercises_of(number):
            assert {kind for kind, _ in BY_EXERCISE[name]} == {"right", "wrong"}, name
