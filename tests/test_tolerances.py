"""Each numeric exercise accepts rounding, and refuses the nearest answer that is wrong."""

from functools import cache
from inspect import signature

import numpy as np
import pytest

from helpers import NOTEBOOKS
from helpers.exercises import exercises_of
from helpers.exercises.judging import CORRECT, NOT_YET, judge

# Results of functions, layers and losses, times 1 + one of these.
ROUNDING, TOO_MUCH = 2e-5, 1e-3
SCALED = dict.fromkeys(
    (
        *("0.3", "0.4", "1.2", "1.4", "2.2", "2.3", "2.4", "2.6", "3.2", "3.4", "3.5"),
        *("4.1", "4.2", "4.3", "4.4", "4.5", "5.1", "5.2", "5.4", "6.1", "6.2", "7.2", "7.4"),
        *("8.1", "8.2", "8.3", "8.4", "10.3", "10.5"),
    ),
    (ROUNDING, TOO_MUCH),
)
SCALED["10.4"] = (1e-5, 1e-4)  # z = 1.95 in place of 1.96 moves an end by 2e-4
SCALED["10.5"] = (ROUNDING, 5e-3)  # differences of a few hundredths

# For answers that are numbers: what is still right, and what is not, on both sides.
VALUES = {
    "0.2": [(1377.99, 1378.01), (1377.75, 1378.2)],
    "1.1": [([0.12, 0.25, 0.63],), ([0.118, 0.25, 0.625], [0.132, 0.25, 0.625])],
    "2.1": [(8.0,), (7, 9, 8.06)],
    "2.5": [(16.113, 16.12), (16.10, 16.14)],
    "3.1": [
        ([0.69, 4.61, 4.525], [0.6931, 4.6052, 4.4998]),
        ([0.675, 4.61, 4.5], [0.705, 4.61, 4.5]),
    ],
    "3.3": [
        ([[0.257, -0.125, -0.125], [-0.125, 0.1875, -0.0625], [-0.125, -0.0625, 0.1875]],),
        ([[0.26, -0.125, -0.125], [-0.125, 0.1875, -0.0625], [-0.125, -0.0625, 0.1875]],),
    ],
    "5.3": [(199082,), (199081, 199083)],
    "7.3": [([15, 760, 4],), ([15, 759, 4], [15, 761, 4], [14, 760, 4], [16, 760, 4])],
    "9.4": [(2.04, 2.08, 2.11), (2.02, 2.13)],
}


@cache
def exercise(name):
    return exercises_of(int(name.partition(".")[0]))[name]()


def scaled(results, factor):
    """Results, or each of several, times a factor."""
    if isinstance(results, tuple | list):
        return [scaled(result, factor) for result in results]
    return results * factor


def scaled_solution(solution, factor):
    if not isinstance(solution, type):
        return lambda *arguments: scaled(solution(*arguments), factor)

    class ScaledLayer(solution):
        def call(self, inputs):
            return super().call(inputs) * factor

    class ScaledLoss(solution):
        def call(self, labels, logits):
            return super().call(labels, logits) * factor

    return ScaledLoss if "labels" in signature(solution.call).parameters else ScaledLayer


@pytest.mark.parametrize("name", SCALED)
@pytest.mark.parametrize("side", [1, -1])
def test_rounding_is_accepted_and_a_near_miss_is_not(name, side):
    made, (rounding, too_much) = exercise(name), SCALED[name]
    right = judge(made, scaled_solution(made.solution, 1 + side * rounding))
    assert right.outcome == CORRECT, right.message
    wrong = judge(made, scaled_solution(made.solution, 1 + side * too_much))
    assert wrong.outcome == NOT_YET


@pytest.mark.parametrize("name", VALUES)
def test_values_near_the_limit(name):
    accepted, refused = VALUES[name]
    assert [judge(exercise(name), value).outcome for value in accepted] == [CORRECT] * len(accepted)
    assert [judge(exercise(name), value).outcome for value in refused] == [NOT_YET] * len(refused)


def test_every_exercise_with_numbers_is_here():
    """Integers, choices and measured values have no near miss."""
    without = {"0.1", "1.3", "1.5", "3.6", "5.5", "6.3", "6.4", "6.5", "7.1", "7.5", "7.6"}
    without |= {"8.5", "9.1", "9.2", "9.3", "10.1", "10.2"}
    every = {name for number in NOTEBOOKS for name in exercises_of(number)}
    assert every == SCALED.keys() | VALUES.keys() | without
    assert np.isfinite([value for pair in SCALED.values() for value in pair]).all()
