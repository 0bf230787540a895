"""Can those who see little, other colours or nothing at all follow the course?

Figures, from the same made-up inputs as in `tests/test_plotting.py`, where more of them is held:
the words of every kind, ten colours for red-blind and green-blind eyes, sizes of text. Documents as
they are stored. The web page is tried in a browser, with axe: `tests/test_page.py`.
"""

import html
import itertools
import re

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from helpers import plotting
from helpers.figure_text import describe, summarise
from helpers.web.template import SOURCE
from tests.test_plotting import EYES, ONE_OF_EACH, contrast, every_kind, lab, linear
from tools.claims import NUMBERED, PROJECTS
from tools.notebooks import ROOT, code_cells, read_notebook

# Machado, Oliveira and Fernandes (2009), full severity, on linear RGB.
ALL_EYES = EYES | {
    "blue-blind": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ]
}
each_eyes = pytest.mark.parametrize("eyes", ALL_EYES)

# Colours ------------------------------------------------------------------------------------------


def difference(one, other):
    """CIEDE2000 of two CIELAB colours (Sharma, Wu and Dalal, 2005): about 1 is just noticed."""
    (lightness_1, a_1, b_1), (lightness_2, a_2, b_2) = one, other
    mean = (np.hypot(a_1, b_1) + np.hypot(a_2, b_2)) / 2
    stretch = 1 + 0.5 * (1 - np.sqrt(mean**7 / (mean**7 + 25.0**7)))
    chroma_1, chroma_2 = np.hypot(stretch * a_1, b_1), np.hypot(stretch * a_2, b_2)
    hue_1, hue_2 = (
        np.degrees(np.arctan2(b, stretch * a)) % 360 for a, b in ((a_1, b_1), (a_2, b_2))
    )
    turn = (hue_2 - hue_1 + 180) % 360 - 180 if chroma_1 * chroma_2 else 0.0
    hue = hue_1 + turn / 2
    wide = 2 * np.sqrt(chroma_1 * chroma_2) * np.sin(np.radians(turn / 2))
    lightness, chroma = (lightness_1 + lightness_2) / 2, (chroma_1 + chroma_2) / 2
    waves = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    weight = 1 + sum(size * np.cos(np.radians(k * hue + shift)) for size, k, shift in waves)
    rotation = -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    rotation *= np.sin(np.radians(60 * np.exp(-(((hue % 360 - 275) / 25) ** 2))))
    light = (lightness_2 - lightness_1) / (
        1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    )
    colourful = (chroma_2 - chroma_1) / (1 + 0.045 * chroma)
    wide /= 1 + 0.015 * chroma * weight
    return np.sqrt(light**2 + colourful**2 + wide**2 + rotation * colourful * wide)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [  # from the table that goes with the formula
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1, 2), (50, 0, 0), 2.3669),
        ((50, 2.5, 0), (61, -5, 29), 22.8977),
        ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
        ((90.8027, -2.0831, 1.441), (91.1528, -1.6435, 0.0447), 1.4441),
        ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ],
)
def test_the_difference_of_colours_is_the_published_one(one, other, expected):
    assert difference(one, other) == pytest.approx(expected, abs=1e-4)
    assert difference(other, one) == pytest.approx(expected, abs=1e-4)


def least_difference(colours, eyes):
    seen = [lab(np.clip(ALL_EYES[eyes] @ linear(colour), 0, 1)) for colour in colours]
    return min(difference(one, other) for one, other in itertools.combinations(seen, 2))


@each_eyes
@pytest.mark.parametrize(
    ("colours", "least"),
    [
        # Ten that all stand out from white lie close together for some eyes. So none is used
        # without a second sign: see below.
        (plotting.CLASS_COLOURS, 4.5),
        (plotting.CLASS_COLOURS[:3], 8),
        (plotting.SERIES_BARS, 15),
        (plotting.CATEGORY_FILLS, 14),
        # The ends and the middle of what has a sign, and the diagonal among the mistakes.
        ([matplotlib.colormaps["RdBu"](end) for end in (0.0, 0.5, 1.0)], 20),
        ([plotting.DIAGONAL_FILL, *map(matplotlib.colormaps["Blues"], (0.0, 0.5, 1.0))], 8),
    ],
    ids=["ten", "first three", "bars", "maps", "signed", "confusion"],
)
def test_colours_can_be_told_apart_with_all_eyes(colours, least, eyes):
    assert least_difference(colours, eyes) >= least


@every_kind
def test_an_area_has_an_edge_that_can_be_seen(draw):
    """Its own colour may be pale: then the line around it stands out from the page."""
    for axes in draw().axes:
        for patch in axes.patches:
            if patch.get_fill():
                looks = [patch.get_facecolor()]
                if patch.get_linewidth() > 0:
                    looks.append(patch.get_edgecolor())
                assert max(contrast(look, "white") for look in looks) >= 3, patch


@every_kind
def test_a_line_that_has_a_name_stands_out_from_the_page(draw):
    for axes in draw().axes:
        for line in axes.lines:
            if not line.get_label().startswith("_") and line.get_alpha() is None:
                assert contrast(line.get_color(), "white") >= 3, line.get_label()


# Nothing by colour alone --------------------------------------------------------------------------


@every_kind
def test_named_lines_differ_in_more_than_colour_and_bear_their_names(draw):
    figure = draw()
    for axes in figure.axes:
        lines = [line for line in axes.lines if not line.get_label().startswith("_")]
        looks = {(line.get_linestyle(), line.get_marker(), line.get_linewidth()) for line in lines}
        assert len(looks) == len(lines)
        if len(lines) > 1:
            written = [text.get_text() for text in axes.texts]
            legend = axes.get_legend()
            written += [text.get_text() for text in legend.get_texts()] if legend else []
            assert {line.get_label() for line in lines} <= set(written)


@every_kind
def test_series_of_bars_and_categories_of_a_map_differ_in_their_hatching(draw):
    figure = draw()
    for legend in [*figure.legends, *(axes.get_legend() for axes in figure.axes)]:
        handles = legend.legend_handles if legend else []
        signs = [
            handle.get_marker() if hasattr(handle, "get_marker") else looks_of(handle)
            for handle in handles
        ]
        assert len(set(signs)) == len(signs), signs


def looks_of(handle):
    """What of a patch or of a set of points is no colour."""
    if hasattr(handle, "get_hatch") and not hasattr(handle, "get_paths"):
        return handle.get_hatch()
    return len(handle.get_paths()[0].vertices)


def test_each_series_has_its_hatching_on_every_bar_as_in_the_key():
    figure = plotting.plot_bars(
        ["a", "b"], {f"s{k}": [1, 2] for k in range(4)}, title="t", axis_label="x"
    )
    (axes,) = figure.axes
    hatches = [{bar.get_hatch() for bar in container} for container in axes.containers]
    assert all(len(each) == 1 for each in hatches)
    assert len(set.union(*hatches)) == 4
    key = [handle.get_hatch() for handle in axes.get_legend().legend_handles]
    assert [{hatch} for hatch in key] == hatches


def test_a_matrix_and_signed_pictures_also_say_what_their_colours_say():
    (cells,) = ONE_OF_EACH["matrix"]().axes
    numbers = [text.get_text() for text in cells.texts]
    assert len(numbers) == cells.images[0].get_array().size
    assert all(re.fullmatch(r"−?[\d.]+", number) for number in numbers)
    words = ONE_OF_EACH["templates"]().axes[-1].get_xlabel()
    assert re.search("below zero.*above zero", words)


def test_right_and_wrong_and_the_true_class_stand_in_words():
    figure = ONE_OF_EACH["predictions"]()
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert all(re.match("right: |wrong: ", title) for title in titles[1::2])
    marks = [text.get_text() for axes in figure.axes[1::2] for text in axes.texts]
    assert any("● true" in mark for mark in marks)
    assert any("◀ guess" in mark for mark in marks)


@every_kind
def test_text_can_be_read_against_what_is_really_drawn_behind_it(draw, monkeypatch):
    """The pixels behind each text, its letters left out: nine in ten contrast by 4.5 or more."""
    monkeypatch.setattr(plotting, "_source", "sketches")  # with the note at the foot
    figure = draw()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    texts = [
        text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()
    ]
    boxes = [text.get_window_extent() for text in texts]
    colours = [text.get_color() for text in texts]
    for text in texts:
        text.set_alpha(0)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[::-1, :, :3] / 255
    assert len(texts) > 2
    for text, box, colour in zip(texts, boxes, colours, strict=True):
        left, right = (round(x) for x in (box.x0, box.x1))
        low, high = (round(y) for y in (box.y0, box.y1))
        behind = pixels[max(low, 0) : high, max(left, 0) : right].reshape(-1, 3)
        if len(behind):
            different, counts = np.unique(behind.round(2), axis=0, return_counts=True)
            read = np.array([contrast(colour, each) >= 4.5 for each in different])
            assert counts[read].sum() >= 0.9 * counts.sum(), text


# Documents ----------------------------------------------------------------------------------------

NOTEBOOKS = [*NUMBERED, *PROJECTS]
PAPERS = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not {".venv", "build", "node_modules", ".git"} & set(path.relative_to(ROOT).parts)
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
def test_a_picture_has_words(path):
    text = markdown_of(path)
    words = re.findall(r"!\[([^\]]*)\]\(", text)
    for tag in re.findall(r"<img\b[^>]*>", text):
        alt = re.search(r'\balt="([^"]*)"', tag)
        words.append(alt[1] if alt else "")
    silent = [each for each in words if len(each.split()) < 3]
    assert not silent, f"{path.name} has pictures without a sentence in `alt`: {silent}."


@each_paper
def test_a_link_says_where_it_leads(path):
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", markdown_of(path))
    words = re.findall(r"(?<!!)\[([^\]]*)\]\([^)]+\)", text) + re.findall(
        r"<a\b[^>]*>(.*?)</a>", text
    )
    vague = {"", "here", "this", "link", "click here", "this page", "read more", "more", "there"}
    bad = [each for each in words if each.strip().lower() in vague or each.startswith("http")]
    assert not bad, f"{path.name}: name the place that these lead to: {bad}."


@each_paper
def test_each_column_of_a_table_has_a_name(path):
    heads = re.findall(r"^(\|.*\|)[ ]*\n\|[ :|-]+\|[ ]*$", markdown_of(path), re.MULTILINE)
    nameless = [head for head in heads if "" in [name.strip() for name in head.split("|")[1:-1]]]
    assert not nameless, f"{path.name}: a screen reader says no name for a column of {nameless}."


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_figure_is_followed_by_its_words_and_a_frame_has_a_title(path):
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


@every_kind
def test_the_words_name_the_figure_and_each_series(draw):
    figure = draw()
    words = describe(figure)
    assert figure.get_suptitle() in summarise(figure)
    for axes in figure.axes:
        labels = [line.get_label() for line in axes.lines]
        named = [label for label in labels if not label.startswith("_")]
        assert len(named) < 2 or all(f"Line {label} (" in words for label in named)
