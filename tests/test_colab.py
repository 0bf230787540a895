"""On Colab, which opens a single file, the first cell fetches the course."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import ROOT
from helpers.running import NotebookError
from tests.test_imports import MODULES, imported_names
from tools.instructor import colab
from tools.instructor.__main__ import main
from tools.notebooks import code_cells, find_notebooks, read_notebook

PATHS = find_notebooks()
ADDRESS = "https://example.org/course"

# Runs a notebook's cell, with Colab's module if asked. Of the two programs that the cell calls, git
# really clones, from a folder, and pip only prints its arguments.
PROGRAM = """
import subprocess, sys, types
from pathlib import Path

if "colab" in sys.argv:
    sys.modules["google.colab"] = types.ModuleType("google.colab")
run = subprocess.run

def run_git_and_print_pip(command, check):
    if command[0] == "git":
        return run(command, check=check)
    print(command[1:])

subprocess.run = run_git_and_print_pip
cell = sys.stdin.read()
for _ in range(2):  # a learner may run it again
    exec(cell)
print(Path.cwd())
"""


def first_cell(address):
    """The first code cell of notebook 00 as Colab gets it."""
    notebook = colab.with_first_cell(read_notebook(PATHS[0]), address)
    return code_cells(notebook)[0].source


def run_cell(folder, address, *arguments):
    # Where git must not ask, and nothing of this process is passed on.
    command = [sys.executable, "-c", PROGRAM, *arguments]
    environment = os.environ | {"GIT_TERMINAL_PROMPT": "0"}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        input=first_cell(address),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def repository(tmp_path):
    """A repository with what the first cells look for."""
    source = tmp_path / "published"
    (source / "helpers").mkdir(parents=True)
    (source / "notebooks").mkdir()
    (source / "helpers/maths.py").touch()
    (source / "notebooks/00.ipynb").touch()
    git = ["git", "-C", str(source), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *arguments], check=True)
    return source.as_uri()


def test_on_colab_the_course_is_fetched_once_with_its_requirements(tmp_path, repository):
    done = run_cell(tmp_path, repository, "colab")
    assert done.returncode == 0, done.stderr
    asked, folder = done.stdout.splitlines()
    assert Path(folder) == (tmp_path / "course/notebooks").resolve()
    assert ast.literal_eval(asked) == ["-m", "pip", "install", "--quiet", *colab.requirements()]


def test_elsewhere_it_does_nothing(tmp_path):
    done = run_cell(tmp_path, ADDRESS)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [str(tmp_path.resolve())]
    assert not list(tmp_path.iterdir())


def test_on_colab_an_existing_course_is_used():
    done = run_cell(ROOT / "notebooks", ADDRESS, "colab")
    assert (done.returncode, done.stdout) == (0, f"{(ROOT / 'notebooks').resolve()}\n")


def test_requirements_are_what_notebooks_and_helpers_import():
    of_jupyter = {"IPython", "jupyter_client", "jupyter_core", "nbclient", "nbformat"}
    roots = {name.split(".")[0] for path in MODULES.values() for name in imported_names(path)}
    for path in PATHS:
        code = "\n".join(cell.source for cell in code_cells(read_notebook(path)))
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Import):
                roots |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                roots.add(node.module.split(".")[0])
    of_browsers = {"js"}  # Pyodide's
    roots -= sys.stdlib_module_names | of_jupyter | of_browsers | {"helpers"}
    assert roots == set(colab.NEEDED)
    named = [line.partition(">")[0].partition("=")[0] for line in colab.requirements()]
    assert sorted(named) == sorted(colab.NEEDED)


def test_notebooks_for_colab_differ_in_one_cell(tmp_path, monkeypatch):
    monkeypatch.setattr(colab, "BUILD", tmp_path)
    assert main(["colab", ADDRESS]) == 0
    for path in PATHS:
        made, original = read_notebook(tmp_path / "colab" / path.name), read_notebook(path)
        [added] = [cell for cell in made.cells if cell.id == "colab"]
        assert ADDRESS in added.source
        assert [c.source for c in made.cells if c.id != "colab"] == [
            c.source for c in original.cells
        ]
        assert not any("course" in cell.metadata for cell in made.cells)


@pytest.mark.parametrize("address", ["", "two words", 'a"b', "https://example.org/{x}"])
def test_an_impossible_address_is_reported(address):
    with pytest.raises(NotebookError, match="no address that git can clone"):
        colab.with_first_cell(read_notebook(PATHS[0]), address)
