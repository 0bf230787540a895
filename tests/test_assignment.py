"""A class of made-up students hands in, and real nbgrader commands give the right scores."""

import csv
import html
import json
import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest

from helpers.exercises import NOTEBOOKS, exercises_of, source_of
from helpers.exercises.judge import CORRECT, judge
from helpers.instructor import assignment
from helpers.instructor.__main__ import main
from tests.execute import REPOSITORY, code_cells, execute, find_notebooks, read_notebook

pytest.importorskip(
    "nbgrader", reason="grading is for instructors: install requirements-instructor.lock"
)

EXERCISES = ["1.1", "1.2", "2.2", "6.4"]
SECONDS = 15  # for a cell; the slowest right one takes one
ALL = [name for notebook in NOTEBOOKS for name in exercises_of(notebook)]


def exercise(name):
    return exercises_of(int(name.partition(".")[0]))[name]()


def grade_id(name, part):
    notebook, number = map(int, name.split("."))
    return f"{notebook:02}-{number:02}-{part}"


# What students hand in ----------------------------------------------------------------------------


class Submission:
    """A released notebook that a student works on."""

    def __init__(self, path):
        self.notebook = nbformat.read(path, 4)

    def cell(self, name, part="1-answer"):
        [found] = [c for c in self.notebook.cells if _id(c) == grade_id(name, part)]
        return found

    def answer(self, name, source):
        """Give a definition in place of the starter's, and keep the check."""
        cell = self.cell(name)
        _, _, check = cell.source.rpartition("\n\n")
        cell.source = f"{source}\n\n{check}"

    def answer_rightly(self, *names):
        for name in names:
            starter = self.cell(name).source
            self.cell(name).source = assignment.answered(starter, exercise(name).right)

    def add(self, source, before=None):
        """Add a cell of the student's own, at the end or before the answer to an exercise."""
        cells = self.notebook.cells
        place = len(cells) if before is None else cells.index(self.cell(before))
        cells.insert(place, nbformat.v4.new_code_cell(source))

    def delete(self, *ids):
        self.notebook.cells = [cell for cell in self.notebook.cells if _id(cell) not in ids]


def _id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def perfect(work):
    work.answer_rightly(*EXERCISES)


def empty(work):
    pass


MISTAKES = {
    "1.1": "my_probabilities = [1, 2, 5]",
    "1.2": """\
def softmax(logits):
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(axis=0, keepdims=True)""",
    "2.2": """\
def softmax(logits):
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)""",
    "6.4": 'rate_too_high, softmax_twice, wrong_labels, not_shuffled = "D", "B", "A", "C"',
}


def typical_mistakes(work):
    for name, source in MISTAKES.items():
        work.answer(name, source)


def endless_loops(work):
    work.answer_rightly(*EXERCISES)
    work.answer("1.2", "def softmax(logits):\n    while True:\n        pass")
    # This one can't even be interrupted.
    work.add(
        """\
import time

while True:
    try:
        time.sleep(1)
    except KeyboardInterrupt:
        print("not me")""",
        before="2.2",
    )


def print_flood(work):
    work.answer_rightly(*EXERCISES)
    work.cell("1.2").source = """\
def softmax(logits):
    for number in range(20_000):
        print("softmax", number)
    return np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)


for number in range(20_000):
    print("flood", number)"""


def deleted_cells(work):
    work.answer_rightly(*EXERCISES)
    work.delete("01-00-0-imports", grade_id("1.2", "2-grade"))
    work.delete(grade_id("6.4", "1-answer"), grade_id("6.4", "2-grade"))


def duplicated_cells(work):
    work.answer_rightly(*EXERCISES)
    for part in ("1-answer", "2-grade"):
        copied = nbformat.from_dict(json.loads(json.dumps(work.cell("1.2", part))))
        copied.id += "-copy"
        copied.source = f"{MISTAKES['1.2']}\n\nraise ValueError('an older try')"
        work.notebook.cells.insert(work.notebook.cells.index(work.cell("1.2", part)), copied)


def tampered_tests(work):
    typical_mistakes(work)
    for name in EXERCISES:
        cell = work.cell(name, "2-grade")
        cell.source = "100"
        cell.metadata.nbgrader.points = 100
    work.cell("6.4", "2-grade").metadata.nbgrader.grade = False
    work.add(
        """\
import helpers.exercises.judge
import helpers.instructor.grading

helpers.exercises.judge.judge = lambda *_: True
helpers.instructor.grading.judge = helpers.instructor.grading.grade = lambda *_: True""",
        before="6.4",
    )
    work.add("np.allclose = lambda *_, **__: True\ngrade = check = print", before="1.1")


def killed_kernels(work):
    work.answer_rightly(*EXERCISES)
    work.answer("1.2", "def softmax(logits):\n    import os\n\n    os._exit(1)")
    work.add("import os, signal\n\nos.kill(os.getpid(), signal.SIGTERM)\nos._exit(1)", before="2.2")


def reads_the_solutions(work):
    work.add("from helpers.exercises import solution\n\nsolution('1.2')\nsolution('1.2')", "1.1")
    fetch = "from helpers.exercises import exercises_of\n\n{} = exercises_of({})['{}']().right"
    work.answer("1.1", fetch.format("my_probabilities", 1, "1.1"))
    work.answer(
        "1.2",
        "from helpers.exercises.notebook_01 import softmax_for_a_batch\n\n"
        "softmax = softmax_for_a_batch().right",
    )
    work.answer(
        "2.2",
        "import helpers.instructor.grading as grading\n\nsoftmax = grading.MAKERS['2.2']().right",
    )
    work.answer_rightly("6.4")


def writes_to_stderr(work):
    work.answer_rightly(*EXERCISES)
    work.add(
        """\
import logging
import os
import sys
import threading
import time
import warnings


def chatter():
    while True:
        print("chatter", file=sys.stderr)
        time.sleep(0.001)


threading.Thread(target=chatter, daemon=True).start()
logging.warning("a log")
os.write(2, b"from C++ \\n")""",
        before="1.1",
    )
    work.answer(
        "1.2",
        """\
def softmax(logits):
    warnings.warn("a warning")
    print("an error", file=sys.stderr)
    os.write(2, b"from C++ \\n")
    return np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)


os.write(2, b"from C++ \\n")""",
    )


def returns_numbers(work):
    """Also ways of being right and wrong that the others lack."""
    work.answer("1.1", "my_probabilities = (1 / 8, 2 / 8, 5 / 8)")
    work.answer("1.2", "def softmax(logits):\n    return 1")
    work.answer("2.2", "softmax = maths.softmax")
    work.answer("6.4", "1")


STUDENTS = {
    # Who, and the score for each of EXERCISES.
    perfect: (1, 1, 1, 1),
    empty: (0, 0, 0, 0),
    typical_mistakes: (0, 0, 0, 0),
    endless_loops: (1, 0, 1, 1),
    print_flood: (1, 1, 1, 1),
    deleted_cells: (1, 1, 1, 0),
    duplicated_cells: (1, 1, 1, 1),
    tampered_tests: (0, 0, 0, 0),
    killed_kernels: (1, 0, 1, 1),
    reads_the_solutions: (0, 0, 0, 1),
    writes_to_stderr: (1, 1, 1, 1),
    returns_numbers: (1, 0, 1, 0),
}
KERAS_STUDENTS = {"right": 1, "wrong": 0}


# nbgrader -----------------------------------------------------------------------------------------


def nbgrader(folder, *arguments, code=0):
    """Run a real nbgrader command; return what it said."""
    # Without what tests set: TensorFlow's log as instructors get it, and file descriptor 2 caught.
    settings = ("TF_", "KERAS_", "PYTEST_", "PYTHONPATH")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(settings)}
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == code, run.stdout
    return run.stdout


def hand_in(folder, title, student, work):
    path = folder / "submitted" / student / title / f"{title}.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(work.notebook, path)
    return path.parent


@pytest.fixture(scope="module")
def course_folder(tmp_path_factory):
    """nbgrader's folder after everyone was graded; the log lies beside the grades."""
    folder = tmp_path_factory.mktemp("nbgrader")
    for title, exercises in {"numpy": EXERCISES, "keras": ["5.2"]}.items():
        assert main(["assignment", title, *exercises, "--folder", str(folder)]) == 0
        nbgrader(folder, "generate_assignment", title)
    for student in STUDENTS:
        work = Submission(folder / "release/numpy/numpy.ipynb")
        student(work)
        handed_in = hand_in(folder, "numpy", student.__name__, work)
        if student is tampered_tests:
            package = handed_in / "helpers" / "instructor"
            package.mkdir(parents=True)
            for place in (package, package.parent):
                (place / "__init__.py").touch()
            (package / "grading.py").write_text("def grade(*_): pass\n", encoding="utf-8")
    for student in KERAS_STUDENTS:
        work = Submission(folder / "release/keras/keras.ipynb")
        work.answer_rightly("5.2")
        if student == "wrong":
            work.cell("5.2").source = work.cell("5.2").source.replace("axis=-1", "axis=0")
        # TensorFlow as students import it, with its log, before the course's quiet import.
        work.notebook.cells.insert(1, nbformat.v4.new_code_cell("import tensorflow as tf"))
        hand_in(folder, "keras", student, work)
    log = nbgrader(folder, "autograde", "numpy", f"--Execute.timeout={SECONDS}")
    log += nbgrader(folder, "autograde", "keras", "--Execute.timeout=120")
    for title in ("numpy", "keras"):
        nbgrader(folder, "generate_feedback", title)
    nbgrader(folder, "export")
    (folder / "log.txt").write_text(log, encoding="utf-8")
    return folder


def autograded(folder, student, title="numpy"):
    return nbformat.read(folder / "autograded" / student / title / f"{title}.ipynb", 4)


def grade_cells(notebook):
    return {
        c.metadata.nbgrader.grade_id: c
        for c in notebook.cells
        if c.metadata.get("nbgrader", {}).get("grade")
    }


def told(cell):
    """What a grade cell says: the verdict, whether printed or raised."""
    return "".join(
        "\n".join(output.traceback) if output.output_type == "error" else output.text
        for output in cell.outputs
    ).strip()


def feedback(folder, student, title="numpy"):
    """The feedback as a student reads it, without the page around it."""
    page = folder / "feedback" / student / title / f"{title}.html"
    text = re.sub(r"(?s)<(script|style).*?</\1>", "", page.read_text(encoding="utf-8"))
    return html.unescape(re.sub(r"<[^>]+>", "", text))


# Scores and feedback ------------------------------------------------------------------------------


def test_every_student_gets_exactly_the_right_score(course_folder):
    with (course_folder / "grades.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    scores = {(row["assignment"], row["student_id"]): float(row["score"]) for row in rows}
    maxima = {row["assignment"]: float(row["max_score"]) for row in rows}
    assert maxima == {"numpy": len(EXERCISES), "keras": 1}
    expected = {("numpy", student.__name__): sum(points) for student, points in STUDENTS.items()}
    expected |= {("keras", student): points for student, points in KERAS_STUDENTS.items()}
    assert {who: scores[who] for who in expected} == expected


@pytest.mark.parametrize("student", STUDENTS, ids=lambda student: student.__name__)
def test_every_exercise_has_its_own_cell_and_verdict(course_folder, student):
    notebook = autograded(course_folder, student.__name__)
    cells = grade_cells(notebook)
    text = feedback(course_folder, student.__name__)
    for name, points in zip(EXERCISES, STUDENTS[student], strict=True):
        cell = cells[grade_id(name, "2-grade")]
        assert cell.source.count("grade(") == 1
        outputs = {output.output_type for output in cell.outputs}
        # Neither stderr, which scores 0, nor a returned number, which would be the score.
        assert outputs == ({"stream"} if points else {"error"}), cell.outputs
        assert all(output.get("name") != "stderr" for output in cell.outputs)
        assert (f"{name} correct: " in told(cell)) == bool(points)
        for line in told(cell).splitlines():
            assert line in text
