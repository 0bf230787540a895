"""Notebooks with a planted defect must turn red, and their sound twins stay green.

They run with this repository's conftest.py and pytest settings, in a small project in which
`helpers.data` names a source of pictures without having any.
"""

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from helpers import ROOT

pytestmark = pytest.mark.slow

TIME_LIMIT = 12  # seconds a cell

FIGURE = """
from IPython.display import HTML, display
display({"image/png": "iVBORw0=", "text/plain": "a line to 0.50"}, raw=True)
display(HTML("<details>a line to 0.50</details>"))
"""


def stdout(text):
    return new_output("stream", name="stdout", text=text)


def stderr(text):
    return new_output("stream", name="stderr", text=text)


def value(text):
    return new_output("execute_result", {"text/plain": text})


def figure(seen="a line to 0.50", read="a line to 0.50"):
    return [
        new_output("display_data", {"image/png": "AAAA", "text/plain": seen}),
        new_output(
            "display_data",
            {
                "text/html": f"<details>{read}</details>",
                "text/plain": "<IPython.core.display.HTML object>",
            },
        ),
    ]


@dataclass
class Cell:
    """One cell with what is stored for it, and whether a test of it must fail."""

    what: str
    red: bool
    source: str
    stored: list
    tags: tuple[str, ...] = ()
    was_run: bool = True


CELLS = [
    Cell("right text", False, "print('a coat')", [stdout("a coat\n")]),
    Cell("right value", False, "1 + 1", [value("2")]),
    Cell("right figure, another picture", False, FIGURE, figure()),
    Cell("nothing shown, nothing stored", False, "x = 1", []),
    Cell("wrong text", True, "print('a coat')", [stdout("a shirt\n")]),
    Cell("wrong value", True, "1 + 1", [value("3")]),
    Cell("float off, no tag", True, "print(0.501)", [stdout("0.500\n")]),
    Cell("float off by less", False, "print(0.509)", [stdout("0.500\n")], ("tol-0.01",)),
    Cell("float off by more", True, "print(0.511)", [stdout("0.500\n")], ("tol-0.01",)),
    Cell("integer off by one", True, "print(7, 0.5)", [stdout("8 0.5\n")], ("tol-0.05",)),
    Cell("word changed", True, "print('coat', 0.5)", [stdout("bag 0.5\n")], ("tol-0.05",)),
    Cell("tolerance too large", True, "print(0.5)", [stdout("0.5\n")], ("tol-0.5",)),
    Cell("output missing", True, "x = 1", [stdout("a\n")]),
    Cell("output extra", True, "print('a')", []),
    Cell("one figure missing", True, FIGURE, figure() + figure()),
    Cell("order changed", True, f"print('a')\n{FIGURE}\nprint('b')", [stdout("a\nb\n"), *figure()]),
    Cell("wrong description", True, FIGURE, figure(seen="a line to 0.60")),
    Cell("wrong description to be read", True, FIGURE, figure(read="a line to 0.60")),
    Cell("picture missing", True, "print('a line')", figure()),
    Cell("stderr", True, "import sys; print('no', file=sys.stderr)", []),
    Cell("stderr, stored too", True, "print('no', file=sys.stderr)", [stderr("no\n")]),
    Cell("warning", True, "import warnings; warnings.warn('no')", []),
    Cell("never run, nothing stored", True, "print('a')", [], was_run=False),
    Cell("error", True, "1 / 0", []),
    Cell("error expected by its author", True, "1 / 0", [], ("raises-exception",)),
    Cell("comparison switched off", True, "# NBVAL_IGNORE_OUTPUT\nprint(1)", [stdout("2\n")]),
    Cell("test switched off", True, "print(1)", [stdout("2\n")], ("nbval-skip",)),
]
DATA_CELLS = [
    Cell("right", False, "print('a')", [stdout("a\n")], ("data",)),
    Cell("wrong", True, "print('a')", [stdout("b\n")], ("data",)),
    Cell("off by less", False, "print(0.509)", [stdout("0.500\n")], ("data", "tol-0.01")),
]
DATA_CELLS_ON_SKETCHES = [
    Cell("right", False, "print('a')", [stdout("a\n")], ("data",)),
    Cell("run, not compared", False, "print('a'); y = 1", [stdout("b\n")], ("data",)),
    Cell("did run", False, "print(y)", [stdout("1\n")]),
    Cell("error", True, "1 / 0", [], ("data",)),
    Cell("stderr", True, "import sys; print('no', file=sys.stderr)", [], ("data",)),
    Cell("over its time limit", True, "import time; time.sleep(300)", [], ("data",)),
]
DYING = [
    Cell("right", False, "print('a')", [stdout("a\n")]),
    Cell("kernel dies", True, "import os; os._exit(1)", []),
    Cell("no kernel", True, "print('a')", [stdout("a\n")]),
]


def write_notebook(path: Path, cells: list[Cell]) -> None:
    path.parent.mkdir(exist_ok=True)
    notebook = new_notebook(
        cells=[
            new_code_cell(
                cell.source,
                outputs=cell.stored,
                metadata={"tags": list(cell.tags)},
                execution_count=number if cell.was_run else None,
            )
            for number, cell in enumerate(cells, start=1)
        ]
    )
    path.write_text(nbformat.writes(notebook), encoding="utf-8")


def write_project(folder: Path, source: str) -> None:
    for name in (
        "conftest.py",
        "pyproject.toml",
        "helpers/__init__.py",
        "helpers/in_browser.py",
        "helpers/running.py",
        "tests/__init__.py",
        "tests/support/__init__.py",
        "tests/support/notebook_comparison.py",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "helpers" / "data.py").write_text(
        f"class DataError(Exception): pass\nclass Pictures: source = {source!r}\nload = Pictures\n",
        encoding="utf-8",
    )


@dataclass
class Run:
    """The output of pytest, and each cell's outcome and seconds by (notebook, number)."""

    text: str
    outcomes: dict[tuple[str, int], tuple[str, float]]


def run_pytest(folder: Path, *options: str) -> Run:
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "notebooks", "--junitxml=result.xml", *options],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=240,
    )
    outcomes = {}
    for case in ElementTree.parse(folder / "result.xml").iter("testcase"):
        notebook = case.get("classname").removeprefix("notebooks.").removesuffix(".ipynb")
        outcome = next((child.tag for child in case if child.tag != "properties"), "passed")
        number = int(case.get("name").removeprefix("Cell "))
        outcomes[notebook, number] = (outcome, float(case.get("time")))
    return Run(result.stdout, outcomes)


@pytest.fixture(scope="module")
def on_sketches(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sketches")
    write_project(folder, "sketches")
    write_notebook(folder / "notebooks" / "cells.ipynb", CELLS)
    write_notebook(folder / "notebooks" / "data.ipynb", DATA_CELLS_ON_SKETCHES)
    write_notebook(folder / "notebooks" / "dying.ipynb", DYING)
    return run_pytest(folder, "-n2", "--dist=loadfile", f"--nbval-cell-timeout={TIME_LIMIT}")


@pytest.fixture(scope="module")
def on_real_pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    write_project(folder, "fashion-mnist")
    write_notebook(folder / "notebooks" / "data.ipynb", DATA_CELLS)
    return run_pytest(folder)


def assert_outcomes(run: Run, notebook: str, cells: list[Cell]) -> None:
    found = {cell.what: run.outcomes[notebook, number][0] for number, cell in enumerate(cells)}
    assert found == {cell.what: "failure" if cell.red else "passed" for cell in cells}


def test_planted_defects_turn_red_and_sound_cells_stay_green(on_sketches):
    assert_outcomes(on_sketches, "cells", CELLS)


def test_data_cells_are_compared_on_real_pictures(on_real_pictures):
    assert_outcomes(on_real_pictures, "data", DATA_CELLS)


def test_data_cells_are_not_compared_on_sketches(on_sketches):
    assert_outcomes(on_sketches, "data", DATA_CELLS_ON_SKETCHES)


def test_a_cell_over_its_time_limit_is_stopped(on_sketches):
    last = len(DATA_CELLS_ON_SKETCHES) - 1
    assert on_sketches.outcomes["data", last][1] < 2 * TIME_LIMIT


def test_a_dead_kernel_fails_at_once(on_sketches):
    assert_outcomes(on_sketches, "dying", DYING)
    assert on_sketches.outcomes["dying", 1][1] < TIME_LIMIT


def test_a_failure_names_the_number_and_its_distance(on_sketches):
    assert "stored 0.500, now 0.511: 0.011 apart, 0.01 allowed" in on_sketches.text


def summary(run: Run) -> str:
    return re.search(r"^notebooks: .*$", run.text, re.MULTILINE)[0]


def count_compared(*notebooks: list[Cell]) -> str:
    # An error, a time-out or a dead kernel ends a cell before anything is compared.
    cells = [cell for cells in notebooks for cell in cells if "error" not in cell.what]
    return f"{sum(len(cell.stored) for cell in cells)} outputs of {len(cells)} cells compared"


def test_the_summary_counts_across_workers(on_sketches):
    compared = count_compared(CELLS, [DATA_CELLS_ON_SKETCHES[2]], DYING[:1])
    assert summary(on_sketches) == (
        f"notebooks: data = sketches; {compared}, 3 cells run but not compared"
    )


def test_the_summary_names_the_real_pictures(on_real_pictures):
    compared = count_compared(DATA_CELLS)
    assert summary(on_real_pictures) == (
        f"notebooks: data = fashion-mnist; {compared}, 0 cells run but not compared"
    )
