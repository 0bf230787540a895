"""How answers are judged: outcomes, messages, the sandbox, progress, and the commands."""

import collections
import contextlib
import ctypes
import errno
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
from pathlib import Path

import nbformat.v4
import numpy as np
import pytest

from helpers import ROOT, exercises, maths
from helpers.exercises import (
    check,
    errors,
    hint,
    judging,
    progress,
    progress_file,
    reset,
    sandbox,
    solution,
)
from helpers.exercises.exercise import CHANGED, Exercise, NotYet, calls, value
from helpers.exercises.judging import (
    CORRECT,
    COULD_NOT_RUN,
    NOT_STARTED,
    NOT_YET,
    Verdict,
    is_blank,
)
from helpers.exercises.showing import shown
from tools.notebooks import code_cells, execute

PROGRESS_FILE = progress_file.PROGRESS_FILE
HINTS = ("Look.", "Look again.", "Double it.")


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    """Leave alone the progress of the person who runs the tests."""
    monkeypatch.setattr(progress_file, "PROGRESS_FILE", tmp_path / "progress.json")
    monkeypatch.setattr(exercises, "_last_answers", {})
    return progress_file.PROGRESS_FILE


@pytest.fixture(autouse=True)
def no_slips(monkeypatch):
    """Answers here stand for any that no small change makes right: see test_slips.py."""
    monkeypatch.setattr(judging, "slips", lambda answer: iter(()))


@pytest.fixture
def short_limit(monkeypatch):
    monkeypatch.setattr(judging, "SECONDS", 0.2)


def double(numbers):
    return 2 * numbers


DOUBLING = calls((np.array([1.0, 2.0]),), (np.array([[3.0]]),))


def judge(answer, right=double, mistakes=None, probe=DOUBLING, **others):
    exercise = Exercise(right, mistakes or {}, probe, HINTS, "It matters.", "Because.", **others)
    return judging.judge(exercise, answer)


def first_line(verdict):
    return verdict.message.splitlines()[0]


# The four outcomes --------------------------------------------------------------------------------


def blank_with_docstring(numbers):
    """Twice the numbers."""


class Layer:
    def build(self, shape):
        self.factor = 2

    def call(self, inputs):
        return self.factor * inputs


class NoCall(Layer):
    def build(self, shape):
        self.factor = 2

    def call(self, inputs): ...


class NoBuild(Layer):
    def build(self, shape):
        pass

    def call(self, inputs):
        return 2 * inputs


class Filled:
    size = 3

    def call(self, inputs):
        return inputs


BLANKS = [None, ..., lambda numbers: ..., blank_with_docstring]
FILLED = [0, "", [], np.zeros(2), double, lambda numbers: 0, lambda numbers: print(numbers), print]


@pytest.mark.parametrize("answer", BLANKS)
def test_blank_answer(answer):
    assert is_blank(answer) is True
    assert judge(answer).outcome == NOT_STARTED == "not started"
    assert "run the cell again" in judge(answer).message


@pytest.mark.parametrize("answer", [*FILLED, Filled])
def test_answer_that_is_not_blank(answer):
    assert is_blank(answer) is False
    assert judge(answer).outcome != NOT_STARTED


@pytest.mark.parametrize(
    ("answer", "outcome", "message"),
    [
        ([None, None, ...], NOT_STARTED, "Nothing here yet."),
        ([1, 2, None], NOT_YET, "Right so far. Still empty: number 3."),
        ((None, 2, None), NOT_YET, "Right so far. Still empty: number 1, number 3."),
        ([1, 5, None], NOT_YET, "Five is too much. Still empty: number 3."),
        ([1, 2, 3], CORRECT, "It matters."),
    ],
)
def test_half_a_list_is_judged_for_what_is_there(answer, outcome, message):
    verdict = judge(answer, [1, 2, 3], {"Five is too much.": [[1, 5, 3]]}, value)
    assert verdict.outcome == outcome
    assert verdict.message.startswith(message)


def test_half_a_table_is_judged_for_what_is_there():
    right = [[1, 2], [3, 4]]
    for answer, message in (
        ([[1, 2], [3, None]], "Right so far. Still empty: number 2 of row 2."),
        ([[1, 2], [9, None]], "3 of 4 numbers are right. `[1, 0]` is wrong. Still empty: number 2"),
    ):
        assert judge(answer, right, probe=value).message.startswith(message)


def test_half_a_class_is_judged_for_what_is_there():
    def probe(layer_class):
        layer = layer_class()
        layer.build((1,))
        yield "3", layer.call(3)

    class Wrong(NoCall):
        def build(self, shape):
            self.factor = 5

        def call(self, inputs): ...

    class NeedsMore(NoCall):
        def build(self, shape):
            pass

        def call(self, inputs):
            return self.size * inputs

    for answer, outcome, message in (
        (NoCall, NOT_YET, "Right so far. Still empty: `call`."),
        (Wrong, NOT_YET, "It is too large. Still empty: `call`."),
        (NeedsMore, NOT_YET, "Still empty: `build`."),
        (NoBuild, CORRECT, "It matters."),
        (
            type("Empty", (NoCall,), {"build": lambda self, shape: None} | {"call": NoCall.call}),
            NOT_STARTED,
            "Nothing here yet.",
        ),
    ):
        verdict = judge(answer, Layer, probe=probe)
        assert verdict.outcome == outcome, answer
        assert verdict.message.splitlines()[0].startswith(message)


def test_wrong_answer_gets_its_sentence_and_an_example():
    def one_more(numbers):
        return numbers + 1

    verdict = judge(one_more, mistakes={"You added.": [lambda numbers: numbers + 1]})
    assert verdict.outcome == "not yet"
    assert verdict.message == (
        "You added.\ngiven:     [1., 2.]\ncame out:  [2., 3.]\nshould be: [2., 4.]"
    )


def test_example_is_the_first_that_fails():
    verdict = judge(lambda numbers: 2 * numbers if numbers.ndim == 1 else numbers)
    assert verdict.message.splitlines()[1:] == [
        "given:     [[3.]]",
        "came out:  [[3.]]",
        "should be: [[6.]]",
    ]


def test_all_arguments_are_shown():
    verdict = judge(lambda a, b: a - b, lambda a, b: a + b, probe=calls((1, np.array([2, 3]))))
    assert "given:     a = 1, b = [2, 3]\n" in verdict.message


def test_error_is_described_with_example_and_line():
    def broken(numbers):
        raise ValueError("first\nsecond")

    line = broken.__code__.co_firstlineno + 1
    assert judge(broken).message == (
        f'ValueError: first\ngiven:     [1., 2.]\nline {line}:  raise ValueError("first\\nsecond")'
    )


def test_common_error_is_explained():
    verdict = judge(lambda numbers: list(numbers).max())
    assert verdict.outcome == COULD_NOT_RUN
    assert verdict.message.startswith(
        "`.max` belongs to arrays, and this is none: make it one with `np.array(…)` first.\n"
        "error:     AttributeError: 'list' object has no attribute 'max'\n"
        "given:     [1., 2.]\n"
    )


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (lambda numbers: np.sum(), "What this line calls"),
        (lambda numbers, rate: rate, "Your function takes other arguments"),
        (lambda numbers: [size for size, _ in [numbers.shape]], "Fewer things come back"),
        (lambda numbers: float(numbers[0]).item(), "`.item` belongs to arrays"),
        (lambda numbers: numbers.tolist()[0, 0], "A list of lists has no columns."),
        (lambda numbers: numbers.tolist() + 1, "Python does not calculate with lists."),
        (lambda numbers: "a" + 1, "TypeError: can only concatenate str"),
    ],
)
def test_errors_that_look_alike_are_told_apart(broken, words):
    verdict = judge(broken)
    assert verdict.outcome == COULD_NOT_RUN
    assert verdict.message.startswith(words)


def test_wrong_first_line_is_seen_in_an_error_of_keras():
    error = TypeError("call() missing 1 required positional argument: 'x'\n\nArguments received:")
    assert errors.meaning(error).startswith("Your function takes other arguments")


def test_listed_mistake_is_named_by_its_error():
    def forgets_the_axis(numbers):
        return np.reshape(numbers, (7, 7))

    mistakes = {"Not seven.": [lambda numbers: numbers.reshape(7, 7)], "Other.": [lambda x: x / 3]}
    verdict = judge(forgets_the_axis, mistakes=mistakes)
    assert verdict.outcome == COULD_NOT_RUN
    assert first_line(verdict) == "Not seven."
    assert "\nerror:     ValueError: cannot reshape" in verdict.message


@pytest.mark.parametrize(
    "broken",
    [
        lambda numbers: np.reshape(numbers, (7, 7)),
        lambda numbers: statistics.mean([]),
        lambda numbers: maths.relative_error(numbers, "text"),
    ],
    ids=["NumPy", "standard library", "helpers"],
)
def test_error_in_other_code_shows_the_line_of_the_learner(broken):
    verdict = judge(broken)
    assert verdict.outcome == COULD_NOT_RUN
    assert f"\nline {broken.__code__.co_firstlineno}:  lambda" in verdict.message


def test_error_in_another_cell_shows_the_deepest_line(monkeypatch):
    cell = "def inner():\n    return {}['x']\n"
    monkeypatch.setitem(linecache.cache, "<cell>", (len(cell), None, cell.splitlines(), "<cell>"))
    names = {}
    exec(compile(cell, "<cell>", "exec"), names)
    verdict = judge(lambda numbers: names["inner"]())
    assert verdict.message.endswith("line 2:    return {}['x']")


def test_error_outside_the_code_of_the_learner_shows_no_line():
    def without_arguments():
        return 1

    verdict = judge(without_arguments)
    assert verdict.outcome == COULD_NOT_RUN
    assert verdict.message.startswith("Your function takes other arguments than the exercise gives")
    assert "\nline" not in verdict.message


class Unprintable(Exception):
    def __str__(self):
        raise ZeroDivisionError

    __repr__ = __str__


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError(), "ValueError"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (Unprintable(), "Unprintable"),
    ],
)
def test_name_and_first_line_of_an_error(error, text):
    def broken(numbers):
        raise error

    assert judge(broken).outcome == COULD_NOT_RUN
    assert first_line(judge(broken)) == text


@pytest.mark.parametrize(("factor", "outcome"), [(1, NOT_YET), (2, COULD_NOT_RUN)])
def test_error_counts_only_after_right_results(factor, outcome):
    def broken_in_the_end(numbers):
        return factor * numbers if numbers.ndim == 1 else numbers[7]

    assert judge(broken_in_the_end).outcome == outcome


def test_number_in_place_of_a_function():
    sentence = "Give `check` the function itself, by its name and without brackets."
    assert judge(3) == Verdict(NOT_YET, sentence)


def test_probe_may_refuse_an_answer():
    def probe(answer):
        yield "size", 1
        raise NotYet("It has no name.")

    assert judge(Filled, probe=probe) == Verdict(NOT_YET, "It has no name.")


def test_time_of_the_solution_is_not_limited(short_limit):
    def slow(numbers):
        time.sleep(0.3)
        return 2 * numbers

    probe = calls((np.array([1.0]),))
    assert judge(lambda numbers: numbers, slow, probe=probe).outcome == NOT_YET


# Which results are the same, and how a difference is described ------------------------------------


class Tensor:
    """Like the tensors of a library: not an array, but it can become one."""

    def __init__(self, numbers):
        self.numbers = numbers

    def __array__(self, dtype=None, copy=None):
        return np.array(self.numbers, dtype)


Pair = collections.namedtuple("Pair", "loss gradient")
LOSS_AND_GRADIENT = (3.0, np.array([1.0, 2.0]))
NAN, INF = float("nan"), float("inf")
SAME = [
    ([1.0, 2.5], np.array([1.0, 2.5])),
    (np.float16([1.0, 2.5]), [1.0, 2.5]),
    (Tensor([1.0, 2.5]), (1.0, 2.5)),
    ([Tensor(0.5), 2], [0.5, 2]),
    (np.float32(0.5), 0.5),
    (fractions.Fraction(1, 2), 0.49999),
    (True, 1),
    (1000.09, 1000.0),
    (0.00009, 0.0),
    (NAN, NAN),
    (INF, INF),
    (None, None),
    (" b\n", "B"),
    ("B", " b "),
    (np.array(["a", "C"]), ("A", "C")),
    ([3.0, np.array([1, 2])], LOSS_AND_GRADIENT),
    (Pair(Tensor(3), (1, 2)), LOSS_AND_GRADIENT),
]


@pytest.mark.parametrize(("result", "right"), SAME)
def test_result_that_is_the_same(result, right):
    assert judge(lambda _: result, lambda _: right).outcome == CORRECT


def generated():
    yield 1


TEXT = "This is not what should come out. Read the question once more."
NO_NUMBERS = (
    "The result should be made of numbers, as an array or a list of them is, and this is not."
)
TWO_PARTS = "The result should have 2 parts, with commas between them."
DIFFERENT = [
    (NAN, [1, 2], "The shape is (), and it should be (2,)."),
    (1, [1, 2], "The shape is (), and it should be (2,)."),
    (None, [[1]], "Your function returns nothing: end it with `return` and the result."),
    (0, None, TEXT),
    ("C", "B", TEXT),
    (2, "B", TEXT),
    (["B"], "B", TEXT),
    (["a", "B"], ("A", "C"), f"Look at part 2. {TEXT}"),
    (["a"], ("A", "C"), TWO_PARTS),
    (["a", [1]], None, TEXT),
    ("text", 1, NO_NUMBERS),
    (generated(), 1, NO_NUMBERS),
    (np.array([double]), 1, NO_NUMBERS),
    (np.array(double), 1, NO_NUMBERS),
    ([[1], [1, 2]], [1], NO_NUMBERS),
    (3.0, LOSS_AND_GRADIENT, TWO_PARTS),
    ([3.0], LOSS_AND_GRADIENT, TWO_PARTS),
    ((3.0, [1, 2], 5), LOSS_AND_GRADIENT, TWO_PARTS),
    (np.array([3.0, 1.0]), LOSS_AND_GRADIENT, TWO_PARTS),
    (("3.0", [1, 2]), LOSS_AND_GRADIENT, f"Look at part 1. {NO_NUMBERS}"),
    ((3.0, [1, 3]), LOSS_AND_GRADIENT, "Look at part 2. 1 of 2 numbers are right."),
    (True, np.bool_(False), "Here the answer is False."),
]


@pytest.mark.parametrize(("result", "right", "sentence"), DIFFERENT)
def test_result_that_differs(result, right, sentence):
    verdict = judge(lambda _: result, lambda _: right)
    assert verdict.outcome == NOT_YET
    assert first_line(verdict).startswith(sentence)
    assert len(verdict.message.splitlines()) == 4


@pytest.mark.parametrize("parts", [lambda number: number, lambda number: ["a", number]])
def test_tolerance_is_relative_to_the_right_answer(parts):
    assert judge(parts(1), parts(3), probe=value, tolerance=0.5).outcome == CORRECT
    mistakes = {"Too much.": [parts(1.5)]}
    assert judge(parts(3), parts(1), mistakes, value, tolerance=0.5).message.endswith("too large.")
    assert judge(parts(2.5), parts(1), mistakes, value, tolerance=0.5).message == "Too much."


def test_result_is_copied_when_it_comes_out():
    buffer = np.zeros(1)

    def reuses_its_result(number):
        buffer[0] = number
        return buffer

    probe = calls((1.0,), (2.0,))
    assert judge(reuses_its_result, lambda x: [x], probe=probe).outcome == CORRECT


@pytest.mark.parametrize(
    ("thing", "text"),
    [
        (3, "3"),
        (0.1234567, "0.1235"),
        (1e-9, "0."),
        (True, "True"),
        ([1, 2.5], "[1. , 2.5]"),
        (np.zeros((2, 2)), "[[0., 0.], [0., 0.]]"),
        (np.arange(1, 25) % 10, "[" + ", ".join(str(number % 10) for number in range(1, 25)) + "]"),
        (np.arange(25), "[0, 1, ..., 23, 24]"),
        ("text", "'text'"),
        (["a"], "['a']"),
        ([[1], [1, 2]], "[[1], [1, 2]]"),
        ((1.23456, np.array([1, 2])), "[1.2346, [1, 2]]"),
        ("x" * 158, "'" + "x" * 158 + "'"),
        ("x" * 159, "'" + "x" * 156 + "..."),
        (Unprintable(), "Unprintable"),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_how_a_value_is_shown(thing, text):
    assert shown(thing) == text


# Which mistake it is ------------------------------------------------------------------------------


def same(numbers):
    return numbers


def plus_one(numbers):
    return numbers + 1


def either_order(mistakes):
    return mistakes, dict(reversed(mistakes.items()))


def test_mistake_that_always_agrees_comes_first():
    def same_at_first(numbers):
        return numbers if numbers.ndim == 1 else numbers + 7

    for mistakes in either_order({"The same.": [same], "The same at first.": [same_at_first]}):
        assert first_line(judge(same_at_first, mistakes=mistakes)) == "The same at first."


def test_mistake_that_agrees_up_to_the_difference_is_named():
    def right_then_same_then_broken(numbers):
        if numbers.sum() > 5:
            raise ValueError
        return 2 * numbers if numbers.ndim == 1 else numbers

    def right_then_same(numbers):
        return 2 * numbers if numbers.ndim == 1 else numbers

    probe = calls((np.array([1.0]),), (np.array([[3.0]]),), (np.array([[7.0]]),))
    mistakes = {"The same.": [same], "Rows.": [right_then_same_then_broken]}
    verdict = judge(right_then_same, mistakes=mistakes, probe=probe)
    assert first_line(verdict) == "Perhaps: Rows."


def test_mistake_that_agrees_longest_is_named():
    def plus_one_twice_then_plus_seven(numbers):
        return numbers + (1 if numbers.sum() < 5 else 7)

    def plus_one_at_first(numbers):
        return numbers + (1 if numbers.sum() < 4 else 9)

    probe = calls((np.array([1.0]),), (np.array([4.0]),), (np.array([9.0]),))
    for mistakes in either_order({"Once.": [plus_one_at_first], "Always.": [plus_one]}):
        verdict = judge(plus_one_twice_then_plus_seven, mistakes=mistakes, probe=probe)
        assert first_line(verdict) == "Perhaps: Always."


def test_of_mistakes_that_agree_equally_far_none_is_named():
    def plus_one_at_first(numbers):
        return numbers + (1 if numbers.ndim == 1 else 7)

    mistakes = {"Plus one.": [plus_one], "Larger.": [lambda x: x + (1 if x.ndim == 1 else 9)]}
    for order in either_order(mistakes):
        assert first_line(judge(plus_one_at_first, mistakes=order)).startswith("1 of 2 numbers")


@pytest.mark.parametrize("parts", [lambda text: text, lambda text: [text, [1.0, 2.0]]])
def test_similar_mistake_in_texts_is_named(parts):
    def a_then_c(numbers):
        return parts("a" if numbers.ndim == 1 else "c")

    mistakes = {"Not a.": [lambda numbers: parts("a")]}
    verdict = judge(a_then_c, lambda numbers: parts("b"), mistakes)
    assert first_line(verdict) == "Perhaps: Not a."


@pytest.mark.parametrize("parts", [lambda result: result, lambda result: ("a", [result])])
def test_mistakes_that_begin_with_nan_may_differ(parts):
    def divides_by_0(numbers):
        return parts(numbers * (NAN if numbers.ndim == 1 else 3))

    def overflows(numbers):
        return parts(numbers * (NAN if numbers.ndim == 1 else INF))

    mistakes = {"Divided by 0.": [divides_by_0]}
    verdict = judge(overflows, lambda numbers: parts(2 * numbers), mistakes)
    assert "comes out" in first_line(verdict)
    verdict = judge(divides_by_0, lambda numbers: parts(2 * numbers), mistakes)
    assert first_line(verdict) == "Divided by 0."


def test_mistake_that_ends_before_the_difference_is_not_named():
    def broken(numbers):
        raise ValueError

    assert (
        first_line(judge(same, mistakes={"It breaks.": [broken]}))
        == "Each number is half of the right one."
    )


# The sandbox --------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [1, 1e-12])
def test_answer_that_changes_its_arguments(amount):
    def in_place(numbers):
        numbers[..., 0] += amount
        return 2 * numbers

    assert judge(in_place) == Verdict(NOT_YET, CHANGED)
    assert CHANGED.startswith("You changed the caller's array: make a new array")
    assert judge(double).outcome == CORRECT, "The examples themselves have changed."


def test_functions_and_lists_as_arguments():
    def appends(function, numbers, step):
        numbers.append(step)
        return function(step)

    arguments = (np.square, [1.0, 2.0], 0.5)
    right = lambda function, numbers, step: function(step)  # noqa: E731
    assert judge(right, right, probe=calls(arguments)).outcome == CORRECT
    assert judge(appends, right, probe=calls(arguments)).message == CHANGED
    assert arguments[1] == [1.0, 2.0]


def loop(numbers):
    while True:
        pass


def loop_with_except_exception(numbers):
    try:
        loop(numbers)
    except Exception:
        return numbers


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


@pytest.mark.parametrize("run", [sandbox._run_in_thread, sandbox._run_here])
@pytest.mark.parametrize(
    "endless",
    [loop, loop_with_except_exception, loop_with_bare_except, loop_with_finally],
    ids=lambda function: function.__name__,
)
def test_endless_loop_is_stopped(endless, run, short_limit, monkeypatch):
    if run is sandbox._run_here and sys.version_info < (3, 12):
        pytest.skip("Python 3.11 has no sys.monitoring; tests/test_lite.py runs it in a browser.")
    monkeypatch.setattr(sandbox, "_run", run)
    threads = threading.active_count()
    begin, cpu_begin = time.monotonic(), time.process_time()
    verdict = judge(endless)
    assert 0.2 <= time.monotonic() - begin < 5
    assert time.process_time() - cpu_begin < 1.1  # others may have the processor meanwhile
    assert verdict.outcome == COULD_NOT_RUN
    assert "was stopped. Is there an endless loop?\nline " in verdict.message
    assert threading.active_count() == threads


class Trap:
    """Looking at it ends the program."""

    def __eq__(self, other):
        sys.exit()

    __repr__ = __len__ = lambda self: sys.exit()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda trap: trap,
        lambda trap: (1, (2, trap)),
        lambda trap: {"a": trap},
        lambda trap: np.array([trap, 1], object),
    ],
)
def test_looking_at_a_result_cannot_end_the_kernel(wrap):
    assert judge(lambda numbers: wrap(Trap())).outcome in (NOT_YET, COULD_NOT_RUN)
    assert judge(wrap(Trap()), [1, 2], probe=value).outcome in (NOT_YET, COULD_NOT_RUN)


@pytest.mark.slow
def test_long_sleep_does_not_block_the_next_check(short_limit, monkeypatch):
    monkeypatch.setattr(sandbox, "GRACE_SECONDS", 0.1)
    stdout, threads = sys.stdout, set(threading.enumerate())
    begin = time.monotonic()
    verdict = judge(lambda numbers: time.sleep(1.5))
    assert time.monotonic() - begin < 1
    assert verdict.outcome == COULD_NOT_RUN
    left = set(threading.enumerate()) - threads
    assert [thread.daemon for thread in left] == [True]
    assert sys.stdout is stdout
    assert judge(double).outcome == CORRECT
    for thread in left:
        thread.join(3)
        assert not thread.is_alive(), "It must end when the sleep does."


def test_interrupting_the_kernel_stops_the_loop(monkeypatch):
    threads = threading.active_count()
    join = threading.Thread.join

    def interrupted(self, timeout=None):
        if timeout == judging.SECONDS:
            raise KeyboardInterrupt
        join(self, timeout)

    monkeypatch.setattr(threading.Thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        judge(loop)
    assert threading.active_count() == threads


def test_first_lines_that_are_printed_are_shown(capfd):
    def talkative(numbers):
        for _ in range(20_000):
            print("x")
        print("to stderr", file=sys.stderr, flush=True)
        warnings.warn("beware", stacklevel=1)
        np.exp(1e9 * numbers)
        return 2 * numbers if sys.stdout.write("four") == 4 and sys.stdout.writable() else 0

    verdict = judge(talkative)
    assert verdict.outcome == CORRECT
    assert verdict.message == "It matters.\nprinted:  " + 5 * " x\n          " + " …"
    assert capfd.readouterr() == ("", "")
    print("back again")
    assert capfd.readouterr().out == "back again\n"


def test_stop_before_the_answer_is_called():
    """No frame of `sandbox` is on the stack then, where the search for one would end."""
    raised = []

    def thread():
        try:
            sandbox._StopEveryLine()
            raised.append("not even in the next line")
        except BaseException as error:
            sys.settrace(None)
            raised.append(type(error))

    worker = threading.Thread(target=thread)
    worker.start()
    worker.join()
    assert raised == [sandbox.Stopped]


@pytest.fixture
def escaped(monkeypatch):
    """Exceptions that another thread does not catch, which a notebook would show in red."""
    found = []
    monkeypatch.setattr(threading, "excepthook", found.append)
    return found


def test_thread_that_begins_late_is_stopped(escaped, monkeypatch):
    class Late(threading.Thread):
        def run(self):
            time.sleep(0.3)
            super().run()

    monkeypatch.setattr(threading, "Thread", Late)
    assert isinstance(sandbox.run_safely(lambda: loop([]), 0.1), sandbox.Stopped)
    assert not escaped


def test_thread_that_ends_slowly_is_not_stopped_again(escaped, monkeypatch):
    """After a stop it may wait for the processor for longer than until the next stop."""
    settrace, threads = sys.settrace, threading.active_count()

    def slow(function):
        time.sleep(0.3)
        settrace(function)

    monkeypatch.setattr(sys, "settrace", slow)
    assert isinstance(sandbox.run_safely(lambda: loop([]), 0.1), sandbox.Stopped)
    assert threading.active_count() == threads
    assert not escaped


@pytest.mark.parametrize("late", [1, 2])
def test_stop_that_comes_too_late_is_ignored(late, escaped, monkeypatch):
    """It is sent while the action still runs, and arrives when that has ended."""
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
        with contextlib.suppress(sandbox.Stopped):
            time.sleep(0.3)

    slow = types.SimpleNamespace(
        c_ulong=identifier, py_object=ctypes.py_object, pythonapi=ctypes.pythonapi
    )
    monkeypatch.setattr(sandbox, "ctypes", slow)
    monkeypatch.setattr(threading, "Thread", Lingering)
    assert sandbox.run_safely(action, 0.1) is None
    assert len(sent) == late
    assert not escaped


@pytest.mark.slow
def test_misbehaving_answers_in_a_real_kernel(own_progress):
    sources = [
        f"""
        import sys
        sys.path.insert(0, {str(ROOT)!r})
        from pathlib import Path
        import numpy as np
        from helpers.exercises import check, hint, progress_file
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
            print("x" * 1000)
            e = np.exp(logits)
            e / (logits - logits)
            return e / e.sum(axis=0)
        check("1.2", softmax)
        hint("1.2")""",
    ]
    cells = [nbformat.v4.new_code_cell(textwrap.dedent(source).strip()) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    begin = time.monotonic()
    execute(notebook, own_progress.parent)
    assert time.monotonic() - begin < 20
    endless, wrong = [cell.outputs for cell in code_cells(notebook)[1:]]
    assert [output.output_type for output in endless + wrong] == ["display_data"] * 2 + ["stream"]
    text, html = (endless[0].data[kind] for kind in ("text/plain", "text/html"))
    assert text.startswith("1.2 could not run: It ran for 3 seconds")
    assert "<b>1.2 could not run</b>: It ran for 3 seconds" in html
    assert (
        wrong[0].data["text/plain"].startswith("1.2 not yet: Each column sums to 1, not each row")
    )
    assert wrong[1].text.startswith("1.2 hint 1 of 3: ")
    # This process is not the kernel: a restart loses nothing.
    assert entries() == {"1.2": {"outcome": "not yet", "tries": 2, "hints": 1}}


# check, hint, solution, progress ------------------------------------------------------------------


@pytest.fixture
def three_exercises(monkeypatch):
    """Three small exercises in notebook 01, and no other notebook."""

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


def test_check_prints_outcome_and_message(three_exercises, capsys):
    for name, answer in [("1.3", None), ("1.1", 8), ("1.2", same), ("1.1", 7)]:
        assert check(name, answer) is None
    assert capsys.readouterr().out.splitlines() == [
        "1.3 not started: Nothing here yet. Write your answer, then run the cell again.",
        "1.1 not yet: It is too large.",
        "1.2 not yet: Each number is half of the right one.",
        "    given:     [1., 2.]",
        "    came out:  [1., 2.]",
        "    should be: [2., 4.]",
        "1.1 correct: It matters.",
    ]


def test_tries_are_counted(three_exercises):
    check("1.1", None)
    assert not progress_file.PROGRESS_FILE.exists(), "An untouched cell is not a try."
    check("1.1", 8)
    assert entries() == {"1.1": {"outcome": "not yet", "tries": 1}}
    check("1.1", object())
    check("1.2", lambda numbers: numbers[9])
    assert entries()["1.1"] == {"outcome": "not yet", "tries": 2}
    assert entries()["1.2"] == {"outcome": "could not run", "tries": 1}


def test_solved_exercise_stays_solved(three_exercises):
    check("1.1", 7)
    hint("1.1")
    solution("1.1")
    assert entries() == {"1.1": {"outcome": "correct", "tries": 1, "hints": 1, "asked": 1}}
    check("1.1", 8)
    assert entries()["1.1"]["outcome"] == "correct"


LAST_HINT = 'This is the last hint. Still stuck? solution("1.1") shows one way.'


def test_hints_come_in_order_and_the_last_one_stays(three_exercises, capsys):
    for _ in range(4):
        hint("1.1")
    assert capsys.readouterr().out.splitlines() == [
        "1.1 hint 1 of 3: Look.",
        "1.1 hint 2 of 3: Look again.",
        *2 * ["1.1 hint 3 of 3: Double it.", LAST_HINT],
    ]
    hint("1.2")
    assert capsys.readouterr().out == "1.2 hint 1 of 3: Look.\n"


def test_solution_is_shown_when_asked_twice(three_exercises, capsys):
    hint("1.1")
    check("1.1", None)
    capsys.readouterr()
    solution("1.1")
    assert capsys.readouterr().out == (
        "1.1: try it once yourself and check it. Or ask again to see it now.\n"
    )
    solution("1.1")
    assert capsys.readouterr().out == "1.1 a solution:\n\n7\n\nBecause of this.\n"


def test_hint_is_offered_after_the_second_wrong_answer(three_exercises, capsys):
    for answer in (8, 9, 10):
        check("1.1", answer)
    first, *others = capsys.readouterr().out.split("1.1 not yet: ")[1:]
    assert "hint" not in first
    assert all(other.endswith('stuck?:    hint("1.1")\n') for other in others)
    hint("1.1")
    check("1.2", same)
    check("1.1", 8)
    assert "stuck?" not in capsys.readouterr().out


def test_reset_forgets_one_exercise(three_exercises, capsys):
    check("1.1", 8)
    check("1.2", same)
    check("1.3", 7)
    hint("1.2")
    capsys.readouterr()
    reset("1.2")
    assert capsys.readouterr().out == (
        "1.2 is as new: no tries, no hints. Your cell still has what you wrote.\n"
        "Its starter:\n\ndef double(numbers):\n    ...  # your code here\n"
    )
    assert set(entries()) == {"1.1", "1.3"}
    reset("1.1")
    assert "starter" not in capsys.readouterr().out
    solution("1.2")
    assert "try it once yourself" in capsys.readouterr().out


def test_solution_is_shown_after_a_try(three_exercises, capsys):
    check("1.2", same)
    check("1.3", 7)
    capsys.readouterr()
    solution("1.2")
    assert capsys.readouterr().out == (
        "1.2 your last answer:\n\ndef same(numbers):\n    return numbers\n\n"
        "1.2 a solution:\n\ndef double(numbers):\n    return 2 * numbers\n\nBecause of that.\n"
    )
    solution("1.3")
    assert "\n\nclass Layer:\n    def call(self, inputs):\n" in capsys.readouterr().out


def test_progress_is_a_small_table(three_exercises, capsys):
    check("1.1", 7)
    check("1.2", same)
    hint("1.3")
    capsys.readouterr()
    progress()
    assert capsys.readouterr().out.splitlines() == [
        "notebook   solved   by exercise",
        "01         1 of 3   1.1 correct, 1.2 not yet, 1.3 open",
    ]


@pytest.mark.parametrize("command", [lambda name: check(name, 7), hint, solution, reset])
@pytest.mark.parametrize("name", ["1.9", 1.2, "9.9", "", None, "²", [1], "-1.1"])
def test_unknown_exercise(three_exercises, capsys, command, name):
    command(name)
    known = "Notebook 01 has the exercises 1.1, 1.2, 1.3. " if name in ("1.9", 1.2) else ""
    assert capsys.readouterr().out == (
        f'{known}There is no exercise {name!r}: give its number as a text, such as "1.2".\n'
    )
    assert not progress_file.PROGRESS_FILE.exists()


# Progress -----------------------------------------------------------------------------------------


def test_progress_file_is_in_the_course_and_ignored_by_git():
    assert PROGRESS_FILE == ROOT / "progress.json"
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "/progress*.json" in ignored
    assert not any(line.startswith("!") for line in ignored)


def test_other_entries_are_kept(own_progress):
    assert progress_file.write_entry("2.1", {"tries": 1}) == ""
    assert progress_file.write_entry("1.1", {"hints": 2}) == ""
    assert progress_file.write_entry("2.1", {"tries": 2}) == ""
    assert own_progress.read_text(encoding="utf-8") == (
        '{\n "1.1": {\n  "hints": 2\n },\n "2.1": {\n  "tries": 2\n }\n}\n'
    )


DAMAGED = {
    "garbage": b"\x00\xff\xfe garbage",
    "a list": b'["1.1"]',
    "half a file": b'{"1.1": {"outcome": "correct", "tr',
    "an entry that is a text": b'{"1.1": {"tries": 1}, "1.2": "correct"}',
    "an outcome that is a list": b'{"1.1": {"outcome": ["correct"]}}',
    "a count that is a text": b'{"1.1": {"tries": "3"}}',
    "a count below 0": b'{"1.1": {"tries": 1, "hints": -1}}',
    "too deep": b"[" * 200_000,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_file_is_set_aside(three_exercises, own_progress, capsys, content):
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


def test_folder_in_place_of_the_file_is_set_aside(three_exercises, own_progress, capsys):
    own_progress.mkdir()
    progress()
    assert "0 of 3" in capsys.readouterr().out
    check("1.1", 7)
    assert "progress.json could not be read" in capsys.readouterr().out
    assert own_progress.with_name("progress-damaged.json").is_dir()


def test_file_that_cannot_be_opened_stays(three_exercises, own_progress, monkeypatch, capsys):
    def refuse(path, encoding):
        raise PermissionError(errno.EACCES, "Permission denied")

    check("1.1", 7)
    content = own_progress.read_bytes()
    monkeypatch.setattr(Path, "read_text", refuse)
    capsys.readouterr()
    hint("1.2")
    assert "could not be saved (Permission denied)" in capsys.readouterr().out
    assert own_progress.read_bytes() == content


def test_full_disk_leaves_the_old_progress(three_exercises, monkeypatch, capsys):
    def write_half(path, content):
        with path.open("wb") as file:
            file.write(content[:9])
        raise OSError(errno.ENOSPC, "No space left on device")

    check("1.1", 8)
    monkeypatch.setattr(Path, "write_bytes", write_half)
    capsys.readouterr()
    check("1.1", 7)
    assert capsys.readouterr().out.splitlines() == [
        "1.1 correct: It matters.",
        "Your progress could not be saved (No space left on device): make the folder writable.",
    ]
    assert entries() == {"1.1": {"outcome": "not yet", "tries": 1}}


@pytest.mark.slow
def test_two_processes_may_write_at_once(own_progress):
    program = """if True:
        import sys
        from pathlib import Path
        from helpers.exercises import progress_file
        progress_file.PROGRESS_FILE = Path(sys.argv[1])
        for number in range(200):
            problem = progress_file.write_entry(sys.argv[2], {"tries": number})
            if problem or not progress_file.read_progress():
                sys.exit(problem or "nothing to read")
    """
    writers = [
        subprocess.Popen([sys.executable, "-c", program, own_progress, name], cwd=ROOT)
        for name in ("1.1", "1.2")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert set(entries()) == {"1.1", "1.2"}
    assert [path.name for path in own_progress.parent.iterdir()] == ["progress.json"]
