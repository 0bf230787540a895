"""The NumPy training loop, against finite differences and against the same steps in TensorFlow."""

import numpy as np
import pytest

from helpers.maths import cross_entropy, gradient_error
from helpers.sketches import draw
from helpers.training import (
    loss_and_gradients,
    minibatches,
    predict_logits,
    print_epoch,
    scale_pixels,
    train_softmax_regression,
)


@pytest.fixture(scope="module")
def pictures():
    """A thousand fixed pictures and their labels, read-only: no function may change its input."""
    images, labels = draw(1000, seed=5)
    for array in (images, labels):
        array.setflags(write=False)
    return images, labels


def train_in_tensorflow(tf, images, labels, batches, learning_rate):
    """The same gradient descent by tape: weights, bias, and the loss before each step."""
    inputs = tf.reshape(tf.cast(images, tf.float32) / 255.0, (len(images), -1))
    classes = tf.cast(labels, tf.int64)
    weights, bias = tf.Variable(tf.zeros((784, 10))), tf.Variable(tf.zeros(10))
    losses = []
    for rows in batches:
        with tf.GradientTape() as tape:
            logits = tf.gather(inputs, rows) @ weights + bias
            losses_of_rows = tf.nn.sparse_softmax_cross_entropy_with_logits(
                tf.gather(classes, rows), logits
            )
            loss = tf.reduce_mean(losses_of_rows)
        for variable, gradient in zip(
            (weights, bias), tape.gradient(loss, (weights, bias)), strict=True
        ):
            variable.assign_sub(learning_rate * gradient)
        losses.append(float(loss))
    return weights.numpy(), bias.numpy(), losses


def test_scale_pixels():
    images = np.array([[[0, 255], [51, 102]]], np.uint8)
    images.setflags(write=False)
    rows = scale_pixels(images)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, np.float32([[0, 1, 0.2, 0.4]]))


def random_batch():
    generator = np.random.default_rng(11)
    inputs, labels = generator.random((7, 5)), generator.integers(10, size=7)
    return inputs, labels, generator.normal(size=(5, 10)), generator.normal(size=10)


def test_predict_logits_is_a_weighted_sum():
    inputs, _, weights, bias = random_batch()
    expected = [[sum(row * weights[:, k]) + bias[k] for k in range(10)] for row in inputs]
    np.testing.assert_allclose(predict_logits(inputs, weights, bias), expected, rtol=1e-12)


def test_loss_and_gradients_equal_finite_differences():
    inputs, labels, weights, bias = random_batch()

    def loss(weights, bias):
        return loss_and_gradients(inputs, labels, weights, bias)[0]

    def gradient(weights, bias, which):
        return loss_and_gradients(inputs, labels, weights, bias)[which]

    assert loss(weights, bias) == cross_entropy(inputs @ weights + bias, labels)
    assert gradient_error(lambda w: loss(w, bias), lambda w: gradient(w, bias, 1), weights) < 1e-7
    assert (
        gradient_error(lambda b: loss(weights, b), lambda b: gradient(weights, b, 2), bias) < 1e-7
    )


def test_minibatches_visit_each_row_once():
    batches = list(minibatches(10, 4, np.random.default_rng(0)))
    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert sorted(np.concatenate(batches)) == list(range(10))


def test_minibatches_are_shuffled_again_each_epoch():
    generator = np.random.default_rng(0)
    first, second = (np.concatenate(list(minibatches(50, 8, generator))) for _ in range(2))
    assert not np.array_equal(first, np.arange(50))
    assert not np.array_equal(first, second)


def test_early_losses_equal_tensorflow(pictures, tf):
    """With one batch for all pictures, an epoch is a step: the losses of steps 0 to 100."""
    images, labels = pictures
    _, _, losses = train_softmax_regression(
        images, labels, epochs=101, learning_rate=0.1, batch_size=len(images)
    )
    all_rows = [np.arange(len(images))] * 101
    _, _, expected = train_in_tensorflow(tf, images, labels, all_rows, learning_rate=0.1)
    assert losses[0] == pytest.approx(-np.log(1 / 10), abs=1e-6)
    steps = [0, 1, 10, 50, 100]
    np.testing.assert_allclose(np.take(losses, steps), np.take(expected, steps), atol=1e-5)


def test_minibatch_epochs_equal_tensorflow(pictures, tf):
    images, labels = pictures
    trained = train_softmax_regression(
        images, labels, epochs=2, learning_rate=0.1, batch_size=300, seed=3
    )
    generator = np.random.default_rng(3)
    orders = [generator.permutation(1000) for _ in range(2)]
    batches = [order[start : start + 300] for order in orders for start in (0, 300, 600, 900)]
    weights, bias, losses = train_in_tensorflow(tf, images, labels, batches, learning_rate=0.1)
    for ours, theirs in zip(
        trained, (weights, bias, [np.mean(losses[:4]), np.mean(losses[4:])]), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_training_returns_float32_and_plain_floats(pictures):
    weights, bias, losses = train_softmax_regression(*pictures, epochs=3, learning_rate=0.1)
    assert (weights.shape, weights.dtype) == ((784, 10), np.float32)
    assert (bias.shape, bias.dtype) == ((10,), np.float32)
    assert all(type(loss) is float for loss in losses)


def test_seed_repeats_the_run_exactly(pictures):
    first, again, other = (
        train_softmax_regression(*pictures, epochs=1, learning_rate=0.1, seed=seed)[0]
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_prepare_replaces_scale_pixels(pictures):
    images, labels = pictures
    settings = {"epochs": 1, "learning_rate": 0.1}
    inverted = train_softmax_regression(255 - images, labels, **settings)
    prepared = train_softmax_regression(
        images, labels, **settings, prepare=lambda batch: scale_pixels(255 - batch)
    )
    np.testing.assert_array_equal(prepared[0], inverted[0])


def test_defaults_are_batches_of_256_and_seed_0(pictures):
    run = {"epochs": 1, "learning_rate": 0.05}
    stated = train_softmax_regression(*pictures, **run, batch_size=256, seed=0)
    left_out = train_softmax_regression(*pictures, **run)
    for one, other in zip(stated, left_out, strict=True):
        np.testing.assert_array_equal(one, other)


def test_print_epoch(capsys):
    print_epoch(0, {"accuracy": 0.81249, "loss": 0.5})
    print_epoch(9, {"loss": 12.3456})
    assert (
        capsys.readouterr().out == "epoch  1: accuracy 0.812, loss 0.500\nepoch 10: loss 12.346\n"
    )
