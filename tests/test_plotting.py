"""Each figure, from fixed made-up inputs: what was drawn, what the words say, who can read it."""

import base64
import itertools
import re
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text

from helpers import plotting
from helpers.figure_text import colour_word
from helpers.plotting import (
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

GARMENT_COLOURS = {
    "T-shirt/top": "#307fea",
    "Trouser": "#e07000",
    "Pullover": "#2ca24a",
    "Dress": "#b01515",
    "Coat": "#7329b7",
    "Sandal": "#835640",
    "Shirt": "#d66acd",
    "Sneaker": "#757573",
    "Bag": "#0aa5a4",
    "Ankle boot": "#333333",
}
GARMENTS = list(GARMENT_COLOURS)
SHARES = np.array([0.02, 0.01, 0.03, 0.04, 0.05, 0.06, 0.6, 0.07, 0.03, 0.09])


@pytest.fixture(autouse=True)
def real_pictures():
    yield
    mark_source("fashion-mnist")


def pictures(count):
    """Black pictures, the k-th with a single white pixel in row k, column 2k."""
    images = np.zeros((count, 28, 28), dtype=np.uint8)
    for place in range(count):
        images[place, place, 2 * place] = 255
    return images


def words(figure):
    return repr(figure)


def drawn_texts(axes):
    return [text.get_text() for text in axes.texts]


X = np.linspace(1, 10, 10)
XY = {"x_label": "x", "y_label": "y"}
CELLS = np.arange(12).reshape(3, 4) % 3
# Counts, mean confidence, accuracy: an empty bin, a rare one, one too modest and two too sure.
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
        ["a", "b"], {"one": [1, 2], "two": [3, -4]}, title="E", axis_label="value"
    ),
    "reliability": lambda: plot_reliability({"p": RELIABILITY, "q": RELIABILITY}, title="M"),
    "steps": lambda: plot_softmax_steps(10 * SHARES - 2, class_names=GARMENTS, title="F"),
    "lines": lambda: plot_lines(
        X, {"a": X, "b": X, "c": X**2}, title="G", reference=(9, "z"), **XY
    ),
    "panels": lambda: plot_line_panels(
        X, {"p": {"a": X, "b": -X}, "q": {"a": 2 * X}}, title="H", **XY
    ),
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
        title="J",
        row_label="r",
        column_label="c",
        diverging=True,
    ),
    "confusion": lambda: plot_confusion_matrix(
        np.add(np.diag(np.arange(800, 810)), [3, 0, 9, 9, 0, 30, 80, 90, 9, 0]),
        class_names=GARMENTS,
        title="K",
    ),
    "map": lambda: plot_failure_map(
        np.arange(4),
        np.arange(3),
        {"float16": CELLS, "float32": CELLS * 0},
        category_names=["right", "inf", "nan"],
        title="L",
        **XY,
    ),
}
every_kind = pytest.mark.parametrize("draw", list(ONE_OF_EACH.values()), ids=list(ONE_OF_EACH))


# Pictures ----------------------------------------------------------------------------------------


def test_each_picture_stands_in_its_place_under_its_title():
    figure = plot_pictures(pictures(5), columns=3, titles=list("abcde"), title="Five")
    (axes,) = figure.axes
    seen = {}
    for image in axes.images:
        left, right, _, top = image.get_extent()
        title = min(
            axes.texts, key=lambda text: np.hypot(text._x - (left + right) / 2, text._y - top)
        )
        seen[title.get_text()] = (np.argwhere(image.get_array())[0].tolist(), top, left)
    assert {title: pixel for title, (pixel, _, _) in seen.items()} == {
        "a": [0, 0],
        "b": [1, 2],
        "c": [2, 4],
        "d": [3, 6],
        "e": [4, 8],
    }
    assert sorted(seen, key=lambda title: seen[title][1:]) == list("abcde")


def test_words_of_pictures_tell_row_title_and_content():
    figure = plot_pictures(
        pictures(4), columns=2, titles=list("abcd"), row_names=["up", "down"], title="Four"
    )
    lines = words(figure).splitlines()
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


def test_rows_without_names_are_counted():
    lines = words(plot_pictures(pictures(2), columns=1, title="Two rows")).splitlines()
    assert [line for line in lines if line.startswith("Row ")] == ["Row 1:", "Row 2:"]


def test_many_pictures_are_each_told_briefly():
    images = np.repeat(pictures(8), 10, axis=0)
    lines = words(plot_pictures(images, columns=10, row_names=list("abcdefgh"), title="80"))
    lines = lines.splitlines()
    assert lines[lines.index("Row 4, d:") + 1] == "  " + "; ".join(["0.325 at 3.0/6.0"] * 5)
    assert len(lines) == 4 + 8 * 3


@pytest.mark.parametrize(
    ("images", "scale"),
    [
        (np.array([[[0, 3]]]), (0, 255)),
        (np.array([[[0.0, 0.5]]]), (0, 1)),
        (np.array([[[0.0, 90.5]]]), (0, 255)),
    ],
)
def test_greys_have_the_scale_of_their_kind_whatever_they_hold(images, scale):
    (image,) = plot_pictures(images, columns=1, title="Grey").axes[0].images
    assert image.get_clim() == scale


def test_templates_have_white_at_zero_and_blue_above():
    figure = plot_pictures(np.array([[[-1.0, 0.5]]]), columns=1, title="Signs", diverging=True)
    (image,) = figure.axes[0].images
    assert image.get_clim() == (-1, 1)
    red, white, blue = (to_rgb(image.cmap(image.norm(value))) for value in (-1, 0, 1))
    assert red[0] > red[2]
    assert min(white) > 0.95
    assert blue[2] > blue[0]
    assert "dark red at -1.0 to dark blue at 1.0" in words(figure)
    assert "Colour bar: red: below zero; white: zero; blue: above zero" in words(figure)


def test_predictions_say_right_or_wrong_and_mark_guess_and_truth():
    figure = plot_predictions(
        pictures(2), [SHARES, SHARES], [6, 2], class_names=GARMENTS, title="Two"
    )
    right, wrong = figure.axes[1], figure.axes[3]
    assert right.get_title("left") == "right: Shirt"
    assert wrong.get_title("left") == "wrong: Shirt"
    assert drawn_texts(right)[6] == "0.600 ◀ ● right"
    assert drawn_texts(wrong)[6] == "0.600 ◀ guess"
    assert drawn_texts(wrong)[2] == "0.030 ● true"
    assert "Shirt: 0.6 (guess)" in words(figure)
    assert "Pullover: 0.03 (true)" in words(figure)
    assert words(figure).count("Colours: from white at 0 to black at 255.") == 2


# Bars --------------------------------------------------------------------------------------------


def test_bars_run_from_top_to_bottom_with_their_values():
    figure = plot_bars(["a", "b", "c"], [0.1, -0.25, np.nan], title="Three", axis_label="share")
    (axes,) = figure.axes
    to_page = axes.transData.transform
    heights = [to_page((0, bar.get_y()))[1] for bar in axes.patches]
    assert heights == sorted(heights, reverse=True)
    assert drawn_texts(axes) == ["0.100", "−0.250", "nan"]
    assert words(figure).splitlines() == [
        "Bar chart: Three",
        "Across: share.",
        "Bars, slate blue:",
        "  a: 0.1",
        "  b: -0.25",
        "  c: nan",
    ]


@pytest.mark.parametrize(("value", "written"), [(0.0, "0.00"), (0.00126, "0.001"), (12.0, "12.0")])
def test_values_are_written_with_three_digits_and_no_more_than_three_decimals(value, written):
    axes = plot_bars(["a"], [value], title="t", axis_label="x").axes[0]
    assert drawn_texts(axes) == [written]


def test_counts_stay_integers():
    figure = plot_bars(["train", "test"], [60000, 10000], title="Counts", axis_label="pictures")
    assert drawn_texts(figure.axes[0]) == ["60,000", "10,000"]
    assert "  train: 60000\n" in words(figure)


def test_grouped_bars_have_their_own_values_texture_and_place_in_the_key():
    values = {"published": [0.102, 0.144], "computed": [0.1, 0.122]}
    figure = plot_bars(["a", "b"], values, title="Audit", axis_label="p", reference=(0.11, "mean"))
    assert words(figure).splitlines()[2:] == [
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


def test_softmax_steps_show_scores_their_powers_and_their_shares():
    figure = plot_softmax_steps([2.0, 1.0, -1.0], class_names=list("abc"), title="Steps")
    widths = [[bar.get_width() for bar in axes.patches] for axes in figure.axes]
    # By hand: e² = 7.389, e = 2.718, 1/e = 0.368, together 10.475.
    assert widths[0] == [2.0, 1.0, -1.0]
    assert widths[1] == pytest.approx([7.389, 2.718, 0.368], abs=1e-3)
    assert widths[2] == pytest.approx([0.7054, 0.2595, 0.0351], abs=1e-4)
    assert [axes.get_title("left") for axes in figure.axes] == [
        "1. the scores z",
        "2. exp(z)",
        "3. exp(z) / their sum",
    ]
    for axes in figure.axes:
        assert [text.endswith("◀ largest") for text in drawn_texts(axes)[:3]] == [
            True,
            False,
            False,
        ]
    assert "Written: sum 10.5" in words(figure)


def test_reliability_tells_accuracy_and_gap_of_each_bin_and_the_share_of_all():
    figure = plot_reliability({"model A": RELIABILITY}, title="Too sure")
    assert words(figure).splitlines() == [
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


def test_reliability_hatching_lies_between_accuracy_and_confidence():
    above, _ = plot_reliability({"model A": RELIABILITY}, title="Too sure").axes
    hatched = [patch.get_bbox() for patch in above.patches if patch.get_hatch()]
    ends = [sorted([box.y0, box.y1]) for box in hatched]
    np.testing.assert_allclose(ends, [[0.5, 0.75], [0.6, 0.7], [0.9, 0.95]])
    (thick,) = above.collections
    np.testing.assert_allclose(
        thick.get_segments(),
        [[[0.4, 0.75], [0.6, 0.75]], [[0.6, 0.6], [0.8, 0.6]], [[0.8, 0.9], [1.0, 0.9]]],
    )


def test_four_reliability_diagrams_have_their_own_bars_and_shares():
    panels = {
        name: (np.array([1, k]), np.array([0.5, 0.9]), np.array([0.4, k / 10]))
        for k, name in enumerate("abcd", start=5)
    }
    figure = plot_reliability(panels, title="Four")
    told = words(figure)
    assert {axes.get_xlim() + axes.get_ylim() for axes in figure.axes} == {(0, 1, 0, 1)}
    for k, name in enumerate("abcd", start=5):
        above, below = told[told.index(f": {name}\n") :].split("Panel")[:2]
        assert f"  0.5 to 1.0: 0.{k}\n" in above
        assert f"  0.5 to 1.0: {k / (k + 1):.3g}\n" in below


# Lines -------------------------------------------------------------------------------------------


def test_lines_are_drawn_named_and_told():
    x = np.arange(1, 6)
    figure = plot_lines(
        x,
        {"falling": 1 / x, "rising": x / 10},
        title="Two",
        x_label="epoch",
        y_label="loss",
        reference=(0.7, "guessing"),
    )
    assert words(figure).splitlines() == [
        "Line chart: Two",
        "Across: epoch.",
        "Up: loss.",
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
def test_what_is_counted_has_no_half_ticks(x, whole):
    figure = plot_lines(x, {"a": x}, title="T", x_label="epoch", y_label="loss")
    ticks = figure.axes[0].get_xticks()
    assert np.array_equal(ticks, np.round(ticks)) == whole


@pytest.mark.parametrize(("log_x", "log_y"), list(itertools.product([False, True], repeat=2)))
def test_logarithmic_axes_only_where_asked_for(log_x, log_y):
    x = np.array([1.0, 10.0, 100.0])
    figure = plot_lines(
        x, {"a": x}, title="Log", x_label="h", y_label="e", log_x=log_x, log_y=log_y
    )
    (axes,) = figure.axes
    assert (axes.get_xscale() == "log", axes.get_yscale() == "log") == (log_x, log_y)
    assert words(figure).splitlines()[1:3] == [
        f"Across: h{', logarithmic' * log_x}.",
        f"Up: e{', logarithmic' * log_y}.",
    ]


def test_a_zero_on_a_logarithmic_axis_is_missing_and_not_an_error():
    figure = plot_lines(
        [1, 2, 3], {"a": [1.0, 0.0, 4.0]}, title="t", x_label="x", y_label="y", log_y=True
    )
    assert "Missing, so not drawn: 1 of 3 points." in words(figure)


def test_coinciding_lines_are_both_seen():
    x = np.arange(5.0)
    figure = plot_lines(
        x, {"first": x, "second": x + 1e-9, "third": -x}, title="t", x_label="x", y_label="y"
    )
    first, second, third = figure.axes[0].lines
    assert first.get_linewidth() > 2 * second.get_linewidth()
    assert (first.get_alpha(), second.get_linestyle()) == (pytest.approx(0.45), "--")
    assert third.get_linewidth() < first.get_linewidth()
    assert "Line first (thick solid blue)" in words(figure)


def test_lines_that_agree_as_far_as_they_go_are_all_seen():
    long, short = X, np.where(X < 5, X, np.nan)
    figure = plot_lines(X, {"a": long, "b": short, "c": short}, title="t", **XY)
    looks = [(line.get_linewidth() > 5, line.get_linestyle()) for line in figure.axes[0].lines]
    assert looks == [(True, "-"), (False, "--"), (False, "-.")]


def test_ten_lines_differ_in_more_than_colour():
    curves = {name: X * place for place, name in enumerate(GARMENTS)}
    lines = plot_lines(X, curves, title="Ten", **XY).axes[0].lines
    assert len({(line.get_linestyle(), line.get_marker()) for line in lines}) == 10


def test_names_of_lines_do_not_overlap_where_their_ends_meet():
    curves = {name: X + place / 10 for place, name in enumerate(GARMENTS)}
    figure = plot_lines(X, curves, title="Ten", **XY)
    figure.draw_without_rendering()
    # Text's own extent: an annotation's includes its leader.
    boxes = [Text.get_window_extent(text) for text in figure.axes[0].texts]
    boxes.sort(key=lambda box: box.y0)
    assert len(boxes) == 10
    assert all(below.y1 <= above.y0 for below, above in itertools.pairwise(boxes))


def test_curves_may_each_have_their_own_x():
    curves = {"long": ([0, 1, 2], [1.0, 2.0, 3.0]), "short": ([0, 1], [3.0, 4.0])}
    figure = plot_lines(None, curves, title="t", x_label="x", y_label="y")
    assert "Line short (dashed orange with squares): 2 points.\n  0 → 3.0; 1 → 4.0" in words(figure)


def test_the_name_of_a_line_leads_to_its_last_point_that_is_drawn():
    figure = plot_lines(X, {"a": np.append(X[:-1], np.nan)}, title="t", **XY)
    [name] = [text for text in figure.axes[0].texts if text.get_text() == "a"]
    assert tuple(name.xy) == (9, 9)


@pytest.mark.parametrize(("count", "rows", "columns"), [(1, 1, 1), (2, 1, 2), (3, 1, 3), (4, 2, 2)])
def test_panels_stand_side_by_side_and_four_in_a_square(count, rows, columns):
    panels = {f"panel {number}": {"a": X} for number in range(count)}
    axes = plot_line_panels(X, panels, title="t", **XY).axes
    assert len(axes) == count
    assert axes[0].get_gridspec().get_geometry() == (rows, columns)


def test_panels_share_axes_and_a_name_looks_alike_in_all():
    x = np.arange(3)
    panels = {"low": {"a": x, "b": x + 1}, "high": {"b": x + 5}}
    figure = plot_line_panels(x, panels, title="t", x_label="x", y_label="y")
    low, high = figure.axes
    assert low.get_ylim() == high.get_ylim()
    looks = [(line.get_color(), line.get_linestyle()) for line in (low.lines[1], high.lines[0])]
    assert looks[0] == looks[1]
    assert words(figure).splitlines()[-5:] == [
        "Panel 2 of 2: high",
        "Across: x.",
        "Up: y.",
        "Line b (dashed orange with squares): 3 points.",
        "  0 → 5; 1 → 6; 2 → 7",
    ]


def test_triangle_has_each_class_in_its_corner():
    figure = plot_triangle(
        [[1.0, 0.0, 0.0], [0.2, 0.7, 0.1]],
        class_names=["a", "b", "c"],
        point_labels={1: "T = 5"},
        title="Path",
    )
    (axes,) = figure.axes
    corners = {text.get_text(): text.xy for text in axes.texts}
    assert corners["a"] == pytest.approx((0, 0))
    assert corners["b"] == pytest.approx((1, 0))
    assert corners["c"] == pytest.approx((0.5, 0.75**0.5))
    # 0.2 a + 0.7 b + 0.1 c
    assert corners["T = 5"] == pytest.approx((0.7 + 0.05, 0.1 * 0.75**0.5))
    lines = words(figure).splitlines()
    assert [line for line in lines if line.startswith("At ")] == [
        "At T = 5: a 0.2, b 0.7, c 0.1"  # and nothing more about the corners
    ]
    assert "start: a 1.0, b 0.0, c 0.0" in lines
    assert "end: a 0.2, b 0.7, c 0.1" in lines


def test_a_path_ends_at_its_last_point_and_may_stand_still():
    shares = [[0.2, 0.7, 0.1], [0.2, 0.7, 0.1], [0.6, 0.2, 0.2]]
    names = {"class_names": ["a", "b", "c"], "point_labels": {0: "here"}}
    figure = plot_triangle(shares, title="Path", **names)
    assert "start: a 0.2, b 0.7, c 0.1" in words(figure)
    assert "end: a 0.6, b 0.2, c 0.2" in words(figure)
    still = plot_triangle(shares[:2], title="Path", **names).axes[0]
    [label] = [text for text in still.texts if text.get_text() == "here"]
    assert np.isfinite(label.get_position()).all()


# Matrices and maps -------------------------------------------------------------------------------


def test_matrix_writes_each_number_in_its_cell():
    figure = plot_matrix(
        [[0.21, -0.14], [0.0, 1.0]],
        row_names=["p1", "p2"],
        column_names=["z1", "z2"],
        title="Jacobian",
        row_label="probability",
        column_label="score",
        diverging=True,
    )
    cells = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    assert cells == {(0, 0): "0.21", (1, 0): "−0.14", (0, 1): "0.00", (1, 1): "1.00"}
    assert words(figure).splitlines()[1:] == [
        "Across: score.",
        "Up: probability.",
        "2 rows × 2 columns. Colours: from dark red at -1.0 to dark blue at 1.0.",
        "Columns: z1, z2",
        "  p1: 0.21, -0.14",
        "  p2: 0.0, 1.0",
    ]


def test_a_matrix_of_one_sign_is_white_at_zero_and_darker_above():
    figure = plot_matrix(
        [[1, 2], [3, 4]],
        row_names=["a", "b"],
        column_names=["a", "b"],
        title="Counts",
        row_label="true",
        column_label="said",
    )
    assert "Colours: from white at 0 to dark blue at 4." in words(figure)


def confusion():
    return plot_confusion_matrix(
        [[50, 7, 0], [2, 60, 0], [1, 40, 0]], class_names=["cat", "dog", "hen"], title="Hens"
    )


def test_confusion_matrix_has_the_true_class_in_rows():
    figure = confusion()
    (axes,) = figure.axes
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("true class", "predicted class")
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert (cells[1, 0], cells[0, 1]) == ("7", "2")
    assert words(figure).splitlines()[1:] == [
        "Across: predicted class.",
        "Up: true class.",
        "3 rows × 3 columns. Colours: from white at 0 to dark blue at 40.",
        "Columns: cat, dog, hen never predicted",
        "  cat: 50, 7, 0",
        "  dog: 2, 60, 0",
        "  hen: 1, 40, 0",
        "Set apart in pale green: the diagonal.",
    ]


def test_confusion_matrix_may_hold_shares():
    shares = [[0.75, 0.25], [0.5, 0.5]]
    figure = plot_confusion_matrix(shares, class_names=["cat", "dog"], title="Shares")
    assert figure.axes[0].images[0].get_clim() == (0, 0.5)
    assert "  cat: 0.75, 0.25\n  dog: 0.5, 0.5" in words(figure)


def test_the_diagonal_neither_hides_nor_looks_like_mistakes():
    (axes,) = confusion().axes
    (image,) = axes.images
    assert image.get_clim() == (0, 40)
    framed = [patch for patch in axes.patches if patch.get_height() == 1]
    assert [patch.get_xy() for patch in framed] == [(k - 0.5, k - 0.5) for k in range(3)]


def test_map_tells_where_each_category_begins():
    cells = np.array([[0, 0, 1, 1], [0, 1, 2, 2], [2, 2, 2, 2]])
    figure = plot_failure_map(
        [0, 10, 20, 30],
        [1, 2, 3],
        {"float16": cells, "float64": 0 * cells},
        category_names=["right", "inf", "nan"],
        title="Where it fails",
        x_label="largest",
        y_label="spread",
    )
    lines = words(figure).splitlines()
    assert lines[lines.index("Panel 1 of 2: float16") : lines.index("Panel 2 of 2: float64")] == [
        "Panel 1 of 2: float16",
        "Across: largest.",
        "Up: spread.",
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


def test_map_axes_are_logarithmic_where_values_grow_by_factors():
    figure = plot_failure_map(
        [1, 10, 100],
        [0, 10, 20],
        {"all": np.zeros((3, 3), dtype=int)},
        category_names=["right"],
        title="t",
        x_label="x",
        y_label="y",
    )
    assert (figure.axes[0].get_xscale(), figure.axes[0].get_yscale()) == ("log", "linear")


# One visual language -----------------------------------------------------------------------------


def test_a_garment_has_its_own_colour_everywhere():
    assert dict(zip(GARMENTS, plotting.CLASS_COLOURS, strict=True)) == GARMENT_COLOURS
    x = np.arange(3)
    some = ["Shirt", "Coat"]
    bars = plot_bars(some, [1, 2], title="t", axis_label="x").axes[0].patches
    lines = plot_lines(
        x, {"mean": -x, "Shirt": x, "Coat": 2 * x}, title="t", x_label="x", y_label="y"
    )
    mean, *rest = (line.get_color() for line in lines.axes[0].lines)
    expected = [GARMENT_COLOURS[name] for name in some]
    assert [to_hex(bar.get_facecolor()) for bar in bars] == expected
    assert rest == expected
    assert mean not in expected


LINEAR_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)
# Machado, Oliveira and Fernandes (2009), full severity, on linear RGB.
EYES = {
    "normal": np.eye(3),
    "red-blind": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "green-blind": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


def linear(colour):
    channels = np.array(to_rgb(colour))
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(linear_rgb):
    x, y, z = LINEAR_TO_XYZ @ linear_rgb / [0.9505, 1.0, 1.089]
    x, y, z = (np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one, other):
    """Contrast by WCAG 2.2: 1 for equal colours, 21 for black on white."""
    dark, light = sorted(LINEAR_TO_XYZ[1] @ linear(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("eyes", EYES)
def test_class_colours_can_be_told_apart(eyes):
    seen = [lab(np.clip(EYES[eyes] @ linear(colour), 0, 1)) for colour in plotting.CLASS_COLOURS]
    distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(distances) >= 15


@pytest.mark.parametrize("palette", ["CLASS_COLOURS", "CATEGORY_FILLS", "SERIES_BARS"])
def test_colours_that_stand_together_have_words_of_their_own(palette):
    colours = getattr(plotting, palette)
    assert len({colour_word(colour) for colour in colours}) == len(colours)


def test_class_colours_stand_out_from_the_page():
    assert min(contrast(colour, "white") for colour in plotting.CLASS_COLOURS) >= 3


@every_kind
def test_all_text_can_be_read(draw):
    """At least 11 points, and 4.5:1 against what lies behind it."""
    mark_source("sketches")
    figure = draw()
    texts = [figure._suptitle, figure._supxlabel]
    for axes in figure.axes:
        texts += [axes.xaxis.label, axes.yaxis.label, axes._left_title]
        texts += [*axes.get_xticklabels(), *axes.get_yticklabels()]
        if axes.get_legend():
            texts += axes.get_legend().get_texts()
    for legend in figure.legends:
        texts += legend.get_texts()
    behind = [(text, "white") for text in texts]
    behind += [(text, background(axes, text)) for axes in figure.axes for text in axes.texts]
    seen = [pair for pair in behind if pair[0].get_text()]
    assert seen
    for text, colour in seen:
        assert text.get_fontsize() >= 11, text
        assert contrast(text.get_color(), colour) >= 4.5, text


def background(axes, text):
    """The colour of the matrix cell in which a text stands; elsewhere texts stand on white."""
    column, row = text.get_position()
    if not axes.images or axes.get_yscale() == "log" or axes.images[0].get_array().shape[0] > 12:
        return "white"
    (image,) = axes.images
    on_diagonal = [patch for patch in axes.patches if patch.get_xy() == (column - 0.5, row - 0.5)]
    if on_diagonal and on_diagonal[0].get_height() == 1:
        return on_diagonal[0].get_facecolor()
    return image.cmap(image.norm(image.get_array()[row, column]))


@every_kind
def test_figures_fit_a_notebook_and_a_projector(draw):
    width, _ = draw().get_size_inches() * 100
    assert 500 <= width <= 900


@every_kind
def test_nothing_is_cut_off(draw):
    mark_source("sketches")
    figure = draw()
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 > -0.02
    assert box.y0 > -0.02
    assert box.x1 < width + 0.02
    assert box.y1 < height + 0.02


# Shown in a notebook -----------------------------------------------------------------------------


def test_a_figure_shows_itself_as_a_picture_and_as_words_to_unfold(monkeypatch):
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


def test_the_picture_is_sharper_than_shown_and_always_the_same():
    first, again = (plot_bars(["a"], [1.0], title="t", axis_label="x") for _ in range(2))
    png = first._png()
    assert png == again._png()
    assert int.from_bytes(png[16:20], "big") == 1200  # the width in the PNG header, shown as 800
    assert b"Software" not in png
    assert b"Matplotlib" not in png


@every_kind
def test_the_sketches_mark_is_on_every_figure_and_only_on_sketches(draw):
    note = "Note: drawn from sketches, not Fashion-MNIST"
    mark_source("sketches")
    marked = draw()
    mark_source("fashion-mnist")
    unmarked = draw()
    assert words(marked).splitlines()[-1] == note
    assert marked.get_supxlabel() == "drawn from sketches, not Fashion-MNIST"
    assert "sketches" not in words(unmarked)


def test_an_unknown_source_is_refused():
    with pytest.raises(ValueError, match=re.escape("not 'imagenet'")):
        mark_source("imagenet")


def test_figures_share_nothing_and_leave_matplotlib_as_it_was():
    before = dict(matplotlib.rcParams)
    first = plot_bars(["a"], [1.0], title="first", axis_label="x")
    said_before = words(first)
    second = plot_bars(["b"], [2.0], title="second", axis_label="x")
    second.axes[0].set_xlabel("changed")
    assert words(first) == said_before
    assert dict(matplotlib.rcParams) == before


def test_a_dark_style_outside_does_not_reach_the_figures():
    with matplotlib.rc_context({"axes.facecolor": "black", "text.color": "white"}):
        dark = plot_bars(["a"], [1.0], title="t", axis_label="x")._png()
    assert dark == plot_bars(["a"], [1.0], title="t", axis_label="x")._png()


def test_the_import_is_light():
    heavy = ["matplotlib.pyplot", "tensorflow", "keras", "scipy", "IPython", "pandas"]
    code = f"import helpers.plotting, sys; print([m for m in {heavy} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# Input that does not fit -------------------------------------------------------------------------

LABELS = {"title": "t", "x_label": "x", "y_label": "y"}
MATRIX = {"title": "t", "row_label": "r", "column_label": "c"}


@pytest.mark.parametrize(
    ("draw", "sentence"),
    [
        (lambda: plot_pictures(np.zeros((28, 28)), columns=1, title="t"), "not (28, 28)"),
        (lambda: plot_pictures(pictures(2), columns=0, title="t"), "at least one column, not 0"),
        (
            lambda: plot_reliability(
                {"p": (np.zeros(3, int), *np.full((2, 3), np.nan))}, title="t"
            ),
            "Diagram 'p' has no picture in any bin.",
        ),
        (
            lambda: plot_pictures(pictures(2), columns=1, title="t", titles=["a"]),
            "1 titles for 2 pictures",
        ),
        (
            lambda: plot_pictures(pictures(3), columns=2, title="t", row_names=["a"]),
            "1 row names for 2 rows",
        ),
        (lambda: plot_pictures(-np.ones((1, 2, 2)), columns=1, title="t"), "use diverging=True"),
        (lambda: plot_pictures(np.full((1, 2, 2), 256), columns=1, title="t"), "256, above 255"),
        (lambda: plot_pictures(np.full((1, 2, 2), np.nan), columns=1, title="t"), "not a finite"),
        (
            lambda: plot_predictions(
                pictures(7), [SHARES] * 7, range(7), class_names=GARMENTS, title="t"
            ),
            "one to six pictures",
        ),
        (
            lambda: plot_predictions(
                pictures(2), [SHARES], [1, 2], class_names=GARMENTS, title="t"
            ),
            "the shape (2, 10), not (1, 10)",
        ),
        (
            lambda: plot_predictions(pictures(1), [SHARES], [10], class_names=GARMENTS, title="t"),
            "integers from 0 to 9",
        ),
        (lambda: plot_bars(["a"], [1, 2], title="t", axis_label="x"), "1 names need as many"),
        (lambda: plot_bars(["a"], {}, title="t", axis_label="x"), "one to four bars"),
        (lambda: plot_bars(["a"], [np.inf], title="t", axis_label="x"), "infinitely long"),
        (lambda: plot_softmax_steps([1.0], class_names=[], title="t"), "0 class names for 1"),
        (
            lambda: plot_softmax_steps([1000.0], class_names=["a"], title="t"),
            "draw smaller ones",
        ),
        (lambda: plot_lines([1, 2], {}, **LABELS), "One to ten curves"),
        (lambda: plot_lines([1, 2], {"a": [1]}, **LABELS), "'a' has x of shape (2,) and y of"),
        (lambda: plot_lines([1], {"a": [np.nan]}, **LABELS), "'a' has no point"),
        (lambda: plot_lines([1], {"a": [-1]}, **LABELS, log_y=True), "'a' has no point"),
        (lambda: plot_line_panels([1], {}, **LABELS), "One to four panels"),
        (
            lambda: plot_triangle([[0.5, 0.5]], class_names="abc", point_labels={}, title="t"),
            "not (1, 2)",
        ),
        (
            lambda: plot_triangle([[1, 1, 0]], class_names="abc", point_labels={}, title="t"),
            "must be probabilities",
        ),
        (
            lambda: plot_triangle([[1, 0, 0]], class_names="abc", point_labels={1: ""}, title="t"),
            "a point that does not exist",
        ),
        (
            lambda: plot_matrix(np.eye(13), row_names="a", column_names="b", **MATRIX),
            "up to 12 rows",
        ),
        (
            lambda: plot_matrix(np.eye(2), row_names="ab", column_names="abc", **MATRIX),
            "3 column names for 2 columns",
        ),
        (
            lambda: plot_confusion_matrix(np.ones((2, 3), int), class_names="ab", title="t"),
            "square, not (2, 3)",
        ),
        (lambda: plot_confusion_matrix(-np.eye(2), class_names="ab", title="t"), "from 0 up"),
        (
            lambda: plot_failure_map([1], [1, 2], {"a": [[0]]}, category_names=["ok"], **LABELS),
            "the shape (2, 1), not (1, 1)",
        ),
        (
            lambda: plot_failure_map([1], [1], {"a": [[1]]}, category_names=["ok"], **LABELS),
            "integers from 0 to 0",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_one_plain_sentence(draw, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)) as refused:
        draw()
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)
