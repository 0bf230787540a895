"""Each figure from fixed inputs: what was drawn, its description, its accessibility, bad input."""

import base64
import itertools
import re
import subprocess
import sys
from functools import partial

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.text import Text

from helpers import plotting
from helpers.data import CLASS_NAMES
from helpers.figure_text import colour_word
from helpers.plotting import (
    HATCHES,
    mark_source,
    plot_bars,
    plot_confusion_matrix,
    plot_failure_map,
    plot_line_panels,
    plot_lines,
    plot_matrix,
    plot_pictures,
    plot_predictions,
    plot_reliability,
    plot_softmax_steps,
    plot_triangle,
)
from tests.support.colours import ALL_EYES, contrast, least_difference

GARMENTS = list(CLASS_NAMES)
SHARES = np.array([0.02, 0.01, 0.03, 0.04, 0.05, 0.06, 0.6, 0.07, 0.03, 0.09])


@pytest.fixture(autouse=True)
def real_pictures():
    yield
    mark_source("fashion-mnist")


def pictures(count):
    """White pictures (count, 28, 28), the k-th with a single black pixel in row k, column 2k."""
    images = np.zeros((count, 28, 28), dtype=np.uint8)
    for index in range(count):
        images[index, index, 2 * index] = 255
    return images


def lines_of(figure):
    return repr(figure).splitlines()


def texts_of(axes):
    return [text.get_text() for text in axes.texts]


X = np.linspace(1, 10, 10)
XY = {"title": "t", "x_label": "x", "y_label": "y"}
MATRIX = {"title": "t", "row_label": "r", "column_label": "c"}
CELLS = np.arange(12).reshape(3, 4)
# Counts, confidence, accuracy: an empty bin, a rare one, one underconfident, two overconfident.
RELIABILITY = (
    np.array([0, 1, 9, 30, 60]),
    np.array([np.nan, 0.4, 0.5, 0.7, 0.95]),
    np.array([np.nan, 1.0, 0.75, 0.6, 0.9]),
)
ONE_OF_EACH = {
    "pictures": lambda: plot_pictures(pictures(10), columns=5, titles=GARMENTS, title="A"),
    "templates": lambda: plot_pictures(
        pictures(4) / 255 - 0.5, columns=2, title="B", diverging=True
    ),
    "predictions": lambda: plot_predictions(
        pictures(3), [SHARES] * 3, [6, 1, 2], class_names=GARMENTS, title="C"
    ),
    "bars": lambda: plot_bars(
        GARMENTS, SHARES, title="D", axis_label="share", reference=(0.1, "all")
    ),
    "groups": lambda: plot_bars(
        ["a", "b"], {f"s{k}": [k, -k] for k in range(1, 5)}, title="E", axis_label="value"
    ),
    "reliability": lambda: plot_reliability(dict.fromkeys("pqrs", RELIABILITY), title="M"),
    "steps": lambda: plot_softmax_steps(10 * SHARES - 2, class_names=GARMENTS, title="F"),
    "lines": lambda: plot_lines(X, {"a": X, "b": X, "c": X**2}, reference=(9, "z"), **XY),
    "ten lines": lambda: plot_lines(X, {name: X * k for k, name in enumerate(GARMENTS)}, **XY),
    "panels": lambda: plot_line_panels(X, {"p": {"a": X, "b": -X}, "q": {"a": 2 * X}}, **XY),
    "triangle": lambda: plot_triangle(
        [[0.8, 0.1, 0.1], [0.4, 0.3, 0.3]],
        class_names=GARMENTS[:3],
        point_labels={0: "T = 1"},
        title="I",
    ),
    "matrix": lambda: plot_matrix(
        np.diag(SHARES) - np.outer(SHARES, SHARES),
        row_names=GARMENTS,
        column_names=GARMENTS,
        diverging=True,
        **MATRIX,
    ),
    "confusion": lambda: plot_confusion_matrix(
        np.add(np.diag(np.arange(800, 810)), [3, 0, 9, 9, 0, 30, 80, 90, 9, 0]),
        class_names=GARMENTS,
        title="K",
    ),
    "map": lambda: plot_failure_map(
        np.arange(4),
        np.arange(3),
        {"float16": CELLS % 5, "float32": CELLS * 0},
        category_names=["right", "inf", "nan", "zero", "wrong"],
        **XY,
    ),
}


@pytest.fixture(scope="module", params=ONE_OF_EACH)
def figure(request):
    """One of each kind, drawn from sketches; so it has the note at its foot, too."""
    mark_source("sketches")
    return ONE_OF_EACH[request.param]()


# Pictures ----------------------------------------------------------------------------------------


def test_pictures_row_by_row_with_titles_and_row_names():
    figure = plot_pictures(
        pictures(4), columns=2, titles=list("abcd"), row_names=["up", "down"], title="Four"
    )
    lines = lines_of(figure)
    assert lines[0] == "Pictures: Four"
    assert lines[2] == "Colours: from white at 0 to black at 255."
    assert lines[4:] == [
        "Row 1, up:",
        "  a: mean 0.325; centre row 0.0, column 0.0; rows 0–0, columns 0–0",
        "  b: mean 0.325; centre row 1.0, column 2.0; rows 1–1, columns 2–2",
        "Row 2, down:",
        "  c: mean 0.325; centre row 2.0, column 4.0; rows 2–2, columns 4–4",
        "  d: mean 0.325; centre row 3.0, column 6.0; rows 3–3, columns 6–6",
    ]


def test_many_pictures_have_brief_descriptions():
    images = np.repeat(pictures(8), 10, axis=0)
    lines = lines_of(plot_pictures(images, columns=10, title="80"))
    assert lines[lines.index("Row 4:") + 1] == "  " + "; ".join(["0.325 at 3.0/6.0"] * 5)
    assert len(lines) == 4 + 8 * 3


@pytest.mark.parametrize(
    ("images", "scale"),
    [
        (np.array([[[0, 3]]]), (0, 255)),
        (np.array([[[0.0, 0.5]]]), (0, 1)),
        (np.array([[[0.0, 90.5]]]), (0, 255)),
    ],
)
def test_grey_scale_depends_on_the_type(images, scale):
    (image,) = plot_pictures(images, columns=1, title="Grey").axes[0].images
    assert image.get_clim() == scale


def test_diverging_pictures_are_white_at_zero_and_blue_above():
    figure = plot_pictures(np.array([[[-1.0, 0.5]]]), columns=1, title="Signs", diverging=True)
    assert "Colours: from dark red at -1.0 to dark blue at 1.0." in lines_of(figure)
    assert "Colour bar: red: below zero; white: zero; blue: above zero" in lines_of(figure)


def test_predictions_mark_guess_and_truth():
    figure = plot_predictions(
        pictures(2), [SHARES, SHARES], [6, 2], class_names=GARMENTS, title="Two"
    )
    right, wrong = figure.axes[1], figure.axes[3]
    assert right.get_title("left") == "right: Shirt"
    assert wrong.get_title("left") == "wrong: Shirt"
    assert texts_of(right)[6] == "0.600 ◀ ● right"
    assert texts_of(wrong)[6] == "0.600 ◀ guess"
    assert texts_of(wrong)[2] == "0.030 ● true"
    assert "  Shirt: 0.6 (guess)" in lines_of(figure)
    assert "  Pullover: 0.03 (true)" in lines_of(figure)
    assert lines_of(figure).count("Colours: from white at 0 to black at 255.") == 2


# Bars --------------------------------------------------------------------------------------------


def test_bars_from_top_to_bottom_with_values():
    figure = plot_bars(["a", "b", "c"], [0.1, -0.25, np.nan], title="Three", axis_label="share")
    assert texts_of(figure.axes[0]) == ["0.100", "−0.250", "nan"]
    assert lines_of(figure) == [
        "Bar chart: Three",
        "Across: share.",
        "Bars, slate blue:",
        "  a: 0.1",
        "  b: -0.25",
        "  c: nan",
    ]


@pytest.mark.parametrize(
    ("value", "written"), [(0.0, "0.00"), (0.00126, "0.001"), (12.0, "12.0"), (60000, "60,000")]
)
def test_digits_of_values(value, written):
    axes = plot_bars(["a"], [value], title="t", axis_label="x").axes[0]
    assert texts_of(axes) == [written]


def test_grouped_bars_with_hatching_and_legend():
    values = {"published": [0.102, 0.144], "computed": [0.1, 0.122]}
    figure = plot_bars(["a", "b"], values, title="Audit", axis_label="p", reference=(0.11, "mean"))
    assert lines_of(figure)[2:] == [
        "Bars of published, slate blue:",
        "  a: 0.102",
        "  b: 0.144",
        "Bars of computed, striped light orange:",
        "  a: 0.1",
        "  b: 0.122",
        "Reference line at 0.11 across (dashed black).",
        "Written: mean",
        "Key, in order:",
        "  slate blue: published",
        "  striped light orange: computed",
    ]


def test_softmax_steps():
    figure = plot_softmax_steps([2.0, 1.0, -1.0], class_names=list("abc"), title="Steps")
    lines = lines_of(figure)
    # By hand: e² = 7.389, e = 2.718, 1/e = 0.368, together 10.475.
    for heading, values in (
        ("Panel 1 of 3: 1. the scores z", ["2.0 (largest)", "1.0", "-1.0"]),
        ("Panel 2 of 3: 2. exp(z)", ["7.39 (largest)", "2.72", "0.368"]),
        ("Panel 3 of 3: 3. exp(z) / their sum", ["0.705 (largest)", "0.259", "0.0351"]),
    ):
        start = lines.index(heading) + 2
        assert lines[start : start + 3] == [
            f"  {name}: {value}" for name, value in zip("abc", values, strict=True)
        ]
    assert "Written: sum 10.5" in lines


def test_reliability_has_accuracy_gap_and_share_of_each_bin():
    figure = plot_reliability({"model A": RELIABILITY}, title="Too sure")
    assert lines_of(figure) == [
        "Bar chart: Too sure",
        "Panel 1 of 2: model A",
        "Up: accuracy.",
        "Bars of accuracy, up to the thick line, slate blue:",
        "  0.4 to 0.6: 0.75",
        "  0.6 to 0.8: 0.6",
        "  0.8 to 1.0: 0.9",
        "Bars of confidence − accuracy, striped light orange:",
        "  0.4 to 0.6: -0.25",
        "  0.6 to 0.8: 0.1",
        "  0.8 to 1.0: 0.05",
        "Line confidence = accuracy (dashed dark grey): 2 points.",
        "  0 → 0; 1 → 1",
        "Panel 2 of 2",
        "Across: confidence.",
        "Up: share of pictures.",
        "Bars, light grey:",
        "  0.0 to 0.2: 0.0",
        "  0.2 to 0.4: 0.01",
        "  0.4 to 0.6: 0.09",
        "  0.6 to 0.8: 0.3",
        "  0.8 to 1.0: 0.6",
        "Key, in order:",
        "  slate blue: accuracy, up to the thick line",
        "  striped light orange: confidence − accuracy",
    ]


def test_reliability_is_to_scale_and_hatched_from_accuracy_to_confidence():
    above, below = plot_reliability({"model A": RELIABILITY}, title="Too sure").axes
    assert {axes.get_xlim() + axes.get_ylim() for axes in (above, below)} == {(0, 1, 0, 1)}
    hatched = [patch.get_bbox() for patch in above.patches if patch.get_hatch()]
    ends = [sorted([box.y0, box.y1]) for box in hatched]
    np.testing.assert_allclose(ends, [[0.5, 0.75], [0.6, 0.7], [0.9, 0.95]])
    (thick,) = above.collections
    np.testing.assert_allclose(
        thick.get_segments(),
        [[[0.4, 0.75], [0.6, 0.75]], [[0.6, 0.6], [0.8, 0.6]], [[0.8, 0.9], [1.0, 0.9]]],
    )


# Lines -------------------------------------------------------------------------------------------


def test_lines_with_names_and_reference():
    x = np.arange(1, 6)
    curves = {"falling": 1 / x, "rising": x / 10}
    assert lines_of(plot_lines(x, curves, reference=(0.7, "guessing"), **XY)) == [
        "Line chart: t",
        "Across: x.",
        "Up: y.",
        "Line falling (solid blue with circles): 5 points.",
        "  1 → 1.0; 2 → 0.5; 3 → 0.333; 4 → 0.25",
        "  5 → 0.2",
        "Line rising (dashed orange with squares): 5 points.",
        "  1 → 0.1; 2 → 0.2; 3 → 0.3; 4 → 0.4",
        "  5 → 0.5",
        "Reference line at height 0.7 (dashed dark grey).",
        "Written: guessing",
    ]


@pytest.mark.parametrize(("x", "whole"), [(np.arange(5), True), (np.arange(5.0), False)])
def test_integer_x_has_integer_ticks(x, whole):
    ticks = plot_lines(x, {"a": x}, **XY).axes[0].get_xticks()
    assert np.array_equal(ticks, np.round(ticks)) == whole


@pytest.mark.parametrize(("log_x", "log_y"), list(itertools.product([False, True], repeat=2)))
def test_logarithmic_axes(log_x, log_y):
    x = np.array([1.0, 10.0, 100.0])
    figure = plot_lines(x, {"a": x}, log_x=log_x, log_y=log_y, **XY)
    assert lines_of(figure)[1:3] == [
        f"Across: x{', logarithmic' * log_x}.",
        f"Up: y{', logarithmic' * log_y}.",
    ]


def test_zero_on_a_logarithmic_axis_is_missing():
    figure = plot_lines([1, 2, 3], {"a": [1.0, 0.0, 4.0]}, log_y=True, **XY)
    assert "  Missing, so not drawn: 1 of 3 points." in lines_of(figure)


def test_coinciding_lines_are_all_visible():
    short = np.where(X < 5, X, np.nan)
    curves = {"a": X, "b": X + 1e-9, "c": short, "d": -X}
    lines = plot_lines(X, curves, **XY).axes[0].lines
    looks = [(line.get_linewidth(), line.get_linestyle(), line.get_alpha()) for line in lines]
    assert looks == [(7, "-", 0.45), (2, "--", None), (2, "-.", None), (2, ":", None)]


def test_names_of_lines_do_not_overlap():
    figure = plot_lines(X, {name: X + k / 10 for k, name in enumerate(GARMENTS)}, **XY)
    figure.draw_without_rendering()
    # Text's own extent: an annotation's includes its leader.
    boxes = [Text.get_window_extent(text) for text in figure.axes[0].texts]
    boxes.sort(key=lambda box: box.y0)
    assert len(boxes) == 10
    assert all(below.y1 <= above.y0 for below, above in itertools.pairwise(boxes))


def test_curves_may_each_have_their_own_x():
    curves = {"long": ([0, 1, 2], [1.0, 2.0, 3.0]), 2: ([0, 1], [3.0, 4.0])}
    lines = lines_of(plot_lines(None, curves, **XY))
    assert lines[-2:] == ["Line 2 (dashed orange with squares): 2 points.", "  0 → 3.0; 1 → 4.0"]


def test_name_of_a_line_points_to_its_last_drawn_point():
    [name] = plot_lines(X, {"a": np.append(X[:-1], np.nan)}, **XY).axes[0].texts
    assert tuple(name.xy) == (9, 9)


@pytest.mark.parametrize(("count", "rows", "columns"), [(1, 1, 1), (2, 1, 2), (3, 1, 3), (4, 2, 2)])
def test_layout_of_panels(count, rows, columns):
    panels = {f"panel {number}": {"a": X} for number in range(count)}
    axes = plot_line_panels(X, panels, **XY).axes
    assert len(axes) == count
    assert axes[0].get_gridspec().get_geometry() == (rows, columns)


def test_panels_share_axes_and_looks():
    x = np.arange(3)
    panels = {"low": {"a": x, "b": x + 1}, "high": {"b": x + 5}}
    figure = plot_line_panels(x, panels, **XY)
    low, high = figure.axes
    assert low.get_ylim() == high.get_ylim()
    assert "Line b (dashed orange with squares): 3 points." in lines_of(figure)[:10]
    assert lines_of(figure)[-5:] == [
        "Panel 2 of 2: high",
        "Across: x.",
        "Up: y.",
        "Line b (dashed orange with squares): 3 points.",
        "  0 → 5; 1 → 6; 2 → 7",
    ]


def test_path_across_the_triangle():
    shares = [[1.0, 0.0, 0.0], [0.2, 0.7, 0.1], [0.2, 0.6, 0.2]]
    names = {"class_names": ["a", "b", "c"], "title": "Path"}
    figure = plot_triangle(shares, point_labels={1: "T = 5"}, **names)
    corners = {text.get_text(): text.xy for text in figure.axes[0].texts}
    assert corners["a"] == pytest.approx((0, 0))
    assert corners["b"] == pytest.approx((1, 0))
    assert corners["c"] == pytest.approx((0.5, 0.75**0.5))
    assert [line for line in lines_of(figure) if re.match("At|start|end", line)] == [
        "At T = 5: a 0.2, b 0.7, c 0.1",
        "start: a 1.0, b 0.0, c 0.0",
        "end: a 0.2, b 0.6, c 0.2",
    ]


def test_path_that_does_not_move():
    figure = plot_triangle(
        [[0.2, 0.7, 0.1]] * 2, class_names="abc", point_labels={0: "here"}, title="Path"
    )
    [label] = [text for text in figure.axes[0].texts if text.get_text() == "here"]
    assert np.isfinite(label.get_position()).all()


# Matrices and maps -------------------------------------------------------------------------------


def test_matrix_with_its_numbers():
    names = {"row_names": ["p1", "p2"], "column_names": ["z1", "z2"]}
    figure = plot_matrix([[0.21, -0.14], [0.0, 1.0]], diverging=True, **names, **MATRIX)
    cells = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    assert cells == {(0, 0): "0.21", (1, 0): "−0.14", (0, 1): "0.00", (1, 1): "1.00"}
    assert lines_of(figure)[1:] == [
        "Across: c.",
        "Up: r.",
        "2 rows × 2 columns. Colours: from dark red at -1.0 to dark blue at 1.0.",
        "Columns: z1, z2",
        "  p1: 0.21, -0.14",
        "  p2: 0.0, 1.0",
    ]


def test_matrix_of_one_sign_is_white_at_zero():
    figure = plot_matrix([[1, 2], [3, 4]], row_names="ab", column_names="ab", **MATRIX)
    assert "Colours: from white at 0 to dark blue at 4." in repr(figure)


def test_confusion_matrix_has_the_true_class_in_rows():
    figure = plot_confusion_matrix(
        [[50, 7, 0], [2, 60, 0], [1, 40, 0]], class_names=["cat", "dog", "hen"], title="Hens"
    )
    cells = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    assert (cells[1, 0], cells[0, 1]) == ("7", "2")
    assert lines_of(figure)[1:] == [
        "Across: predicted class.",
        "Up: true class.",
        "3 rows × 3 columns. Colours: from white at 0 to dark blue at 40.",
        "Columns: cat, dog, hen never predicted",
        "  cat: 50, 7, 0",
        "  dog: 2, 60, 0",
        "  hen: 1, 40, 0",
        "Set apart in pale green: the diagonal.",
    ]


def test_confusion_matrix_of_shares_with_an_empty_class():
    shares = [[0.75, 0.25, 0], [0.5, 0.5, 0], [np.nan] * 3]
    figure = plot_confusion_matrix(shares, class_names=["cat", "dog", "hen"], title="Shares")
    assert lines_of(figure)[3:] == [
        "3 rows × 3 columns. Colours: from white at 0.0 to dark blue at 0.5.",
        "Columns: cat, dog, hen never predicted",
        "  cat: 0.75, 0.25, 0.0",
        "  dog: 0.5, 0.5, 0.0",
        "  hen: nan, nan, nan",
        "Set apart in pale green: the diagonal.",
    ]


def test_map_of_categories():
    cells = np.array([[0, 0, 1, 1], [0, 1, 2, 2], [2, 2, 2, 2]])
    figure = plot_failure_map(
        [0, 10, 20, 30],
        [1, 2, 3],
        {"float16": cells, "float64": 0 * cells},
        category_names=["right", "inf", "nan"],
        **XY,
    )
    lines = lines_of(figure)
    assert lines[lines.index("Panel 1 of 2: float16") : lines.index("Panel 2 of 2: float64")] == [
        "Panel 1 of 2: float16",
        "Across: x.",
        "Up: y.",
        "3 rows × 4 columns of cells.",
        "  right: 3 cells",
        "  inf: 3 cells",
        "  nan: 6 cells",
        "From left to right, on some of the rows, lowest first:",
        "  at height 1.0: right from 0.0; inf from 20.0",
        "  at height 2.0: right from 0.0; inf from 10.0; nan from 20.0",
        "  at height 3.0: nan from 0.0",
    ]
    assert "  right: 12 cells" in lines
    assert lines[-3:] == [
        "  pale green: right",
        "  striped light orange: inf",
        "  dotted red: nan",
    ]
    hatched = {patch.get_hatch(): patch.get_path() for patch in figure.axes[0].patches}
    for (row, column), category in np.ndenumerate(cells):
        around = [hatch for hatch, path in hatched.items() if covers(path, 10 * column, row + 1)]
        assert around == ([HATCHES[category]] if category else [])


def covers(outlines, x, y):
    """Whether a point lies in one of the rectangles of a path."""
    return any(
        corners[:, 0].min() < x < corners[:, 0].max()
        and corners[:, 1].min() < y < corners[:, 1].max()
        for corners in outlines.vertices.reshape(-1, 5, 2)
    )


# Accessibility -----------------------------------------------------------------------------------


def test_class_colours_are_the_same_in_all_figures():
    some, expected = ["Shirt", "Coat"], [plotting.CLASS_COLOURS[6], plotting.CLASS_COLOURS[4]]
    bars = plot_bars(some, [1, 2], title="t", axis_label="x").axes[0].patches
    lines = plot_lines(X, {"mean": -X, "Shirt": X, "Coat": 2 * X}, **XY).axes[0].lines
    mean, *rest = (line.get_color() for line in lines)
    assert [to_hex(bar.get_facecolor()) for bar in bars] == expected
    assert rest == expected
    assert mean not in expected


@pytest.mark.parametrize("eyes", ALL_EYES)
@pytest.mark.parametrize(
    ("colours", "least"),
    [
        (plotting.CLASS_COLOURS, {"blue-blind": 7.5}),
        (plotting.CLASS_COLOURS[:3], {}),
        (plotting.SERIES_BARS, dict.fromkeys(ALL_EYES, 25)),
        (plotting.CATEGORY_FILLS, dict.fromkeys(ALL_EYES, 25)),
        # The ends and the middle of what has a sign, and the diagonal among the mistakes.
        (
            [matplotlib.colormaps["RdBu"](end) for end in (0.0, 0.5, 1.0)],
            dict.fromkeys(ALL_EYES, 35),
        ),
        (
            [plotting.DIAGONAL_FILL, *map(matplotlib.colormaps["Blues"], (0.0, 0.5, 1.0))],
            {"red-blind": 14, "green-blind": 13, "blue-blind": 9.5},
        ),
    ],
    ids=["ten", "first three", "bars", "maps", "signed", "confusion"],
)
def test_colours_differ_for_all_eyes(colours, least, eyes):
    """By 15 (CIE 1976), or what is in `least`; none is the only cue."""
    assert least_difference(colours, eyes) >= least.get(eyes, 15)


@pytest.mark.parametrize("palette", ["CLASS_COLOURS", "CATEGORY_FILLS", "SERIES_BARS"])
def test_colours_of_a_palette_have_different_words(palette):
    colours = getattr(plotting, palette)
    assert len({colour_word(colour) for colour in colours}) == len(colours)


def test_class_colours_contrast_with_the_page():
    assert min(contrast(colour, "white") for colour in plotting.CLASS_COLOURS) >= 3


def named_lines(axes):
    return [line for line in axes.lines if not line.get_label().startswith("_")]


def test_lines_and_areas_contrast_with_the_page(figure):
    """An area's own colour may be pale if its edge is not."""
    for axes in figure.axes:
        for line in named_lines(axes):
            assert line.get_alpha() or contrast(line.get_color(), "white") >= 3, line.get_label()
        for patch in axes.patches:
            looks = [patch.get_facecolor()] + [patch.get_edgecolor()] * (patch.get_linewidth() > 0)
            assert not patch.get_fill() or max(contrast(look, "white") for look in looks) >= 3


def test_named_lines_differ_in_more_than_colour(figure):
    for axes in figure.axes:
        lines = named_lines(axes)
        looks = {(line.get_linestyle(), line.get_marker(), line.get_linewidth()) for line in lines}
        assert len(looks) == len(lines)
        if len(lines) > 1:
            assert {line.get_label() for line in lines} <= set(texts_of(axes))


def test_entries_of_a_legend_differ_in_more_than_colour(figure):
    for legend in [*figure.legends, *(axes.get_legend() for axes in figure.axes)]:
        handles = legend.legend_handles if legend else []
        cues = [
            # The hatching of a patch, the shape of a marker.
            len(handle.get_paths()[0].vertices)
            if hasattr(handle, "get_paths")
            else handle.get_hatch()
            for handle in handles
        ]
        assert len(set(cues)) == len(cues), cues


def test_text_is_legible(figure):
    """At least 11 points; contrast of 4.5 with nine in ten of the pixels drawn behind it."""
    figure.draw_without_rendering()
    texts = [
        text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()
    ]
    boxes = [text.get_window_extent() for text in texts]
    colours = [text.get_color() for text in texts]
    for text in texts:
        assert text.get_fontsize() >= 11, text
        text.set_alpha(0)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    for text in texts:
        text.set_alpha(None)
    pixels = np.asarray(canvas.buffer_rgba())[::-1, :, :3] / 255
    assert len(texts) > 2
    for text, box, colour in zip(texts, boxes, colours, strict=True):
        left, right = (round(x) for x in (box.x0, box.x1))
        low, high = (round(y) for y in (box.y0, box.y1))
        behind = pixels[max(low, 0) : high, max(left, 0) : right].reshape(-1, 3)
        if len(behind):
            different, counts = np.unique(behind.round(2), axis=0, return_counts=True)
            legible = np.array([contrast(colour, each) >= 4.5 for each in different])
            assert counts[legible].sum() >= 0.9 * counts.sum(), text


def test_size_of_the_figure_and_nothing_cut_off(figure):
    width, height = figure.get_size_inches()
    assert 5 <= width <= 9
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    assert min(box.x0, box.y0) > -0.02
    assert box.x1 < width + 0.02
    assert box.y1 < height + 0.02


# Shown in a notebook -----------------------------------------------------------------------------


def test_display_as_picture_and_folded_description(monkeypatch):
    shown = []
    monkeypatch.setattr(
        "IPython.display.display",
        lambda data, raw, metadata=None: shown.append((data, metadata)) if raw else None,
    )
    figure = plot_bars(["a < b"], [1.0], title="One & only", axis_label="size")
    figure._ipython_display_()
    (picture, about), (unfolded, _) = shown
    assert picture["text/plain"] == repr(figure) == str(figure)
    assert base64.b64decode(picture["image/png"]).startswith(b"\x89PNG")
    assert about["image/png"]["alt"] == "Bar chart: One & only; Across: size"
    assert about["image/png"]["width"] == 800
    assert "<summary>This figure in words</summary>" in unfolded["text/html"]
    assert "a &lt; b: 1.0" in unfolded["text/html"]
    assert "a < b" not in unfolded["text/plain"]


def test_picture_is_sharp_and_reproducible():
    first, again = (plot_bars(["a"], [1.0], title="t", axis_label="x") for _ in range(2))
    png = first._png()
    assert png == again._png()
    assert int.from_bytes(png[16:20], "big") == 1200  # the width in the PNG header, shown as 800
    assert b"Software" not in png
    assert b"Matplotlib" not in png


def test_figures_from_sketches_have_a_note(figure):
    assert lines_of(figure)[-1] == "Note: drawn from sketches, not Fashion-MNIST"


def test_figures_are_independent_of_each_other_and_of_matplotlib_settings():
    before = dict(matplotlib.rcParams)
    first = plot_bars(["a"], [1.0], title="t", axis_label="x")
    png = first._png()
    with matplotlib.rc_context({"axes.facecolor": "black", "text.color": "white"}):
        second = plot_bars(["a"], [1.0], title="t", axis_label="x")
        assert second._png() == png
    second.axes[0].set_xlabel("changed")
    assert first._png() == png
    assert dict(matplotlib.rcParams) == before


def test_import_is_light():
    heavy = ["matplotlib.pyplot", "tensorflow", "keras", "scipy", "IPython", "pandas"]
    code = f"import helpers.plotting, sys; print([m for m in {heavy} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# Bad input ---------------------------------------------------------------------------------------

show_pictures = partial(plot_pictures, columns=1, title="t")
predict = partial(plot_predictions, class_names=GARMENTS, title="t")
bars = partial(plot_bars, title="t", axis_label="x")
steps = partial(plot_softmax_steps, title="t")
reliability = partial(plot_reliability, title="t")
lines = partial(plot_lines, **XY)
panels = partial(plot_line_panels, **XY)
triangle = partial(plot_triangle, class_names="abc", title="t")
matrix = partial(plot_matrix, **MATRIX)
confusion = partial(plot_confusion_matrix, class_names="ab", title="t")
failure_map = partial(plot_failure_map, category_names=["ok"], **XY)
SIX = {name: {f"{name}{number}": X for number in range(6)} for name in "ab"}


@pytest.mark.parametrize(
    ("draw", "sentence"),
    [
        (lambda: mark_source("imagenet"), "not 'imagenet'"),
        (lambda: show_pictures(np.zeros((28, 28))), "not (28, 28)"),
        (lambda: show_pictures(np.zeros((1, 0, 2))), "not (1, 0, 2)"),
        (lambda: show_pictures(pictures(2), columns=0), "at least one column, not 0"),
        (lambda: show_pictures(pictures(2), columns=99), "99 columns are too many"),
        (lambda: show_pictures(pictures(2), titles=["a"]), "1 titles for 2 pictures"),
        (lambda: show_pictures(pictures(2), row_names=["a"]), "1 row names for 2 rows"),
        (lambda: show_pictures(-np.ones((1, 2, 2))), "use diverging=True"),
        (lambda: show_pictures(np.full((1, 2, 2), 256)), "256, above 255"),
        (lambda: show_pictures(np.full((1, 2, 2), np.nan)), "not a finite"),
        (lambda: show_pictures(np.full((1, 2, 2), np.nan), diverging=True), "values are NaN"),
        (lambda: predict(pictures(7), [SHARES] * 7, range(7)), "one to six pictures"),
        (lambda: predict(pictures(2), [SHARES], [1, 2]), "the shape (2, 10), not (1, 10)"),
        (lambda: predict(pictures(1), [10 * SHARES], [1]), "Probabilities must be from 0 to 1"),
        (lambda: predict(pictures(1), [SHARES], [10]), "integers from 0 to 9"),
        (lambda: bars(["a"], [1, 2]), "1 names need as many"),
        (lambda: bars(["a"], {}), "one to four bars"),
        (lambda: bars([], []), "at least one name"),
        (lambda: bars(["a"], [np.inf]), "infinitely long"),
        (lambda: bars(["a"], [1], reference=(np.nan, "r")), "reference line needs a finite"),
        (lambda: steps([], class_names=[]), "one row of scores, not the shape (0,)"),
        (lambda: steps([1.0], class_names=[]), "0 class names for 1"),
        (lambda: steps([-np.inf], class_names=["a"]), "not a finite number"),
        (lambda: steps([1000.0], class_names=["a"]), "draw smaller ones"),
        (lambda: reliability({}), "One to four diagrams"),
        (lambda: reliability({"p": (1, 1, 1)}), "'p' needs counts, confidence and accuracy"),
        (lambda: reliability({"p": np.zeros((3, 2))}), "'p' has no picture in any bin."),
        (lambda: reliability({"p": np.ones((3, 50))}), "'p' has fewer than one in 40"),
        (lambda: reliability({"p": ([1], [1.5], [1])}), "shows 0 to 1, but what is drawn reaches"),
        (lambda: lines([1, 2], {}), "One to ten curves"),
        (lambda: lines([1, 2], {"a": [1]}), "'a' has x of shape (2,) and y of"),
        (lambda: lines(None, {"a": [1, 2, 3]}), "'a' must be a pair (x, y), not 3 values"),
        (lambda: lines([1], {"a": [np.nan]}), "'a' has no point"),
        (lambda: lines([1], {"a": [-1]}, log_y=True), "'a' has no point"),
        (lambda: lines([1], {"a": [1]}, log_y=True, reference=(0, "r")), "above 0 on a log"),
        (lambda: panels([1], {}), "One to four panels"),
        (lambda: panels(X, SIX), "12 different names of curves"),
        (lambda: triangle([[0.5, 0.5]], point_labels={}), "not (1, 2)"),
        (lambda: triangle([[1, 1, 0]], point_labels={}), "must be probabilities"),
        (lambda: triangle([[1, 0, 0]], point_labels={1: ""}), "a point that does not exist"),
        (lambda: matrix([[np.nan]], row_names="a", column_names="b"), "one finite value"),
        (lambda: matrix([[1, np.inf]], row_names="a", column_names="ab"), "an infinite value"),
        (lambda: matrix(np.eye(13), row_names="a", column_names="b"), "up to 12 rows"),
        (lambda: matrix(np.eye(2), row_names="ab", column_names="abc"), "3 column names for 2"),
        (lambda: confusion(np.ones((2, 3), int)), "square, not (2, 3)"),
        (lambda: confusion(np.ones((0, 0))), "square, not (0, 0)"),
        (lambda: confusion(-np.eye(2)), "from 0 up"),
        (lambda: failure_map([1], [1, 2], {"a": [[0]]}), "the shape (2, 1), not (1, 1)"),
        (lambda: failure_map([1], [1], {"a": [[1]]}), "integers from 0 to 0"),
        (lambda: failure_map([], [], {"a": np.zeros((0, 0), int)}), "at least one finite x"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(draw, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)) as refused:
        draw()
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)
