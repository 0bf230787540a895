"""Softmax regression in NumPy, trained by minibatch gradient descent.

Pictures stay uint8 until a batch needs floats, so that a laptop holds them in memory only once.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from helpers.maths import Array, cross_entropy_and_gradient


def scale_pixels(images: NDArray[np.uint8]) -> Array:
    """Flatten pictures (n, 28, 28) to rows (n, 784) and scale 0…255 to 0…1, as float32."""
    return images.reshape(len(images), -1) / np.float32(255)  # (n, 784), from 0 to 1


def predict_logits(inputs: Array, weights: Array, bias: Array) -> Array:
    """Ten scores for each row: inputs (n, 784) @ weights (784, 10) + bias (10,)."""
    return inputs @ weights + bias  # (n, 10)


def loss_and_gradients(
    inputs: Array, labels: NDArray[np.integer], weights: Array, bias: Array
) -> tuple[float, Array, Array]:
    """Mean cross-entropy of a batch, and its gradients with respect to `weights` and `bias`."""
    logits = predict_logits(inputs, weights, bias)
    loss, error = cross_entropy_and_gradient(logits, labels)  # error is (n, 10)
    return loss, inputs.T @ error, error.sum(axis=0)


def minibatches(
    count: int, batch_size: int, generator: np.random.Generator
) -> Iterator[NDArray[np.intp]]:
    """Yield the row numbers of one epoch: all of 0…count-1, shuffled, `batch_size` at a time."""
    order = generator.permutation(count)
    for start in range(0, count, batch_size):
        yield order[start : start + batch_size]


def train_softmax_regression(
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    *,
    epochs: int,
    learning_rate: float,
    batch_size: int = 256,
    seed: int = 0,
    prepare: Callable[[NDArray[np.uint8]], Array] = scale_pixels,
) -> tuple[Array, Array, list[float]]:
    """Train from zero weights; return weights (784, 10), bias (10,) and each epoch's loss.

    An epoch's loss is the mean over its batches, each taken before its step. `prepare` turns a
    batch of pictures into float rows; notebook 04 swaps it to show why pixels are scaled.
    """
    generator = np.random.default_rng(seed)
    weights = np.zeros((images[0].size, 10), np.float32)
    bias = np.zeros(10, np.float32)
    epoch_losses = []
    for _ in range(epochs):
        batch_losses = []
        for rows in minibatches(len(images), batch_size, generator):
            loss, weights_gradient, bias_gradient = loss_and_gradients(
                prepare(images[rows]), labels[rows], weights, bias
            )
            weights -= learning_rate * weights_gradient
            bias -= learning_rate * bias_gradient
            batch_losses.append(loss)
        epoch_losses.append(float(np.mean(batch_losses)))
    return weights, bias, epoch_losses


def print_epoch(epoch: int, logs: dict[str, float]) -> None:
    """Print one line for an epoch, as `keras.callbacks.LambdaCallback(on_epoch_end=…)` calls it."""
    values = ", ".join(f"{name} {value:.3f}" for name, value in logs.items())
    print(f"epoch {epoch + 1:2}: {values}")
