"""The sketches are well-formed, repeatable, fast, and as hard as the course needs them."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from helpers import ROOT
from helpers.data import CLASS_NAMES
from helpers.sketches import GARMENTS, Dice, draw
from helpers.training import predict_logits, scale_pixels, train_softmax_regression

T_SHIRT, PULLOVER, COAT, SHIRT = 0, 2, 4, 6
HARD_BLOCK = [T_SHIRT, PULLOVER, COAT, SHIRT]
SHOES = [5, 7, 9]


@pytest.fixture(scope="module")
def pictures():
    return draw(10_000, seed=3)


@pytest.mark.parametrize("count", [0, 7, np.int64(2_343)])
def test_shapes_and_types(count):
    images, labels = draw(count, seed=0)
    assert (images.shape, images.dtype) == ((count, 28, 28), np.uint8)
    assert (labels.shape, labels.dtype) == ((count,), np.uint8)


def test_labels_follow_the_class_names():
    drawn = [garment.__name__.replace("_", " ") for garment in GARMENTS]
    named = [name.removesuffix("/top").replace("-", " ").lower() for name in CLASS_NAMES]
    assert drawn == named


def test_classes_are_balanced_and_shuffled():
    """Batches of sorted or cyclic labels would all be alike."""
    labels = draw(2_343, seed=0)[1]
    assert sorted(np.bincount(labels)) == [234] * 7 + [235] * 3
    assert 0.05 < np.mean(labels[1:] == labels[:-1]) < 0.15  # sorted: 0.99, cyclic: 0


def test_seed_decides_the_pictures(pictures):
    images, labels = draw(10_000, seed=3)
    np.testing.assert_array_equal(images, pictures[0])
    np.testing.assert_array_equal(labels, pictures[1])
    others, other_labels = draw(10_000, seed=4)
    assert np.any(labels != other_labels)
    for label in range(10):
        assert np.any(images[labels == label] != others[other_labels == label])


def print_unrounded():
    """Print garments as floats: rounding to 255 steps would hide the last digit."""
    stream = np.random.PCG64(5)
    for garment in GARMENTS:
        dice = Dice(stream, 200)
        x = np.arange(28, dtype=np.float32) - dice.between(13, 14)
        y = np.arange(28, dtype=np.float32).reshape(28, 1) - dice.between(-0.5, 0.5)
        sys.stdout.buffer.write(garment(dice, x, y).tobytes())


@pytest.mark.slow
def test_same_bits_without_simd_and_without_tensorflow():
    """No pixel depends on the processor, and drawing does not load TensorFlow."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    script = (
        "import sys; from tests.test_sketches import print_unrounded; print_unrounded();"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules"
    )
    with_units, without_units = (
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env=os.environ | {"NPY_DISABLE_CPU_FEATURES": ",".join(disabled)},
            capture_output=True,
            check=True,
        ).stdout
        for disabled in ([], found)
    )
    assert len(with_units) == len(GARMENTS) * 200 * 28 * 28 * 4
    assert with_units == without_units


def test_no_picture_is_repeated(pictures):
    """Restarting the random stream for each chunk would repeat pictures."""
    assert len(np.unique(pictures[0].reshape(10_000, -1), axis=0)) == 10_000


@pytest.mark.parametrize("label", range(10), ids=CLASS_NAMES)
def test_garment_is_bright_centred_and_the_right_way_round(pictures, label):
    images = pictures[0][pictures[1] == label]
    assert np.all(images.max(axis=(1, 2)) > 50)  # darker ones are invisible
    covered = np.mean(images > 25, axis=(1, 2))
    assert covered.min() > 0.03
    assert covered.max() < 0.9
    assert np.mean(images == 0) > 0.25

    mean = images.mean(axis=0)
    row, column = (np.average(range(28), weights=mean.sum(axis=axis)) for axis in (1, 0))
    assert 12 < column < 15.5
    assert 11 < row < (18.5 if label in SHOES else 16.5)
    if label in SHOES:  # above the sole the ankle, on the right, is higher than the toe
        assert mean[:18, 14:].sum() > 1.5 * mean[:18, :14].sum()
    else:
        assert np.abs(mean[:, :14] - mean[:, :13:-1]).sum() < 0.05 * mean.sum()


@pytest.mark.parametrize(
    ("count", "seed", "error", "message"),
    [
        (-1, 0, ValueError, "count must be 0 or more, but it is -1."),
        (1, -5, ValueError, "seed must be 0 or more, but it is -5."),
        ("ten", 0, TypeError, "count must be a whole number, but it is 'ten'."),
    ],
)
def test_bad_count_or_seed_is_rejected(count, seed, error, message):
    with pytest.raises(error) as caught:
        draw(count, seed)
    assert str(caught.value) == message


def test_drawing_is_fast():
    """70,000 in 10 s allow 1.4 s of processor time: other tests run at the same time."""
    start = time.process_time()
    draw(10_000, seed=0)
    assert time.process_time() - start < 1.4


@pytest.mark.slow
def test_sketches_are_as_hard_as_the_course_needs(pictures):
    images, labels = pictures
    inputs, (test_images, test_labels) = scale_pixels(images), draw(2_000, seed=4)
    test_inputs = scale_pixels(test_images)

    def nearest(rows):
        return np.argmin((rows**2).sum(axis=1) - 2 * test_inputs @ rows.T, axis=1)

    centroids = np.stack([inputs[labels == label].mean(axis=0) for label in range(10)])
    assert 0.60 < np.mean(nearest(centroids) == test_labels) < 0.80

    weights, bias, _ = train_softmax_regression(images, labels, epochs=10, learning_rate=0.1)
    predicted = predict_logits(test_inputs, weights, bias).argmax(axis=1)
    assert 0.80 < np.mean(predicted == test_labels) < 0.90

    predicted = labels[nearest(inputs)]  # by nearest neighbour, which needs no training
    wrong = predicted != test_labels
    inside = np.isin(test_labels, HARD_BLOCK) & np.isin(predicted, HARD_BLOCK)
    assert np.sum(wrong & inside) > 0.5 * np.sum(wrong)
    recalls = [np.mean(predicted[test_labels == label] == label) for label in range(10)]
    assert np.argmin(recalls) == SHIRT
