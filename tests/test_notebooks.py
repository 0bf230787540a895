import json
import os
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers import data
from helpers.running import KERNEL_ENVIRONMENT, NotebookError
from tools import notebooks

pytestmark = pytest.mark.slow


def stdout(text):
    return new_output("stream", name="stdout", text=text)


def save(path, *sources):
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def build(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "BUILD", tmp_path / "build")
    return tmp_path / "build"


@pytest.fixture
def real_pictures(monkeypatch):
    monkeypatch.setattr(data, "load", lambda source: None)


@pytest.fixture
def no_real_pictures(monkeypatch):
    def load(source):
        raise data.DataError("They are gone.")

    monkeypatch.setattr(data, "load", load)


# Which notebooks ----------------------------------------------------------------------------------


def test_notebooks_are_found_by_number_and_path(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path)
    first, tenth = save(tmp_path / "01-a.ipynb"), save(tmp_path / "10-b.ipynb")
    assert notebooks.find_notebooks() == [first, tenth]
    assert notebooks.find_notebooks(["1"]) == notebooks.find_notebooks(["01"]) == [first]
    assert notebooks.find_notebooks(["10", str(first)]) == [tenth, first]


@pytest.mark.parametrize("name", ["99", "missing.ipynb"])
def test_a_missing_notebook_is_named(name, capsys):
    assert notebooks.main([name]) == 1
    assert f"no notebook '{name}'" in capsys.readouterr().out


# What is stored -----------------------------------------------------------------------------------


def test_ids_are_kept_and_missing_or_repeated_ones_are_made_from_the_source(tmp_path):
    path = save(tmp_path / "01-a.ipynb", "a", "a", "a")
    content = json.loads(path.read_text(encoding="utf-8"))
    content["cells"][0]["id"] = content["cells"][2]["id"] = "mine"
    del content["cells"][1]["id"]
    path.write_text(json.dumps(content), encoding="utf-8")
    ids = [cell.id for cell in notebooks.read_notebook(path).cells]
    assert ids[0] == "mine"
    assert len(set(ids)) == 3
    assert ids == [cell.id for cell in notebooks.read_notebook(path).cells]


def test_traces_of_editor_and_run_are_removed():
    timing = {"shell.execute_reply": "2026-01-01T00:00:00Z"}
    cell = new_code_cell("1", metadata={"tags": ["data"], "execution": timing, "scrolled": True})
    untagged = new_markdown_cell("a", metadata={"tags": []})
    notebook = new_notebook(
        cells=[cell, untagged],
        metadata={
            "kernelspec": {"name": "mine", "display_name": "Mine"},
            "language_info": {"name": "python", "version": "3.11.7"},
            "widgets": {"application/vnd.jupyter.widget-state+json": {}},
        },
    )
    notebooks.tidy(notebook)
    assert cell.metadata == {"tags": ["data"]}
    assert untagged.metadata == {}
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (new_code_cell("f()", outputs=[new_output("stream", name="stderr", text="no")]), "stderr"),
        (new_code_cell("f()", outputs=[stdout("in /home/ada/course")]), "/home/"),
        (new_code_cell("f()", outputs=[stdout(r"in C:\Users\ada")]), r"C:\Users"),
        (new_code_cell("f()", outputs=[new_output("display_data", {"a/b": "/tmp/x"})]), "/tmp/"),
        (new_code_cell(" \n"), "empty"),
    ],
)
def test_unfit_outputs_are_not_stored(tmp_path, cell, reason):
    path = tmp_path / "01-a.ipynb"
    with pytest.raises(NotebookError, match=r"In \[2\]") as refusal:
        notebooks.store(new_notebook(cells=[new_code_cell("x = 1"), cell]), path)
    assert reason in str(refusal.value)
    assert not path.exists()


def test_paths_of_the_course_itself_are_allowed():
    cell = new_code_cell("f()", outputs=[stdout("see data/README.md, and helpers/home/a")])
    assert notebooks.reasons_not_to_store(new_notebook(cells=[cell])) == []


def test_the_file_is_utf8_with_unix_line_ends(tmp_path):
    path = tmp_path / "01-a.ipynb"
    notebooks.store(new_notebook(cells=[new_markdown_cell("−log p\nZoë")]), path)
    content = path.read_bytes()
    assert "−log p".encode() in content
    assert b"\r" not in content
    assert content.endswith(b"}\n")


# Helpers that a notebook shows --------------------------------------------------------------------

STALE = """\
# Bring pixels to 0…1.
def scale_pixels(images):
    return images


def compiled(model):
    return model


print(scale_pixels(np.zeros((1, 2, 2), np.uint8)).shape)"""


def test_shown_helpers_are_copied_without_annotations_and_docstrings():
    cell = new_code_cell(STALE)
    notebooks.show_helpers(new_notebook(cells=[cell]))
    assert cell.source.startswith(
        "# Bring pixels to 0…1.\ndef scale_pixels(images):\n    return images.reshape("
    )
    assert "(n, 784)" in cell.source
    signature = "def compiled(model, epochs, pictures=60_000, batch_size=256, rate=0.004):"
    assert f"\n{signature}\n    steps = " in cell.source
    assert cell.source.endswith("    return model\n\n\n" + STALE.splitlines()[-1])


@pytest.mark.usefixtures("build", "real_pictures")
def test_a_stored_output_is_that_of_the_shown_helper(tmp_path):
    path = save(tmp_path / "a.ipynb", "import numpy as np", STALE)
    assert notebooks.main(["--store", str(path)]) == 0
    assert notebooks.read_notebook(path).cells[1].outputs[0].text == "(1, 4)\n"


# Running ------------------------------------------------------------------------------------------


def test_each_notebook_gets_a_line_and_a_page(tmp_path, build, capsys):
    good = save(tmp_path / "good.ipynb", "print('hello')")
    bad = save(tmp_path / "bad.ipynb", "x = 1", "y = 2\n1 / 0", "z = 3")
    before = good.read_bytes(), bad.read_bytes()
    assert notebooks.main([str(good), str(bad)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("good")
    assert lines[0].endswith(" s  ok")
    assert lines[1].startswith("bad")
    assert lines[1].endswith("In [2] `y = 2`: ZeroDivisionError: division by zero")
    assert "hello" in (build / "good.html").read_text(encoding="utf-8")
    assert (build / "bad.html").exists()
    assert (good.read_bytes(), bad.read_bytes()) == before


@pytest.mark.usefixtures("build", "real_pictures")
def test_storing_writes_outputs_unless_a_cell_fails(tmp_path):
    good = save(
        tmp_path / "good.ipynb",
        "import os, sys\nfrom pathlib import Path\nprint('one', flush=True)\nprint('two')",
        f"Path.cwd() == Path({str(tmp_path)!r}), sys.prefix == {sys.prefix!r}",
        f"[os.environ[name] for name in {list(KERNEL_ENVIRONMENT)}]",
    )
    dying = save(tmp_path / "dying.ipynb", "import os; os._exit(1)")
    broken = save(tmp_path / "broken.ipynb", "1 +")
    before = dying.read_bytes(), broken.read_bytes()
    assert notebooks.main(["--store", str(good), str(dying), str(broken)]) == 1
    cells = notebooks.read_notebook(good).cells
    assert [cell.execution_count for cell in cells] == [1, 2, 3]
    assert [output.text for output in cells[0].outputs] == ["one\ntwo\n"]
    assert cells[1].outputs[0].data["text/plain"] == "(True, True)"
    environment = [os.environ[name] for name in KERNEL_ENVIRONMENT]
    assert cells[2].outputs[0].data["text/plain"] == repr(environment)
    assert (dying.read_bytes(), broken.read_bytes()) == before


@pytest.mark.usefixtures("build", "no_real_pictures")
def test_nothing_is_stored_without_the_real_pictures(tmp_path, capsys):
    path = save(tmp_path / "good.ipynb", "print('hello')")
    before = path.read_bytes()
    assert notebooks.main(["--store", str(path)]) == 1
    assert capsys.readouterr().out.startswith("Nothing was stored: ")
    assert path.read_bytes() == before
