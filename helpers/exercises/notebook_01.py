"""The exercises of notebook 01, From scores to softmax."""

import numpy as np

from helpers.exercises.judge import Exercise, calls, value
from helpers.maths import softmax as stable_softmax


def softmax_with_a_pencil() -> Exercise:
    """Softmax of 0, ln 2 and ln 5, by hand."""
    return Exercise(
        right=[1 / 8, 2 / 8, 5 / 8],
        also_right=([0.125, 0.25, 0.625], (0.13, 0.25, 0.63), np.array([0.125, 0.25, 0.625])),
        mistakes=(
            ([1, 2, 5], "These are the exponentials. Divide each by their sum, which is 8."),
            (
                [0, 0.3010, 0.6990],
                "You divided the scores by their sum. Take the exponential of each score first.",
            ),
            (
                [0, np.log(2) / np.log(10), np.log(5) / np.log(10)],
                "You divided the scores by their sum. Take the exponential of each score first.",
            ),
            (
                [0, 2 / 7, 5 / 7],
                "The score 0 counts, too: its exponential is 1, not 0.",
            ),
            (
                [5 / 8, 2 / 8, 1 / 8],
                "The order is turned round: the largest score gets the largest probability.",
            ),
            ([0, 0, 1], "That is the argmax. Softmax leaves a share to every class."),
            ([1 / 3, 1 / 3, 1 / 3], "Equal shares belong to equal scores. These are not equal."),
        ),
        observe=value,
        hints=(
            "Exponential and natural logarithm undo each other: what is exp(ln 2)?",
            "The three exponentials are 1, 2 and 5. Softmax divides each by their sum.",
            "The sum is 8. So the first probability is 1/8; do the same for the other two.",
        ),
        meaning="The odds 1 : 2 : 5 were hidden in the scores; softmax only makes them sum to 1.",
        why="exp(0) = 1, exp(ln 2) = 2 and exp(ln 5) = 5. Their sum is 8, so the probabilities "
        "are 1/8, 2/8 and 5/8. Scores are logarithms of odds.",
        tolerance=0.006,
    )


def softmax_for_a_batch() -> Exercise:
    """Softmax along the rows of a batch."""

    def softmax(logits):
        exponentials = np.exp(logits)
        return exponentials / exponentials.sum(axis=-1, keepdims=True)

    def row_by_row(logits):
        rows = []
        for row in logits:
            total = sum(np.exp(score) for score in row)
            rows.append([np.exp(score) / total for score in row])
        return rows

    def in_single_precision(logits):
        exponentials = np.exp(np.asarray(logits, np.float32))
        return exponentials / exponentials.sum(axis=1)[:, None]

    def columns(logits):
        exponentials = np.exp(logits)
        return exponentials / exponentials.sum(axis=0, keepdims=True)

    def everything(logits):
        exponentials = np.exp(logits)
        return exponentials / exponentials.sum()

    def without_exponential(logits):
        return logits / logits.sum(axis=-1, keepdims=True)

    def exponentials_only(logits):
        return np.exp(logits)

    def wrong_base(logits):
        powers = 2.0**logits
        return powers / powers.sum(axis=-1, keepdims=True)

    def negated(logits):
        exponentials = np.exp(-logits)
        return exponentials / exponentials.sum(axis=-1, keepdims=True)

    def dimension_lost(logits):
        exponentials = np.exp(logits)
        return exponentials / exponentials.sum(axis=-1)

    return Exercise(
        right=softmax,
        also_right=(row_by_row, in_single_precision, stable_softmax),
        mistakes=(
            (
                columns,
                "Each column sums to 1, not each row: sum over the last axis and keep the "
                "dimension.",
            ),
            (
                everything,
                "All numbers together sum to 1: you need one sum for each row, so give `sum` an "
                "axis.",
            ),
            (without_exponential, "You divided the scores themselves. Take the exponential first."),
            (exponentials_only, "These are the exponentials. Divide each row by its sum."),
            (wrong_base, "You used powers of 2. Softmax uses powers of e: `np.exp`."),
            (negated, "The order is turned round: the largest score must win. Drop the minus."),
            (
                dimension_lost,
                "You divided by the sum of another row. Keep the dimension of the sum with "
                "`keepdims=True`, so that it stays beside its own row.",
            ),
        ),
        observe=calls(
            (np.array([[0.0, 0.0, 1.0], [0.0, 5.0, 1.0], [2.0, 1.0, -1.0]]),),
            (np.array([[1.0, 2.0], [3.0, 3.0], [-1.0, 0.5]]),),
            (np.array([[4.0, 1.0, 0.0, 2.0]]),),
        ),
        hints=(
            "Work out on paper what has to be divided by what for one row.",
            "`np.exp(logits)` has the shape of `logits`. Its sum along the last axis has one "
            "number for each row.",
            "Divide `np.exp(logits)` by `np.exp(logits).sum(axis=-1, keepdims=True)`.",
        ),
        meaning="One line works for one picture and for ten thousand: every model of this course "
        "ends in it.",
        why="The sum runs over the last axis, the classes. keepdims=True leaves the shape "
        "(batch, 1), which NumPy stretches over the columns of each row.",
    )


EXERCISES = {
    "1.1": softmax_with_a_pencil,
    "1.2": softmax_for_a_batch,
}
