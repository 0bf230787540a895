"""The words for a figure, against figures drawn here by hand, whose content is therefore known."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from helpers.figure_text import colour_word, describe, number, summarise


def drawn(title="An answer"):
    figure = Figure()
    figure.suptitle(title)
    return figure, figure.subplots()


def said(figure):
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
def test_floats_have_three_digits_and_a_point_integers_neither(value, words):
    assert number(value) == words


@pytest.mark.parametrize(
    ("colour", "word"),
    [("white", "white"), ("black", "black"), ("#3080f0", "blue"), ("#ff7f00", "orange")],
)
def test_colours_have_plain_words(colour, word):
    assert colour_word(colour) == word


def test_title_and_axes_are_told_in_one_line_each():
    figure, axes = drawn("An answer\nthat was broken")
    axes.plot([1, 10], [2.0, 3.0])
    axes.set(xlabel="step\nsize", ylabel="error", xscale="log")
    assert said(figure)[:3] == [
        "Line chart: An answer that was broken",
        "Across: step size, logarithmic.",
        "Up: error.",
    ]
    assert summarise(figure) == (
        "Line chart: An answer that was broken; Across: step size; up: error"
    )


@pytest.mark.parametrize("upside_down", [False, True])
def test_bars_are_told_from_the_top_down(upside_down):
    figure, axes = drawn()
    axes.barh([0, 1], [0.25, -1.5])
    axes.set_yticks([0, 1], ["cat", "dog"])
    if upside_down:
        axes.invert_yaxis()
    bars = said(figure)[-2:]
    assert bars == (
        ["  cat: 0.25", "  dog: -1.5"] if upside_down else ["  dog: -1.5", "  cat: 0.25"]
    )


def test_what_is_written_at_a_bar_is_told_unless_it_repeats_the_value():
    figure, axes = drawn()
    axes.barh([0, 1, 2], [0.2549, 0.5, 0.75])
    axes.set(yticks=range(3), yticklabels=["a", "b", "c"])
    for place, words in enumerate(["0.255", "0.500 ◀ largest", "0.57"]):
        axes.annotate(words, (0, place))
    assert said(figure)[-3:] == ["  c: 0.75 (0.57)", "  b: 0.5 (largest)", "  a: 0.255"]


def test_words_at_a_bar_that_begin_with_no_number_are_told_whole():
    figure, axes = drawn()
    axes.barh([0, 1], [1.0, 2.0])
    axes.set(yticks=range(2), yticklabels=["a", "b"])
    axes.annotate("largest of all", (0, 1))
    assert said(figure)[-2:] == ["  b: 2.0 (largest of all)", "  a: 1.0"]


@pytest.mark.parametrize("lying", [False, True])
def test_bars_without_names_are_told_by_where_they_begin_and_end(lying):
    figure, axes = drawn()
    draw = axes.barh if lying else axes.bar
    draw([0.25, 1.0], [3, 5], [0.5, 1.0])
    bars = ["  0.0 to 0.5: 3", "  0.5 to 1.5: 5"]
    assert said(figure)[-2:] == (bars[::-1] if lying else bars)


def test_a_reference_line_at_zero_is_told_the_foot_of_bars_is_not():
    figure, axes = drawn()
    axes.axvline(0, color="black")
    axes.axvline(0, color="red", linestyle="--")
    assert said(figure)[1:] == ["Reference line at 0 across (dashed red)."]


def test_the_heading_of_a_single_panel_is_told():
    figure, axes = drawn()
    axes.set_title("in the middle")
    assert said(figure)[1] == "in the middle"
    axes.set_title("on the left", loc="left")
    assert said(figure)[1] == "on the left"


def test_rounding_errors_beside_large_values_are_zero():
    figure, axes = drawn()
    axes.barh([0, 1], [1.0, -3e-17])
    axes.set_yticks([0, 1], ["one", "none"])
    assert "  none: 0.0" in said(figure)


def test_a_long_line_is_told_at_seven_points_with_its_extremes():
    figure, axes = drawn()
    x = np.arange(25)
    axes.plot(x, (x - 6.0) ** 2, "--", color="#e07000", label="loss")
    assert said(figure)[1:] == [
        "Line loss (dashed orange): 25 points.",
        "  0 → 36.0; 4 → 4.0; 8 → 4.0; 12 → 36.0",
        "  16 → 100.0; 20 → 196.0; 24 → 324.0",
        "  lowest 0.0, highest 324.0",
    ]


def test_points_that_cannot_be_drawn_are_counted():
    figure, axes = drawn()
    axes.plot([1, 2, 3, 4, 5], [1.0, np.nan, 0.0, np.inf, 2.0], label="error")
    axes.set_yscale("log")
    assert "  Missing, so not drawn: 3 of 5 points." in said(figure)
    assert "  1 → 1.0; 5 → 2.0" in said(figure)


def test_a_line_has_the_name_that_is_written_at_it_not_its_label():
    figure, axes = drawn()
    for colour, height in (("red", 1.0), ("blue", 2.0)):
        axes.plot([0, 1], [0, height], color=colour, label="unseen")
        leader = {"arrowstyle": "-", "color": colour}
        axes.annotate(f"{colour} name", (1, height), (1.1, height), arrowprops=leader)
    words = describe(figure)
    assert "Line red name (solid red)" in words
    assert "Line blue name (solid blue)" in words
    assert "unseen" not in words


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (
            lambda axes: axes.axhline(0.835, ls="--", color="black"),
            "at height 0.835 (dashed black)",
        ),
        (lambda axes: axes.axvline(2.5, ls=":", color="black"), "at 2.5 across (dotted black)"),
    ],
)
def test_reference_lines_have_a_direction(draw, words):
    figure, axes = drawn()
    draw(axes)
    assert said(figure)[-1] == f"Reference line {words}."


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
def test_a_picture_is_told_by_its_weight_and_place(image, words):
    figure, axes = drawn()
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=255)
    axes.set(xticks=[], yticks=[])
    assert words in describe(figure)


def test_the_colours_of_a_picture_are_told():
    for colours, words in (("gray_r", "white at 0 to black"), ("gray", "black at 0 to white")):
        figure, axes = drawn()
        axes.imshow(picture(), cmap=colours, vmin=0, vmax=255)
        assert f"Colours: from {words} at 255." in said(figure)


def test_a_matrix_is_told_row_by_row_with_its_names():
    figure, axes = drawn()
    axes.imshow([[0.5, -0.25], [1e-17, np.nan]], cmap="RdBu", vmin=-0.5, vmax=0.5)
    axes.set_yticks([0, 1], ["up", "down"])
    axes.set_xticks([0, 1], ["left", "right"])
    axes.text(0, 0, "0.50")
    axes.text(1, 0, "0.25")
    assert said(figure)[1:] == [
        "2 rows × 2 columns. Colours: from dark red at -0.5 to dark blue at 0.5.",
        "Columns: left, right",
        "  up: 0.5, -0.25 (0.25)",
        "  down: 0.0, nan",
    ]


def test_a_map_is_counted_and_told_in_runs_with_the_words_of_its_key():
    figure, axes = drawn()
    cells = np.array([[0, 0, 1], [1, 1, 1]])
    mesh = axes.pcolormesh([10, 20, 30], [1, 2], cells, cmap="gray", shading="nearest")
    keys = [Patch(facecolor=mesh.cmap(mesh.norm(value))) for value in (1, 0)]
    figure.legend(keys, ["fails", "works"])
    assert said(figure)[1:] == [
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


def test_a_colour_that_is_not_in_the_key_is_said_to_be_missing():
    figure, axes = drawn()
    axes.pcolormesh([[0, 1]], cmap="gray")
    assert "  black, not in the key: 1 cells" in said(figure)


def test_every_panel_is_told_with_its_heading():
    figure = Figure()
    figure.suptitle("Two")
    for axes, heading in zip(figure.subplots(1, 2), ("left one", "right one"), strict=True):
        axes.set_title(heading)
        axes.plot([1, 2], [3, 4], label=heading)
    words = said(figure)
    assert words.index("Panel 1 of 2: left one") < words.index("Panel 2 of 2: right one")
    assert words.count("  1 → 3; 2 → 4") == 2


def test_a_note_at_the_foot_is_told():
    figure, axes = drawn()
    axes.plot([1, 2], [3, 4])
    figure.supxlabel("take care")
    assert said(figure)[-1] == "Note: take care"


def test_words_do_not_depend_on_where_in_memory_or_how_large_the_figure_is():
    def words(size):
        figure, axes = drawn()
        figure.set_size_inches(size)
        axes.plot([1, 2, 3], [3.0, 4.0, 3.5], label="a")
        return describe(figure)

    assert words((4, 3)) == words((12, 9))
    assert " at 0x" not in words((4, 3))
