"""Say in one sentence how a result differs from the right one, by measuring it.

This is what a learner reads when no listed mistake fits. Each sentence states what was found, never
a guess: a constant factor, another order, one entry that is off.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

Pair = tuple[np.ndarray, np.ndarray]  # what came out, and what should have


def as_numbers(thing: Any) -> np.ndarray | None:
    """The thing as an array of numbers, or None."""
    try:
        array = np.asarray(thing)
    except Exception:
        return None
    return array if array.dtype.kind in "biuf" else None


def same(got: Any, wanted: Any, tolerance: float) -> bool:
    """Whether two results are equal: texts but for case, numbers to a relative tolerance."""
    if isinstance(wanted, str):
        return isinstance(got, str) and got.strip().lower() == wanted.strip().lower()
    got_array, wanted_array = as_numbers(got), as_numbers(wanted)
    if got_array is not None and wanted_array is not None:
        return _close(got_array, wanted_array, tolerance)
    if isinstance(got, (tuple, list)) and isinstance(wanted, (tuple, list)):
        return len(got) == len(wanted) and all(
            same(*pair, tolerance) for pair in zip(got, wanted, strict=True)
        )
    return np.array_equal(got, wanted)


def is_finite(thing: Any) -> bool:
    """Whether there is no `nan` and no infinity among its numbers."""
    array = as_numbers(thing)
    if array is None:
        return not isinstance(thing, list) or all(map(is_finite, thing))
    return bool(np.isfinite(array).all())


def describe_difference(pairs: list[tuple[Any, Any]], tolerance: float, reveal: bool = True) -> str:
    """One sentence about the first pair of (what came out, what should have), which differs.

    The other pairs are results for other arguments: a factor, say, counts as constant if it is the
    same in all that differ. With `reveal` false the sentence does not let the right numbers be
    computed from the wrong ones.
    """
    got, wanted = pairs[0]
    if all(each is None for each, _ in pairs):
        return "Your function returns nothing: end it with `return` and the result."
    if got is None:
        return "Here `None` comes out: this part is still empty, or nothing returns it."
    got_array, wanted_array = as_numbers(got), as_numbers(wanted)
    if wanted_array is None and isinstance(wanted, list):
        return _part_that_differs(got, wanted, tolerance, reveal)
    if wanted_array is None:
        return "This is not what should come out. Read the question once more."
    if got_array is None:
        return (
            "The result should be made of numbers, as an array or a list of them is, and this is "
            "not."
        )
    if wanted_array.dtype.kind == "b" and got_array.shape == ():
        return f"Here the answer is {bool(wanted_array)}."
    if got_array.shape != wanted_array.shape:
        return _other_shape(got_array, wanted_array, tolerance)
    if is_finite(wanted_array) and not is_finite(got_array):
        return _not_finite(got_array)
    numbers = [(g, w) for g, w in pairs if _comparable(g, w)]
    if len(numbers) > 1 and _never_changes(numbers):
        return "The same comes out of each example. Does your function use its arguments?"
    if _has_wrapped_round(got_array, wanted_array):
        return (
            "Numbers have wrapped round: integers this small cannot hold every result. Turn the "
            "arrays into floats first, with `.astype(float)`."
        )
    arrays = [
        (np.asarray(g, float), np.asarray(w, float))
        for g, w in numbers
        if not same(g, w, tolerance)
    ]

    def close(got: np.ndarray, wanted: np.ndarray) -> bool:
        return _close(got, wanted, tolerance)

    with np.errstate(all="ignore"):
        relations = RELATIONS if reveal else RELATIONS_WITHOUT_NUMBERS
        for relation in relations:
            if sentence := relation(arrays, close):
                return sentence
        for relation in relations if got_array.size > 2 else ():
            if sentence := relation(arrays[:1], close):
                return f"In this example: {sentence[0].lower()}{sentence[1:]}"
    return _which_are_wrong(*arrays[0], tolerance, reveal)


def _not_finite(got: np.ndarray) -> str:
    bad = ~np.isfinite(got)
    if np.isnan(got[bad][0]):
        return (
            f"`nan` comes out{_where(bad)}. It is what 0 divided by 0 gives, infinity taken "
            "from infinity, the root of a negative number, or a mean of nothing."
        )
    return (
        f"`inf` comes out{_where(bad)}. It is what the exponential of a large number gives, the "
        "logarithm of 0, or a division by 0."
    )


def _never_changes(pairs: list[tuple[Any, Any]]) -> bool:
    (first, wanted), *others = pairs
    return all(np.array_equal(first, got) for got, _ in others) and not all(
        np.array_equal(wanted, other) for _, other in others
    )


def _has_wrapped_round(got: np.ndarray, wanted: np.ndarray) -> bool:
    """Whether all integers are right but for a multiple of 256."""
    if got.dtype.kind not in "iu" or np.any(wanted != np.round(wanted)):
        return False
    return all((int(g) - int(w)) % 256 == 0 for g, w in zip(got.flat, wanted.flat, strict=True))


def _comparable(got: Any, wanted: Any) -> bool:
    got, wanted = as_numbers(got), as_numbers(wanted)
    return got is not None and wanted is not None and got.shape == wanted.shape


def _close(got: np.ndarray, wanted: np.ndarray, tolerance: float) -> bool:
    return got.shape == wanted.shape and np.allclose(
        got, wanted, rtol=tolerance, atol=tolerance, equal_nan=True
    )


def _part_that_differs(got: Any, wanted: list, tolerance: float, reveal: bool) -> str:
    if not isinstance(got, list) or len(got) != len(wanted):
        return f"The result should have {len(wanted)} parts, with commas between them."
    number = next(
        number
        for number, pair in enumerate(zip(got, wanted, strict=True), start=1)
        if not same(*pair, tolerance)
    )
    pair = (got[number - 1], wanted[number - 1])
    return f"Look at part {number}. {describe_difference([pair], tolerance, reveal)}"


# Results of another shape -------------------------------------------------------------------------


def _other_shape(got: np.ndarray, wanted: np.ndarray, tolerance: float) -> str:
    shapes = f"The shape is {got.shape}, and it should be {wanted.shape}."
    if not got.size:
        return f"Your result is empty. {shapes}"
    if got.ndim == 2 and got.T.shape == wanted.shape and not _close(got.T, wanted, tolerance):
        both = describe_difference([(got.T, wanted)], tolerance)
        return f"Rows and columns are exchanged. {shapes} Once they are not: {both}"
    findings = (
        (lambda: got.T, "The numbers are right, but rows and columns are exchanged."),
        (lambda: got.reshape(wanted.shape), "The numbers are right, but not their shape."),
        (lambda: got.mean(), "The mean of your numbers is the right answer."),
        (lambda: got.sum(), "The sum of your numbers is the right answer."),
        (lambda: np.diagonal(got), "The right numbers stand on the diagonal of your result."),
        (lambda: got.mean(axis=0), "The mean of each of your columns is right."),
        (lambda: got.mean(axis=-1), "The mean of each of your rows is right."),
        (lambda: got.sum(axis=-1), "The sum of each of your rows is right."),
        (lambda: got[: len(wanted)], "The right numbers come first, and then too many others."),
        (lambda: got[-len(wanted) :], "The right numbers come last, after too many others."),
    )
    for rearranged, sentence in findings:
        try:
            if _close(np.asarray(rearranged()), wanted, tolerance):
                return f"{sentence} {shapes}"
        except (ValueError, TypeError, IndexError):
            pass
    if wanted.ndim and got.ndim == 0:
        for name, number in (("sum", wanted.sum()), ("mean", wanted.mean())):
            if _close(got, np.asarray(number), tolerance):
                return f"This is the {name} of the right numbers. Return them one by one. {shapes}"
    if got.ndim and got.ndim == wanted.ndim and got.shape[1:] == wanted.shape[1:]:
        for part, place in ((wanted[: len(got)], "last"), (wanted[-len(got) :], "first")):
            if len(got) and _close(got, part, tolerance):
                return f"What is there is right, but the {place} is missing. {shapes}"
    return shapes


# Relations between results of the same shape ------------------------------------------------------
#
# Each takes all pairs that differ, and returns its sentence if it holds for all of them, else "".

Relation = Callable[[list[Pair], Callable[[np.ndarray, np.ndarray], bool]], str]


def _when_all(sentence: str, change: Callable[[np.ndarray], np.ndarray]) -> Relation:
    """The sentence, if what came out is always this change of what should have."""

    def relation(pairs, close):
        return sentence if all(close(got, change(wanted)) for got, wanted in pairs) else ""

    return relation


def _all_the_same(pairs, close) -> str:
    got, wanted = pairs[0]
    if got.size < 2 or np.ptp(got) != 0 or np.ptp(wanted) == 0:
        return ""
    return f"All your numbers are {got.flat[0]:.4g}. They should differ."


FACTORS = {
    2.0: "twice",
    0.5: "half of",
    1 / np.log(2): "as with logarithms to base 2, 1.4427 times",
    1 / np.log(10): "as with logarithms to base 10, 0.4343 times",
}


def _constant_factor(pairs, close) -> str:
    got, wanted = _joined(pairs)
    if not wanted.any():
        return ""
    factor = (got @ wanted) / (wanted @ wanted)
    if abs(factor) < 1e-9 or not close(got / factor, wanted):
        return ""
    subject = "Each number is" if got.size > 1 else "It is"
    if factor < 0:
        factor, subject = -factor, f"The sign is turned round, and {subject.lower()}"
    for number, text in FACTORS.items():
        if np.isclose(factor, number, rtol=1e-4):
            return f"{subject} {text} the right one."
    fraction = Fraction(factor).limit_denominator(20 if factor > 0.05 else 10_000)
    is_simple = np.isclose(factor, float(fraction), rtol=1e-4) and fraction.numerator < 10_000
    if is_simple and (fraction.numerator == 1 or fraction.denominator == 1 or got.size > 1):
        times = "of" if factor < 1 else "times"
        return f"{subject} {fraction} {times} the right one."
    if len(np.unique(wanted[wanted != 0])) > 1:
        return f"{subject} {factor:.4g} times the right one."
    return ""  # one number is always some multiple of another


def _constant_offset(pairs, close) -> str:
    got, wanted = _joined(pairs)
    offset = (got - wanted).mean()
    if got.size < 2 or not close(got - offset, wanted):
        return ""
    return f"Each number is too {'large' if offset > 0 else 'small'} by {abs(offset):.4g}."


def _spread(pairs, close) -> str:
    got, wanted = pairs[0]
    if got.size < 2 or not np.ptp(got) or not close(got.mean(), wanted.mean()):
        return ""
    factor = np.ptp(got) / np.ptp(wanted)
    if not close(wanted.mean() + (got - got.mean()) / factor, wanted):
        return ""
    return f"The middle is right, but the numbers lie {factor:.4g} times as far apart."


def _decimal_point(pairs, close) -> str:
    got, wanted = _joined(pairs)
    power = np.round(np.log10(np.abs(got / wanted).max()))
    if power == 0 or not np.isfinite(power) or not close(got / 10.0**power, wanted):
        return ""
    return "The digits are right, but not the place of the point. Are shares and per cent mixed?"


def _joined(pairs: list[Pair]) -> list[np.ndarray]:
    return [np.concatenate([pair[part].ravel() for pair in pairs]) for part in (0, 1)]


def _only_first_row(pairs, close) -> str:
    if all(g.ndim and len(g) > 1 and close(g[0], w[0]) and not g[1:].any() for g, w in pairs):
        return "Only the first is filled in. Does `return` stand inside the loop?"
    return ""


def _row_factor(pairs, close) -> str:
    if any(got.ndim < 2 or not wanted.sum(axis=-1).all() for got, wanted in pairs):
        return ""
    if all(np.count_nonzero(got, axis=-1).max() < 2 for got, _ in pairs):
        return ""  # one number alone has no proportions
    for got, wanted in pairs:
        totals = got.sum(axis=-1, keepdims=True)
        if not totals.all() or not close(got / totals * wanted.sum(axis=-1, keepdims=True), wanted):
            return ""
    got, wanted = pairs[0]
    found, right = (_list(array.sum(axis=-1)[:4]) for array in (got, wanted))
    return (
        "Within each row the proportions are right, but not the size: "
        f"the rows sum to {found}, and should to {right}."
    )


def _row_offset(pairs, close) -> str:
    def centred(array):
        return array - array.mean(axis=-1, keepdims=True)

    if all(g.ndim > 1 and g.shape[-1] > 1 and close(centred(g), centred(w)) for g, w in pairs):
        amounts = _list((pairs[0][0] - pairs[0][1])[..., 0].ravel()[:4])
        return f"In each row all numbers are moved by the same amount: by {amounts}."
    return ""


def _rows_sum_to_one(pairs, close) -> str:
    """Whether the rows or the columns of probabilities sum to 1."""
    for got, wanted in pairs:
        ones = np.ones(wanted.shape[:1])
        if wanted.ndim != 2 or not close(wanted.sum(axis=1), ones):
            return ""
        if close(got.sum(axis=1), ones):
            return ""
    got, _ = pairs[0]
    if close(got.sum(axis=0), np.ones(got.shape[1])):
        return "Each of your columns sums to 1. Each row should."
    return f"Each row should sum to 1, and yours sum to {_list(got.sum(axis=1)[:4])}."


def _sum_of_one(pairs, close) -> str:
    got, wanted = pairs[0]
    if wanted.ndim == 1 and close(wanted.sum(), np.ones(())) and not close(got.sum(), np.ones(())):
        return f"Your numbers sum to {got.sum():.4g}, and they should sum to 1."
    return ""


def _rounded(pairs, close) -> str:
    for decimals in range(5):
        if all(np.array_equal(got, np.round(wanted, decimals)) for got, wanted in pairs):
            return (
                f"These are the right numbers, but rounded to {decimals} decimals. Leave them as "
                "they come out."
            )
    return ""


def _reordered(pairs, close) -> str:
    if any(got.size < 2 for got, _ in pairs):
        return ""
    if all(got.ndim == 1 and close(got, wanted[::-1]) for got, wanted in pairs):
        return "The right numbers, in reverse order."
    if all(got.ndim == 2 and close(got[::-1], wanted) for got, wanted in pairs):
        return "The right rows, in reverse order."
    if all(close(np.sort(got, axis=None), np.sort(wanted, axis=None)) for got, wanted in pairs):
        return "The right numbers, but in other places."
    return ""


RELATIONS_WITHOUT_NUMBERS: tuple[Relation, ...] = (
    _when_all("The sign is turned round.", np.negative),
    _when_all("These are percentages, 100 times too large.", lambda wanted: 100 * wanted),
    _when_all(
        "Rows and columns are exchanged.",
        lambda wanted: wanted.T if wanted.ndim == 2 else np.empty(0),
    ),
    _reordered,
    _when_all("The signs are lost.", np.abs),
    _decimal_point,
    _sum_of_one,
)
RELATIONS: tuple[Relation, ...] = (
    _when_all("All your numbers are 0.", np.zeros_like),
    _all_the_same,
    *RELATIONS_WITHOUT_NUMBERS[:-2],
    _constant_factor,
    _constant_offset,
    _spread,
    _when_all(
        "What comes after the point is cut off: an array of integers, `int` or `//` does that.",
        np.trunc,
    ),
    _rounded,
    _when_all("The negative numbers have become 0.", lambda wanted: np.maximum(wanted, 0)),
    _when_all("These are 1 minus the right numbers.", lambda wanted: 1 - wanted),
    _when_all("These are the squares of the right numbers.", np.square),
    _when_all("These are the square roots of the right numbers.", np.sqrt),
    _when_all("These are the natural logarithms of the right numbers.", np.log),
    _when_all(
        "These are minus the logarithms of the right numbers.", lambda wanted: -np.log(wanted)
    ),
    _when_all("These are the exponentials of the right numbers.", np.exp),
    _when_all("These are 1 divided by the right numbers.", np.reciprocal),
    _when_all(
        "These are running totals of the right numbers.",
        lambda wanted: np.cumsum(wanted, axis=-1) if wanted.size > 2 else np.empty(0),
    ),
    _only_first_row,
    _row_factor,
    _row_offset,
    _rows_sum_to_one,
    _sum_of_one,
)


def _which_are_wrong(got: np.ndarray, wanted: np.ndarray, tolerance: float, reveal: bool) -> str:
    wrong = ~np.isclose(got, wanted, rtol=tolerance, atol=tolerance, equal_nan=True)
    too_large = got[wrong] > wanted[wrong]
    size = "large" if too_large.all() else "small"
    if got.size == 1:
        is_close = np.isclose(got, wanted, rtol=0.02).all()
        return f"It is too {size}{', but close: by less than 2 %' if is_close else ''}."
    if wrong.all():
        if too_large.all() or not too_large.any():
            return f"All numbers are too {size}."
        if got.ndim == 1 and got.size < 5:
            sizes = ["too large" if each else "too small" for each in too_large]
            return f"None of the numbers is right. From the first: {', '.join(sizes)}."
        return "None of the numbers is right."
    for name, rows in (("row", wrong), ("column", wrong.T)):
        bad = np.flatnonzero(rows.any(axis=-1))
        if wrong.ndim == 2 and len(bad) == 1 and len(rows) > 1 and wrong.sum() > 1:
            return f"All is right but {name} {bad[0]}, counted from 0."
    place = tuple(map(int, np.argwhere(wrong)[0]))
    detail = f" is {got[place]:.4g} and should be {wanted[place]:.4g}" if reveal else " is wrong"
    return (
        f"{got.size - wrong.sum()} of {got.size} numbers are right. "
        f"`[{', '.join(map(str, place))}]`{detail}."
    )


def _where(bad: np.ndarray) -> str:
    """Words for the first places that are True, as " in row 1, counted from 0", or ""."""
    if bad.ndim == 0 or bad.all():
        return ""
    first = np.flatnonzero(bad.reshape(len(bad), -1).any(axis=1))[0]
    return f" in {'row' if bad.ndim > 1 else 'place'} {first}, counted from 0"


def _list(numbers: np.ndarray) -> str:
    *first, last = [f"{number:.4g}" for number in np.ravel(numbers)]
    return f"{', '.join(first)} and {last}" if first else last
