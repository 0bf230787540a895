"""Each planted mistake leaves the trace that exercises 6.4 and 8.5 ask learners to read."""

import numpy as np
import pytest

from helpers.metrics import accuracy
from helpers.planted_bugs import FACTORS, PROGRAMS, loss_curve, predictions
from helpers.sketches import draw

STEPS = 40
NO_KNOWLEDGE = np.log(10)
FLOOR = np.log1p(9 / np.e)  # softmax twice: the best score is 1, the nine others are 0


@pytest.fixture(scope="module")
def curves():
    """Of ten classes with four minibatches each."""
    images, labels = draw(256 * STEPS, seed=3)
    return {program: loss_curve(program, images, labels, STEPS) for program in PROGRAMS}


def test_every_curve_has_a_loss_for_each_step(curves):
    assert list(curves) == ["A", "B", "C", "D"]
    assert {len(curve) for curve in curves.values()} == {STEPS}


def test_shuffled_labels_teach_nothing(curves):
    assert abs(np.mean(curves["A"][20:]) - NO_KNOWLEDGE) < 0.1


def test_a_rate_too_high_throws_the_loss_up_before_it_falls(curves):
    assert max(curves["B"][1:10]) > 2 * curves["B"][0]
    assert curves["B"][-1] < NO_KNOWLEDGE


def test_sorted_pictures_are_easy_until_the_next_class_comes(curves):
    by_class = np.reshape(curves["C"], (10, 4))  # four minibatches of each
    assert np.all(np.diff(by_class, axis=1) < 0)
    assert by_class[0, -1] < 0.5
    assert by_class[1, 0] > NO_KNOWLEDGE
    assert by_class.max() > 2 * NO_KNOWLEDGE


def test_softmax_twice_begins_at_log_10_and_stays_above_its_floor(curves):
    assert abs(curves["D"][0] - NO_KNOWLEDGE) < 0.05
    assert FLOOR < min(curves["D"]) < 1.9


def test_an_unknown_program_or_model_is_said_in_a_sentence():
    with pytest.raises(ValueError, match="There is no program 'E'; choose one of A, B, C, D"):
        loss_curve("E", np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8))
    with pytest.raises(ValueError, match="There is no model 'E'; choose one of A, B, C, D"):
        predictions("E")


def test_all_models_answer_the_same_pictures():
    labels = [predictions(model)[1] for model in FACTORS]
    assert len(labels) == 4
    assert labels[0].shape == (20_000,)
    assert all(np.array_equal(labels[0], others) for others in labels)
    assert np.bincount(labels[0], minlength=10).min() > 1800


def test_each_model_has_its_character():
    found = {}
    for model in FACTORS:
        probabilities, labels = predictions(model)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
        found[model] = accuracy(labels, probabilities.argmax(axis=1)), probabilities.max(axis=1)
    assert found["A"][0] == found["C"][0] == found["D"][0]
    assert 0.55 < found["D"][0] < 0.65
    promised = {model: sure.mean() - share for model, (share, sure) in found.items()}
    assert promised["A"] < -0.2  # doubts what it knows
    assert promised["C"] > 0.2  # boasts
    assert abs(promised["D"]) < 0.01
    assert np.all(found["B"][1] == found["B"][1][0])  # knows nothing, and says so
    assert abs(promised["B"]) < 0.01
