"""Right answers to the exercises of notebook 06 other than the solutions."""

import math

import numpy as np

from helpers.maths import cross_entropy, softmax


def merge_by_asking(kernel_1, bias_1, kernel_2, bias_2):
    def scores(inputs):
        return (inputs @ kernel_1 + bias_1) @ kernel_2 + bias_2

    bias = scores(np.zeros(len(kernel_1)))
    return [scores(np.eye(len(kernel_1))) - bias, bias]


def merge_with_loops(kernel_1, bias_1, kernel_2, bias_2):
    inner, outputs = range(len(bias_1)), range(len(bias_2))
    kernel = [[sum(row[i] * kernel_2[i, j] for i in inner) for j in outputs] for row in kernel_1]
    return kernel, [sum(bias_1[i] * kernel_2[i, j] for i in inner) + bias_2[j] for j in outputs]


def merge_in_float32(kernel_1, bias_1, kernel_2, bias_2):
    kernel_2 = kernel_2.astype(np.float32)
    return np.dot(kernel_1, kernel_2), kernel_2.T @ bias_1 + bias_2


def floor_from_the_definition(classes):
    perfect = [1.0] + [0.0] * (classes - 1)
    return round(-math.log(math.exp(1) / sum(math.exp(p) for p in perfect)), 4)


def missing_with_loops(matrix):
    missing = []
    for number in range(len(matrix)):
        if not any(row[number] for row in matrix.tolist()):
            missing.append(number)
    return tuple(missing)


RIGHT_ANSWERS = {
    "6.1": lambda: [merge_by_asking, merge_with_loops, merge_in_float32],
    "6.2": lambda: [
        floor_from_the_definition,
        lambda classes: math.log1p((classes - 1) / math.e),
        lambda classes: -np.log(softmax(np.eye(classes, dtype=np.float32)[0])[0]),
        lambda classes: cross_entropy(np.eye(classes)[:1], np.array([0])),
        lambda classes: np.log(np.exp(1) + classes - 1) - 1,
    ],
    "6.3": lambda: [
        missing_with_loops,
        lambda matrix: np.flatnonzero(matrix.sum(axis=0) == 0),
        lambda matrix: sorted(set(range(len(matrix))) - set(np.nonzero(matrix)[1].tolist())),
        lambda matrix: [float(number) for number in np.nonzero(~matrix.any(axis=0))[0]],
    ],
    "6.4": lambda: [
        ("B", "D", "A", "C"),
        ["b", " d", "a ", "c."],
        ["program B", "program D", "program A", "program C"],
        np.array(["B", "D", "A", "C"]),
    ],
    "6.5": lambda: [0.8478, 0.8504, np.float32(0.85), np.array([0.846]), 0.9021, 0.9037, 0.9],
}
