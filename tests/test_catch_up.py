"""Every section can bring a late learner to it, by running what it needs and no more.

That each one then shows what everybody else sees: tests/test_sections_and_solutions.py.
"""

import json

import pytest

from helpers import catch_up
from helpers.instructor.catch_up_cells import TAG, with_catch_up
from tests.execute import find_notebooks, read_notebook


@pytest.mark.parametrize("path", find_notebooks([]), ids=lambda path: path.stem)
def test_every_section_has_its_cell_and_the_cell_is_folded(path):
    notebook = read_notebook(path)
    expected = with_catch_up(notebook.cells, path.stem[:2])
    same = [(cell.id, cell.source) for cell in expected] == [
        (cell.id, cell.source) for cell in notebook.cells
    ]
    assert same, f"Run python -m helpers.instructor catch-up {path.stem[:2]}, then store it."
    for cell in notebook.cells:
        if TAG in cell.metadata.get("tags", []):
            assert cell.metadata.jupyter.source_hidden
            assert cell.outputs == [], "Where nothing is missing it must say nothing."


# Made-up notebooks --------------------------------------------------------------------------------


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write notebook 01 with a code cell for each text; one that begins with ## is a heading."""
    monkeypatch.setattr(catch_up, "NOTEBOOKS", tmp_path)

    def write_notebook(*sources):
        cells = [
            {
                "cell_type": "markdown" if source.startswith("##") else "code",
                "source": source,
                "metadata": {},
            }
            for source in sources
        ]
        (tmp_path / "01-made-up.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")

    return write_notebook


def caught_up(section, **namespace):
    catch_up.catch_up("01", section, namespace)
    return namespace


def test_only_what_the_section_needs_is_run(write, capsys):
    write("a = [1]", "b = 1 / 0", "print('no')", "a.append(2)", "## End", "print(a)")
    assert caught_up("End")["a"] == [1, 2]
    told = capsys.readouterr().out
    assert told == (
        "Catching up with “End”: running what it needs of 2 earlier cells.\n"
        "You are there: go on with the next cell.\n"
    )


def test_what_a_function_reads_counts_where_it_is_called(write):
    write("n = 1", "def f():\n    return n", "n = 2", "## End", "r = f()")
    assert caught_up("End")["n"] == 2


@pytest.mark.parametrize(
    "source",
    ["a[0] = 5", "for i in range(1):\n    a.append(i)", "a += [5]", "history = a.fit(a)"],
)
def test_a_line_that_changes_a_value_in_place_is_needed(write, source):
    write("a = [0]", source, "## End", "print(a)")
    cells = catch_up.read_cells("01")
    steps = catch_up.steps_to(cells, catch_up.find_section(cells, "End"), {})
    assert [step.cell for step in steps] == [0, 1]


def test_a_value_that_is_replaced_is_not_computed(write):
    write("a = 1", "a = 2", "## End", "print(a)")
    cells = catch_up.read_cells("01")
    steps = catch_up.steps_to(cells, catch_up.find_section(cells, "End"), {})
    assert [step.cell for step in steps] == [1]


@pytest.mark.parametrize(("seconds", "told"), [(1, ""), (2, ", about 2 seconds")])
def test_a_wait_is_told_from_two_seconds_on(write, tmp_path, capsys, seconds, told):
    write("a = 1", "## End", "print(a)")
    path = tmp_path / "01-made-up.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"][0]["metadata"]["course"] = {"seconds": seconds}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    caught_up("End")
    assert f"needs of 1 earlier cell{told}.\n" in capsys.readouterr().out


def test_nothing_is_run_or_said_where_nothing_is_missing(write, capsys):
    write("a = 1", "## End", "print(a)")
    assert caught_up("End", a=7, In=["a = 1"]) == {"a": 7, "In": ["a = 1"]}
    assert capsys.readouterr().out == ""


def test_a_comprehension_keeps_its_names_to_itself(write, capsys):
    write("k = 1", "a = [n + k for n in range(2)]", "## End", "b = [n for n in a]")
    caught_up("End", k=1, a=[1, 2], In=["k = 1", "a = [n + k for n in range(2)]"])
    assert capsys.readouterr().out == ""
    assert "k" in caught_up("End")


def test_a_value_of_an_earlier_place_is_brought_up_to_date(write):
    write("a = 1", "## One", "print(a)", "a = 2", "## Two", "print(a)")
    assert caught_up("Two", a=1, In=["a = 1"])["a"] == 2
    assert caught_up("One", a=2, In=["a = 1", "a = 2"])["a"] == 1


def test_what_is_there_is_not_spoilt_on_the_way_to_what_is_missing(write):
    write("a = 1", "b = a + 10", "a = 2", "## End", "print(a, b)")
    namespace = caught_up("End", a=2, In=["a = 1", "a = 2"])
    assert (namespace["a"], namespace["b"]) == (2, 11)


def test_what_a_learner_has_changed_is_left_alone(write):
    write("a = 1", "b = a", "## End", "print(a, b)")
    assert caught_up("End", a=5, In=["a = 5"])["b"] == 5


def test_what_was_caught_up_counts_as_run(write, capsys):
    write("a = 1", "a = 2", "## End", "print(a)")
    namespace = caught_up("End", In=["a = 1", "catch_up('01', 'End', globals())"], a=1)
    capsys.readouterr()
    catch_up.catch_up("01", "End", namespace)
    assert capsys.readouterr().out == ""


def test_an_exercise_is_never_run(write):
    write('a = None\n\ncheck("1.1", a)', "## End", "print(a)")
    assert "a" not in caught_up("End")


@pytest.mark.parametrize(
    ("sources", "section", "sentence"),
    [
        (["a = 1", "## End", "a"], "Start", "There is no section “Start”"),
        (["a = 1 / 0", "## End", "a"], "End", "It stopped at `a = 1 / 0` (ZeroDivisionError"),
    ],
)
def test_what_goes_wrong_is_said_in_a_sentence(write, capsys, sources, section, sentence):
    write(*sources)
    caught_up(section)
    assert sentence in capsys.readouterr().out


def test_a_notebook_that_was_moved_is_said_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(catch_up, "NOTEBOOKS", tmp_path)
    caught_up("End")
    assert "no longer in" in capsys.readouterr().out
