"""Is what a stored notebook says of its trainings what was measured over several seeds?

Measuring takes minutes: `python -m tests.claims 07` does it. Here the notebook that is stored is
held to the bands that were found.
"""

import re
from pathlib import Path

import pytest

from tests.claims import claims_of, outside
from tests.execute import code_cells, find_notebooks, output_texts, read_notebook

CLAIMS = [int(path.stem[-2:]) for path in sorted((Path(__file__).parent / "claims").glob("n*.py"))]
each_notebook_with_claims = pytest.mark.parametrize("number", CLAIMS)

# How prose speaks of a share.
SHARES = re.compile(
    r"(?<![\w.])0?\.\d+|\d+ %|\bin (?:two|three|four|five|six|seven|eight|nine|ten|eleven)\b"
    r"|\bpoints?\b|\bhalf of\b|\bthousandths\b"
)
CODE_OR_FORMULA = re.compile(r"\$\$[^$]+\$\$|\$[^$]+\$|`[^`]+`")


def notebook_of(number):
    [path] = find_notebooks([str(number)])
    return read_notebook(path)


def prose_of(number):
    cells = [cell.source for cell in notebook_of(number).cells if cell.cell_type == "markdown"]
    return "\n".join(cells)


@each_notebook_with_claims
def test_each_printed_number_lies_in_its_band(number):
    claims = claims_of(number)
    outputs = [output for cell in code_cells(notebook_of(number)) for output in cell.outputs]
    printed = "\n".join(text for output in outputs for text in output_texts(output))
    found = {}
    for name, pattern in getattr(claims, "PRINTED", {}).items():
        match = re.search(pattern, printed)
        assert match, f"The notebook does not print {name} any more: look for {pattern!r}."
        found[name] = float(match[1])
    assert not outside(found, {name: claims.BANDS[name] for name in found})


@each_notebook_with_claims
def test_the_bands_carry_what_the_prose_says(number):
    claims = claims_of(number)
    for phrase, (name, low, high) in getattr(claims, "PROSE", {}).items():
        assert phrase in prose_of(number), f"The notebook does not say {phrase!r} any more."
        band = claims.BANDS[name]
        assert low <= band[0] <= band[1] <= high, f"{phrase!r} is too strong: {name} is in {band}."


def test_notebook_07_says_no_share_that_nobody_measured():
    prose = CODE_OR_FORMULA.sub(" ", prose_of(7))
    for phrase in [*claims_of(7).PROSE, "**08 · Can you trust .95?**"]:
        prose = prose.replace(phrase, " ")
    found = [prose[max(0, match.start() - 40) : match.end()] for match in SHARES.finditer(prose)]
    assert not found, "Add a band for it to tests/claims/notebook_07.py, and the phrase to PROSE."


def test_notebook_07_opens_the_test_set_once_at_the_end_and_trains_no_more():
    cells = code_cells(notebook_of(7))
    opened = [number for number, cell in enumerate(cells) if "data.test_" in cell.source]
    assert opened == [len(cells) - 1]
    assert ".fit(" in "".join(cell.source for cell in cells)
    assert ".fit(" not in cells[-1].source


def test_what_lies_outside_is_told():
    bands = {"accuracy": (0.8, 0.9), "loss": (0.2, 0.3)}
    assert outside({"accuracy": 0.8, "loss": 0.3}, bands) == []
    assert outside({"accuracy": 0.91, "recall": 0.5}, bands) == [
        "accuracy is 0.9100, not between 0.8 and 0.9",
        "loss was not measured",
        "recall has no band",
    ]
