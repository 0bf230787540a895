"""Run the notebooks without a browser, and store them the way the tests want them.

    python -m tools.notebooks                 run all of them
    python -m tools.notebooks 01 04           run two of them; paths work too
    python -m tools.notebooks --store 01      run one and write its outputs into it

Each gets a fresh kernel of this Python, a line with its time and result, and a page under build/.
"""

import argparse
import base64
import hashlib
import json
import sys
import time
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from helpers import ROOT, data
from helpers.project import LOCAL_PATH
from helpers.running import (
    KERNEL_ENVIRONMENT,
    NotebookError,
    cell_name,
    code_cells,
    execute,
    join_streams,
    set_kernel_environment,
)

__all__ = [  # what other tests take from here
    "KERNEL_ENVIRONMENT",
    "LOCAL_PATH",
    "NotebookError",
    "cell_name",
    "code_cells",
    "execute",
    "set_kernel_environment",
]

NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / "build"

KERNEL_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

# What an author says of a cell: docs/instructors.md explains `course`.
COURSE_METADATA = ("course", "jupyter", "slideshow", "tags")

# Files --------------------------------------------------------------------------------------------


def find_notebooks(names: list[str]) -> list[Path]:
    """The notebooks meant by numbers ("1", "01") or paths; all of them for no names.

    Raises NotebookError when a name fits no notebook.
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
    """Read a notebook; a cell without an id of its own gets one made from place and source."""
    content = json.loads(path.read_text(encoding="utf-8"))
    used = set()
    for position, cell in enumerate(content["cells"]):
        if cell.get("id") is None or cell["id"] in used:
            source = "".join(cell["source"])
            cell["id"] = hashlib.sha256(f"{position} {source}".encode()).hexdigest()[:8]
        used.add(cell["id"])
    content["nbformat"], content["nbformat_minor"] = 4, 5
    return nbformat.reads(json.dumps(content), as_version=4)


# What is stored -----------------------------------------------------------------------------------


def tidy(notebook: NotebookNode) -> None:
    """Leave only what belongs to the course: no traces of the editor or of this run."""
    notebook.metadata = nbformat.from_dict(KERNEL_METADATA)
    for cell in notebook.cells:
        kept = {
            key: value for key, value in cell.metadata.items() if key in COURSE_METADATA and value
        }
        cell.metadata = nbformat.from_dict(kept)
    for cell in code_cells(notebook):
        cell.outputs = join_streams(cell.outputs)


def output_texts(output: NotebookNode) -> list[str]:
    """Every text of an output, pictures left out."""
    if output.output_type == "stream":
        return [output.text]
    contents = output.get("data", {})
    return [str(contents[mime]) for mime in contents if not mime.startswith("image/")]


def reasons_not_to_store(notebook: NotebookNode) -> list[str]:
    """What an author must put right first, one sentence each, naming the cell."""
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
    return path.parent / ".covers" / f"{path.stem[:2]}.png"


# The command --------------------------------------------------------------------------------------


def require_real_pictures() -> None:
    """Raise NotebookError where only sketches are to be had: their outputs are never stored."""
    try:
        data.load("fashion-mnist")
    except data.DataError as error:
        raise NotebookError(
            f"Nothing was stored: notebooks are stored with the real pictures only. {error}"
        ) from error


def write_page(notebook: NotebookNode, path: Path) -> None:
    # Imported here because it is slow, and the tests import this module in every worker.
    from nbconvert import HTMLExporter

    # The default template leaves out the alt texts of figures.
    page, _ = HTMLExporter(template_name="classic").from_notebook_node(notebook)
    BUILD.mkdir(exist_ok=True)
    (BUILD / f"{path.stem}.html").write_text(page, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
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


if __name__ == "__main__":
    # A line may quote a cell, and a redirected stdout of Windows has not every letter.
    sys.stdout.reconfigure(errors="replace")
    sys.exit(main())
