"""Notebooks as tests, by nbval and four changes to it.

Numbers have a tolerance (tests/support/notebook_comparison.py), a cell cannot opt out, nothing may
be written to stderr, a kernel that does not start is started again, and one that dies later fails
at once. The last line of a run says what was compared.
"""

import re
import time
from pathlib import Path
from queue import Empty
from typing import Any

import nbval.kernel
import nbval.plugin
import pytest
from nbval.kernel import RunningKernel, start_new_kernel
from nbval.plugin import IPyNbCell

from helpers import data
from helpers.running import join_streams, set_kernel_environment, with_other_ports
from tests.support.notebook_comparison import output_differences, stderr_lines, tolerance

set_kernel_environment()

DATA = "notebook data"
COMPARED = "notebook outputs compared"
NOT_COMPARED = "notebook outputs not compared"
ALL_SLOW = "\npytestmark = pytest.mark.slow\n"


@pytest.fixture(scope="session")
def tf() -> Any:
    """TensorFlow, imported where a test needs it."""
    from helpers.quiet_tensorflow import tf

    return tf


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave slow files out of a quick run unread: to import them takes TensorFlow, and seconds."""
    is_test = config.option.markexpr == "not slow" and collection_path.suffix == ".py"
    return True if is_test and ALL_SLOW in collection_path.read_text(encoding="utf-8") else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with what takes longest: one begun last would run while the other worker is idle."""
    for item in items:
        of_05 = re.search(r"[\[-]5\.\d[\]-]", item.name)  # an exercise
        if of_05 or "tf" in getattr(item, "fixturenames", ()):  # they need TensorFlow
            item.add_marker("slow")
    cells = [item for item in items if isinstance(item, IPyNbCell)]
    if not cells:
        return
    cells.sort(key=lambda cell: cell.path.name, reverse=True)
    slow, quick = [], []
    for item in items:
        if not isinstance(item, IPyNbCell):
            (slow if item.get_closest_marker("slow") else quick).append(item)
    items[:] = slow + cells + quick

    # Asked before a kernel starts: the progress of a download would be stderr of its notebook.
    try:
        source = data.load().source
    except data.DataError as error:
        source = f"none ({error})"
    for item in cells:
        item.user_properties.append((DATA, source))
        if item.path.name[:2] >= "04":  # the first that trains; projects have a name, no number
            item.add_marker("slow")
        # nbval would not compare a cell that has never been run, or that opts out.
        item.cell.execution_count = item.cell.execution_count or 0
        item.options.update(check=True, skip=False, check_exception=False)


def compare_outputs(item: IPyNbCell, computed: list, stored: list) -> bool:
    """Replace nbval's own comparison: with a tolerance, and without pictures."""
    tags = item.cell.metadata.get("tags", [])
    if "data" in tags and (DATA, "sketches") in item.user_properties:
        item.user_properties.append((NOT_COMPARED, len(stored)))
        item.comparison_traceback = stderr_lines(computed)
    else:
        item.user_properties.append((COMPARED, len(stored)))
        item.comparison_traceback = output_differences(stored, computed, tolerance(tags))
    return not item.comparison_traceback


def await_reply_while_alive(kernel: RunningKernel, message: str, timeout: float) -> None:
    """Wait for the reply as nbval does, unless the kernel is dead."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return await_reply(kernel, message, timeout=1)
        except Empty:
            if not kernel.is_alive():
                raise RuntimeError("The kernel died while it ran this cell.") from None
            if time.monotonic() > deadline:
                raise


def start_answering_kernel(**arguments: Any) -> tuple:
    """Start a kernel as nbval does, and again if it doesn't answer."""
    return with_other_ports(lambda: start_new_kernel(**arguments))


nbval.kernel.start_new_kernel = start_answering_kernel
await_reply = RunningKernel.await_reply
RunningKernel.await_reply = await_reply_while_alive
IPyNbCell.compare_outputs = compare_outputs
# nbval's own moves what a cell prints before its first figure, and so hides a changed order.
nbval.plugin.coalesce_streams = join_streams


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which data was used and how much was compared: a green run must not be an empty one."""
    # Reports come from the workers with their properties; setup and teardown repeat them.
    properties = [
        found
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for found in report.user_properties
    ]
    sources = sorted({value for name, value in properties if name == DATA})
    compared = [value for name, value in properties if name == COMPARED]
    not_compared = [value for name, value in properties if name == NOT_COMPARED]
    if sources:
        line = (
            f"data = {' and '.join(sources)}; {sum(compared)} outputs of {len(compared)} cells "
            f"compared, {len(not_compared)} cells run but not compared"
        )
    else:
        line = "none was run"
    terminalreporter.write_line(f"notebooks: {line}")
