"""Account for every number in the prose: what it is computed from, or that it claims nothing.

    python -m tools.claims 07 --list       what the account of notebook 07 lacks, ready to paste
    python -m tools.claims 07              run notebook 07 with five seeds, against its bands
    python -m tools.claims 07 --seeds 3    quicker

Each document (a notebook with its speaker notes, or the README) has an account in
`tools/claims/accounts/`: every sentence with a number, word for word, in reading order. The
indented lines below a sentence are Python expressions that must be true if the sentence is. A
sentence without any claims nothing that could be computed: a question, an instruction, an example,
a count of what the text itself names. So a sentence that is new or changed has no entry until its
author writes one, and an entry without its sentence is an error too.

Expressions may use the names of `tools/claims/values.py` and

    code("epochs=9")                  this is in the notebook's code
    printed(r"accuracy: ([\\d.]+)")    the number that the stored outputs show
    band("test accuracy", 0.87, 0.9)  the band of this number lies between these bounds

where a last argument, such as "06", means another notebook.

A band (`tools/claims/bands.toml`) bounds a number that depends on training.
"""

import functools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import ROOT
from tools.claims import values
from tools.notebooks import (
    NOTEBOOKS,
    code_cells,
    find_notebooks,
    output_texts,
    read_notebook,
)

ACCOUNTS = Path(__file__).parent / "accounts"
NUMBERED = sorted(NOTEBOOKS.glob("*.ipynb"))
PROJECTS = sorted(NOTEBOOKS.glob("projects/*.ipynb"))
DOCUMENTS = [*NUMBERED, *PROJECTS, ROOT / "README.md"]

# "One" is most often a pronoun, and "third" alone an order: they count in "one in nine", "a third".
# A sentence that trades any other number for one of them has changed, and so is noticed.
NUMBER_WORDS = [
    *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
    *("thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand"),
    *("million", "half", "halves", "halve", "halving", "quarter", "third", "fifth", "sixth"),
    *("seventh", "eighth", "ninth", "tenth", "twentieth", "hundredth", "thousandth", "millionth"),
    *("twice", "double", "doubling", "triple", "dozen"),
]
_ORDINALS = ("third", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_WORDS = "|".join(
    rf"(?:(?:an?|one)[ -]{word}|{word}s)" if word in _ORDINALS else rf"{word}s?"
    for word in NUMBER_WORDS
)
NUMBER = re.compile(rf"(?<![\w.])\.?\d|\b(?:{_WORDS})\b|[⅓⅔½¼¾²³]", re.IGNORECASE)
# Names of notebooks and exercises.
REFERENCE = re.compile(
    r"\bnotebooks? \d\d(?:(?:, | and | to )\d\d)*|\bexercises? \d+\.\d+|\b\d\d · ", re.IGNORECASE
)
# Blocks of code, tags of HTML without their alt texts, where a link leads.
MARKUP = re.compile(
    r'```.*?```|<\w[^>]*?\balt="(?P<alt>[^"]*)"[^>]*>|</?\w[^>]*>|(?<=\])\([^)]*\)', re.DOTALL
)
PARAGRAPH = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*|>#]|\d+\.) )")
BULLET = re.compile(r"^\s*(?:[-*|>#]+|\d+\.) ")
SENTENCE_END = re.compile(r"(?<=[.?!])[*_\"”)]*\s+")


def texts(document: Path) -> list[str]:
    """The Markdown cells and speaker notes of a notebook, or the text of any other document."""
    if document.suffix != ".ipynb":
        return [document.read_text(encoding="utf-8")]
    found = []
    for cell in read_notebook(document).cells:
        if cell.cell_type == "markdown":
            found.append(cell.source)
        found += cell.metadata.get("course", {}).get("notes", {}).values()
    return found


def sentences(text: str) -> list[str]:
    """The sentences of a Markdown text, each on one line, without the mark of a list or heading."""
    found = []
    plain = MARKUP.sub(lambda match: match["alt"] or "", text)
    for paragraph in PARAGRAPH.split(plain):
        line = " ".join(BULLET.sub("", paragraph).split())
        found += [sentence.strip(" |") for sentence in SENTENCE_END.split(line)]
    return [sentence for sentence in found if sentence]


def has_number(sentence: str) -> bool:
    """Is there a number, other than the name of a notebook or an exercise?"""
    return NUMBER.search(REFERENCE.sub("", sentence)) is not None


# Accounts -----------------------------------------------------------------------------------------


def read_account(document: Path) -> dict[str, list[str]]:
    """Each sentence in the account of a document with the expressions below it."""
    account: dict[str, list[str]] = {}
    for line in (ACCOUNTS / f"{document.stem}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            account[list(account)[-1]].append(line.strip())
        elif line:
            account[line] = []
    return account


def missing(found: list[str], account: dict[str, list[str]]) -> list[str]:
    """The sentences in these texts that have a number and no entry."""
    said = [sentence for text in found for sentence in sentences(text)]
    return [s for s in dict.fromkeys(said) if has_number(s) and s not in account]


def unused(found: list[str], account: dict[str, list[str]]) -> list[str]:
    """The entries whose sentences these texts don't have."""
    said = {sentence for text in found for sentence in sentences(text)}
    return [sentence for sentence in account if sentence not in said]


# What an expression may ask -----------------------------------------------------------------------


@dataclass(frozen=True)
class Band:
    """The bounds of a number that depends on training, and where a run of the notebook shows it."""

    low: float
    high: float
    printed: str = ""
    value: str = ""


def bands(number: str) -> dict[str, Band]:
    """The bands of the notebook with this number, such as "07"."""
    tables = tomllib.loads((Path(__file__).parent / "bands.toml").read_text(encoding="utf-8"))
    return {name: Band(**table) for name, table in tables.get(number, {}).items()}


def find_printed(pattern: str, outputs: str) -> float:
    """The number that the pattern's group finds in outputs. Raises ValueError if there is none."""
    match = re.search(pattern, outputs)
    if match is None:
        raise ValueError(f"The notebook prints nothing that fits {pattern!r}.")
    return float(match[1])


def outside(measured: dict[str, float], number: str) -> list[str]:
    """Which of these numbers lie outside their bands; one sentence each."""
    known = bands(number)
    return [
        f"{name} is {value:.4f}, not between {known[name].low} and {known[name].high}"
        for name, value in measured.items()
        if not known[name].low <= value <= known[name].high
    ]


def all_outputs(notebook) -> str:
    """The texts of all outputs of a notebook."""
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    return "\n".join(text for output in outputs for text in output_texts(output))


@functools.cache
def _code_and_outputs(document: Path) -> tuple[str, str]:
    notebook = read_notebook(document)
    return "\n".join(cell.source for cell in code_cells(notebook)), all_outputs(notebook)


def names_for(document: Path) -> dict[str, Any]:
    """What the expressions in the account of this document may use."""

    def code(text: str) -> bool:
        return text in _code_and_outputs(document)[0]

    def printed(pattern: str, notebook: str = "") -> float:
        [path] = find_notebooks([notebook]) if notebook else [document]
        return find_printed(pattern, _code_and_outputs(path)[1])

    def band(name: str, low: float, high: float, notebook: str = document.stem[:2]) -> bool:
        found = bands(notebook)[name]
        return low <= found.low <= found.high <= high

    return vars(values) | {"code": code, "printed": printed, "band": band}


def is_true(expression: str, document: Path) -> bool:
    """Is this expression from the account of a document true?"""
    return bool(eval(expression, names_for(document)))
