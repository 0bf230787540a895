"""The notebooks as the instructor's commands read them: sections, and what their authors say."""

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from helpers import ROOT

NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / "build"


class InstructorError(Exception):
    """Something cannot be made; the text says why and what to do."""


@dataclass(frozen=True)
class Part:
    """A title, section or exercise of a notebook: a heading and the cells up to the next."""

    notebook: str  # its number such as "06"
    title: str
    level: int  # 1 for the notebook's title, 2 for a section, 3 for an exercise
    about: dict  # the `course` metadata of the heading's cell
    cells: tuple[NotebookNode, ...]

    @property
    def minutes(self) -> float:
        """Minutes to read, think and do, as the author states them."""
        return self.about.get("minutes", 0)

    @property
    def seconds(self) -> int:
        """Seconds that its cells run, as `timings` has measured them."""
        return sum(cell.metadata.get("course", {}).get("seconds", 0) for cell in self.cells)

    @property
    def is_core(self) -> bool:
        return self.about.get("priority") == "core"


def find_notebooks(numbers: list[str]) -> list[Path]:
    """The notebooks with these numbers, all for none. Raises InstructorError for an unknown one."""
    if not numbers:
        return sorted(NOTEBOOKS.glob("*.ipynb"))
    paths = [sorted(NOTEBOOKS.glob(f"{number:0>2}-*.ipynb")) for number in numbers]
    for number, found in zip(numbers, paths, strict=True):
        if not found:
            raise InstructorError(f"There is no notebook {number!r}: give a number such as 06.")
    return [path for found in paths for path in found]


def read(path: Path) -> NotebookNode:
    """A notebook as it is stored."""
    return nbformat.read(path, as_version=4)


def parts(path: Path) -> list[Part]:
    """The title, sections and exercises of a notebook, in order."""
    found: list[tuple[int, str, list[NotebookNode]]] = []
    for cell in read(path).cells:
        heading = cell.cell_type == "markdown" and re.search(r"^(#{1,3}) (.+)$", cell.source, re.M)
        if heading:
            found.append((len(heading[1]), heading[2], []))
        found[-1][2].append(cell)
    return [
        Part(path.stem[:2], title, level, cells[0].metadata.get("course", {}), tuple(cells))
        for level, title, cells in found
    ]
