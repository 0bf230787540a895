"""Accuracy, calibration and selective prediction: can a model's answers be trusted?"""

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.maths import Array, checked_labels, one_hot, scores_and_labels, softmax


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


def precision_and_recall(matrix: ArrayLike) -> tuple[NDArray, NDArray]:
    """Precision and recall per class, two arrays (classes,), from a confusion matrix.

    Precision is the share of a column of `matrix` that is right, recall that of a row. NaN for a
    class that was never predicted, or has no pictures.
    """
    matrix = np.asarray(matrix)
    right = np.diag(matrix)
    with np.errstate(invalid="ignore"):
        return right / matrix.sum(axis=0), right / matrix.sum(axis=1)


def most_confident_mistakes(
    probabilities: Array, labels: ArrayLike, count: int
) -> NDArray[np.intp]:
    """Row numbers of the `count` most confident wrong predictions, highest probability first.

    Fewer if there are fewer mistakes. `probabilities` is (n, classes).
    """
    probabilities, labels = scores_and_labels(probabilities, labels)
    mistakes = np.flatnonzero(probabilities.argmax(axis=-1) != labels)
    order = np.argsort(-probabilities[mistakes].max(axis=-1), kind="stable")
    return mistakes[order[:count]]


def wilson_interval(correct: int, count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Confidence interval (low, high) for the share of which `correct` of `count` is a sample.

    For an accuracy on `count` pictures: how far another such set of pictures could move it. It
    stays within 0…1 and holds for shares near the ends, too (Wilson 1927, "Probable inference,
    the law of succession, and statistical inference").
    """
    if not 0 <= correct <= count or count == 0:
        raise ValueError(
            f"{correct} of {count} is no share: pass how many are correct, then how many there are."
        )
    if not 0 < confidence < 1:
        raise ValueError(
            f"A confidence lies between 0 and 1, such as 0.95, and not at {confidence}."
        )
    share = correct / count
    z = NormalDist().inv_cdf((1 + confidence) / 2)  # 1.96 for 95 %
    middle = share + z**2 / (2 * count)
    reach = z * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    low, high = (float(middle + side * reach) / (1 + z**2 / count) for side in (-1, 1))
    return max(low, 0.0), min(high, 1.0)


def _probabilities_and_labels(
    probabilities: Array, labels: ArrayLike
) -> tuple[Array, NDArray[np.intp]]:
    probabilities, labels = scores_and_labels(probabilities, labels)
    if (probabilities < 0).any() or not np.allclose(probabilities.sum(axis=-1), 1, atol=0.01):
        raise ValueError(
            "Each row of probabilities must sum to 1; if these are logits, pass softmax(logits)."
        )
    return probabilities, labels


def brier_score(probabilities: Array, labels: ArrayLike) -> float:
    """Mean squared distance between the probabilities (n, classes) and the one-hot truth, 0 to 2.

    The squares are summed over the classes, as in Brier 1950, "Verification of forecasts expressed
    in terms of probability"; some libraries divide by the number of classes or take one of two.
    """
    probabilities, labels = _probabilities_and_labels(probabilities, labels)
    truth = one_hot(labels, probabilities.shape[-1])
    return float(np.mean(((probabilities - truth) ** 2).sum(axis=-1)))


def reliability_bins(
    probabilities: Array, labels: ArrayLike, bins: int = 15
) -> tuple[NDArray[np.intp], Array, Array]:
    """Count, mean confidence and accuracy of the predictions in `bins` equal intervals of 0…1.

    Confidence is the largest of a row of `probabilities` (n, classes). Each of the three arrays
    is (bins,); an empty bin has NaN for the last two (Guo, Pleiss, Sun and Weinberger 2017, "On
    calibration of modern neural networks", section 2).
    """
    probabilities, labels = _probabilities_and_labels(probabilities, labels)
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
    """The T from 0.01 to 100 that minimises the cross-entropy of softmax(logits / T).

    The loss is convex in 1/T: its slope, the mean of sum_k p_k z_k - z_label, only grows with
    1/T. So its zero is found by bisection, on a logarithmic scale.
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


def risk_coverage(confidence: ArrayLike, correct: ArrayLike) -> tuple[Array, Array, Array]:
    """Risk–coverage curve of a selective classifier, which answers only when it is confident.

    `confidence` (n,) and `correct` (n,), true or false, belong to the same predictions. Returns,
    for each confidence that occurs, highest first: that confidence as threshold, the coverage
    (share of predictions at or above it) and the risk (share of mistakes among these)
    (El-Yaniv and Wiener 2010, "On the foundations of noise-free selective classification").
    """
    confidence, correct = np.asarray(confidence), np.asarray(correct, bool)
    if confidence.shape != correct.shape or confidence.ndim != 1 or confidence.size == 0:
        raise ValueError(
            "There must be one confidence for each true or false, and at least one, but confidence "
            f"has shape {confidence.shape} and correct {correct.shape}."
        )
    order = np.argsort(-confidence, kind="stable")
    thresholds = confidence[order]
    answered = np.arange(1, len(order) + 1)
    mistakes = np.cumsum(~correct[order])
    # Predictions of the same confidence are answered together or not at all.
    last = np.append(thresholds[1:] != thresholds[:-1], True)
    return thresholds[last], answered[last] / len(order), mistakes[last] / answered[last]


def threshold_for(confidence: ArrayLike, correct: ArrayLike, risk: float) -> float:
    """The lowest threshold t such that the predictions with confidence >= t have at most `risk`.

    `confidence` (n,) and `correct` (n,), true or false; `risk` is a share of mistakes. Infinity,
    so that nothing is answered, if no threshold is safe enough.
    """
    thresholds, _, risks = risk_coverage(confidence, correct)
    allowed = thresholds[risks <= risk]
    return float(allowed[-1]) if len(allowed) else float("inf")
