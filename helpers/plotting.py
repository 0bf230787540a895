"""Every figure of the course, in one visual language.

Each `plot_*` function returns a `DescribedFigure`. As the last line of a cell it is displayed, with
its alt text folded away below. Titles state the finding. Colour is never the only cue. Data outside
the axes are an error.
"""

import base64
import functools
import html
import io
import textwrap
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, ParamSpec

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import BoundaryNorm, ListedColormap, Normalize, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike

from helpers.data import CLASS_NAMES
from helpers.figure_text import check_limits, describe, summarise

# Found by search: each at least 3:1 against white, and any two at least 15 apart (CIE 1976) for
# normal, red-blind and green-blind eyes.
CLASS_COLOURS = (
    "#307fea",
    "#e07000",
    "#2ca24a",
    "#b01515",
    "#7329b7",
    "#835640",
    "#d66acd",
    "#757573",
    "#0aa5a4",
    "#333333",
)
LINE_STYLES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
HATCHES = (None, "//", "..", "xx", "\\\\")

INK = "#222222"
QUIET_INK = "#595959"
HAIRLINE = "#d0d0d0"
PLAIN_BAR = "#46627f"
SERIES_BARS = ("#46627f", "#fdc68a", "#8fc1ee", "#bdbdbd")
DIAGONAL_FILL = "#d5ecd4"
CATEGORY_FILLS = ("#d5ecd4", "#fdc68a", "#b01515", "#8fc1ee", "#595959")
BEHIND_TEXT = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}

# Any: Matplotlib's own type for the keys is a list of them all, from version 3.11 on.
STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": QUIET_INK,
    "axes.facecolor": "white",
    "axes.labelcolor": INK,
    "axes.labelsize": 12,
    "axes.linewidth": 1,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
    "figure.titlesize": 14,
    "figure.titleweight": "bold",
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "grid.color": HAIRLINE,
    "hatch.linewidth": 1,
    "image.interpolation": "nearest",
    "legend.fontsize": 11,
    "legend.frameon": False,
    "lines.linewidth": 2,
    "text.color": INK,
    "xtick.color": QUIET_INK,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 11,
    "ytick.color": QUIET_INK,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 11,
}

SHOWN_PIXELS_PER_INCH = 100
DRAWN_PIXELS_PER_INCH = 150  # sharper than shown, for projectors and screens with small pixels
WIDEST = 900  # shown pixels: the width of a notebook's cell at 1280 pixels
SKETCHES_NOTE = "drawn from sketches, not Fashion-MNIST"

_source = "fashion-mnist"


def mark_source(source: str) -> None:
    """Set the source of the pictures in all later figures: `Dataset.source`.

    Figures from "sketches" carry a note at their foot. Raises ValueError for an unknown source.
    """
    global _source
    if source not in ("fashion-mnist", "sketches"):
        raise ValueError(f'The source is "fashion-mnist" or "sketches", not {source!r}.')
    _source = source


class DescribedFigure(Figure):
    """A matplotlib figure that displays itself in a notebook; its text form is its alt text."""

    def __str__(self) -> str:
        return describe(self)

    __repr__ = __str__

    def _ipython_display_(self) -> None:
        from IPython.display import display

        words = describe(self)
        width, height = (round(inches * SHOWN_PIXELS_PER_INCH) for inches in self.get_size_inches())
        picture = base64.b64encode(self._png()).decode("ascii")
        about = {"width": width, "height": height, "alt": summarise(self)}
        display(
            {"image/png": picture, "text/plain": words}, metadata={"image/png": about}, raw=True
        )
        # JupyterLab gives a PNG no alt text, so the words are also there to unfold.
        unfold = "<details><summary>This figure in words</summary><pre>{}</pre></details>"
        folded = unfold.format(html.escape(words))
        display({"text/html": folded, "text/plain": "(the figure in words)"}, raw=True)

    def _png(self) -> bytes:
        file = io.BytesIO()
        with matplotlib.rc_context(STYLE):
            # `savefig` would draw twice: once to lay out, once to keep.
            self.set_dpi(DRAWN_PIXELS_PER_INCH)
            FigureCanvasAgg(self).print_png(file, metadata={"Software": None})
        return file.getvalue()


Parameters = ParamSpec("Parameters")


def _in_style(
    draw: Callable[Parameters, DescribedFigure],
) -> Callable[Parameters, DescribedFigure]:
    """Let `draw` draw in STYLE, and raise ValueError where data lie outside the axes."""

    @functools.wraps(draw)
    def draw_in_style(*args: Parameters.args, **kwargs: Parameters.kwargs) -> DescribedFigure:
        with matplotlib.rc_context(STYLE):
            figure = draw(*args, **kwargs)
            check_limits(figure)
        return figure

    return draw_in_style


# Pictures ----------------------------------------------------------------------------------------


@_in_style
def plot_pictures(
    images: ArrayLike,
    *,
    columns: int,
    title: str,
    titles: Sequence | None = None,
    row_names: Sequence | None = None,
    diverging: bool = False,
) -> DescribedFigure:
    """Show `images` (n, height, width) in a grid of `columns` columns, filled row by row.

    `titles` are written above the pictures, `row_names` left of the rows. Integers are greys from 0
    (white) to 255 (black), floats from 0 to 1, or to 255 if any exceeds 1. `diverging` is for
    floats of both signs, such as weights: red below zero, blue above it.
    Raises ValueError for shapes, lengths or values that don't fit.
    """
    images = np.asarray(images)
    _require(
        images.ndim == 3 and images.size > 0,
        f"Pictures have the shape (n, height, width), not {images.shape}.",
    )
    _require(columns >= 1, f"A grid needs at least one column, not {columns}.")
    rows = -(-len(images) // columns)
    titles = _names(titles, len(images), "titles", "pictures")
    row_names = _names(row_names, rows, "row names", "rows")
    low, high = _signed_limits(images) if diverging else _grey_limits(images)

    # One unit of the axes is one shown pixel.
    gap = 10
    names_width = 12 + 9 * max(map(len, row_names)) if row_names else 0
    side = min(150, (WIDEST - 20 - names_width) // columns - gap)
    _require(side > 0, f"{columns} columns are too many for the width of a notebook.")
    height = side * images.shape[1] // images.shape[2]
    titles = [_wrapped(words, max(4, side // 8)) for words in titles]
    head = 20 * max((words.count("\n") + 1 for words in titles), default=0)
    pitch = height + head + gap
    width = columns * (side + gap)

    figure_height = rows * pitch + (60 if diverging else 10)
    figure, axes = _figure_with_axes(title, max(names_width + width + 20, 560), figure_height)
    colours = "RdBu" if diverging else "gray_r"
    for index, image in enumerate(images):
        left, top = index % columns * (side + gap), index // columns * pitch + head
        extent = (left, left + side, top + height, top)
        drawn = axes.imshow(image, cmap=colours, vmin=low, vmax=high, extent=extent)
        axes.add_patch(Rectangle((left, top), side, height, fill=False, edgecolor=HAIRLINE))
        if titles:
            axes.text(left + side / 2, top - 4, titles[index], ha="center", va="bottom")
    for row, name in enumerate(row_names):
        axes.text(-gap, row * pitch + head + height / 2, name, ha="right", va="center")
    axes.set(xlim=(-names_width, width), ylim=(rows * pitch, 0), anchor="NW")
    axes.axis("off")
    if diverging:
        place = {"location": "bottom", "shrink": 0.5, "aspect": 30, "pad": 0.02}
        bar = figure.colorbar(drawn, ax=axes, anchor=(0, 0), panchor=(0, 1), **place)
        bar.set_label("red: below zero; white: zero; blue: above zero", loc="left")
        bar.outline.set_visible(False)
    return figure


def _grey_limits(images):
    _require(np.all(np.isfinite(images)), "A picture has a value that is not a finite number.")
    _require(images.min() >= 0, "A picture has values below zero: use diverging=True.")
    _require(images.max() <= 255, f"A picture has a value of {images.max():g}, above 255.")
    return 0, 255 if images.dtype.kind in "iu" or images.max() > 1 else 1


def _signed_limits(values):
    _require(not np.any(np.isinf(values)), "A colour cannot show an infinite value.")
    _require(not np.all(np.isnan(values)), "All values are NaN: there is nothing to show.")
    size = np.nanmax(np.abs(values)) or 1.0
    return -size, size


@_in_style
def plot_predictions(
    images: ArrayLike,
    probabilities: ArrayLike,
    labels: ArrayLike,
    *,
    class_names: Sequence[str],
    title: str,
) -> DescribedFigure:
    """Show up to six `images` (n, height, width) with their `probabilities` (n, classes) as bars.

    `labels` (n,) are the true classes. Headings say whether the most probable class is right.
    Raises ValueError for shapes, lengths, probabilities or labels that don't fit.
    """
    images, labels = np.asarray(images), np.asarray(labels)
    probabilities = np.asarray(probabilities, dtype=float)
    _require(
        images.ndim == 3 and 1 <= len(images) <= 6 and images.size > 0,
        f"Give one to six pictures (n, height, width), not {images.shape}.",
    )
    expected = (len(images), len(class_names))
    _require(
        probabilities.shape == expected,
        f"Probabilities must have the shape {expected}, not {probabilities.shape}.",
    )
    _require(
        not np.any((probabilities < 0) | (probabilities > 1.001)),
        "Probabilities must be from 0 to 1: give softmax of the scores, not the scores.",
    )
    _require(
        labels.shape == (len(images),) and labels.min() >= 0 and labels.max() < len(class_names),
        f"Labels must be {len(images)} integers from 0 to {len(class_names) - 1}.",
    )
    low, high = _grey_limits(images)

    across = min(2, len(images))
    down = -(-len(images) // across)
    width = WIDEST if across == 2 else 560
    figure = _new_figure(title, width, down * (50 + 21 * len(class_names)))
    grid = figure.subplots(down, 2 * across, width_ratios=[1, 2] * across, squeeze=False).ravel()
    for image, axes in zip(images, grid[::2], strict=False):
        axes.imshow(image, cmap="gray_r", vmin=low, vmax=high)
        axes.set(xticks=[], yticks=[], anchor="N")
        axes.spines[:].set(visible=True, color=HAIRLINE)
    for shares, label, axes in zip(probabilities, labels, grid[1::2], strict=False):
        _draw_prediction(axes, shares, int(label), class_names)
    for axes in grid[2 * len(images) :]:
        axes.remove()
    return figure


def _draw_prediction(axes, probabilities, label, class_names):
    guess = int(np.argmax(probabilities))
    verdict = "right" if guess == label else "wrong"
    axes.set_title(f"{verdict}: {class_names[guess]}", fontweight="bold")
    _draw_bars(axes, class_names, probabilities, _colours_of(class_names, PLAIN_BAR))
    marks = {label: " ● true", guess: " ◀ ● right" if guess == label else " ◀ guess"}
    for place, words in enumerate(_written(probabilities)):
        _write_beside(axes, probabilities[place], place, words + marks.get(place, ""))
    axes.set(xlim=(0, 1.7), xticks=[])
    axes.spines["bottom"].set_visible(False)


# Bars --------------------------------------------------------------------------------------------


@_in_style
def plot_bars(
    names: Sequence[str],
    values: ArrayLike | Mapping[str, ArrayLike],
    *,
    title: str,
    axis_label: str,
    reference: tuple[float, str] | None = None,
) -> DescribedFigure:
    """Draw a horizontal bar for each of `names`, from top to bottom, with its value written at it.

    `values` is a sequence as long as `names`, or {label: sequence} for up to four bars a name.
    `reference` (value, words) adds a dashed line. Values may be negative; NaN is written without a
    bar. Raises ValueError for no names, lengths that don't fit and infinite values.
    """
    series_of = values if isinstance(values, Mapping) else {None: values}
    _require(
        1 <= len(series_of) <= len(SERIES_BARS),
        f"A bar chart has one to four bars a name, not {len(series_of)}.",
    )
    _require(len(names) > 0, "A bar chart needs at least one name and its value.")
    groups = {label: np.asarray(series) for label, series in series_of.items()}
    for series in groups.values():
        _require(
            series.shape == (len(names),),
            f"{len(names)} names need as many values, not {series.shape}.",
        )
        _require(not np.any(np.isinf(series)), "A bar cannot be infinitely long.")
    _check_reference(reference)

    height = 90 + len(names) * max(32, 26 * len(groups)) + 30 * (len(groups) > 1)
    figure, axes = _figure_with_axes(title, 800, height)
    thickness = 0.78 / len(groups)
    everything = np.concatenate([*groups.values(), [0] if reference is None else [0, reference[0]]])
    for index, (label, series) in enumerate(groups.items()):
        places = np.arange(len(names)) + (index - (len(groups) - 1) / 2) * thickness
        colours = _colours_of(names, PLAIN_BAR) if label is None else SERIES_BARS[index]
        _draw_bars(axes, names, series, colours, places, thickness * 0.95, label, HATCHES[index])
        for value, place, words in zip(series, places, _written(everything, series), strict=True):
            _write_beside(axes, value, place, words)
    axes.set_xlabel(axis_label)
    low, high = np.nanmin(everything), np.nanmax(everything)
    room = 0.14 * ((high - low) or 1)
    axes.set_xlim(low - room * (low < 0), high + room)
    axes.axvline(0, color=QUIET_INK, linewidth=1)
    if reference is not None:
        place, words = reference
        line = axes.axvline(place, color=INK, linestyle="--", linewidth=1.5)
        line.set_path_effects([withStroke(linewidth=4, foreground="white")])
        axes.annotate(words, (place, -0.85), xytext=(5, 0), textcoords="offset points", va="center")
        axes.set_ylim(len(names) - 0.5, -1.2)
    if len(groups) > 1:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(groups), borderaxespad=0.2)
    return figure


@_in_style
def plot_softmax_steps(
    logits: ArrayLike, *, class_names: Sequence[str], title: str
) -> DescribedFigure:
    """Show softmax in three steps, side by side: scores z, exp(z), and exp(z) divided by their sum.

    `logits` (n,) are the scores. Raises ValueError for no scores, lengths that don't fit, scores
    that are not finite, and overflow in exp(z).
    """
    logits = np.asarray(logits, dtype=float)
    _require(
        logits.ndim == 1 and len(logits) > 0,
        f"Softmax in steps takes one row of scores, not the shape {logits.shape}.",
    )
    _require(np.all(np.isfinite(logits)), "A score is not a finite number: no bar can show it.")
    class_names = _names(class_names, len(logits), "class names", "scores")
    with np.errstate(over="ignore"):
        powers = np.exp(logits)
    _require(
        np.all(np.isfinite(powers)),
        "exp(z) is no finite number for one of the scores: draw smaller ones.",
    )

    figure = _new_figure(title, WIDEST, 90 + 34 * len(logits))
    steps = (
        ("1. the scores z", logits),
        ("2. exp(z)", powers),
        ("3. exp(z) / their sum", powers / powers.sum()),
    )
    panels = figure.subplots(1, 3, sharey=True)
    winner = int(np.argmax(logits))
    for axes, (heading, values) in zip(panels, steps, strict=True):
        axes.set_title(heading, fontweight="bold")
        bars = _draw_bars(axes, class_names, values, _colours_of(class_names, PLAIN_BAR))
        bars[winner].set(edgecolor=INK, linewidth=2.5)
        for place, value in enumerate(values):
            mark = " ◀ largest" if place == winner else ""
            _write_beside(axes, value, place, _three_digits(value) + mark)
        low, high = min(0, values.min()), max(0, values.max())
        room = (high - low) or 1
        axes.set_xlim(low - 0.6 * room * (low < 0), high + 0.8 * room)
        axes.axvline(0, color=QUIET_INK, linewidth=1)
        axes.set_xticks([])
        axes.spines[["bottom", "left"]].set_visible(False)
        axes.tick_params(left=False)
        total = f"sum {_three_digits(values.sum())}"
        axes.text(0, -0.02, total, transform=axes.transAxes, va="top", fontsize=12)
    return figure


def _draw_bars(axes, names, values, colours, places=None, thickness=0.78, label=None, hatch=None):
    places = np.arange(len(names)) if places is None else places
    edge = {"edgecolor": INK, "linewidth": 0.8}
    bars = axes.barh(places, values, thickness, color=colours, hatch=hatch, label=label, **edge)
    axes.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5))
    axes.tick_params(axis="y", length=0)
    return bars


def _write_beside(axes, value, place, words):
    left = value < 0
    axes.annotate(
        words,
        (0 if np.isnan(value) else value, place),
        xytext=(-5 if left else 5, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        bbox=BEHIND_TEXT,
    )


ACCURACY_BARS = "accuracy, up to the thick line"
GAP_BARS = "confidence − accuracy"
RARE = 0.025  # a bin with a smaller share of the pictures has an accuracy that is mostly luck


@_in_style
def plot_reliability(
    panels: Mapping[str, tuple[ArrayLike, ArrayLike, ArrayLike]], *, title: str
) -> DescribedFigure:
    """Draw up to four reliability diagrams, {panel title: (counts, confidence, accuracy)}.

    The three arrays (bins,) are what `helpers.metrics.reliability_bins` returns, for bins of equal
    width. Bars are the accuracy in each bin, hatched from there to its mean confidence; the axes
    below show the share of the pictures. A bin with less than one in 40 of these has no bar above.
    Raises ValueError for arrays that don't fit, and if all bins are that small.
    """
    _require(1 <= len(panels) <= 4, f"One to four diagrams fit on a figure, not {len(panels)}.")
    diagrams = {name: [np.asarray(part) for part in bins] for name, bins in panels.items()}
    for name, bins in diagrams.items():
        _require(
            len(bins) == 3 and {part.shape for part in bins} == {(bins[0].size,)},
            f"Diagram {name!r} needs counts, confidence and accuracy, one of each for each bin.",
        )
        total = bins[0].sum()
        _require(total > 0, f"Diagram {name!r} has no picture in any bin.")
        _require(
            np.any(bins[0] >= RARE * total),
            f"Diagram {name!r} has fewer than one in 40 pictures in each bin: use fewer bins.",
        )

    across = min(2, len(diagrams))
    down = -(-len(diagrams) // across)
    figure = _new_figure(title, WIDEST if across == 2 else 620, 40 + 390 * down)
    grid = figure.add_gridspec(2 * down, across, height_ratios=[3, 1] * down)
    for place, (name, bins) in enumerate(diagrams.items()):
        row, column = divmod(place, across)
        above = figure.add_subplot(grid[2 * row, column])
        below = figure.add_subplot(grid[2 * row + 1, column])
        above.set_title(name, fontweight="bold")
        _draw_reliability(above, below, *bins)
        above.set_ylabel("accuracy")
        below.set(xlabel="confidence", ylabel="share of\npictures")
        above.tick_params(labelbottom=False)
        for axes in (above, below):
            axes.yaxis.label.set_visible(column == 0)
            axes.tick_params(labelleft=column == 0)
    handles, words = above.get_legend_handles_labels()
    bars = [words.index(word) for word in (ACCURACY_BARS, GAP_BARS)]
    figure.legend(
        [handles[place] for place in bars],
        [words[place] for place in bars],
        loc="outside lower left",
        ncols=2,
    )
    return figure


def _draw_reliability(above, below, counts, confidence, accuracy):
    starts = np.arange(len(counts)) / len(counts)
    shares = counts / counts.sum()
    width = 1 / len(counts)
    edge = {"align": "edge", "width": width, "edgecolor": INK, "linewidth": 0.8}
    shown = shares >= RARE
    above.plot([0, 1], [0, 1], color=QUIET_INK, linestyle="--", label="confidence = accuracy")
    above.bar(starts[shown], accuracy[shown], color=PLAIN_BAR, label=ACCURACY_BARS, **edge)
    above.bar(
        starts[shown],
        (confidence - accuracy)[shown],
        bottom=accuracy[shown],
        color=SERIES_BARS[1],
        hatch=HATCHES[1],
        label=GAP_BARS,
        **edge,
    )
    # If the confidence is below the accuracy, its hatching covers the bar's end: hence the line.
    above.hlines(accuracy[shown], starts[shown], starts[shown] + width, color=INK, linewidth=3.5)
    below.bar(starts, shares, color=SERIES_BARS[3], **edge)
    for axes in (above, below):
        axes.set(xlim=(0, 1), ylim=(0, 1))


# Lines -------------------------------------------------------------------------------------------


@_in_style
def plot_lines(
    x: ArrayLike | None,
    curves: Mapping[str, Any],
    *,
    title: str,
    x_label: str,
    y_label: str,
    log_x: bool = False,
    log_y: bool = False,
    reference: tuple[float, str] | None = None,
) -> DescribedFigure:
    """Draw up to ten `curves`, {name: y} over a common `x`, or {name: (x, y)} with `x` None.

    `reference` (height, words) adds a dashed level line. Of two curves that coincide the first is
    drawn thick and light under the second. NaN leaves a gap, and so do values up to 0 on a
    logarithmic axis. Raises ValueError for lengths that don't fit and for curves without a point.
    """
    curves = _checked_curves(x, curves, log_x, log_y)
    _check_reference(reference, log_y)
    figure, axes = _figure_with_axes(title, 860, 460)
    axes.set(xscale="log" if log_x else "linear", yscale="log" if log_y else "linear")
    _draw_curves(axes, curves, list(curves))
    axes.set(xlabel=x_label, ylabel=y_label)
    if reference is not None:
        axes.axhline(reference[0], color=QUIET_INK, linestyle="--", linewidth=1.2)
    _label_curves(axes, curves, reference)
    return figure


@_in_style
def plot_line_panels(
    x: ArrayLike | None,
    panels: Mapping[str, Mapping[str, Any]],
    *,
    title: str,
    x_label: str,
    y_label: str,
) -> DescribedFigure:
    """Draw up to four panels on shared axes, {panel title: curves}; curves as for `plot_lines`.

    A name has the same look in all panels, so there are at most ten different names.
    """
    _require(1 <= len(panels) <= 4, f"One to four panels fit on a figure, not {len(panels)}.")
    panels = {heading: _checked_curves(x, curves) for heading, curves in panels.items()}
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    _require(
        len(names) <= len(CLASS_COLOURS),
        f"The panels have {len(names)} different names of curves, and there are ten colours: "
        "give curves of the same kind the same name in all panels.",
    )
    across = 2 if len(panels) in (2, 4) else len(panels)
    down = -(-len(panels) // across)
    figure = _new_figure(title, WIDEST, 60 + 300 * down)
    grid = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
    for axes, (heading, curves) in zip(grid.ravel(), panels.items(), strict=True):
        axes.set_title(heading, fontweight="bold")
        _draw_curves(axes, curves, names)
        axes.set(xlabel=x_label, ylabel=y_label)
        axes.xaxis.label.set_visible(axes.get_subplotspec().is_last_row())
        axes.yaxis.label.set_visible(axes.get_subplotspec().is_first_col())
    for axes, curves in zip(grid.ravel(), panels.values(), strict=True):
        _label_curves(axes, curves)
    return figure


def _checked_curves(x, curves, log_x=False, log_y=False):
    _require(
        1 <= len(curves) <= len(CLASS_COLOURS),
        f"One to ten curves fit on a figure, not {len(curves)}.",
    )
    checked = {}
    for name, curve in curves.items():
        _require(
            x is not None or len(curve) == 2,
            f"Without a common x, curve {name!r} must be a pair (x, y), not {len(curve)} values.",
        )
        xs, ys = (np.asarray(values) for values in (curve if x is None else (x, curve)))
        _require(
            xs.ndim == 1 and xs.shape == ys.shape,
            f"Curve {name!r} has x of shape {xs.shape} and y of shape {ys.shape}.",
        )
        drawn = np.isfinite(xs) & np.isfinite(ys) & (xs > 0 if log_x else True)
        drawn &= ys > 0 if log_y else True
        _require(np.any(drawn), f"Curve {name!r} has no point that can be drawn.")
        checked[str(name)] = (xs, ys if np.all(drawn) else np.where(drawn, ys, np.nan))
    return checked


def _draw_curves(axes, curves, names):
    """Draw `curves`; a name's index in `names` decides its look, so that panels agree."""
    axes.grid(axis="y")
    if axes.get_xscale() == "linear" and all(xs.dtype.kind in "iu" for xs, _ in curves.values()):
        axes.xaxis.get_major_locator().set_params(integer=True)  # no half epochs
    colours = dict(zip(names, _colours_of(names), strict=True))
    spread = np.ptp(np.concatenate([ys[np.isfinite(ys)] for _, ys in curves.values()]))
    for name, (xs, ys) in curves.items():
        index = names.index(name)
        below = [line for line in axes.lines if _coincide(line, xs, ys, 0.005 * spread)]
        for line in below[:1]:
            line.set(linewidth=7, alpha=0.45, linestyle="-", marker="None")
        axes.plot(
            xs,
            ys,
            label=name,
            color=colours[name],
            linestyle=LINE_STYLES[(len(below) or index) % len(LINE_STYLES)],
            marker=MARKERS[index % len(MARKERS)],
            markevery=_marked(len(xs), index),
        )


def _coincide(line, xs, ys, tolerance):
    """Whether `line` and the new curve share two points or more, and agree on all they share."""
    other_xs, other_ys = line.get_data()
    if not np.array_equal(other_xs, xs):
        return False
    apart = np.abs(other_ys - ys)[np.isfinite(other_ys) & np.isfinite(ys)]
    return len(apart) > 1 and apart.max() <= tolerance


def _marked(count, index):
    """Return the slice of about eight points to mark, shifted from curve to curve."""
    step = max(1, count // 8)
    return slice(index % step, None, step)


def _label_curves(axes, curves, reference=None):
    """Write the names at the right, each with a leader to its curve's last point."""
    axes.autoscale_view()
    ends = {}
    for line in axes.lines:
        if line.get_label() in curves:
            xs, ys = curves[line.get_label()]
            last = np.flatnonzero(np.isfinite(ys))[-1]
            ends[line.get_label()] = (xs[last], ys[last]), line.get_color()
    if reference is not None:
        height, words = reference
        ends[words] = (axes.get_xlim()[1], height), QUIET_INK
    to_fraction = axes.transScale + axes.transLimits
    heights = {name: to_fraction.transform(end)[1] for name, (end, _) in ends.items()}
    gap = 24 / (axes.get_position().height * axes.figure.get_figheight() * SHOWN_PIXELS_PER_INCH)
    for name, height in _spread(heights, gap).items():
        end, colour = ends[name]
        leader = {"arrowstyle": "-", "color": colour, "linewidth": 1.2, "shrinkA": 2, "shrinkB": 0}
        place = {"xytext": (1.04, height), "textcoords": "axes fraction", "va": "center"}
        axes.annotate(name, end, arrowprops=leader, **place)


def _spread(heights, gap):
    """Return `heights` moved as little as possible so that all are at least `gap` apart."""
    keys = sorted(heights, key=heights.get)
    wanted = np.array([heights[key] for key in keys])
    steps = gap * np.arange(len(keys))
    # Isotonic regression by pooling: what would overlap becomes one block around its own mean.
    blocks = []
    for value in wanted - steps:
        blocks.append([value])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    placed = np.concatenate([np.full(len(block), np.mean(block)) for block in blocks]) + steps
    return dict(zip(keys, placed, strict=True))


@_in_style
def plot_triangle(
    probabilities: ArrayLike,
    *,
    class_names: Sequence[str],
    point_labels: Mapping[int, str],
    title: str,
) -> DescribedFigure:
    """Draw the path of `probabilities` (n, 3) across the triangle whose corners are the classes.

    `point_labels` names points by their index. The path runs from the circle to the square.
    Raises ValueError for rows that are not probabilities of three classes.
    """
    probabilities = np.asarray(probabilities, dtype=float)
    _require(
        probabilities.ndim == 2 and probabilities.shape[1] == 3,
        f"The triangle takes (n, 3), not {probabilities.shape}.",
    )
    _require(
        len(probabilities) > 0
        and np.allclose(probabilities.sum(axis=1), 1, atol=1e-3)
        and probabilities.min() >= 0,
        "Each row must be probabilities: none below zero, and 1 together.",
    )
    class_names = _names(class_names, 3, "class names", "corners")
    _require(
        all(0 <= index < len(probabilities) for index in point_labels),
        "A label is for a point that does not exist.",
    )

    figure, axes = _figure_with_axes(title, 760, 600)
    corners = _draw_triangle(axes, class_names)
    path = probabilities @ corners
    axes.plot(*path.T, color=PLAIN_BAR, linewidth=3, label="path")
    for index, words in point_labels.items():
        right, up = _away_from(path, index)
        axes.plot(*path[index], "o", color=PLAIN_BAR, markersize=7)
        axes.annotate(
            words,
            path[index],
            xytext=(12 * right, 12 * up),
            textcoords="offset points",
            ha="left" if right > 0.3 else "right" if right < -0.3 else "center",
            va="bottom" if up > 0.3 else "top" if up < -0.3 else "center",
            bbox=BEHIND_TEXT,
        )
    start = {"s": 110, "marker": "o", "color": "white", "edgecolor": INK, "linewidth": 2}
    ends = [
        axes.scatter(*path[0], zorder=3, label="start", **start),
        axes.scatter(*path[-1], zorder=3, label="end", s=90, marker="s", color=INK),
    ]
    axes.legend(handles=ends, loc="upper left")
    return figure


def _draw_triangle(axes, class_names):
    """Draw the empty triangle, and return its corners as rows."""
    corners = np.array([[0, 0], [1, 0], [0.5, np.sqrt(3) / 2]])
    axes.add_patch(Polygon(corners, fill=False, edgecolor=QUIET_INK, linewidth=1.5))
    for corner in range(3):
        others = np.delete(corners, corner, axis=0)
        for share in (0.25, 0.5, 0.75):
            ends = share * corners[corner] + (1 - share) * others
            axes.plot(*ends.T, color=HAIRLINE, linewidth=0.8, zorder=0)
    sides = (("right", "top", (-4, -26)), ("left", "top", (4, -26)), ("center", "bottom", (0, 8)))
    for corner, name, (across, up, offset) in zip(corners, class_names, sides, strict=True):
        place = {"xytext": offset, "textcoords": "offset points", "ha": across, "va": up}
        axes.annotate(name, corner, fontweight="bold", fontsize=12, gid="corner", **place)
    axes.axis("off")
    axes.set(aspect="equal", xlim=(-0.2, 1.2), ylim=(-0.1, 0.98))
    return corners


def _away_from(path, index):
    """Return the unit vector at right angles to `path` at `index`, away from the path's mean."""
    before, after = path[max(0, index - 1)], path[min(len(path) - 1, index + 1)]
    square = np.array([[0, 1], [-1, 0]]) @ (after - before)
    if square @ (path[index] - path.mean(axis=0)) < 0:
        square = -square
    return square / (np.linalg.norm(square) or 1)


# Matrices and maps -------------------------------------------------------------------------------


@_in_style
def plot_matrix(
    values: ArrayLike,
    *,
    row_names: Sequence[str],
    column_names: Sequence[str],
    title: str,
    row_label: str,
    column_label: str,
    diverging: bool = False,
) -> DescribedFigure:
    """Show `values` (rows, columns) as coloured cells with their numbers.

    `diverging` is for values of both signs: red below zero, blue above it. NaN is grey.
    Raises ValueError for more than 12 rows or columns, or lengths or values that don't fit.
    """
    values = np.asarray(values)
    _require(np.any(np.isfinite(values)), "A matrix needs at least one finite value.")
    colours = "RdBu" if diverging else "Blues"
    limits = _signed_limits(values) if diverging else (min(0, np.nanmin(values)), np.nanmax(values))
    figure, axes = _draw_matrix(values, row_names, column_names, title, colours, limits)
    axes.set(ylabel=row_label, xlabel=column_label)
    return figure


@_in_style
def plot_confusion_matrix(
    matrix: ArrayLike, *, class_names: Sequence[str], title: str
) -> DescribedFigure:
    """Show counts or shares of (true class, predicted class): mistakes blue, the diagonal green.

    The column of a class that is never predicted says so. NaN is grey: the shares of a class
    without pictures. Raises ValueError unless `matrix` is square and holds nothing below zero.
    """
    matrix = np.asarray(matrix)
    _require(
        matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1] and matrix.size > 0,
        f"A confusion matrix is square, not {matrix.shape}.",
    )
    _require(not np.any(matrix < 0), "A confusion matrix holds counts or shares, from 0 up.")
    count = len(matrix)
    class_names = _names(class_names, count, "class names", "classes")
    never = np.flatnonzero(np.nansum(matrix, axis=0) == 0)
    columns = [
        f"{name}\nnever predicted" if column in never else name
        for column, name in enumerate(class_names)
    ]
    # The scale ends at the largest mistake: up to the diagonal's values all mistakes would be pale.
    highest = np.nanmax(matrix[~np.eye(count, dtype=bool)], initial=0)
    figure, axes = _draw_matrix(matrix, class_names, columns, title, "Blues", (0, highest))
    axes.set(ylabel="true class", xlabel="predicted class")
    for place in range(count):
        corner = (place - 0.5, place - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, facecolor=DIAGONAL_FILL, edgecolor=INK))
        axes.texts[place * (count + 1)].set(color=INK, fontweight="bold")
    for column in never:
        axes.add_patch(
            Rectangle(
                (column - 0.5, -0.5),
                width=1,
                height=count,
                fill=False,
                hatch="//",
                edgecolor="#bdbdbd",
                linewidth=0,
            )
        )
    return figure


def _draw_matrix(values, row_names, column_names, title, colours, limits):
    _require(
        values.ndim == 2 and max(values.shape) <= 12,
        f"A matrix has up to 12 rows and columns, not {values.shape}.",
    )
    _require(not np.any(np.isinf(values)), "A colour cannot show an infinite value.")
    rows, columns = values.shape
    row_names = _names(row_names, rows, "row names", "rows")
    column_names = _names(column_names, columns, "column names", "columns")
    width = np.clip(190 + 66 * columns, 560, WIDEST)
    long_names = 8 * max(map(len, column_names)) > (width - 190) / columns
    figure, axes = _figure_with_axes(title, width, 120 + 52 * rows + 60 * long_names)
    low, high = limits
    colour_map = matplotlib.colormaps[colours].with_extremes(bad=HAIRLINE)
    norm = Normalize(low, high if high > low else low + 1)
    axes.imshow(values, cmap=colour_map, norm=norm, aspect="auto")
    axes.set_yticks(range(rows), row_names)
    slant = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if long_names else {}
    axes.set_xticks(range(columns), column_names, **slant)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for place, words in enumerate(_written(values.ravel())):
        row, column = divmod(place, columns)
        ink = _ink_on(colour_map(norm(values[row, column])))
        axes.text(column, row, words, ha="center", va="center", color=ink)
    return figure, axes


@_in_style
def plot_failure_map(
    x: ArrayLike,
    y: ArrayLike,
    categories: Mapping[str, ArrayLike],
    *,
    category_names: Sequence[str],
    title: str,
    x_label: str,
    y_label: str,
) -> DescribedFigure:
    """Colour each point of a grid by its outcome: {panel title: (len(y), len(x)) integers}.

    The integers are indices into `category_names`. Raises ValueError for shapes, values or integers
    that don't fit, for more than three panels or five categories.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    _require(
        x.size > 0 and y.size > 0 and np.all(np.isfinite(x)) and np.all(np.isfinite(y)),
        "A map needs at least one finite x and one finite y, and no others.",
    )
    panels = {heading: np.asarray(cells) for heading, cells in categories.items()}
    _require(1 <= len(panels) <= 3, f"One to three maps fit side by side, not {len(panels)}.")
    _require(
        1 <= len(category_names) <= len(CATEGORY_FILLS),
        f"A map has one to five categories, not {len(category_names)}.",
    )
    for heading, cells in panels.items():
        _require(
            cells.shape == (len(y), len(x)),
            f"Map {heading!r} must have the shape {(len(y), len(x))}, not {cells.shape}.",
        )
        _require(
            cells.dtype.kind in "iu" and cells.min() >= 0 and cells.max() < len(category_names),
            f"Map {heading!r} must hold integers from 0 to {len(category_names) - 1}.",
        )

    figure = _new_figure(title, WIDEST if len(panels) > 1 else 600, 440)
    colours = ListedColormap(CATEGORY_FILLS[: len(category_names)])
    norm = BoundaryNorm(np.arange(len(category_names) + 1) - 0.5, len(category_names))
    grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (heading, cells) in zip(grid, panels.items(), strict=True):
        axes.set_title(heading, fontweight="bold")
        axes.set(xlabel=x_label, ylabel=y_label)
        axes.yaxis.label.set_visible(axes.get_subplotspec().is_first_col())
        mesh = axes.pcolormesh(x, y, cells, cmap=colours, norm=norm, shading="nearest")
        _hatch_cells(axes, mesh, cells)
    handles = [
        Patch(facecolor=colour, hatch=hatch, edgecolor=_ink_on(colour), linewidth=0)
        for colour, hatch, _ in zip(CATEGORY_FILLS, HATCHES, category_names, strict=False)
    ]
    words = [textwrap.fill(name, 16) for name in category_names]
    figure.legend(handles, words, loc="outside right center", handlelength=2.4, handleheight=1.6)
    return figure


def _hatch_cells(axes, mesh, cells):
    """Hatch the cells of each category, so that colour is not the only cue."""
    corners = mesh.get_coordinates()
    outlines: dict[int, list[Path]] = {category: [] for category in range(len(HATCHES))}
    for row, categories in enumerate(cells):
        changes = [0, *(np.flatnonzero(np.diff(categories)) + 1), len(categories)]
        for start, stop in pairwise(changes):
            run = corners[[row, row, row + 1, row + 1, row], [start, stop, stop, start, start]]
            outlines[categories[start]].append(Path(run))
    for category, hatch in enumerate(HATCHES):
        if hatch and outlines[category]:
            area = Path.make_compound_path(*outlines[category])
            ink = _ink_on(CATEGORY_FILLS[category])
            axes.add_patch(PathPatch(area, fill=False, hatch=hatch, edgecolor=ink, linewidth=0))


# Shared ------------------------------------------------------------------------------------------


def _new_figure(title, width, height):
    """Return an empty figure of `width` × `height` shown pixels, with its title and its note."""
    lines = textwrap.wrap(title, round((width - 20) / 10.6))
    height += 12 + 24 * len(lines) + 24 * (_source == "sketches")
    size = (width / SHOWN_PIXELS_PER_INCH, height / SHOWN_PIXELS_PER_INCH)
    figure = DescribedFigure(figsize=size, layout="constrained")
    figure.suptitle("\n".join(lines), x=0.01, ha="left")
    if _source == "sketches":
        look = {"fontsize": 11, "color": QUIET_INK, "style": "italic"}
        figure.supxlabel(SKETCHES_NOTE, x=0.01, ha="left", **look)
    return figure


def _figure_with_axes(title, width, height):
    figure = _new_figure(title, width, height)
    return figure, figure.subplots()


def _colours_of(names, plain=None):
    """Return a colour for each name: a garment's own, else `plain`, else the next unused one."""
    garments = dict(zip(CLASS_NAMES, CLASS_COLOURS, strict=True))
    taken = {garments.get(name) for name in names}
    left_over = iter([colour for colour in CLASS_COLOURS if colour not in taken])
    return [garments.get(name) or plain or next(left_over) for name in names]


def _ink_on(background):
    """Return black or white, whichever contrasts more with `background` (WCAG 2 luminance)."""
    channels = np.array(to_rgb(background))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return "black" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "white"


def _written(values, shown=None):
    """Write `shown`, or all `values`, with decimals that give the largest value three digits."""
    values = np.asarray(values)
    shown = values if shown is None else np.asarray(shown)
    if shown.dtype.kind in "iu":
        return [f"{value:,d}".replace("-", "−") for value in shown]
    sizes = np.abs(values[np.isfinite(values)])
    largest = sizes.max(initial=0) or 1.0
    if largest < 1e-3 or largest >= 1e5:
        return [f"{value:.2g}".replace("-", "−") for value in shown]
    decimals = int(np.clip(2 - np.floor(np.log10(largest)), 0, 3))
    # Adding 0.0 to what is rounded turns −0.000 into 0.000.
    return [f"{np.round(value, decimals) + 0.0:,.{decimals}f}".replace("-", "−") for value in shown]


def _three_digits(value):
    """Write `value` with three digits of its own, for values of very different sizes."""
    value = float(f"{value:.3g}")
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.2g}".replace("-", "−")
    decimals = 2 - int(np.floor(np.log10(abs(value)))) if value else 1
    return f"{value:,.{max(0, decimals)}f}".replace("-", "−")


def _require(condition, sentence):
    if not condition:
        raise ValueError(sentence)


def _check_reference(reference, logarithmic=False):
    _require(
        reference is None or (np.isfinite(reference[0]) and (reference[0] > 0 or not logarithmic)),
        "A reference line needs a finite value, above 0 on a logarithmic axis.",
    )


def _wrapped(words, width):
    lines = [textwrap.fill(line, width, break_long_words=False) for line in words.splitlines()]
    return "\n".join(lines)


def _names(names, expected, what, of_what):
    """Return `names` as a list of words, [] for None; ValueError unless `expected` many."""
    if names is None:
        return []
    names = [str(name) for name in names]
    _require(len(names) == expected, f"There are {len(names)} {what} for {expected} {of_what}.")
    return names
