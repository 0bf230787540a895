"""`check_project` on the worked sample, on the template, and on variants of the sample.

A poor project is the sample with one thing broken, checked without a run; runs are tested on
notebooks of a few cells.
"""

import base64
import re
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers import project, running
from helpers.project import CannotRead, check_project, report, review, rubric_table
from tools.notebooks import NOTEBOOKS

pytestmark = pytest.mark.slow

SAMPLE = NOTEBOOKS / "projects" / "four-tops.ipynb"
TEMPLATE = NOTEBOOKS / "projects" / "template.ipynb"
ONLY_LOOK = 0
NOT_RUN = "it runs from top to bottom within five minutes"


@pytest.fixture
def changed(tmp_path):
    """Write the sample, changed by these functions, and return its path."""

    def write(*changes):
        notebook = nbformat.read(SAMPLE, as_version=4)
        for change in changes:
            change(notebook)
        path = tmp_path / "poor.ipynb"
        nbformat.write(notebook, path)
        return path

    return write


@pytest.fixture
def small(tmp_path):
    """Write a notebook of these code cells, and return its path."""

    def write(*sources):
        path = tmp_path / "small.ipynb"
        nbformat.write(new_notebook(cells=list(map(new_code_cell, sources))), path)
        return path

    return write


def lost(path, seconds=ONLY_LOOK):
    """What is missing, by criterion; without that of the run if `seconds` is 0."""
    findings = review(path, seconds)
    return {
        finding.row.criterion: finding.missing
        for finding in findings
        if finding.missing and (seconds or finding.row.criterion != NOT_RUN)
    }


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def replace(old, new):
    """A change of the sample: other text in all cells that contain it."""

    def change(notebook):
        found = [cell for cell in notebook.cells if old in cell.source]
        assert found, f"The sample has no {old!r} any more."
        for cell in found:
            cell.source = cell.source.replace(old, new)

    return change


def insert(heading, source):
    """A change of the sample: a new code cell below the heading with these words."""

    def change(notebook):
        [place] = [i for i, cell in enumerate(notebook.cells) if f"## {heading}" in cell.source]
        notebook.cells.insert(place + 1, new_code_cell(source))
        for number, cell in enumerate(code(notebook), start=1):
            cell.execution_count = number

    return change


# The sample and the template ----------------------------------------------------------------------


def test_sample_loses_nothing():
    assert lost(SAMPLE) == {}


def test_template_lacks_what_a_learner_writes():
    assert set(lost(TEMPLATE)) == {
        "a section asks one",
        "they are loaded, and described in a section",
        "the simplest answer is scored",
        "the test set is used in one section, after all training, and chooses nothing",
        "the score has a confidence interval",
        "each figure has a text",
        "confidence is compared with accuracy",
        "a section names them",
    }
    assert lost(TEMPLATE)["a section names them"] == [
        "The section `## Limits` has 0 words of your own: write at least 15. Lines that begin with "
        "`>` do not count."
    ]


def test_running_the_template_changes_no_file():
    before = {path: path.read_bytes() for path in TEMPLATE.parent.iterdir() if path.is_file()}
    assert NOT_RUN not in lost(TEMPLATE, seconds=120)
    after = {path: path.read_bytes() for path in TEMPLATE.parent.iterdir() if path.is_file()}
    assert after == before


def test_outputs_support_the_conclusion_of_the_sample():
    """The expected gain of a point lies outside every interval, and the seeds disagree."""
    printed = "".join(o.get("text", "") for c in code(nbformat.read(SAMPLE, 4)) for o in c.outputs)
    found = re.findall(r"(seed \d|mean.*): gain (\S+), paired interval (\S+) to (\S+)", printed)
    assert len(found) == 4
    assert all(-0.01 < float(low) <= float(high) < 0.01 for _, _, low, high in found)
    gains = [float(gain) for _, gain, _, _ in found[:3]]
    assert max(gains) - min(gains) > abs(float(found[3][1]))


# Poor and honest projects ----------------------------------------------------------------


def figure_without_words(notebook):
    output = next(o for c in code(notebook) for o in c.outputs if "image/png" in o.get("data", {}))
    output.metadata["image/png"].pop("alt")


def home_path_in_an_output(notebook):
    code(notebook)[2].outputs = [new_output("stream", name="stdout", text="in C:\\Users\\ada\\a")]


def short_limits(notebook):
    [cell] = [cell for cell in notebook.cells if cell.source.startswith("## Limits")]
    cell.source = "## Limits\n\nThere are none."


def stale(notebook):
    code(notebook)[5].execution_count = 40


def error_stored(notebook):
    error = new_output("error", ename="NameError", evalue="x", traceback=["NameError: x"])
    code(notebook)[3].outputs = [error]


def too_large(notebook):
    picture = base64.b64encode(bytes(2_000_000)).decode()
    alt = {"image/png": {"alt": "black"}}
    code(notebook)[5].outputs = [new_output("display_data", {"image/png": picture}, metadata=alt)]


LOOK = "print(accuracy(data.test_labels, scores_of(ten[-1], data.test_images).argmax(axis=1)))"
NO_INTERVAL = (
    replace("wilson_interval", "sorted"),
    replace("1.96 * ", "2 * "),
    insert("Limits", "print(np.quantile(gain, 0.5))"),
)
SEED = "all that is random is seeded"
ONCE = "the test set is used in one section, after all training, and chooses nothing"
PATHS = "no paths of one computer"
ORDER = "the stored outputs are of one run, in order"
WORDS = "each figure has a text"
SIZE = "at most 2 MB"
DESCRIBED = "they are loaded, and described in a section"
# The row that is lost, a part of what is said, and the changes of the sample.
POOR = {
    "no seed": (
        SEED,
        "code cell 7 `def trained(",
        replace("    keras.utils.set_random_seed(seed)\n", ""),
    ),
    "generator without a seed": (
        SEED,
        "`np.random.default_rng()` has no seed",
        replace("default_rng(0)", "default_rng()"),
    ),
    "test set in three sections": (
        ONCE,
        "in 3 sections: code cell 6 `print(accuracy(",
        insert("Baseline", LOOK),
        insert("Limits", LOOK),
    ),
    "training after the test": (
        ONCE,
        "code cell 16 `better = trained(",
        insert("Limits", "better = trained(7, SHELF_OF[training_labels], 99)"),
    ),
    "test in the training loop": (
        ONCE,
        "code cell 8 `ten, seven = [], []`: a loop trains and tests in turn",
        replace('    print(f"seed {seed}: both networks are trained")', f"    {LOOK}"),
    ),
    "test in a training comprehension": (
        ONCE,
        "code cell 10 `[scores_of(trained(",
        insert("Honest", "[scores_of(trained(7, x, k), data.test_images) for k in (3, 4)]"),
    ),
    "test in a function": (
        ONCE,
        "in 2 sections: ",
        insert("Baseline", "def score(m):\n    return scores_of(m, data.test_images)"),
        insert("Limits", "score(ten[0])"),
    ),
    "test under another name": (
        ONCE,
        "in 2 sections: code cell 7 `scores_of(ten[0], pictures)`",
        insert("Data", "pictures = data.test_images / 255"),
        insert("Baseline", "scores_of(ten[0], pictures)"),
    ),
    "no validation": (
        "pictures for validation are set apart",
        "no cell splits the training pictures",
        *(replace(f"[{part}]", "") for part in ("training", "validation")),
    ),
    "no interval": (
        "the score has a confidence interval",
        "`wilson_interval(correct, count)`",
        *NO_INTERVAL,
    ),
    "figure without words": (WORDS, "code cell 13 `curves = {", figure_without_words),
    "absolute path": (
        PATHS,
        "code cell 3 `data = load(",
        replace("data = load()", 'data = load("/mnt/fashion")'),
    ),
    "path in an output": (PATHS, "`: its output shows a path", home_path_in_an_output),
    "short limits": ("a section names them", "has 3 words of your own", short_limits),
    "no question": ("a section asks one", "no question mark", replace("?", ".")),
    "no section on data": (DESCRIBED, "no section `## Data`", replace("## Data\n", "## Other\n")),
    "stale": (ORDER, "max()...`: was not run as number 6", stale),
    "error stored": (ORDER, "an error is stored with it", error_stored),
    "too large": (SIZE, "the largest output is that of code cell 6 `", too_large),
}


@pytest.mark.parametrize("name", POOR)
def test_poor_project_loses_one_row(changed, name):
    row, place, *changes = POOR[name]
    missing = lost(changed(*changes))
    assert list(missing) == [row]
    assert place in "\n".join(missing[row])


def described_in_the_next_cell(notebook):
    figure_without_words(notebook)
    [place] = [i for i, c in enumerate(notebook.cells) if "no gain" in c.source]
    notebook.cells.insert(place + 1, new_markdown_cell("Figure: three bars for each seed."))


COUNT = "number = sum(p.tobytes() in known for p in data.test_images)"
GOOD = {
    "sizes": [insert("Limits", "print(len(data.test_labels), data.test_images.shape)")],
    "results": [insert("Limits", "test_accuracy = 0.5\nprint(test_accuracy)")],
    "prepared": [
        insert("Data", "x, x_test = data.train_images / 255, data.test_images / 255"),
        insert("Baseline", "print(x.mean())"),
    ],
    "prepared anywhere": [insert("Model", "x_test = data.test_images / 255")],
    "prepared by a function": [insert("Data", "held_out = two_classes(data.test_images)")],
    "copies": [insert("Data", COUNT), insert("Limits", "print(number)")],
    "parameter": [insert("Model", "def f(x_test):\n    return x_test + 1\n\nf(validation_images)")],
    "calibration": [insert("Calibration", "print(scores_of(ten[0], data.test_images).max())")],
    "temperature": [
        insert("Limits", "fit_temperature(scores_of(ten[0], validation_images), validation_labels)")
    ],
    "written interval": [*NO_INTERVAL, insert("Honest", "half = 1.96 * np.sqrt(p * (1 - p) / n)")],
    "percentiles": [*NO_INTERVAL, insert("Honest", "np.quantile(means, [0.025, 0.975])")],
    "baseline by name": [replace("## Baseline", "## The simplest answer")],
    "baseline by section": [replace("majority_accuracy", "simplest")],
    "described figure": [described_in_the_next_cell],
}


@pytest.mark.parametrize("name", GOOD)
def test_good_project_loses_nothing(changed, name):
    assert lost(changed(*GOOD[name])) == {}


@pytest.mark.parametrize(
    ("call", "seed"),
    [("np.random.normal(0)", "np.random.seed(0)"), ("random.random()", "seed(0)")],
)
def test_random_call_needs_its_own_seed(small, call, seed):
    assert SEED in lost(small("print(1)", call))
    assert SEED not in lost(small(seed, call))


def test_fit_needs_a_seed_only_with_keras(small):
    source = "name = 'keras'.upper()\nmodel = name\nmodel.fit(images, labels)"
    assert SEED not in lost(small(source))
    assert SEED in lost(small("import keras", source))


def test_magics_are_left_out(small):
    assert SEED in lost(small("%pip list\n!ls\nrandom.random()"))


@pytest.mark.parametrize("source", ["%%bash\nls -l /", "x = (", "\0", "(" * 5000])
def test_cells_that_are_not_python(small, source):
    assert SEED not in lost(small(source, "y = 1"))
    assert SEED in lost(small(source, "random.random()"))


# Whole projects -----------------------------------------------------------------------------------

PROJECTS = sorted((Path(__file__).parent / "projects").glob("*.py"))
ROWS = {
    "validation": "pictures for validation are set apart",
    "baseline": "the simplest answer is scored",
    "seeds": SEED,
    "test": ONCE,
    "interval": "the score has a confidence interval",
    "calibration": "confidence is compared with accuracy",
}


@pytest.mark.parametrize("source", PROJECTS, ids=lambda path: path.stem)
def test_honest_and_cheating_projects(tmp_path, source):
    """Points by row stand in the first line; `# ##` begins a section, `# %%` a cell."""
    expected, _, text = source.read_text(encoding="utf-8").partition("\n")
    notebook = new_notebook()
    for part in re.split(r"^(?=# ## )|^# %%\n", text, flags=re.MULTILINE):
        heading, code = re.fullmatch(r"(?s)(?:# (## .*?)\n)?(.*)", part).groups()
        notebook.cells += [new_markdown_cell(heading)] if heading else []
        notebook.cells += [new_code_cell(code)] if code.strip() else []
    path = tmp_path / "project.ipynb"
    nbformat.write(notebook, path)
    points = {finding.row.criterion: finding.points for finding in review(path, ONLY_LOOK)}
    pairs = re.findall(r"(\w+) (\d)", expected)
    assert [row for row, _ in pairs] == list(ROWS)
    assert {row: points[ROWS[row]] for row in ROWS} == {row: int(n) for row, n in pairs}


# Files that are not notebooks ---------------------------------------------------------------------

BAD_FILES = {
    "text": (b"print('hello')\n", "text.ipynb is not JSON"),
    "deep": (b"[" * 100_000, "deep.ipynb is not JSON"),
    "list": (b"[1, 2]", "list.ipynb is damaged"),
    "old": (b'{"nbformat": 3, "worksheets": []}', "old.ipynb is damaged"),
    "cell": (b'{"nbformat": 4, "cells": [7]}', "cell.ipynb is damaged"),
    "empty": (b'{"nbformat": 4, "cells": []}', "empty.ipynb has no code"),
    "missing": (None, "There is no file 'missing.ipynb' here"),
    "folder": (None, "'folder.ipynb' can't be read"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_file_gets_one_sentence(tmp_path, monkeypatch, capsys, name):
    content, sentence = BAD_FILES[name]
    monkeypatch.chdir(tmp_path)
    path = Path(f"{name}.ipynb")
    if content:
        path.write_bytes(content)
    elif name == "folder":
        path.mkdir()
    with pytest.raises(CannotRead, match=f"^{re.escape(sentence)}"):
        review(path)
    check_project(path, ONLY_LOOK)
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith(sentence)


# Running ------------------------------------------------------------------------------------------


def run_missing(path, seconds):
    return lost(path, seconds).get(NOT_RUN, [])


def kernels_here():
    return [
        process
        for process in psutil.Process().children(recursive=True)
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    ]


def test_cell_that_raises(small):
    assert run_missing(small("a = 1", "", "# here\n1 / 0", "b = 2"), 60) == [
        "code cell 3 `# here`: stops a run from the top with ZeroDivisionError: division by zero"
    ]


def test_endless_cell_is_stopped_with_its_processes(small):
    child = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
    loop = "while True:\n    time.sleep(0.1)"  # a busy one would take from other tests
    path = small("x = 1", f"import subprocess, sys, time\n{child}\n{loop}")
    begin = time.monotonic()
    assert run_missing(path, 15) == [
        "code cell 2 `import subprocess, sys, time`: was still running when it was stopped after "
        "15 seconds. Is there an endless loop?"
    ]
    assert time.monotonic() - begin < 30
    assert not kernels_here()


def test_flood_of_output_is_stopped(small, monkeypatch):
    monkeypatch.setattr(running, "FLOOD_BYTES", 120_000_000)
    path = small("x = 1", "while True:\n    print('x' * 10_000)")
    assert run_missing(path, 60) == [
        "code cell 2 `while True:`: stops a run from the top with more output than the memory "
        "holds; is there an endless loop?"
    ]
    assert not kernels_here()


def test_project_that_kills_its_runner(small):
    path = small("x = 1", "import os, psutil\npsutil.Process(os.getppid()).kill()")
    assert run_missing(path, 60) == [
        "code cell 2 `import os, psutil`: stops a run from the top with a sudden end of the "
        "process that ran it"
    ]


# The report -------------------------------------------------------------------------------------


def test_error_of_the_checker_is_caught(capsys, monkeypatch):
    monkeypatch.setattr(project, "review", lambda *_: [][0])
    check_project(SAMPLE, ONLY_LOOK)
    assert capsys.readouterr().out.startswith("The checker itself failed, which is its fault: Ind")


def test_report_and_table_agree_with_the_rubric(capsys):
    findings = review(SAMPLE, ONLY_LOOK)
    possible = sum(row.points for row in project.RUBRIC if row.check)
    assert report(SAMPLE, findings).splitlines()[0] == (
        f"four-tops.ipynb: {possible - 3} of the {possible} points that a program can see"
    )
    table = rubric_table()
    assert all(f"| {row.criterion} | {row.points} |" in table for row in project.RUBRIC)
    # The notebook names these two sums in its prose.
    assert (possible, sum(row.points for row in project.RUBRIC if not row.check)) == (21, 10)
