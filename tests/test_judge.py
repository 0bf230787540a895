"""The machinery of exercises: outcomes, messages, the sandbox, progress, the commands."""

import collections
import contextlib
import ctypes
import fractions
import json
import linecache
import statistics
import subprocess
import sys
import textwrap
import threading
import time
import types
import warnings

import nbformat.v4
import numpy as np
import pytest

from helpers import exercises, maths
from helpers.exercises import check, hint, progress, progress_file, solution

# `helpers.exercises.judging` is the function.
from helpers.exercises import judging as JUDGE
from helpers.exercises import sandbox as safely
from helpers.exercises.judging import (
    CORRECT,
    COULD_NOT_RUN,
    NOT_STARTED,
    NOT_YET,
    Exercise,
    NotYet,
    Verdict,
    calls,
    is_blank,
    judge,
    shown,
    value,
)
from tools.notebooks import ROOT, code_cells, execute

LEARNERS_FILE = progress_file.PROGRESS_FILE
HINTS = ("Look.", "Look again.", "Double it.")


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    """The progress of whoever runs the tests is not touched."""
    monkeypatch.setattr(progress_file, "PROGRESS_FILE", tmp_path / "progress.json")
    return progress_file.PROGRESS_FILE


@pytest.fixture
def hurry(monkeypatch):
    monkeypatch.setattr(JUDGE, "SECONDS", 0.2)


def double(numbers):
    return 2 * numbers


DOUBLING = calls((np.array([1.0, 2.0]),), (np.array([[3.0]]),))


def verdict(answer, right=double, mistakes=None, observe=DOUBLING, **others):
    exercise = Exercise(
        right,
        mistakes or {},
        observe,
        HINTS,
        takeaway="It matters.",
        explanation="Because.",
        **others,
    )
    return judge(exercise, answer)


def verdict_of_value(answer, right, mistakes=None, **others):
    return verdict(answer, right, mistakes, value, **others)


def first_line(told):
    return told.message.splitlines()[0]


# The four outcomes --------------------------------------------------------------------------------


def blank_with_docstring(numbers):
    """Twice the numbers."""


def blank_with_ellipsis(numbers): ...


def blank_with_pass(numbers):
    pass


class HalfBlank:
    def __init__(self, units):
        self.units = units

    def call(self, inputs): ...


class Filled:
    size = 3

    def call(self, inputs):
        return inputs


BLANKS = [
    None,
    ...,
    [1, None, 3],
    (1, ...),
    [[1, 2], [None, 4]],
    lambda numbers: None,
    lambda numbers: ...,
    blank_with_docstring,
    blank_with_ellipsis,
    blank_with_pass,
    HalfBlank,
]
FILLED = [
    0,
    False,
    "",
    [],
    [0, ""],
    [[1, 2], [3, 4]],
    np.zeros(2),
    float("nan"),
    double,
    lambda numbers: 0,
    lambda numbers: numbers,
    lambda numbers: print(numbers),
    Filled,
    HalfBlank(3),
    print,
    int,
]


@pytest.mark.parametrize("answer", BLANKS)
def test_a_blank_answer_is_not_started(answer):
    assert is_blank(answer) is True
    assert verdict(answer).outcome == NOT_STARTED == "not started"
    assert "run the cell again" in verdict(answer).message


@pytest.mark.parametrize("answer", FILLED)
def test_an_answer_with_something_in_it_is_not_blank(answer):
    assert is_blank(answer) is False
    assert verdict(answer).outcome != NOT_STARTED


def test_a_right_answer_is_correct_and_told_what_it_means():
    assert verdict(double) == Verdict(CORRECT, "It matters.")
    assert CORRECT == "correct"


def test_a_wrong_answer_is_told_its_mistake_and_the_first_input_that_fails():
    def one_more(numbers):
        return numbers + 1

    told = verdict(one_more, mistakes={"You added.": [lambda numbers: numbers + 1]})
    assert told == Verdict(
        "not yet", "You added.\ngiven:     [1., 2.]\ncame out:  [2., 3.]\nshould be: [2., 4.]"
    )


def test_only_the_first_input_that_fails_is_shown():
    told = verdict(lambda numbers: 2 * numbers if numbers.ndim == 1 else numbers)
    assert told.message.splitlines()[1:] == [
        "given:     [[3.]]",
        "came out:  [[3.]]",
        "should be: [[6.]]",
    ]


def test_all_arguments_are_shown():
    told = verdict(lambda a, b: a - b, lambda a, b: a + b, observe=calls((1, np.array([2, 3]))))
    assert "given:     1, [2, 3]\n" in told.message


def test_a_wrong_value_gets_the_sentence_alone():
    told = verdict_of_value(3, 4, mistakes={"One too few.": [3]})
    assert told == Verdict(NOT_YET, "One too few.")


def test_an_error_of_the_learner_is_told_in_two_lines():
    def broken(numbers):
        raise ValueError("first\nsecond")

    line = broken.__code__.co_firstlineno + 1
    assert verdict(broken) == Verdict(
        "could not run",
        f'ValueError: first\nin line {line} of your code: raise ValueError("first\\nsecond")',
    )


@pytest.mark.parametrize(
    "broken",
    [
        lambda numbers: np.reshape(numbers, (7, 7)),
        lambda numbers: statistics.mean([]),
        lambda numbers: maths.relative_error(numbers, "text"),
    ],
    ids=["of NumPy", "of the standard library", "of helpers"],
)
def test_an_error_in_other_code_shows_the_line_of_the_learner(broken):
    told = verdict(broken)
    assert told.outcome == COULD_NOT_RUN
    assert f"\nin line {broken.__code__.co_firstlineno} of your code: lambda" in told.message
    assert len(told.message.splitlines()) == 2


def test_the_deepest_line_of_the_learner_is_shown():
    def inner():
        raise KeyError("x")

    told = verdict(lambda numbers: inner())
    line = inner.__code__.co_firstlineno + 1
    assert told.message.endswith(f'in line {line} of your code: raise KeyError("x")')


def test_the_deepest_line_may_be_in_another_cell(monkeypatch):
    cell = "def inner():\n    return {}['x']\n"
    monkeypatch.setitem(linecache.cache, "<cell>", (len(cell), None, cell.splitlines(), "<cell>"))
    names = {}
    exec(compile(cell, "<cell>", "exec"), names)
    told = verdict(lambda numbers: names["inner"]())
    assert told.message.endswith("in line 2 of your code: return {}['x']")


def test_an_error_without_a_line_of_the_learner_shows_no_line_at_all():
    def without_arguments():
        return 1

    told = verdict(without_arguments)
    assert told.outcome == COULD_NOT_RUN
    assert told.message.startswith("TypeError: ")
    assert "\n" not in told.message


class Unspeakable(Exception):
    def __str__(self):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError(), "ValueError"),
        (SystemExit(), "SystemExit"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (Unspeakable(), "Unspeakable"),
        (AssertionError("too small"), "AssertionError: too small"),
    ],
)
def test_every_error_is_told_by_its_name_and_first_line(error, text):
    def broken(numbers):
        raise error

    assert verdict(broken).outcome == COULD_NOT_RUN
    assert first_line(verdict(broken)) == text


def test_a_wrong_result_counts_more_than_an_error_after_it():
    def wrong_then_broken(numbers):
        return numbers if numbers.ndim == 1 else numbers[7]

    assert verdict(wrong_then_broken).outcome == NOT_YET


def test_an_error_after_right_results_is_still_told():
    def right_then_broken(numbers):
        return 2 * numbers if numbers.ndim == 1 else numbers[7]

    assert verdict(right_then_broken).outcome == COULD_NOT_RUN


@pytest.mark.parametrize("answer", [3, "text", object(), np.zeros(2), double(1)])
def test_what_is_no_function_is_told_to_be_one(answer):
    told = verdict(answer)
    assert told.outcome == NOT_YET
    assert "the function itself" in told.message
    assert "\n" not in told.message


def test_what_an_observer_sees_by_itself_is_told():
    def observe(answer):
        yield "size", 1
        raise NotYet("It has no name.")

    assert verdict(Filled, observe=observe) == Verdict(NOT_YET, "It has no name.")


def test_the_time_of_the_reference_answer_is_not_limited(hurry):
    def slow(numbers):
        time.sleep(0.3)
        return 2 * numbers

    observe = calls((np.array([1.0]),))
    assert verdict(lambda numbers: numbers, slow, observe=observe).outcome == NOT_YET


# Which answers are the same -----------------------------------------------------------------------


class Tensor:
    """Like the tensors of a library: not an array, but it can become one."""

    def __init__(self, numbers):
        self.numbers = numbers

    def __array__(self, dtype=None, copy=None):
        return np.array(self.numbers, dtype)


@pytest.mark.parametrize("kind", [np.array, np.float32, list, tuple, Tensor, np.float16])
def test_the_kind_of_numbers_does_not_matter(kind):
    assert verdict_of_value(kind([1.0, 2.5]), [1.0, 2.5]).outcome == CORRECT
    assert verdict_of_value(kind([1.0, 2.4]), [1.0, 2.5]).outcome == NOT_YET


@pytest.mark.parametrize(
    "answer",
    [0.5, np.float32(0.5), np.array(0.5), Tensor(0.5), fractions.Fraction(1, 2)],
)
def test_the_kind_of_one_number_does_not_matter(answer):
    assert verdict_of_value(answer, 0.5).outcome == CORRECT
    assert verdict_of_value([answer, 2], [0.5, 2]).outcome == CORRECT
    assert verdict_of_value(answer, 0.49999).outcome == CORRECT
    assert verdict_of_value(answer, 0.6).outcome == NOT_YET


@pytest.mark.parametrize(
    ("got", "wanted", "outcome"),
    [
        (1000.09, 1000.0, CORRECT),
        (1000.11, 1000.0, NOT_YET),
        (0.00009, 0.0, CORRECT),
        (0.00011, 0.0, NOT_YET),
        (float("nan"), float("nan"), CORRECT),
        (float("inf"), float("inf"), CORRECT),
        (float("inf"), float("nan"), NOT_YET),
        (True, 1, CORRECT),
        ([1], 1, NOT_YET),
        (1, [1], NOT_YET),
        (None, [[1]], NOT_YET),
        (["a"], 1, NOT_YET),
        (["a", [1]], None, NOT_YET),
    ],
)
def test_what_is_close_enough(got, wanted, outcome):
    assert verdict(lambda _: got, lambda _: wanted).outcome == outcome


def test_an_exercise_has_its_own_tolerance():
    assert verdict_of_value(0.13, 0.125, tolerance=0.006).outcome == CORRECT
    assert verdict_of_value(0.14, 0.125, tolerance=0.006).outcome == NOT_YET


@pytest.mark.parametrize("parts", [lambda number: number, lambda number: ["a", number]])
def test_the_tolerance_is_a_share_of_the_right_answer_and_not_of_the_learners(parts):
    assert verdict_of_value(parts(1), parts(3), tolerance=0.5).outcome == CORRECT
    told = verdict_of_value(parts(3), parts(1), {"Too much.": [parts(1.5)]}, tolerance=0.5)
    assert told == Verdict(NOT_YET, "The form is right, but the numbers are not.")


@pytest.mark.parametrize("answer", ["B", " b\n", np.array(["a", "B"])[1]])
def test_letters_may_be_small_and_have_spaces(answer):
    assert verdict_of_value(answer, "B").outcome == CORRECT
    assert verdict_of_value(answer, " b ").outcome == CORRECT


@pytest.mark.parametrize("answer", ["C", "", 2, ["B"], b"B", object()])
def test_another_letter_is_refused(answer):
    told = verdict_of_value(answer, "B", mistakes={"Not this one.": ["c"]})
    expected = "Not this one." if answer == "C" else "That is not it. Read the question once more."
    assert told == Verdict(NOT_YET, expected)


def test_letters_in_a_list():
    assert verdict_of_value(["a", "C"], ("A", "C")).outcome == CORRECT
    assert verdict_of_value(["a", "B"], ("A", "C")).outcome == NOT_YET
    assert verdict_of_value(["a"], ("A", "C")).outcome == NOT_YET
    assert verdict_of_value(np.array(["A", "C"]), ("A", "C")).outcome == CORRECT


def loss_and_gradient(numbers):
    return 3.0, np.array([1.0, 2.0])


Pair = collections.namedtuple("Pair", "loss gradient")


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ((3.0, np.array([1, 2])), CORRECT),
        ([Tensor(3.0), [1, 2]], CORRECT),
        (Pair(3, (1, 2)), CORRECT),
        ((3.0, np.array([1, 3])), NOT_YET),
        ((4.0, np.array([1, 2])), NOT_YET),
        ((3.0, np.array([[1], [2]])), NOT_YET),
        ((3.0,), NOT_YET),
        ((3.0, np.array([1, 2]), 5), NOT_YET),
        (3.0, NOT_YET),
        ("3.0", NOT_YET),
    ],
)
def test_results_of_several_parts(result, outcome):
    assert verdict(lambda numbers: result, loss_and_gradient).outcome == outcome


def test_nothing_can_be_a_right_result():
    assert verdict(lambda numbers: print(), lambda numbers: print()).outcome == CORRECT
    assert verdict(lambda numbers: 0, lambda numbers: print()).outcome == NOT_YET


def test_the_result_is_kept_as_it_was_when_it_came_out():
    buffer = np.zeros(1)

    def reuses_its_result(number):
        buffer[0] = number
        return buffer

    observe = calls((1.0,), (2.0,))
    assert verdict(reuses_its_result, lambda x: [x], observe=observe).outcome == CORRECT


# Which mistake it is ------------------------------------------------------------------------------


def same(numbers):
    return numbers


def plus_one(numbers):
    return numbers + 1


def squared(numbers):
    return numbers**2


def test_each_mistake_gets_its_own_sentence():
    mistakes = {"The same.": [same], "Plus one.": [plus_one], "Squared.": [squared]}
    for sentence, [wrong] in mistakes.items():
        assert first_line(verdict(wrong, mistakes=mistakes)) == sentence


def test_the_mistake_that_behaves_the_same_throughout_comes_first():
    def same_at_first(numbers):
        return numbers if numbers.ndim == 1 else numbers + 7

    mistakes = {"The same.": [same], "The same at first.": [same_at_first]}
    for order in (mistakes, dict(reversed(mistakes.items()))):
        assert first_line(verdict(same_at_first, mistakes=order)) == "The same at first."


def test_a_mistake_that_behaves_the_same_up_to_the_difference_is_named_too():
    def right_then_same_then_broken(numbers):
        if numbers.sum() > 5:
            raise ValueError
        return 2 * numbers if numbers.ndim == 1 else numbers

    def right_then_same(numbers):
        return 2 * numbers if numbers.ndim == 1 else numbers

    observe = calls((np.array([1.0]),), (np.array([[3.0]]),), (np.array([[7.0]]),))
    mistakes = {"The same.": [same], "Rows.": [right_then_same_then_broken]}
    told = verdict(right_then_same, mistakes=mistakes, observe=observe)
    assert first_line(told) == "Rows."


def test_of_mistakes_alike_up_to_the_difference_the_first_is_named():
    def plus_one_at_first(numbers):
        return numbers + (1 if numbers.ndim == 1 else 7)

    mistakes = {"Plus one.": [plus_one], "Plus 1.": [lambda numbers: plus_one(numbers) ** 1]}
    for order in (mistakes, dict(reversed(mistakes.items()))):
        assert first_line(verdict(plus_one_at_first, mistakes=order)) == next(iter(order))


@pytest.mark.parametrize("parts", [lambda text: text, lambda text: [text, [1.0, 2.0]]])
def test_a_mistake_in_texts_is_named_when_alike_up_to_the_difference(parts):
    def a_then_c(numbers):
        return parts("a" if numbers.ndim == 1 else "c")

    mistakes = {"Not a.": [lambda numbers: parts("a")]}
    told = verdict(a_then_c, lambda numbers: parts("b"), mistakes)
    assert first_line(told) == "Not a."


@pytest.mark.parametrize("parts", [lambda result: result, lambda result: ("a", [result])])
def test_two_mistakes_that_first_lead_to_nan_need_not_be_the_same(parts):
    def divides_by_0(numbers):
        return parts(numbers * (np.nan if numbers.ndim == 1 else 3))

    def overflows(numbers):
        return parts(numbers * (np.nan if numbers.ndim == 1 else np.inf))

    mistakes = {"Divided by 0.": [divides_by_0]}
    told = verdict(overflows, lambda numbers: parts(2 * numbers), mistakes)
    assert first_line(told) == "The result contains `nan` or `inf`, and no right answer does here."
    told = verdict(divides_by_0, lambda numbers: parts(2 * numbers), mistakes)
    assert first_line(told) == "Divided by 0."


def test_a_mistake_that_ends_before_the_difference_is_not_named():
    def broken(numbers):
        raise ValueError

    told = verdict(same, mistakes={"It breaks.": [broken]})
    assert first_line(told) == "The form is right, but the numbers are not."


def test_a_mistake_is_compared_with_the_tolerance_of_the_exercise():
    mistakes = {"Too small.": [0.3]}
    assert verdict_of_value(0.31, 0.5, mistakes, tolerance=0.02).message == "Too small."
    assert verdict_of_value(0.31, 0.5, mistakes).message != "Too small."


def test_a_named_mistake_is_preferred_to_the_plain_difference():
    mistakes = {"Divided by 0.": [lambda numbers: numbers * np.nan]}
    assert first_line(verdict(lambda numbers: numbers * np.nan, mistakes=mistakes)) == (
        "Divided by 0."
    )


def generated(numbers):
    yield numbers


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda x: print(x), "Your function returns nothing: end it with `return` and the result."),
        (lambda x: 2 * x[:1], "The shape is (1,), and it should be (2,)."),
        (lambda x: x * np.nan, "The result contains `nan` or `inf`, and no right answer does"),
        (lambda x: x * np.inf, "The result contains `nan` or `inf`, and no right answer does"),
        (lambda x: "text", "The result should be made of numbers, not 'text'."),
        (lambda x: ["a", "b"], "The result should be made of numbers, not ['a', 'b']."),
        (generated, "The result should be made of numbers, not <generator object generated"),
        (lambda x: np.array([same]), "The result should be made of numbers, not [<function same"),
        (lambda x: np.array(same), "The result should be made of numbers, not array(<function"),
        (lambda x: np.ndarray, "The result should be made of numbers, not <class"),
        (lambda x: [[1], [1, 2]], "The result should be made of numbers, not [[1], [1, 2]]."),
        (lambda x: x, "The form is right, but the numbers are not."),
    ],
)
def test_a_mistake_without_a_name_is_told_by_what_differs(wrong, sentence):
    told = verdict(wrong)
    assert told.outcome == NOT_YET
    assert first_line(told).startswith(sentence)
    assert len(told.message.splitlines()) == 4


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (3.0, "The result should have 2 parts, with commas between them."),
        ([3.0], "The result should have 2 parts, with commas between them."),
        (np.array([3.0, 1.0]), "The result should have 2 parts, with commas between them."),
        ((3.0, [1, 3]), "The form is right, but the numbers are not."),
        ((3.0, [[1, 2]]), "The shape is (1, 2), and it should be (2,)."),
        (("3.0", [1, 2]), "The result should be made of numbers, not '3.0'."),
    ],
)
def test_a_result_of_several_parts_is_told_by_the_part_that_differs(result, sentence):
    assert first_line(verdict(lambda numbers: result, loss_and_gradient)) == sentence


def test_a_list_of_numbers_has_a_shape_and_no_parts():
    told = verdict_of_value(np.array([1.0]), [1.0, 2.0])
    assert told.message == "The shape is (1,), and it should be (2,)."


def test_a_right_result_that_is_no_number():
    told = verdict(lambda numbers: 3, lambda numbers: print())
    assert first_line(told) == "That is not it. Read the question once more."


def test_nan_in_a_right_answer_is_no_reason_to_complain_of_it():
    told = verdict(lambda x: x * np.nan, lambda x: np.array([np.nan, 1.0]))
    assert first_line(told) == "The form is right, but the numbers are not."


@pytest.mark.parametrize(
    ("thing", "text"),
    [
        (3, "3"),
        (0.1234567, "0.1235"),
        (1e-9, "0."),
        (True, "True"),
        (np.float32(0.5), "0.5"),
        ([1, 2.5], "[1. , 2.5]"),
        (np.zeros((2, 2)), "[[0., 0.], [0., 0.]]"),
        (np.arange(100), "[ 0, 1, ..., 98, 99]"),
        (np.arange(24), "[ " + ", ".join(map(str, range(10))) + ", " + "10, 11, 12, 13, 14, 15, "
         "16, 17, 18, 19, 20, 21, 22, 23]"),
        (np.arange(25), "[ 0, 1, ..., 23, 24]"),
        ("text", "'text'"),
        (None, "None"),
        (["a"], "['a']"),
        ([[1], [1, 2]], "[[1], [1, 2]]"),
        ((1.23456, np.array([1, 2])), "[1.2346, [1, 2]]"),
        ("x" * 158, "'" + "x" * 158 + "'"),
        ("x" * 159, "'" + "x" * 156 + "..."),
    ],
    ids=lambda thing: str(thing)[:20],
)  # fmt: skip
def test_how_a_value_is_shown(thing, text):
    assert shown(thing).replace("  ", " ") == text


class Hidden:
    def __repr__(self):
        raise ValueError


def test_what_cannot_be_shown_is_named_by_its_type():
    assert shown(Hidden()) == "Hidden"


# Nothing an answer does can harm the kernel -------------------------------------------------------


def test_an_answer_gets_copies_and_is_told_when_it_changes_them():
    def in_place(numbers):
        numbers *= 2
        return numbers

    for _ in range(2):
        told = verdict(in_place)
        assert told.outcome == NOT_YET
        assert told.message.startswith("You changed the caller's array: make a new array")
        assert "\n" not in told.message
    assert verdict(double).outcome == CORRECT


def test_the_smallest_change_of_an_argument_is_seen():
    def a_little(numbers):
        numbers[..., 0] += 1e-12
        return 2 * numbers

    assert "changed the caller's array" in verdict(a_little).message


def test_lists_functions_and_numbers_may_be_arguments():
    def appends(function, numbers, step):
        numbers.append(step)
        return function(step)

    arguments = (np.square, [1.0, 2.0], 0.5)
    observe = calls(arguments)
    told = verdict(appends, lambda function, numbers, step: function(step), observe=observe)
    assert "changed the caller's array" in told.message
    assert arguments[1] == [1.0, 2.0]


def loop(numbers):
    while True:
        pass


def loop_with_except_exception(numbers):
    while True:
        try:
            loop(numbers)
        except Exception:
            print("again")


def loop_with_bare_except(numbers):
    while True:
        try:
            time.sleep(0.001)
            print("on and on")
        except:  # noqa: E722
            pass


def loop_with_finally(numbers):
    try:
        loop(numbers)
    finally:
        loop(numbers)


@pytest.mark.parametrize(
    "endless",
    [loop, loop_with_except_exception, loop_with_bare_except, loop_with_finally],
    ids=lambda function: function.__name__,
)
def test_an_endless_loop_is_cut_and_leaves_nothing_behind(endless, hurry):
    threads = threading.active_count()
    begin, cpu_begin = time.monotonic(), time.process_time()
    told = verdict(endless)
    assert 0.2 <= time.monotonic() - begin < 5
    assert time.process_time() - cpu_begin < 1.1  # others may have the processor meanwhile
    assert told.outcome == COULD_NOT_RUN
    assert "was stopped. Is there an endless loop?\nin line " in told.message
    assert threading.active_count() == threads


def test_a_stop_may_arrive_before_the_answer_is_called():
    """Then no frame of this module is above it on the stack, where the search for one would end."""
    raised = []

    def thread():
        try:
            safely._StopEveryLine()
            raised.append("not even in the next line")
        except BaseException as error:
            sys.settrace(None)
            raised.append(type(error))

    worker = threading.Thread(target=thread)
    worker.start()
    worker.join()
    assert raised == [safely.Stopped]


def test_the_limit_is_told():
    judge_says = JUDGE._describe_error(safely.Stopped())
    assert judge_says == "It ran for 3 seconds and was stopped. Is there an endless loop?"


def test_a_loop_after_right_results_is_told(hurry):
    told = verdict(lambda numbers: 2 * numbers if numbers.ndim == 1 else loop(numbers))
    assert told.outcome == COULD_NOT_RUN


def test_a_loop_inside_a_result_is_cut_too(hurry):
    class Endless:
        def __array__(self, dtype=None, copy=None):
            loop(self)

    assert verdict(lambda numbers: Endless()).outcome == COULD_NOT_RUN


class Trap:
    """Whoever looks at it ends the program."""

    def __eq__(self, other):
        sys.exit()

    def __repr__(self):
        sys.exit()

    def __len__(self):
        sys.exit()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda trap: trap,
        lambda trap: [1, trap],
        lambda trap: (1, (2, trap)),
        lambda trap: {"a": trap},
        lambda trap: np.array([trap, 1], object),
    ],
)
def test_looking_at_a_result_cannot_end_the_kernel(wrap):
    assert verdict(lambda numbers: wrap(Trap())).outcome in (NOT_YET, COULD_NOT_RUN)
    assert verdict_of_value(wrap(Trap()), [1, 2]).outcome in (NOT_YET, COULD_NOT_RUN)


def test_a_long_sleep_is_left_behind_and_the_next_check_works(hurry, monkeypatch):
    monkeypatch.setattr(safely, "GRACE_SECONDS", 0.1)
    stdout, threads = sys.stdout, set(threading.enumerate())
    begin = time.monotonic()
    told = verdict(lambda numbers: time.sleep(1.5))
    assert time.monotonic() - begin < 1
    assert told.outcome == COULD_NOT_RUN
    left = set(threading.enumerate()) - threads
    assert [thread.daemon for thread in left] == [True]
    assert sys.stdout is stdout
    assert verdict(double).outcome == CORRECT
    for thread in left:
        thread.join(3)
        assert not thread.is_alive(), "It must end when the sleep does."


def test_a_loop_that_needs_longer_is_given_a_second():
    assert safely.GRACE_SECONDS == 1


def test_who_interrupts_the_kernel_stops_the_loop(monkeypatch):
    threads = threading.active_count()
    join = threading.Thread.join

    def interrupted(self, timeout=None):
        if timeout == JUDGE.SECONDS:
            raise KeyboardInterrupt
        join(self, timeout)

    monkeypatch.setattr(threading.Thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        verdict(loop)
    assert threading.active_count() == threads


def test_what_an_answer_prints_is_dropped(capfd):
    def talkative(numbers):
        for _ in range(20_000):
            print("x")
        print("to stderr", file=sys.stderr, flush=True)
        return 2 * numbers if sys.stdout.write("four") == 4 and sys.stdout.writable() else 0

    assert verdict(talkative).outcome == CORRECT
    assert capfd.readouterr() == ("", "")
    print("back again")
    assert capfd.readouterr().out == "back again\n"


def test_warnings_of_an_answer_are_neither_shown_nor_errors(capfd):
    def overflowing(numbers):
        warnings.warn("beware", stacklevel=1)
        return 2 * numbers + 0 * np.exp(-1e9 * np.exp(1e9 * numbers))

    assert verdict(overflowing).outcome == CORRECT
    assert capfd.readouterr() == ("", "")


def test_run_safely_returns_what_was_raised():
    error = ValueError("mine")

    def action():
        raise error

    assert safely.run_safely(action, 1.0) is error
    assert safely.run_safely(lambda: None, None) is None


@pytest.fixture
def escaped(monkeypatch):
    """What nobody caught in another thread, and a notebook would show in red."""
    found = []
    monkeypatch.setattr(threading, "excepthook", found.append)
    return found


def test_a_thread_that_begins_late_is_stopped_when_it_has_begun(escaped, monkeypatch):
    class Late(threading.Thread):
        def run(self):
            time.sleep(0.3)
            super().run()

    monkeypatch.setattr(threading, "Thread", Late)
    assert isinstance(safely.run_safely(lambda: loop([]), 0.1), safely.Stopped)
    assert not escaped


def test_a_thread_that_ends_slowly_is_not_stopped_again(escaped, monkeypatch):
    """It may wait for the processor after it was stopped, for longer than until the next stop."""
    settrace, threads = sys.settrace, threading.active_count()

    def slow(function):
        time.sleep(0.3)
        settrace(function)

    monkeypatch.setattr(sys, "settrace", slow)
    assert isinstance(safely.run_safely(lambda: loop([]), 0.1), safely.Stopped)
    assert threading.active_count() == threads
    assert not escaped


@pytest.mark.parametrize("late", [1, 2])
def test_a_stop_that_comes_too_late_is_ignored(late, escaped, monkeypatch):
    """It was decided on while the action still ran, and arrives when that has ended."""
    sent = []

    def identifier(number):
        sent.append(number)
        if len(sent) == late:
            time.sleep(0.4)
        return ctypes.c_ulong(number)

    class Lingering(threading.Thread):
        def run(self):
            super().run()
            time.sleep(0.3)

    def action():
        with contextlib.suppress(safely.Stopped):
            time.sleep(0.3)

    slow = types.SimpleNamespace(
        c_ulong=identifier, py_object=ctypes.py_object, pythonapi=ctypes.pythonapi
    )
    monkeypatch.setattr(safely, "ctypes", slow)
    monkeypatch.setattr(threading, "Thread", Lingering)
    assert safely.run_safely(action, 0.1) is None
    assert len(sent) == late
    assert not escaped


def test_in_a_real_kernel_nothing_reaches_stderr_and_the_kernel_lives_on(
    own_progress, monkeypatch, capsys
):
    sources = [
        f"""
        import sys
        sys.path.insert(0, {str(ROOT)!r})
        from pathlib import Path
        import numpy as np
        from helpers.exercises import check, hint, progress, progress_file, solution
        progress_file.PROGRESS_FILE = Path({str(own_progress)!r})""",
        """
        def softmax(logits):
            while True:
                try:
                    np.exp(logits * 1e9)
                    print("flood", file=sys.stderr)
                except:
                    pass
        check("1.2", softmax)""",
        """
        def softmax(logits):
            sys.exit("enough")
        check("1.2", softmax)""",
        """
        def softmax(logits):
            print("x" * 1000)
            e = np.exp(logits)
            e / (logits - logits)
            return e / e.sum(axis=0)
        check("1.2", softmax)
        hint("1.2")""",
        """check("1.2", lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))""",
    ]
    cells = [nbformat.v4.new_code_cell(textwrap.dedent(source).strip()) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    begin = time.monotonic()
    execute(notebook, own_progress.parent)
    assert time.monotonic() - begin < 20
    outputs = [cell.outputs for cell in code_cells(notebook)]
    assert [o.text for found in outputs for o in found if o.get("name") != "stdout"] == []
    told = ["".join(output.text for output in found) for found in outputs]
    assert told[0] == ""
    assert told[1].startswith("1.2 could not run: It ran for 3 seconds")
    assert told[2] == (
        '1.2 could not run: SystemExit: enough\n    in line 2 of your code: sys.exit("enough")\n'
    )
    assert told[3].startswith("1.2 not yet: Each column sums to 1, not each row")
    assert "\n1.2 hint 1 of 3: " in told[3]
    assert told[4].startswith("1.2 correct: ")

    # This is another process than the kernel: a restart loses nothing.
    monkeypatch.setattr(exercises, "NOTEBOOKS", [1])
    progress()
    assert "1.2 correct" in capsys.readouterr().out


# hint, solution, progress -------------------------------------------------------------------------


@pytest.fixture
def two_exercises(monkeypatch):
    """Notebook 01 has two small exercises, and there is no other notebook."""

    class Layer:
        def call(self, inputs):
            return inputs

    made = {
        "1.1": Exercise(7, {}, value, HINTS, "It matters.", "Because of this."),
        "1.2": Exercise(double, {}, DOUBLING, HINTS, "It matters.", "Because of that."),
        "1.3": Exercise(Layer, {}, value, HINTS, "It matters.", "Because."),
    }
    module = types.SimpleNamespace(
        EXERCISES={name: lambda exercise=exercise: exercise for name, exercise in made.items()}
    )
    monkeypatch.setitem(sys.modules, "helpers.exercises.notebook_01", module)
    monkeypatch.setattr(exercises, "NOTEBOOKS", range(1, 2))


def entries():
    return json.loads(progress_file.PROGRESS_FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (7, "1.1 correct: It matters.\n"),
        (8, "1.1 not yet: The form is right, but the numbers are not.\n"),
        (None, "1.1 not started: Nothing here yet. Write your answer, then run the cell again.\n"),
    ],
)
def test_check_prints_outcome_and_message(two_exercises, capsys, answer, told):
    assert check("1.1", answer) is None
    assert capsys.readouterr().out == told


def test_check_indents_what_follows_the_first_line(two_exercises, capsys):
    check("1.2", same)
    assert capsys.readouterr().out.splitlines() == [
        "1.2 not yet: The form is right, but the numbers are not.",
        "    given:     [1., 2.]",
        "    came out:  [1., 2.]",
        "    should be: [2., 4.]",
    ]


def test_what_was_tried_is_kept(two_exercises):
    check("1.1", None)
    assert not progress_file.PROGRESS_FILE.exists(), "An untouched cell is no try."
    check("1.1", 8)
    assert entries() == {"1.1": {"outcome": "not yet", "tries": 1}}
    check("1.1", object())
    check("1.2", lambda numbers: numbers[9])
    assert entries()["1.1"] == {"outcome": "not yet", "tries": 2}
    assert entries()["1.2"] == {"outcome": "could not run", "tries": 1}


def test_what_is_solved_stays_solved(two_exercises):
    for answer in (7, 8):
        check("1.1", answer)
        assert entries()["1.1"]["outcome"] == "correct"
    assert entries()["1.1"]["tries"] == 2


def test_hints_come_in_order_and_the_last_one_stays(two_exercises, capsys):
    for _ in range(4):
        hint("1.1")
    assert capsys.readouterr().out.splitlines() == [
        "1.1 hint 1 of 3: Look.",
        "1.1 hint 2 of 3: Look again.",
        "1.1 hint 3 of 3: Double it.",
        "1.1 hint 3 of 3: Double it.",
    ]
    hint("1.2")
    assert capsys.readouterr().out == "1.2 hint 1 of 3: Look.\n"


def test_the_solution_is_shown_when_asked_twice(two_exercises, capsys):
    solution("1.1")
    assert capsys.readouterr().out == (
        "1.1: try it once yourself and check it. Or ask again to see it now.\n"
    )
    solution("1.1")
    assert capsys.readouterr().out == "1.1 a solution:\n\n7\n\nBecause of this.\n"


def test_the_solution_is_shown_after_a_try(two_exercises, capsys):
    check("1.2", same)
    capsys.readouterr()
    solution("1.2")
    assert capsys.readouterr().out == (
        "1.2 a solution:\n\ndef double(numbers):\n    return 2 * numbers\n\nBecause of that.\n"
    )


def test_a_hint_and_a_blank_cell_are_no_tries(two_exercises, capsys):
    hint("1.1")
    check("1.1", None)
    solution("1.1")
    assert "try it once yourself" in capsys.readouterr().out


def test_the_source_of_a_class_starts_at_the_margin(two_exercises, capsys):
    solution("1.3")
    solution("1.3")
    assert "\n\nclass Layer:\n    def call(self, inputs):\n" in capsys.readouterr().out


def test_hints_and_solutions_don_t_change_what_is_solved(two_exercises):
    check("1.1", 7)
    hint("1.1")
    solution("1.1")
    assert entries() == {"1.1": {"outcome": "correct", "tries": 1, "hints": 1, "asked": 1}}


def test_progress_is_a_small_table(two_exercises, capsys):
    check("1.1", 7)
    check("1.2", same)
    hint("1.3")
    capsys.readouterr()
    progress()
    assert capsys.readouterr().out.splitlines() == [
        "notebook   solved   by exercise",
        "01         1 of 3   1.1 correct, 1.2 not yet, 1.3 open",
    ]


@pytest.mark.parametrize("command", [lambda name: check(name, 7), hint, solution])
@pytest.mark.parametrize("name", ["1.9", "1", 1.2, 1])
def test_an_unknown_number_gets_the_known_ones(two_exercises, capsys, command, name):
    command(name)
    assert capsys.readouterr().out == (
        "Notebook 01 has the exercises 1.1, 1.2, 1.3. "
        f'There is no exercise {name!r}: give its number as a text, such as "1.2".\n'
    )
    assert not progress_file.PROGRESS_FILE.exists()


@pytest.mark.parametrize("command", [lambda name: check(name, 7), hint, solution])
@pytest.mark.parametrize("name", ["9.9", "x", "", None, double, "²", [1], "-1.1"])
def test_an_unknown_notebook_is_told(two_exercises, capsys, command, name):
    command(name)
    assert capsys.readouterr().out == (
        f'There is no exercise {name!r}: give its number as a text, such as "1.2".\n'
    )
    assert not progress_file.PROGRESS_FILE.exists()


def test_the_notebooks_with_exercises():
    assert list(exercises.NOTEBOOKS) == list(range(11))


# Progress -----------------------------------------------------------------------------------------


def test_the_file_lies_beside_the_notebooks_and_is_ignored_by_git():
    assert LEARNERS_FILE == ROOT / "progress.json"
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "/progress*.json" in ignored
    assert not any(line.startswith("!") for line in ignored)


def test_no_file_yet_is_not_a_damaged_one():
    assert progress_file.read_progress() == ({}, True)


def test_entries_are_kept_beside_each_other(own_progress):
    assert progress_file.write_entry("2.1", {"tries": 1}) == ""
    assert progress_file.write_entry("1.1", {"hints": 2}) == ""
    assert progress_file.write_entry("2.1", {"tries": 2}) == ""
    assert progress_file.read_progress() == ({"1.1": {"hints": 2}, "2.1": {"tries": 2}}, True)
    assert own_progress.read_text(encoding="utf-8") == (
        '{\n "1.1": {\n  "hints": 2\n },\n "2.1": {\n  "tries": 2\n }\n}\n'
    )
    assert [path.name for path in own_progress.parent.iterdir()] == ["progress.json"]


DAMAGED = {
    "garbage": b"\x00\xff\xfe garbage",
    "empty": b"",
    "a list": b'["1.1"]',
    "a number": b"3",
    "half a file": b'{"1.1": {"outcome": "correct", "tr',
    "an entry that is none": b'{"1.1": {"tries": 1}, "1.2": "correct"}',
    "an outcome that is no text": b'{"1.1": {"outcome": ["correct"]}}',
    "a count that is no number": b'{"1.1": {"tries": "3"}}',
    "a count below 0": b'{"1.1": {"tries": 1, "hints": -1}}',
    "too deep": b"[" * 200_000,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_costs_only_itself(two_exercises, own_progress, capsys, content):
    own_progress.write_bytes(content)
    progress()
    assert "0 of 3" in capsys.readouterr().out
    assert own_progress.read_bytes() == content, "Looking changes nothing."

    hint("1.1")
    aside = own_progress.with_name("progress-damaged.json")
    assert capsys.readouterr().out.splitlines() == [
        "1.1 hint 1 of 3: Look.",
        "progress.json could not be read. It is now progress-damaged.json; a new one is begun.",
    ]
    assert aside.read_bytes() == content
    assert entries() == {"1.1": {"hints": 1}}

    check("1.1", 7)
    assert capsys.readouterr().out == "1.1 correct: It matters.\n"


def test_a_folder_in_place_of_the_file_is_set_aside(two_exercises, own_progress, capsys):
    own_progress.mkdir()
    progress()
    assert "0 of 3" in capsys.readouterr().out
    check("1.1", 7)
    assert "progress.json could not be read" in capsys.readouterr().out
    assert own_progress.with_name("progress-damaged.json").is_dir()


def test_a_folder_that_cannot_be_written_to_costs_only_the_progress(
    two_exercises, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(progress_file, "PROGRESS_FILE", tmp_path / "missing" / "progress.json")
    check("1.1", 7)
    assert capsys.readouterr().out.splitlines() == [
        "1.1 correct: It matters.",
        "Your progress could not be saved (No such file or directory): make the folder writable.",
    ]


def test_two_processes_may_write_at_once(own_progress):
    program = """if True:
        import sys
        from pathlib import Path
        from helpers.exercises import progress_file
        progress_file.PROGRESS_FILE = Path(sys.argv[1])
        for number in range(200):
            told = progress_file.write_entry(sys.argv[2], {"tries": number})
            entries, readable = progress_file.read_progress()
            if told or not readable:
                sys.exit(told or "not readable")
    """
    writers = [
        subprocess.Popen([sys.executable, "-c", program, own_progress, name], cwd=ROOT)
        for name in ("1.1", "1.2")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert set(entries()) == {"1.1", "1.2"}
    assert [path.name for path in own_progress.parent.iterdir()] == ["progress.json"]
