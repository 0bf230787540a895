"""Right answers to the exercises of notebook 01, other than the solutions."""

import numpy as np

from helpers.maths import log_softmax, naive_softmax, softmax


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


def written_out(logits, temperature):
    exponentials = np.exp(np.asarray(logits, np.float32) / temperature)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def powers_divided_again(logits, temperature):
    powers = naive_softmax(logits) ** (1 / temperature)
    return powers / powers.sum(axis=-1, keepdims=True)


def row_by_row(logits, temperature):
    return [naive_softmax([score / temperature for score in row]) for row in logits]


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
    "1.4": lambda: [written_out, powers_divided_again, row_by_row],
    "1.5": lambda: ["b", " B ", "B.", "(b)"],
}
