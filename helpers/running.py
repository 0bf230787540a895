"""Run a notebook from top to bottom in a fresh kernel of this Python, without a browser.

The Jupyter packages are imported when they are first needed: importing this module is quick.
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
    # TensorFlow takes one thread for each core, sums in another order with each number of them, and
    # waits for the slowest: of two notebooks side by side each is faster with one.
    "TF_NUM_INTRAOP_THREADS": "1",
}

KERNEL_ARGUMENTS = [
    # What C++ libraries log to file descriptor 2 is not part of a notebook.
    "--IPKernelApp.capture_fd_output=False",
]

STARTS = 3  # of a kernel that does not answer
Started = TypeVar("Started")

FLOOD_BYTES = 1_000_000_000  # memory at which `run_apart` stops a notebook: its outputs are kept


class NotebookError(Exception):
    """Why a notebook cannot be found, run, stored or made into something else."""


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells of a notebook, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def cell_name(notebook: NotebookNode, cell: NotebookNode) -> str:
    """Name a code cell in messages: the number that Jupyter shows, and its first line."""
    # By identity: old notebooks have no ids.
    number = next(n for n, other in enumerate(code_cells(notebook), 1) if other is cell)
    first_line = next(iter(cell.source.strip().splitlines()), "(empty)")
    return f"In [{number}] `{first_line}`"


def join_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join neighbouring pieces of one stream: where a kernel cuts them is chance."""
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
    """Call `start` until its kernel answers, and return what it returns.

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
    cell_done: Callable[[], object] = lambda: None,
    cell_starts: Callable[[], object] = lambda: None,
) -> None:
    """Run every cell in a fresh kernel of this Python; the outputs go into `notebook`.

    Raises NotebookError at the first cell that fails, naming the cell and its error.
    """
    from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from jupyter_core.utils import ensure_event_loop
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    # The other kind of event loop, the usual one on Windows, makes zmq warn.
    ensure_event_loop(prefer_selector_loop=True)
    started = "before the first cell"

    def remember(cell: NotebookNode, **_: object) -> None:
        nonlocal started
        if cell.cell_type == "code":
            started = cell_name(notebook, cell)
            cell_starts()

    def start() -> NotebookClient:
        client = NotebookClient(
            notebook,
            km=AsyncKernelManager(
                kernel_name=NATIVE_KERNEL_NAME,
                # Without folders to look in, it knows this Python's kernel only.
                kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),
            ),
            extra_arguments=KERNEL_ARGUMENTS,
            resources={"metadata": {"path": str(folder)}},
            record_timing=False,
            store_widget_state=False,
            on_cell_start=remember,
            on_cell_executed=lambda **_: cell_done(),
        )
        client.start_new_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        client.start_new_kernel_client()
        return client

    client = with_other_ports(start)
    try:
        client.execute(cleanup_kc=True)
    except (CellExecutionError, DeadKernelError) as error:
        raise NotebookError(f"{started}: {_reason(error)}") from error
    finally:
        for cell in code_cells(notebook):
            cell.outputs = join_streams(cell.outputs)


def _reason(error: BaseException | None) -> str:
    """The first line of what a cell raised, or of how the kernel ended."""
    from nbclient.exceptions import CellExecutionError

    reason = str(error)
    if isinstance(error, CellExecutionError):
        reason = f"{error.ename}: {error.evalue}"
    return reason.partition("\n")[0]


# In a separate process ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """How far a notebook ran, and what stopped it."""

    started: int  # code cells that began
    error: str = ""  # in a few words; empty if it ran to its end
    out_of_time: bool = False


def run_apart(path: Path, seconds: float) -> Run:
    """Run a notebook in a separate process; at the time limit, kill that and all its children.

    The notebook's file is read, never written. Whatever a cell does, this process survives.
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
        printed, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        out_of_time = True
        _stop(process)
        printed, _ = process.communicate()
    finally:  # also when the learner interrupts the kernel
        _stop(process)
    lines = printed.splitlines()
    started = lines.count("started")
    if out_of_time:
        return Run(started, f"it was stopped after {seconds:g} seconds", out_of_time=True)
    if not lines or not lines[-1].startswith("{"):
        return Run(started, "a sudden end of the process that ran it")
    return Run(started, json.loads(lines[-1])["error"])


def _stop(process: subprocess.Popen) -> None:
    """Kill a process and its descendants: the kernel, and what the kernel has started."""
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
    """Run a notebook in this process: print a line when a code cell starts, and the result last."""
    import nbformat
    import psutil

    def report(line: str) -> None:
        print(line, flush=True)

    def watch_memory() -> None:
        while psutil.Process().memory_info().rss < flood_bytes:
            time.sleep(0.2)
        _kill_children(os.getpid())
        report(
            json.dumps({"error": "more output than the memory holds; is there an endless loop?"})
        )
        os._exit(1)

    threading.Thread(target=watch_memory, daemon=True).start()

    set_kernel_environment()
    notebook = nbformat.read(path, as_version=4)
    error = ""
    try:
        execute(notebook, path.parent, cell_starts=lambda: report("started"))
    except NotebookError as stopped:
        error = _reason(stopped.__cause__)  # the count already says which cell it was
    except Exception as unforeseen:
        error = f"{type(unforeseen).__name__}: {_reason(unforeseen)}"
    report(json.dumps({"error": error}))


if __name__ == "__main__":
    _run_here(Path(sys.argv[1]), int(sys.argv[2]))
