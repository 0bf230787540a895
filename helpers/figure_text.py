"""Describe a Matplotlib figure in plain text, from its artists.

The text is the figure's alt text and what the tests compare: unlike pixels it is the same on every
machine. It is read from what was drawn and not from the data, so a mistake in drawing changes it.
"""

import re

import numpy as np
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_rgb
from matplotlib.container import BarContainer
from matplotlib.patches import Patch
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
MANY_PICTURES = 30


def describe(figure) -> str:
    """Return what `figure` (a matplotlib Figure) shows, as lines of plain text.

    Covers titles, axes, bars, lines, points, pictures, matrices, maps, annotations and legends.
    Values have three significant digits; integers stay integers.
    Raises ValueError as `check_limits` does: a description must not list what cannot be seen.
    """
    check_limits(figure)
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
    """Return a short alt text for `figure`: its kind, its title and its axes."""
    axes = _panels(figure)[0]
    parts = [f"{_kind(figure)}: {_one_line(figure.get_suptitle())}"]
    for side, label in (("Across", axes.get_xlabel()), ("up", axes.get_ylabel())):
        if label:
            parts.append(f"{side}: {_one_line(label)}")
    return "; ".join(parts)


def check_limits(figure) -> None:
    """Raise ValueError for data outside their axes, and for bars that do not start at 0.

    A bar may also start at the end of another one, on which it is stacked.
    """
    for axes in _panels(figure):
        for axis, ends, least_positive in (
            (axes.xaxis, axes.dataLim.intervalx, axes.dataLim.minposx),
            (axes.yaxis, axes.dataLim.intervaly, axes.dataLim.minposy),
        ):
            low, high = ends
            if axis.get_scale() == "log":
                low = max(low, least_positive)
            shown = sorted(axis.get_view_interval())
            low_place, high_place, start, stop = axis.get_transform().transform([low, high, *shown])
            rounding = 1e-9 * (stop - start)
            if low_place < start - rounding or high_place > stop + rounding:
                raise ValueError(
                    f"The {axis.axis_name} axis shows {shown[0]:g} to {shown[1]:g}, but what is "
                    f"drawn reaches from {low:g} to {high:g}: set limits that show all of it."
                )
        ends_of_bars = set()
        for group in _bar_groups(axes):
            for place, _, start, size in _bars(group):
                if start != 0 and (place, start) not in ends_of_bars:
                    raise ValueError(
                        f"A bar starts at {start:g}, so its length does not show its value: "
                        "let bars start at 0."
                    )
                ends_of_bars.add((place, start + size))


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
    """Return the word of COLOUR_WORDS nearest to a Matplotlib `colour`, in RGB."""
    wanted = np.array(to_rgb(colour))
    return min(COLOUR_WORDS, key=lambda word: np.sum((wanted - to_rgb(COLOUR_WORDS[word])) ** 2))


def _panels(figure):
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


def _kind(figure):
    panels = _panels(figure)
    if any(_triangle_corners(axes) for axes in panels):
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
    if _triangle_corners(axes):
        return _describe_triangle(axes, texts)
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


def _bars(group):
    """Return a bar's place and thickness on the axis of names, its start and size on the other."""
    if group.orientation == "horizontal":
        return [(b.get_y(), b.get_height(), b.get_x(), b.get_width()) for b in group.patches]
    return [(b.get_x(), b.get_width(), b.get_y(), b.get_height()) for b in group.patches]


def _describe_bars(axes, group, texts):
    horizontal = group.orientation == "horizontal"
    axis = axes.yaxis if horizontal else axes.xaxis
    names = _tick_names(axis)
    ticks = np.array(list(names))
    sizes = _zero_rounding_noise([size for *_, size in _bars(group)])
    described = []
    for (place, thickness, *_), size in zip(_bars(group), sizes, strict=True):
        middle = place + thickness / 2
        if names:
            name = names[ticks[np.abs(ticks - middle).argmin()]]
        else:  # a histogram
            name = f"{number(place)} to {number(place + thickness)}"
        at_bar = [
            text
            for text in texts
            if hasattr(text, "xy") and np.isclose(text.xy[horizontal], middle)
        ]
        remark = _remark(_take(texts, at_bar), size)
        described.append((middle, f"  {name}: {number(size)}{remark}"))
    downwards = axis.get_inverted() if horizontal else True
    described.sort(key=lambda item: item[0], reverse=not downwards)
    label = "" if group.get_label().startswith("_") else f" of {group.get_label()}"
    return [f"Bars{label}{_fill_words(group.patches)}:", *(line for _, line in described)]


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
    """Return in brackets what is written at a `value`, without the value itself."""
    written, _, rest = words.partition(" ")
    remark = rest if _same_number(written, value) else words
    remark = re.sub("[◀●] ?", "", remark)  # the words after these signs mean the same
    return f" ({remark})" if remark else ""


def _same_number(written, value):
    """Whether the word `written` is `value`, rounded to the decimals that are written."""
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
    name = _name_at_leader(line, x, y, texts) or line.get_label()
    count = int(drawn.sum())
    lines = [f"Line {name} ({look}): {count} points."]
    if count < len(x):
        lines.append(f"  Missing, so not drawn: {len(x) - count} of {len(x)} points.")
    if not count:
        return lines
    x, y = x[drawn], y[drawn]
    if axes.get_yscale() != "log":
        y = _zero_rounding_noise(y)
    points = [f"{number(x[i])} → {number(y[i])}" for i in _sample(count)]
    lines += ["  " + "; ".join(points[i : i + 4]) for i in range(0, len(points), 4)]
    if count > SAMPLED_POINTS:
        lines.append(f"  lowest {number(y.min())}, highest {number(y.max())}")
    return lines


def _name_at_leader(line, x, y, texts):
    """Return the text whose leader, in the colour of `line`, ends at one of its points, or ""."""
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
    """Return the names of the three corners of a triangle of probabilities, as Text."""
    return [text for text in axes.texts if text.get_gid() == "corner"]


def _describe_triangle(axes, texts):
    corners = _triangle_corners(axes)
    names = [_take(texts, [text]) for text in corners]
    lines = [f"Corners: {', '.join(names)}. In a corner that class has all the probability."]
    # The probabilities of a point are its barycentric coordinates.
    to_shares = np.linalg.inv(np.vstack([np.transpose([text.xy for text in corners]), np.ones(3)]))

    def shares(point):
        weights = np.abs(np.round(to_shares @ [*point, 1], 3))
        pairs = zip(names, weights, strict=True)
        return ", ".join(f"{name} {number(weight)}" for name, weight in pairs)

    for line in axes.lines:
        if line.get_label().startswith("_"):
            continue  # the grid, and the dots under the labels
        points = line.get_xydata()
        lines.append(f"Line ({_line_words(line)}) through {len(points)} points, some in order:")
        lines += [f"  {shares(points[index])}" for index in _sample(len(points))]
    lines += [f"At {_one_line(text.get_text())}: {shares(text.xy)}" for text in texts]
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
    """Return the images on `axes` that are pictures; the rows of a matrix have names."""
    return [] if _tick_names(axes.yaxis) else list(axes.images)


def _edges(image):
    """Return the left, right, upper and lower edge of `image`; its y axis points down."""
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
    rows: dict[tuple[float, float], list[str]] = {}
    for picture in sorted(pictures, key=lambda picture: _edges(picture)[2::-2]):
        title = _take(texts, [text for text in texts if _is_above(text, picture)])
        words = _picture_words(picture, brief=many)
        rows.setdefault(_edges(picture)[2:], []).append(f"{title}: {words}" if title else words)
    per_line = 5 if many else 1
    for row, ((top, bottom), words) in enumerate(rows.items(), start=1):
        name = _take(texts, [text for text in texts if top < text.get_position()[1] < bottom])
        lines.append(f"Row {row}, {name}:" if name else f"Row {row}:")
        lines += [
            "  " + "; ".join(words[start : start + per_line])
            for start in range(0, len(words), per_line)
        ]
    return lines


def _is_above(text, picture):
    """Whether `text` is directly above `picture`, within a quarter of its height."""
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
    """Return row and column of the centre of weight, or None if all weights are zero."""
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
    for row, cells in enumerate(_zero_rounding_noise(values)):
        described = []
        for column, value in enumerate(cells):
            here = [text for text in texts if text.get_position() == (column, row)]
            described.append(number(value) + _remark(_take(texts, here), value))
        lines.append(f"  {row_names[row]}: {', '.join(described)}")
    covers = [patch for patch in axes.patches if patch.get_fill()]
    if covers:
        places = [(round(patch.get_y() + 0.5), round(patch.get_x() + 0.5)) for patch in covers]
        diagonal = places == [(place, place) for place in range(len(values))]
        where = "the diagonal" if diagonal else f"cells {places}"
        lines.append(f"Set apart in {colour_word(covers[0].get_facecolor())}: {where}.")
    return lines


def _meshes(axes):
    return [collection for collection in axes.collections if isinstance(collection, QuadMesh)]


def _describe_map(axes, mesh):
    values = np.asarray(mesh.get_array())
    edges = mesh.get_coordinates()
    x = (edges[0, :-1, 0] + edges[0, 1:, 0]) / 2
    y = (edges[:-1, 0, 1] + edges[1:, 0, 1]) / 2
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


def _category_name(axes, mesh, value):
    """Return the legend's name for the colour in which `value` is drawn."""
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
    """Return {place: name} of fixed ticks only; automatic ticks vary with the font."""
    if not isinstance(axis.get_major_locator(), FixedLocator):
        return {}
    places = axis.get_majorticklocs().tolist()
    labels = axis.get_major_formatter().format_ticks(places)
    return {place: _one_line(label) for place, label in zip(places, labels, strict=True)}


def _sample(count):
    """Return up to seven indices below `count`, evenly spread, with the first and the last."""
    return np.unique(np.linspace(0, count - 1, min(count, SAMPLED_POINTS)).round().astype(int))


def _take(texts, found):
    """Remove `found` from `texts`, so that each is described once, and return their words."""
    for text in found:
        texts.remove(text)
    return " ".join(_one_line(text.get_text()) for text in found)


def _zero_rounding_noise(values):
    """Return `values` with rounding errors, which vary by machine, set to 0."""
    values = np.asarray(values)
    if values.dtype.kind in "iu":
        return values
    finite = np.abs(values[np.isfinite(values)])
    return np.where(np.abs(values) < 1e-12 * finite.max(initial=0), 0.0, values)


def _one_line(text):
    return " ".join(text.split())
