"""Descriptions of figures drawn here with Matplotlib itself, without helpers.plotting."""

import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from helpers.figure_text import colour_word, describe, number, summarise


def drawn(title="An answer"):
    figure = Figure()
    figure.suptitle(title)
    return figure, figure.subplots()


def lines_of(figure):
    return describe(figure).splitlines()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (7, "7"),
        (np.uint8(200), "200"),
        (7.0, "7.0"),
        (0.123456, "0.123"),
        (0.5, "0.5"),
        (14879.3, "14900.0"),
        (1e-5, "1.00e-05"),
        (2.5e7, "2.50e+07"),
        (0.9999, "1.0"),
        (-0.0, "0.0"),
        (np.nan, "nan"),
        (-np.inf, "-inf"),
    ],
)
def test_number(value, words):
    assert number(value) == words


@pytest.mark.parametrize(
    ("colour", "word"),
    [("white", "white"), ("black", "black"), ("#3080f0", "blue"), ("#ff7f00", "orange")],
)
def test_colour_word(colour, word):
    assert colour_word(colour) == word


def test_title_and_axes():
    figure, axes = drawn("An answer\nthat was broken")
    axes.plot([1, 10], [2.0, 3.0])
    axes.set(xlabel="step\nsize", ylabel="error", xscale="log")
    assert lines_of(figure)[:3] == [
        "Line chart: An answer that was broken",
        "Across: step size, logarithmic.",
        "Up: error.",
    ]
    assert summarise(figure) == (
        "Line chart: An answer that was broken; Across: step size; up: error"
    )


@pytest.mark.parametrize("upside_down", [False, True])
def test_bars_from_the_top_down(upside_down):
    figure, axes = drawn()
    axes.barh([0, 1], [0.25, -1.5])
    axes.set_yticks([0, 1], ["cat", "dog"])
    if upside_down:
        axes.invert_yaxis()
    bars = lines_of(figure)[-2:]
    assert bars == (
        ["  cat: 0.25", "  dog: -1.5"] if upside_down else ["  dog: -1.5", "  cat: 0.25"]
    )


def test_remarks_at_bars_without_the_value():
    figure, axes = drawn()
    axes.barh([0, 1, 2, 3], [0.2549, 0.5, 0.75, 2.0])
    axes.set(yticks=range(4), yticklabels=list("abcd"))
    for place, words in enumerate(["0.255", "0.500 ◀ largest", "0.57", "largest of all"]):
        axes.annotate(words, (0, place))
    assert lines_of(figure)[-4:] == [
        "  d: 2.0 (largest of all)",
        "  c: 0.75 (0.57)",
        "  b: 0.5 (largest)",
        "  a: 0.255",
    ]


@pytest.mark.parametrize("lying", [False, True])
def test_histogram(lying):
    figure, axes = drawn()
    draw = axes.barh if lying else axes.bar
    draw([0.25, 1.0], [3, 5], [0.5, 1.0])
    bars = ["  0.0 to 0.5: 3", "  0.5 to 1.5: 5"]
    assert lines_of(figure)[-2:] == (bars[::-1] if lying else bars)


def test_zero_line_of_bars_is_omitted():
    figure, axes = drawn()
    axes.axvline(0, color="black")
    axes.axvline(0, color="red", linestyle="--")
    assert lines_of(figure)[1:] == ["Reference line at 0 across (dashed red)."]


def test_heading_of_a_single_panel():
    figure, axes = drawn()
    axes.set_title("in the middle")
    assert lines_of(figure)[1] == "in the middle"
    axes.set_title("on the left", loc="left")
    assert lines_of(figure)[1] == "on the left"


def test_rounding_noise_is_zero():
    figure, axes = drawn()
    axes.barh([0, 1], [1.0, -3e-17])
    axes.set_yticks([0, 1], ["one", "none"])
    assert "  none: 0.0" in lines_of(figure)


def test_long_line_is_sampled_and_has_extremes():
    figure, axes = drawn()
    x = np.arange(25)
    axes.plot(x, (x - 6.0) ** 2, "--", color="#e07000", label="loss")
    assert lines_of(figure)[1:] == [
        "Line loss (dashed orange): 25 points.",
        "  0 → 36.0; 4 → 4.0; 8 → 4.0; 12 → 36.0",
        "  16 → 100.0; 20 → 196.0; 24 → 324.0",
        "  lowest 0.0, highest 324.0",
    ]


def test_missing_points_are_counted():
    figure, axes = drawn()
    axes.plot([1, 2, 3, 4, 5], [1.0, np.nan, 0.0, np.inf, 2.0], label="error")
    axes.set_yscale("log")
    assert "  Missing, so not drawn: 3 of 5 points." in lines_of(figure)
    assert "  1 → 1.0; 5 → 2.0" in lines_of(figure)


def test_line_is_named_by_its_annotation():
    figure, axes = drawn()
    for colour, height in (("red", 1.0), ("blue", 2.0)):
        axes.plot([0, 1], [0, height], color=colour, label="unseen")
        leader = {"arrowstyle": "-", "color": colour}
        axes.annotate(f"{colour} name", (1, height), (1.1, height), arrowprops=leader)
    words = describe(figure)
    assert "Line red name (solid red)" in words
    assert "Line blue name (solid blue)" in words
    assert "unseen" not in words


def picture():
    """One bright pixel of 200 and one of 100, both in row 2: the centre is at column 4."""
    image = np.zeros((28, 28), dtype=np.uint8)
    image[2, 3], image[2, 6] = 200, 100
    return image


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (picture(), "centre row 2.0, column 4.0; rows 2–2, columns 3–6"),
        (picture().T, "centre row 4.0, column 2.0; rows 3–6, columns 2–2"),
        (np.roll(picture(), 1, axis=1), "centre row 2.0, column 5.0; rows 2–2, columns 4–7"),
        (np.zeros((28, 28)), "mean 0.0, empty"),
    ],
)
def test_picture(image, words):
    figure, axes = drawn()
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=255)
    axes.set(xticks=[], yticks=[])
    assert words in describe(figure)


def test_colour_scale_of_a_picture():
    for colours, words in (("gray_r", "white at 0 to black"), ("gray", "black at 0 to white")):
        figure, axes = drawn()
        axes.imshow(picture(), cmap=colours, vmin=0, vmax=255)
        assert f"Colours: from {words} at 255." in lines_of(figure)


def test_matrix():
    figure, axes = drawn()
    axes.imshow([[0.5, -0.25], [1e-17, np.nan]], cmap="RdBu", vmin=-0.5, vmax=0.5)
    axes.set_yticks([0, 1], ["up", "down"])
    axes.set_xticks([0, 1], ["left", "right"])
    axes.text(0, 0, "0.50")
    axes.text(1, 0, "0.25")
    assert lines_of(figure)[1:] == [
        "2 rows × 2 columns. Colours: from dark red at -0.5 to dark blue at 0.5.",
        "Columns: left, right",
        "  up: 0.5, -0.25 (0.25)",
        "  down: 0.0, nan",
    ]


def test_map():
    figure, axes = drawn()
    cells = np.array([[0, 0, 1], [1, 1, 1]])
    mesh = axes.pcolormesh([10, 20, 30], [1, 2], cells, cmap="gray", shading="nearest")
    keys = [Patch(facecolor=mesh.cmap(mesh.norm(value))) for value in (1, 0)]
    figure.legend(keys, ["fails", "works"])
    assert lines_of(figure)[1:] == [
        "2 rows × 3 columns of cells.",
        "  works: 2 cells",
        "  fails: 4 cells",
        "From left to right, on some of the rows, lowest first:",
        "  at height 1.0: works from 10.0; fails from 30.0",
        "  at height 2.0: fails from 10.0",
        "Key, in order:",
        "  white: fails",
        "  black: works",
    ]


def test_colour_missing_from_the_legend():
    figure, axes = drawn()
    axes.pcolormesh([[0, 1]], cmap="gray")
    assert "  black, not in the key: 1 cells" in lines_of(figure)


@pytest.mark.parametrize(
    ("draw", "limits", "sentence"),
    [
        (
            lambda axes: axes.plot([1, 2, 3], [0.1, 0.5, 0.9]),
            {"ylim": (0.12, 1)},
            "The y axis shows 0.12 to 1, but what is drawn reaches from 0.1 to 0.9: set limits",
        ),
        (
            lambda axes: axes.plot([1, 2, 3], [1e-12, 0.5, 0.9]),
            {"yscale": "log", "ylim": (1e-10, 1)},
            "The y axis shows 1e-10 to 1",
        ),
        (
            lambda axes: axes.barh([0, 1], [0.8, 0.9]),
            {"xlim": (0.64, 1)},
            "The x axis shows 0.64 to 1, but what is drawn reaches from 0 to 0.9",
        ),
        (lambda axes: axes.barh([0, 1], [0.16, 0.26], left=0.64), {}, "A bar starts at 0.64"),
        (lambda axes: axes.bar([0, 1], [0.16, 0.26], bottom=0.64), {}, "A bar starts at 0.64"),
        (lambda axes: axes.axhline(0.9), {"ylim": (0, 0.5)}, "reaches from 0.9 to 0.9"),
        (lambda axes: axes.imshow(np.eye(3)), {"xlim": (0.5, 2.5)}, "reaches from -0.5 to 2.5"),
        (lambda axes: axes.scatter([1, 2], [1, 2]), {"xlim": (3, 1.5)}, "shows 1.5 to 3"),
    ],
)
def test_hidden_data_are_an_error(draw, limits, sentence):
    figure, axes = drawn()
    draw(axes)
    axes.set(**limits)
    with pytest.raises(ValueError, match=re.escape(sentence)) as refused:
        describe(figure)
    assert str(refused.value).endswith(".")


def test_limits_may_show_more_and_bars_may_be_stacked():
    figure, axes = drawn()
    axes.bar([0, 1], [0.5, -0.5])
    axes.bar([0, 1], [-0.2, 0.1], bottom=[0.5, -0.5])
    axes.set(xlim=(5, -5), ylim=(-1, 1))
    assert "  0.6 to 1.4: 0.1" in lines_of(figure)
