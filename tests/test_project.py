"""`check_project` on the worked sample, on the template, and on variants of the sample.

A poor project is the sample with one thing broken, checked without a run; runs are tested on
notebooks of a few cells.
"""

import base64
import json
import re
import time

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers import project, running
from helpers.project import CannotRead, check_project, report, review, rubric_table
from tools.notebooks import NOTEBOOKS

SAMPLE = NOTEBOOKS / "projects" / "four-tops.ipynb"
TEMPLATE = NOTEBOOKS / "projects" / "template.ipynb"
ONLY_LOOK = 0
NOT_RUN = "it runs from top to bottom within five minutes"


@pytest.fixture
def copy(tmp_path):
    """Write the sample, changed by a function, and return its path."""

    def write(change):
        notebook = nbformat.read(SAMPLE, as_version=4)
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


def replace(notebook, old, new):
    found = [cell for cell in notebook.cells if old in cell.source]
    assert found, f"The sample has no {old!r} any more."
    for cell in found:
        cell.source = cell.source.replace(old, new)


def drop(notebook, *texts):
    """Take out the code cells with these texts, and number the others as one run would."""
    for text in texts:
        [cell] = [cell for cell in code(notebook) if text in cell.source]
        notebook.cells.remove(cell)
    for number, cell in enumerate(code(notebook), start=1):
        cell.execution_count = number


def insert(notebook, after, *sources):
    """Add code cells below the heading that contains these words."""
    [place] = [i for i, cell in enumerate(notebook.cells) if f"## {after}" in cell.source]
    notebook.cells[place + 1 : place + 1] = map(new_code_cell, sources)
    for number, cell in enumerate(code(notebook), start=1):
        cell.execution_count = number


# The sample and the template ----------------------------------------------------------------------


def test_sample_loses_nothing():
    assert lost(SAMPLE) == {}


def test_template_lacks_what_a_learner_writes():
    assert set(lost(TEMPLATE)) == {
        "a section asks one",
        "they are loaded, and described in a section",
        "the simplest answer is scored",
        "the test set is used in one section, after all training",
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


def test_outputs_support_the_sample_s_conclusion():
    """The expected gain of a point lies outside every interval, and the seeds disagree."""
    printed = "".join(o.get("text", "") for c in code(nbformat.read(SAMPLE, 4)) for o in c.outputs)
    found = re.findall(r"(seed \d|mean.*): gain (\S+), paired interval (\S+) to (\S+)", printed)
    assert len(found) == 4
    assert all(-0.01 < float(low) <= float(high) < 0.01 for _, _, low, high in found)
    gains = [float(gain) for _, gain, _, _ in found[:3]]
    assert max(gains) - min(gains) > abs(float(found[3][1]))


# Poor and honest projects ----------------------------------------------------------------


def no_seed(notebook):
    replace(notebook, "    keras.utils.set_random_seed(seed)\n", "")


def generator_without_seed(notebook):
    replace(notebook, "default_rng(0)", "default_rng()")


def no_baseline(notebook):
    drop(notebook, "majority_accuracy")


def used_in_three_cells(notebook):
    look = "print(accuracy(data.test_labels, scores_of(ten[0], data.test_images).argmax(axis=1)))"
    insert(notebook, "Baseline", look)
    insert(notebook, "Limits", look)


def training_after_the_test(notebook):
    insert(notebook, "Limits", "better = trained(7, SHELF_OF[training_labels], 99)")


def used_in_the_training_loop(notebook):
    replace(
        notebook,
        '    print(f"seed {seed}: both networks are trained")',
        "    print(accuracy(data.test_labels, scores_of(ten[-1], x).argmax(axis=1)))",
    )


def used_by_a_function(notebook):
    insert(notebook, "Baseline", "def score(m):\n    return scores_of(m, data.test_images)")
    insert(notebook, "Limits", "score(ten[0])")


def used_under_another_name(notebook):
    insert(notebook, "Data", "pictures = data.test_images / 255")
    insert(notebook, "Baseline", "print(pictures.mean())")


def used_in_a_training_comprehension(notebook):
    insert(
        notebook,
        "Honest",
        "print(max([scores_of(trained(7, x, seed), data.test_images).max() for seed in (3, 4)]))",
    )


def validation_on_test_pictures(notebook):
    replace(notebook, "validation_", "other_")
    insert(notebook, "Data", "x_val = data.test_images / 255")


def no_interval(notebook):
    replace(notebook, "wilson_interval", "sorted")
    replace(notebook, "1.96 * ", "2 * ")
    insert(notebook, "Limits", "print(np.quantile(gain, 0.5))")


def no_validation(notebook):
    replace(notebook, "validation_", "other_")


def no_calibration(notebook):
    drop(notebook, "expected_calibration_error(together", "Confidence is close to accuracy")


def figure_without_words(notebook):
    for cell in code(notebook):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                output.metadata["image/png"].pop("alt")
                return


def no_figure(notebook):
    for cell in code(notebook):
        cell.outputs = [o for o in cell.outputs if "image/png" not in o.get("data", {})]


def colab_path(notebook):
    replace(notebook, "data = load()", 'data = load("/content/drive/MyDrive/fashion")')


def home_path_in_an_output(notebook):
    code(notebook)[2].outputs = [new_output("stream", name="stdout", text="in C:\\Users\\ada\\a")]


def short_limits(notebook):
    [cell] = [cell for cell in notebook.cells if cell.source.startswith("## Limits")]
    cell.source = "## Limits\n\nThere are none."


def no_question_mark(notebook):
    [cell] = [cell for cell in notebook.cells if cell.source.startswith("## Question")]
    cell.source = cell.source.replace("?", ".")


def no_data_section(notebook):
    replace(notebook, "## Data\n", "## Pictures\n")


def stale(notebook):
    code(notebook)[5].execution_count = 40


def never_run(notebook):
    code(notebook)[-1].execution_count = None


def error_stored(notebook):
    code(notebook)[3].outputs = [
        new_output("error", ename="NameError", evalue="x", traceback=["NameError: x"])
    ]


def too_large(notebook):
    picture = base64.b64encode(bytes(2_000_000)).decode()
    alt = {"image/png": {"alt": "black"}}
    code(notebook)[5].outputs = [new_output("display_data", {"image/png": picture}, metadata=alt)]


ONCE = "the test set is used in one section, after all training"
APART = "pictures for validation are set apart"
PATHS = "no paths of one computer"
ORDER = "the stored outputs are of one run, in order"
POOR = [
    (no_seed, "all that is random is seeded", "code cell 7 `def trained(outputs, labels, seed):`"),
    (generator_without_seed, "all that is random is seeded", "`np.random.default_rng()` has no"),
    (no_baseline, "the simplest answer is scored", "`## Baseline` has no code"),
    (used_in_three_cells, ONCE, "in 3 sections: code cell 6 `print(accuracy(data.test_labels"),
    (training_after_the_test, ONCE, "code cell 16 `better = trained(7, SHELF_OF[training_labels]"),
    (used_in_the_training_loop, ONCE, "code cell 8 `ten, seven = [], []`: a loop trains and tes"),
    (used_by_a_function, ONCE, "in 2 sections: "),
    (used_under_another_name, ONCE, "in 2 sections: code cell 7 `print(pictures.mean())`"),
    (used_in_a_training_comprehension, ONCE, "code cell 10 `print(max([scores_of(trained(7, x"),
    (validation_on_test_pictures, APART, "`validation_images` or `x_val`"),
    (no_interval, "the score has a confidence interval", "`wilson_interval(correct, count)`"),
    (no_validation, APART, "`validation_images` or `x_val`"),
    (no_calibration, "confidence is compared with accuracy", "`expected_calibration_error`"),
    (
        figure_without_words,
        "each figure has a text",
        'code cell 13 `curves = {"no gain": (np.array([0.5, 4.5])',
    ),
    (no_figure, "each figure has a text", "No cell shows a figure"),
    (colab_path, PATHS, "code cell 3 `data = load("),
    (home_path_in_an_output, PATHS, "code cell 3 `data = load()`: its output shows a path"),
    (short_limits, "a section names them", "has 3 words of your own: write at least 15"),
    (no_question_mark, "a section asks one", "no question mark"),
    (no_data_section, "they are loaded, and described in a section", "no section `## Data`"),
    (stale, ORDER, "`majority_accuracy = np.bincount(validation_shelves).max()...`: was run as"),
    (never_run, ORDER, "code cell 15 `plotting.plot_lines(`: has never been run"),
    (error_stored, ORDER, "an error is stored with it"),
    (too_large, "at most 2 MB", "2 are allowed; the largest output is that of code cell 6 `"),
]


@pytest.mark.parametrize(
    ("change", "row", "place"), POOR, ids=lambda item: getattr(item, "__name__", "")
)
def test_poor_project_loses_one_row(copy, change, row, place):
    missing = lost(copy(change))
    assert list(missing) == [row]
    assert place in "\n".join(missing[row])


# Section, and code that belongs there in an honest project.
HONEST = {
    "sizes": ("Limits", "print(len(data.test_labels), data.test_images.shape)"),
    "results": ("Limits", "test_accuracy = 0.5\nprint(test_accuracy)"),
    "prepared": ("Data", "x, x_test = data.train_images / 255, data.test_images / 255\nprint(x)"),
    "prepared anywhere": ("Model", "x_test = data.test_images / 255"),
    "prepared by a function": ("Data", "held_out = two_classes(data.test_images)"),
    "copies": ("Data", "print(sum(p.tobytes() in known for p in data.test_images))"),
    "copies shown later": (
        "Data",
        "number = sum(p.tobytes() in known for p in data.test_images)",
        "print(number)",
    ),
    "parameter": ("Model", "def f(x_test):\n    return x_test + 1\n\n\nf(validation_images)"),
    "temperature": ("Limits", "fit_temperature(scores_of(ten[0], validation_images), labels)"),
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_code_is_no_early_use_of_the_test_set(copy, name):
    section, source, *later = HONEST[name]

    def change(notebook):
        insert(notebook, section, source)
        if later:
            insert(notebook, "Limits", *later)

    assert lost(copy(change)) == {}


@pytest.mark.parametrize(
    "source", ["half = 1.96 * np.sqrt(p * (1 - p) / n)", "np.quantile(means, [0.025, 0.975])"]
)
def test_interval_may_be_written_out(copy, source):
    def change(notebook):
        no_interval(notebook)
        insert(notebook, "Honest", "truth = SHELF_OF[data.test_labels]", source)

    assert lost(copy(change)) == {}


@pytest.mark.parametrize(
    ("old", "new"), [("## Baseline", "## The simplest answer"), ("majority_accuracy", "simplest")]
)
def test_baseline_by_section_or_by_name(copy, old, new):
    assert lost(copy(lambda notebook: replace(notebook, old, new))) == {}


def test_random_call_needs_its_own_seed(small):
    for call, seed in (
        ("np.random.normal(0)", "np.random.seed(0)"),
        ("random.random()", "seed(0)"),
    ):
        source = f"values = np.array([1])\nprint(values)\n{call}"
        assert "all that is random is seeded" in lost(small(source))
        seeded = source.replace("print", f"{seed}\nprint")
        assert "all that is random is seeded" not in lost(small(seeded))


def test_fit_needs_a_seed_only_with_keras(small):
    source = "name = 'keras'.upper()\nmodel = name\nmodel.fit(images, labels)"
    assert "all that is random is seeded" not in lost(small(source))
    assert "all that is random is seeded" in lost(small("import keras", source))


def test_figure_described_in_the_next_cell(copy):
    def described(notebook):
        figure_without_words(notebook)
        [place] = [i for i, c in enumerate(notebook.cells) if "no gain" in c.source]
        notebook.cells.insert(place + 1, new_markdown_cell("Figure: three bars for each seed."))

    assert lost(copy(described)) == {}


@pytest.mark.parametrize(
    "source",
    ["%matplotlib inline\nx = 1", "!pip list\nx = 1", "%%bash\nls -l /", "x = (", "\0", "(" * 5000],
)
def test_cells_that_are_not_python(small, source):
    assert "all that is random is seeded" not in lost(small(source, "y = 1"))


# Files that are not notebooks ---------------------------------------------------------------------

EMPTY_NOTEBOOK = json.dumps(new_notebook())
BAD_FILES = {
    "not-json": (b"print('hello')\n", "is not JSON from line 1 on"),
    "deep": (b"[" * 100_000, "is not JSON"),
    "list": (b"[1, 2]", "is JSON, but no notebook"),
    "nothing": (b" \n", "is empty"),
    "latin": ("é".encode("latin-1"), "is not UTF-8"),
    "no-code": (json.dumps(new_notebook(cells=[new_markdown_cell("a")])).encode(), "has no code"),
    "no-cells": (EMPTY_NOTEBOOK.encode(), "has no code"),
    "old": (b'{"nbformat": 3, "worksheets": []}', "has the notebook format 3"),
    "damaged": (b'{"nbformat": 4, "nbformat_minor": 5, "cells": 7, "metadata": {}}', "is damaged"),
    "cell": (
        b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code"}]}',
        "is damaged",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_file_gets_one_sentence(tmp_path, capsys, name):
    content, sentence = BAD_FILES[name]
    path = tmp_path / f"{name}.ipynb"
    path.write_bytes(content)
    with pytest.raises(CannotRead, match=f"^{name}.ipynb {sentence}"):
        review(path)
    check_project(path, ONLY_LOOK)
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{name}.ipynb {sentence}")
    assert path.read_bytes() == content


def test_huge_file_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "large.ipynb"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    monkeypatch.setattr(type(path), "read_bytes", lambda _: pytest.fail("It was read."))
    with pytest.raises(CannotRead, match="has 200 MB, and over 20 MB are not even read"):
        review(path)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("missing.ipynb", "There is no file 'missing.ipynb' here"),
        (str(NOTEBOOKS), "is a folder"),
        (7, "Give the name of your notebook as a text"),
        (None, "Give the name of your notebook as a text"),
        ("a\0b", "can't be read"),
        ("x" * 5000, "can't be read"),
    ],
)
def test_bad_path_gets_one_sentence(capsys, given, sentence):
    check_project(given, ONLY_LOOK)
    [line] = capsys.readouterr().out.splitlines()
    assert sentence in line


# Running ------------------------------------------------------------------------------------------


def run_missing(path, seconds):
    return lost(path, seconds).get(NOT_RUN, [])


def kernels_here():
    return [
        process
        for process in psutil.Process().children(recursive=True)
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    ]


def test_notebook_that_runs(small):
    assert run_missing(small("x = 1", "", "print(x)"), 60) == []


def test_cell_that_raises(small):
    path = small("a = 1", "b = 2", "c = 3", "d = 4", "# here\n1 / 0", "e = 5")
    assert run_missing(path, 60) == [
        "code cell 5 `# here`: stops a run from the top with ZeroDivisionError: division by zero"
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


def test_kernel_that_dies(small):
    path = small("x = 1", "import os\nos._exit(1)")
    assert run_missing(path, 60) == [
        "code cell 2 `import os`: ended the kernel, by running out of memory or by leaving Python."
    ]


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
