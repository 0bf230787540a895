"""The exercises of notebook 03, Loss and gradient."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from helpers import maths
from helpers.exercises.judging import (
    CHANGED,
    Exercise,
    NotYet,
    Observation,
    calls,
    grouped,
    named_calls,
    value,
)
from helpers.maths import log_softmax, softmax


def the_first_loss() -> Exercise:
    """What one picture costs three models, in nats."""
    return Exercise(
        solution=[0.69, 4.61, 4.50],
        also_right=(
            [math.log(2), math.log(100), math.log(90)],
            (0.693, 4.605, 4.4998),
            np.array([0.7, 4.6, 4.5]),
            -np.log([1 / 2, 1 / 100, 0.1 / 9]),
        ),
        mistakes=grouped(
            (
                (
                    [0.69, 4.61, 2.30],
                    "The first two are right. In the third, 0.1 is not the probability of the true "
                    "class: nine classes share it.",
                ),
                (
                    [0.69, 4.61, 4.61],
                    "The first two are right. In the third, nine classes share 0.1, not ten: the "
                    "wrong class has its 0.9 already.",
                ),
                (
                    [0.69, 4.61, 0.11],
                    "The first two are right. In the third, you took the 0.9 of the wrong class: the "
                    "loss looks only at the probability of the true one.",
                ),
                (
                    [0.69, 4.61, 0.54],
                    "The first two are right. In the third, you averaged over all classes: the loss "
                    "looks only at the probability of the true one.",
                ),
                ([0.301, 2, 1.954], "These are logarithms to base 10. For nats take `np.log`."),
                (
                    [1, 6.644, 6.492],
                    "These are bits, logarithms to base 2. For nats take `np.log`.",
                ),
                (
                    [-0.69, -4.61, -4.50],
                    "These are the logarithms. The loss is minus the logarithm, so turn the sign.",
                ),
                (
                    [0.5, 0.01, 0.011],
                    "These are the probabilities of the true class. Now take minus the logarithm.",
                ),
                (
                    [2, 100, 90],
                    "This is 1 divided by the probability. Now take the logarithm of it.",
                ),
                ([0.5, 0.99, 0.989], "This is 1 - p. The loss is minus the logarithm of p."),
            )
        ),
        probe=value,
        hints=(
            "For each model, first write down the probability that it gives to the true class.",
            "The probabilities are 1/2, 1/100 and, in the third, a ninth of what 0.9 leaves over.",
            "The third is -log(0.1 / 9), which is log 90. The first two follow the same pattern.",
        ),
        takeaway="The third costs almost twice log 10: one confident mistake is worse than knowing "
        "nothing. In notebook 04 you compare the first printed loss with such a number.",
        explanation="The probabilities of the true class are 1/2, 1/100 and 0.1/9 = 1/90, so the losses "
        "are log 2, log 100 and log 90. A model without a preference always costs the logarithm "
        "of the number of classes.",
        tolerance=0.006,
    )


def cross_entropy_from_scores() -> Exercise:
    """The mean of -log p over the rows, from logits."""

    def cross_entropy(logits, labels):
        log_probabilities = log_softmax(logits)
        return -log_probabilities[np.arange(len(labels)), labels].mean()

    def with_logsumexp(logits, labels):
        at_label = np.take_along_axis(logits, labels[:, np.newaxis], axis=1)[:, 0]
        return np.mean(maths.logsumexp(logits) - at_label)

    def row_by_row(logits, labels):
        total = 0.0
        for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
            largest = max(row)
            total += largest + math.log(sum(math.exp(z - largest) for z in row)) - row[label]
        return total / len(logits)

    def in_single_precision(logits, labels):
        hot = np.eye(logits.shape[1], dtype=np.float32)[labels]
        return -(hot * log_softmax(logits.astype(np.float32))).sum(axis=1).mean()

    def naive_softmax(logits):
        exponentials = np.exp(logits)
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    def return_inside_the_loop(logits, labels):
        total = 0.0
        for row, label in zip(log_softmax(logits), labels, strict=True):
            total -= row[label]
            return total / len(labels)

    def softmax_of_everything(logits):
        return softmax(logits.ravel()).reshape(logits.shape)

    def entropy(probabilities):
        return -(probabilities * np.log(probabilities)).sum(axis=1)

    def binary(p, y):
        return -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=1)

    def hot(logits, labels):
        return np.eye(logits.shape[1])[labels]

    def changes_its_input(logits, labels):
        logits -= logits.max(axis=1, keepdims=True)
        return cross_entropy(logits, labels)

    def pick(array, labels):
        return array[np.arange(len(labels)), labels]

    def never_below(smallest):
        return lambda z, labels: -np.log(pick(softmax(z), labels).clip(smallest)).mean()

    overflow = (
        "Right for small scores, but exp overflows at 800: take `log_softmax`, which subtracts "
        "the largest score first."
    )
    return Exercise(
        solution=cross_entropy,
        also_right=(with_logsumexp, row_by_row, in_single_precision, maths.cross_entropy),
        mistakes=grouped(
            (
                (
                    lambda z, labels: -pick(log_softmax(z), labels).sum(),
                    "This is the sum over the rows. The loss is the mean, so that it does not grow "
                    "with the batch: divide by the number of rows.",
                ),
                (
                    lambda z, labels: -np.log(pick(softmax(z), labels)).mean(),
                    "Right for small scores, but here the probability rounds to 0, and the logarithm "
                    "of 0 is infinite: take `log_softmax` instead of the logarithm of `softmax`.",
                ),
                (
                    lambda z, labels: -np.log(pick(naive_softmax(z), labels)).mean(),
                    overflow,
                ),
                (
                    lambda z, labels: (
                        -(hot(z, labels) * np.log(naive_softmax(z))).sum(axis=1).mean()
                    ),
                    overflow,
                ),
                *(
                    (
                        never_below(smallest),
                        "A smallest probability keeps the logarithm finite, but it also hides how bad "
                        "a confident mistake is: leave it out and take `log_softmax`.",
                    )
                    for smallest in (1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16)
                ),
                (
                    lambda z, labels: pick(log_softmax(z), labels).mean(),
                    "The sign is turned round: log p is never positive, and a loss must fall as the "
                    "model gets better. Take minus the mean.",
                ),
                (
                    lambda z, labels: -pick(log_softmax(z), labels).mean() / np.log(2),
                    "This is in bits: you used the logarithm to base 2. The loss is in nats: use "
                    "`np.log` or `log_softmax`.",
                ),
                (
                    lambda z, labels: -pick(log_softmax(z), labels).mean() / np.log(10),
                    "You used the logarithm to base 10. The loss is in nats: use `np.log` or "
                    "`log_softmax`.",
                ),
                (
                    lambda z, labels: -log_softmax(z).mean(),
                    "This is the mean over all classes. Pick the entry of the true class in each row "
                    "first: `labels` says which.",
                ),
                (
                    lambda z, labels: -pick(log_softmax(z), labels).sum() / np.size(z),
                    "You divided by the number of all entries. The mean is over the rows: divide by "
                    "the number of rows.",
                ),
                (
                    lambda z, labels: -pick(log_softmax(z), labels).sum() / np.shape(z)[1],
                    "You divided by the number of classes. The mean is over the rows: divide by the "
                    "number of rows.",
                ),
                (
                    lambda z, labels: -pick(log_softmax(z), labels).sum() / (len(labels) - 1),
                    "You divided by the number of rows less 1. A mean divides by the number of rows.",
                ),
                (
                    lambda z, labels: -log_softmax(z).max(axis=1).mean(),
                    "You took the largest probability of each row. The loss asks for the true class, "
                    "also where the model prefers another: use `labels`.",
                ),
                (
                    lambda z, labels: -pick(log_softmax(z), labels),
                    "These are the losses of the single rows. Return one number, their mean.",
                ),
                (
                    lambda z, labels: -log_softmax(z)[:, labels].mean(),
                    "`[:, labels]` takes all these columns from every row. Each row needs its own "
                    "label: `[np.arange(len(labels)), labels]`.",
                ),
                (
                    lambda z, labels: -log_softmax(z)[labels, np.arange(len(labels))].mean(),
                    "Rows and columns are swapped: the number of the row comes first, then the label.",
                ),
                (
                    lambda z, labels: -pick(log_softmax(z, axis=0), labels).mean(),
                    "Softmax went down the columns. The classes of one picture stand in a row: take "
                    "the last axis.",
                ),
                (
                    lambda z, labels: -pick(z, labels).mean(),
                    "You averaged the scores themselves. Turn them into log probabilities first.",
                ),
                (
                    lambda z, labels: -np.log(pick(z, labels)).mean(),
                    "You took the logarithm of the scores, as if they were probabilities. They are "
                    "not: use `log_softmax`.",
                ),
                (
                    lambda z, labels: -pick(log_softmax(softmax(z)), labels).mean(),
                    "Softmax was applied twice. `log_softmax` takes the scores, not probabilities.",
                ),
                (
                    lambda z, labels: -np.log(pick(softmax(z), labels).mean()),
                    "You averaged the probabilities and then took the logarithm. Take the logarithm "
                    "of each row first, then the mean.",
                ),
                (
                    return_inside_the_loop,
                    "Only the first row was counted. Does `return` stand inside the loop? Move it to "
                    "the left, under `for`.",
                ),
                (
                    lambda z, labels: -np.log(pick(softmax_of_everything(z), labels)).mean(),
                    "Softmax ran over the whole array, so all rows together sum to 1. Each row is a "
                    "picture of its own: take the last axis.",
                ),
                (
                    lambda z, labels: entropy(softmax(z)).mean(),
                    "Here the probabilities are weighted with themselves, and the labels are not used. "
                    "Take minus log p of the true class alone.",
                ),
                (
                    lambda z, labels: binary(softmax(z), hot(z, labels)).mean(),
                    "You also count log(1 - p) of the other classes. The loss looks only at the "
                    "probability of the true class.",
                ),
                (
                    lambda z, labels: ((softmax(z) - hot(z, labels)) ** 2).mean(),
                    "This is a squared error. The loss is the mean of minus log p of the true class.",
                ),
                (
                    lambda z, labels: (1 - pick(softmax(z), labels)).mean(),
                    "This is the mean of 1 - p. The loss is the mean of minus the logarithm of p.",
                ),
                (
                    lambda z, labels: pick(softmax(z), labels).mean(),
                    "This is the mean probability of the true classes. Take minus the logarithm of "
                    "each probability before the mean.",
                ),
                (
                    lambda z, labels: -pick(log_softmax(z), labels - 1).mean(),
                    "The labels are shifted by one. Classes are counted from 0, so use them as they "
                    "are.",
                ),
                (changes_its_input, CHANGED),
            )
        ),
        probe=calls(
            (np.array([[0.0, 0.0, 1.0], [2.0, 0.0, 0.0]]), np.array([1, 0])),
            (np.array([[2.0, 0.0, 1.0], [1.0, 4.0, 0.0]]), np.array([1, 1])),
            (np.array([[0.0, 2.0], [1.0, 0.0], [4.0, 1.0]]), np.array([1, 1, 0])),
            (np.array([[0.0, 800.0]]), np.array([0])),
            (np.array([[800.0, 800.0]]), np.array([0])),
        ),
        hints=(
            "`log_softmax(logits)` has one number for each class. Which one of a row counts?",
            "Pick log p of the true class from each row: that gives an array of shape (batch,).",
            "With the picked entries in `picked`, the loss is `-picked.mean()`.",
        ),
        takeaway="This one number is what every training in the course makes smaller, in NumPy in "
        "notebook 04 and in Keras from 05 on.",
        explanation="log_softmax gives log p without ever computing p, so a confident mistake stays "
        "finite. The pair of indices picks one entry from each row, and the mean keeps the loss "
        "comparable between batches of different size.",
    )


def a_jacobian_by_hand() -> Exercise:
    """The nine derivatives of softmax at the probabilities 1/2, 1/4 and 1/4."""
    p = np.array([1 / 2, 1 / 4, 1 / 4])
    identity, products = np.eye(3), np.outer(p, p)
    right = np.diag(p) - products
    return Exercise(
        solution=right.tolist(),
        also_right=(
            ((1 / 4, -1 / 8, -1 / 8), (-1 / 8, 3 / 16, -1 / 16), (-1 / 8, -1 / 16, 3 / 16)),
            [[0.25, -0.13, -0.13], [-0.13, 0.19, -0.06], [-0.13, -0.06, 0.19]],
            list(right.astype(np.float32)),
            maths.softmax_jacobian(np.log(p)).tolist(),
        ),
        mistakes=grouped(
            (
                (
                    np.abs(right).tolist(),
                    "The signs outside the diagonal are wrong: a score that rises lowers the "
                    "probability of every other class.",
                ),
                (
                    (-right).tolist(),
                    "All signs are turned round: a score that rises lifts its own class and lowers "
                    "the others.",
                ),
                (
                    (-products).tolist(),
                    "The diagonal has a second term. For a class and its own score the derivative is "
                    "p (1 - p), which is positive.",
                ),
                (
                    products.tolist(),
                    "These are the products of the probabilities. Outside the diagonal they need a "
                    "minus, and on it the derivative is p (1 - p).",
                ),
                (
                    (np.diag(p) - products * (1 - identity)).tolist(),
                    "The diagonal holds the probabilities themselves. Multiply each by 1 - p, and the "
                    "rows sum to 0.",
                ),
                (
                    (np.diag(2 * p * p) - products).tolist(),
                    "The diagonal holds the squares, p · p. For a class and its own score the "
                    "derivative is p (1 - p).",
                ),
                (
                    np.diag(p * (1 - p)).tolist(),
                    "The diagonal is right, but the rest is not 0: all classes share one sum, so each "
                    "score moves every probability.",
                ),
                (
                    (identity - p).tolist(),
                    "The factor in front is missing: multiply each row by the probability of its "
                    "class.",
                ),
                (
                    (p[:, np.newaxis] * (1 - p)).tolist(),
                    "You used p (1 - p) for all pairs. For two different classes the derivative is "
                    "minus the product of their probabilities.",
                ),
                (
                    [[1 / 4, -1 / 8, -1 / 8], [-1 / 8, 3 / 16, -1 / 8], [-1 / 8, -1 / 8, 3 / 16]],
                    "Almost. Row 1 sums to 0, rows 2 and 3 do not: work out 1/4 times 1/4 once more.",
                ),
                (
                    [[1 / 4, -1 / 8, -1 / 8], [-1 / 8, 1 / 4, -1 / 16], [-1 / 8, -1 / 16, 1 / 4]],
                    "Almost. Row 1 sums to 0, rows 2 and 3 do not: their diagonal is 1/4 times 3/4.",
                ),
                (
                    right[::-1, ::-1].tolist(),
                    "The classes are in another order: the first one has the probability 1/2.",
                ),
            )
        ),
        probe=value,
        hints=(
            "There are only two formulas: one for the diagonal, one for everything else.",
            "On the diagonal p (1 - p), elsewhere minus the product of the two probabilities. The "
            "matrix is symmetric, so six numbers are enough.",
            "The first row is 1/2 · 1/2, -1/2 · 1/4 and -1/2 · 1/4. Do the other two rows in the "
            "same way, and let the sums of 0 check them.",
        ),
        takeaway="You have checked it without a solution to copy from: the sums of 0 did it. Row y "
        "of this table is all that the next section needs.",
        explanation="The diagonal is p (1 - p): 1/4, 3/16 and 3/16. Elsewhere it is minus the product of "
        "two probabilities: -1/8 and -1/16. Each row and each column sums to 0.",
        tolerance=0.006,
    )


def the_gradient_of_a_batch() -> Exercise:
    """Slopes of the mean loss in every score."""

    def cross_entropy_gradient(logits, labels):
        one_hot = maths.one_hot(labels, logits.shape[-1])
        return (softmax(logits) - one_hot) / len(labels)

    def subtracting_at_the_labels(logits, labels):
        result = softmax(logits.astype(np.float32))
        result[np.arange(len(labels)), labels] -= 1
        return result / len(labels)

    def number_by_number(logits, labels):
        rows = []
        for probabilities, label in zip(softmax(logits), labels, strict=True):
            rows.append([(p - (j == label)) / len(labels) for j, p in enumerate(probabilities)])
        return rows

    def by_finite_differences(logits, labels):
        return maths.numerical_gradient(lambda z: maths.cross_entropy(z, labels), logits)

    def whole_columns(logits, labels):
        result = softmax(logits)
        result[:, labels] -= 1
        return result / len(labels)

    def swapped(logits, labels):
        result = softmax(logits)
        result[labels, np.arange(len(labels))] -= 1
        return result / len(labels)

    def overwritten(value):
        def answer(logits, labels):
            result = softmax(logits)
            own = np.arange(len(labels)), labels
            result[own] = value(result[own])
            return result / len(labels)

        return answer

    def changes_its_input(logits, labels):
        logits -= logits.max(axis=1, keepdims=True)
        return cross_entropy_gradient(logits, labels)

    def naive(logits, labels):
        exponentials = np.exp(logits)
        probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
        return (probabilities - hot(logits, labels)) / len(labels)

    def hot(logits, labels):
        return np.eye(np.shape(logits)[1])[labels]

    def sums(logits, labels):
        return softmax(logits) - hot(logits, labels)

    shifted = (
        "The 1 stands one class too far {}. Classes are counted from 0: use the labels as they are."
    )
    return Exercise(
        solution=cross_entropy_gradient,
        also_right=(
            subtracting_at_the_labels,
            number_by_number,
            by_finite_differences,
            maths.cross_entropy_gradient,
        ),
        mistakes=grouped(
            (
                (
                    sums,
                    "This is the gradient of the sum over the batch; the loss is the mean: divide by "
                    "the number of rows.",
                ),
                (
                    lambda z, labels: -sums(z, labels) / len(labels),
                    "The sign is turned round: this is y - p, the direction in which the loss falls. "
                    "The gradient points uphill: p - y.",
                ),
                (
                    lambda z, labels: -sums(z, labels),
                    "Two things: this is y - p, and the gradient is p - y. The loss is a mean, so "
                    "divide by the number of rows, too.",
                ),
                (
                    lambda z, labels: softmax(z) / len(labels),
                    "These are the probabilities alone. Subtract 1 at the true class of each row "
                    "before you divide.",
                ),
                (
                    lambda z, labels: softmax(z),
                    "These are the probabilities. Subtract 1 at the true class of each row, then "
                    "divide by the number of rows.",
                ),
                (
                    lambda z, labels: sums(z, labels) / np.shape(z)[1],
                    "You divided by the number of classes. The loss is a mean over the rows: divide "
                    "by the number of rows.",
                ),
                (
                    lambda z, labels: sums(z, labels) / (len(labels) - 1),
                    "You divided by the number of rows less 1. The loss is a mean: divide by the "
                    "number of rows.",
                ),
                (
                    lambda z, labels: sums(z, labels) / np.size(z),
                    "You divided by the number of all entries. The loss is a mean over the rows: "
                    "divide by the number of rows.",
                ),
                (
                    lambda z, labels: softmax(z) - hot(z, labels) / len(labels),
                    "Only y was divided by the number of rows. Put brackets around p - y.",
                ),
                (
                    lambda z, labels: softmax(z) / len(labels) - hot(z, labels),
                    "Only p was divided by the number of rows. Put brackets around p - y.",
                ),
                (
                    whole_columns,
                    "`[:, labels]` subtracts in every row, also at the labels of the other rows. Each "
                    "row needs its own: `[np.arange(len(labels)), labels]`.",
                ),
                (
                    swapped,
                    "Rows and columns are swapped: the number of the row comes first, then the label.",
                ),
                (
                    lambda z, labels: (softmax(z) - hot(z, labels - 1)) / len(labels),
                    shifted.format("to the left"),
                ),
                (
                    lambda z, labels: (
                        (softmax(z) - hot(z, (labels + 1) % np.shape(z)[1])) / len(labels)
                    ),
                    shifted.format("to the right"),
                ),
                (
                    lambda z, labels: (softmax(z) + hot(z, labels)) / len(labels),
                    "You added the one-hot rows. The gradient is what you said minus what is true: "
                    "subtract them.",
                ),
                (
                    overwritten(lambda p: -1),
                    "You put -1 in place of the probability. The slope of the true class is p - 1: "
                    "subtract with `-= 1`.",
                ),
                (
                    overwritten(lambda p: 1 - p),
                    "The slope of the true class has the wrong sign: it is p - 1, and never positive.",
                ),
                (
                    lambda z, labels: (softmax(z) - 1) / len(labels),
                    "You subtracted 1 from all probabilities. Subtract it only at the true class of "
                    "each row.",
                ),
                (
                    lambda z, labels: (softmax(z) - labels[:, np.newaxis]) / len(labels),
                    "You subtracted the numbers of the classes. Turn each label into a one-hot row "
                    "first: `maths.one_hot(labels, classes)`.",
                ),
                (
                    lambda z, labels: sums(z, labels).mean(axis=0),
                    "You averaged the rows away. Every score of every row has a slope of its own: "
                    "keep the shape of `logits`, and divide by the number of rows.",
                ),
                (
                    lambda z, labels: sums(z, labels) * hot(z, labels) / len(labels),
                    "Only the true classes have a slope here. The other scores count, too: their "
                    "slope is their probability, divided by the number of rows.",
                ),
                (
                    lambda z, labels: -hot(z, labels) / softmax(z) / len(labels),
                    "This is the slope in the probabilities, -1/p. One more step leads to the scores: "
                    "with the Jacobian it becomes p - y.",
                ),
                (
                    lambda z, labels: (softmax(z, axis=0) - hot(z, labels)) / len(labels),
                    "Softmax went down the columns. The classes of one picture stand in a row: take "
                    "the last axis.",
                ),
                (
                    lambda z, labels: (z - hot(z, labels)) / len(labels),
                    "You subtracted y from the scores. Turn them into probabilities first: p - y.",
                ),
                (
                    lambda z, labels: (log_softmax(z) - hot(z, labels)) / len(labels),
                    "You subtracted y from the log probabilities. The gradient needs the "
                    "probabilities themselves: `softmax`.",
                ),
                (
                    naive,
                    "Right for small scores, but exp overflows at 1000: take `softmax` from the "
                    "imports, which subtracts the largest score first.",
                ),
                (changes_its_input, CHANGED),
            )
        ),
        probe=calls(
            (np.array([[0.0, 0.0, 1.0], [2.0, 0.0, 0.0]]), np.array([1, 0])),
            (np.array([[2.0, 0.0, 1.0], [1.0, 4.0, 0.0]]), np.array([1, 1])),
            (np.array([[0.0, 2.0], [1.0, 0.0], [4.0, 1.0]]), np.array([1, 1, 0])),
            (np.array([[1000.0, 0.0]]), np.array([1])),
        ),
        hints=(
            "For one row the answer is p - y. What does the mean over the batch add to it?",
            "`softmax(logits)` and `maths.one_hot(labels, classes)` have the same shape, so one "
            "minus sign does all the rows at once.",
            "The number of classes is `logits.shape[-1]`. Divide the difference of the two by "
            "`len(labels)`, with brackets around the difference.",
        ),
        takeaway="This is the whole learning signal: in notebook 04 these few lines train a model "
        "on 60,000 pictures, and in 05 Keras' automatic derivatives must agree with them.",
        explanation="Each row has the slopes p - y. The loss is the mean of the rows' losses, so every "
        "slope is divided by their number. softmax returns a new array: the logits stay as they "
        "were.",
    )


def a_gradient_without_algebra() -> Exercise:
    """Central differences for a function of an array."""

    def numerical_gradient(function, point, step=1e-5):
        point = np.array(point, dtype=float)
        gradient = np.zeros(point.shape)
        for index in np.ndindex(point.shape):
            above, below = point.copy(), point.copy()
            above[index] += step
            below[index] -= step
            gradient[index] = (function(above) - function(below)) / (2 * step)
        return gradient

    def with_unit_steps(function, point, step=1e-5):
        moves = step * np.eye(point.size).reshape(-1, *point.shape)
        slopes = [(function(point + move) - function(point - move)) / 2 / step for move in moves]
        return np.array(slopes).reshape(point.shape)

    def flat_and_put_back(function, point, step=1e-5):
        flat = point.flatten().astype(float)
        slopes = []
        for number, old in enumerate(flat):
            flat[number] = old + step
            above = function(flat.reshape(point.shape))
            flat[number] = old - step
            slopes.append((above - function(flat.reshape(point.shape))) / (2.0 * step))
            flat[number] = old
        return np.reshape(slopes, point.shape).tolist()

    def each(slope, kind=float):
        """An answer that fills in `slope(function, point, index, step)`, one after the other."""

        def answer(function, point, step=1e-5):
            point = np.array(point, dtype=kind)
            gradient = np.zeros(point.shape)
            for index in np.ndindex(point.shape):
                gradient[index] = slope(function, point, index, step)
            return gradient

        return answer

    def moved(point, index, by):
        result = point.copy()
        result[index] += by
        return result

    def difference(f, x, i, h):
        return f(moved(x, i, h)) - f(moved(x, i, -h))

    def central(f, x, i, h):
        return difference(f, x, i, h) / (2 * h)

    def coordinate_left_behind(f, x, i, h):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        return (above - f(x)) / (2 * h)

    def changes_its_input(function, point, step=1e-5):
        gradient = np.zeros(point.shape)
        for index in np.ndindex(point.shape):
            gradient[index] = coordinate_left_behind(function, point, index, step)
        return gradient

    def almost_put_back(function, point, step=1e-5):
        gradient = np.zeros(point.shape)
        for index in np.ndindex(point.shape):
            gradient[index] = coordinate_left_behind(function, point, index, step)
            point[index] += step
        return gradient

    def all_at_once(f, x, h=1e-5):
        return (f(x + h) - f(x - h)) / (2 * h)

    def whole_rows(function, point, step=1e-5):
        gradient = np.zeros(point.shape)
        for row in range(len(point)):
            gradient[row] = central(function, point.astype(float), row, step)
        return gradient

    def one_slope_for_each_row(function, point, step=1e-5):
        rows = range(len(point))
        return np.array([central(function, point.astype(float), row, step) for row in rows])

    def last_only(function, point, step=1e-5):
        last = tuple(length - 1 for length in point.shape)
        return central(function, point.astype(float), last, step)

    def first_only(function, point, step=1e-5):
        gradient = np.zeros(point.shape)
        first = (0,) * point.ndim
        gradient[first] = central(function, point.astype(float), first, step)
        return gradient

    def sum_of_cubes(x):
        return (x**3).sum()

    def product_of_squares(x):
        return (x**2).prod()

    def quarter_of_squares(x):
        return (x**2).sum() / 4

    observe = named_calls(
        ("sum of x³, at [1., 2.], step 0.1", (sum_of_cubes, np.array([1.0, 2.0]), 0.1)),
        ("product of x², at [1., 2.], step 0.1", (product_of_squares, np.array([1.0, 2.0]), 0.1)),
        (
            "sum of x³, at [[1., 2., 0.], [-1., 3., 1.]], step 0.1",
            (sum_of_cubes, np.array([[1.0, 2.0, 0.0], [-1.0, 3.0, 1.0]]), 0.1),
        ),
        ("a quarter of the sum of x², at [-1, 3]", (quarter_of_squares, np.array([-1, 3]))),
    )

    row_moves = (
        "Right for a flat array, but in a matrix `point[i]` is a whole row, and all of it moves. "
        "Use `for index in np.ndindex(point.shape)`."
    )
    together = (
        "You moved all coordinates at once. The gradient has one slope for each: move one "
        "coordinate, leave the others, and do this for each in turn."
    )
    return Exercise(
        solution=numerical_gradient,
        also_right=(with_unit_steps, flat_and_put_back, maths.numerical_gradient),
        mistakes=grouped(
            (
                (
                    each(lambda f, x, i, h: (f(moved(x, i, h)) - f(x)) / h),
                    "This is the forward difference. The central one goes a step down, too: "
                    "(f(x + h) - f(x - h)) / 2h.",
                ),
                (
                    each(lambda f, x, i, h: (f(x) - f(moved(x, i, -h))) / h),
                    "This is the backward difference. The central one goes a step up, too: "
                    "(f(x + h) - f(x - h)) / 2h.",
                ),
                (
                    each(lambda f, x, i, h: (f(moved(x, i, h)) - f(x)) / (2 * h)),
                    "The two points are one step apart, but you divide by two. Start from x - h "
                    "instead of x.",
                ),
                (
                    each(lambda f, x, i, h: difference(f, x, i, h) / h),
                    "All slopes are twice too large: from x - h to x + h it is two steps, so divide "
                    "by 2h.",
                ),
                (
                    each(lambda f, x, i, h: difference(f, x, i, h) / 2 * h),
                    "Python divides by 2 and then multiplies by the step. Put brackets: "
                    "`/ (2 * step)`.",
                ),
                (
                    each(lambda f, x, i, h: f(moved(x, i, h)) - f(moved(x, i, -h)) / (2 * h)),
                    "Python divides only the second value. Put brackets around the difference.",
                ),
                (
                    each(lambda f, x, i, h: central(f, x, i, h / 2)),
                    "You moved by half a step to each side. Move by a whole step to each side, and "
                    "divide by 2h.",
                ),
                (
                    each(
                        lambda f, x, i, h: (
                            (f(moved(x, i, h)) - 2 * f(x) + f(moved(x, i, -h))) / h**2
                        )
                    ),
                    "This is the second derivative, how the slope itself changes. The slope is "
                    "(f(x + h) - f(x - h)) / 2h.",
                ),
                (
                    each(difference),
                    "These are the differences of the function. Divide by the distance of the two "
                    "points, 2h.",
                ),
                (
                    each(lambda f, x, i, h: difference(f, x, i, h) / 2),
                    "You divided by 2 only. The two points lie 2h apart: divide by `2 * step`.",
                ),
                (
                    each(lambda f, x, i, h: -central(f, x, i, h)),
                    "The sign is turned round: subtract the lower value from the upper one, "
                    "f(x + h) - f(x - h).",
                ),
                (
                    each(lambda f, x, i, h: central(f, x, i, 1e-5)),
                    "You used a step of your own. Take the `step` that the caller gives.",
                ),
                (all_at_once, together),
                (lambda f, x, h=1e-5: np.full(x.shape, all_at_once(f, x, h)), together),
                (
                    each(lambda f, x, i, h: all_at_once(f, x[i], h)),
                    "The function got one coordinate alone. It needs the whole array, with that one "
                    "coordinate moved.",
                ),
                (
                    each(coordinate_left_behind),
                    "A coordinate that was moved stays moved when its neighbour's turn comes. Begin "
                    "each turn with a fresh copy of the point.",
                ),
                (
                    lambda f, x, h=1e-5: np.abs(numerical_gradient(f, x, h)),
                    "Your slopes are never negative, but a function can fall, too: take the difference "
                    "as it is, without its absolute value.",
                ),
                (changes_its_input, CHANGED),
                (almost_put_back, CHANGED),
                (whole_rows, row_moves),
                (one_slope_for_each_row, row_moves),
                (
                    lambda f, x, h=1e-5: numerical_gradient(f, x, h).ravel(),
                    "The slopes are right, but the shape is lost. Give the result the shape of "
                    "`point`.",
                ),
                (
                    last_only,
                    "Only the last slope comes back. Store each one in its place, "
                    "`gradient[index] = ...`, and return the whole array.",
                ),
                (
                    first_only,
                    "Only the first slope was filled in. Does `return` stand inside the loop? Move it "
                    "to the left, under `for`.",
                ),
                (
                    lambda f, x, h=1e-5: each(central, kind=x.dtype)(f, x, h),
                    "Right for floats, but an array of integers cannot hold 1 + step: it cuts the "
                    "step off. Begin with a copy of the point in floats.",
                ),
                (
                    lambda f, x, h=1e-5: numerical_gradient(f, x, h).astype(x.dtype),
                    "Right for floats, but here the result is an array of integers and cuts the "
                    "slopes off: make it with `np.zeros(point.shape)`.",
                ),
                (
                    each(central, kind=np.float32),
                    "32-bit floats have only about seven digits, too few for a step of 1e-5. Work in "
                    "64-bit floats.",
                ),
            )
        ),
        probe=observe,
        hints=(
            "Begin with one coordinate: which two arrays does the function get, and what is "
            "divided by what?",
            "In each turn of the loop make a copy of the point in floats, add the step at "
            "`index`, and call the function. Do the same with the step subtracted.",
            "Make `gradient = np.zeros(point.shape)` first. In the loop, set `gradient[index]` to "
            "the difference of the two values divided by `(2 * step)`; return it after the loop.",
        ),
        takeaway="You can now test any gradient, in any framework, without knowing how it was "
        "derived. The rest of this notebook measures how far the test can be trusted.",
        explanation="Each turn starts from fresh copies, so that only one coordinate differs and the "
        "caller's array stays as it was. Copies in floats can hold a small step, and np.ndindex "
        "goes through arrays of any shape.",
    )


def the_one_to_trust() -> Exercise:
    """A batch where two of three gradients fail the check, and the letter of the third."""

    def gradient_a(logits, labels):
        result = softmax(logits)
        result[:, labels] -= 1
        return result / len(labels)

    def gradient_c(logits, labels):
        return softmax(logits) - maths.one_hot(labels, logits.shape[-1])

    def observe(answer: list) -> Iterator[Observation]:
        if not isinstance(answer, (list, tuple)) or len(answer) != 3:
            raise NotYet("Give three things in a list: a letter, a point and its labels.")
        letter, point, labels = answer
        point, labels = maths.scores_and_labels(np.atleast_2d(point), np.atleast_1d(labels))

        def passes(gradient: Callable) -> bool:
            error = maths.gradient_error(
                lambda z: maths.cross_entropy(z, labels), lambda z: gradient(z, labels), point
            )
            return error < 1e-7

        gradients = (gradient_a, maths.cross_entropy_gradient, gradient_c)
        yield "whether a, b and c pass at your point", [passes(each) for each in gradients]
        yield "the letter of the one that you trust", letter

    two_rows = [[2.0, 1.0, -1.0], [0.5, 3.0, 0.0]]
    return Exercise(
        solution=["b", two_rows, [0, 2]],
        also_right=(
            ("B", np.zeros((2, 2)), np.array([1, 0])),
            [" b ", np.float32([[1, 2], [3, 4], [5, 6]]), (0, 0, 1)],
            ["b", [[1, 0, 0, 0], [0, 1, 0, 0]], np.array([3, 1], np.uint8)],
        ),
        mistakes=grouped(
            (
                (
                    ["b", [[2.0, 1.0, -1.0]], [0]],
                    "All three still pass. In one row there is nothing to average and no label of "
                    "another row: use a batch of at least two rows.",
                ),
                (
                    ["b", two_rows, [1, 1]],
                    "This unmasks `c`, but `a` still passes: all rows have the same label. Give them "
                    "different labels.",
                ),
                (
                    ["b", [[90.0, 0.0], [0.0, 90.0]], [0, 1]],
                    "Even the right one fails here: the scores lie so far apart that the slopes "
                    "vanish in rounding. Use scores between -5 and 5.",
                ),
                (
                    ["b", [[999.0, 0.0], [0.0, 999.0]], [0, 1]],
                    "This unmasks `a`, but `c` still passes: the scores lie so far apart that its "
                    "slopes are all 0. Use scores between -5 and 5.",
                ),
                (
                    ["a", two_rows, [0, 2]],
                    "The point is well chosen, but look at it again: `a` fails there. It subtracts 1 "
                    "in every row at the labels of all rows.",
                ),
                (
                    ["c", two_rows, [0, 2]],
                    "The point is well chosen, but look at it again: `c` fails there. It does not "
                    "divide by the number of rows.",
                ),
                (
                    ["gradient_b", two_rows, [0, 2]],
                    'The one that you trust is right. Write its letter alone: "b".',
                ),
                (
                    ["b", two_rows],
                    "Give three things in a list: a letter, a point and its labels.",
                ),
            )
        ),
        probe=observe,
        hints=(
            "What can go wrong in a batch that cannot go wrong in a single row?",
            "Take a point with two rows and run `passes` for all three. If two of them still "
            "pass, change the labels.",
            "Two rows of small scores with two different labels, such as 0 and 2, let only the "
            "right one pass.",
        ),
        takeaway="A check is only as good as its point: whenever you compare gradients, as in "
        "notebook 05, take several rows with different labels.",
        explanation="`a` subtracts 1 at the labels of all rows in every row: in one row, or with one "
        "label for all, there is no difference. `c` does not divide by the number of rows: with "
        "one row that changes nothing. `b` is (p - y) / rows, written in an unusual way.",
    )


EXERCISES = {
    "3.1": the_first_loss,
    "3.2": cross_entropy_from_scores,
    "3.3": a_jacobian_by_hand,
    "3.4": the_gradient_of_a_batch,
    "3.5": a_gradient_without_algebra,
    "3.6": the_one_to_trust,
}
