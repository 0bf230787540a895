"""What the prose of a notebook claims about training, measured over several seeds.

    python -m tests.claims 07               five trainings of notebook 07, against its bands
    python -m tests.claims 07 --seeds 3     quicker

A module `notebook_NN` has a function `measure(seed) -> dict[str, float]`, which trains as the
notebook does, and `BANDS`, which says for each of these numbers between what it lies with every
seed. Measuring takes minutes, so it is no test; `tests/test_claims.py` holds the stored notebook to
the bands. For that a module may have two more:

    PRINTED     name in BANDS: pattern of the outputs, whose group is that number
    PROSE       phrase of the prose: (name in BANDS, low, high), between which the phrase is true
"""

import importlib
from types import ModuleType


def claims_of(notebook: int) -> ModuleType:
    """The module with the claims of a notebook. Raises ModuleNotFoundError where there is none."""
    return importlib.import_module(f"tests.claims.notebook_{notebook:02}")


def outside(measured: dict[str, float], bands: dict[str, tuple[float, float]]) -> list[str]:
    """What does not lie in its band, or has no band, or was not measured; one sentence each."""
    sentences = [f"{name} has no band" for name in measured.keys() - bands.keys()]
    for name, (low, high) in bands.items():
        if name not in measured:
            sentences.append(f"{name} was not measured")
        elif not low <= measured[name] <= high:
            sentences.append(f"{name} is {measured[name]:.4f}, not between {low} and {high}")
    return sorted(sentences)
