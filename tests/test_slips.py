"""One small change that makes an answer right is found, and said."""

import contextlib
import inspect
import linecache

import numpy as np
import pytest

from helpers import NOTEBOOKS
from helpers.exercises import exercises_of, judging
from helpers.exercises.exercise import Exercise, calls
from helpers.exercises.judging import COULD_NOT_RUN, NOT_YET, judge
from helpers.exercises.slips import slips


@pytest.fixture(autouse=True)
def enough_time(monkeypatch):
    """What is found must not depend on how busy the machine is."""
    monkeypatch.setattr(judging, "SEARCH_SECONDS", 30)


TABLE = np.array([[4.0, 1.0, 2.0], [3.0, 9.0, 5.0]])


def judged(right, answer, *arguments):
    probe = calls(*arguments or ((TABLE,), (TABLE[:, ::-1] + 1,)))
    return judge(Exercise(right, {}, probe, ("a", "b", "c"), "It matters.", "Because."), answer)


def shares(table):
    return table / table.sum(axis=1, keepdims=True)


def other_operator(table):
    return table * table.sum(axis=1, keepdims=True)


def other_axis(table):
    return table / table.sum(axis=0, keepdims=True)


def other_function(table):
    return table / table.max(axis=1, keepdims=True)


def no_keepdims(table):
    total = table.sum(axis=1)
    return table / total


def other_size(table):
    return np.array([table[row] / sum(table[row]) for row in range(3)])


def exchanged(table):
    return table.sum(axis=1, keepdims=True) / table


def return_in_loop(table):
    result = np.zeros(table.shape)
    for row in range(len(table)):
        result[row] = table[row] / table[row].sum()
        return result


def written_over(table):
    total = np.zeros((len(table), 1))
    for column in table.T:
        total[:, 0] = column
    return table / total


def other_name(table):
    result = np.zeros(table.shape)
    for place, row in enumerate(table):
        total = row.sum()
        result[place] = row / (total - total + row)
    return result


def one_off(table):
    return [table[row] / table[row].sum() for row in range(1, len(table))]


SLIPS = [
    (other_operator, "another operator in `table * table.sum(axis=1, keepdims=True)`"),
    (other_axis, "another number than `0` in `axis=0`"),
    (other_function, "another function than `max` in `table.max(axis=1, keepdims=True)`"),
    (no_keepdims, "`keepdims=True` in `table.sum(axis=1)`"),
    (other_size, "another number than `3` in `range(3)`"),
    (exchanged, "the two sides of `table.sum(axis=1, keepdims=True) / table` exchanged"),
    (return_in_loop, "`return result` one level out, after `for row in range(len(table)):`"),
    (written_over, "`total[:, 0]` kept and added to, where `total[:, 0] = column` writes over it"),
    (other_name, "another name than `row` in `total - total + row`"),
    (one_off, "another number than `1` in `range(1, len(table))`"),
]


@pytest.mark.parametrize(("answer", "words"), SLIPS)
def test_slip_is_found(answer, words):
    verdict = judged(shares, answer)
    assert verdict.sentence == f"One small change makes it right: {words}."
    lines = [text.strip() for text in inspect.getsource(answer).splitlines()]
    label, line = verdict.details[-1]
    assert line in lines
    if verdict.outcome == NOT_YET:
        number = answer.__code__.co_firstlineno + lines.index(line)
        assert label == f"line {number}"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("return a + rate * b", "other brackets in `a + rate * b`"),
        ("return a * rate + b", "other brackets in `a * rate + b`"),
        ("return 0.37 * (a + b)", "a variable in place of `0.37` in `0.37 * (a + b)`"),
        ("return rate * (a - b)", "another operator in `a - b`"),
    ],
)
def test_slip_with_several_arguments(answer, words, monkeypatch):
    source = f"def answer(a, b, rate):\n    {answer}\n"
    monkeypatch.setitem(linecache.cache, "<c>", (1, None, source.splitlines(True), "<c>"))
    names = {}
    exec(compile(source, "<c>", "exec"), names)
    examples = (2.0, 5.0, 0.7), (np.array([1.0, 4.0]), 3.0, 0.2)
    verdict = judged(lambda a, b, rate: rate * (a + b), names["answer"], *examples)
    assert verdict.sentence == f"One small change makes it right: {words}."


ONE_ENTRY = """
    sums = np.zeros(len(a))
    for i in range(len(a)):
        sums[i] = a[i].sum()
        return sums[i]"""
RESET = """
    sums = []
    total = 0
    for row in a:
        for entry in row:
            total += entry
        sums.append(total)
    return sums"""


@pytest.mark.parametrize(
    ("right", "answer", "words"),
    [
        (lambda a: np.outer(a, a), "return a * a", "`np.outer`, every entry times every entry,"),
        (lambda a: (a * a).sum(), "return (a.T @ a).sum()", "`*`, entry by entry, and no `.T`"),
        (lambda a: np.log(a.sum()), "return np.sum(np.log(a))", "`np.log` outside `sum`"),
        (lambda a: np.log(a.sum()), "return np.log(a).sum()", "`np.log` outside `sum`"),
        (
            lambda a: np.sqrt(a + 2.5),
            "return np.sqrt(a) + 2.5",
            "more of `np.sqrt(a) + 2.5` in the",
        ),
        (lambda a: np.sqrt(a) + 2.5, "return np.sqrt(a + 2.5)", "less in the brackets of `sqrt`"),
        (lambda a: a.sum(axis=1), RESET, "`total = 0` inside `for row in a:`, at its start"),
        (lambda a: a.sum(axis=1), ONE_ENTRY, "`return sums` after `for i in range(len(a)):`"),
    ],
)
def test_wrong_structure_is_found(right, answer, words, monkeypatch):
    source = f"def answer(a):\n    {answer}\n"
    monkeypatch.setitem(linecache.cache, "<c>", (1, None, source.splitlines(True), "<c>"))
    names = {"np": np}
    exec(compile(source, "<c>", "exec"), names)
    verdict = judged(right, names["answer"], (TABLE,), (TABLE.round() + 7,))
    assert verdict.sentence.startswith(f"One small change makes it right: {words}")


def test_slip_in_a_lambda_is_found():
    verdict = judged(shares, lambda table: table / table.sum(axis=0, keepdims=True))
    assert "another number than `0` in `axis=0`" in verdict.sentence


def test_exchanged_arguments_are_found():
    def divided(second, first):
        return first - second / first

    def right(first, second):
        return first - second / first

    verdict = judged(right, divided, (np.ones(2), 3.0), (np.ones(3), 5.0))
    assert "`second` and `first` exchanged after `def`" in verdict.sentence


@pytest.mark.slow
@pytest.mark.parametrize("number", [number for number in NOTEBOOKS if number != 5])
def test_every_function_of_the_course_can_be_changed(number):
    for make in exercises_of(number).values():
        if callable(solution := make().solution):
            assert len(list(slips(solution))) > 20


def test_one_of_two_lambdas_is_not_mistaken_for_the_other():
    answers = [lambda table: table * 2, lambda table: table * 3]
    assert list(slips(answers[1])) == []


def test_slip_in_a_method_is_found():
    class Doubles:
        def call(self, numbers):
            return 2 * numbers

    class Adds:
        def call(self, numbers):
            return 2 + numbers

    def probe(layer):
        yield "1 and 2", layer().call(np.array([1.0, 2.0]))

    exercise = Exercise(Doubles, {}, probe, ("a", "b", "c"), "It matters.", "Because.")
    assert "another operator in `2 + numbers`" in judge(exercise, Adds).sentence


def test_two_slips_are_not_found():
    def two(table):
        return table * table.max(axis=0)

    assert judged(shares, two).sentence.startswith("Each row should sum to 1")


def test_answer_whose_source_is_not_known():
    names = {}
    exec("def answer(table):\n    return table\n", names)
    assert list(slips(names["answer"])) == []
    assert judged(shares, names["answer"]).outcome == NOT_YET


def test_error_of_a_change_is_no_error_of_the_answer():
    def fails(table):
        return table.reshape(7, 7) / np.ones(0)

    verdict = judged(shares, fails)
    assert verdict.outcome == COULD_NOT_RUN
    assert "reshape" in verdict.message


def collected(table):
    result = []
    for row in table:
        entries = []
        for entry in row:
            entries.append(entry)
        result.append(entries)
    return result


def doubled(table):
    total = [0]
    for row in table:
        total += [row]
    return total


def test_no_change_puts_a_list_into_itself_or_doubles_it():
    """NumPy would follow such a list without end, and no limit of time stops it."""
    for slip in slips(collected):
        with contextlib.suppress(Exception):
            result = slip.answer(TABLE)
            assert not any(entry is result for entry in result), slip.words
    for slip in slips(doubled):
        with contextlib.suppress(Exception):
            assert len(slip.answer(np.zeros((25, 2)))) < 100, slip.words
