"""The mutation runner finds what a test sees, what none sees, and what never ends."""

import ast
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace

import pytest

from tests import mutation
from tests.execute import find_notebooks
from tests.notebook_defects import DEFECTS, place_of

TOY = '''
    """A toy."""

    def larger(a: int, b: int) -> int:
        if a > b:
            return a
        return b

    def count_down(start):
        while start > 0:
            start -= 1
        return f"{start:{1}}"

    def never_tested(x):
        return x + x
'''
TESTS = """
    from helpers.toy import count_down, larger

    def test_larger():
        assert larger(2, 1) == 2
        assert larger(1, 2) == 2

    def test_count_down():
        assert count_down(3) == "0"
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="The runner needs os.fork.")
def test_a_toy_module(tmp_path):
    for folder in ("helpers", "tests"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
    shutil.copy(mutation.__file__, tmp_path / "tests" / "mutation.py")
    (tmp_path / "helpers" / "toy.py").write_text(textwrap.dedent(TOY), encoding="utf-8")
    (tmp_path / "tests" / "test_toy.py").write_text(textwrap.dedent(TESTS), encoding="utf-8")
    # So that a loop that never ends is noticed in seconds.
    program = "from tests import mutation; mutation.PATIENCE = 1; mutation.main(['helpers/toy.py'])"
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=100,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    lines = run.stdout.splitlines()
    assert "helpers/toy.py:5 `a > b` → `False` caught by tests/test_toy.py::test_larger" in lines
    assert "helpers/toy.py:11 `start -= 1` → `pass` caught by timeout" in lines
    survivors = lines[lines.index("3 survivors:") + 1 :]
    assert survivors[:3] == [
        "- helpers/toy.py:5 `a > b` → `a >= b`",
        "- helpers/toy.py:15 `return x + x` → `return`",
        "- helpers/toy.py:15 `x + x` → `x - x`",
    ]
    [row] = [line for line in lines if line.startswith("| helpers/toy.py |")]
    _, _, mutants, tried, caught, by_timeout, _, _ = row.split("|")
    assert int(mutants) == int(tried) == int(caught) + 3
    assert int(by_timeout) >= 1
    assert not (tmp_path / "output.txt").exists(), "Only copies are written to."


KINDS = {
    *("wrong axis", "no scaling", "labels rolled", "test set = training set", "relu dropped"),
    *("another optimiser", "wrong axis label", "picture off by one", "legend swapped"),
    *("colour map", "silent except", "number in prose", "formula"),
}


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda each: f"{each.where}: {each.kind}")
def test_each_planted_mistake_still_finds_its_place(defect):
    assert defect.kind in KINDS
    assert defect.becomes != defect.piece
    place_of(defect)


def test_mistakes_of_every_kind_are_planted_in_every_notebook():
    assert {defect.kind for defect in DEFECTS} == KINDS
    planted_in = {defect.where for defect in DEFECTS}
    assert planted_in >= {path.stem[:2] for path in find_notebooks([])}


def test_a_piece_that_is_there_twice_or_not_at_all_is_no_place():
    twice = replace(DEFECTS[0], piece="import", becomes="x")
    for defect in (twice, replace(DEFECTS[0], piece="not in any notebook")):
        with pytest.raises(ValueError, match="exactly once"):
            place_of(defect)


def test_a_sample_is_always_the_same_and_in_order():
    found = list(range(100))
    assert mutation.sample(found, None) == mutation.sample(found, 200) == found
    chosen = mutation.sample(found, 10)
    assert chosen == sorted(set(chosen)) == mutation.sample(found, 10)
    assert len(chosen) == 10
    assert chosen != found[:10]


def test_every_module_has_tests_that_exist():
    for path in sorted(mutation.REPOSITORY.glob("helpers/**/[!_]*.py")):
        for part in mutation.parts_of(path.relative_to(mutation.REPOSITORY), ast.parse("")):
            files = [name for name in part.tests if name.endswith(".py")]
            assert files
            missing = [name for name in files if not (mutation.REPOSITORY / name).is_file()]
            assert not missing, f"Say in TESTS of tests/mutation.py which tests see {path}."
