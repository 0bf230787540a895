"""Notebooks for Colab, which opens a single file: the first cell fetches the course.

`.github/workflows/publish.yml` makes them with the address of the repository that it runs in, so
no notebook of the course has to know where it is published.
"""

import re

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from helpers import ROOT
from helpers.running import NotebookError
from tools.instructor.notes import strip_metadata
from tools.notebooks import BUILD, find_notebooks, read_notebook

# What notebooks and helpers import. Colab's own Jupyter stays as it is.
NEEDED = ("numpy", "matplotlib", "tensorflow", "keras", "requests", "tqdm", "psutil")

SOURCE = """\
# On Colab this fetches the course and what it needs: a minute, once. Elsewhere it does nothing.
import os
import subprocess
import sys
from pathlib import Path

is_here = any((p / "helpers" / "maths.py").exists() for p in Path.cwd().parents)
if "google.colab" in sys.modules and not is_here:
    if not Path("course").exists():
        fetch = ["git", "clone", "--quiet", "--depth", "1", "{address}", "course"]
        subprocess.run(fetch, check=True)
    os.chdir("course/notebooks")
    install = [sys.executable, "-m", "pip", "install", "--quiet"]
    subprocess.run([*install, {packages}], check=True)"""


def with_first_cell(notebook: NotebookNode, address: str) -> NotebookNode:
    """The notebook with a cell that fetches the course from `address`, without speaker notes.

    Raises NotebookError for an impossible address.
    """
    if not re.fullmatch(r"[^\s\"'\\{}]+", address):
        raise NotebookError(
            f"{address!r} is no address that git can clone: give one such as "
            "https://github.com/OWNER/REPOSITORY."
        )
    for cell in notebook.cells:
        strip_metadata(cell)
    packages = ", ".join(f'"{line}"' for line in requirements())
    source = SOURCE.format(address=address, packages=packages)
    first_code = next(n for n, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    notebook.cells.insert(first_code, new_code_cell(source, id="colab"))
    return notebook


def requirements() -> list[str]:
    """The lines of requirements.txt that Colab needs."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if re.split(r"[^\w.-]", line)[0] in NEEDED]


def write(address: str) -> None:
    """Write all notebooks for Colab into build/colab/, for a course published at `address`."""
    folder = BUILD / "colab"
    for path in find_notebooks():
        notebook = with_first_cell(read_notebook(path), address)
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, folder / path.name)
        print(f"build/colab/{path.name}")
