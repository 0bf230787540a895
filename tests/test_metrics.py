"""The metrics, against worked examples, slow loops and SciPy."""

from functools import partial

import numpy as np
import pytest
import scipy.optimize
import scipy.special

from helpers.maths import softmax
from helpers.metrics import (
    accuracy,
    brier_score,
    confusion_matrix,
    expected_calibration_error,
    fit_temperature,
    most_confident_mistakes,
    precision_and_recall,
    reliability_bins,
    risk_coverage,
    threshold_for,
    wilson_interval,
)


@pytest.fixture(autouse=True, scope="module")
def float_warnings_are_errors():
    with np.errstate(all="raise"):
        yield


def random_predictions(count, sharpness=1.0):
    """Logits (count, 10) and labels, about calibrated at the temperature `sharpness`."""
    generator = np.random.default_rng(21)
    logits = generator.normal(size=(count, 10)) * 2
    noise = -np.log(-np.log(generator.random(logits.shape)))  # Gumbel: argmax draws from softmax
    return logits * sharpness, (logits + noise).argmax(axis=1)


# --- accuracy and confusion matrix -----------------------------------------------------------


def test_accuracy():
    assert accuracy([0, 1, 2, 2], [0, 1, 1, 2]) == 0.75
    assert accuracy(np.zeros(3, np.uint8), np.ones(3, np.int64)) == 0


def test_confusion_matrix_has_a_row_for_each_true_class():
    labels = np.array([0, 0, 0, 1, 2, 2], np.uint8)
    predictions = [0, 2, 2, 1, 0, 2]
    expected = [[1, 0, 2, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]
    np.testing.assert_array_equal(confusion_matrix(labels, predictions, 4), expected)


@pytest.mark.parametrize(
    ("labels", "predictions"),
    [([0, 1], [0]), ([0, 1], [[0], [1]]), ([0] * 3, np.zeros((3, 3))), ([], [])],
)
def test_unpaired_labels_and_predictions_are_refused(labels, predictions):
    pair = np.array(labels, int), np.array(predictions, int)
    for metric in (accuracy, partial(confusion_matrix, classes=3)):
        with pytest.raises(ValueError, match="one prediction for each label, and at least one"):
            metric(*pair)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ([0, 3], "between 0 and 2, but they run from 0 to 3"),
        ([-1, 0], "between 0 and 2, but they run from -1 to 0"),
        ([0.2, 0.8], "must be integers, but they are float64"),
    ],
)
def test_confusion_matrix_refuses_wrong_classes(wrong, sentence):
    for pair in ((wrong, [0, 1]), ([0, 1], wrong)):
        with pytest.raises(ValueError, match=sentence):
            confusion_matrix(*pair, 3)


# --- precision, recall, confident mistakes ---------------------------------------------------


def test_precision_and_recall_of_an_empty_class_are_nan():
    precision, recall = precision_and_recall([[3, 2, 0], [0, 0, 0], [1, 1, 0]])
    np.testing.assert_array_equal(precision, [0.75, 0, np.nan])
    np.testing.assert_array_equal(recall, [0.6, np.nan, 0])


def test_most_confident_mistakes_equal_a_sorted_list():
    logits, labels = random_predictions(300)
    probabilities = softmax(logits)
    rows = [
        (-row.max(), number)
        for number, (row, label) in enumerate(zip(probabilities, labels, strict=True))
        if row.argmax() != label
    ]
    expected = [number for _, number in sorted(rows)]
    assert len(expected) > 20
    for count in (1, 20, len(expected), 300):
        found = most_confident_mistakes(probabilities, labels, count)
        np.testing.assert_array_equal(found, expected[:count])
    assert most_confident_mistakes(np.eye(3), [0, 1, 2], 5).size == 0


# --- calibration -----------------------------------------------------------------------------


def test_calibration_worked_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.3, 0.7]])
    labels = [0, 1, 1, 1]
    counts, confidence, correct = reliability_bins(probabilities, labels, bins=5)
    np.testing.assert_array_equal(counts, [0, 0, 1, 2, 1])
    np.testing.assert_allclose(confidence, [np.nan, np.nan, 0.6, 0.75, 0.9])
    np.testing.assert_allclose(correct, [np.nan, np.nan, 0, 0.5, 1])
    # 1/4 of |.6 - 0|, 2/4 of |.75 - .5| and 1/4 of |.9 - 1|
    assert expected_calibration_error(probabilities, labels, bins=5) == pytest.approx(0.3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bins", [5, 10, 15, 20, 25, 29])
def test_confidence_on_a_border_is_in_the_lower_bin(dtype, bins):
    tops = np.arange(1, bins + 1) / bins
    others = np.repeat((1 - tops)[:, np.newaxis] / (bins + 1), bins + 1, axis=1)
    probabilities = np.column_stack([tops, others]).astype(dtype)
    counts, confidence, _ = reliability_bins(probabilities, np.zeros(bins, int), bins)
    np.testing.assert_array_equal(counts, np.ones(bins))
    np.testing.assert_array_equal(confidence, tops.astype(dtype))


@pytest.mark.parametrize(
    ("probabilities", "labels", "sentence"),
    [
        ([[2.0, -1.0], [0.5, 0.5]], [0, 1], r"must sum to 1; if these are logits"),
        ([[3.0, 1.0], [0.5, 0.5]], [0, 1], r"must sum to 1; if these are logits"),
        ([[np.nan, 1.0], [0.5, 0.5]], [0, 1], r"must sum to 1; if these are logits"),
        ([[0.5, 0.5]], [0, 1], r"shape \(2,\) do not fit scores of shape \(1, 2\)"),
        ([[0.5, 0.5]], [2], "between 0 and 1, but they run from 2 to 2"),
        (np.zeros((0, 2)), np.zeros(0, int), "at least one row"),
    ],
)
def test_calibration_refuses_bad_input(probabilities, labels, sentence):
    for metric in (reliability_bins, expected_calibration_error, brier_score):
        with pytest.raises(ValueError, match=sentence):
            metric(probabilities, labels)


def test_probabilities_may_be_rounded_to_two_digits():
    for total in (0.992, 1.008):
        assert brier_score([[total, 0.0]], [0]) == pytest.approx((total - 1) ** 2)
    for total in (0.985, 1.015):
        with pytest.raises(ValueError, match="must sum to 1"):
            brier_score([[total, 0.0]], [0])


def test_default_is_fifteen_bins():
    logits, labels = random_predictions(2000, 2)
    probabilities = softmax(logits)
    assert len(reliability_bins(probabilities, labels)[0]) == 15
    fifteen = expected_calibration_error(probabilities, labels, 15)
    assert expected_calibration_error(probabilities, labels) == fifteen


# --- temperature -----------------------------------------------------------------------------


@pytest.mark.parametrize("sharpness", [0.2, 1, 4])
def test_temperature_equals_scipys_minimum_of_the_loss(sharpness):
    logits, labels = random_predictions(1000, sharpness)
    logits.setflags(write=False)

    def loss(log_temperature):
        scaled = logits / np.exp(log_temperature)
        return -scipy.special.log_softmax(scaled, axis=1)[np.arange(len(labels)), labels].mean()

    best = scipy.optimize.minimize_scalar(
        loss, bounds=np.log([0.01, 100]), method="bounded", options={"xatol": 1e-10}
    )
    assert fit_temperature(logits, labels) == pytest.approx(np.exp(best.x), rel=1e-6)
    single = fit_temperature(logits.astype(np.float32), labels.astype(np.uint8))
    assert single == pytest.approx(np.exp(best.x), rel=1e-5)


@pytest.mark.parametrize(("label", "bound"), [(0, 0.01), (1, 100)])
def test_temperature_stops_at_its_bounds(label, bound):
    """Always right: the colder the better. Always wrong: the hotter the better."""
    logits = np.array([[4.0, 0.0], [5.0, 1.0]])
    assert fit_temperature(logits, [label, label]) == pytest.approx(bound)


@pytest.mark.parametrize(
    ("logits", "labels", "sentence"),
    [
        ([[np.nan, 1.0]], [0], "finite logits"),
        ([[-np.inf, 1.0]], [0], "finite logits"),
        ([[0.0, 1.0]], [0, 1], "do not fit"),
        (np.zeros((0, 2)), np.zeros(0, int), "at least one row"),
    ],
)
def test_temperature_refuses_bad_input(logits, labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        fit_temperature(logits, labels)


# --- Brier score -----------------------------------------------------------------------------


def test_brier_score_worked_by_hand():
    probabilities = [[0.7, 0.2, 0.1], [0.7, 0.2, 0.1], [1.0, 0.0, 0.0]]
    # .09 + .04 + .01, then .49 + .64 + .01, then 1 + 1
    assert brier_score(np.array(probabilities), [0, 1, 2]) == pytest.approx((0.14 + 1.14 + 2) / 3)


# --- intervals -------------------------------------------------------------------------------


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(
    ("correct", "count"), [(0, 10), (1, 10), (10, 10), (1, 1), (8830, 10_000), (9999, 10_000)]
)
def test_interval_equals_scipys(correct, count, confidence):
    import scipy.stats  # two seconds, in each worker

    expected = scipy.stats.binomtest(correct, count).proportion_ci(confidence, method="wilson")
    assert wilson_interval(correct, count, confidence) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("correct", "count"), [(0, 0), (-1, 10), (11, 10)])
def test_interval_refuses_impossible_counts(correct, count):
    with pytest.raises(ValueError, match="is no share: pass how many are correct"):
        wilson_interval(correct, count)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_interval_refuses_a_confidence_in_percent(confidence):
    with pytest.raises(ValueError, match=r"between 0 and 1, such as 0\.95"):
        wilson_interval(5, 10, confidence)


# --- abstaining ------------------------------------------------------------------------------

FIVE = np.array([0.9, 0.6, 0.8, 0.8, 0.3])
RIGHT = np.array([True, True, False, True, False])


def test_risk_coverage_worked_by_hand():
    thresholds, coverage, risk = risk_coverage(FIVE, RIGHT)
    np.testing.assert_array_equal(thresholds, [0.9, 0.8, 0.6, 0.3])
    np.testing.assert_allclose(coverage, [0.2, 0.6, 0.8, 1])
    np.testing.assert_allclose(risk, [0, 1 / 3, 1 / 4, 2 / 5])


@pytest.mark.parametrize(
    ("risk", "threshold"), [(0, 0.9), (0.25, 0.6), (0.3, 0.6), (0.35, 0.6), (0.4, 0.3), (1, 0.3)]
)
def test_threshold_is_the_lowest_safe_one(risk, threshold):
    assert threshold_for(FIVE, RIGHT, risk) == threshold


def test_threshold_is_infinite_if_none_is_safe():
    assert threshold_for([0.9, 0.2], [False, True], 0.1) == np.inf


@pytest.mark.parametrize(("confidence", "correct"), [([0.9], [True, False]), ([], []), (0.9, True)])
def test_risk_coverage_refuses_unpaired_input(confidence, correct):
    for function in (risk_coverage, partial(threshold_for, risk=0.1)):
        with pytest.raises(ValueError, match="one confidence for each true or false"):
            function(confidence, correct)
