"""The exercises of notebook 02, Softmax without overflow."""

import numpy as np

from helpers import maths
from helpers.exercises.answers import from_results
from helpers.exercises.exercise import Exercise, calls, value
from helpers.maths import naive_softmax, softmax

EACH_ROW = {"axis": -1, "keepdims": True}


def float16_limit() -> Exercise:
    """The largest of ten equal scores that the naive formula survives in float16."""
    too_high = [9, 12]
    return Exercise(
        solution=8,
        mistakes={
            "That is the edge itself. The largest whole number below it is asked for.": [8.79, 8.7],
            "Too high: at 9 the sum is already about 81,000, above 65,504. Round down.": too_high,
            "You took the logarithm of 10 to the base 10, which is 1. The exponential is a power "
            "of e: subtract the natural one, 2.3.": [10, 10.09],
            "This score is safe, but it is not the largest: try one more.": [5, 6, 7],
            "Each exponential fits, but the sum of ten does not: it is ten times as large. Take "
            "log 10 off the limit.": [11, 11.09],
            "You added log 10. The sum is larger than one exponential, so each must stay lower: "
            "subtract it.": [13, 13.39],
            "Ten exponentials that sum to the limit are each a tenth of it, and the logarithm of a "
            "tenth is lower by log 10, which is 2.3: subtract that.": [1, 1.09, 4, 4.82],
            "You used logarithms to the base 10. The exponential is a power of e: use the natural "
            "logarithm.": [3],
            "This is the answer for another float type. Use the line of `float16`.": [86, 707],
            "That is how large each exponential may be. The score is its natural logarithm.": [
                6550
            ],
        },
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
        explanation="The sum is 10 exp(s). Its logarithm, s + 2.30, must stay below log 65,504 = "
        "11.09. So s is below 8.79, and the largest whole number is 8.",
        tolerance=0.005,
    )


def stable_softmax() -> Exercise:
    """Softmax that is right for any finite scores."""

    def softmax(logits):
        largest = logits.max(axis=-1, keepdims=True)  # (batch, 1)
        exponentials = np.exp(logits - largest)
        return exponentials / exponentials.sum(axis=-1, keepdims=True)

    def wrong_results(z):
        def minus(shift):
            return naive_softmax(z - shift)

        largest, powers = z.max(**EACH_ROW), np.exp(z)
        shifted = np.exp(z - largest)
        total, shifted_total = powers.sum(**EACH_ROW), shifted.sum(**EACH_ROW)
        late_shift = powers - powers.max(**EACH_ROW)
        late_scale = powers / powers.max(**EACH_ROW)
        return {
            "Right for small scores, but exp overflows at 1000: subtract the largest score "
            "first.": [naive_softmax(z)],
            "You subtracted the smallest score. A score far above it still overflows: subtract the "
            "largest.": [minus(z.min(**EACH_ROW))],
            "You subtracted a number from the middle of the row, such as the mean. A score far "
            "above it still overflows: subtract the largest.": [minus(z.mean(**EACH_ROW))],
            "You subtracted the same number from the whole batch. A row far from it still breaks: "
            "subtract the largest score of each "
            "row.": [minus(shift) for shift in (z.max(), z.min(), z.mean())],
            "Right for large scores, but far below 0 all exponentials become 0, and 0 / 0 is "
            "`nan`: subtract the largest score whatever its sign "
            "is.": [minus(largest if z.max() > 700 else 0), minus(np.maximum(largest, 0))],
            "You subtracted the largest absolute value. Scores far below 0 are then pushed even "
            "lower, until all exponentials are 0: leave the sign as it "
            "is.": [minus(np.abs(z).max(**EACH_ROW))],
            "Even small scores give `nan` now. A fixed number, such as 1000, is right for some "
            "rows only: subtract the largest score of each row.": [minus(1000)],
            "You subtracted the sum of the scores. That pushes them far down, until all "
            "exponentials are 0: subtract the largest score.": [minus(z.sum(**EACH_ROW))],
            "You added the largest score. That pushes the scores further out: subtract it.": [
                minus(-largest)
            ],
            "You subtracted the largest score of each column. Only a number that is the same for a "
            "whole row cancels: take the maximum over the last axis.": [minus(z.max(axis=0))],
            "You used the number of another row. Keep the dimension, of the maximum and of the "
            "sum, with `keepdims=True`: so each stays beside its own row.": [
                lambda: minus(z.max(axis=-1)),
                lambda: shifted / shifted.sum(axis=-1),
                lambda: np.exp(z - z.max(axis=-1)) / np.exp(z - z.max(axis=-1)).sum(axis=-1),
            ],
            "All numbers together sum to 1. Each row needs its own sum: give `sum` an axis.": [
                shifted / shifted.sum(),
                softmax(z.reshape(1, -1)).reshape(z.shape),
            ],
            "These are the exponentials. Divide each row by its sum.": [shifted],
            "You subtracted above the line only. The shift cancels when it is subtracted below the "
            "line, too: use the same exponentials in both places.": [shifted / total],
            "You subtracted below the line only. The shift cancels when it is subtracted above the "
            "line, too: use the same exponentials in both places.": [powers / shifted_total],
            "You subtracted after the exponential, which changes the ratios. Subtract from the "
            "scores, before `np.exp`.": [late_shift / late_shift.sum(**EACH_ROW)],
            "You divided by the largest score. That changes the differences between scores, and so "
            "the answer: subtract it.": [naive_softmax(z / largest)],
            "You divided by the largest exponential. On paper that is right, but it comes too "
            "late: exp has overflowed already. Subtract the largest score before "
            "`np.exp`.": [late_scale / late_scale.sum(**EACH_ROW)],
            "You cut the scores off at a limit, and different scores became the same. Subtract the "
            "largest score instead: it keeps their "
            "differences.": [naive_softmax(np.clip(z, -500, 500))],
            "You replaced `nan` by 0, and the row no longer sums to 1. Avoid the `nan`: subtract "
            "the largest score before `np.exp`.": [np.nan_to_num(naive_softmax(z))],
            "A tiny number in the sum prevents 0 / 0, but not the wrong answer. Subtract the "
            "largest score before `np.exp`; then the sum is at least 1.": [powers / (total + 1e-9)],
        }

    cases = (
        [[0.0, 1.0], [3.0, 1.0]],
        [[1000.0, 1001.0, 1002.0]],
        [[-1000.0, -1000.0, -999.0]],
        [[1000.0, 1001.0], [-1000.0, -999.0]],
        [[0.0, 1000.0, 2000.0], [2000.0, 1000.0, 0.0]],
        [[100000.0, 100001.0]],
        [[400.0, 401.0, 402.0], [400.0, 0.0, 0.0], [-400.0, -401.0, -402.0]],
    )
    return Exercise(
        solution=softmax,
        mistakes=from_results(wrong_results, np.array(cases[0])),
        probe=calls(*((np.array(case),) for case in cases)),
        hints=(
            "Which exponents may you give to `np.exp` without fear: positive or negative ones?",
            "After the subtraction no score should be above 0, and one of them should be 0, so "
            "that the sum cannot vanish. Which b does that, for each row?",
            "Begin with `logits - logits.max(axis=-1, keepdims=True)`, then go on with the naive "
            "formula.",
        ),
        takeaway="Every library computes softmax this way: one subtraction, and no finite score "
        "can break it. All later notebooks use it.",
        explanation="The shift cancels, so any b is allowed. With the largest score of the row no "
        "exponent is above 0, so nothing overflows. One exponent is 0, so the sum is at least 1.",
    )


def logsumexp_of_rows() -> Exercise:
    """The logarithm of a sum of exponentials, without overflow."""

    def logsumexp(logits):
        largest = logits.max(axis=-1, keepdims=True)  # (batch, 1)
        total = np.exp(logits - largest).sum(axis=-1)  # (batch,)
        return largest[:, 0] + np.log(total)

    def naive(z):
        return np.log(np.exp(z).sum(axis=-1))

    def wrong_results(z):
        def given_back(shift):
            return shift + naive(z - np.reshape(shift, (-1, 1)))

        largest, right, classes = z.max(axis=-1), logsumexp(z), z.shape[-1]
        rest = np.exp(
            right - largest
        )  # what the sum is after the shift: 1 to the number of classes
        return {
            "Right for small scores, but exp overflows at 1000: subtract the largest score first, "
            "and add it to the logarithm.": [naive(z)],
            "You took the largest score of the whole batch away. In a row far below it all "
            "exponentials become 0: take the largest of each row.": [given_back(z.max())],
            "You took the largest score of the whole batch away, but gave back that of the row. "
            "Take the row's away, too.": [naive(z - z.max()) + largest],
            "You took the largest score away and did not give it back: add it to the logarithm.": [
                np.log(rest)
            ],
            "You subtracted the largest score twice. Logsumexp passes a shift on: add it at the "
            "end.": [np.log(rest) - largest],
            "You gave the largest score back inside the logarithm. Outside it is a term of its "
            "own: add it to the logarithm of the "
            "sum.": [np.log(rest + largest), np.log(rest + classes * largest)],
            "You multiplied by the largest score. As a factor it is an exponential; its logarithm "
            "is added.": [np.log(rest) * largest],
            "That is the largest score itself. Logsumexp lies above it, by the logarithm of the "
            "sum: add that.": [largest],
            "That is the upper limit, which only equal scores reach. Add the logarithm of the sum "
            "instead of log K.": [largest + np.log(classes)],
            "The logarithm of the sum is missing: use `np.log` on it.": [largest + rest],
            "You took the logarithm of each exponential and added up. The logarithm of a sum is "
            "not the sum of the logarithms: sum first.": [z.sum(axis=-1)],
            "This is the logarithm of the mean of the exponentials. Use their sum.": [
                right - np.log(classes)
            ],
            "`np.log1p` adds 1 to the sum, as if there were one more class: use `np.log`.": [
                largest + np.log1p(rest)
            ],
            "This is one number for each column. Sum over the last axis, the classes.": [
                maths.logsumexp(z, axis=0)
            ],
            "This is one number for the whole batch. Each row has its own: give `max` and `sum` an "
            "axis.": [maths.logsumexp(z.ravel())],
            "The numbers are right, but their shape is (batch, 1). Drop the last dimension, for "
            "example with `[:, 0]`.": [right[:, np.newaxis]],
            "Shape (batch, 1) plus shape (batch,) makes a square, each row with each row. Drop the "
            "last dimension of the maximum before you add it, with `[:, "
            "0]`.": [largest[:, np.newaxis] + np.log(rest)],
            "You subtracted the largest score of another row. Keep its dimension with "
            "`keepdims=True` while you subtract.": [lambda: largest + naive(z - largest)],
            "You cut the scores off at a limit, so the answer stops there, too. Take the largest "
            "score away, and give it back.": [naive(np.clip(z, -500, 500))],
        }

    cases = (
        [[0.0, 0.0], [3.0, 1.0]],
        [[1000.0, 1000.0]],
        [[-1000.0, -1000.0]],
        [[1000.0, 1000.0], [-1000.0, -1000.0]],
        [[0.0, 1000.0], [1000.0, 0.0]],
        [[0.0, 2000.0, 1000.0], [-1.0, 1.0, 2.0]],
        [[100000.0, 100000.0]],
    )
    return Exercise(
        solution=logsumexp,
        mistakes=from_results(wrong_results, np.array(cases[0])),
        probe=calls(*((np.array(case),) for case in cases)),
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
        explanation="With b the largest score, the sum of exp(z - b) lies between 1 and the number "
        "of classes, so its logarithm is safe. Adding b gives back what was taken away.",
    )


def log_softmax_of_rows() -> Exercise:
    """The logarithm of softmax that stays finite."""

    def log_softmax(logits):
        return logits - maths.logsumexp(logits, keepdims=True)

    def wrong_results(z):
        def log_total(scores):
            return np.log(np.exp(scores).sum(**EACH_ROW))

        p, naive, shifted = softmax(z), naive_softmax(z), z - z.max(**EACH_ROW)
        log_p, logsumexp = np.log(p), maths.logsumexp(z, keepdims=True)
        tiny_numbers = (
            1e-5,
            1e-6,
            1e-7,
            1e-8,
            1e-9,
            1e-10,
            1e-12,
            1e-15,
            1e-16,
            1e-20,
            1e-30,
            1e-100,
            1e-300,
        )
        return {
            "The probability is rounded to 0 before you take its logarithm. Work from the scores: "
            "subtract `logsumexp` from them.": [log_p],
            "This is the logarithm of the naive softmax: exp overflows, and small probabilities "
            "become 0. Work from the scores: subtract `logsumexp` from them.": [np.log(naive)],
            "The formula is right, but the sum below the logarithm overflows. Use your "
            "`logsumexp`, or `maths.logsumexp`.": [z - log_total(z)],
            "The tiny number keeps the result finite, but wrong: below it all probabilities look "
            "the same. Work from the scores: subtract `logsumexp` from "
            "them.": [np.log(p + tiny) for tiny in tiny_numbers],
            "You wrote 0 in place of `-inf`, but 0 is the logarithm of 1, of certainty. The right "
            "number is modest: subtract `logsumexp` from the scores.": [np.where(p > 0, log_p, 0)],
            "You subtracted the largest score of the whole batch. In a row far below it the sum "
            "becomes 0: take the largest of each row.": [z - z.max() - log_total(z - z.max())],
            "You subtracted the logsumexp of another row. Keep its dimension with `keepdims=True`, "
            "so that it stays beside its own row.": [z - maths.logsumexp(z)],
            "Here the probabilities of each column sum to 1, not those of each row: use the last "
            "axis.": [maths.log_softmax(z, axis=0)],
            "You subtracted one number from the whole batch. Each row has its own logsumexp.": [
                z - maths.logsumexp(z.ravel())
            ],
            "The sign is turned round: this is the cost, -log p. Here log p itself is asked for.": [
                logsumexp - z
            ],
            "You subtracted the largest score, which is only the first part of logsumexp. The "
            "logarithm of the sum is missing.": [shifted],
            "You took the largest score away in the sum only. Subtract the sum's logarithm from "
            "the shifted scores, not from `logits`.": [z - log_total(shifted)],
            "You took the largest score away twice: logsumexp of the scores contains it already.": [
                shifted - logsumexp
            ],
            "You subtracted the sum itself. Subtract its logarithm.": [
                z - np.exp(logsumexp),
                shifted - np.exp(log_total(shifted)),
            ],
            "You divided by logsumexp. The logarithm of a quotient is a difference: subtract.": [
                z / logsumexp
            ],
            "You took the logarithm of the scores. The logarithm of exp(z) is z itself.": [
                np.log(z) - logsumexp
            ],
            "You added logsumexp. Dividing by the sum makes it a difference: subtract.": [
                z + logsumexp
            ],
        }

    cases = (
        [[0.0, 0.0], [3.0, 1.0]],
        [[0.0, 1000.0]],
        [[1000.0, 1001.0, 1002.0]],
        [[1000.0, 1000.0], [-1000.0, -1001.0]],
    )
    return Exercise(
        solution=log_softmax,
        mistakes=from_results(wrong_results, np.array(cases[0])),
        probe=calls(*((np.array(case),) for case in cases)),
        hints=(
            "A probability that is rounded to 0 cannot be repaired. At which step must you take "
            "the logarithm?",
            "Read the last formula of the text: it needs the scores and one number for each row.",
            "Subtract `maths.logsumexp(logits, keepdims=True)` from `logits`.",
        ),
        takeaway="Now a probability may be too small to store, and its logarithm is still exact. "
        "Notebook 03 makes the loss of it.",
        explanation="The logarithm turns the quotient into a difference, and log exp(z) is z. So "
        "no small probability is ever formed. keepdims=True keeps each logsumexp beside its own "
        "row.",
    )


def largest_patched_cost() -> Exercise:
    """The largest cost that -log(p + 1e-7) can report."""
    nearly = [16, 16.1, 16.11, 16.13]
    return Exercise(
        solution=16.12,
        mistakes={
            "The tiny number is there to prevent that. Put p = 0 into -log(p + 1e-7).": [np.inf],
            "A cost is not negative here: mind the minus before the logarithm.": [-16.12],
            "You used the logarithm to the base 10, or read 1e-7 as e to the power of -7. It means "
            "10 to the power of -7, and `np.log` is the natural logarithm.": [7],
            "You used the logarithm to the base 10, without the minus. Use `-np.log`.": [-7],
            "You used the logarithm to the base 2. `np.log` is the natural one.": [23.25],
            "Close. Put p = 0 into it, and give the result rounded to two decimals.": nearly,
            "You put another tiny number into it: 1e-7 is a 1 in the seventh decimal place.": [
                13.82,
                18.42,
            ],
            "Nearly 0 is the smallest cost, that of p = 1. The largest is the cost of p = 0: put "
            "it into the formula.": [0],
            "1000 is the cost without the patch. With it, p + 1e-7 is never below 1e-7.": [1000],
            "That is the cost of a guess among ten. The worst model gives p = 0.": [2.30],
            "This is where a float type ends. The patch ends earlier: p + 1e-7 is never below "
            "1e-7.": [88.72, 103.28, 103.97, 708.40, 744.44, 745.13],
        },
        probe=value,
        hints=(
            "Cost is largest where the probability of the right class is smallest. How small can "
            "p be on a computer?",
            "p can be 0. What is left inside the logarithm?",
            "The largest cost is `-np.log(1e-7)`.",
        ),
        takeaway="A lead of 20 and a lead of 1000 now cost nearly the same, so the model is no "
        "longer told how wrong it is. Log-softmax always tells it.",
        explanation="The worst case is p = 0, and -log(1e-7) = 7 log 10, about 16.12. Leads of 20 "
        "and of 1000 cost 16.10 and 16.12 instead of 20 and 1000: the difference is gone.",
        tolerance=5e-4,
    )


def masked_softmax() -> Exercise:
    """Softmax over the allowed classes, 0 for the others."""

    def softmax_of_allowed(logits, allowed):
        return maths.softmax(np.where(allowed, logits, -np.inf))

    def wrong_results(z, allowed):
        def shares(rows):
            return rows / rows.sum(**EACH_ROW)

        p, masked = softmax(z), np.where(allowed, z, -np.inf)
        kept = p * allowed  # and nothing in the place of the forbidden ones
        return {
            "The score you gave to the forbidden classes is a score like any other, and it still "
            "gets a share. The score that means impossible is "
            "`-np.inf`.": [softmax(np.where(allowed, z, score)) for score in (0, 1)],
            "Your score for forbidden classes is low, but allowed ones may be lower still. Only "
            "`-np.inf` is below all of them.": [softmax(np.where(allowed, z, -100))],
            "You made the forbidden scores smaller by a fixed amount, and a large score keeps its "
            "share. Only `-np.inf` is below all of them.": [
                softmax(z - less * ~allowed) for less in (100, 1000)
            ],
            "The forbidden classes still get a share: use `allowed`.": [p],
            "The rows no longer sum to 1: the share of the forbidden classes is lost. Put "
            "`-np.inf` into the scores before softmax.": [kept, softmax(z * allowed) * allowed],
            "You put `-np.inf` among the probabilities. It belongs among the scores, before "
            "softmax.": [np.where(allowed, p, -np.inf)],
            "Softmax came first, and the forbidden score took the whole 1: nothing is left to "
            "divide. Put `-np.inf` into the scores, then call "
            "softmax.": [shares(kept), np.nan_to_num(shares(kept))],
            "You applied softmax twice, the second time to probabilities, which flattens them. Put "
            "`-np.inf` into the scores, and call softmax "
            "once.": [softmax_of_allowed(p, allowed), softmax(kept)],
            "You gave the lost share to the allowed classes in equal parts, which changes their "
            "odds. Put `-np.inf` into the scores before softmax: it keeps "
            "them.": [kept + (1 - kept.sum(**EACH_ROW)) * shares(allowed)],
            "Right for small scores, but exp overflows at 1000. Put `-np.inf` into the scores, "
            "then call `maths.softmax`, which subtracts the "
            "largest.": [shares(np.exp(z) * allowed), naive_softmax(masked)],
            "The forbidden classes share the 1. `True` means allowed: turn your choice round.": [
                lambda: softmax_of_allowed(z, ~allowed)
            ],
            "The allowed classes all get the same, whatever their scores are: use `logits`.": [
                shares(allowed)
            ],
            "You took the allowed scores out, and forgot where each of them stood. Keep the shape: "
            "put `-np.inf` in the place of what is "
            "forbidden.": [softmax(z[allowed]), lambda: softmax(z[allowed].reshape(len(z), -1))],
            "The whole row became `nan`. Infinity times 0 does that: choose instead of "
            "multiplying, with `np.where(allowed, logits, "
            "-np.inf)`.": [
                naive_softmax(z - np.inf * ~allowed),
                lambda: maths.softmax(z - np.inf * ~allowed),
            ],
            "The whole batch sums to 1. Each row needs a softmax of its own: keep the shape, with "
            "`-np.inf` in the place of what is forbidden.": [np.exp(masked) / np.exp(masked).sum()],
            "Each column sums to 1, not each row: sum over the last axis.": [
                np.exp(masked) / np.exp(masked).sum(axis=0)
            ],
        }

    cases = (
        ([[3.0, 1.0, 2.0]], [[False, True, True]]),
        ([[1.0, 2.0], [0.0, 3.0]], [[True, True], [True, False]]),
        ([[1000.0, 1.0, 0.0]], [[False, True, True]]),
        ([[1000.0, 1001.0, 0.0]], [[True, True, False]]),
        ([[-2000.0, -2001.0, -2000.0]], [[True, True, False]]),
    )
    return Exercise(
        solution=softmax_of_allowed,
        mistakes=from_results(wrong_results, *map(np.array, cases[0])),
        probe=calls(*(tuple(map(np.array, case)) for case in cases)),
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
        explanation="exp(-inf) is 0, so a forbidden class gets no share, and softmax divides the 1 "
        "among the others. The largest allowed score is subtracted, so they never underflow "
        "together.",
    )


EXERCISES = {
    "2.1": float16_limit,
    "2.2": stable_softmax,
    "2.3": logsumexp_of_rows,
    "2.4": log_softmax_of_rows,
    "2.5": largest_patched_cost,
    "2.6": masked_softmax,
}
