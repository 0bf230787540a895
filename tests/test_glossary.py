"""Terms: bold once in the notebooks, where they are explained, and defined in docs/glossary.md."""

import re
from collections import Counter

import pytest

from helpers import ROOT
from tools.notebooks import NOTEBOOKS, find_notebooks, read_notebook

PATHS = [
    *find_notebooks(),
    *(NOTEBOOKS / "projects" / f"{n}.ipynb" for n in ("four-tops", "template")),
]
ENTRY = re.compile(r"^(\S.*)\n  \S", re.MULTILINE)


def terms_in(source: str) -> list[str]:
    """The bold texts of a cell, but for labels such as **Predict.** and choices such as **A**."""
    bold = re.findall(r"\*\*(.+?)\*\*", source, re.DOTALL)
    return [text for text in bold if text[-1] not in ".:?!" and text[1:]]


@pytest.fixture(scope="module")
def entries():
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    return ENTRY.findall(page)


@pytest.fixture(scope="module")
def terms():
    """How often each term is bold. The title cell of a notebook has labels only."""
    cells = [cell for path in PATHS for cell in read_notebook(path).cells[1:]]
    markdown = [cell.source for cell in cells if cell.cell_type == "markdown"]
    return Counter(term.casefold() for source in markdown for term in terms_in(source))


def test_entries_are_sorted_and_unique(entries):
    folded = [entry.casefold() for entry in entries]
    assert folded == sorted(set(folded))


def test_bold_terms_have_an_entry(terms, entries):
    missing = terms.keys() - {entry.casefold() for entry in entries}
    assert not missing, f"Define in docs/glossary.md, or end a label with punctuation: {missing}"


def test_each_entry_is_bold_in_one_place(terms, entries):
    wrong = {entry: terms[entry.casefold()] for entry in entries if terms[entry.casefold()] != 1}
    assert not wrong, f"Make each term bold once, where it is explained: {wrong}"
