"""Right answers to the exercises of notebook 02, other than the solutions."""

import numpy as np

from helpers import maths


def softmax_row_by_row(logits):
    rows = []
    for row in logits.tolist():
        exponentials = [np.exp(score - max(row)) for score in row]
        rows.append([item / sum(exponentials) for item in exponentials])
    return rows


def softmax_in_float32(logits):
    logits = np.asarray(logits, np.float32)
    exponentials = np.exp(logits - logits.max(axis=1)[:, None])
    return exponentials / exponentials.sum(axis=1)[:, None]


def softmax_from_differences(logits):
    return 1 / np.exp(logits[:, None, :] - logits[:, :, None]).sum(axis=-1)


def softmax_transposed(logits):
    exponentials = np.exp(logits.T - np.max(logits, axis=1))
    return (exponentials / exponentials.sum(axis=0)).T


def logsumexp_row_by_row(logits):
    return [
        max(row) + np.log(sum(np.exp(score - max(row)) for score in row)) for row in logits.tolist()
    ]


def logsumexp_in_float32(logits):
    logits = np.asarray(logits, np.float32)
    largest = logits.max(axis=1)
    return np.log(np.exp(logits - largest[:, None]).sum(axis=1)) + largest


def log_softmax_of_shifted_scores(logits):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def log_softmax_row_by_row(logits):
    totals = logsumexp_row_by_row(logits)
    return [
        [score - total for score in row] for row, total in zip(logits.tolist(), totals, strict=True)
    ]


def masked_with_very_negative_scores(logits, allowed):
    return maths.softmax(np.where(allowed, logits, -1e9))


def masked_in_float32(logits, allowed):
    scores = np.where(allowed, np.asarray(logits, np.float32), -np.inf)
    exponentials = np.exp(scores - scores.max(axis=1)[:, None])
    return exponentials / exponentials.sum(axis=1)[:, None]


def masked_row_by_row(logits, allowed):
    rows = []
    for scores, permissions in zip(logits.tolist(), allowed.tolist(), strict=True):
        pairs = list(zip(scores, permissions, strict=True))
        largest = max(score for score, permitted in pairs if permitted)
        row = [np.exp(score - largest) if permitted else 0 for score, permitted in pairs]
        rows.append([item / sum(row) for item in row])
    return rows


def masked_and_filled_in(logits, allowed):
    probabilities = np.zeros_like(logits)
    for number, row in enumerate(allowed):
        probabilities[number, row] = maths.softmax(logits[number, row])
    return probabilities


RIGHT_ANSWERS = {
    "2.1": lambda: [8.0, np.int64(8), np.float16(8), int(np.log(65504 / 10))],
    "2.2": lambda: [
        softmax_row_by_row,
        softmax_in_float32,
        softmax_from_differences,
        softmax_transposed,
        maths.softmax,
    ],
    "2.3": lambda: [
        logsumexp_row_by_row,
        logsumexp_in_float32,
        lambda logits: np.logaddexp.reduce(logits, axis=-1),
        maths.logsumexp,
    ],
    "2.4": lambda: [
        log_softmax_of_shifted_scores,
        log_softmax_row_by_row,
        lambda logits: maths.log_softmax(np.asarray(logits, np.float32)),
        lambda logits: logits - np.logaddexp.reduce(logits, axis=1)[:, None],
        maths.log_softmax,
    ],
    "2.5": lambda: [16.118, 16.1181, float(-np.log(1e-7)), np.float32(16.12), 7 * np.log(10)],
    "2.6": lambda: [
        masked_with_very_negative_scores,
        masked_in_float32,
        masked_row_by_row,
        masked_and_filled_in,
    ],
}
