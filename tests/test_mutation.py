"""The mutation runner finds what a test sees, what none sees, and what never ends."""

import os
import shutil
import subprocess
import sys
import textwrap

import pytest

from tests import mutation

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
    _, _, mutants, caught, by_timeout, _, _ = row.split("|")
    assert int(mutants) == int(caught) + 3
    assert int(by_timeout) >= 1
    assert not (tmp_path / "output.txt").exists(), "Only copies are written to."
