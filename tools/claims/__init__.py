"""What the prose of the course claims in numbers, and what each claim is computed from.

    python -m tools.claims 07               five trainings of notebook 07, against its bands
    python -m tools.claims 07 --seeds 3     quicker

Every number in a Markdown cell either is of a kind that claims nothing (`tools/claims/kinds.py`) or
is written down here, in the module of its document, such as `notebook_07.py`, with the words around
it. `tests/test_claims.py` looks for numbers of which neither is true. A module may have

    FACTS       phrase of the prose: what its numbers are, computed on the spot, in their order.
                A `Printed` is read off the stored outputs. How near a number must be, the prose
                says itself: "about", "more than", the digits it writes (`tools/claims/numbers.py`).
                A `Within` is for words that no number can follow: "a little more than a point".
    SAID        phrase of the prose: who says so, where nothing here can compute it

and, where a claim depends on training, which takes minutes and is therefore no test,

    measure     seed -> {name: number}, which trains as the notebook does
    BANDS       name: (low, high), between which this number lies with every seed
    PRINTED     name in BANDS: pattern of the outputs, whose group is that number
    PROSE       phrase of the prose: (name in BANDS, low, high), between which the phrase is true
"""

import importlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from tools.notebooks import NOTEBOOKS, ROOT

NUMBERED = {path: f"notebook_{path.name[:2]}" for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
PROJECTS = {
    path: path.stem.replace("-", "_") for path in sorted(NOTEBOOKS.glob("projects/*.ipynb"))
}
# Each document with its module.
DOCUMENTS: dict[Path, str] = NUMBERED | PROJECTS | {ROOT / "README.md": "readme"}


@dataclass(frozen=True)
class Printed:
    """A number that the stored notebook prints: the group of a pattern of its outputs."""

    pattern: str


@dataclass(frozen=True)
class Within:
    """A computed value, and between what the words of a phrase are true."""

    value: float
    low: float
    high: float


def claims_of(document: int | str) -> ModuleType:
    """The module with the claims of a notebook's number, or of this name.

    Raises ModuleNotFoundError where there is none.
    """
    name = document if isinstance(document, str) else f"notebook_{document:02}"
    return importlib.import_module(f"tools.claims.{name}")


def outside(measured: dict[str, float], bands: dict[str, tuple[float, float]]) -> list[str]:
    """What does not lie in its band, or has no band, or was not measured; one sentence each."""
    sentences = [f"{name} has no band" for name in measured.keys() - bands.keys()]
    for name, (low, high) in bands.items():
        if name not in measured:
            sentences.append(f"{name} was not measured")
        elif not low <= measured[name] <= high:
            sentences.append(f"{name} is {measured[name]:.4f}, not between {low} and {high}")
    return sorted(sentences)
