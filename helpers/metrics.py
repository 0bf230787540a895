"""How good are the predictions, and how far can their probabilities be trusted?"""

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.maths import Array, checked_labels, scores_and_labels, softmax


def _check_pairs(labels: NDArray, predictions: NDArray) -> None:
    if labels.shape != predictions.shape or labels.size == 0:
        raise ValueError(
            "There must be one prediction for each label, and at least one, but labels have shape "
            f"{labels.shape} and predictions {predictions.shape}; pass class ids for both."
        )


def accuracy(labels: ArrayLike, predictions: ArrayLike) -> float:
    """Share of predictions that equal their label, 0 to 1."""
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    _check_pairs(labels, predictions)
    return float(np.mean(labels == predictions))


def confusion_matrix(labels: ArrayLike, predictions: ArrayLike, classes: int) -> NDArray[np.intp]:
    """Counts, shape (classes, classes): row = true class, column = predicted class."""
    labels, predictions = checked_labels(labels, classes), checked_labels(predictions, classes)
    _check_pairs(labels, predictions)
    counts = np.zeros((classes, classes), np.intp)
    np.add.at(counts, (labels, predictions), 1)
    return counts


def reliability_bins(
    probabilities: Array, labels: ArrayLike, bins: int = 15
) -> tuple[NDArray[np.intp], Array, Array]:
    """Sort predictions by their confidence into `bins` equal intervals of 0…1.

    Confidence is the largest of a row of `probabilities` (n, classes). Returns, for each bin,
    the count, the mean confidence and the accuracy; an empty bin has NaN for the last two
    (Guo, Pleiss, Sun and Weinberger 2017, section 2).
    """
    probabilities, labels = scores_and_labels(probabilities, labels)
    if (probabilities < 0).any() or not np.allclose(probabilities.sum(axis=-1), 1, atol=0.01):
        raise ValueError(
            "Each row of probabilities must sum to 1; if these are logits, pass softmax(logits)."
        )
    confidence = probabilities.max(axis=-1)
    correct = probabilities.argmax(axis=-1) == labels
    # Interval k is (k/bins, (k+1)/bins], as in the paper; in the confidences' own precision, so
    # that a float32 .2 does not lie above the border .2.
    inner_borders = (np.arange(1, bins) / bins).astype(confidence.dtype)
    number = np.searchsorted(inner_borders, confidence)
    counts = np.bincount(number, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean_confidence = np.bincount(number, confidence, minlength=bins) / counts
        mean_accuracy = np.bincount(number, correct, minlength=bins) / counts
    return counts, mean_confidence, mean_accuracy


def expected_calibration_error(probabilities: Array, labels: ArrayLike, bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over the bins, weighted by their counts (ECE)."""
    counts, confidence, correct = reliability_bins(probabilities, labels, bins)
    filled = counts > 0
    gaps = np.abs(confidence[filled] - correct[filled])
    return float(np.average(gaps, weights=counts[filled]))


def fit_temperature(logits: Array, labels: ArrayLike) -> float:
    """The T between 0.01 and 100 that makes the cross-entropy of softmax(logits / T) smallest.

    The loss is convex in 1/T; its slope there is the mean of sum_k p_k z_k - z_label, which only
    grows with 1/T. So T is found by halving an interval on a logarithmic scale until the slope
    changes sign.
    """
    logits, labels = scores_and_labels(np.asarray(logits, np.float64), labels)
    if not np.isfinite(logits).all():
        raise ValueError(
            "A temperature needs finite logits, but some are NaN or infinite; "
            "find the step before this one that produced them."
        )
    label_scores = np.take_along_axis(logits, labels[..., np.newaxis], axis=-1)[..., 0]
    low, high = -np.log(100), np.log(100)
    for _ in range(50):
        middle = (low + high) / 2
        expected_scores = (softmax(logits * np.exp(middle)) * logits).sum(axis=-1)
        if np.mean(expected_scores - label_scores) > 0:
            high = middle
        else:
            low = middle
    return float(np.exp(-(low + high) / 2))


def wilson_interval(correct: int, count: int, confidence: float = 0.95) -> tuple[float, float]:
    """The accuracies that fit `correct` right answers out of `count` pictures, lowest and highest.

    Wilson's score interval (Wilson 1927): all shares p for which the measured share lies within z
    standard errors sqrt(p (1 - p) / count) of p. Unlike measured ± z errors, it stays inside 0…1
    and keeps its promise near both ends. Raises ValueError for counts or a confidence that cannot
    be.
    """
    if count < 1 or not 0 <= correct <= count:
        raise ValueError(
            f"{correct} right answers out of {count} cannot be: count at least one picture, and "
            "from 0 to all of them right."
        )
    if not 0 < confidence < 1:
        raise ValueError(
            f"A confidence lies between 0 and 1, such as 0.95; this one is {confidence}."
        )
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, stretch = correct / count, z**2 / count
    centre = (share + stretch / 2) / (1 + stretch)
    half = z * np.sqrt(share * (1 - share) / count + stretch / (4 * count)) / (1 + stretch)
    # At both ends the formula gives exactly 0 or 1, but for a rounding error.
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))
