"""Read the notebooks, run them without a browser, and store them.

    python -m tools.notebooks                 run all of them
    python -m tools.notebooks 01 04           run two of them; paths work too
    python -m tools.notebooks --store 01      run one and write its outputs into it

Each gets a fresh kernel of this Python, a line with its time and result, and a page in build/.
"""

import argparse
import ast
import base64
import contextlib
import hashlib
import io
import json
import re
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from helpers import ROOT, data
from helpers.project import LOCAL_PATH
from helpers.running import (
    NotebookError,
    cell_name,
    code_cells,
    execute,
    join_streams,
    set_kernel_environment,
)

NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / "build"

KERNEL_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

# The metadata of a cell that is kept: docs/instructors.md explains `course`.
CELL_METADATA = ("course", "jupyter", "slideshow", "tags")

# Functions that a notebook shows and later ones import, by the module in helpers/ that has them.
SHOWN_HELPERS = {
    "training": ("scale_pixels", "predict_logits", "minibatches"),
    "networks": ("network", "compiled", "scores_of", "convolutional_network"),
}

# Reading ------------------------------------------------------------------------------------------


def find_notebooks(names: Sequence[str] = ()) -> list[Path]:
    """The notebooks with these numbers ("1", "01") or paths; all of them for no names.

    Raises NotebookError for an unknown number and a path without a file.
    """
    if not names:
        return sorted(NOTEBOOKS.glob("*.ipynb"))
    found = []
    for name in names:
        matches = sorted(NOTEBOOKS.glob(f"{name:0>2}-*.ipynb")) if name.isdigit() else [Path(name)]
        if not matches or not matches[0].is_file():
            raise NotebookError(
                f"There is no notebook {name!r}: give a number such as 01, or a path."
            )
        found += matches
    return found


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook; a cell without a unique id gets one made from its position and source."""
    content = json.loads(path.read_text(encoding="utf-8"))
    used = set()
    for position, cell in enumerate(content["cells"]):
        if cell.get("id") is None or cell["id"] in used:
            source = "".join(cell["source"])
            cell["id"] = hashlib.sha256(f"{position} {source}".encode()).hexdigest()[:8]
        used.add(cell["id"])
    content["nbformat"], content["nbformat_minor"] = 4, 5
    return nbformat.reads(json.dumps(content), as_version=4)


def output_texts(output: NotebookNode) -> list[str]:
    """Every text of an output, without its images."""
    if output.output_type == "stream":
        return [output.text]
    contents = output.get("data", {})
    return [str(contents[mime]) for mime in contents if not mime.startswith("image/")]


def headings(cell: NotebookNode) -> list[tuple[int, str]]:
    """Level and title of each heading in a cell. The course's own cells have one at most."""
    if cell.cell_type != "markdown":
        return []
    prose = re.sub(r"^```.*?^```", "", cell.source, flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"^(#+) +(.+)$", prose, re.MULTILINE)
    return [(len(marks), title) for marks, title in found]


@dataclass(frozen=True)
class Part:
    """A title, section or exercise of a notebook: the cell with its heading, up to the next."""

    notebook: str  # its number such as "06"
    title: str
    level: int  # 1 for the notebook's title, 2 for a section, 3 for an exercise
    cells: tuple[NotebookNode, ...]

    @property
    def about(self) -> dict:
        """What its author states in the first cell's `course` metadata."""
        return self.cells[0].metadata.get("course", {})

    @property
    def minutes(self) -> float:
        """Minutes to read, think and type, as its author estimates them."""
        return self.about.get("minutes", 0)

    @property
    def seconds(self) -> int:
        """Seconds that its cells run, as measured by `python -m tools.instructor timings`."""
        return sum(cell.metadata.get("course", {}).get("seconds", 0) for cell in self.cells)

    @property
    def is_core(self) -> bool:
        """Whether a timetable must have it."""
        return self.about.get("priority") == "core"


def parts(path: Path) -> list[Part]:
    """The title, sections and exercises of a notebook, in order."""
    found: list[tuple[int, str, list[NotebookNode]]] = []
    for cell in read_notebook(path).cells:
        for level, title in headings(cell):
            found.append((level, title, []))
        found[-1][2].append(cell)
    return [Part(path.stem[:2], title, level, tuple(cells)) for level, title, cells in found]


# Storing ------------------------------------------------------------------------------------------


def tidy(notebook: NotebookNode) -> None:
    """Make what is stored independent of the editor and this run, and equal to the helpers."""
    notebook.metadata = nbformat.from_dict(KERNEL_METADATA)
    for cell in notebook.cells:
        kept = {
            key: value for key, value in cell.metadata.items() if key in CELL_METADATA and value
        }
        cell.metadata = nbformat.from_dict(kept)
    for cell in code_cells(notebook):
        cell.outputs = join_streams(cell.outputs)
    show_helpers(notebook)


def show_helpers(notebook: NotebookNode) -> None:
    """Copy the functions in SHOWN_HELPERS into the cells that define them.

    A cell shows no annotations and no docstring: its notebook explains both.
    """
    shown: dict[str, str] = {}
    for module, names in SHOWN_HELPERS.items():
        source = (ROOT / "helpers" / f"{module}.py").read_text(encoding="utf-8")
        shown |= {node.name: _plain(node, source) for node in _functions(source, names)}
    for cell in code_cells(notebook):
        lines = cell.source.splitlines()
        with contextlib.suppress(SyntaxError):  # running the cell will report it
            for node in reversed(_functions(cell.source, shown)):
                lines[node.lineno - 1 : node.end_lineno] = [shown[node.name]]
                cell.source = "\n".join(lines)


def _functions(source: str, names: Iterable[str]) -> list[ast.FunctionDef]:
    return [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef) and node.name in names
    ]


def _plain(function: ast.FunctionDef, source: str) -> str:
    """The source of a function without annotations and docstring."""
    arguments = function.args
    for argument in ast.walk(arguments):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    # As they are written: ast.unparse alone makes 60000 of 60_000.
    arguments.defaults = [
        ast.Name(ast.get_source_segment(source, value) or "") for value in arguments.defaults
    ]
    docstring = function.body[0]
    body = source.splitlines()[docstring.end_lineno : function.end_lineno]
    return "\n".join([f"def {function.name}({ast.unparse(arguments)}):", *body])


def reasons_not_to_store(notebook: NotebookNode) -> list[str]:
    """What an author must correct first, one sentence each, naming the cell."""
    reasons = []
    for cell in code_cells(notebook):
        name = cell_name(notebook, cell)
        if not cell.source.strip():
            reasons.append(f"{name}: remove this empty cell")
        for output in cell.outputs:
            if output.get("name") == "stderr":
                reasons.append(f"{name}: writes to stderr: {output.text.strip().splitlines()[0]}")
            for path in filter(None, map(LOCAL_PATH.search, output_texts(output))):
                reasons.append(f"{name}: its output shows a path of this machine: {path[0]}…")
    return reasons


def as_stored(notebook: NotebookNode) -> str:
    """The text of a notebook's file."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def store(notebook: NotebookNode, path: Path) -> None:
    """Write an executed notebook in place. Raises NotebookError if it is not fit to be stored."""
    tidy(notebook)
    reasons = reasons_not_to_store(notebook)
    if reasons:
        raise NotebookError("not stored: " + "; ".join(reasons))
    nbformat.validate(notebook)
    path.write_text(as_stored(notebook), encoding="utf-8", newline="\n")
    for picture in covers(notebook):
        cover_path(path).parent.mkdir(exist_ok=True)
        cover_path(path).write_bytes(picture)


def covers(notebook: NotebookNode) -> list[bytes]:
    """The figures of the cell tagged `cover`, as PNG: what the README shows of a notebook."""
    return [
        base64.b64decode(output.data["image/png"])
        for cell in code_cells(notebook)
        if "cover" in cell.metadata.get("tags", [])
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]


def cover_path(path: Path) -> Path:
    """Where the README's figure of a notebook is kept."""
    return path.parent / ".covers" / f"{path.stem[:2]}.png"


# The command --------------------------------------------------------------------------------------


def require_real_pictures() -> None:
    """Raise NotebookError if only sketches are available: their outputs are never stored."""
    try:
        data.load("fashion-mnist")
    except data.DataError as error:
        raise NotebookError(
            f"Nothing was stored: notebooks are stored with the real pictures only. {error}"
        ) from error


def write_page(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook as HTML into build/."""
    # Imported here because it is slow, and the tests import this module in every worker.
    from nbconvert import HTMLExporter

    # The default template leaves out the alt texts of figures.
    page, _ = HTMLExporter(template_name="classic").from_notebook_node(notebook)
    BUILD.mkdir(exist_ok=True)
    (BUILD / f"{path.stem}.html").write_text(page, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run notebooks; 1 if one fails or cannot be found."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.notebooks", description="Run the notebooks without a browser."
    )
    parser.add_argument("notebooks", nargs="*", help="numbers or paths; all where none is given")
    parser.add_argument(
        "--store", action="store_true", help="write the outputs into the notebooks (real data only)"
    )
    options = parser.parse_args(arguments)
    set_kernel_environment()
    try:
        paths = find_notebooks(options.notebooks)
        if options.store:
            require_real_pictures()
    except NotebookError as error:
        print(error)
        return 1

    notebooks = {path: read_notebook(path) for path in paths}
    failures = 0
    cells = sum(len(code_cells(notebook)) for notebook in notebooks.values())
    with tqdm(total=cells, unit="cell", leave=False) as bar:
        for path, notebook in notebooks.items():
            bar.set_description(path.stem)
            start = time.monotonic()
            try:
                if options.store:
                    show_helpers(notebook)  # what is run is what is stored
                execute(notebook, path.parent.resolve(), bar.update)
                if options.store:
                    store(notebook, path)
                result = "ok"
            except NotebookError as error:
                failures += 1
                result = str(error)
            write_page(notebook, path)
            with bar.external_write_mode():
                print(f"{path.stem:<32} {time.monotonic() - start:6.1f} s  {result}", flush=True)
    return 1 if failures else 0


def print_any_letter() -> None:
    """Let prints quote any cell: a redirected stdout of Windows cannot encode every letter."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


if __name__ == "__main__":
    print_any_letter()
    sys.exit(main())
