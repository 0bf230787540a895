"""Right answers to the exercises of notebook 10, other than the solutions."""

import math

import numpy as np

from helpers import metrics

ANSWERABLE = [False, True, False, True, False]


def with_loops(training, test):
    return sum(any(np.array_equal(one, other) for other in training) for one in test)


def with_broadcasting(training, test):
    a, b = training.reshape(len(training), -1), test.reshape(len(test), -1)
    return (b[:, np.newaxis] == a).all(axis=2).any(axis=1).sum()


def with_lists(training, test):
    return [picture.tolist() in training.tolist() for picture in test].count(True)


def with_unique(training_labels, test_labels):
    names, counts = np.unique(training_labels, return_counts=True)
    return float((np.asarray(test_labels) == names[counts.argmax()]).mean())


def counted_in_lists(training_labels, test_labels):
    training, test = training_labels.tolist(), test_labels.tolist()
    return test.count(max(set(training), key=training.count)) / len(test)


def with_the_metric(training_labels, test_labels):
    answers = np.full(len(test_labels), np.bincount(training_labels).argmax())
    return metrics.accuracy(test_labels, answers)


def by_solving(correct, count):
    share, z2 = correct / count, 1.96**2
    roots = np.roots([1 + z2 / count, -(2 * share + z2 / count), share**2])
    return np.sort(roots.real)


def as_a_list(correct, count):
    z = 1.96
    middle = (correct + z * z / 2) / (count + z * z)
    root = math.sqrt(correct * (count - correct) / count + z * z / 4)
    return [middle - z * root / (count + z * z), middle + z * root / (count + z * z)]


def with_a_difference(used, fresh):
    return (np.asarray(used) - np.asarray(fresh))[np.asarray(used).argmax()]


def sorted_pairs(used, fresh):
    highest, again = max(zip(used, fresh, strict=True), key=lambda pair: pair[0])
    return float(highest - again)


def with_a_mask(used, fresh):
    return used.max() - fresh[used == used.max()][0]


RIGHT_ANSWERS = {
    "10.1": lambda: [tuple(ANSWERABLE), np.array(ANSWERABLE), list(map(np.bool_, ANSWERABLE))],
    "10.2": lambda: [with_loops, with_broadcasting, with_lists],
    "10.3": lambda: [with_unique, counted_in_lists, with_the_metric],
    "10.4": lambda: [metrics.wilson_interval, by_solving, as_a_list],
    "10.5": lambda: [with_a_difference, sorted_pairs, with_a_mask],
}
