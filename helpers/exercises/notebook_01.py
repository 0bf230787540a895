"""The exercises of notebook 01, From scores to softmax."""

import numpy as np

from helpers.exercises.answers import from_results
from helpers.exercises.exercise import Exercise, NotYet, calls, value
from helpers.maths import naive_softmax


def softmax_by_hand() -> Exercise:
    """Softmax of 0, ln 2 and ln 5, by hand."""
    return Exercise(
        solution=[1 / 8, 2 / 8, 5 / 8],
        mistakes={
            "These are the exponentials. Divide each by their sum, which is 8.": [[1, 2, 5]],
            "You divided the scores by their sum. Take the exponential of each score first.": [
                [0, 0.3010, 0.6990]
            ],
            "You divided by the exponential of the sum, 10. Take the sum of the exponentials.": [
                [0.1, 0.2, 0.5]
            ],
            "This is the softmax of 0, 2 and 5. The scores are their logarithms, ln 2 and ln 5.": [
                [0.0064, 0.0471, 0.9465]
            ],
            "The score 0 counts, too: its exponential is 1, not 0.": [[0, 2 / 7, 5 / 7]],
            "ln is the natural logarithm, so its exponential gives back 2 and 5. You took it to "
            "base 10.": [[0.2292, 0.3097, 0.4611]],
            "That is the argmax. Softmax leaves a share to every class.": [[0, 0, 1]],
            "Equal shares belong to equal scores. These are not equal.": [[1 / 3, 1 / 3, 1 / 3]],
        },
        probe=value,
        hints=(
            "Exponential and natural logarithm undo each other: what is exp(ln 2)?",
            "The three exponentials are 1, 2 and 5. Softmax divides each by their sum.",
            "The sum is 8. So the first probability is 1/8; do the same for the other two.",
        ),
        takeaway="The odds 1 : 2 : 5 were hidden in the scores; softmax only makes them sum to 1.",
        explanation="exp(0) = 1, exp(ln 2) = 2 and exp(ln 5) = 5. Their sum is 8, so the "
        "probabilities are 1/8, 2/8 and 5/8. Scores are logarithms of odds.",
        tolerance=0.006,
    )


def softmax_of_rows() -> Exercise:
    """Softmax along the rows of a batch."""

    def softmax(logits):
        exponentials = np.exp(logits)
        return exponentials / exponentials.sum(axis=-1, keepdims=True)

    return Exercise(
        solution=softmax,
        mistakes={
            "Each column sums to 1, not each row: sum over the last axis and keep the dimension.": [
                lambda z: naive_softmax(z, axis=0)
            ],
            "All numbers together sum to 1: you need one sum for each row, so give `sum` an "
            "axis.": [lambda z: np.exp(z) / np.exp(z).sum()],
            "You divided the scores themselves. Take the exponential first.": [
                lambda z: z / z.sum(axis=-1, keepdims=True)
            ],
            "You divided inside `np.exp`. Take the exponentials first, then divide by their sum.": [
                lambda z: np.exp(z / z.sum(axis=-1, keepdims=True)),
                lambda z: np.exp(z / np.exp(z).sum(axis=-1, keepdims=True)),
            ],
            "You divided by the sum of the scores. Divide by the sum of the exponentials.": [
                lambda z: np.exp(z) / z.sum(axis=-1, keepdims=True)
            ],
            "This is the sigmoid of each score on its own. Softmax compares the scores of a row: "
            "divide each exponential by their sum.": [lambda z: 1 / (1 + np.exp(-z))],
            "These are the exponentials. Divide each row by its sum.": [np.exp],
            "Right for scores that are floats. But a result with the type of whole-number scores, "
            "as `zeros_like` makes it, cuts the probabilities to 0: use `np.zeros`.": [
                lambda z: softmax(z).astype(z.dtype)
            ],
            "You used powers of 2. Softmax uses powers of e: `np.exp`.": [
                lambda z: softmax(np.log(2) * z)
            ],
            "The order is turned round: the largest score must win. Drop the minus.": [
                lambda z: softmax(-z)
            ],
            "You divided by the sum of another row. Keep the dimension of the sum with "
            "`keepdims=True`, so that it stays beside its own "
            "row.": [lambda z: np.exp(z) / np.exp(z).sum(axis=-1)],
        },
        probe=calls(
            (np.array([[0.0, 0.0, 1.0], [0.0, 5.0, 1.0], [2.0, 1.0, -1.0]]),),
            (np.array([[1.0, 2.0], [3.0, 3.0], [-1.0, 0.5]]),),
            (np.array([[4.0, 1.0, 0.0, 2.0]]),),
            (np.array([[1, 0], [3, 5]]),),
        ),
        hints=(
            "Work out on paper what has to be divided by what for one row.",
            "`np.exp(logits)` has the shape of `logits`. Its sum along the last axis has one "
            "number for each row.",
            "Divide `np.exp(logits)` by `np.exp(logits).sum(axis=-1, keepdims=True)`.",
        ),
        takeaway="One line works for one picture and for ten thousand: every model of this course "
        "gets its probabilities from it.",
        explanation="The sum runs over the last axis, the classes. keepdims=True leaves the shape "
        "(batch, 1), which NumPy stretches over the columns of each row.",
    )


def scores_from_probabilities() -> Exercise:
    """Scores of which softmax gives these probabilities: one of many right sets."""

    def scores_from(probabilities):
        return np.log(probabilities)

    single_number = "You returned a single number. Return one score for each probability."

    def observe(function):
        cases = ([0.5, 0.3, 0.2], [0.1, 0.3, 0.6], [0.01, 0.49, 0.2, 0.3], [0.0001, 0.9999])
        for given, scores in calls(*((np.array(case),) for case in cases))(function):
            try:
                are_numbers = np.asarray(scores).dtype.kind in "biuf"
            except ValueError:  # lists of different lengths
                are_numbers = False
            if not are_numbers:
                yield given, scores
                continue
            if not np.isfinite(scores).all():
                raise NotYet("Some of your scores are `nan` or `inf`. Scores must be numbers.")
            if np.ndim(scores) == 0:
                raise NotYet(single_number)
            yield f"{given}, and then softmax of your scores", naive_softmax(scores)

    return Exercise(
        solution=scores_from,
        mistakes={
            "The probabilities went in as if they were scores, so softmax flattens them. Undo the "
            "exponential first.": [lambda p: p, lambda p: p / p.max()],
            "Softmax takes the exponential already. Go the other way: undo it.": [np.exp],
            "A reciprocal turns the order round. Which function undoes the exponential?": [
                np.reciprocal
            ],
            "`np.log10` undoes powers of 10. Softmax uses powers of e: `np.log`.": [np.log10],
            "`np.log2` undoes powers of 2. Softmax uses powers of e: `np.log`.": [np.log2],
            "The order is turned round: the largest probability needs the largest score. Drop the "
            "minus.": [lambda p: -np.log(p)],
            "These are log odds of each class against all the rest, which undo a sigmoid. For "
            "softmax, leave out the division by 1 - p.": [lambda p: np.log(p / (1 - p))],
            "You took the logarithm of 1 - p. Take that of p.": [lambda p: np.log(1 - p)],
            "You divided the logarithms by their sum, and that changes their differences. Scores "
            "need not sum to 1.": [lambda p: np.log(p) / np.log(p).sum()],
            "That is softmax of the probabilities. Go the other way: undo the exponential.": [
                naive_softmax
            ],
            "These are the scores of the example. Compute them from `probabilities`.": [
                lambda p: np.log([2, 1, 1])
            ],
            "So far from 0, `exp` overflows or becomes 0, and softmax answers `nan`. Move all "
            "scores nearer to 0.": [lambda p: np.log(p) + 1000],
            single_number: [lambda p: np.log(p).sum()],
            "A limit makes all small probabilities equal. They are positive, so their logarithm "
            "is finite: leave the limit out.": [
                lambda p: np.log(p.clip(1e-3)),
                lambda p: np.log(p + 1e-3),
            ],
        },
        probe=observe,
        hints=(
            "Softmax is an exponential and a division. What undoes the exponential?",
            "The division moves all logarithms by the same amount, and softmax forgets such a "
            "shift. So only the exponential has to be undone.",
            "Take the natural logarithm of each probability. Any constant may be added.",
        ),
        takeaway="Log-probabilities are scores. The loss in notebook 03 works with exactly these "
        "logarithms.",
        explanation="exp(ln p) = p, and the p sum to 1 already, so the division changes nothing. "
        "Adding a constant to all scores gives another right answer.",
    )


def temperature() -> Exercise:
    """The temperature at which two classes have the odds that are wanted."""

    def temperature_for(first, second, odds):
        return np.log(first / second) / np.log(odds)

    def wrong_results(first, second, odds):
        ratio, lead = first / second, np.log(first / second)
        t = lead / np.log(odds)
        return {
            "You divided the odds by each other. The temperature divides the difference of the "
            "scores, and odds are its exponential: take the logarithm of both.": [ratio / odds],
            "This is 1/T. A difference of scores that is divided by T becomes the logarithm of the "
            "odds: solve that for T.": [1 / t],
            "The wanted odds are an exponential, too. Take their logarithm.": [lead / odds],
            "A logarithm to base 2 fits odds of 2 alone. Divide by the logarithm of the odds that "
            "are wanted.": [lead / np.log(2)],
            "The odds of the two probabilities are an exponential, too. Take their logarithm.": [
                ratio / np.log(odds)
            ],
            "You subtracted the logarithms of the odds. T divides the difference of scores, so "
            "divide them.": [lead - np.log(odds), np.log(ratio / odds)],
            "The first is divided by the second, not multiplied by it.": [
                np.log(first * second) / np.log(odds)
            ],
            "You divided the logarithms of the probabilities. Their difference is that of the "
            "scores.": [np.log(first) / np.log(second) / np.log(odds)],
            "You subtracted the probabilities. The scores differ by the logarithm of their "
            "ratio.": [(first - second) / np.log(odds), (first - second) / odds],
            "Only the first class counts in your answer. Compare it with the second.": [
                np.log(first) / np.log(odds),
                np.log(first / (1 - first)) / np.log(odds),
            ],
            "This is the logarithm of the odds at temperature 1. Divide it by that of the odds "
            "that are wanted.": [lead],
            "This is what the odds become at a temperature as large as the wanted odds. Which "
            "temperature makes the wanted ones?": [ratio ** (1 / odds)],
        }

    cases = ((0.8, 0.1, 2.0), (0.16, 0.02, 2.0), (0.6, 0.3, 4.0), (0.05, 0.4, 0.5), (0.7, 0.1, 1.5))
    return Exercise(
        solution=temperature_for,
        mistakes=from_results(wrong_results, *cases[0]),
        probe=calls(*cases),
        hints=(
            "At temperature 1 the odds are e to the difference of the two scores. How large is "
            "this difference?",
            "It is the logarithm of `first / second`. At temperature T it is divided by T, and its "
            "exponential must be `odds`.",
            "Take logarithms: ln(first / second) / T = ln(odds). Now solve for T.",
        ),
        takeaway="Two probabilities are enough: you have turned the dial of a model whose scores "
        "you never saw. In notebook 08 a model sounds too sure, and such a T repairs it.",
        explanation="In a ratio of two classes the sum below the line cancels: the odds are "
        "e to the power of (difference of scores) / T. Their logarithm is ln(first / second) at "
        "T = 1 and must become ln(odds), so T is the one divided by the other.",
    )


def double_softmax() -> Exercise:
    """Which sentence explains the published inputs?"""
    no_letter = 'Choose one of the three, and write its letter in quotation marks, such as "A".'
    mistakes: dict[str, list] = {
        "Scores may have any size: a shift changes nothing, so 1 is no border. Add them up "
        "instead.": ["A"],
        "Logits may be negative, but need not: a shift makes them all positive. Add them up "
        "instead.": ["C"],
        no_letter: ["probabilities", "AB", "D", 2],
    }

    def observe(choice):
        letter = choice.strip(" .()*").upper() if isinstance(choice, str) else ""
        if letter != "B":
            # Raised, because an observation would show the right letter.
            earned = (sentence for sentence, letters in mistakes.items() if letter in letters)
            raise NotYet(next(earned, no_letter))
        yield "your choice", letter

    return Exercise(
        solution="B",
        mistakes=mistakes,
        probe=observe,
        hints=(
            "Hold the inputs against the facts that every set of probabilities must obey.",
            "All are positive. Now compute `published_scores.sum()`.",
            "The sum is 1, which is rare among scores. What kind of numbers sum to 1?",
        ),
        takeaway="Inputs that are positive and sum to 1 betray a second softmax. In notebook 06 "
        "you find this mistake in a network of your own.",
        explanation="The ten inputs are positive and sum to 1. Scores have no reason to do so, and "
        "probabilities always do. Size and sign of scores do not matter to softmax: only "
        "differences do.",
    )


EXERCISES = {
    "1.1": softmax_by_hand,
    "1.2": softmax_of_rows,
    "1.3": scores_from_probabilities,
    "1.4": temperature,
    "1.5": double_softmax,
}
