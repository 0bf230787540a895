"""The exercises of notebook 01, From scores to softmax."""

import numpy as np

from helpers.exercises.judging import Exercise, NotYet, calls, grouped, value
from helpers.maths import log_softmax, naive_softmax
from helpers.maths import softmax as stable_softmax


def softmax_with_a_pencil() -> Exercise:
    """Softmax of 0, ln 2 and ln 5, by hand."""
    return Exercise(
        solution=[1 / 8, 2 / 8, 5 / 8],
        also_right=([0.125, 0.25, 0.625], (0.13, 0.25, 0.63), np.array([0.125, 0.25, 0.625])),
        mistakes=grouped(
            (
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
                (
                    [1 / 3, 1 / 3, 1 / 3],
                    "Equal shares belong to equal scores. These are not equal.",
                ),
            )
        ),
        probe=value,
        hints=(
            "Exponential and natural logarithm undo each other: what is exp(ln 2)?",
            "The three exponentials are 1, 2 and 5. Softmax divides each by their sum.",
            "The sum is 8. So the first probability is 1/8; do the same for the other two.",
        ),
        takeaway="The odds 1 : 2 : 5 were hidden in the scores; softmax only makes them sum to 1.",
        explanation="exp(0) = 1, exp(ln 2) = 2 and exp(ln 5) = 5. Their sum is 8, so the probabilities "
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
        solution=softmax,
        also_right=(row_by_row, in_single_precision, stable_softmax),
        mistakes=grouped(
            (
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
                (
                    without_exponential,
                    "You divided the scores themselves. Take the exponential first.",
                ),
                (exponentials_only, "These are the exponentials. Divide each row by its sum."),
                (wrong_base, "You used powers of 2. Softmax uses powers of e: `np.exp`."),
                (negated, "The order is turned round: the largest score must win. Drop the minus."),
                (
                    dimension_lost,
                    "You divided by the sum of another row. Keep the dimension of the sum with "
                    "`keepdims=True`, so that it stays beside its own row.",
                ),
            )
        ),
        probe=calls(
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
        takeaway="One line works for one picture and for ten thousand: every model of this course "
        "ends in it.",
        explanation="The sum runs over the last axis, the classes. keepdims=True leaves the shape "
        "(batch, 1), which NumPy stretches over the columns of each row.",
    )


def back_to_scores() -> Exercise:
    """Scores of which softmax gives these probabilities: one of many right sets."""

    def scores_from(probabilities):
        return np.log(probabilities)

    def largest_at_zero(probabilities):
        scores = np.log(np.asarray(probabilities, np.float32))
        return scores - scores.max()

    def last_at_ten(probabilities):
        return [np.log(probability / probabilities[-1]) + 10 for probability in probabilities]

    def as_log_softmax(probabilities):
        return log_softmax(np.log(probabilities))

    def as_they_are(probabilities):
        return probabilities

    def largest_at_one(probabilities):
        return probabilities / probabilities.max()

    def exponentials(probabilities):
        return np.exp(probabilities)

    def reciprocals(probabilities):
        return 1 / probabilities

    def base_ten(probabilities):
        return np.log10(probabilities)

    def base_two(probabilities):
        return np.log2(probabilities)

    def negated(probabilities):
        return -np.log(probabilities)

    def one_against_the_rest(probabilities):
        return np.log(probabilities / (1 - probabilities))

    def of_the_rest(probabilities):
        return np.log(1 - probabilities)

    def one_added(probabilities):
        return np.log1p(probabilities)

    def divided(probabilities):
        return np.log(probabilities) / np.log(probabilities).sum()

    def times_probabilities(probabilities):
        return probabilities * np.log(probabilities)

    def softmax_again(probabilities):
        return naive_softmax(probabilities)

    def the_example(probabilities):
        return np.array([np.log(2), 0, 0])

    def too_far_up(probabilities):
        return np.log(probabilities) + 1000

    def added_up(probabilities):
        return np.log(probabilities).sum()

    not_undone = (
        "The probabilities went in as if they were scores, so softmax flattens them. Undo the "
        "exponential first."
    )
    single_number = "You returned a single number. Return one score for each probability."

    def observe(function):
        cases = ([0.5, 0.3, 0.2], [0.1, 0.3, 0.6], [0.01, 0.49, 0.2, 0.3])
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
        also_right=(largest_at_zero, last_at_ten, as_log_softmax),
        mistakes=grouped(
            (
                (as_they_are, not_undone),
                (largest_at_one, not_undone),
                (
                    exponentials,
                    "Softmax takes the exponential already. Go the other way: undo it.",
                ),
                (
                    reciprocals,
                    "A reciprocal turns the order round. Which function undoes the exponential?",
                ),
                (
                    base_ten,
                    "`np.log10` undoes powers of 10. Softmax uses powers of e: `np.log`.",
                ),
                (base_two, "`np.log2` undoes powers of 2. Softmax uses powers of e: `np.log`."),
                (
                    negated,
                    "The order is turned round: the largest probability needs the largest score. Drop "
                    "the minus.",
                ),
                (
                    one_against_the_rest,
                    "These are log odds of each class against all the rest, which undo a sigmoid. For "
                    "softmax, leave out the division by 1 - p.",
                ),
                (of_the_rest, "You took the logarithm of 1 - p. Take that of p."),
                (
                    one_added,
                    "You took the logarithm of 1 + p. Take that of p; it may be negative.",
                ),
                (
                    divided,
                    "You divided the logarithms by their sum, and that changes their differences. "
                    "Scores need not sum to 1.",
                ),
                (
                    times_probabilities,
                    "You multiplied the logarithms by the probabilities, and that changes their "
                    "differences. Leave it out.",
                ),
                (
                    softmax_again,
                    "That is softmax of the probabilities. Go the other way: undo the exponential.",
                ),
                (
                    the_example,
                    "These are the scores of the example. Compute them from `probabilities`.",
                ),
                (
                    too_far_up,
                    "Scores this large make `exp` overflow, and softmax answers `nan`. Move them all "
                    "down until they are small.",
                ),
                (added_up, single_number),
            )
        ),
        probe=observe,
        hints=(
            "Softmax is an exponential and a division. What undoes the exponential?",
            "The division moves all logarithms by the same amount, and softmax forgets such a "
            "shift. So only the exponential has to be undone.",
            "Take the natural logarithm of each probability. Any constant may be added.",
        ),
        takeaway="Log-probabilities are scores. The loss in notebook 03 works with exactly these "
        "logarithms.",
        explanation="exp(ln p) = p, and the p sum to 1 already, so the division changes nothing. Adding a "
        "constant to all scores gives another right answer.",
    )


def the_dial() -> Exercise:
    """Softmax with a temperature."""

    def softmax_with_temperature(logits, temperature):
        return naive_softmax(logits / temperature)

    def written_out(logits, temperature):
        exponentials = np.exp(np.asarray(logits, np.float32) / temperature)
        return exponentials / exponentials.sum(axis=-1, keepdims=True)

    def powers_divided_again(logits, temperature):
        powers = naive_softmax(logits) ** (1 / temperature)
        return powers / powers.sum(axis=-1, keepdims=True)

    def row_by_row(logits, temperature):
        return [naive_softmax([score / temperature for score in row]) for row in logits]

    def multiplied(logits, temperature):
        return naive_softmax(logits * temperature)

    def divided_after_softmax(logits, temperature):
        return naive_softmax(logits) / temperature

    def multiplied_after_softmax(logits, temperature):
        return naive_softmax(logits) * temperature

    def divided_after_exponential(logits, temperature):
        exponentials = np.exp(logits) / temperature
        return exponentials / exponentials.sum(axis=-1, keepdims=True)

    def powers(logits, temperature):
        return naive_softmax(logits) ** temperature

    def powers_not_divided(logits, temperature):
        return naive_softmax(logits) ** (1 / temperature)

    def subtracted(logits, temperature):
        return naive_softmax(logits) - temperature

    def divided_before_the_sum_only(logits, temperature):
        return np.exp(logits / temperature) / np.exp(logits).sum(axis=-1, keepdims=True)

    def divided_below_only(logits, temperature):
        return np.exp(logits) / np.exp(logits / temperature).sum(axis=-1, keepdims=True)

    def columns(logits, temperature):
        return naive_softmax(logits / temperature, axis=0)

    def everything(logits, temperature):
        exponentials = np.exp(logits / temperature)
        return exponentials / exponentials.sum()

    def dimension_lost(logits, temperature):
        exponentials = np.exp(logits / temperature)
        return exponentials / exponentials.sum(axis=-1)

    def exponentials_only(logits, temperature):
        return np.exp(logits / temperature)

    def scores_only(logits, temperature):
        return logits / temperature

    def shares(logits, temperature):
        scores = logits / temperature
        return scores / scores.sum(axis=-1, keepdims=True)

    def fixed_temperature(logits, temperature):
        return naive_softmax(logits / 2)

    def softmax_twice(logits, temperature):
        return naive_softmax(naive_softmax(logits) / temperature)

    def negated(logits, temperature):
        return naive_softmax(-logits / temperature)

    def whole_division(logits, temperature):
        return naive_softmax(logits // temperature)

    no_power = (
        "A power of the probabilities does not sum to 1. Change the scores instead, before softmax."
    )
    each_row = (
        "Each row must sum to 1 by itself: sum over the last axis and keep the dimension, or call "
        "`naive_softmax`."
    )
    return Exercise(
        solution=softmax_with_temperature,
        also_right=(written_out, powers_divided_again, row_by_row),
        mistakes=grouped(
            (
                (
                    multiplied,
                    "You multiplied by the temperature, so hot makes it more certain. Divide the "
                    "scores by it.",
                ),
                (
                    divided_after_softmax,
                    "You divided the probabilities, so they no longer sum to 1. Divide the scores, "
                    "before softmax.",
                ),
                (
                    multiplied_after_softmax,
                    "You multiplied the probabilities, so they no longer sum to 1. Divide the scores, "
                    "before softmax.",
                ),
                (
                    divided_after_exponential,
                    "The temperature cancels here, so it has no effect. Divide the scores by it before "
                    "the exponential.",
                ),
                (powers, no_power),
                (powers_not_divided, no_power),
                (
                    subtracted,
                    "You subtracted the temperature from the probabilities. Divide the scores by it.",
                ),
                (
                    divided_before_the_sum_only,
                    "The exponentials below the line need the temperature, too.",
                ),
                (divided_below_only, "The exponential above the line needs the temperature, too."),
                (columns, "Each column sums to 1, not each row: use the last axis."),
                (everything, each_row),
                (dimension_lost, each_row),
                (
                    exponentials_only,
                    "These are the exponentials. Divide each row by its sum, or call `naive_softmax`.",
                ),
                (scores_only, "These are still scores. Give them to `naive_softmax`."),
                (
                    shares,
                    "You divided the scores by their sum. Give them to `naive_softmax` instead.",
                ),
                (
                    fixed_temperature,
                    "The 2 of the example is fixed in your code. Divide by `temperature`.",
                ),
                (
                    softmax_twice,
                    "Softmax is applied twice. Divide the scores by the temperature, then apply it "
                    "once.",
                ),
                (negated, "The order is turned round: the largest score must win. Drop the minus."),
                (
                    whole_division,
                    "`//` cuts off what is behind the point. Divide with `/`.",
                ),
            )
        ),
        probe=calls(
            (np.array([[2.0, 1.0, -1.0]]), 2.0),
            (np.array([[2.0, 1.0, -1.0], [0.0, 0.0, 3.0], [1.5, -2.0, 1.0]]), 0.5),
            (np.array([[4.0, 1.0, 0.0, 2.0], [-3.0, 5.0, 5.0, 1.0]]), 10),
        ),
        hints=(
            "Compare the formula of this section with that of softmax. What is new in it?",
            "Only the scores change, before the exponential. The rest is softmax as it was.",
            "Divide `logits` by `temperature`, and give the result to `naive_softmax`.",
        ),
        takeaway="In notebook 08 a trained model sounds too sure of itself, and this one number "
        "repairs it.",
        explanation="The formula has z / T wherever softmax has z. So divide the scores, and leave the "
        "rest to softmax.",
    )


def one_more_thing_is_wrong() -> Exercise:
    """Which sentence explains the published inputs?"""
    wrong_letters = {
        "A": "Scores may have any size: a shift changes nothing, so 1 is no border. Add them up "
        "instead.",
        "C": "Logits may be negative, but need not: a shift makes them all positive. Add them up "
        "instead.",
    }
    no_letter = 'Choose one of the three, and write its letter in quotation marks, such as "A".'

    def observe(choice):
        letter = choice.strip(" .()*").upper() if isinstance(choice, str) else ""
        if letter != "B":
            # Raised, since an observation would be shown beside the right letter.
            raise NotYet(wrong_letters.get(letter, no_letter))
        yield "your choice", letter

    return Exercise(
        solution="B",
        also_right=("b", " B ", "B.", "(b)"),
        mistakes=grouped(
            (
                *wrong_letters.items(),
                ("probabilities", no_letter),
                ("AB", no_letter),
                ("D", no_letter),
                (2, no_letter),
            )
        ),
        probe=observe,
        hints=(
            "Hold the inputs against the facts that every set of probabilities must obey.",
            "All are positive. Now compute `published_scores.sum()`.",
            "The sum is 1, which is rare among scores. What kind of numbers sum to 1?",
        ),
        takeaway="Inputs that are positive and sum to 1 betray a second softmax. In notebook 06 you "
        "find this mistake in a network of your own.",
        explanation="The ten inputs are positive and sum to 1. Scores have no reason to do so, and "
        "probabilities always do. Size and sign of scores do not matter to softmax: only "
        "differences do.",
    )


EXERCISES = {
    "1.1": softmax_with_a_pencil,
    "1.2": softmax_for_a_batch,
    "1.3": back_to_scores,
    "1.4": the_dial,
    "1.5": one_more_thing_is_wrong,
}
