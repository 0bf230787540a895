"""Notebooks that run in a browser: opened, run and asked from the page around them."""

import json
import textwrap
from collections.abc import Callable
from typing import Any

import nbformat
from nbformat import NotebookNode

from helpers.running import join_streams
from tests.support.browsers import wait_until

PANEL = "frames[0].jupyterapp.shell.currentWidget"
MODEL = f"{PANEL}.content.model"
STATUS = "document.getElementById('status').textContent"
READ = f"JSON.stringify({MODEL}.toJSON())"
RUN_ALL = """void (async () => {
    window.hasRun = false;
    await frames[0].jupyterapp.commands.execute("notebook:run-all-cells");
    window.hasRun = true;
})()"""
EXECUTE = f"""code => new Promise(async resolve => {{
    let text = "";
    const future = {PANEL}.sessionContext.session.kernel.requestExecute({{code}});
    future.onIOPub = ({{content}}) =>
        text += content.text ?? content.data?.["text/plain"] ?? content.evalue ?? "";
    await future.done;
    resolve(text);
}})"""

Evaluate = Callable[[str], Any]


def wait_until_ready(evaluate: Evaluate, seconds: float) -> None:
    """Wait until the page says that Python has started."""
    wait_until(lambda: str(evaluate(STATUS)).startswith("Ready"), seconds)


def run_all(evaluate: Evaluate, seconds: float) -> None:
    """Run all cells, as the menu does, and wait for the last."""
    evaluate(RUN_ALL)
    wait_until(lambda: evaluate("hasRun"), seconds)


def read(evaluate: Evaluate) -> NotebookNode:
    """The notebook as it is on the screen, its outputs as nbformat would store them."""
    notebook = nbformat.from_dict(json.loads(evaluate(READ)))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            # This kernel sends an empty result after an object that displays itself.
            kept = [output for output in cell.outputs if output.get("data") != {}]
            cell.outputs = join_streams(kept)
    return notebook


def execute(page: Any, code: str) -> str:
    """Run code in the notebook's kernel, and return what it printed or showed, or its error."""
    return page.evaluate(EXECUTE, textwrap.dedent(code))
