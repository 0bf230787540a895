"""Is every number in the prose computed, and does the prose say what was computed?

A number that makes no claim is known by its kind (`tools/claims/kinds.py`). Every other one stands
in a phrase to which its document's module in `tools/claims` gives a value, a band or a source: see
the package. What depends on training takes minutes: `python -m tools.claims 07` measures it, and
here the stored notebook and its prose are held to the bands that were found.
"""

import functools
import re
from dataclasses import dataclass

import numpy as np
import pytest
from nbformat import NotebookNode

from tools.claims import DOCUMENTS, NUMBERED, Printed, Within, claims_of, outside
from tools.claims.kinds import kind_of, read_formula, scan, times_in
from tools.claims.numbers import Number, numbers_in, value_of
from tools.notebooks import code_cells, find_notebooks, output_texts, read_notebook

each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
each_notebook = pytest.mark.parametrize("path", NUMBERED, ids=lambda path: path.stem[:2])


@dataclass(frozen=True)
class Prose:
    """A Markdown cell, its place in the notebook, and the source of its section's code cells."""

    place: str
    text: str
    code: str


@functools.cache
def prose_of(path) -> list[Prose]:
    if path.suffix == ".md":
        return [Prose(path.name, path.read_text(encoding="utf-8"), "")]
    section, code, found = 0, {}, []
    for number, cell in enumerate(read_notebook(path).cells):
        if cell.cell_type == "markdown":
            section += bool(re.search(r"^## ", cell.source, re.MULTILINE))
            found.append((f"{path.name}, cell {number}", cell.source, section))
        else:
            code[section] = code.get(section, "") + cell.source + "\n"
    return [Prose(place, text, code.get(section, "")) for place, text, section in found]


@functools.cache
def outputs_of(path) -> str:
    if path.suffix == ".md":
        return ""
    outputs = [output for cell in code_cells(read_notebook(path)) for output in cell.outputs]
    return "\n".join(text for output in outputs for text in output_texts(output))


def claims_in(path) -> dict:
    claims = claims_of(DOCUMENTS[path])
    return {kind: getattr(claims, kind, {}) for kind in ("FACTS", "SAID", "PROSE")}


def spans_of(phrases, text) -> list[tuple[int, int]]:
    found = [re.finditer(re.escape(phrase), text) for phrase in phrases]
    return [match.span() for matches in found for match in matches]


# Each number makes no claim, or one that is written down ------------------------------------------


@each_document
def test_every_number_of_the_prose_is_computed_or_claims_nothing(path):
    nobody = []
    for cell in prose_of(path):
        known = [
            span for claims in claims_in(path).values() for span in spans_of(claims, cell.text)
        ]
        for number, kind in scan(cell.text):
            if kind == "wrong":
                nobody.append(f"{cell.place}: {number.text} does not come out when computed.")
            elif kind or any(a <= number.start and number.end <= b for a, b in known):
                continue
            elif kind_of(number, cell.text, cell.code) is None:
                around = cell.text[max(0, number.start - 40) : number.end + 25].replace("\n", " ")
                nobody.append(f"{cell.place}: {number.text!r} in …{around}…")
    module = f"tools/claims/{DOCUMENTS[path]}.py"
    assert not nobody, (
        f"Nobody computes these numbers. Write the words around each into {module}: into FACTS with"
        " what they should be, into PROSE with a measured band if they depend on training, or into"
        " SAID with who says so.\n" + "\n".join(nobody)
    )


@each_document
def test_every_claim_is_still_made(path):
    text = "\n".join(cell.text for cell in prose_of(path))
    phrases = [phrase for claims in claims_in(path).values() for phrase in claims]
    gone = [phrase for phrase in phrases if phrase not in text]
    assert not gone, f"{path.name} no longer says this: change tools/claims/{DOCUMENTS[path]}.py."


def settled(value, path) -> float | Within:
    if isinstance(value, Printed):
        match = re.search(value.pattern, outputs_of(path))
        assert match, f"{path.name} prints nothing that fits {value.pattern!r} any more."
        return value_of(match[1])
    if isinstance(value, Within) and isinstance(value.value, Printed):
        return Within(settled(value.value, path), value.low, value.high)
    return value


@each_document
def test_the_prose_says_what_is_computed(path):
    wrong = []
    for phrase, values in claims_in(path)["FACTS"].items():
        alone = isinstance(values, (Printed, Within)) or np.ndim(values) == 0
        values = [settled(value, path) for value in ([values] if alone else values)]
        for cell in prose_of(path):
            for start, end in spans_of([phrase], cell.text):
                scanned = [number for number, kind in scan(cell.text) if kind is None]
                inside = [n for n in scanned if start <= n.start and n.end <= end]
                wrong += disagreements(f"{cell.place}, {phrase!r}", inside, values)
    assert not wrong, "\n".join(wrong)


def disagreements(where: str, numbers: list[Number], values: list[float | Within]) -> list[str]:
    """Which numbers of a phrase are not the values that belong to them; one sentence each."""
    if len(values) == 1 and isinstance(values[0], Within):
        within = values[0]
        if within.low <= within.value <= within.high:
            return []
        return [f"{where} is true from {within.low} to {within.high}, and it is {within.value}."]
    if len(numbers) != len(values):
        texts = ", ".join(number.text for number in numbers)
        return [f"{where} has {len(numbers)} numbers ({texts}), and {len(values)} were computed."]
    sentences = []
    for number, value in zip(numbers, values, strict=True):
        low, high = number.low, number.high
        if isinstance(value, Within):
            low, high, value = value.low, value.high, value.value
        room = 1e-9 * max(1, abs(value))
        if not low - room <= value <= high + room:
            sentences.append(f"{where}: {number.text} is {value:.6g} when computed.")
    return sentences


# What depends on training -------------------------------------------------------------------------


@each_document
def test_each_printed_number_lies_in_its_band(path):
    claims = claims_of(DOCUMENTS[path])
    found = {}
    for name, pattern in getattr(claims, "PRINTED", {}).items():
        match = re.search(pattern, outputs_of(path))
        assert match, f"The notebook does not print {name} any more: look for {pattern!r}."
        found[name] = float(match[1])
    assert not outside(found, {name: claims.BANDS[name] for name in found})


@each_document
def test_the_bands_carry_what_the_prose_says(path):
    claims = claims_of(DOCUMENTS[path])
    for phrase, (name, low, high) in getattr(claims, "PROSE", {}).items():
        band = claims.BANDS[name]
        assert low <= band[0] <= band[1] <= high, f"{phrase!r} is too strong: {name} is in {band}."


@each_document
def test_a_share_that_the_prose_names_lies_where_the_phrase_is_true(path):
    """Or the rest of it does: "wrong about one in nine" for an accuracy from .875 to .8975."""
    far = []
    for phrase, (_, low, high) in claims_in(path)["PROSE"].items():
        for number in numbers_in(phrase):
            share = 0 < number.value < 1 and number.value > 0.02
            hits = number.low <= high and low <= number.high
            rest_hits = number.low <= 1 - low and 1 - high <= number.high
            if share and not (hits or rest_hits):
                far.append(f"{phrase!r} is said to be true from {low} to {high}")
    assert not far, "\n".join(far)


def test_notebook_07_opens_the_test_set_once_at_the_end_and_trains_no_more():
    [path] = find_notebooks(["7"])
    cells = code_cells(read_notebook(path))
    opened = [number for number, cell in enumerate(cells) if "data.test_" in cell.source]
    assert opened == [len(cells) - 1]
    assert ".fit(" in "".join(cell.source for cell in cells)
    assert ".fit(" not in cells[-1].source


def test_what_lies_outside_is_told():
    bands = {"accuracy": (0.8, 0.9), "loss": (0.2, 0.3)}
    assert outside({"accuracy": 0.8, "loss": 0.3}, bands) == []
    assert outside({"accuracy": 0.91, "recall": 0.5}, bands) == [
        "accuracy is 0.9100, not between 0.8 and 0.9",
        "loss was not measured",
        "recall has no band",
    ]


# Times --------------------------------------------------------------------------------------------


@each_notebook
def test_the_time_of_a_notebook_is_the_sum_of_its_sections(path):
    cells = read_notebook(path).cells
    [(low, high, *_)] = times_in(re.search(r"\*\*Time:\*\*[^.]+\.", cells[0].source)[0])[:1]
    minutes = sum(cell.metadata.get("course", {}).get("minutes", 0) for cell in cells)
    assert low == high
    assert 0.9 <= low / 60 / minutes <= 1.1, f"The sections of {path.name} take {minutes} minutes."


def waits_in(cell: NotebookNode) -> list[tuple]:
    """The times that a Markdown cell tells, but for that of the whole notebook."""
    said = re.sub(r"\*\*Time:\*\*[^.]+\.", "", cell.source)
    return times_in(said) if cell.cell_type == "markdown" else []


@each_notebook
def test_a_wait_takes_as_long_as_the_prose_says(path):
    """Against the seconds that `python -m tools.instructor timings` wrote into the cells."""
    cells = read_notebook(path).cells
    seconds = [cell.metadata.get("course", {}).get("seconds", 0) for cell in cells]
    wrong = []
    for number, cell in enumerate(cells):
        times = waits_in(cell)
        following = [other.cell_type for other in cells[number + 1 :]] + ["markdown"]
        measured = sum(seconds[number + 1 : number + 1 + following.index("markdown")])
        if not times or not measured:
            continue
        low, high = (sum(time[end] for time in times) for end in (0, 1))
        # Half a second is rounding; a computer may be twice as fast or as slow.
        if not (low <= 2 * (measured + 0.5) and high >= (measured - 0.5) / 2):
            wrong.append(f"cell {number} says {low:g} to {high:g} seconds: {measured} measured")
    assert not wrong, f"{path.name}: " + "; ".join(wrong)


@each_notebook
def test_no_cell_takes_more_than_a_minute_and_a_wait_is_told_before(path):
    """By the same seconds. What a cell is given before nbval ends it says nothing of learners."""
    told = []
    for cell in read_notebook(path).cells:
        told = waits_in(cell) if cell.cell_type == "markdown" else told
        seconds = cell.metadata.get("course", {}).get("seconds", 0)
        assert seconds <= 60, cell.source
        assert told or seconds <= 5, f"Nobody is told of these {seconds} s:\n{cell.source}"


# The tools ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wrong about one in nine", [(0.1046, 0.1177)]),
        ("about five in six of them", [(0.79, 0.87)]),
        ("right two times out of three", [(0.63, 0.71)]),
        ("95 of 100 such intervals", [(0.949, 0.951)]),
        ("an accuracy of 0.91", [(0.905, 0.915)]),
        ("about 0.5, hardly ahead", [(0.45, 0.55)]),
        ("at most 2 % mistakes", [(-np.inf, 0.02)]),
        ("more than 2,700 zeros", [(2700, np.inf)]),
        ("sixty thousand answers, ninety-five right", [(60_000, 60_000), (95, 95)]),
        ("32 filters of nine weights", [(32, 32), (9, 9)]),
        ("−1000, to hundreds of digits", [(-1000, -1000), (100, 100)]),
        ("six thousandths", [(0.006, 0.006)]),
        ("about two and a half points", [(2.25, 2.75)]),
        ("0, ⅓ or 1", [(0, 0), (0.33, 0.34), (1, 1)]),
        ("the third one, a float32, which one knows", []),
        ("softmax twice is odd, twice as odd", [(2, 2)]),
    ],
)
def test_a_number_is_as_exact_as_its_words(text, expected):
    found = [(number.low, number.high) for number in numbers_in(text)]
    assert len(found) == len(expected), found
    np.testing.assert_allclose(found, expected, atol=0.012)


@pytest.mark.parametrize(
    ("formula", "kind", "value"),
    [
        (r"$784 \cdot 128 + 128 = 100{,}480$", "arithmetic", None),
        (r"$784 \cdot 128 + 128 = 100{,}481$", "wrong", None),
        (r"$-\log \frac{e}{e+9} \approx 1.461$", "arithmetic", None),
        (r"$-\log \frac{e}{e+9} \approx 1.462$", "wrong", None),
        (r"$e^2 \approx 7.4$", "arithmetic", None),
        (r"$\log 10$", None, np.log(10)),
        (r"$h = 10^{-5}$", None, 1e-5),
        (r"$p - y$", "algebra", None),
        (r"$\frac{z^2}{2n}$", "algebra", None),
    ],
)
def test_a_formula_without_variables_is_computed(formula, kind, value):
    assert read_formula(formula) == (kind, value if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    ("text", "code", "kinds"),
    [
        ("Exercise 3.4 is like notebook 03, or notebooks 05 and 06.", "", 4 * ["reference"]),
        ("Published in 2017 (Brier, 1950).", "", ["year", "year"]),
        ("Take twenty of them. Are these 7?", "", ["order", "question"]),
        ("It sums to 1, with 64-bit floats and `x[3]`.", "", ["nought or one", "name"]),
        ("There are three ideas.", "", ["count"]),
        ("It loses three points.", "", [None]),
        ("It takes six epochs.", "fit(epochs=6)", ["setting"]),
        ("It takes six epochs.", 'fit(epochs=7, name="6")', [None]),
        ("It is right about nine in ten.", "", [None]),
        ("It returns `[0.25, 0.75]`.", "", [None, None]),
        ("That takes about 20 seconds.", "", ["time"]),
    ],
)
def test_what_claims_nothing_is_known_by_its_kind(text, code, kinds):
    found = [kind or kind_of(number, text, code) for number, kind in scan(text)]
    assert [kind for kind in found if kind != "code"] == kinds
