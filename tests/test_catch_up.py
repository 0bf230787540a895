"""A learner who comes late gets to every section, and sees there what everybody else sees."""

import json

import pytest
from nbformat.v4 import new_code_cell

from helpers import catch_up, data
from helpers.instructor.catch_up_cells import TAG, with_catch_up
from tests.execute import (
    NOTEBOOKS,
    cell_name,
    code_cells,
    execute,
    find_notebooks,
    read_notebook,
)
from tests.notebook_comparison import output_differences, stderr_lines, tolerance

PATHS = find_notebooks([])
each_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)

# What a fresh kernel has: no name, no history, no settings.
FRESH = """\
import numpy
from helpers import plotting
numpy.set_printoptions(precision=8, suppress=False)
plotting.mark_source("{source}")
get_ipython().reset(new_session=True)"""

# Training is the same each time, so within this test it is done once: a network that starts from
# the same weights with the same settings and targets gets the weights that came out of each epoch
# the first time.
TRAIN_ONCE = """\
import sys

sys.path.insert(0, "..")


def _train_numpy_once():
    from helpers import training

    train, known = training.train_softmax_regression, {}

    def remembering_train(images, labels, **settings):
        key = tuple(getattr(value, "__name__", value) for value in settings.values())
        if key not in known:
            known[key] = train(images, labels, **settings)
        return tuple(part.copy() for part in known[key])

    training.train_softmax_regression = remembering_train


def _train_keras_once():
    import copy
    import hashlib

    from helpers.quiet_tensorflow import keras

    fit, known = keras.Model.fit, {}

    def remembering_fit(model, *arrays, **settings):
        weights = b"".join(array.tobytes() for array in [*model.get_weights(), arrays[-1]])
        layers = [type(layer).__name__ for layer in model.layers]
        key = (hashlib.sha256(weights).hexdigest(), *layers, settings["epochs"])
        callbacks = settings.pop("callbacks", [])
        if key not in known:
            after = []
            remember = keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: after.append(model.get_weights())
            )
            history = fit(model, *arrays, callbacks=[remember, *callbacks], **settings)
            known[key] = after, history.history
            return history
        after, values = known[key]
        history = keras.callbacks.History()
        history.history = copy.deepcopy(values)
        for epoch, weights in enumerate(after):
            model.set_weights(weights)
            logs = {name: of_epoch[epoch] for name, of_epoch in values.items()}
            for callback in callbacks:
                callback.on_epoch_end(epoch, logs)
        return history

    keras.Model.fit = remembering_fit"""


def sections(notebook):
    """The code cells of each section that has a cell to catch up, that cell first."""
    places = [
        place for place, cell in enumerate(notebook.cells) if TAG in cell.metadata.get("tags", [])
    ]
    heads = [place for place, _ in catch_up.headings(notebook.cells)] + [len(notebook.cells)]
    ends = [min(head for head in heads if head > place) for place in places]
    return [
        [cell for cell in notebook.cells[place:end] if cell.cell_type == "code"]
        for place, end in zip(places, ends, strict=True)
    ]


@each_notebook
def test_each_section_can_be_the_first(path):
    stored = read_notebook(path)
    notebook = read_notebook(path)
    parts = sections(notebook)
    start = TRAIN_ONCE
    for word, remember in [(".fit(", "keras"), ("train_softmax_regression(", "numpy")]:
        if any(word in cell.source for cell in code_cells(notebook)):
            start += f"\n\n\n_train_{remember}_once()"
    # So that a figure shows whether the section itself was told where its pictures are from.
    marks = any("mark_source(" in cell.source for cell in code_cells(notebook))
    fresh = FRESH.format(source="sketches" if marks else "fashion-mnist")
    notebook.cells = [new_code_cell(start)]
    for cells in parts:
        notebook.cells += [new_code_cell(fresh), *cells]
    execute(notebook, NOTEBOOKS)

    wrong = []
    for cells, before in zip(parts, sections(stored), strict=True):
        said = "".join(output.get("text", "") for output in cells[0].outputs)
        if not said.endswith("You are there: go on with the next cell.\n"):
            wrong += [cells[0].source.splitlines()[-1], said]
        for cell, old in zip(cells[1:], before[1:], strict=True):
            tags = cell.metadata.get("tags", [])
            if "data" in tags and data.find_folder() is None:
                problems = stderr_lines(cell.outputs)
            else:
                problems = output_differences(old.outputs, cell.outputs, tolerance(tags))
            if problems:
                wrong += [cells[0].source.splitlines()[-1], cell_name(notebook, cell), *problems]
    assert not wrong, "\n".join(wrong)


@each_notebook
def test_every_section_has_its_cell_and_the_cell_is_folded(path):
    notebook = read_notebook(path)
    expected = with_catch_up(notebook.cells, path.stem[:2])
    same = [(cell.id, cell.source) for cell in expected] == [
        (cell.id, cell.source) for cell in notebook.cells
    ]
    assert same, f"Run python -m helpers.instructor catch-up {path.stem[:2]}, then store it."
    for cells in sections(notebook):
        assert cells[0].metadata.jupyter.source_hidden
        assert cells[0].outputs == [], "Where nothing is missing it must say nothing."


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
