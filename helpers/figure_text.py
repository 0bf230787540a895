"""A figure in words, read off what was really drawn: its bars, lines, points, pictures and labels.

The words are for a reader who cannot see the figure, and for the tests: pixels differ between
machines, words do not. Nothing here asks a plotting helper what it meant to draw, so whatever goes
wrong on the way to the paper changes the words.
"""

from __future__ import annotations

import re

import numpy as np
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_rgb
from matplotlib.container import BarContainer
from matplotlib.patches import Patch, Polygon
from matplotlib.ticker import FixedLocator

COLOUR_WORDS = {
    "white": "#ffffff",
    "pale grey": "#e0e0e0",
    "light grey": "#bdbdbd",
    "grey": "#777777",
    "dark grey": "#555555",
    "slate blue": "#46627f",
    "black": "#222222",
    "pale blue": "#c6dbef",
    "light blue": "#8fc1ee",
    "blue": "#2f7ee6",
    "dark blue": "#08306b",
    "teal": "#0aa5a4",
    "pale green": "#d5ecd4",
    "green": "#2ca24a",
    "yellow": "#f0e040",
    "orange": "#e07000",
    "light orange": "#fdc68a",
    "brown": "#835640",
    "red": "#b01515",
    "dark red": "#67001f",
    "light red": "#f4a582",
    "pink": "#d66acd",
    "purple": "#7329b7",
}
LINE_WORDS = {"-": "solid", "--": "dashed", "-.": "dash-dotted", ":": "dotted", "None": "no line"}
MARKER_WORDS = {
    "o": "circles",
    "s": "squares",
    "^": "triangles",
    "D": "diamonds",
    "v": "downward triangles",
    "P": "plus signs",
    "X": "crosses",
    "*": "stars",
    "<": "leftward triangles",
    ">": "rightward triangles",
}
HATCH_WORDS = {"/": "striped", "\\": "striped the other way", ".": "dotted", "x": "crossed"}

SAMPLED_POINTS = 7
SMALL_MATRIX = 12  # cells a side, up to which every value is told
MANY_PICTURES = 30


def describe(figure) -> str:
    """Return what `figure` (a matplotlib Figure) shows, as lines of plain text.

    Reads titles, axes, bars, lines, points, pictures, matrices, maps, written notes and keys from
    the artists. Values have three significant digits; integers stay integers.
    """
    panels = _panels(figure)
    lines = [f"{_kind(figure)}: {_one_line(figure.get_suptitle())}"]
    for position, axes in enumerate(panels, start=1):
        heading = _one_line(axes.get_title("left") or axes.get_title())
        if len(panels) > 1:
            lines.append(f"Panel {position} of {len(panels)}" + (f": {heading}" if heading else ""))
        elif heading:
            lines.append(heading)
        lines += _describe_axes(axes)
    for axes in figure.axes:
        if axes not in panels:
            lines += _describe_colour_bar(axes)
    for legend in figure.legends:
        lines += _describe_legend(legend)
    if figure.get_supxlabel():
        lines.append(f"Note: {_one_line(figure.get_supxlabel())}")
    return "\n".join(lines)


def summarise(figure) -> str:
    """Return one sentence for `figure`, for alt text: its kind, its title and its axes."""
    axes = _panels(figure)[0]
    parts = [f"{_kind(figure)}: {_one_line(figure.get_suptitle())}"]
    for side, label in (("Across", axes.get_xlabel()), ("up", axes.get_ylabel())):
        if label:
            parts.append(f"{side}: {_one_line(label)}")
    return "; ".join(parts)


def number(value) -> str:
    """Write a float with three significant digits and a decimal point, an integer as it is."""
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    value = float(value)
    if not np.isfinite(value):
        return str(value)
    value = float(f"{value:.3g}")
    if value == 0:
        return "0.0"
    if not 1e-3 <= abs(value) < 1e6:
        return f"{value:.2e}"
    decimals = max(1, 2 - int(np.floor(np.log10(abs(value)))))
    text = f"{value:.{decimals}f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def colour_word(colour) -> str:
    """Return the plain word nearest to a matplotlib `colour`."""
    wanted = np.array(to_rgb(colour))
    return min(COLOUR_WORDS, key=lambda word: np.sum((wanted - to_rgb(COLOUR_WORDS[word])) ** 2))


def _panels(figure):
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


def _kind(figure):
    panels = _panels(figure)
    if any(_triangle_corners(axes) is not None for axes in panels):
        return "Triangle of probabilities"
    if any(_pictures(axes) for axes in panels):
        return "Pictures with bars" if any(_bar_groups(axes) for axes in panels) else "Pictures"
    if any(_meshes(axes) for axes in panels):
        return "Map"
    if any(axes.images for axes in panels):
        return "Table of numbers in colour"
    if any(_bar_groups(axes) for axes in panels):
        return "Bar chart"
    return "Line chart"


def _describe_axes(axes):
    texts = [text for text in axes.texts if text.get_text().strip()]
    corners = _triangle_corners(axes)
    if corners is not None:
        return _describe_triangle(axes, corners, texts)
    lines = []
    for side, axis in (("Across", axes.xaxis), ("Up", axes.yaxis)):
        if axis.get_label_text():
            scale = ", logarithmic" if axis.get_scale() == "log" else ""
            lines.append(f"{side}: {_one_line(axis.get_label_text())}{scale}.")
    pictures = _pictures(axes)
    if pictures:
        lines += _describe_pictures(pictures, texts)
    for image in axes.images:
        if image not in pictures:
            lines += _describe_matrix(axes, image, texts)
    for mesh in _meshes(axes):
        lines += _describe_map(axes, mesh)
    for group in _bar_groups(axes):
        lines += _describe_bars(axes, group, texts)
    for line in axes.lines:
        lines += _describe_line(axes, line, texts)
    lines += [f"Written: {_one_line(text.get_text())}" for text in texts]
    if axes.get_legend():
        lines += _describe_legend(axes.get_legend())
    return lines


# Bars --------------------------------------------------------------------------------------------


def _bar_groups(axes):
    return [container for container in axes.containers if isinstance(container, BarContainer)]


def _describe_bars(axes, group, texts):
    lying = group.orientation == "horizontal"
    axis = axes.yaxis if lying else axes.xaxis
    names = _tick_names(axis)
    boxes = [bar.get_bbox() for bar in group.patches]
    places = [(box.y0 + box.y1) / 2 if lying else (box.x0 + box.x1) / 2 for box in boxes]
    sizes = [bar.get_width() if lying else bar.get_height() for bar in group.patches]
    told = []
    for place, size, box in zip(places, _without_dust(sizes), boxes, strict=True):
        if names:
            name = names[min(names, key=lambda tick, place=place: abs(tick - place))]
        else:  # a histogram: what counts is where a bar begins and ends
            start, stop = (box.y0, box.y1) if lying else (box.x0, box.x1)
            name = f"{number(start)} to {number(stop)}"
        beside = [
            text for text in texts if hasattr(text, "xy") and np.isclose(text.xy[lying], place)
        ]
        remark = _remark(_take(texts, beside), size)
        told.append((place, f"  {name}: {number(size)}{remark}"))
    from_above = axis.get_inverted() if lying else True
    told.sort(key=lambda item: item[0], reverse=not from_above)
    label = "" if group.get_label().startswith("_") else f" of {group.get_label()}"
    return [f"Bars{label}{_fill_words(group.patches)}:", *(line for _, line in told)]


def _fill_words(patches):
    colours = {colour_word(patch.get_facecolor()) for patch in patches}
    hatches = {patch.get_hatch() for patch in patches}
    if len(colours) > 1 or len(hatches) > 1:
        return ""
    return f", {_patch_words(patches[0])}"


def _patch_words(patch):
    hatch = patch.get_hatch()
    texture = HATCH_WORDS.get(hatch[0], "patterned") + " " if hatch else ""
    return texture + colour_word(patch.get_facecolor())


def _remark(words, value):
    """Return in brackets what is written beside a `value`, unless it is just that value again."""
    written, _, rest = words.partition(" ")
    said = rest if _same_number(written, value) else words
    said = re.sub("[◀●] ?", "", said)  # the words after these signs say the same
    return f" ({said})" if said else ""


def _same_number(written, value):
    """Whether the word `written` is `value`, rounded as somebody who draws would round it."""
    try:
        shown = float(written.replace("−", "-").replace(",", ""))
    except ValueError:
        return False
    if np.isnan(shown) or np.isnan(value):
        return bool(np.isnan(shown) and np.isnan(value))
    if "e" in written:
        return bool(np.isclose(shown, value, rtol=0.051, atol=0))
    decimals = len(written.partition(".")[2])
    return abs(shown - value) <= 0.51 * 10.0**-decimals


# Lines and points --------------------------------------------------------------------------------


def _describe_line(axes, line, texts):
    look = _line_words(line)
    across, upwards = line.get_transform().contains_branch_seperately(axes.transData)
    if not (across and upwards):
        data = line.get_xdata() if across else line.get_ydata()
        if data[0] == 0 and line.get_linestyle() == "-":
            return []  # the base line of bars
        where = f"at {number(data[0])} across" if across else f"at height {number(data[0])}"
        return [f"Reference line {where} ({look})."]
    x = np.asarray(line.get_xdata(orig=True))
    y = np.asarray(line.get_ydata(orig=True))
    drawn = np.isfinite(x) & np.isfinite(y)
    if axes.get_xscale() == "log":
        drawn &= x > 0
    if axes.get_yscale() == "log":
        drawn &= y > 0
    name = _written_beside(line, x, y, texts) or line.get_label()
    count = int(drawn.sum())
    lines = [f"Line {name} ({look}): {count} points."]
    if count < len(x):
        lines.append(f"  Missing, so not drawn: {len(x) - count} of {len(x)} points.")
    if not count:
        return lines
    x, y = x[drawn], y[drawn]
    if axes.get_yscale() != "log":
        y = _without_dust(y)
    points = [f"{number(x[i])} → {number(y[i])}" for i in _sample(count)]
    lines += ["  " + "; ".join(points[i : i + 4]) for i in range(0, len(points), 4)]
    if count > SAMPLED_POINTS:
        lines.append(f"  lowest {number(y.min())}, highest {number(y.max())}")
    return lines


def _written_beside(line, x, y, texts):
    """Return the name that a leader of the colour of `line` ties to one of its points, or ""."""
    for text in texts:
        leader = getattr(text, "arrow_patch", None)
        if leader is None or to_rgb(leader.get_edgecolor()) != to_rgb(line.get_color()):
            continue
        if np.any((x == text.xy[0]) & (y == text.xy[1])):
            return _take(texts, [text])
    return ""


def _line_words(line):
    words = [LINE_WORDS.get(line.get_linestyle(), "patterned"), colour_word(line.get_color())]
    if line.get_linewidth() >= 5:
        words.insert(0, "thick")
    marker = MARKER_WORDS.get(line.get_marker())
    return " ".join(words) + (f" with {marker}" if marker else "")


def _triangle_corners(axes):
    """Return the corners of the triangle on `axes`, {the text written there: place}, or None."""
    for patch in axes.patches:
        if isinstance(patch, Polygon) and len(patch.get_xy()) == 4:
            return {
                text: corner
                for corner in patch.get_xy()[:3]
                for text in axes.texts
                if np.allclose(text.xy, corner) and text.get_fontweight() == "bold"
            }
    return None


def _describe_triangle(axes, corners, texts):
    names = [_one_line(text.get_text()) for text in corners]
    lines = [f"Corners: {', '.join(names)}. In a corner that class has all the probability."]
    # The shares of a point are what the corners must weigh for it to be their centre of gravity.
    weigh = np.linalg.inv(np.vstack([np.transpose(list(corners.values())), np.ones(3)]))

    def shares(point):
        weights = np.abs(np.round(weigh @ [*point, 1], 3))
        pairs = zip(names, weights, strict=True)
        return ", ".join(f"{name} {number(weight)}" for name, weight in pairs)

    for line in axes.lines:
        if line.get_label().startswith("_"):
            continue  # the grid, and the dots under the labels
        points = line.get_xydata()
        lines.append(f"Line ({_line_words(line)}) through {len(points)} points, some in order:")
        lines += [f"  {shares(points[index])}" for index in _sample(len(points))]
    for text in texts:
        if text not in corners:
            lines.append(f"At {_one_line(text.get_text())}: {shares(text.xy)}")
    for points in axes.collections:
        lines += [f"{points.get_label()}: {shares(point)}" for point in points.get_offsets()]
    return lines


# Pictures, matrices, maps ------------------------------------------------------------------------


PICTURE_KEYS = {
    "few": "Told of each: mean value; centre of weight; the rows and columns that it fills.",
    "many": "Told of each: mean value at row/column of its centre of weight.",
    "signed": "Told of each: smallest and largest value; centres of what is above and below zero.",
}


def _pictures(axes):
    """Return the pictures on `axes`: those images whose rows have no names."""
    return [] if _tick_names(axes.yaxis) else list(axes.images)


def _edges(image):
    """Return the left, right, upper and lower edge of `image`; its axes count downwards."""
    left, right, low, high = image.get_extent()
    return left, right, min(low, high), max(low, high)


def _describe_pictures(pictures, texts):
    first = pictures[0]
    height, width = first.get_array().shape
    if len(pictures) == 1 and not texts:
        words = _picture_words(first)
        return [f"Picture of {height} × {width} pixels: {words}.", _colour_scale(first)]
    many = len(pictures) > MANY_PICTURES
    key = PICTURE_KEYS["signed" if _signed(first) else "many" if many else "few"]
    lines = [f"{len(pictures)} pictures of {height} × {width} pixels, row by row."]
    lines += [_colour_scale(first), key]
    told = {}
    for picture in sorted(pictures, key=lambda picture: _edges(picture)[2::-2]):
        title = _take(texts, [text for text in texts if _is_above(text, picture)])
        words = _picture_words(picture, brief=many)
        told.setdefault(_edges(picture)[2:], []).append(f"{title}: {words}" if title else words)
    for row, ((top, bottom), words) in enumerate(told.items(), start=1):
        name = _take(texts, [text for text in texts if top < text.get_position()[1] < bottom])
        lines.append(f"Row {row}, {name}:" if name else f"Row {row}:")
        together = 5 if many else 1
        lines += [
            "  " + "; ".join(words[start : start + together])
            for start in range(0, len(words), together)
        ]
    return lines


def _is_above(text, picture):
    """Whether `text` stands right above `picture`, nearer than any other picture could be."""
    left, right, top, bottom = _edges(picture)
    x, y = text.get_position()
    return left < x < right and top - (bottom - top) / 4 < y <= top


def _signed(image):
    return image.norm.vmin < 0


def _picture_words(picture, brief=False):
    values = np.asarray(picture.get_array(), dtype=np.float64)
    if _signed(picture):
        above, below = (_place(_centre(np.clip(sign * values, 0, None))) for sign in (1, -1))
        extremes = f"{number(values.min())} to {number(values.max())}"
        return f"{extremes}; above zero {above}, below zero {below}"
    mean = number(values.mean())
    centre = _centre(values)
    if centre is None:
        return f"mean {mean}, empty"
    if brief:
        return f"{mean} at {centre[0]:.1f}/{centre[1]:.1f}"
    rows, columns = (np.flatnonzero(values.any(axis=axis)) for axis in (1, 0))
    filled = f"rows {rows[0]}–{rows[-1]}, columns {columns[0]}–{columns[-1]}"
    return f"mean {mean}; centre {_place(centre)}; {filled}"


def _centre(weights):
    """Return row and column of the centre of weight, or None where nothing weighs anything."""
    total = weights.sum()
    if not total > 0:
        return None
    height, width = weights.shape
    rows, columns = np.arange(height), np.arange(width)
    return rows @ weights.sum(axis=1) / total, columns @ weights.sum(axis=0) / total


def _place(centre):
    return f"row {centre[0]:.1f}, column {centre[1]:.1f}" if centre else "nowhere"


def _colour_scale(image):
    kind = int if image.get_array().dtype.kind in "iu" else float
    ends = [
        f"{colour_word(image.cmap(image.norm(value)))} at {number(kind(value))}"
        for value in (image.norm.vmin, image.norm.vmax)
    ]
    return f"Colours: from {ends[0]} to {ends[1]}."


def _describe_matrix(axes, image, texts):
    values = np.asarray(image.get_array())
    row_names, column_names = _tick_names(axes.yaxis), _tick_names(axes.xaxis)
    columns = [column_names[column] for column in range(values.shape[1])]
    lines = [
        f"{values.shape[0]} rows × {values.shape[1]} columns. {_colour_scale(image)}",
        f"Columns: {', '.join(columns)}",
    ]
    for row, cells in enumerate(_without_dust(values)):
        told = []
        for column, value in enumerate(cells):
            here = [text for text in texts if text.get_position() == (column, row)]
            told.append(number(value) + _remark(_take(texts, here), value))
        lines.append(f"  {row_names[row]}: {', '.join(told)}")
    framed = [patch for patch in axes.patches if patch.get_width() == patch.get_height() == 1]
    if framed:
        cells = [(round(patch.get_y() + 0.5), round(patch.get_x() + 0.5)) for patch in framed]
        where = "the diagonal" if all(row == column for row, column in cells) else f"cells {cells}"
        lines.append(f"Set apart in {colour_word(framed[0].get_facecolor())}: {where}.")
    return lines


def _meshes(axes):
    return [collection for collection in axes.collections if isinstance(collection, QuadMesh)]


def _describe_map(axes, mesh):
    values = np.asarray(mesh.get_array())
    edges = mesh.get_coordinates()
    x = _middles(edges[0, :, 0], axes.get_xscale())
    y = _middles(edges[:, 0, 1], axes.get_yscale())
    names = {value: _category_name(axes, mesh, value) for value in np.unique(values)}
    lines = [f"{values.shape[0]} rows × {values.shape[1]} columns of cells."]
    lines += [f"  {name}: {np.sum(values == value)} cells" for value, name in names.items()]
    if len(names) == 1:
        return lines
    lines.append("From left to right, on some of the rows, lowest first:")
    for row in _sample(len(y)):
        starts = [0, *(np.flatnonzero(np.diff(values[row])) + 1)]
        runs = [f"{names[values[row, start]]} from {number(x[start])}" for start in starts]
        lines.append(f"  at height {number(y[row])}: {'; '.join(runs)}")
    return lines


def _middles(edges, scale):
    if scale == "log":
        return np.sqrt(edges[:-1] * edges[1:])
    return (edges[:-1] + edges[1:]) / 2


def _category_name(axes, mesh, value):
    """Return what the key calls the colour in which `value` is drawn."""
    colour = to_rgb(mesh.cmap(mesh.norm(value)))
    for legend in axes.figure.legends:
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
            if to_rgb(handle.get_facecolor()) == colour:
                return _one_line(text.get_text())
    return f"{colour_word(colour)}, not in the key"


def _describe_colour_bar(axes):
    label = _one_line(axes.get_xlabel() or axes.get_ylabel())
    return [f"Colour bar: {label}"]


# Words -------------------------------------------------------------------------------------------


def _describe_legend(legend):
    lines = ["Key, in order:"]
    for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
        look = _patch_words(handle) if isinstance(handle, Patch) else _marker_words(handle)
        lines.append(f"  {look}: {_one_line(text.get_text())}")
    return lines


def _marker_words(points):
    return f"{colour_word(points.get_facecolor()[0])} marker"


def _tick_names(axis):
    """Return {place: name} of ticks set by hand; automatic ones depend on fonts: none are told."""
    if not isinstance(axis.get_major_locator(), FixedLocator):
        return {}
    places = axis.get_majorticklocs().tolist()
    labels = axis.get_major_formatter().format_ticks(places)
    return {place: _one_line(label) for place, label in zip(places, labels, strict=True)}


def _sample(count):
    """Return up to seven indices below `count`, evenly spread, with the first and the last."""
    return np.unique(np.linspace(0, count - 1, min(count, SAMPLED_POINTS)).round().astype(int))


def _take(texts, found):
    """Remove `found` from `texts`, so that nothing is told twice, and return their words."""
    for text in found:
        texts.remove(text)
    return " ".join(_one_line(text.get_text()) for text in found)


def _without_dust(values):
    """Return `values` with 0 for rounding errors beside the largest, which differ by machine."""
    values = np.asarray(values)
    if values.dtype.kind in "iu":
        return values
    finite = np.abs(values[np.isfinite(values)])
    return np.where(np.abs(values) < 1e-12 * finite.max(initial=0), 0.0, values)


def _one_line(text):
    return " ".join(text.split())
