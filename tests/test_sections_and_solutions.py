"""A learner who comes late, and one who has solved everything, see what everybody else sees.

For both a notebook is run once more, in one kernel: each section as if it were the first, then all
of it with the solutions. The pictures are read once, and each network is trained once.
"""

import json
import shutil
from dataclasses import dataclass

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from helpers import catch_up, data
from helpers.exercises.judge import CORRECT
from helpers.instructor.catch_up_cells import TAG
from helpers.instructor.solved import fill_in_all
from tests.execute import (
    REPOSITORY,
    cell_name,
    code_cells,
    execute,
    find_notebooks,
    read_notebook,
)
from tests.notebook_comparison import output_differences, stderr_lines, tolerance

# What a fresh kernel has: no name, no history, no settings.
FRESH = """\
import numpy
from helpers import plotting
numpy.set_printoptions(precision=8, suppress=False)
plotting.mark_source("{source}")
get_ipython().reset(new_session=True)"""

# Reading the pictures and training are the same each time, so they are done once: a network that
# starts from the same weights with the same pictures, targets and settings gets the weights that
# came out of each epoch the first time.
WORK_ONCE = """\
import sys

sys.path.insert(0, "..")


def _work_once(with_keras):
    import copy
    import functools
    import hashlib

    from helpers import data, training

    data.load = functools.cache(data.load)
    train, known = training.train_softmax_regression, {}

    def digest(*arrays):
        return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()

    def remembering_train(images, labels, **settings):
        plain = [getattr(value, "__name__", value) for value in settings.values()]
        key = digest(images, labels), *plain
        if key not in known:
            known[key] = train(images, labels, **settings)
        return tuple(part.copy() for part in known[key])

    training.train_softmax_regression = remembering_train
    if not with_keras:
        return

    from helpers.quiet_tensorflow import keras

    fit = keras.Model.fit

    def described(part):
        config = {name: value for name, value in part.get_config().items() if name != "name"}
        return type(part).__name__, config

    def what_decides(model, arrays, settings):
        arrays = digest(*model.get_weights(), *arrays, *settings.get("validation_data", ()))
        numbers = {name: value for name, value in settings.items() if isinstance(value, int)}
        parts = [*model.layers, model.optimizer, model.loss]
        return arrays, str(numbers), str([described(part) for part in parts])

    def remembering_fit(model, *arrays, **settings):
        callbacks = settings.pop("callbacks", [])
        key = what_decides(model, arrays, settings)
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
        for number, weights in enumerate(after):
            model.set_weights(weights)
            logs = {name: of_epoch[number] for name, of_epoch in values.items()}
            for callback in callbacks:
                callback.on_epoch_end(settings.get("initial_epoch", 0) + number, logs)
        return history

    keras.Model.fit = remembering_fit
"""


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


def run(late, solved, folder):
    """Run the sections of one notebook and all of the other; both get their outputs."""
    cells = code_cells(late)
    with_keras = any(".fit(" in cell.source for cell in cells)
    start = f"{WORK_ONCE}\n\n\n_work_once({with_keras=})"
    # So that a figure shows whether the section itself was told where its pictures are from.
    marks = any("mark_source(" in cell.source for cell in cells)
    fresh = FRESH.format(source="sketches" if marks else "fashion-mnist")
    both = new_notebook(cells=[new_code_cell(start)])
    for part in [*sections(late), code_cells(solved)]:
        both.cells += [new_code_cell(fresh), *part]
    execute(both, folder)


@dataclass(frozen=True)
class Learners:
    """A notebook as it is stored, as a late learner sees it, and as one who solves everything."""

    stored: NotebookNode
    late: NotebookNode
    solved: NotebookNode
    answered: dict[str, str]  # the cells' ids, and the exercises' names
    diary: dict  # of who solves everything


# The longest ones first, as in conftest.py.
@pytest.fixture(scope="module", params=find_notebooks([])[::-1], ids=lambda path: path.stem)
def learners(request, tmp_path_factory):
    """In a copy of the course: the progress of whoever runs the tests is not touched."""
    path, place = request.param, tmp_path_factory.mktemp("course")
    for folder in ("notebooks", "helpers", "data", "browser"):
        ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.gz*")
        shutil.copytree(REPOSITORY / folder, place / folder, ignore=ignored)
    stored, late, solved = (read_notebook(path) for _ in range(3))
    answered = fill_in_all(solved, int(path.stem[:2]))
    with pytest.MonkeyPatch.context() as environment:
        if pictures := data.find_folder():
            environment.setenv("FASHION_MNIST_DIR", str(pictures))
        run(late, solved, place / "notebooks")
    diary = json.loads((place / "progress.json").read_text(encoding="utf-8"))
    return Learners(stored, late, solved, answered, diary)


def problems_of(cell, before):
    """What is wrong with the outputs of a cell, given those that are stored."""
    tags = cell.metadata.get("tags", [])
    if "data" in tags and data.find_folder() is None:
        return stderr_lines(cell.outputs)
    return output_differences(before.outputs, cell.outputs, tolerance(tags))


def test_each_section_can_be_the_first(learners):
    wrong = []
    for cells, before in zip(sections(learners.late), sections(learners.stored), strict=True):
        said = "".join(output.get("text", "") for output in cells[0].outputs)
        if not said.endswith("You are there: go on with the next cell.\n"):
            wrong += [cells[0].source.splitlines()[-1], said]
        for cell, old in zip(cells[1:], before[1:], strict=True):
            if problems := problems_of(cell, old):
                name = cell_name(learners.late, cell)
                wrong += [cells[0].source.splitlines()[-1], name, *problems]
    assert not wrong, "\n".join(wrong)


def test_a_solved_notebook_says_correct_everywhere_and_changes_nothing_else(learners):
    wrong = []
    pairs = zip(code_cells(learners.solved), code_cells(learners.stored), strict=True)
    for cell, before in pairs:
        if cell.id in learners.answered:
            printed = "".join(output.get("text", "") for output in cell.outputs)
            problems = stderr_lines(cell.outputs)
            if f"{learners.answered[cell.id]} correct: " not in printed:
                problems.append(printed)
        else:
            problems = problems_of(cell, before)
        if problems:
            wrong += [cell_name(learners.solved, cell), *problems]
    assert not wrong, "\n".join(wrong)
    outcomes = {name: entry["outcome"] for name, entry in learners.diary.items()}
    assert outcomes == dict.fromkeys(learners.answered.values(), CORRECT)
