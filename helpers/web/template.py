"""Fill this folder's HTML templates; the class colours on light and on dark pages."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from helpers.data import CLASS_NAMES
from helpers.plotting import CLASS_COLOURS

SOURCE = Path(__file__).resolve().parent

# CLASS_COLOURS for dark pages, found by the same search: the same hues, contrast of at least 3:1 to
# #1b1f26, any two at least 15 apart (CIE 1976) for normal, red-blind and green-blind vision.
DARK_CLASS_COLOURS = (
    "#7c9ff2",
    "#e27203",
    "#44b65c",
    "#e44c3a",
    "#a85bec",
    "#9b705b",
    "#c258ba",
    "#81817f",
    "#29b2b0",
    "#dadada",
)


def class_colours(names: Iterable[str]) -> list[dict]:
    """Name and colours of each class; a class of another data set is coloured by its position."""
    colours = []
    for place, name in enumerate(names):
        k = CLASS_NAMES.index(name) if name in CLASS_NAMES else place % len(CLASS_COLOURS)
        colours.append({"name": name, "light": CLASS_COLOURS[k], "dark": DARK_CLASS_COLOURS[k]})
    return colours


def filled(template: str, given: dict, scripts: dict[str, bytes] | None = None) -> str:
    """A template with each `/*{name}*/` replaced by the data, script or file of that name."""
    # `</script>` in JSON would end its script element; the escape means the same.
    parts = {"given": json.dumps(given, separators=(",", ":")).replace("<", "\\u003c")}
    parts |= {name: content.decode("utf-8") for name, content in (scripts or {}).items()}

    def part(match: re.Match) -> str:
        name = match[1]
        text = parts[name] if name in parts else _source(name)
        return text.strip()

    return re.sub(r"/\*\{([\w.-]+)\}\*/", part, _source(template))


def _source(name: str) -> str:
    return (SOURCE / name).read_text(encoding="utf-8")
