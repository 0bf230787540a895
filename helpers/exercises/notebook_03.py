"""The exercises of notebook 03, Loss and gradient."""

from collections.abc import Callable, Iterator

import numpy as np

from helpers import maths
from helpers.exercises.answers import from_results
from helpers.exercises.exercise import Exercise, NotYet, Observation, calls, named_calls, value
from helpers.maths import log_softmax, naive_softmax, one_hot, softmax

SMALL_BATCHES = (
    (np.array([[0.0, 0.0, 1.0], [2.0, 0.0, 0.0]]), np.array([1, 0])),
    (np.array([[2.0, 0.0, 1.0], [1.0, 4.0, 0.0]]), np.array([1, 1])),
    (np.array([[0.0, 2.0], [1.0, 0.0], [4.0, 1.0]]), np.array([1, 1, 0])),
)


def losses_by_hand() -> Exercise:
    """What one picture costs three models, in nats."""
    return Exercise(
        solution=[0.69, 4.61, 4.50],
        mistakes={
            "The first two are right. In the third, 0.1 is not the probability of the true class: "
            "nine classes share it.": [[0.69, 4.61, 2.30]],
            "The first two are right. In the third, nine classes share 0.1, not ten: the wrong "
            "class has its 0.9 already.": [[0.69, 4.61, 4.61]],
            "The first two are right. In the third, you took the 0.9 of the wrong class: the loss "
            "looks only at the probability of the true one.": [[0.69, 4.61, 0.11]],
            "The first two are right. In the third, you averaged over all classes: the loss looks "
            "only at the probability of the true one.": [[0.69, 4.61, 0.54]],
            "These are logarithms to base 10. For nats take `np.log`.": [[0.301, 2, 1.954]],
            "These are bits, logarithms to base 2. For nats take `np.log`.": [[1, 6.644, 6.492]],
            "These are the logarithms. The loss is minus the logarithm, so turn the sign.": [
                [-0.69, -4.61, -4.50]
            ],
            "These are the probabilities of the true class. Now take minus the logarithm.": [
                [0.5, 0.01, 0.011]
            ],
            "This is 1 divided by the probability. Now take the logarithm of it.": [[2, 100, 90]],
            "This is 1 - p. The loss is minus the logarithm of p.": [[0.5, 0.99, 0.989]],
        },
        probe=value,
        hints=(
            "For each model, first write down the probability that it gives to the true class.",
            "The probabilities are 1/2, 1/100 and, in the third, a ninth of what 0.9 leaves over.",
            "The third is -log(0.1 / 9), which is log 90. The first two follow the same pattern.",
        ),
        takeaway="The third costs almost twice log 10: one confident mistake is worse than knowing "
        "nothing. In notebook 04 you compare the first printed loss with such a number.",
        explanation="The probabilities of the true class are 1/2, 1/100 and 0.1/9 = 1/90, so the "
        "losses are log 2, log 100 and log 90. A model without a preference always costs the "
        "logarithm of the number of classes.",
        tolerance=0.006,
    )


def mean_cross_entropy() -> Exercise:
    """The mean of -log p over the rows, from logits."""

    def cross_entropy(logits, labels):
        log_probabilities = log_softmax(logits)
        return -log_probabilities[np.arange(len(labels)), labels].mean()

    def wrong_results(z, y):
        p, log_p, naive = softmax(z), log_softmax(z), naive_softmax(z)
        n, hot, at_label = len(y), one_hot(y, z.shape[1]), (np.arange(len(y)), y)
        p_true, losses = p[at_label], -log_p[at_label]

        def loss_of(probabilities):
            return -np.log(probabilities[at_label]).mean()

        return {
            "This is the sum over the rows. The loss is the mean, so that it does not grow with "
            "the batch: divide by the number of rows.": [losses.sum()],
            "Right for small scores, but here the probability rounds to 0, and the logarithm of 0 "
            "is infinite: take `log_softmax` instead of the logarithm of `softmax`.": [loss_of(p)],
            "Right for small scores, but exp overflows at 800: take `log_softmax`, which subtracts "
            "the largest score first.": [loss_of(naive), -(hot * np.log(naive)).sum() / n],
            "A smallest probability keeps the logarithm finite, but it also hides how bad a "
            "confident mistake is: leave it out and take `log_softmax`.": [
                loss_of(p.clip(10.0**-digits)) for digits in (7, 8, 9, 10, 12, 15, 16)
            ],
            "This is the mean over all classes. Pick the entry of the true class in each row "
            "first: `labels` says which.": [-log_p.mean()],
            "You divided by the number of all entries. The mean is over the rows: divide by the "
            "number of rows.": [losses.sum() / z.size],
            "You divided by the number of classes. The mean is over the rows: divide by the number "
            "of rows.": [losses.sum() / z.shape[1]],
            "You took the largest probability of each row. The loss asks for the true class, also "
            "where the model prefers another: use `labels`.": [-log_p.max(axis=1).mean()],
            "`[:, labels]` takes all these columns from every row. Each row needs its own label: "
            "`[np.arange(len(labels)), labels]`.": [-log_p[:, y].mean()],
            "Rows and columns are swapped: the number of the row comes first, then the label.": [
                lambda: -log_p[y, np.arange(n)].mean()
            ],
            "Softmax went down the columns. The classes of one picture stand in a row: take the "
            "last axis.": [loss_of(softmax(z, axis=0))],
            "You averaged the scores themselves. Turn them into log probabilities first.": [
                -z[at_label].mean()
            ],
            "Softmax was applied twice. `log_softmax` takes the scores, not probabilities.": [
                cross_entropy(p, y)
            ],
            "You averaged the probabilities and then took the logarithm. Take the logarithm of "
            "each row first, then the mean.": [-np.log(p_true.mean())],
            "Only the first row was counted. Does `return` stand inside the loop? Move it to the "
            "left, under `for`.": [losses[0] / n],
            "Softmax ran over the whole array, so all rows together sum to 1. Each row is a "
            "picture of its own: take the last axis.": [loss_of(np.exp(z) / np.exp(z).sum())],
            "Here the probabilities are weighted with themselves, and the labels are not used. "
            "Take minus log p of the true class alone.": [-(p * log_p).sum() / n],
            "The labels are shifted by one. Classes are counted from 0, so use them as they are.": [
                cross_entropy(z, y.astype(int) - 1)
            ],
        }

    return Exercise(
        solution=cross_entropy,
        mistakes=from_results(wrong_results, *SMALL_BATCHES[0]),
        probe=calls(
            *SMALL_BATCHES,
            (np.array([[0.0, 800.0]]), np.array([0])),
            (np.array([[800.0, 800.0]]), np.array([0])),
            (np.array([[3, 1], [0, 2], [5, 5]]), np.array([0, 1, 1], np.uint8)),
        ),
        hints=(
            "`log_softmax(logits)` has one number for each class. Which one of a row counts?",
            "Pick log p of the true class from each row: that gives an array of shape (batch,).",
            "With the picked entries in `picked`, the loss is `-picked.mean()`.",
        ),
        takeaway="This one number is what every training in the course makes smaller, in NumPy in "
        "notebook 04 and in Keras from 05 on.",
        explanation="log_softmax gives log p without ever computing p, so a confident mistake "
        "stays finite. The pair of indices picks one entry from each row, and the mean keeps the "
        "loss comparable between batches of different size.",
    )


def jacobian_by_hand() -> Exercise:
    """The nine derivatives of softmax at the probabilities 1/2, 1/4 and 1/4."""
    p = np.array([1 / 2, 1 / 4, 1 / 4])
    identity, products = np.eye(3), np.outer(p, p)
    right = np.diag(p) - products
    return Exercise(
        solution=right.tolist(),
        mistakes={
            "The signs outside the diagonal are wrong: a score that rises lowers the probability "
            "of every other class.": [np.abs(right).tolist()],
            "All signs are turned round: a score that rises lifts its own class and lowers the "
            "others.": [(-right).tolist()],
            "The diagonal has a second term. For a class and its own score the derivative is p (1 "
            "- p), which is positive.": [(-products).tolist()],
            "These are the products of the probabilities. Outside the diagonal they need a minus, "
            "and on it the derivative is p (1 - p).": [products.tolist()],
            "The diagonal holds the probabilities themselves. Multiply each by 1 - p, and the rows "
            "sum to 0.": [(np.diag(p) - products * (1 - identity)).tolist()],
            "The diagonal holds the squares, p · p. For a class and its own score the derivative "
            "is p (1 - p).": [(np.diag(2 * p * p) - products).tolist()],
            "The diagonal is right, but the rest is not 0: all classes share one sum, so each "
            "score moves every probability.": [np.diag(p * (1 - p)).tolist()],
            "The factor in front is missing: multiply each row by the probability of its class.": [
                (identity - p).tolist()
            ],
            "You used p (1 - p) for all pairs. For two different classes the derivative is minus "
            "the product of their probabilities.": [(p[:, np.newaxis] * (1 - p)).tolist()],
            "Almost. Row 1 is right. In rows 2 and 3, work out 1/4 times 1/4 once more.": [
                [[1 / 4, -1 / 8, -1 / 8], [-1 / 8, 3 / 16, -1 / 8], [-1 / 8, -1 / 8, 3 / 16]],
                [[1 / 4, -1 / 8, -1 / 8], [-1 / 8, 1 / 8, -1 / 8], [-1 / 8, -1 / 8, 1 / 8]],
            ],
            "Almost. Row 1 sums to 0, rows 2 and 3 do not: their diagonal is 1/4 times 3/4.": [
                [[1 / 4, -1 / 8, -1 / 8], [-1 / 8, 1 / 4, -1 / 16], [-1 / 8, -1 / 16, 1 / 4]]
            ],
            "You put the p of the row into the bracket. It should be that of the column: the "
            "products are of two different classes.": [
                (p[:, np.newaxis] * (identity - p[:, np.newaxis])).tolist()
            ],
            "`p * p` is one row, entry by entry, with `.T` or without. Every pair needs its "
            "product: `np.outer(p, p)`.": [(np.diag(p) - p * p).tolist()],
            "The classes are in another order: the first one has the probability 1/2.": [
                right[::-1, ::-1].tolist()
            ],
        },
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
        explanation="The diagonal is p (1 - p): 1/4, 3/16 and 3/16. Elsewhere it is minus the "
        "product of two probabilities: -1/8 and -1/16. Each row and each column sums to 0.",
        tolerance=0.006,
    )


def gradient_of_batch() -> Exercise:
    """Slopes of the mean loss in every score."""

    def cross_entropy_gradient(logits, labels):
        one_hot = maths.one_hot(labels, logits.shape[-1])
        return (softmax(logits) - one_hot) / len(labels)

    def wrong_results(z, y):
        p, hot, n = softmax(z), one_hot(y, z.shape[1]), len(y)
        difference = p - hot

        def subtracting_at(rows, columns):
            slopes = p.copy()
            slopes[rows, columns] -= 1
            return slopes / n

        return {
            "This is the gradient of the sum over the batch; the loss is the mean: divide by the "
            "number of rows.": [difference],
            "Two things: this is y - p, and the gradient is p - y. The loss is a mean, so divide "
            "by the number of rows, too.": [-difference],
            "These are the probabilities alone. Subtract 1 at the true class of each row before "
            "you divide.": [p / n],
            "These are the probabilities. Subtract 1 at the true class of each row, then divide by "
            "the number of rows.": [p],
            "The one-hot rows have too few columns where the last classes do not occur. Give them "
            "as many as the scores have.": [lambda: (p - one_hot(y, max(y) + 1)) / n],
            "You divided by the number of classes. The loss is a mean over the rows: divide by the "
            "number of rows.": [difference / z.shape[1]],
            "You divided by the number of all entries. The loss is a mean over the rows: divide by "
            "the number of rows.": [difference / z.size],
            "Only y was divided by the number of rows. Put brackets around p - y.": [p - hot / n],
            "Only p was divided by the number of rows. Put brackets around p - y.": [p / n - hot],
            "`[:, labels]` subtracts in every row, also at the labels of the other rows. Each row "
            "needs its own: `[np.arange(len(labels)), labels]`.": [subtracting_at(slice(None), y)],
            "Rows and columns are swapped: the number of the row comes first, then the label.": [
                lambda: subtracting_at(y, np.arange(n))
            ],
            "The 1 stands one class too far to the left. Classes are counted from 0: use the "
            "labels as they are.": [(p - np.roll(hot, -1, axis=1)) / n],
            "The 1 stands one class too far to the right. Classes are counted from 0: use the "
            "labels as they are.": [(p - np.roll(hot, 1, axis=1)) / n],
            "You added the one-hot rows. The gradient is what you said minus what is true: "
            "subtract them.": [(p + hot) / n],
            "The slope of the true class has the wrong sign: it is p - 1, and never positive.": [
                np.where(hot == 1, 1 - p, p) / n
            ],
            "You subtracted 1 from all probabilities. Subtract it only at the true class of each "
            "row.": [(p - 1) / n],
            "You subtracted the numbers of the classes. Turn each label into a one-hot row first: "
            "`maths.one_hot(labels, classes)`.": [(p - y[:, np.newaxis]) / n],
            "You averaged the rows away. Every score of every row has a slope of its own: keep the "
            "shape of `logits`, and divide by the number of rows.": [difference.mean(axis=0)],
            "Only the true classes have a slope here. The other scores count, too: their slope is "
            "their probability, divided by the number of rows.": [difference * hot / n],
            "This is the slope in the probabilities, -1/p. One more step leads to the scores: with "
            "the Jacobian it becomes p - y.": [-hot / p / n],
            "Softmax went down the columns. The classes of one picture stand in a row: take the "
            "last axis.": [(softmax(z, axis=0) - hot) / n],
            "You subtracted y from the scores. Turn them into probabilities first: p - y.": [
                (z - hot) / n
            ],
            "You subtracted y from the log probabilities. The gradient needs the probabilities "
            "themselves: `softmax`.": [(log_softmax(z) - hot) / n],
            "Right for small scores, but exp overflows at 1000: take `softmax` from the imports, "
            "which subtracts the largest score first.": [(naive_softmax(z) - hot) / n],
        }

    return Exercise(
        solution=cross_entropy_gradient,
        mistakes=from_results(wrong_results, *SMALL_BATCHES[0]),
        probe=calls(
            *SMALL_BATCHES,
            (np.array([[1000.0, 0.0]]), np.array([1])),
            (np.array([[3, 1], [0, 2], [5, 5]]), np.array([0, 1, 1], np.uint8)),
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
        explanation="Each row has the slopes p - y. The loss is the mean of the rows' losses, so "
        "every slope is divided by their number. softmax returns a new array: the logits stay as "
        "they were.",
    )


def finite_differences() -> Exercise:
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

    def wrong_results(f, point, h=1e-5):
        moves = h * np.eye(point.size).reshape(-1, *point.shape)  # one coordinate each

        def at(moves, kind=float):
            return np.reshape([f((point + move).astype(kind)) for move in moves], point.shape)

        def slopes_in(kind):
            return (at(moves, kind) - at(-moves, kind)) / (2 * h)

        here, above, below = f(point), at(moves), at(-moves)
        gradient, all_at_once = (above - below) / (2 * h), (f(point + h) - f(point - h)) / (2 * h)
        left_behind = np.cumsum(moves, axis=0) - moves
        of_rows = [h * (np.arange(len(point)) == row) for row in range(len(point))]
        row_slopes = np.array([f((point.T + r).T) - f((point.T - r).T) for r in of_rows]) / (2 * h)
        return {
            "This is the forward difference. The central one goes a step down, too: (f(x + h) - "
            "f(x - h)) / 2h.": [(above - here) / h],
            "This is the backward difference. The central one goes a step up, too: (f(x + h) - f(x "
            "- h)) / 2h.": [(here - below) / h],
            "The two points are one step apart, but you divide by two. Start from x - h instead of "
            "x.": [(above - here) / (2 * h)],
            "Python divides by 2 and then multiplies by the step. Put brackets: `/ (2 * step)`.": [
                (above - below) / 2 * h
            ],
            "Python divides only the second value. Put brackets around the difference.": [
                above - below / (2 * h)
            ],
            "All slopes are 0. Are both points the same array (use `point.copy()`), does neither "
            "move, or is no slope stored?": [np.zeros(point.shape)],
            "These are the differences of the function. Divide by the distance of the two points, "
            "2h.": [above - below],
            "You divided by 2 only. The two points lie 2h apart: divide by `2 * step`.": [
                (above - below) / 2
            ],
            "You used a step of your own. Take the `step` that the caller gives.": [
                maths.numerical_gradient(f, point)
            ],
            "You moved all coordinates at once. The gradient has one slope for each: move one "
            "coordinate, leave the others, and do this for each in "
            "turn.": [all_at_once, np.full(point.shape, all_at_once)],
            "The function got one coordinate alone. It needs the whole array, with that one "
            "coordinate moved.": [
                np.reshape([f(x + h) - f(x - h) for x in point.flat], point.shape) / (2 * h)
            ],
            "A coordinate that was moved stays moved when its neighbour's turn comes. Begin each "
            "turn with a fresh copy of the "
            "point.": [(at(moves - left_behind) - at(-moves - left_behind)) / (2 * h)],
            "Right for a flat array, but in a matrix `point[i]` is a whole row, and all of it "
            "moves. Use `for index in "
            "np.ndindex(point.shape)`.": [(0 * point.T + row_slopes).T, row_slopes],
            "Only the last slope comes back. Store each one in its place, `gradient[index] = ...`, "
            "and return the whole array.": [gradient.flat[-1]],
            "Only the first slope was filled in. Does `return` stand inside the loop? Move it to "
            "the left, under `for`.": [gradient * (moves[0] > 0)],
            "Right for floats, but an array of integers cannot hold 1 + step: it cuts the step "
            "off. Begin with a copy of the point in floats.": [slopes_in(point.dtype)],
            "32-bit floats have only about seven digits, too few for a step of 1e-5. Work in "
            "64-bit floats.": [slopes_in(np.float32)],
        }

    def sum_of_cubes(x):
        return (x**3).sum()

    x, y = np.array([1.0, 2.0]), np.array([[1.0, 2.0, 0.0], [-1.0, 3.0, 1.0]])
    return Exercise(
        solution=numerical_gradient,
        mistakes=from_results(wrong_results, sum_of_cubes, x, 0.1),
        probe=named_calls(
            ("sum of x³, at [1., 2.], step 0.1", (sum_of_cubes, x, 0.1)),
            ("product of x², at [1., 2.], step 0.1", (lambda x: (x**2).prod(), x, 0.1)),
            ("sum of x³, at [[1., 2., 0.], [-1., 3., 1.]], step 0.1", (sum_of_cubes, y, 0.1)),
            (
                "a quarter of the sum of x³ - 12x, at [-1, 3]",
                (lambda x: (x**3 - 12 * x).sum() / 4, np.array([-1, 3])),
            ),
        ),
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
        explanation="Each turn starts from fresh copies, so that only one coordinate differs and "
        "the caller's array stays as it was. Copies in floats can hold a small step, and "
        "np.ndindex goes through arrays of any shape.",
    )


def gradient_check() -> Exercise:
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
        if np.ndim(point) < np.ndim(labels):
            raise NotYet("The point comes second, and its labels third.")
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
        mistakes={
            "All three still pass. In one row there is nothing to average and no label of another "
            "row: use a batch of at least two rows.": [["b", [[2.0, 1.0, -1.0]], [0]]],
            "This unmasks `c`, but `a` still passes: all rows have the same label. Give them "
            "different labels.": [["b", two_rows, [1, 1]]],
            "Even the right one fails here: the scores lie so far apart that rounding drowns the "
            "differences. Use scores between -5 and 5.": [
                ["b", [[90.0, 0.0], [0.0, 90.0]], [0, 1]]
            ],
            "This unmasks `a`, but `c` still passes: the scores lie so far apart that its slopes "
            "are all 0. Use scores between -5 and 5.": [["b", [[999, 0], [0, 999]], [0, 1]]],
            "The point is well chosen, but look at it again: `a` fails there. It subtracts 1 in "
            "every row at the labels of all rows.": [["a", two_rows, [0, 2]]],
            "The point is well chosen, but look at it again: `c` fails there. It does not divide "
            "by the number of rows.": [["c", two_rows, [0, 2]]],
            'The one that you trust is right. Write its letter alone: "b".': [
                ["gradient_b", two_rows, [0, 2]]
            ],
            "Give three things in a list: a letter, a point and its labels.": [["b", two_rows]],
        },
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
        explanation="`a` subtracts 1 at the labels of all rows in every row: in one row, or with "
        "one label for all, there is no difference. `c` does not divide by the number of rows: "
        "with one row that changes nothing. `b` is (p - y) / rows, written in an unusual way.",
    )


EXERCISES = {
    "3.1": losses_by_hand,
    "3.2": mean_cross_entropy,
    "3.3": jacobian_by_hand,
    "3.4": gradient_of_batch,
    "3.5": finite_differences,
    "3.6": gradient_check,
}
