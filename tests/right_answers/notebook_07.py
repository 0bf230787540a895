"""Right answers to the exercises of notebook 07, other than the solutions."""

import numpy as np

SIZES = [15, 760, 4]
REPORTS = ["peeked", "honest", "peeked", "honest"]


def padded_first(images, down, right):
    height, width = images.shape[1:]
    return np.pad(images, ((0, 0), (down, 0), (right, 0)))[:, :height, :width]


def rolled_then_cleared(images, down, right):
    result = np.roll(images, (down, right), axis=(1, 2))
    result[:, :down] = 0
    result[:, :, :right] = 0
    return result


def pixel_by_pixel(images, down, right):
    result = np.zeros(images.shape)
    for number, row, column in np.ndindex(images.shape):
        if row >= down and column >= right:
            result[number, row, column] = images[number, row - down, column - right]
    return result


def one_weight_at_a_time(image, kernel):
    height, width = np.array(image.shape) - kernel.shape + 1
    result = np.zeros((height, width))
    for (i, j), weight in np.ndenumerate(kernel):
        result += weight * image[i : i + height, j : j + width]
    return result


def matrix_product(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return windows.reshape(*windows.shape[:2], -1) @ kernel.ravel()


def nested_lists(image, kernel):
    rows, columns = kernel.shape
    return [
        [
            np.vdot(image[i : i + rows, j : j + columns], kernel)
            for j in range(image.shape[1] - columns + 1)
        ]
        for i in range(image.shape[0] - rows + 1)
    ]


def single_precision(image, kernel):
    return matrix_product(image.astype(np.float32), kernel.astype(np.float32))


def with_loops(matrix):
    precision, recall = [], []
    for number in range(len(matrix)):
        precision.append(matrix[number, number] / sum(matrix[:, number]))
        recall.append(matrix[number, number] / sum(matrix[number]))
    return precision, recall


def from_single_answers(matrix):
    truth, answer = np.nonzero(matrix)
    counts = matrix[truth, answer]
    classes = np.arange(len(matrix))
    hits = [counts[(truth == k) & (answer == k)].sum() for k in classes]
    answered = [counts[answer == k].sum() for k in classes]
    present = [counts[truth == k].sum() for k in classes]
    return np.array([np.divide(hits, answered), np.divide(hits, present)])


def with_einsum(matrix):
    hits = np.einsum("kk->k", matrix).astype(float)
    return [hits / (np.ones(len(matrix)) @ matrix), hits / (matrix @ np.ones(len(matrix)))]


def sorted_pairs(probabilities, labels, count):
    found = [
        (-max(row), number)
        for number, (row, label) in enumerate(zip(probabilities, labels, strict=True))
        if row[label] < max(row)
    ]
    return [number for _, number in sorted(found)[:count]]


def with_a_mask(probabilities, labels, count):
    wrong = probabilities.argmax(axis=1) != labels
    scores = np.where(wrong, probabilities.max(axis=1), -1.0)
    return np.argsort(scores)[::-1][: min(count, wrong.sum())]


def sorted_first(probabilities, labels, count):
    order = np.argsort(probabilities.max(axis=1))[::-1]
    wrong = probabilities[order].argmax(axis=1) != labels[order]
    return order[wrong][:count].tolist()


RIGHT_ANSWERS = {
    "7.1": lambda: [padded_first, rolled_then_cleared, pixel_by_pixel],
    "7.2": lambda: [one_weight_at_a_time, matrix_product, nested_lists, single_precision],
    "7.3": lambda: [tuple(SIZES), np.array(SIZES), [15.0, 10 * (5 * 5 * 3 + 1), 2 * 2]],
    "7.4": lambda: [with_loops, from_single_answers, with_einsum],
    "7.5": lambda: [sorted_pairs, with_a_mask, sorted_first],
    "7.6": lambda: [tuple(REPORTS), np.array(REPORTS), [" Peeked", "HONEST", "peeked.", "honest "]],
}
