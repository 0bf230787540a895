"""Which numbers of a Markdown cell claim nothing, and why: narrow rules, each with a name.

What no rule knows makes a claim, and a claim is computed: see the package.
"""

import ast
import functools
import math
import re

from tools.claims.numbers import SMALL, Number, numbers_in, value_of

FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$]+\$", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
# Tags, but not the words of a picture, and where links lead.
HTML = re.compile(r'<(?:(?!alt=)[^>])*(?:>|alt=")|\]\([^)]*\)', re.DOTALL)

NOTEBOOK = r"(?:0\d|10)"
REFERENCE = re.compile(
    rf"\bnotebooks? {NOTEBOOK}(?:(?:, | and | to ){NOTEBOOK})*|\b(?:in|from) {NOTEBOOK}(?=[.,])"
    rf"|(?:\*\*|^# |\[){NOTEBOOK} · [^*\n\]]+|^#+ Exercise \d+\.\d+|\bexercises? \d+\.\d+"
    r"|\bPart \d\b|\b(?:class|row|picture) \d+\b",
    re.MULTILINE | re.IGNORECASE,
)
LIST = re.compile(r"^\d+\. ", re.MULTILINE)
YEAR = re.compile(r"(?<=in )20\d\d\b|(?<=, )(?:19|20)\d\d(?=\))|(?<=from )19\d\d\b")
NAME = re.compile(r"\bPython 3\.\d+(?:(?:, | or )3\.\d+)*|\b\d\d-bit\b|\b\d\dth\b")
# Headings and what is measured: these nouns make an amount of a count.
MEASURE = re.compile(
    r"\W{1,2}(?:and a half )?(?:points?|pixels?|per cent|times|seconds?|minutes?|digits|decimals|"
    r"epochs|steps|bytes?|thousandths|tenths|parameters|hundred|thousand|million|megabytes?)\b"
)
# Between "For" and the result of an example stands what is given.
RESULT = re.compile(r"\b(?:is|are|gives?|returns?|becomes?|may be|find)\b")
# How a sentence begins that tells the reader to do something.
ORDERS = re.compile(
    r"(?:Add|Answer|Ask|Average|Call|Change|Choose|Compare|Complete|Compute|Count|Divide|Draw|Drag"
    r"|Find|Give|Guess|Imagine|Keep|Lay|Let|Look|Make|Match|Measure|Move|Multiply|Name|Predict"
    r"|Print|Put|Raise|Read|Run|Say|Set|Show|Sketch|Solve|Start|Subtract|Take|Train|Try|Turn|Use"
    r"|Work|Write) "
)


def value_of_formula(side: str) -> float | None:
    """The value of one side of a LaTeX formula, None where it holds a variable or is none."""
    side = side.replace("{,}", "").replace("\\,", "").replace("\\;", "").strip(" .")
    side = re.sub(r"\\t?frac\s*(\w)\s*(\w)", r"((\1)/(\2))", side)
    side = re.sub(r"\\t?frac\{([^{}]+)\}\{([^{}]+)\}", r"((\1)/(\2))", side)
    side = re.sub(r"\\(log|ln|sqrt)\s*(\w+|\(.*\)$|\{[^{}]+\})", r"\1(\2)", side)
    for latex, python in (("cdot", "*"), ("times", "*"), ("ln(", "log("), ("infty", "inf")):
        side = side.replace("\\" + latex, python)
    side = side.replace("ln(", "log(").replace("^", "**").replace("{", "(").replace("}", ")")
    side = re.sub(r"(\d|\))\s*(e\b|log|\()", r"\1*\2", side)
    if not side or set(re.findall(r"[A-Za-z\\]+", side)) - {"e", "log", "sqrt"}:
        return None
    names = {"e": math.e, "log": math.log, "sqrt": math.sqrt}
    try:
        return float(eval(compile(ast.parse(side, mode="eval"), "", "eval"), {}, names))
    except (SyntaxError, TypeError, ValueError, OverflowError):
        return None


def read_formula(formula: str) -> tuple[str | None, float | None]:
    """What a formula is: ("arithmetic", None), ("wrong", None), ("algebra", None), (None, value).

    Sides without a variable are computed and must agree: after ≈ to the last written digit, after =
    to nine. A formula with one such side states this value.
    """
    parts = re.split(r"(\\approx|=|\\quad\S*|,(?!\}))", formula.strip("$ "))
    sides = [
        (value_of_formula(part), part, before)
        for part, before in zip(parts[::2], ["=", *parts[1::2]], strict=True)
    ]
    known = [side for side in sides if side[0] is not None]
    if not known:
        return "algebra", None
    if len(known) == 1 or "," in parts[1::2]:
        return None, known[-1][0]
    first = known[0][0]
    for value, written, relation in known[1:]:
        if relation == "=":
            right = math.isclose(first, value, rel_tol=1e-9)
        else:
            digits = written.replace("{,}", "").strip()
            decimals = len(digits.partition(".")[2]) if re.fullmatch(r"[\d.]+", digits) else None
            step = 10.0**-decimals if decimals is not None else value / 5
            right = abs(first - value) <= step / 2
        if not right:
            return "wrong", None
    return "arithmetic", None


def _spans(pattern, text):
    return [match.span() for match in pattern.finditer(text)]


def _inside(number, spans):
    return any(start <= number.start and number.end <= end for start, end in spans)


def _is_data(code):
    """Is a code span a number or a list of them, such as an exercise's example, and no code?"""
    try:
        value = ast.literal_eval(code.strip("`").removeprefix("np.array(").removesuffix(")"))
    except (SyntaxError, ValueError):
        return False
    return not isinstance(value, (str, bool)) and "True" not in code


def scan(text: str) -> list[tuple[Number, str | None]]:
    """Every number of a Markdown text, and the kind of it that can be told from its notation.

    Kinds: "code", "name", "reference", "list", "year", "algebra", "arithmetic" (computed here and
    true) and "wrong" (computed here and false). None: it may be a claim.
    """
    found = []
    code = [span for span in CODE.finditer(text) if not _is_data(span[0])]
    taken = [span.span() for span in [*code, *HTML.finditer(text)]]
    for formula in FORMULA.finditer(text):
        if re.search(r"\d|\be\b|\\log", formula[0]) and not any(
            a <= formula.start() < b for a, b in taken
        ):
            kind, value = read_formula(formula[0])
            value = 0.0 if value is None else value
            place = (formula.start(), formula.end())
            near = abs(value) * (0.1 if "approx" in formula[0] else 1e-9)
            found.append((Number(formula[0], *place, value, value - near, value + near), kind))
        taken.append(formula.span())
    blank = list(text)
    for start, end in taken:
        blank[start:end] = "·" * (end - start)
    rest = "".join(blank)
    notations = {"reference": REFERENCE, "list": LIST, "year": YEAR, "name": NAME}
    notations |= {"time": TIME, "time for the busy": BUSY}
    places = {kind: _spans(pattern, rest) for kind, pattern in notations.items()}
    for number in numbers_in(rest):
        kinds = [kind for kind, spans in places.items() if _inside(number, spans)]
        found.append((number, kinds[0] if kinds else None))
    return sorted(found, key=lambda each: each[0].start)


SENTENCE = re.compile(r"(?:[^.?!:;\n]|[.?!:;](?![\s*)])|\n(?!\n))+[.?!:;]?\**")


def sentence_at(text: str, number: Number) -> tuple[str, str]:
    """The sentence in which a number stands, without what is bold before it, and what follows."""
    for match in SENTENCE.finditer(text):
        if match.start() <= number.start < match.end():
            sentence = re.sub(r"^[\s\d.*>-]*(?:\*\*[^*]+\*\*)?\s*", "", match[0])
            return sentence, text[number.end : match.end()]
    return "", ""


def kind_of(number: Number, text: str, code: str) -> str | None:
    """Why a number whose notation says nothing claims nothing all the same; None: it is a claim.

    `code` is the source of all code cells of its section. The kinds:

    "nought or one"   the ends of every probability, the sum of a row
    "question"        it stands in a question
    "order"           a sentence that tells the reader to do something with it
    "given"           what stands between "For" and the result in an exercise's example
    "count"           a small number in words before things that the text itself goes on to name
    "setting"         the same number stands in the code of the section
    """
    sentence, rest = sentence_at(text, number)
    after = text[number.end : number.end + 24]
    unit = MEASURE.match(after)
    if number.value in (0, 1) and not unit and "%" not in number.text:
        return "nought or one"
    if sentence.rstrip("*").endswith("?"):
        return "question"
    if ORDERS.match(sentence):
        return "order"
    if sentence.startswith("For ") and RESULT.search(rest):
        return "given"
    if number.text.lower() in SMALL and number.value <= 12 and not unit:
        return "count"
    if number.value in settings_of(code):
        return "setting"
    return None


@functools.cache
def settings_of(code: str) -> set[float]:
    """The numbers in a piece of code, those in its texts left out."""
    nodes = ast.walk(ast.parse(code))
    numbers = (node.value for node in nodes if isinstance(node, ast.Constant))
    return {float(value) for value in numbers if type(value) in (int, float)}


# Times ------------------------------------------------------------------------------------------

_AMOUNT = r"(?:half an?|one|an?|\d+)"
TIME = re.compile(
    rf"(?P<low>{_AMOUNT})(?: to (?P<high>{_AMOUNT}))?(?: an?)? (?P<unit>seconds?|minutes?)\b",
    re.IGNORECASE,
)
# What may follow a time, for a slower computer.
BUSY = re.compile(r"\b(?:up to (?P<most>\d+)|(?P<twice>twice) that) on a busy (?:one|laptop)\b")


def times_in(text: str) -> list[tuple[float, float, int, int]]:
    """The times of a text in seconds, from … to …, with their place."""
    times = []
    for match in TIME.finditer(text):
        seconds = 60 if match["unit"].startswith("minute") else 1
        amounts = [match["low"], match["high"] or match["low"]]
        low, high = (
            seconds * (0.5 if amount.lower().startswith("half") else value_of(amount))
            for amount in amounts
        )
        times.append((low, high, *match.span()))
    return times
