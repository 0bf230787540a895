"""Right answers to the exercises of notebook 03, other than the solutions."""

import math

import numpy as np

from helpers import maths


def loss_with_logsumexp(logits, labels):
    at_label = np.take_along_axis(logits, labels[:, np.newaxis], axis=1)[:, 0]
    return np.mean(maths.logsumexp(logits) - at_label)


def loss_row_by_row(logits, labels):
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        largest = max(row)
        total += largest + math.log(sum(math.exp(z - largest) for z in row)) - row[label]
    return total / len(logits)


def loss_in_float32(logits, labels):
    hot = np.eye(logits.shape[1], dtype=np.float32)[labels]
    return -(hot * maths.log_softmax(logits.astype(np.float32))).sum(axis=1).mean()


def gradient_subtracting_at_labels(logits, labels):
    result = maths.softmax(logits.astype(np.float32))
    result[np.arange(len(labels)), labels] -= 1
    return result / len(labels)


def gradient_number_by_number(logits, labels):
    return [
        [(p - (j == label)) / len(labels) for j, p in enumerate(probabilities)]
        for probabilities, label in zip(maths.softmax(logits), labels, strict=True)
    ]


def gradient_by_finite_differences(logits, labels):
    return maths.numerical_gradient(lambda z: maths.cross_entropy(z, labels), logits)


def slopes_with_unit_steps(function, point, step=1e-5):
    moves = step * np.eye(point.size).reshape(-1, *point.shape)
    slopes = [(function(point + move) - function(point - move)) / 2 / step for move in moves]
    return np.array(slopes).reshape(point.shape)


def slopes_flat_and_put_back(function, point, step=1e-5):
    flat = point.flatten().astype(float)
    slopes = []
    for number, old in enumerate(flat):
        flat[number] = old + step
        above = function(flat.reshape(point.shape))
        flat[number] = old - step
        slopes.append((above - function(flat.reshape(point.shape))) / (2.0 * step))
        flat[number] = old
    return np.reshape(slopes, point.shape).tolist()


RIGHT_ANSWERS = {
    "3.1": lambda: [
        [math.log(2), math.log(100), math.log(90)],
        (0.693, 4.605, 4.4998),
        np.array([0.7, 4.6, 4.5]),
        -np.log([1 / 2, 1 / 100, 0.1 / 9]),
    ],
    "3.2": lambda: [
        loss_with_logsumexp,
        loss_row_by_row,
        loss_in_float32,
        maths.cross_entropy,
    ],
    "3.3": lambda: [
        ((1 / 4, -1 / 8, -1 / 8), (-1 / 8, 3 / 16, -1 / 16), (-1 / 8, -1 / 16, 3 / 16)),
        [[0.25, -0.13, -0.13], [-0.13, 0.19, -0.06], [-0.13, -0.06, 0.19]],
        list(np.float32([[4, -2, -2], [-2, 3, -1], [-2, -1, 3]]) / 16),
        maths.softmax_jacobian(np.log([1 / 2, 1 / 4, 1 / 4])).tolist(),
    ],
    "3.4": lambda: [
        gradient_subtracting_at_labels,
        gradient_number_by_number,
        gradient_by_finite_differences,
        maths.cross_entropy_gradient,
    ],
    "3.5": lambda: [
        slopes_with_unit_steps,
        slopes_flat_and_put_back,
        maths.numerical_gradient,
    ],
    "3.6": lambda: [
        ("B", np.zeros((2, 2)), np.array([1, 0])),
        [" b ", np.float32([[1, 2], [3, 4], [5, 6]]), (0, 0, 1)],
        ["b", [[1, 0, 0, 0], [0, 1, 0, 0]], np.array([3, 1], np.uint8)],
    ],
}
