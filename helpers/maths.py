"""Softmax, its relatives and their gradients, on NumPy arrays.

Every function works along the last axis unless told otherwise, keeps float16, float32 and float64,
turns integers into float64, and never changes its input. A score of -inf is allowed and means
"impossible"; a group of scores without a finite largest one (NaN, +inf, or nothing but -inf)
has no softmax and raises ValueError.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]

NO_SOFTMAX = (
    "The scores contain NaN, +inf, or a row of nothing but -inf, which has no softmax; "
    "find the step before this one that produced them."
)


def _as_floats(values: ArrayLike) -> Array:
    array = np.asarray(values)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _reduce(operation: np.ufunc, values: Array, axis: int, dtype: np.dtype) -> Array:
    """`operation.reduce` with the dimension kept: the same values, sooner for many short rows.

    NumPy starts anew for each row, and that costs more than the ten numbers in it. Turned over,
    ten long columns are left, block by block, because a small block stays in the processor's cache.
    """
    width = values.shape[axis]
    if values.size < 64 * width or width > 64 or axis not in (-1, values.ndim - 1):
        return operation.reduce(values, axis, dtype, keepdims=True)
    rows = values.size // width
    table = values.reshape(rows, width)
    result = np.empty(rows, dtype)
    block = 32_768 // width
    for start in range(0, rows, block):
        columns = np.ascontiguousarray(table[start : start + block].T)
        operation.reduce(columns, axis=0, out=result[start : start + block])
    return result.reshape(*values.shape[:-1], 1)


def _largest(logits: Array, axis: int) -> Array:
    """The largest score of each group, dimension kept: what softmax may subtract for free."""
    if not -logits.ndim <= axis < logits.ndim or logits.shape[axis] == 0:
        raise ValueError(
            f"softmax needs at least one score along axis {axis}, "
            f"but got an array of shape {logits.shape}; pass a list of scores."
        )
    largest = _reduce(np.maximum, logits, axis, logits.dtype)
    if np.count_nonzero(np.isfinite(largest)) < largest.size:  # takes half as long as .all()
        raise ValueError(NO_SOFTMAX)
    return largest


def _needs_no_shift(largest: Array) -> bool:
    """Whether exp and its sums stay finite, and nothing rounds to 0 that a shift would keep."""
    limit = np.log(np.finfo(largest.dtype).max) / 2
    return bool(largest.min() >= 0 and largest.max() <= limit)


def _total(exponentials: Array, axis: int) -> Array:
    """Their sum, dimension kept, in float32 or better: float16 stops counting at 2,048."""
    precision = np.promote_types(exponentials.dtype, np.float32)
    return _reduce(np.add, exponentials, axis, precision)


# A score far below the largest gives a probability that rounds to 0. That is the right answer,
# so the functions that meet it do not report it, whatever np.seterr says.
_expects_underflow = np.errstate(over="ignore", under="ignore")


def naive_softmax(logits: ArrayLike, axis: int = -1) -> Array:
    """Exponentials divided by their sum, exactly as the formula reads.

    Right for small scores only: notebook 02 shows where it overflows. Use `softmax`.
    """
    exponentials = np.exp(_as_floats(logits))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


def softmax(logits: ArrayLike, axis: int = -1) -> Array:
    """Turn scores into probabilities: exp(z_i) / sum_j exp(z_j), same shape as `logits`.

    A shift of all scores cancels, so the largest is subtracted first and exp never overflows
    (Goodfellow, Bengio and Courville, "Deep Learning", section 4.1).
    """
    logits = _as_floats(logits)
    if logits.ndim == 1 and 0 < logits.size <= 32 and axis in (-1, 0):
        return np.array(_softmax_of_few(logits.tolist()), logits.dtype)
    return _softmax_of_many(logits, axis)


def _softmax_of_few(logits: list[float]) -> list[float]:
    """Softmax in Python's own numbers, which are done with ten scores before NumPy has begun."""
    largest = max(logits)
    exponentials = [math.exp(logit - largest) for logit in logits]
    total = math.fsum(exponentials)
    if not math.isfinite(total):
        raise ValueError(NO_SOFTMAX)
    return [exponential / total for exponential in exponentials]


@_expects_underflow
def _softmax_of_many(logits: Array, axis: int) -> Array:
    """Softmax in NumPy. In a large array the shift takes as long as exp, so it is left out where
    nothing is lost.
    """
    largest = _largest(logits, axis)
    if logits.size > 65_536 and _needs_no_shift(largest):
        probabilities = np.exp(logits)
    else:
        probabilities = logits - largest
        np.exp(probabilities, out=probabilities)  # in place: a new array takes longer than exp
    probabilities /= _total(probabilities, axis)
    return probabilities


@_expects_underflow
def logsumexp(logits: ArrayLike, axis: int = -1, keepdims: bool = False) -> Array:
    """log(sum_j exp(z_j)) without overflow: m + log(sum_j exp(z_j - m)), m the largest score."""
    logits = _as_floats(logits)
    largest = _largest(logits, axis)
    result = largest + np.log(_total(np.exp(logits - largest), axis))
    return (result if keepdims else result.squeeze(axis)).astype(logits.dtype)


@_expects_underflow
def log_softmax(logits: ArrayLike, axis: int = -1) -> Array:
    """Logarithm of softmax, z_i - logsumexp(z): finite even where softmax itself rounds to 0."""
    logits = _as_floats(logits)
    shifted = logits - _largest(logits, axis)
    return (shifted - np.log(_total(np.exp(shifted), axis))).astype(logits.dtype)


def one_hot(labels: ArrayLike, classes: int) -> Array:
    """Rows of 0 with a 1 at each label: shape (..., classes), float64."""
    return np.eye(classes)[checked_labels(labels, classes)]


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
    columns = labels[..., np.newaxis]
    gradient = softmax(logits)
    at_label = np.take_along_axis(gradient, columns, axis=-1)
    np.put_along_axis(gradient, columns, at_label - 1, axis=-1)
    gradient /= labels.size
    return gradient


@_expects_underflow
def cross_entropy_and_gradient(logits: ArrayLike, labels: ArrayLike) -> tuple[float, Array]:
    """`cross_entropy` and `cross_entropy_gradient` at the price of one softmax, for training."""
    logits, labels = scores_and_labels(logits, labels)
    columns = labels[..., np.newaxis]
    gradient = log_softmax(logits)
    at_label = np.take_along_axis(gradient, columns, axis=-1)
    loss = float(-at_label.mean())
    np.exp(gradient, out=gradient)
    np.put_along_axis(gradient, columns, np.exp(at_label) - 1, axis=-1)
    gradient /= labels.size
    return loss, gradient


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
    function: Callable[[Array], float],
    gradient: Callable[[Array], Array],
    point: ArrayLike,
    step: float = 1e-5,
) -> float:
    """How far `gradient` is from the central differences of `function` at `point`, relatively.

    A right gradient in float64 gives less than 1e-7, a wrong one usually more than 1e-2.
    """
    point = np.array(point, dtype=np.float64)
    return relative_error(gradient(point), numerical_gradient(function, point, step))
