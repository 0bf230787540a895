"""Answers with one mechanical slip are not accepted."""

import pytest

from helpers import NOTEBOOKS
from helpers.exercises import exercises_of
from helpers.exercises.judging import CORRECT, judge
from tests.support.mutants import mutants

pytestmark = pytest.mark.slow

MAKERS = {
    name: make
    for notebook in NOTEBOOKS
    if notebook != 5  # each slip there would build a layer or take a step, a second at a time
    for name, make in exercises_of(notebook).items()
}

# Slips that change nothing: the line that they make.
HARMLESS = {
    "0.3": (
        "pictures = images.reshape(-1, 1, 784)",
        "averages = centroids.reshape(1, 10, 784)",
        "pictures = images.reshape(-2, 1, 784).astype(float)",
    ),
    "0.4": ("return [hits[labels == number].mean() for number in range(10)]",),
    "2.3": ("return largest[:, -1] + np.log(total)",),
    "6.3": (
        "return [number for number, column in enumerate(matrix.T) if column.mean() == 0]",
        "return [number for number, column in enumerate(matrix.T) if column.max() == 0]",
    ),
    "8.3": ("return candidates[np.argmin(losses)]",),
    "9.3": (
        "return np.abs(ours - theirs).max() <= 1e-05",
        "return bool(np.abs(ours - theirs).max() < 1e-05)",
    ),
    "4.4": ("pixels = scale_pixels(image[np.newaxis])[-1]",),
    "4.5": (
        "difference = images.reshape(len(images), -2) - mean",
        "return np.where(changes, difference / np.where(changes, spread, 2), 0)",
        "return np.where(changes, difference / np.where(changes, spread, 0), 0)",
    ),
}


@pytest.mark.parametrize("name", MAKERS)
def test_answer_with_a_slip_is_not_accepted(name):
    exercise = MAKERS[name]()
    if not callable(exercise.solution):
        pytest.skip("not a function")
    tried = [(line, judge(exercise, answer)) for line, answer in mutants(exercise.solution)]
    assert len(tried) >= 4
    accepted = {line for line, verdict in tried if verdict.outcome == CORRECT}
    assert accepted <= set(HARMLESS.get(name, ()))
