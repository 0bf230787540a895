"""Kernels start even if a program takes one of their ports, and outputs are complete."""

import contextlib
import socket

import nbval.kernel
import pytest
from jupyter_client.connect import LocalPortCache
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbval.kernel import CURRENT_ENV_KERNEL_NAME

from helpers.running import NotebookError, execute, join_streams, with_other_ports
from tests.support.missing import require_nbgrader

pytestmark = pytest.mark.slow


@pytest.fixture
def takes_a_port(monkeypatch):
    """Make the first port of the next `kernels` kernels a taken one; returns the list of these."""
    with socket.socket() as other_program:
        other_program.bind(("127.0.0.1", 0))
        other_program.listen()
        taken = other_program.getsockname()[1]
        find_available_port = LocalPortCache.find_available_port

        def take(kernels):
            robbed = []

            def find(cache, ip):
                # Five ports are chosen for each kernel, one after the other.
                choices.append(ip)
                if len(choices) % 5 == 1 and len(robbed) < kernels:
                    robbed.append(taken)
                    return taken
                return find_available_port(cache, ip)

            choices = []
            monkeypatch.setattr(LocalPortCache, "find_available_port", find)
            return robbed

        yield take


@pytest.fixture
def notebook():
    return new_notebook(cells=[new_code_cell("print(6 * 7)")])


def output(notebook):
    return notebook.cells[0].outputs[0].text


def test_only_adjacent_pieces_of_a_stream_are_joined():
    a, b, ab, c = (new_output("stream", name="stdout", text=text) for text in ("a", "b", "ab", "c"))
    picture = new_output("display_data", {"image/png": ""})
    assert join_streams([a, b, picture, c]) == [ab, picture, c]
    assert a.text == "a"


IN_PIECES = """\
import sys
for piece in "ab":
    sys.stdout.write(piece)
    sys.stdout.flush()
"""


@pytest.mark.parametrize("last", ["", "1 / 0"])
def test_execute_joins_streams(last, tmp_path):
    notebook = new_notebook(cells=[new_code_cell(IN_PIECES), new_code_cell(last)])
    with pytest.raises(NotebookError) if last else contextlib.nullcontext():
        execute(notebook, tmp_path)
    assert [output.text for output in notebook.cells[0].outputs] == ["ab"]


def test_execute_starts_the_kernel_again(takes_a_port, notebook, tmp_path):
    robbed = takes_a_port(2)
    execute(notebook, tmp_path)
    assert output(notebook) == "42\n"
    assert len(robbed) == 2


def test_execute_gives_up_after_three_starts(takes_a_port, notebook, tmp_path):
    robbed = takes_a_port(4)
    with pytest.raises(RuntimeError, match="Kernel died"):
        execute(notebook, tmp_path)
    assert len(robbed) == 3
    assert notebook.cells[0].outputs == []


def test_an_error_in_a_notebook_without_cell_ids_is_named(tmp_path):
    notebook = new_notebook(cells=[new_code_cell("x = 1"), new_code_cell("1 / 0")])
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]
    with pytest.raises(NotebookError, match=r"In \[2\] `1 / 0`: ZeroDivisionError"):
        execute(notebook, tmp_path)


def test_a_kernel_that_dies_before_the_first_cell_is_reported(notebook, tmp_path, monkeypatch):
    start = NotebookClient.start_new_kernel_client

    def start_and_kill(client):
        start(client)
        client.km.provisioner.process.kill()

    monkeypatch.setattr(NotebookClient, "start_new_kernel_client", start_and_kill)
    with pytest.raises(NotebookError, match=r"^before the first cell: "):
        execute(notebook, tmp_path)


TO_FILE_DESCRIPTOR = """\
import os
os.write(2, b"from C++")
print("from Python")
"""


def test_logs_of_cpp_libraries_are_not_outputs(tmp_path, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # with it, ipykernel does not look there
    notebook = new_notebook(cells=[new_code_cell(TO_FILE_DESCRIPTOR)])
    execute(notebook, tmp_path)
    assert [output.text for output in notebook.cells[0].outputs] == ["from Python\n"]


def test_nbval_starts_the_kernel_again(takes_a_port, tmp_path):
    robbed = takes_a_port(1)
    manager, client = nbval.kernel.start_new_kernel(
        kernel_name=CURRENT_ENV_KERNEL_NAME, cwd=str(tmp_path)
    )
    try:
        assert manager.is_alive()
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert len(robbed) == 1


def test_nbgrader_starts_the_kernel_again(takes_a_port, notebook, tmp_path):
    """Otherwise a submission would have no score."""
    require_nbgrader()
    from tools.instructor.autograding import ExecuteToTheEnd

    robbed = takes_a_port(1)
    resources = {"metadata": {"path": str(tmp_path)}}
    graded, _ = ExecuteToTheEnd().preprocess(notebook, resources)
    assert output(graded) == "42\n"
    assert len(robbed) == 1


def test_other_errors_of_a_start_are_raised():
    calls = []

    def start():
        calls.append("call")
        raise ValueError("something else")

    with pytest.raises(ValueError, match="something else"):
        with_other_ports(start)
    assert calls == ["call"]
