"""Softmax, its relatives and their gradients, in NumPy: the formulas of notebooks 01 to 03.

Functions of scores keep float16, float32 and float64, turn integers into float64, and leave their
input unchanged. A score of -inf means "impossible". A group of scores whose largest is not finite
(NaN, +inf, or nothing but -inf) has no softmax: all but `naive_softmax` raise ValueError.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]

NO_SOFTMAX = (
    "The scores contain NaN, +inf, or a row of nothing but -inf, which has no softmax; "
    "find the step before this one that produced them."
)

# A score far below the largest has a probability that rounds to 0. That is correct, so the
# functions that meet it don't report it, whatever np.seterr says.
_expects_underflow = np.errstate(over="ignore", under="ignore")


def _as_floats(values: ArrayLike) -> Array:
    array = np.asarray(values)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _largest(logits: Array, axis: int) -> Array:
    """Largest score of each group, dimension kept; ValueError if a group has no softmax."""
    if not -logits.ndim <= axis < logits.ndim or logits.shape[axis] == 0:
        raise ValueError(
            f"softmax needs at least one score along axis {axis}, "
            f"but got an array of shape {logits.shape}; pass a list of scores."
        )
    largest = logits.max(axis=axis, keepdims=True)
    if not np.isfinite(largest).all():
        raise ValueError(NO_SOFTMAX)
    return largest


def _sum(exponentials: Array, axis: int) -> Array:
    """Sum, dimension kept, in float32 or better: a sum in float16 stops growing at 2,048."""
    precision = np.promote_types(exponentials.dtype, np.float32)
    return exponentials.sum(axis=axis, keepdims=True, dtype=precision)


def naive_softmax(logits: ArrayLike, axis: int = -1) -> Array:
    """exp(z_i) / sum_j exp(z_j), exactly as the formula reads, same shape as `logits`.

    It overflows for large scores, as notebook 02 shows. Use `softmax`.
    """
    exponentials = np.exp(_as_floats(logits))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


@_expects_underflow
def softmax(logits: ArrayLike, axis: int = -1) -> Array:
    """Probabilities exp(z_i) / sum_j exp(z_j), same shape as `logits`.

    Subtracting the largest score changes nothing on paper, and exp never overflows
    (Goodfellow, Bengio and Courville, "Deep Learning", section 4.1).
    """
    logits = _as_floats(logits)
    exponentials = np.exp(logits - _largest(logits, axis))
    return (exponentials / _sum(exponentials, axis)).astype(logits.dtype)


@_expects_underflow
def logsumexp(logits: ArrayLike, axis: int = -1, keepdims: bool = False) -> Array:
    """log(sum_j exp(z_j)) without overflow: m + log(sum_j exp(z_j - m)), m the largest score."""
    logits = _as_floats(logits)
    largest = _largest(logits, axis)
    result = largest + np.log(_sum(np.exp(logits - largest), axis))
    return (result if keepdims else result.squeeze(axis)).astype(logits.dtype)


@_expects_underflow
def log_softmax(logits: ArrayLike, axis: int = -1) -> Array:
    """Logarithm of softmax, z_i - logsumexp(z): finite even where softmax itself rounds to 0.

    The largest score is subtracted from both terms, which would lose digits if both were large.
    """
    logits = _as_floats(logits)
    shifted = logits - _largest(logits, axis)
    return (shifted - np.log(_sum(np.exp(shifted), axis))).astype(logits.dtype)


def one_hot(labels: ArrayLike, classes: int) -> Array:
    """Rows of 0 with a 1 at each label: shape (..., classes), float64."""
    labels = checked_labels(labels, classes)
    return (labels[..., np.newaxis] == np.arange(classes)).astype(np.float64)


def checked_labels(labels: ArrayLike, classes: int) -> NDArray[np.intp]:
    """The labels as an array of indices; ValueError unless all are integers in 0…classes-1."""
    labels = np.asarray(labels)
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"Labels must be integers, but they are {labels.dtype}; pass class ids.")
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise ValueError(
            f"Labels must lie between 0 and {classes - 1}, "
            f"but they run from {labels.min()} to {labels.max()}."
        )
    return labels.astype(np.intp)


def scores_and_labels(scores: ArrayLike, labels: ArrayLike) -> tuple[Array, NDArray[np.intp]]:
    """Scores (..., classes) as floats, labels (...) as indices; ValueError if they do not fit."""
    scores = _as_floats(scores)
    if scores.ndim == 0 or scores.size == 0:
        raise ValueError(
            f"There must be at least one row of scores, but they have shape {scores.shape}."
        )
    labels = checked_labels(labels, scores.shape[-1])
    if labels.shape != scores.shape[:-1]:
        raise ValueError(
            f"Labels of shape {labels.shape} do not fit scores of shape {scores.shape}: "
            "pass one label for each row of scores."
        )
    return scores, labels


def cross_entropy(logits: ArrayLike, labels: ArrayLike) -> float:
    """Mean of -log(softmax(logits)[label]) over all rows, in nats.

    `logits` has shape (..., classes), `labels` holds one integer for each row, shape (...).
    Working from logits, not probabilities, keeps a confident mistake finite; only a label whose
    score is -inf costs infinity.
    """
    logits, labels = scores_and_labels(logits, labels)
    at_label = np.take_along_axis(log_softmax(logits), labels[..., np.newaxis], axis=-1)
    return float(-at_label.mean())


@_expects_underflow
def cross_entropy_gradient(logits: ArrayLike, labels: ArrayLike) -> Array:
    """Gradient of `cross_entropy` with respect to `logits`: (softmax - one_hot) / rows.

    Same shape as `logits`. Derived in notebook 03; Bishop, "Pattern Recognition and Machine
    Learning", equation 4.109.
    """
    logits, labels = scores_and_labels(logits, labels)
    truth = one_hot(labels, logits.shape[-1]).astype(logits.dtype)
    return (softmax(logits) - truth) / labels.size


@_expects_underflow
def cross_entropy_and_gradient(logits: ArrayLike, labels: ArrayLike) -> tuple[float, Array]:
    """`cross_entropy` and `cross_entropy_gradient` from a single softmax, for training."""
    logits, labels = scores_and_labels(logits, labels)
    log_probabilities = log_softmax(logits)
    at_label = np.take_along_axis(log_probabilities, labels[..., np.newaxis], axis=-1)
    truth = one_hot(labels, logits.shape[-1]).astype(logits.dtype)
    return float(-at_label.mean()), (np.exp(log_probabilities) - truth) / labels.size


@_expects_underflow
def softmax_jacobian(logits: ArrayLike) -> Array:
    """Derivatives of softmax: entry (i, j) is d p_i / d z_j = p_i (delta_ij - p_j).

    `logits` of shape (..., classes) give (..., classes, classes).
    """
    probabilities = softmax(logits)
    rows = probabilities[..., :, np.newaxis]
    columns = probabilities[..., np.newaxis, :]
    return rows * (np.eye(probabilities.shape[-1], dtype=probabilities.dtype) - columns)


def numerical_gradient(
    function: Callable[[Array], float], point: ArrayLike, step: float = 1e-5
) -> Array:
    """Gradient of a scalar function by central differences, in float64, same shape as `point`.

    (f(x + h) - f(x - h)) / 2h for one coordinate at a time. The error is about h^2 from the
    curve and 1e-16 / h from rounding, smallest near h = 1e-5 (Nocedal and Wright, section 8.1).
    """
    point = np.array(point, dtype=np.float64)
    gradient = np.zeros_like(point)
    for index in np.ndindex(point.shape):
        moved = point.copy()
        moved[index] = point[index] + step
        above = function(moved)
        moved[index] = point[index] - step
        below = function(moved)
        gradient[index] = (above - below) / (2 * step)
    return gradient


def relative_error(actual: ArrayLike, expected: ArrayLike) -> float:
    """Largest difference, as a share of the largest entry of either array; 0 if both are 0."""
    actual, expected = np.asarray(actual, float), np.asarray(expected, float)
    if actual.shape != expected.shape:
        raise ValueError(
            f"Shapes {actual.shape} and {expected.shape} differ: compare arrays of one shape."
        )
    scale = max(np.abs(actual).max(initial=0), np.abs(expected).max(initial=0))
    return float(np.abs(actual - expected).max(initial=0) / scale) if scale else 0.0


def gradient_error(
    function: Callable[[Array], float], gradient: Callable[[Array], Array], point: ArrayLike
) -> float:
    """How far `gradient` is from the central differences of `function` at `point`, relatively.

    A right gradient in float64 gives less than 1e-7, a wrong one usually more than 1e-2.
    """
    point = np.array(point, dtype=np.float64)
    return relative_error(gradient(point), numerical_gradient(function, point))
