"""The exercises of notebook 02, Softmax without overflow."""

import numpy as np

from helpers import maths
from helpers.exercises.judging import Exercise, calls, grouped, value


def ten_equal_scores() -> Exercise:
    """The largest of ten equal scores that the naive formula survives in float16."""
    edge = "That is the edge itself. The largest whole number below it is asked for."
    too_high = "Too high: at 9 the sum is already about 81,000, above 65,504. Round down."
    not_the_largest = "This score is safe, but it is not the largest: try one more."
    not_the_sum = (
        "Each exponential fits, but the sum of ten does not: it is ten times as large. "
        "Take log 10 off the limit."
    )
    wrong_way = (
        "You added log 10. The sum is larger than one exponential, so each must stay lower: "
        "subtract it."
    )
    divided = (
        "Ten exponentials that sum to the limit are each a tenth of it, and the logarithm of a "
        "tenth is less log 10: subtract instead of dividing."
    )
    wrong_float_type = "This is the answer for another float type. Use the line of `float16`."
    return Exercise(
        solution=8,
        also_right=(8.0, np.int64(8), np.float16(8), int(np.log(65504 / 10))),
        mistakes=grouped(
            (
                (8.79, edge),
                (8.7, edge),
                (9, too_high),
                (10, too_high),
                (5, not_the_largest),
                (6, not_the_largest),
                (7, not_the_largest),
                (11, not_the_sum),
                (11.09, not_the_sum),
                (12, too_high),
                (13, wrong_way),
                (13.39, wrong_way),
                (1, divided),
                (1.109, divided),
                (4, divided),
                (4.82, divided),
                (
                    3,
                    "You used logarithms to the base 10. The exponential is a power of e: use the "
                    "natural logarithm.",
                ),
                (86, wrong_float_type),
                (707, wrong_float_type),
                (
                    6550,
                    "That is how large each exponential may be. The score is its natural logarithm.",
                ),
            )
        ),
        probe=value,
        hints=(
            "The sum below the line is the first number that becomes too large. How large is it, "
            "written with s?",
            "The sum is 10 times e to the power s, and it must stay below 65,504. Take the "
            "logarithm of both sides.",
            "So s + log 10 must stay below 11.09. Subtract 2.30, and round down.",
        ),
        takeaway="The sum overflows before its terms do: with many classes even the scores inside "
        "the window are not safe.",
        explanation="The sum is 10 exp(s). Its logarithm, s + 2.30, must stay below log 65,504 = 11.09. "
        "So s is below 8.79, and the largest whole number is 8.",
        tolerance=0.005,
    )


def stable_softmax() -> Exercise:
    """Softmax that is right for any finite scores."""

    def softmax(logits):
        largest = logits.max(axis=-1, keepdims=True)  # (batch, 1)
        exponentials = np.exp(logits - largest)
        return exponentials / exponentials.sum(axis=-1, keepdims=True)

    def row_by_row(logits):
        rows = []
        for row in logits.tolist():
            exponentials = [np.exp(score - max(row)) for score in row]
            rows.append([item / sum(exponentials) for item in exponentials])
        return rows

    def in_single_precision(logits):
        logits = np.asarray(logits, np.float32)
        exponentials = np.exp(logits - logits.max(axis=1)[:, None])
        return exponentials / exponentials.sum(axis=1)[:, None]

    def differences_of_scores(logits):
        return 1 / np.exp(logits[:, None, :] - logits[:, :, None]).sum(axis=-1)

    def transposed(logits):
        exponentials = np.exp(logits.T - np.max(logits, axis=1))
        return (exponentials / exponentials.sum(axis=0)).T

    def smallest(logits):
        return maths.naive_softmax(logits - logits.min(axis=-1, keepdims=True))

    def mean(logits):
        return maths.naive_softmax(logits - logits.mean(axis=-1, keepdims=True))

    def first(logits):
        return maths.naive_softmax(logits - logits[:, :1])

    def largest_of_batch(logits):
        return maths.naive_softmax(logits - logits.max())

    def smallest_of_batch(logits):
        return maths.naive_softmax(logits - logits.min())

    def mean_of_batch(logits):
        return maths.naive_softmax(logits - logits.mean())

    def largest_absolute_value(logits):
        return maths.naive_softmax(logits - np.abs(logits).max(axis=-1, keepdims=True))

    def large_scores_only(logits):
        shift = logits.max(axis=-1, keepdims=True) if logits.max() > 700 else 0
        return maths.naive_softmax(logits - shift)

    def positive_scores_only(logits):
        return maths.naive_softmax(logits - np.maximum(logits.max(axis=-1, keepdims=True), 0))

    def constant(logits):
        return maths.naive_softmax(logits - 1000)

    def total(logits):
        return maths.naive_softmax(logits - logits.sum(axis=-1, keepdims=True))

    def added(logits):
        return maths.naive_softmax(logits + logits.max(axis=-1, keepdims=True))

    def largest_of_columns(logits):
        return maths.naive_softmax(logits - logits.max(axis=0))

    def dimension_of_largest_lost(logits):
        return maths.naive_softmax(logits - logits.max(axis=-1))

    def dimension_of_sum_lost(logits):
        exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return exponentials / exponentials.sum(axis=-1)

    def both_dimensions_lost(logits):
        exponentials = np.exp(logits - logits.max(axis=-1))
        return exponentials / exponentials.sum(axis=-1)

    def one_sum_for_all(logits):
        exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return exponentials / exponentials.sum()

    def one_largest_and_one_sum(logits):
        exponentials = np.exp(logits - logits.max())
        return exponentials / exponentials.sum()

    def along_columns(logits):
        return maths.softmax(logits, axis=0)

    def not_divided(logits):
        return np.exp(logits - logits.max(axis=-1, keepdims=True))

    def numerator_only(logits):
        shifted = logits - logits.max(axis=-1, keepdims=True)
        return np.exp(shifted) / np.exp(logits).sum(axis=-1, keepdims=True)

    def denominator_only(logits):
        shifted = logits - logits.max(axis=-1, keepdims=True)
        return np.exp(logits) / np.exp(shifted).sum(axis=-1, keepdims=True)

    def after_exponential(logits):
        exponentials = np.exp(logits)
        exponentials = exponentials - exponentials.max(axis=-1, keepdims=True)
        return exponentials / exponentials.sum(axis=-1, keepdims=True)

    def divided_by_largest(logits):
        return maths.naive_softmax(logits / logits.max(axis=-1, keepdims=True))

    def divided_exponentials(logits):
        exponentials = np.exp(logits)
        exponentials = exponentials / exponentials.max(axis=-1, keepdims=True)
        return exponentials / exponentials.sum(axis=-1, keepdims=True)

    def clipped(logits):
        return maths.naive_softmax(np.clip(logits, -500, 500))

    def nan_made_zero(logits):
        return np.nan_to_num(maths.naive_softmax(logits))

    def tiny_number_added(logits):
        exponentials = np.exp(logits)
        return exponentials / (exponentials.sum(axis=-1, keepdims=True) + 1e-9)

    beside_its_row = (
        "You used the number of another row. Keep the dimension, of the maximum and of the sum, "
        "with `keepdims=True`: so each stays beside its own row."
    )
    one_for_all = "All numbers together sum to 1. Each row needs its own sum: give `sum` an axis."
    low_scores = (
        "Right for large scores, but far below 0 all exponentials become 0, and 0 / 0 is `nan`: "
        "subtract the largest score whatever its sign is."
    )
    own_shift = (
        "You subtracted the same number from the whole batch. A row far from it still breaks: "
        "subtract the largest score of each row."
    )
    return Exercise(
        solution=softmax,
        also_right=(
            row_by_row,
            in_single_precision,
            differences_of_scores,
            transposed,
            maths.softmax,
        ),
        mistakes=grouped(
            (
                (
                    maths.naive_softmax,
                    "Right for small scores, but exp overflows at 1000: subtract the largest score "
                    "first.",
                ),
                (
                    smallest,
                    "You subtracted the smallest score. A score far above it still overflows: "
                    "subtract the largest.",
                ),
                (
                    mean,
                    "You subtracted a number from the middle of the row, such as the mean. A score "
                    "far above it still overflows: subtract the largest.",
                ),
                (
                    first,
                    "You subtracted the first score of each row. Where another one is far above it, "
                    "exp still overflows: subtract the largest.",
                ),
                (largest_of_batch, own_shift),
                (smallest_of_batch, own_shift),
                (mean_of_batch, own_shift),
                (large_scores_only, low_scores),
                (positive_scores_only, low_scores),
                (
                    largest_absolute_value,
                    "You subtracted the largest absolute value. Scores far below 0 are then pushed "
                    "even lower, until all exponentials are 0: leave the sign as it is.",
                ),
                (
                    constant,
                    "Even small scores give `nan` now. A fixed number, such as 1000, is right for some "
                    "rows only: subtract the largest score of each row.",
                ),
                (
                    total,
                    "You subtracted the sum of the scores. That pushes them far down, until all "
                    "exponentials are 0: subtract the largest score.",
                ),
                (
                    added,
                    "You added the largest score. That pushes the scores further out: subtract it.",
                ),
                (
                    largest_of_columns,
                    "You subtracted the largest score of each column. Only a number that is the same "
                    "for a whole row cancels: take the maximum over the last axis.",
                ),
                (dimension_of_largest_lost, beside_its_row),
                (dimension_of_sum_lost, beside_its_row),
                (both_dimensions_lost, beside_its_row),
                (one_sum_for_all, one_for_all),
                (one_largest_and_one_sum, one_for_all),
                (
                    along_columns,
                    "Each column sums to 1, not each row: take the maximum and the sum over the last "
                    "axis and keep the dimension.",
                ),
                (not_divided, "These are the exponentials. Divide each row by its sum."),
                (
                    numerator_only,
                    "You subtracted above the line only. The shift cancels when it is subtracted "
                    "below the line, too: use the same exponentials in both places.",
                ),
                (
                    denominator_only,
                    "You subtracted below the line only. The shift cancels when it is subtracted above "
                    "the line, too: use the same exponentials in both places.",
                ),
                (
                    after_exponential,
                    "You subtracted after the exponential, which changes the ratios. Subtract from "
                    "the scores, before `np.exp`.",
                ),
                (
                    divided_by_largest,
                    "You divided by the largest score. That changes the differences between scores, "
                    "and so the answer: subtract it.",
                ),
                (
                    divided_exponentials,
                    "You divided by the largest exponential. On paper that is right, but it comes too "
                    "late: exp has overflowed already. Subtract the largest score before `np.exp`.",
                ),
                (
                    clipped,
                    "You cut the scores off at a limit, and different scores became the same. "
                    "Subtract the largest score instead: it keeps their differences.",
                ),
                (
                    nan_made_zero,
                    "You replaced `nan` by 0, and the row no longer sums to 1. Avoid the `nan`: "
                    "subtract the largest score before `np.exp`.",
                ),
                (
                    tiny_number_added,
                    "A tiny number in the sum prevents 0 / 0, but not the wrong answer. Subtract the "
                    "largest score before `np.exp`; then the sum is at least 1.",
                ),
            )
        ),
        probe=calls(
            (np.array([[0.0, 1.0], [3.0, 1.0]]),),
            (np.array([[1000.0, 1001.0, 1002.0]]),),
            (np.array([[-1000.0, -1000.0, -999.0]]),),
            (np.array([[1000.0, 1001.0], [-1000.0, -999.0]]),),
            (np.array([[0.0, 1000.0, 2000.0], [2000.0, 1000.0, 0.0]]),),
            (np.array([[100000.0, 100001.0]]),),
            (np.array([[400.0, 401.0, 402.0], [400.0, 0.0, 0.0], [-400.0, -401.0, -402.0]]),),
        ),
        hints=(
            "Which exponents may you give to `np.exp` without fear: positive or negative ones?",
            "After the subtraction no score should be above 0, and one of them should be 0, so "
            "that the sum cannot vanish. Which b does that, for each row?",
            "Begin with `logits - logits.max(axis=-1, keepdims=True)`, then go on with the naive "
            "formula.",
        ),
        takeaway="Every library computes softmax this way: one subtraction, and no finite score "
        "can break it. All later notebooks use it.",
        explanation="The shift cancels, so any b is allowed. With the largest score of the row no exponent "
        "is above 0, so nothing overflows. One exponent is 0, so the sum is at least 1.",
    )


def logsumexp_for_a_batch() -> Exercise:
    """The logarithm of a sum of exponentials, without overflow."""

    def logsumexp(logits):
        largest = logits.max(axis=-1, keepdims=True)  # (batch, 1)
        total = np.exp(logits - largest).sum(axis=-1)  # (batch,)
        return largest[:, 0] + np.log(total)

    def row_by_row(logits):
        results = []
        for row in logits.tolist():
            results.append(max(row) + np.log(sum(np.exp(score - max(row)) for score in row)))
        return results

    def in_single_precision(logits):
        logits = np.asarray(logits, np.float32)
        largest = logits.max(axis=1)
        return np.log(np.exp(logits - largest[:, None]).sum(axis=1)) + largest

    def two_at_a_time(logits):
        return np.logaddexp.reduce(logits, axis=-1)

    def naive(logits):
        return np.log(np.exp(logits).sum(axis=-1))

    def with_shift(logits, shift):
        return shift + np.log(np.exp(logits - shift[:, np.newaxis]).sum(axis=-1))

    def smallest(logits):
        return with_shift(logits, logits.min(axis=-1))

    def first(logits):
        return with_shift(logits, logits[:, 0])

    def mean(logits):
        return with_shift(logits, logits.mean(axis=-1))

    def largest_of_batch(logits):
        return with_shift(logits, np.full(len(logits), logits.max()))

    def another_given_back(logits):
        return np.log(np.exp(logits - logits.max()).sum(axis=-1)) + logits.max(axis=-1)

    def not_given_back(logits):
        return logsumexp(logits) - logits.max(axis=-1)

    def subtracted_again(logits):
        return logsumexp(logits) - 2 * logits.max(axis=-1)

    def given_back_inside(logits):
        largest = logits.max(axis=-1)
        return np.log(np.exp(logits - largest[:, np.newaxis]).sum(axis=-1) + largest)

    def given_back_to_each(logits):
        largest = logits.max(axis=-1, keepdims=True)
        return np.log((np.exp(logits - largest) + largest).sum(axis=-1))

    def multiplied(logits):
        largest = logits.max(axis=-1)
        return largest * np.log(np.exp(logits - largest[:, np.newaxis]).sum(axis=-1))

    def not_in_the_sum(logits):
        return logits.max(axis=-1)

    def upper_limit(logits):
        return logits.max(axis=-1) + np.log(logits.shape[-1])

    def logarithm_forgotten(logits):
        largest = logits.max(axis=-1)
        return largest + np.exp(logits - largest[:, np.newaxis]).sum(axis=-1)

    def sum_of_logarithms(logits):
        return logits.sum(axis=-1)

    def mean_of_exponentials(logits):
        return logsumexp(logits) - np.log(logits.shape[-1])

    def one_term_too_many(logits):
        largest = logits.max(axis=-1)
        return largest + np.log1p(np.exp(logits - largest[:, np.newaxis]).sum(axis=-1))

    def base_ten(logits):
        largest = logits.max(axis=-1)
        return largest + np.log10(np.exp(logits - largest[:, np.newaxis]).sum(axis=-1))

    def base_two(logits):
        largest = logits.max(axis=-1)
        return largest + np.log2(np.exp(logits - largest[:, np.newaxis]).sum(axis=-1))

    def columns(logits):
        return maths.logsumexp(logits, axis=0)

    def whole_batch(logits):
        return maths.logsumexp(logits.ravel())

    def dimension_kept(logits):
        return maths.logsumexp(logits, keepdims=True)

    def square(logits):
        largest = logits.max(axis=-1, keepdims=True)
        return largest + np.log(np.exp(logits - largest).sum(axis=-1))

    def dimension_lost(logits):
        largest = logits.max(axis=-1)
        return largest + np.log(np.exp(logits - largest).sum(axis=-1))

    def clipped(logits):
        return naive(np.clip(logits, -500, 500))

    def negated(logits):
        return -logsumexp(logits)

    inside = (
        "You gave the largest score back inside the logarithm. Outside it is a term of its own: "
        "add it to the logarithm of the sum."
    )
    natural = "You used another base. Only the natural logarithm, `np.log`, undoes `np.exp`."
    return Exercise(
        solution=logsumexp,
        also_right=(row_by_row, in_single_precision, two_at_a_time, maths.logsumexp),
        mistakes=grouped(
            (
                (
                    naive,
                    "Right for small scores, but exp overflows at 1000: subtract the largest score "
                    "first, and add it to the logarithm.",
                ),
                (
                    smallest,
                    "You took the smallest score away. One far above it still overflows: take the "
                    "largest.",
                ),
                (
                    first,
                    "You took the first score of each row away. Where another one is far above it, exp "
                    "still overflows: take the largest.",
                ),
                (
                    mean,
                    "You took the mean away. A score far above it still overflows: take the largest.",
                ),
                (
                    largest_of_batch,
                    "You took the largest score of the whole batch away. In a row far below it all "
                    "exponentials become 0: take the largest of each row.",
                ),
                (
                    another_given_back,
                    "You took the largest score of the whole batch away, but gave back that of the "
                    "row. Take the row's away, too.",
                ),
                (
                    not_given_back,
                    "You took the largest score away and did not give it back: add it to the "
                    "logarithm.",
                ),
                (
                    subtracted_again,
                    "You subtracted the largest score twice. Logsumexp passes a shift on: add it at "
                    "the end.",
                ),
                (given_back_inside, inside),
                (given_back_to_each, inside),
                (
                    multiplied,
                    "You multiplied by the largest score. As a factor it is an exponential; its "
                    "logarithm is added.",
                ),
                (
                    not_in_the_sum,
                    "That is the largest score itself. Logsumexp lies above it, by the logarithm of "
                    "the sum: add that.",
                ),
                (
                    upper_limit,
                    "That is the upper limit, which only equal scores reach. Add the logarithm of the "
                    "sum instead of log K.",
                ),
                (logarithm_forgotten, "The logarithm of the sum is missing: use `np.log` on it."),
                (
                    sum_of_logarithms,
                    "You took the logarithm of each exponential and added up. The logarithm of a sum "
                    "is not the sum of the logarithms: sum first.",
                ),
                (
                    mean_of_exponentials,
                    "This is the logarithm of the mean of the exponentials. Use their sum.",
                ),
                (
                    one_term_too_many,
                    "`np.log1p` adds 1 to the sum, as if there were one more class: use `np.log`.",
                ),
                (base_ten, natural),
                (base_two, natural),
                (
                    columns,
                    "This is one number for each column. Sum over the last axis, the classes.",
                ),
                (
                    whole_batch,
                    "This is one number for the whole batch. Each row has its own: give `max` and "
                    "`sum` an axis.",
                ),
                (
                    dimension_kept,
                    "The numbers are right, but their shape is (batch, 1). Drop the last dimension, "
                    "for example with `[:, 0]`.",
                ),
                (
                    square,
                    "Shape (batch, 1) plus shape (batch,) makes a square, each row with each row. "
                    "Drop the last dimension of the maximum before you add it, with `[:, 0]`.",
                ),
                (
                    dimension_lost,
                    "You subtracted the largest score of another row. Keep its dimension with "
                    "`keepdims=True` while you subtract.",
                ),
                (
                    clipped,
                    "You cut the scores off at a limit, so the answer stops there, too. Take the "
                    "largest score away, and give it back.",
                ),
                (negated, "The sign is turned round: drop the minus."),
            )
        ),
        probe=calls(
            (np.array([[0.0, 0.0], [3.0, 1.0]]),),
            (np.array([[1000.0, 1000.0]]),),
            (np.array([[-1000.0, -1000.0]]),),
            (np.array([[1000.0, 1000.0], [-1000.0, -1000.0]]),),
            (np.array([[0.0, 1000.0], [1000.0, 0.0]]),),
            (np.array([[0.0, 2000.0, 1000.0], [-1.0, 1.0, 2.0]]),),
            (np.array([[100000.0, 100000.0]]),),
        ),
        hints=(
            "Which b made the exponentials safe in your softmax?",
            "The text above shows logsumexp(z + b) = b + logsumexp(z). Use it with the scores "
            "less their largest: what is left to add?",
            "The result is the largest score plus the logarithm of "
            "`np.exp(logits - largest).sum(axis=-1)`. Keep the dimension of `largest` to "
            "subtract it, drop it to add it.",
        ),
        takeaway="Nothing is lost on the way: what is taken off the scores comes back outside the "
        "logarithm. The loss of every classifier in this course contains it.",
        explanation="With b the largest score, the sum of exp(z - b) lies between 1 and the number of "
        "classes, so its logarithm is safe. Adding b gives back what was taken away.",
    )


def log_softmax_for_a_batch() -> Exercise:
    """The logarithm of softmax that stays finite."""

    def log_softmax(logits):
        return logits - maths.logsumexp(logits, keepdims=True)

    def shifted_first(logits):
        shifted = logits - logits.max(axis=-1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))

    def in_single_precision(logits):
        return maths.log_softmax(np.asarray(logits, np.float32))

    def row_by_row(logits):
        rows = []
        for row in logits.tolist():
            total = max(row) + np.log(sum(np.exp(score - max(row)) for score in row))
            rows.append([score - total for score in row])
        return rows

    def two_at_a_time(logits):
        return logits - np.logaddexp.reduce(logits, axis=1)[:, None]

    def log_of_softmax(logits):
        return np.log(maths.softmax(logits))

    def log_of_naive_softmax(logits):
        return np.log(maths.naive_softmax(logits))

    def naive_sum(logits):
        return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))

    def log_of_softmax_plus(tiny):
        return lambda logits: np.log(maths.softmax(logits) + tiny)

    def infinity_replaced(logits):
        return np.nan_to_num(np.log(maths.softmax(logits)))

    def infinity_made_zero(logits):
        probabilities = maths.softmax(logits)
        return np.where(probabilities > 0, np.log(probabilities), 0)

    def largest_of_batch(logits):
        shifted = logits - logits.max()
        return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))

    def dimension_lost(logits):
        return logits - maths.logsumexp(logits)

    def columns(logits):
        return maths.log_softmax(logits, axis=0)

    def whole_batch(logits):
        return logits - maths.logsumexp(logits.ravel())

    def negated(logits):
        return -maths.log_softmax(logits)

    def less_largest(logits):
        return logits - logits.max(axis=-1, keepdims=True)

    def shift_lost_in_sum(logits):
        shifted = logits - logits.max(axis=-1, keepdims=True)
        return logits - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))

    def shift_taken_twice(logits):
        shifted = logits - logits.max(axis=-1, keepdims=True)
        return shifted - maths.logsumexp(logits, keepdims=True)

    def sum_without_logarithm(logits):
        return logits - np.exp(logits).sum(axis=-1, keepdims=True)

    def shifted_sum_without_logarithm(logits):
        shifted = logits - logits.max(axis=-1, keepdims=True)
        return shifted - np.exp(shifted).sum(axis=-1, keepdims=True)

    def divided(logits):
        return logits / maths.logsumexp(logits, keepdims=True)

    def logarithm_of_scores(logits):
        return np.log(logits) - maths.logsumexp(logits, keepdims=True)

    def exponential_kept(logits):
        return np.exp(logits) - maths.logsumexp(logits, keepdims=True)

    def logarithm_twice(logits):
        return logits - np.log(maths.logsumexp(logits, keepdims=True))

    def added(logits):
        return logits + maths.logsumexp(logits, keepdims=True)

    def base_ten(logits):
        return maths.log_softmax(logits) / np.log(10)

    too_late = (
        "The probability is rounded to 0 before you take its logarithm. Work from the scores: "
        "subtract `logsumexp` from them."
    )
    floor = (
        "The tiny number keeps the result finite, but wrong: below it all probabilities look the "
        "same. Work from the scores: subtract `logsumexp` from them."
    )
    no_logarithm = "You subtracted the sum itself. Subtract its logarithm."
    tiny_numbers = (1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16, 1e-20)
    return Exercise(
        solution=log_softmax,
        also_right=(
            shifted_first,
            in_single_precision,
            row_by_row,
            two_at_a_time,
            maths.log_softmax,
        ),
        mistakes=grouped(
            (
                (log_of_softmax, too_late),
                (
                    log_of_naive_softmax,
                    "This is the logarithm of the naive softmax: exp overflows, and small "
                    "probabilities become 0. Work from the scores: subtract `logsumexp` from them.",
                ),
                (
                    naive_sum,
                    "The formula is right, but the sum below the logarithm overflows. Use your "
                    "`logsumexp`, or `maths.logsumexp`.",
                ),
                *((log_of_softmax_plus(tiny), floor) for tiny in tiny_numbers),
                (
                    infinity_made_zero,
                    "You wrote 0 in place of `-inf`, but 0 is the logarithm of a certain 1. The right "
                    "number is modest: subtract `logsumexp` from the scores.",
                ),
                (
                    infinity_replaced,
                    "You replaced `-inf` by the most negative float. The right number is modest: "
                    "subtract `logsumexp` from the scores.",
                ),
                (
                    largest_of_batch,
                    "You subtracted the largest score of the whole batch. In a row far below it the "
                    "sum becomes 0: take the largest of each row.",
                ),
                (
                    dimension_lost,
                    "You subtracted the logsumexp of another row. Keep its dimension with "
                    "`keepdims=True`, so that it stays beside its own row.",
                ),
                (
                    columns,
                    "Here the probabilities of each column sum to 1, not those of each row: use the "
                    "last axis.",
                ),
                (
                    whole_batch,
                    "You subtracted one number from the whole batch. Each row has its own logsumexp.",
                ),
                (
                    negated,
                    "The sign is turned round: this is the cost, -log p. Here log p itself is asked "
                    "for.",
                ),
                (maths.softmax, "These are the probabilities. Return their logarithms."),
                (
                    less_largest,
                    "You subtracted the largest score, which is only the first part of logsumexp. "
                    "The logarithm of the sum is missing.",
                ),
                (
                    shift_lost_in_sum,
                    "You took the largest score away in the sum only. Subtract the sum's logarithm "
                    "from the shifted scores, too.",
                ),
                (
                    shift_taken_twice,
                    "You took the largest score away twice: logsumexp of the scores contains it "
                    "already.",
                ),
                (sum_without_logarithm, no_logarithm),
                (shifted_sum_without_logarithm, no_logarithm),
                (
                    divided,
                    "You divided by logsumexp. The logarithm of a quotient is a difference: subtract.",
                ),
                (
                    logarithm_of_scores,
                    "You took the logarithm of the scores. The logarithm of exp(z) is z itself.",
                ),
                (
                    exponential_kept,
                    "You took the exponential of the scores. The logarithm of exp(z) is z itself.",
                ),
                (
                    logarithm_twice,
                    "You took the logarithm of logsumexp, which is a logarithm already: subtract it as "
                    "it is.",
                ),
                (
                    added,
                    "You added logsumexp. Dividing by the sum makes it a difference: subtract.",
                ),
                (
                    base_ten,
                    "You used the base 10. In this course log is the natural one: `np.log`.",
                ),
            )
        ),
        probe=calls(
            (np.array([[0.0, 0.0], [3.0, 1.0]]),),
            (np.array([[0.0, 1000.0]]),),
            (np.array([[1000.0, 1001.0, 1002.0]]),),
            (np.array([[1000.0, 1000.0], [-1000.0, -1001.0]]),),
        ),
        hints=(
            "A probability that is rounded to 0 cannot be repaired. At which step must you take "
            "the logarithm?",
            "Read the last formula of the text: it needs the scores and one number for each row.",
            "Subtract `maths.logsumexp(logits, keepdims=True)` from `logits`.",
        ),
        takeaway="Now a probability may be too small to store, and its logarithm is still exact. "
        "Notebook 03 makes the loss of it.",
        explanation="The logarithm turns the quotient into a difference, and log exp(z) is z. So no small "
        "probability is ever formed. keepdims=True keeps each logsumexp beside its own row.",
    )


def tempting_patch() -> Exercise:
    """The largest cost that -log(p + 1e-7) can report."""
    nearly = "Close. Put p = 0 into it, and give the result rounded to two decimals."
    miscounted = "You put another tiny number into it: 1e-7 is a 1 in the seventh decimal place."
    other_edge = (
        "This is where a float type ends. The patch ends earlier: p + 1e-7 is never below 1e-7."
    )
    return Exercise(
        solution=16.12,
        also_right=(16.118, 16.1181, float(-np.log(1e-7)), np.float32(16.12), 7 * np.log(10)),
        mistakes=grouped(
            (
                (
                    np.inf,
                    "The tiny number is there to prevent that. Put p = 0 into -log(p + 1e-7).",
                ),
                (-16.12, "A cost is not negative here: mind the minus before the logarithm."),
                (7, "You used the logarithm to the base 10. `np.log` is the natural one."),
                (-7, "You used the logarithm to the base 10, without the minus. Use `-np.log`."),
                (23.25, "You used the logarithm to the base 2. `np.log` is the natural one."),
                (16, nearly),
                (16.1, nearly),
                (16.11, nearly),
                (16.13, nearly),
                (13.82, miscounted),
                (18.42, miscounted),
                (
                    4.95,
                    "You read 1e-7 as e to the power of something. It means 10 to the power -7.",
                ),
                (
                    0,
                    "Nearly 0 is the smallest cost, that of p = 1. The largest is the cost of p = 0: "
                    "put it into the formula.",
                ),
                (
                    1000,
                    "1000 is the cost without the patch. With it, p + 1e-7 is never below 1e-7.",
                ),
                (2.30, "That is the cost of a guess among ten. The worst model gives p = 0."),
                (88.72, other_edge),
                (103.28, other_edge),
                (103.97, other_edge),
                (708.40, other_edge),
                (744.44, other_edge),
                (745.13, other_edge),
            )
        ),
        probe=value,
        hints=(
            "Cost is largest where the probability of the right class is smallest. How small can "
            "p be on a computer?",
            "p can be 0. What is left inside the logarithm?",
            "The largest cost is `-np.log(1e-7)`.",
        ),
        takeaway="A lead of 20 and a lead of 1000 now cost nearly the same, so the model is no "
        "longer told how wrong it is. Log-softmax always tells it.",
        explanation="The worst case is p = 0, and -log(1e-7) = 7 log 10, about 16.12. Leads of 20 and of "
        "1000 cost 16.10 and 16.12 instead of 20 and 1000: the difference is gone.",
        tolerance=5e-4,
    )


def only_what_is_allowed() -> Exercise:
    """Softmax over the allowed classes, 0 for the others."""

    def softmax_of_allowed(logits, allowed):
        return maths.softmax(np.where(allowed, logits, -np.inf))

    def very_negative_scores(logits, allowed):
        return maths.softmax(np.where(allowed, logits, -1e9))

    def in_single_precision(logits, allowed):
        exponentials = np.asarray(logits, np.float32)
        exponentials = np.where(allowed, exponentials, -np.inf)
        exponentials = np.exp(exponentials - exponentials.max(axis=1)[:, None])
        return exponentials / exponentials.sum(axis=1)[:, None]

    def row_by_row(logits, allowed):
        rows = []
        for scores, permissions in zip(logits.tolist(), allowed.tolist(), strict=True):
            largest = max(s for s, permitted in zip(scores, permissions, strict=True) if permitted)
            row = [
                np.exp(score - largest) if permitted else 0
                for score, permitted in zip(scores, permissions, strict=True)
            ]
            rows.append([item / sum(row) for item in row])
        return rows

    def filled_in(logits, allowed):
        probabilities = np.zeros_like(logits)
        for number, row in enumerate(allowed):
            probabilities[number, row] = maths.softmax(logits[number, row])
        return probabilities

    def score_of_zero(logits, allowed):
        return maths.softmax(logits * allowed)

    def score_of_one(logits, allowed):
        return maths.softmax(np.where(allowed, logits, 1))

    def not_low_enough(logits, allowed):
        return maths.softmax(np.where(allowed, logits, -100))

    def mask_ignored(logits, allowed):
        return maths.softmax(logits)

    def zeroed_afterwards(logits, allowed):
        return maths.softmax(logits) * allowed

    def zeroed_twice(logits, allowed):
        return maths.softmax(logits * allowed) * allowed

    def infinity_afterwards(logits, allowed):
        return np.where(allowed, maths.softmax(logits), -np.inf)

    def divided_again(logits, allowed):
        probabilities = maths.softmax(logits) * allowed
        return probabilities / probabilities.sum(axis=-1, keepdims=True)

    def divided_again_with_tiny_number(logits, allowed):
        probabilities = maths.softmax(logits) * allowed
        return probabilities / (probabilities.sum(axis=-1, keepdims=True) + 1e-9)

    def nan_made_zero(logits, allowed):
        return np.nan_to_num(divided_again(logits, allowed))

    def softmax_twice(logits, allowed):
        return maths.softmax(np.where(allowed, maths.softmax(logits), -np.inf))

    def softmax_twice_with_zeros(logits, allowed):
        return maths.softmax(maths.softmax(logits) * allowed)

    def rest_shared_equally(logits, allowed):
        probabilities = maths.softmax(logits) * allowed
        lost = 1 - probabilities.sum(axis=-1, keepdims=True)
        return probabilities + allowed * lost / allowed.sum(axis=-1, keepdims=True)

    def naive_product(logits, allowed):
        exponentials = np.exp(logits) * allowed
        return exponentials / exponentials.sum(axis=-1, keepdims=True)

    def naive_choice(logits, allowed):
        return maths.naive_softmax(np.where(allowed, logits, -np.inf))

    def largest_of_all_scores(logits, allowed):
        exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True)) * allowed
        return exponentials / exponentials.sum(axis=-1, keepdims=True)

    def turned_round(logits, allowed):
        return maths.softmax(np.where(allowed, -np.inf, logits))

    def equal_shares(logits, allowed):
        return allowed / allowed.sum(axis=-1, keepdims=True)

    def taken_out(logits, allowed):
        return maths.softmax(logits[allowed])

    def taken_out_of_each_row(logits, allowed):
        rows = zip(logits, allowed, strict=True)
        return np.array([maths.softmax(row[keep]) for row, keep in rows])

    def infinity_times_zero(logits, allowed):
        return maths.naive_softmax(logits - np.inf * ~allowed)

    def one_softmax_for_batch(logits, allowed):
        probabilities = np.zeros_like(logits)
        probabilities[allowed] = maths.softmax(logits[allowed])
        return probabilities

    def columns(logits, allowed):
        masked = np.where(allowed, logits, -np.inf)
        exponentials = np.exp(masked)
        return exponentials / exponentials.sum(axis=0)

    a_score_like_any_other = (
        "The score you gave to the forbidden classes is a score like any other, and it still gets "
        "a share. The score that means impossible is `-np.inf`."
    )
    share_lost = (
        "The rows no longer sum to 1: the share of the forbidden classes is lost. Put `-np.inf` "
        "into the scores before softmax."
    )
    twice = (
        "You applied softmax twice, the second time to probabilities, which flattens them. Put "
        "`-np.inf` into the scores, and call softmax once."
    )
    mask_first = (
        "Softmax came first, and the forbidden score took the whole 1: nothing is left to divide. "
        "Put `-np.inf` into the scores, then call softmax."
    )
    places_forgotten = (
        "You took the allowed scores out, and forgot where each of them stood. Keep the shape: put "
        "`-np.inf` in the place of what is forbidden."
    )
    overflows = (
        "Right for small scores, but exp overflows at 1000. Put `-np.inf` into the scores, then "
        "call `maths.softmax`, which subtracts the largest."
    )
    return Exercise(
        solution=softmax_of_allowed,
        also_right=(very_negative_scores, in_single_precision, row_by_row, filled_in),
        mistakes=grouped(
            (
                (score_of_zero, a_score_like_any_other),
                (score_of_one, a_score_like_any_other),
                (
                    not_low_enough,
                    "Your score for forbidden classes is low, but allowed ones may be lower still. "
                    "Only `-np.inf` is below all of them.",
                ),
                (mask_ignored, "The forbidden classes still get a share: use `allowed`."),
                (zeroed_afterwards, share_lost),
                (zeroed_twice, share_lost),
                (
                    infinity_afterwards,
                    "You put `-np.inf` among the probabilities. It belongs among the scores, before "
                    "softmax.",
                ),
                (divided_again, mask_first),
                (divided_again_with_tiny_number, mask_first),
                (nan_made_zero, mask_first),
                (largest_of_all_scores, mask_first),
                (softmax_twice, twice),
                (softmax_twice_with_zeros, twice),
                (
                    rest_shared_equally,
                    "You gave the lost share to the allowed classes in equal parts, which changes "
                    "their odds. Put `-np.inf` into the scores before softmax: it keeps them.",
                ),
                (naive_product, overflows),
                (naive_choice, overflows),
                (
                    turned_round,
                    "The forbidden classes share the 1. `True` means allowed: turn your choice round.",
                ),
                (
                    equal_shares,
                    "The allowed classes all get the same, whatever their scores are: use `logits`.",
                ),
                (taken_out, places_forgotten),
                (taken_out_of_each_row, places_forgotten),
                (
                    infinity_times_zero,
                    "The whole row became `nan`. Infinity times 0 does that: choose instead of "
                    "multiplying, with `np.where(allowed, logits, -np.inf)`.",
                ),
                (
                    one_softmax_for_batch,
                    "The whole batch sums to 1. Each row needs a softmax of its own: keep the shape, "
                    "with `-np.inf` in the place of what is forbidden.",
                ),
                (columns, "Each column sums to 1, not each row: sum over the last axis."),
            )
        ),
        probe=calls(
            (np.array([[3.0, 1.0, 2.0]]), np.array([[False, True, True]])),
            (np.array([[1.0, 2.0], [0.0, 3.0]]), np.array([[True, True], [True, False]])),
            (np.array([[1000.0, 1.0, 0.0]]), np.array([[False, True, True]])),
            (np.array([[1000.0, 1001.0, 0.0]]), np.array([[True, True, False]])),
            (np.array([[-2000.0, -2001.0, -2000.0]]), np.array([[True, True, False]])),
        ),
        hints=(
            "Before softmax or after it: where is it still possible to forbid a class and keep "
            "the sum 1?",
            "The text above names the score that means impossible. `np.where(allowed, a, b)` "
            "takes a where `allowed` is True, and b elsewhere.",
            "Replace the forbidden scores with `np.where(allowed, logits, -np.inf)`, then call "
            "softmax.",
        ),
        takeaway="Masking before softmax keeps the sum 1 and the odds of what is left. Language "
        "models hide words that they must not see in this way.",
        explanation="exp(-inf) is 0, so a forbidden class gets no share, and softmax divides the 1 among "
        "the others. The largest allowed score is subtracted, so they never underflow together.",
    )


EXERCISES = {
    "2.1": ten_equal_scores,
    "2.2": stable_softmax,
    "2.3": logsumexp_for_a_batch,
    "2.4": log_softmax_for_a_batch,
    "2.5": tempting_patch,
    "2.6": only_what_is_allowed,
}
