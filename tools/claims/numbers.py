"""Every number in a text, as digits, as a formula or in words, and how near it claims to be.

"About one in nine" is a number between one in eight and a half and one in nine and a half; "0.67"
lies between 0.665 and 0.675; "more than half" is any number above 0.5. So a claim can be held to a
computed value without a second, hidden tolerance: the sentence itself says how exact it is.
"""

import math
import re
from dataclasses import dataclass

UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SMALL = {word: value for value, word in enumerate(UNITS.split())}
SMALL |= {word: 10 * (place + 2) for place, word in enumerate(TENS)}
LARGE = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
FRACTIONS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "tenth": 10, "twentieth": 20}
FRACTIONS |= {"hundredth": 100, "thousandth": 1000, "millionth": 1_000_000}
FRACTIONS |= {"hundred-thousandth": 100_000}
TWICE = {"twice": 2, "double": 2, "doubles": 2, "halve": 1 / 2, "halves": 1 / 2, "halving": 1 / 2}
SIGNS = {"⅓": 1 / 3, "⅔": 2 / 3, "½": 1 / 2, "¼": 1 / 4, "¾": 3 / 4}


def _any(words):
    return "|".join(sorted(words, key=len, reverse=True))


_SMALL = rf"(?:(?:{_any(TENS)})-(?:{_any(SMALL)})|{_any(SMALL)})"
_WORDS = rf"(?:(?:{_SMALL}|a)[ -])?(?:{_any(LARGE)})s?(?: (?:{_any(LARGE)})s?)?|{_SMALL}"
# "A third", "nine tenths", "thousandths", but not "third": that is an order.
_PARTS = (
    rf"(?:(?:{_SMALL}|an?)[ -](?:{_any(FRACTIONS)})s?|half|halves|quarters?"
    r"|(?:hundred|thousand|million)ths)"
)
_DIGITS = r"[−-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[−-]?\.\d+"
_ONE = rf"(?:{_DIGITS}|(?:{_WORDS})\b)"
# A share is one number: "one in nine", "two times out of three", "30 of 100", "95 of 100 such".
_SHARE = rf"(?P<part>{_ONE})(?:(?: \w+)? (?:in|out of)| of) (?:a )?(?P<whole>{_ONE})"
_AND_A_HALF = rf"(?P<base>{_ONE}) and a half\b"
_PLAIN = (
    rf"(?<![\w.]){_AND_A_HALF}|(?<![\w.])(?P<parts>{_PARTS})\b(?!-)"
    rf"|(?<![\w.])(?P<one>{_ONE})(?P<unit> ?%| per cent)?|\b(?P<factor>{_any(TWICE)})\b"
    r"(?! is| cannot|[.,;:]|$| to )"
    rf"|(?P<sign>[{''.join(SIGNS)}])"
)
PLAIN = re.compile(_PLAIN, re.IGNORECASE)
NUMBER = re.compile(rf"(?<![\w.]){_SHARE}(?![\w])|{_PLAIN}", re.IGNORECASE)
# "One" is a number only before what is measured: elsewhere it stands for a thing.
ONE_COUNTS = re.compile(r" (?:points?|seconds?|minutes?|per cent|standard) ")
ABOVE = r"(?:more than|above|over|at least|beyond|hardly above|no less than)"
BELOW = r"(?:less than|below|under|at most|up to|hardly|almost|nearly|no more than)"
ABOUT = r"(?:about|around|near|nearly|almost|roughly|some|hardly|close to)"


@dataclass(frozen=True)
class Number:
    """A number of a text: its words, its place, its value, and between what it holds as true."""

    text: str
    start: int
    end: int
    value: float
    low: float
    high: float


def value_of(words: str) -> float:
    """The value of digits or of number words. Raises KeyError for anything else."""
    words = words.lower().replace("−", "-")
    if re.fullmatch(r"[+-]?[\d.]+e[+-]?\d+|\+[\d.]+", words):
        return float(words)
    if words in SIGNS:
        return SIGNS[words]
    if re.fullmatch(_DIGITS, words):
        return float(words.replace(",", ""))
    total = 1
    for word in re.split(r"[ ]", words):
        if word in ("a", "an"):
            continue
        word = word if word in SMALL or word in LARGE or "-" in word else word.removesuffix("s")
        if word in LARGE:
            total *= LARGE[word]
        elif "-" in word:
            total *= sum(SMALL[part] for part in word.split("-"))
        else:
            total *= SMALL[word]
    return total


def _fraction_of(words):
    *count, part = re.split(r" |-(?=half|third|quarter)", words.lower())
    count = [word for word in count if word not in ("a", "an")]
    part = {"halves": "half"}.get(part, part)
    part = part if part in FRACTIONS else part.removesuffix("s")
    return (value_of(count[0]) if count else 1) / FRACTIONS[part]


def _half_step(words):
    """Half a unit of the last digit that is written; of whole numbers in words, nothing."""
    digits = re.fullmatch(r"[−-]?[\d,]*(?:\.(\d+))?", words)
    if not digits or not digits[1]:
        return 0.0
    return 0.5 * 10.0 ** -len(digits[1])


def _one(match):
    """The value of a match, half of its smallest step, and how near "about" means."""
    groups = match.groupdict()
    if groups["base"]:
        value = value_of(groups["base"]) + 0.5
        return value, 0.0, 0.25
    if groups.get("part"):
        part, whole = value_of(groups["part"]), value_of(groups["whole"])
        # "One in nine" is told from one in eight; "five in six" and "one in thirty" are coarser.
        near = 1 / (whole - 0.5) - 1 / whole if part == 1 and whole < 20 else 0.1 / whole
        return part / whole, near * (whole < 20), near if part == 1 else 2 * near
    if groups["parts"]:
        value = _fraction_of(groups["parts"])
        return value, 0.0, 0.16 * value
    if groups["factor"]:
        return TWICE[groups["factor"].lower()], 0.0, 0.5 * TWICE[groups["factor"].lower()] / 2
    if groups["sign"]:
        return SIGNS[groups["sign"]], 0.005, 0.005
    value, step = value_of(groups["one"]), _half_step(groups["one"])
    if groups["unit"]:
        value, step = value / 100, step / 100
    digits = len(re.sub(r"\D", "", groups["one"]).lstrip("0"))
    return value, step, (2 if digits > 1 else 1) * step or 0.1 * abs(value)


def _matches(text):
    """The numbers of a text; "32 filters of nine" is no share but two of them."""
    place = 0
    while match := NUMBER.search(text, place):
        if match["part"] and not value_of(match["part"]) < value_of(match["whole"]):
            match = PLAIN.search(text, match.start())
        yield match
        place = match.end()


def numbers_in(text: str) -> list[Number]:
    """All numbers of `text` in order, each with the band that its own words state.

    A bare number is exact to its last written digit. Words before it widen or open that: "about"
    and "almost" allow one unit of the last decimal, or a tenth of a whole number, or half the way
    from one in nine to one in eight; "more than" allows any value above.
    """
    found = []
    for match in _matches(text):
        before = text[max(0, match.start() - 24) : match.start()].lower()
        try:
            value, step, near = _one(match)
        except KeyError:
            continue
        if match[0].lower() in ("one", "a", "an") and not ONE_COUNTS.match(text, match.end()):
            continue
        low, high = value - step, value + step
        tail = before.rstrip()
        if re.search(rf"\b{ABOUT}(?: as| a)?$", tail) or "≈" in tail[-8:] or "approx" in tail[-8:]:
            low, high = value - max(near, step), value + max(near, step)
        elif re.search(rf"\b{ABOVE}(?: as| a| one)?$", tail):
            high = math.inf
        elif re.search(rf"\b{BELOW}(?: as| a| one)?$", tail):
            low = -math.inf
        found.append(Number(match[0], match.start(), match.end(), value, low, high))
    return found
