"""Run a notebook from top to bottom in a fresh kernel of this Python, without a browser.

The packages for it are imported when they are first needed: importing this module costs nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from helpers import ROOT

if TYPE_CHECKING:
    from nbformat import NotebookNode


KERNEL_ENVIRONMENT = {
    # Small products gain nothing from BLAS threads, and sum in another order with them.
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    # TensorFlow takes one thread for each core, and sums in another order with each number.
    "TF_NUM_INTRAOP_THREADS": "2",
}

STARTS = 3  # of a kernel that does not answer
Started = TypeVar("Started")

# Of memory, for the outputs of a notebook that runs apart; where they need more, it is stopped.
FLOOD_BYTES = 1_000_000_000


class NotebookError(Exception):
    """A notebook could not be run to its end, or must not be stored as it is."""


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells of a notebook, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def cell_name(notebook: NotebookNode, cell: NotebookNode) -> str:
    """How messages point to a code cell: the number that Jupyter shows, and the first line."""
    number = 1 + [other.id for other in code_cells(notebook)].index(cell.id)
    first_line = next(iter(cell.source.strip().splitlines()), "(empty)")
    return f"In [{number}] `{first_line}`"


def join_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Neighbouring pieces of one stream as one output: where a kernel cuts them is chance."""
    from nbformat import NotebookNode

    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and last.output_type == output.output_type == "stream" and last.name == output.name:
            joined[-1] = NotebookNode(last, text=last.text + output.text)
        else:
            joined.append(output)
    return joined


def set_kernel_environment() -> None:
    """Make kernels started from here repeat their numbers; what the user has set stays."""
    for name, value in KERNEL_ENVIRONMENT.items():
        os.environ.setdefault(name, value)


def with_other_ports(start: Callable[[], Started]) -> Started:
    """What `start` returns; where its kernel doesn't answer, it is called again.

    A kernel's ports are chosen before it opens them, and another program may take one in between.
    Jupyter's server then starts the kernel again; nbclient, nbval and nbgrader would give up.

    Raises the RuntimeError of the last of STARTS attempts.
    """
    for _ in range(STARTS - 1):
        with contextlib.suppress(RuntimeError):
            return start()
    return start()


def execute(
    notebook: NotebookNode,
    folder: Path,
    cell_done: Callable[[], None] = lambda: None,
    cell_starts: Callable[[], None] = lambda: None,
) -> None:
    """Run every cell in a fresh kernel of this Python; the outputs go into `notebook`.

    Raises NotebookError at the first cell that fails, naming the cell and its error.
    """
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_core.utils import ensure_event_loop
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError
    from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager

    # The other kind of event loop, the usual one on Windows, makes zmq warn.
    ensure_event_loop(prefer_selector_loop=True)
    started = None

    def remember(cell: NotebookNode, **_: object) -> None:
        nonlocal started
        if cell.cell_type == "code":
            started = cell
            cell_starts()

    def start() -> NotebookClient:
        client = NotebookClient(
            notebook,
            km=AsyncKernelManager(
                kernel_name=CURRENT_ENV_KERNEL_NAME, kernel_spec_manager=NbvalKernelspecManager()
            ),
            resources={"metadata": {"path": str(folder)}},
            record_timing=False,
            store_widget_state=False,
            on_cell_start=remember,
            on_cell_executed=lambda **_: cell_done(),
        )
        client.start_new_kernel(
            # Under this name ipykernel leaves file descriptor 2 alone, as it does in the tests:
            # what C++ libraries log there is no part of a notebook.
            env=os.environ | {"PYTEST_CURRENT_TEST": "tools.notebooks"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        client.start_new_kernel_client()
        return client

    client = with_other_ports(start)
    try:
        client.execute(cleanup_kc=True)
    except (CellExecutionError, DeadKernelError) as error:
        raise NotebookError(f"{cell_name(notebook, started)}: {_reason(error)}") from error
    finally:
        for cell in code_cells(notebook):
            cell.outputs = join_streams(cell.outputs)


def _reason(error: Exception) -> str:
    """The first line of what a cell raised, or of why there is no kernel any more."""
    told = f"{error.ename}: {error.evalue}" if hasattr(error, "ename") else str(error)
    return told.splitlines()[0]


# In a process of its own --------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """How far a run of a notebook came, and what ended it."""

    started: int  # code cells that began
    error: str = ""  # what stopped it, in a few words; empty if it came to its end
    out_of_time: bool = False


def run_apart(path: Path, seconds: float) -> Run:
    """Run the notebook in a process of its own, and stop that with all its children at the limit.

    The notebook's file is read, never written. Whatever a cell does, this process goes on.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "helpers.running", str(path.resolve()), str(FLOOD_BYTES)],
        cwd=ROOT,
        env=os.environ | {"PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    out_of_time = False
    try:
        told, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        out_of_time = True
        _stop(process)
        told, _ = process.communicate()
    finally:  # also when the learner interrupts the kernel
        _stop(process)
    lines = told.splitlines()
    started = lines.count("started")
    if out_of_time:
        return Run(started, f"it was stopped after {seconds:g} seconds", out_of_time=True)
    if not lines or not lines[-1].startswith("{"):
        return Run(started, "a sudden end of the process that ran it")
    return Run(started, json.loads(lines[-1])["error"])


def _stop(process: subprocess.Popen) -> None:
    """End a process and all that it has started: the kernel, and what the kernel started."""
    if process.poll() is None:
        _kill_children(process.pid)
        process.kill()


def _kill_children(number: int) -> None:
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(number).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()


def _run_here(path: Path, flood_bytes: int) -> None:
    """What the other process does: a line when a code cell starts, and the result as the last."""
    import nbformat
    import psutil

    def tell(line: str) -> None:
        print(line, flush=True)

    def watch_memory() -> None:
        while psutil.Process().memory_info().rss < flood_bytes:
            time.sleep(0.2)
        _kill_children(os.getpid())
        tell(json.dumps({"error": "more output than the memory holds; is there an endless loop?"}))
        os._exit(1)

    threading.Thread(target=watch_memory, daemon=True).start()

    set_kernel_environment()
    notebook = nbformat.read(path, as_version=4)
    error = ""
    try:
        execute(notebook, path.parent, cell_starts=lambda: tell("started"))
    except NotebookError as stopped:
        error = _reason(stopped.__cause__)  # the count already tells which cell it was
    except Exception as unforeseen:
        error = f"{type(unforeseen).__name__}: {_reason(unforeseen)}"
    tell(json.dumps({"error": error}))


if __name__ == "__main__":
    _run_here(Path(sys.argv[1]), int(sys.argv[2]))
