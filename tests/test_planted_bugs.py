"""Each planted mistake shows in its curve as exercises 6.4 and 8.5 need it."""

import numpy as np
import pytest

from helpers.metrics import accuracy
from helpers.planted_bugs import FACTORS, PROGRAMS, loss_curve, predictions
from helpers.sketches import draw

pytestmark = pytest.mark.slow

STEPS = 40
NO_KNOWLEDGE = np.log(10)
FLOOR = np.log1p(9 / np.e)  # softmax twice: the best score is 1, the nine others are 0


@pytest.fixture(scope="module")
def curves():
    """The loss curve of each program on ten classes with four minibatches each."""
    images, labels = draw(256 * STEPS, seed=3)
    return {program: loss_curve(program, images, labels, STEPS) for program in PROGRAMS}


def test_one_loss_per_step(curves):
    assert list(curves) == ["A", "B", "C", "D"]
    assert {len(curve) for curve in curves.values()} == {STEPS}


def test_shuffled_labels_stay_at_log_10(curves):
    assert abs(np.mean(curves["A"][20:]) - NO_KNOWLEDGE) < 0.1


def test_high_learning_rate_has_a_spike(curves):
    assert max(curves["B"][1:10]) > 2 * curves["B"][0]
    assert curves["B"][-1] < NO_KNOWLEDGE


def test_sorted_classes_jump_at_each_class(curves):
    by_class = np.reshape(curves["C"], (10, 4))  # four minibatches of each
    assert np.all(np.diff(by_class, axis=1) < 0)
    assert by_class[0, -1] < 0.5
    assert by_class[1, 0] > NO_KNOWLEDGE
    assert by_class.max() > 2 * NO_KNOWLEDGE


def test_double_softmax_stays_above_its_floor(curves):
    assert abs(curves["D"][0] - NO_KNOWLEDGE) < 0.05
    assert FLOOR < min(curves["D"]) < 1.9


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="There is no program 'E'; choose one of A, B, C, D"):
        loss_curve("E", np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8))
    with pytest.raises(ValueError, match="There is no model 'E'; choose one of A, B, C, D"):
        predictions("E")


def test_all_models_have_the_same_labels():
    labels = [predictions(model)[1] for model in FACTORS]
    assert len(labels) == 4
    assert labels[0].shape == (20_000,)
    assert all(np.array_equal(labels[0], others) for others in labels)
    assert np.bincount(labels[0], minlength=10).min() > 1800


def test_calibration_of_each_model():
    found = {}
    for model in FACTORS:
        probabilities, labels = predictions(model)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
        found[model] = accuracy(labels, probabilities.argmax(axis=1)), probabilities.max(axis=1)
    assert found["A"][0] == found["C"][0] == found["D"][0]
    assert 0.55 < found["D"][0] < 0.65
    gap = {model: sure.mean() - share for model, (share, sure) in found.items()}
    assert gap["A"] < -0.2  # underconfident
    assert gap["C"] > 0.2  # overconfident
    assert abs(gap["D"]) < 0.01
    assert np.all(found["B"][1] == found["B"][1][0])  # uniform
    assert abs(gap["B"]) < 0.01
