"""Fill the HTML templates of this folder, and the colours of the classes on light and dark."""

import json
import re
from pathlib import Path

from helpers.data import CLASS_NAMES
from helpers.plotting import CLASS_COLOURS

SOURCE = Path(__file__).resolve().parent

# CLASS_COLOURS for dark pages, found by the same search: the same hues, at least 3:1 against
# #1b1f26, and any two at least 15 apart (CIE 1976) for normal, red-blind and green-blind eyes.
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


def class_colours(names) -> list[dict]:
    """Name and colours of each class; one that is no garment takes the colour of its place."""
    numbers = [
        CLASS_NAMES.index(name) if name in CLASS_NAMES else place % len(CLASS_COLOURS)
        for place, name in enumerate(names)
    ]
    return [
        {"name": name, "light": CLASS_COLOURS[k], "dark": DARK_CLASS_COLOURS[k]}
        for name, k in zip(names, numbers, strict=True)
    ]


def filled(template: str, given: dict, scripts: dict[str, bytes] | None = None) -> str:
    """A page of this folder with each `/*{name}*/` replaced by what it names."""
    # A `<` in JSON could end the script that holds it; its escape means the same.
    parts = {"given": json.dumps(given, separators=(",", ":")).replace("<", "\\u003c")}
    parts |= {name: content.decode("utf-8") for name, content in (scripts or {}).items()}

    def part(match: re.Match) -> str:
        name = match[1]
        text = parts[name] if name in parts else _source(name)
        return text.strip()

    return re.sub(r"/\*\{([\w.-]+)\}\*/", part, _source(template))


def _source(name: str) -> str:
    return (SOURCE / name).read_text(encoding="utf-8")
