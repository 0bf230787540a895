"""Right answers to the exercises of notebook 01, other than the solutions."""

import math

import numpy as np

from helpers.maths import log_softmax, softmax


def softmax_row_by_row(logits):
    rows = []
    for row in logits:
        total = sum(np.exp(score) for score in row)
        rows.append([np.exp(score) / total for score in row])
    return rows


def softmax_in_float32(logits):
    exponentials = np.exp(np.asarray(logits, np.float32))
    return exponentials / exponentials.sum(axis=1)[:, None]


def largest_score_at_zero(probabilities):
    scores = np.log(np.asarray(probabilities, np.float32))
    return scores - scores.max()


def last_score_at_ten(probabilities):
    return [np.log(probability / probabilities[-1]) + 10 for probability in probabilities]


def difference_of_logarithms(first, second, odds):
    return (math.log(first) - math.log(second)) / math.log(odds)


def logarithm_to_the_base_of_the_odds(first, second, odds):
    return math.log(first / second, odds)


def in_bits(first, second, odds):
    return np.log2(np.float64(first) / second) / np.log2(odds)


RIGHT_ANSWERS = {
    "1.1": lambda: [
        [0.125, 0.25, 0.625],
        (0.13, 0.25, 0.63),
        np.array([0.125, 0.25, 0.625]),
    ],
    "1.2": lambda: [softmax_row_by_row, softmax_in_float32, softmax],
    "1.3": lambda: [
        largest_score_at_zero,
        last_score_at_ten,
        lambda probabilities: log_softmax(np.log(probabilities)),
    ],
    "1.4": lambda: [difference_of_logarithms, logarithm_to_the_base_of_the_odds, in_bits],
    "1.5": lambda: ["b", " B ", "B.", "(b)"],
}
