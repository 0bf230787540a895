"""Does confidence outgrow accuracy, and does one temperature repair it? One network, trained anew.

The bands of notebook 08 are measured by `python -m tools.claims 08`, in minutes. This is the quick
look whether the mechanism is still there, in about 15 seconds of the processor.
"""

import numpy as np
import pytest

from helpers import data
from helpers.layers import SoftmaxCrossEntropy
from helpers.maths import cross_entropy, softmax
from helpers.metrics import expected_calibration_error
from helpers.networks import scores_of
from tools.claims.notebook_08 import TRAINING, growth, near_95, repair, trained


@pytest.fixture(scope="module")
def pictures():
    return data.load()


@pytest.fixture(scope="module")
def run(pictures):
    """The model, and its validation scores after epochs 15 and 45."""
    labels = pictures.train_labels[:TRAINING]
    return trained(0, labels, SoftmaxCrossEntropy(), pictures, look_after=(15, 45))


def test_the_confidence_grows_and_the_accuracy_does_not(run, pictures):
    _, looks = run
    grown = growth(looks, pictures.train_labels[TRAINING:])
    assert abs(grown["accuracy grows by"]) < 0.02
    assert grown["confidence grows by"] > 0.01
    assert grown["NLL grows by"] > 0
    assert grown["ECE grows by the factor"] > 1.5


def test_a_temperature_from_validation_repairs_the_test_set_and_keeps_every_answer(run, pictures):
    model, looks = run
    temperature = repair(looks[45], pictures.train_labels[TRAINING:])["T"]
    assert 1.3 < temperature < 2.3
    scores, labels = scores_of(model, pictures.test_images), pictures.test_labels
    cooled = scores / temperature
    np.testing.assert_array_equal(cooled.argmax(axis=1), scores.argmax(axis=1))
    assert cross_entropy(cooled, labels) < cross_entropy(scores, labels)
    before, after = (expected_calibration_error(softmax(z), labels) for z in (scores, cooled))
    assert after < before / 2
    assert near_95(softmax(scores), labels) < 0.92 < near_95(softmax(cooled), labels)


def test_a_picture_full_of_ink_is_certain_with_and_without_a_temperature(run, pictures):
    model, looks = run
    temperature = repair(looks[45], pictures.train_labels[TRAINING:])["T"]
    scores = scores_of(model, np.full((10, 28, 28), 255, np.uint8))
    assert softmax(scores).max() > 0.95
    assert softmax(scores / temperature).max() > 0.85
