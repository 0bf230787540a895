"""Right answers to the exercises of notebook 08, other than the solutions."""

import numpy as np

from helpers.maths import cross_entropy, log_softmax, one_hot, softmax

LETTERS = ["C", "A", "D", "B"]


def with_bincount(confidence, correct, bins):
    number = np.ceil(confidence * bins).astype(int) - 1
    gaps = np.bincount(number, confidence) - np.bincount(number, correct)
    return np.abs(gaps).sum() / len(confidence)


def with_lists(confidence, correct, bins):
    held = [[] for _ in range(bins)]
    for sure, right in zip(confidence.tolist(), correct.tolist(), strict=True):
        held[int(np.ceil(sure * bins)) - 1].append(sure - right)
    return round(sum(abs(sum(bin)) for bin in held) / len(confidence), 5)


def single_precision(confidence, correct, bins):
    return np.float32(with_bincount(confidence, correct, bins))


def with_loops(probabilities, labels):
    total = 0
    for row, label in zip(probabilities, labels, strict=True):
        for k, p in enumerate(row):
            total += (p - (k == label)) ** 2
    return float(total / len(labels))


def multiplied_out(probabilities, labels):
    at_label = probabilities[np.arange(len(labels)), labels]
    return np.mean((probabilities**2).sum(axis=1) - 2 * at_label + 1)


def with_norm(probabilities, labels):
    distance = np.linalg.norm(probabilities - one_hot(labels, probabilities.shape[1]), axis=1)
    return np.float32(np.mean(distance**2))


def with_min(logits, labels, candidates):
    return min(candidates, key=lambda t: cross_entropy(logits / t, labels))


def with_a_loop(logits, labels, candidates):
    best, lowest = None, np.inf
    for t in candidates:
        rows = log_softmax(logits / t)
        loss = -sum(row[label] for row, label in zip(rows, labels, strict=True))
        if loss < lowest:
            best, lowest = t, loss
    return float(best)


def from_probabilities(logits, labels, candidates):
    truth = np.arange(len(labels)), labels
    gains = [np.log(softmax(logits / t)[truth]).sum() for t in candidates]
    return np.array(candidates)[np.argmax(gains)]


def sorted_first(confidence, correct, risk):
    order = np.argsort(-confidence)
    risks = np.cumsum(~correct[order]) / np.arange(1, len(order) + 1)
    ties = np.append(np.diff(confidence[order]) == 0, False)
    return confidence[order][np.flatnonzero((risks <= risk) & ~ties)[-1]]


def from_below(confidence, correct, risk):
    for t in np.sort(confidence):
        answered = confidence >= t
        if (answered & ~correct).sum() <= risk * answered.sum():
            return t


def with_sets(confidence, correct, risk):
    best = 1.0
    for t in sorted(set(confidence.tolist()), reverse=True):
        answered = correct[confidence >= t].tolist()
        if answered.count(False) / len(answered) <= risk:
            best = t
    return best


RIGHT_ANSWERS = {
    "8.1": lambda: [with_bincount, with_lists, single_precision],
    "8.2": lambda: [with_loops, multiplied_out, with_norm],
    "8.3": lambda: [with_min, with_a_loop, from_probabilities],
    "8.4": lambda: [sorted_first, from_below, with_sets],
    "8.5": lambda: [
        tuple(LETTERS),
        np.array(LETTERS),
        ["c", " a", "d.", "(b)"],
        ["model C", "model A", "model D", "model B"],
    ],
}
