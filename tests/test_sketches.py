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

T_SHIRT, PULLOVER, COAT, SHIRT = 0, 2, 4, 6
HARD_BLOCK = [T_SHIRT, PULLOVER, COAT, SHIRT]
SHOES = [5, 7, 9]


def rows(images):
    return images.reshape(len(images), -1) / np.float32(255)


def nearest_centroid(inputs, labels, test_inputs):
    centroids = np.stack([inputs[labels == label].mean(axis=0) for label in range(10)])
    return np.argmin((centroids**2).sum(axis=1) - 2 * test_inputs @ centroids.T, axis=1)


def nearest_neighbour(inputs, labels, test_inputs):
    return labels[np.argmin((inputs**2).sum(axis=1) - 2 * test_inputs @ inputs.T, axis=1)]


def softmax_regression(inputs, labels, test_inputs, epochs=10):
    """Predict by a linear model, with its weights averaged over the later epochs.

    The last weights alone swing by several per cent from step to step, because four of the classes
    are hard to tell apart.
    """
    generator = np.random.default_rng(0)
    weights, total = np.zeros((2, inputs.shape[1], 10), np.float32)
    targets = np.eye(10, dtype=np.float32)[labels]
    for epoch in range(epochs):
        for batch in np.array_split(generator.permutation(len(inputs)), len(inputs) // 256):
            batch_inputs = inputs[batch]
            scores = batch_inputs @ weights
            exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
            probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
            weights -= 0.1 * batch_inputs.T @ (probabilities - targets[batch]) / len(batch)
            if epoch >= epochs // 2:
                total += weights
    return np.argmax(test_inputs @ total, axis=1)


@pytest.fixture(scope="module")
def pictures():
    return draw(10_000, seed=3)


@pytest.fixture(scope="module")
def test_pictures():
    return draw(2_000, seed=4)


@pytest.mark.parametrize("count", [0, 1, 7, 10, 2_345, np.int64(20)])
def test_count_shapes_and_types(count):
    images, labels = draw(count, seed=0)
    assert (images.shape, images.dtype) == ((count, 28, 28), np.uint8)
    assert (labels.shape, labels.dtype) == ((count,), np.uint8)


def test_labels_follow_the_class_names():
    drawn = [garment.__name__.replace("_", " ") for garment in GARMENTS]
    named = [name.removesuffix("/top").replace("-", " ").lower() for name in CLASS_NAMES]
    assert drawn == named


def test_classes_are_balanced():
    counts = np.bincount(draw(2_340, seed=0)[1], minlength=10)
    assert counts.tolist() == [234] * 10
    counts = np.bincount(draw(2_343, seed=0)[1], minlength=10)
    assert sorted(counts) == [234] * 7 + [235] * 3


def test_order_is_shuffled():
    """Batches of sorted or cyclic labels would all be alike."""
    labels = draw(1_000, seed=0)[1]
    neighbours_equal = np.mean(labels[1:] == labels[:-1])
    assert 0.05 < neighbours_equal < 0.15  # sorted: 0.99, cyclic: 0


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


def test_bright_garment_on_black(pictures):
    images, labels = pictures
    assert np.all(images.max(axis=(1, 2)) > 50)  # darker ones are invisible
    for label in range(10):
        covered = np.mean(images[labels == label] > 25, axis=(1, 2))
        assert covered.min() > 0.03, label
        assert covered.max() < 0.9, label
        assert np.mean(images[labels == label] == 0) > 0.25, label


def test_garments_are_centred(pictures):
    """Shoes are low in the picture, as the real ones are."""
    images, labels = pictures
    grid = np.arange(28)
    for label in range(10):
        mean = images[labels == label].mean(axis=0)
        row, column = (np.average(grid, weights=mean.sum(axis=axis)) for axis in (1, 0))
        assert 12 < column < 15.5, label
        assert 11 < row < (18.5 if label in SHOES else 16.5), label


def test_tops_are_symmetric_and_shoes_point_left(pictures):
    images, labels = pictures
    for label in range(10):
        mean = images[labels == label].mean(axis=0)
        left, right = mean[:, :14], mean[:, :13:-1]
        lopsided = np.abs(left - right).sum() / mean.sum()
        if label in SHOES:
            upper = mean[:18]  # above the sole the ankle is higher than the toe
            assert upper[:, 14:].sum() > 1.5 * upper[:, :14].sum(), label
        else:
            assert lopsided < 0.05, label


@pytest.mark.parametrize(
    ("count", "seed", "error", "message"),
    [
        (-1, 0, ValueError, "count must be 0 or more, but it is -1."),
        (1, -5, ValueError, "seed must be 0 or more, but it is -5."),
        (2.5, 0, TypeError, "count must be a whole number, but it is 2.5."),
        ("ten", 0, TypeError, "count must be a whole number, but it is 'ten'."),
        (1, None, TypeError, "seed must be a whole number, but it is None."),
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


def test_nearest_centroid_accuracy(pictures, test_pictures):
    predicted = nearest_centroid(rows(pictures[0]), pictures[1], rows(test_pictures[0]))
    assert 0.60 < np.mean(predicted == test_pictures[1]) < 0.80


def test_linear_model_accuracy(pictures, test_pictures):
    predicted = softmax_regression(rows(pictures[0]), pictures[1], rows(test_pictures[0]))
    assert 0.80 < np.mean(predicted == test_pictures[1]) < 0.90


def test_most_mistakes_are_among_the_four_tops(pictures, test_pictures):
    """By nearest neighbour, which needs no training."""
    labels = test_pictures[1]
    predicted = nearest_neighbour(rows(pictures[0]), pictures[1], rows(test_pictures[0]))
    wrong = predicted != labels
    inside = np.isin(labels, HARD_BLOCK) & np.isin(predicted, HARD_BLOCK)
    assert np.sum(wrong & inside) > 0.5 * np.sum(wrong)
    recalls = [np.mean(predicted[labels == label] == label) for label in range(10)]
    assert np.argmin(recalls) == SHIRT
