"""How a result is said to differ from the right one, and how both are shown."""

import re

import numpy as np
import pytest

from helpers.exercises.differences import describe_difference
from helpers.exercises.showing import Code, as_html

TABLE = np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2]])
ROW = np.array([1.5, 2.25, -3.0, 5.0])
NAN = float("nan")

MEASURED = [
    (-ROW, ROW, "The sign is turned round."),
    (100 * TABLE, TABLE, "These are percentages, 100 times too large."),
    (2 * ROW, ROW, "Each number is twice the right one."),
    (ROW / 2, ROW, "Each number is half of the right one."),
    (3 * ROW, ROW, "Each number is 3 times the right one."),
    (ROW / 3, ROW, "Each number is 1/3 of the right one."),
    (ROW * 1.234, ROW, "Each number is 1.234 times the right one."),
    (ROW / np.log(2), ROW, "Each number is as with logarithms to base 2"),
    (ROW / np.log(10), ROW, "Each number is as with logarithms to base 10"),
    (6.0, 2.0, "It is 3 times the right one."),
    (2.5, 2.0, "It is too large."),
    (1.99, 2.0, "It is too small, but close: by less than 2 %."),
    (ROW + 0.5, ROW, "Each number is too large by 0.5."),
    (ROW - 7, ROW, "Each number is too small by 7."),
    ([1, 2, -3, 5], ROW, "What comes after the point is cut off"),
    (np.round(TABLE / 7, 2), TABLE / 7, "These are the right numbers, but rounded to 2 decimals."),
    (np.maximum(ROW, 0), ROW, "The negative numbers have become 0."),
    (np.abs(ROW), ROW, "The signs are lost."),
    (1 - TABLE, TABLE, "These are 1 minus the right numbers."),
    (TABLE**2, TABLE, "These are the squares of the right numbers."),
    (np.sqrt(TABLE), TABLE, "These are the square roots of the right numbers."),
    (np.log(TABLE), TABLE, "These are the natural logarithms of the right numbers."),
    (-np.log(TABLE), TABLE, "These are minus the logarithms of the right numbers."),
    (np.exp(TABLE), TABLE, "These are the exponentials of the right numbers."),
    (1 / ROW, ROW, "These are 1 divided by the right numbers."),
    ([1, 3, 6, 10], [1, 2, 3, 4], "These are running totals of the right numbers."),
    (TABLE[:, :2].T, TABLE[:, :2], "Rows and columns are exchanged."),
    (ROW[::-1], ROW, "The right numbers, in reverse order."),
    (TABLE[::-1], TABLE, "The right rows, in reverse order."),
    (ROW[[1, 0, 2, 3]], ROW, "The right numbers, but in other places."),
    (0 * ROW, ROW, "All your numbers are 0."),
    (0 * ROW + 7, ROW, "All your numbers are 7. They should differ."),
    ([[0.1, 0.2, 0.7], [0, 0, 0]], TABLE, "Only the first is filled in."),
    (TABLE * [[2], [3]], TABLE, "Within each row the proportions are right, but not the size: the "
     "rows sum to 2 and 3, and should to 1 and 1."),
    (TABLE + np.array([[2], [3]]), TABLE, "In each row all numbers are moved by the same amount"),
    ([[0.1, 0.9, 0.3], [0.9, 0.1, 0.7]], TABLE, "Each of your columns sums to 1. Each row should."),
    ([[0.1, 0.2, 0.9], [0.5, 0.1, 0.2]], TABLE, "Each row should sum to 1, and yours sum to 1.2 "),
    ([0.2, 0.5], [0.3, 0.7], "Your numbers sum to 0.7, and they should sum to 1."),
    ([1.5, 2.25, -3, 9], ROW, "3 of 4 numbers are right. `[3]` is 9 and should be 5."),
    ([[1, 2], [8, 5], [5, 6]], [[1, 2], [3, 4], [5, 6]], "All is right but row 1, counted from 0."),
    ([[1, 8, 3], [4, 9, 6]], [[1, 2, 3], [4, 5, 6]], "All is right but column 1"),
    ([[1, 2], [NAN, 4]], [[1, 2], [3, 4]], "`nan` comes out in row 1, counted from 0. It is what"),
    ([1, -np.inf], [1, 2], "`inf` comes out in place 1, counted from 0. It is what the exponent"),
    (ROW * -2 / 3, ROW, "The sign is turned round, and each number is 2/3 of the right"),
    (5 * ROW / 4, ROW, "Each number is 5/4 times the right one."),
    ([0.1, 0.9], [0.3, 0.7], "The middle is right, but the numbers lie 2 times as far apart."),
    (np.sqrt(TABLE.T), TABLE, "Rows and columns are exchanged. The shape is (3, 2), and it should "
     "be (2, 3). Once they are not: These are the square roots of the right numbers."),
    (np.uint8([250, 6]), [-6, 262], "Numbers have wrapped round"),
    ([3.0, 9.0, 1.0, 4.5], ROW, "None of the numbers is right. From the first: too large, too "
     "large, too large, too small."),
    # Another shape.
    (TABLE.T, TABLE, "The numbers are right, but rows and columns are exchanged. The shape is (3,"),
    (ROW[None], ROW, "The numbers are right, but not their shape."),
    (np.diag(ROW) + 1 - np.eye(4), ROW, "The right numbers stand on the diagonal"),
    ([1, 3], 2, "The mean of your numbers is the right answer."),
    ([1, 3], 4, "The sum of your numbers is the right answer."),
    (ROW.sum(), ROW, "This is the sum of the right numbers."),
    (ROW[:-1], ROW, "What is there is right, but the last is missing."),
    (ROW[1:], ROW, "What is there is right, but the first is missing."),
    ([*ROW, 7], ROW, "The right numbers come first, and then too many others."),
    ([], ROW, "Your result is empty. The shape is (0,), and it should be (4,)."),
]  # fmt: skip


@pytest.mark.parametrize(("got", "wanted", "sentence"), MEASURED)
def test_difference_is_measured(got, wanted, sentence):
    assert describe_difference([(got, wanted)], 1e-4).startswith(sentence)


def test_relation_holds_for_all_examples_or_only_here():
    twice = (2 * ROW, ROW)
    assert describe_difference([twice, (2.0, 1.0)], 1e-4) == "Each number is twice the right one."
    here = describe_difference([twice, (3.0, 1.0)], 1e-4)
    assert here == "In this example: each number is twice the right one."
    # Another example that is right says nothing about the factor.
    assert describe_difference([twice, (1.0, 1.0)], 1e-4) == "Each number is twice the right one."


def test_answer_that_is_always_the_same():
    pairs = [([1.0, 2.0], [3.0, 9.0]), ([1.0, 2.0], [4.0, 7.0])]
    sentence = "The same comes out of each example. Does your function use its arguments?"
    assert describe_difference(pairs, 1e-4) == sentence
    assert describe_difference(pairs[:1], 1e-4) != sentence


def test_misplaced_point_is_said_without_the_number():
    sentence = describe_difference([(0.25, 250.0)], 1e-4, reveal=False)
    assert sentence.startswith("The digits are right, but not the place of the point.")


@pytest.mark.parametrize("got", [[0.3, 0.9], [0.15, 0.6], [2.1, 0.7]])
def test_numbers_of_the_answer_stay_hidden(got):
    sentence = describe_difference([(got, [0.3, 0.7])], 1e-4, reveal=False)
    assert not re.search(r"0\.7\b", sentence)
    assert "times" not in sentence


def test_html_frames_the_wrong_entries_and_escapes():
    details = (
        ("given", Code("<b>&")),
        ("came out", np.array([[1.0, 2.0], [3.0, 5.0]])),
        ("should be", np.array([[1.0, 2.0], [3.0, 4.0]])),
    )
    html = as_html("1.2", "not yet", "Use `a < b`.", details)
    assert "<b>1.2 not yet</b>: Use <code>a &lt; b</code>." in html
    assert "&lt;b&gt;&amp;" in html
    framed = re.findall(r"outline[^>]*><b>([^<]*)</b>", html)
    assert framed == ["5."]
    assert html.count("<td") == 3 + 8
