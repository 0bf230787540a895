"""Accessibility of the stored documents: headings, alt text, links, tables, figures.

The figures themselves: `tests/test_plotting.py`. The web page, in a browser with axe:
`tests/test_page.py`.
"""

import html
import itertools
import re

import pytest

from helpers.web.template import SOURCE
from tools.claims import NUMBERED, PROJECTS
from tools.notebooks import ROOT, code_cells, read_notebook

NOTEBOOKS = [*NUMBERED, *PROJECTS]
PAPERS = sorted(
    path
    for path in ROOT.rglob("*.md")
    # Pages of the web edition have the README's heading; axe looks at them when they are built.
    if not {".venv", "build", "node_modules", ".git", "pages"} & set(path.relative_to(ROOT).parts)
)
each_paper = pytest.mark.parametrize(
    "path", [*NOTEBOOKS, *PAPERS], ids=lambda p: f"{p.parent.name}/{p.stem}"
)


def markdown_of(path):
    """The text of a document, code left out."""
    if path.suffix == ".ipynb":
        cells = read_notebook(path).cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    else:
        text = path.read_text(encoding="utf-8")
    return re.sub(r"^```.*?^```|`[^`\n]*`", "code", text, flags=re.MULTILINE | re.DOTALL)


def assert_outline(levels):
    assert levels.count(1) == 1, "A document has one heading of the first level."
    assert levels[0] == 1, "It is the first."
    jumps = [pair for pair in itertools.pairwise(levels) if pair[1] > pair[0] + 1]
    assert not jumps, f"A heading follows that is more than one level below: {jumps}."


@each_paper
def test_headings_are_in_order(path):
    assert_outline([len(marks) for marks in re.findall(r"^(#+) ", markdown_of(path), re.MULTILINE)])


def test_headings_of_the_page_are_in_order():
    page = (SOURCE / "page.html").read_text(encoding="utf-8")
    assert_outline([int(level) for level in re.findall(r"<h(\d)", page)])
    assert '<html lang="en">' in page


@each_paper
def test_pictures_have_alt_text(path):
    text = markdown_of(path)
    words = re.findall(r"!\[([^\]]*)\]\(", text)
    for tag in re.findall(r"<img\b[^>]*>", text):
        alt = re.search(r'\balt="([^"]*)"', tag)
        words.append(alt[1] if alt else "")
    silent = [each for each in words if len(each.split()) < 3]
    assert not silent, f"{path.name} has pictures without a sentence in `alt`: {silent}."


@each_paper
def test_link_texts_name_their_target(path):
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", markdown_of(path))
    words = re.findall(r"(?<!!)\[([^\]]*)\]\([^)]+\)", text) + re.findall(
        r"<a\b[^>]*>(.*?)</a>", text
    )
    vague = {"", "here", "this", "link", "click here", "this page", "read more", "more", "there"}
    bad = [each for each in words if each.strip().lower() in vague or each.startswith("http")]
    assert not bad, f"{path.name}: name the place that these lead to: {bad}."


@each_paper
def test_table_columns_have_headings(path):
    heads = re.findall(r"^(\|.*\|)[ ]*\n\|[ :|-]+\|[ ]*$", markdown_of(path), re.MULTILINE)
    nameless = [head for head in heads if "" in [name.strip() for name in head.split("|")[1:-1]]]
    assert not nameless, f"{path.name}: a screen reader says no name for a column of {nameless}."


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_have_descriptions_titles_and_table_headings(path):
    for cell in code_cells(read_notebook(path)):
        for place, output in enumerate(cell.outputs):
            data = output.get("data", {})
            if "image/png" in data:
                words, alt = data["text/plain"], output.metadata["image/png"]["alt"]
                folded = cell.outputs[place + 1].data["text/html"]
                assert html.escape(words) in folded
                assert len(words.splitlines()) >= 3
                title = words.splitlines()[0].partition(": ")[2]
                assert title
                assert title in alt
            for frame in re.findall(r"<iframe\b[^>]*>", data.get("text/html", "")):
                assert re.search(r'\btitle="\w[^"]*"', frame), frame
            for table in re.findall(r"<table\b.*?</table>", data.get("text/html", ""), re.DOTALL):
                assert "<th" in table
