"""Is every number in the prose accounted for, and are its grounds true? See `tools/claims`.

What depends on training takes minutes: `python -m tools.claims 07` measures it, and here the stored
notebook and its prose are held to the bands that were found.
"""

import re
import sys

import pytest
from nbformat import NotebookNode

from helpers import ROOT
from tools import claims
from tools.claims import DOCUMENTS, NUMBER_WORDS, NUMBERED
from tools.claims.__main__ import main
from tools.notebooks import code_cells, find_notebooks, read_notebook

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
each_notebook = pytest.mark.parametrize("path", NUMBERED, ids=lambda path: path.stem[:2])

# Accounts -----------------------------------------------------------------------------------------


@each_document
def test_every_number_is_accounted_for(document):
    found, account = claims.texts(document), claims.read_account(document)
    hint = f"See `python -m tools.claims {document.relative_to(ROOT)} --list`."
    assert claims.missing(found, account) == [], hint
    assert claims.unused(found, account) == [], hint


@each_document
def test_the_grounds_are_true(document):
    account = claims.read_account(document)
    false = [
        f"{sentence}\n    {expression}"
        for sentence, expressions in account.items()
        for expression in expressions
        if not claims.is_true(expression, document)
    ]
    assert not false, "\n".join(false)


def with_other_number(match: re.Match) -> str:
    """The number after this one, as a digit or a word."""
    *article, word = match[0].lower().split()  # "one third"
    if word[-1].isdigit():
        return match[0][:-1] + str((int(word[-1]) + 1) % 10)
    place = NUMBER_WORDS.index(word) if word in NUMBER_WORDS else 0
    return " ".join([*article, NUMBER_WORDS[place + 1]])


@each_document
def test_another_number_is_noticed(document):
    found, account = claims.texts(document), claims.read_account(document)
    numbered = [s for text in found for s in claims.sentences(text) if claims.has_number(s)]
    for sentence in numbered[::5]:
        for match in claims.NUMBER.finditer(sentence):
            before, after = sentence[: match.start()], sentence[match.end() :]
            changed = before + with_other_number(match) + after
            assert claims.missing([changed], account) == [changed]


@pytest.mark.parametrize(
    ("notebook", "before", "after"),
    [
        ("03", "two of them are wrong", "one of them is wrong"),
        ("07", "reports the best of the eight", "reports the best of the six"),
        ("09", "Four mistakes, each of which", "Five mistakes, each of which"),
        ("10", "How many of the 21 points", "How many of the 24 points"),
        ("04", "between two in three and five in six", "between two in three and four in five"),
    ],
)
def test_a_changed_number_is_noticed(notebook, before, after):
    [document] = find_notebooks([notebook])
    found, account = claims.texts(document), claims.read_account(document)
    assert any(before in text for text in found)
    changed = [text.replace(before, after) for text in found]
    assert claims.missing(changed, account) or claims.unused(changed, account)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is `[0.5, 1]`. See notebook 05, and exercise 1.2.", ["It is `[0.5, 1]`."]),
        ("- One in nine is\n  wrong.\n- Nobody is.", ["One in nine is wrong."]),
        ("The third one\n\n| a third |", ["a third"]),
        ('See [here](page-7.html). <img width="9" alt="Two lines.">', ["Two lines."]),
        ("About .95, or $p^2$? And float32?", ["About .95, or $p^2$?"]),
    ],
)
def test_sentences_with_numbers_are_found(text, expected):
    assert [s for s in claims.sentences(text) if claims.has_number(s)] == expected


# What depends on training -------------------------------------------------------------------------


@each_notebook
def test_printed_numbers_lie_in_their_bands(path):
    outputs = claims.all_outputs(read_notebook(path))
    printed = {
        name: claims.find_printed(band.printed, outputs)
        for name, band in claims.bands(path.stem[:2]).items()
        if band.printed
    }
    assert not claims.outside(printed, path.stem[:2])


def test_notebook_07_opens_the_test_set_once_at_the_end_and_trains_no_more():
    [path] = find_notebooks(["7"])
    cells = code_cells(read_notebook(path))
    opened = [number for number, cell in enumerate(cells) if "data.test_" in cell.source]
    assert opened == [len(cells) - 1]
    assert ".fit(" in "".join(cell.source for cell in cells)
    assert ".fit(" not in cells[-1].source


def test_numbers_outside_their_bands_are_named():
    assert claims.outside({"loss after 50 steps": 0.5}, "07") == []
    [sentence] = claims.outside({"loss after 50 steps": 0.6, "test accuracy": 0.91}, "07")
    assert sentence == "loss after 50 steps is 0.6000, not between 0.46 and 0.54"


# Times --------------------------------------------------------------------------------------------

TIME = re.compile(
    r"(?P<low>half an?|one|an?|\d+)(?: to (?P<high>\d+))?(?: an?)? (?P<unit>second|minute)s?\b",
    re.IGNORECASE,
)
WHOLE_TIME = re.compile(r"\*\*Time:\*\*[^.]+\.")


def times_in(text: str) -> list[tuple[float, float]]:
    """The times of a text in seconds, from … to …"""
    times = []
    for match in TIME.finditer(text):
        unit = 60 if match["unit"].lower() == "minute" else 1
        low = float(match["low"]) if match["low"].isdigit() else 1
        low = 0.5 if match["low"].lower().startswith("half") else low
        times.append((unit * low, unit * float(match["high"] or low)))
    return times


@each_notebook
def test_the_time_of_a_notebook_is_the_sum_of_its_sections(path):
    cells = read_notebook(path).cells
    low, high = times_in(WHOLE_TIME.search(cells[0].source)[0])[0]
    minutes = sum(cell.metadata.get("course", {}).get("minutes", 0) for cell in cells)
    assert low == high
    assert 0.9 <= low / 60 / minutes <= 1.1, f"The sections of {path.name} take {minutes} minutes."


def waits_in(cell: NotebookNode) -> list[tuple[float, float]]:
    """The times that a Markdown cell names, but for that of the whole notebook."""
    return times_in(WHOLE_TIME.sub("", cell.source)) if cell.cell_type == "markdown" else []


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
def test_no_cell_takes_more_than_30_seconds_and_a_wait_is_announced(path):
    """By the same seconds. What a cell is given before nbval ends it says nothing of learners."""
    announced = []
    for cell in read_notebook(path).cells:
        announced = waits_in(cell) if cell.cell_type == "markdown" else announced
        seconds = cell.metadata.get("course", {}).get("seconds", 0)
        assert seconds <= 30, cell.source
        assert announced or seconds <= 5, f"No cell announces these {seconds} s:\n{cell.source}"


def test_a_notebook_without_bands_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["claims", "00"])
    with pytest.raises(SystemExit):
        main()
    assert "00-meet-the-data.ipynb has no bands" in capsys.readouterr().err
