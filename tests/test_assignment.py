"""Submissions of invented students get the right scores from real nbgrader commands."""

import ast
import csv
import html
import json
import os
import re
import subprocess
import sys

import nbformat
import pytest

from helpers import NOTEBOOKS
from helpers.exercises import exercises_of, judging, source_of
from helpers.exercises.judging import CORRECT, NOT_STARTED, judge
from helpers.running import join_streams
from tests.support.missing import require_nbgrader
from tools.instructor import assignment, grading, solved
from tools.instructor.__main__ import main
from tools.notebooks import ROOT, code_cells, execute

pytestmark = pytest.mark.slow

EXERCISES = ["1.1", "1.2", "2.2", "3.1"]
SECONDS = 5  # for a cell; the slowest right one takes less than one
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
        cell.source = f"{source}\n\n{cell.source.splitlines()[-1]}"

    def answer_rightly(self, *names):
        for name in names:
            starter = self.cell(name).source
            self.cell(name).source = solved.fill_in(starter, exercise(name).solution)

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
    "3.1": "my_first_losses = [0.5, 0.01, 0.011]",
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
    work.delete(grade_id("3.1", "1-answer"), grade_id("3.1", "2-grade"))


def duplicated_cells(work):
    work.answer_rightly(*EXERCISES)
    for part in ("1-answer", "2-grade"):
        copied = nbformat.from_dict(json.loads(json.dumps(work.cell("1.2", part))))
        copied.id += "-copy"
        copied.source = MISTAKES["1.2"] if part == "1-answer" else "100"
        work.notebook.cells.insert(work.notebook.cells.index(work.cell("1.2", part)), copied)


def tampered_tests(work):
    typical_mistakes(work)
    for name in EXERCISES:
        cell = work.cell(name, "2-grade")
        cell.source = "100"
        cell.metadata.nbgrader.points = 100
    work.cell("1.2", "2-grade").metadata.tags = ["skip-execution"]
    work.cell("2.2", "2-grade").metadata.nbgrader.grade = False
    del work.cell("3.1", "2-grade").metadata.nbgrader["schema_version"]
    work.add(
        "import tools.instructor.grading as grading\n\n"
        "grading.judge = grading.grade = lambda *_: True",
        before="2.2",
    )
    work.add("get_ipython().input_transformers_post.append(lambda lines: [])", before="3.1")
    work.add("np.allclose = lambda *_, **__: True\ngrade = check = print", before="1.1")


def killed_kernels(work):
    work.answer_rightly(*EXERCISES)
    work.answer("1.2", "def softmax(logits):\n    import os\n\n    os._exit(1)")
    work.add("import os, signal\n\nos.kill(os.getpid(), signal.SIGTERM)\nos._exit(1)", before="2.2")


def reads_the_solutions(work):
    work.add("from helpers.exercises import solution\n\nsolution('1.2')\nsolution('1.2')", "1.1")
    fetch = "from helpers.exercises import exercises_of\n\n{} = exercises_of({})['{}']().solution"
    work.answer("1.1", fetch.format("my_probabilities", 1, "1.1"))
    work.answer(
        "1.2",
        "from helpers.exercises.notebook_01 import softmax_of_rows\n\n"
        "softmax = softmax_of_rows().solution",
    )
    work.answer(
        "2.2",
        "import tools.instructor.grading as grading\n\nsoftmax = grading.MAKERS['2.2']().solution",
    )
    work.answer_rightly("3.1")


def writes_to_stderr(work):
    work.answer_rightly(*EXERCISES)
    work.add(
        """\
import os
import sys
import threading
import time


def chatter():
    while True:
        print("chatter", file=sys.stderr)
        time.sleep(0.001)


threading.Thread(target=chatter, daemon=True).start()""",
        before="1.1",
    )
    work.answer(
        "1.2",
        """\
def softmax(logits):
    print("an error", file=sys.stderr)
    os.write(2, b"from C++ \\n")
    return np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)


os.write(2, b"from C++ \\n")""",
    )


def returns_numbers(work):
    """Answer right and wrong in ways that the others lack."""
    work.answer("1.1", "my_probabilities = (1 / 8, 2 / 8, 5 / 8)")
    work.answer("1.2", "def softmax(logits):\n    return 1")
    work.answer("2.2", "softmax = maths.softmax")
    work.answer("3.1", "1")


STUDENTS = {
    # Each with the score for each of EXERCISES.
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


# nbgrader -----------------------------------------------------------------------------------------


def nbgrader(folder, *arguments, code=0):
    """Run an nbgrader command; return its log."""
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
    """nbgrader's folder after grading everyone."""
    require_nbgrader()
    folder = tmp_path_factory.mktemp("nbgrader")
    for title, exercises in {"numpy": reversed(EXERCISES), "keras": ["5.2"]}.items():
        assert main(["assignment", title, *exercises, "--folder", str(folder)]) == 0
        nbgrader(folder, "generate_assignment", title)
    for student in STUDENTS:
        work = Submission(folder / "release/numpy/numpy.ipynb")
        student(work)
        handed_in = hand_in(folder, "numpy", student.__name__, work)
        if student is tampered_tests:
            package = handed_in / "tools" / "instructor"
            package.mkdir(parents=True)
            for place in (package, package.parent):
                (place / "__init__.py").touch()
            (package / "grading.py").write_text("def grade(*_): pass\n", encoding="utf-8")
    work = Submission(folder / "release/keras/keras.ipynb")
    work.answer_rightly("5.2")
    # TensorFlow as students import it, with its log, before the course's quiet import.
    work.notebook.cells.insert(1, nbformat.v4.new_code_cell("import tensorflow as tf"))
    hand_in(folder, "keras", "perfect", work)
    nbgrader(folder, "autograde", "numpy", f"--Execute.timeout={SECONDS}")
    nbgrader(folder, "autograde", "keras", "--Execute.timeout=120")
    for title in ("numpy", "keras"):
        nbgrader(folder, "generate_feedback", title)
    nbgrader(folder, "export")
    return folder


def autograded(folder, student, title="numpy"):
    notebook = nbformat.read(folder / "autograded" / student / title / f"{title}.ipynb", 4)
    for cell in code_cells(notebook):
        cell.outputs = join_streams(cell.outputs)
    return notebook


def grade_cells(notebook):
    return {
        c.metadata.nbgrader.grade_id: c
        for c in notebook.cells
        if c.metadata.get("nbgrader", {}).get("grade")
    }


def verdict_of(cell):
    """The verdict of a grade cell, whether printed or raised."""
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
    expected[("keras", "perfect")] = 1
    assert {student: scores[student] for student in expected} == expected


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
        assert (f"{name} correct: " in verdict_of(cell)) == bool(points)
        for line in verdict_of(cell).splitlines():
            assert line in text


def test_verdicts_are_those_of_the_self_paced_check(course_folder):
    for student in (perfect, empty, typical_mistakes):
        work = Submission(course_folder / "release/numpy/numpy.ipynb")
        student(work)
        checked = {}

        def check(name, answer, checked=checked):
            checked[name] = judge(exercise(name), answer)

        names = {"check": check}
        for cell in code_cells(work.notebook)[2:]:
            exec(cell.source, names)
        graded = grade_cells(autograded(course_folder, student.__name__))
        assert {grade_id(name, "2-grade") for name in checked} == graded.keys()
        for name, verdict in checked.items():
            expected = f"{name} {verdict.outcome}: {verdict.message}"
            assert verdict_of(graded[grade_id(name, "2-grade")]) == expected


def test_feedback_is_short_and_names_the_reason(course_folder):
    assert len(feedback(course_folder, "print_flood").splitlines()) < 1000
    assert "Output truncated" in feedback(course_folder, "print_flood")
    for student in ("killed_kernels", "endless_loops"):
        assert "ended Python, or ran on although it was interrupted" in feedback(
            course_folder, student
        )
    for sentence in ("changes the judge", "keeps this cell from running"):
        assert sentence in feedback(course_folder, "tampered_tests")
    assert "the course's own answer" in feedback(course_folder, "reads_the_solutions")
    assert source_of(exercise("1.2").solution) not in feedback(course_folder, "reads_the_solutions")


def test_the_log_of_tensorflow_costs_no_point(course_folder):
    """The trap must be there: the student's own import of TensorFlow does write to stderr."""
    notebook = autograded(course_folder, "perfect", "keras")
    streams = [output.get("name") for output in notebook.cells[1].outputs]
    assert "stderr" in streams
    [cell] = grade_cells(notebook).values()
    assert [output.get("name") for output in cell.outputs] == ["stdout"]


def test_check_does_nothing_while_an_assignment_is_graded(course_folder):
    """Otherwise it would change the instructor's progress, and judge everything twice."""
    notebook = autograded(course_folder, "perfect")
    answers = [cell for cell in notebook.cells if (_id(cell) or "").endswith("-1-answer")]
    assert len(answers) == len(EXERCISES)
    for cell in answers:
        assert [output.text for output in cell.outputs] == ["Checked by the cell below.\n"]


# What is handed out -------------------------------------------------------------------------------


def lines_of(*sources):
    """The lines that identify an answer: short ones could be anything."""
    return {line.strip() for source in sources for line in source.splitlines() if len(line) > 12}


def test_the_release_is_one_notebook_without_solutions_or_hidden_tests(course_folder):
    for title, names in {"numpy": EXERCISES, "keras": ["5.2"]}.items():
        [path] = (course_folder / "release" / title).iterdir()
        text = path.read_text(encoding="utf-8")
        notebook = nbformat.read(path, 4)
        sources = "\n".join(cell.source for cell in notebook.cells)
        for word in ("SOLUTION", "HIDDEN", "grade(", "tools.instructor", "lambda"):
            assert word not in text
        in_order = [grade_id(name, "2-grade") for name in names]
        assert list(grade_cells(notebook)) == in_order
        for name in names:
            place, made = assignment.find(name), exercise(name)
            secret = lines_of(
                source_of(made.solution),
                *made.hints,
                made.explanation,
                *(text for _, text in made.wrong_answers),
            )
            assert secret
            assert not secret & lines_of(sources) - lines_of(place.starter)
            [answer] = [c for c in notebook.cells if _id(c) == grade_id(name, "1-answer")]
            assert answer.source == place.starter
        for cell in notebook.cells:
            assert cell.metadata.keys() <= {"nbgrader", "deletable", "editable"}
            assert not cell.get("outputs")
        assert notebook.metadata.keys() == {"kernelspec", "language_info"}


def test_validate_reports_a_wrong_solution(course_folder):
    path = course_folder / "source/numpy/numpy.ipynb"
    assert "Success" in nbgrader(course_folder, "validate", str(path))
    text = path.read_text(encoding="utf-8").replace("axis=-1, keepdims=True", "axis=0")
    broken = course_folder / "broken.ipynb"
    broken.write_text(text, encoding="utf-8")
    log = nbgrader(course_folder, "validate", str(broken))
    assert "FAILED" in log.upper()
    assert "Success" not in log


# Making an assignment -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def everything():
    """The instructor's version of an assignment of all exercises."""
    return assignment.source_notebook("everything", ALL)


def test_every_reference_answer_is_right_in_the_assignment(everything, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.from_dict(everything)
    [check] = [cell for cell in notebook.cells if _id(cell) == "0-2-check"]
    learners = "from helpers.exercises import check, hint, progress, reset, solution\n"
    learners += "from helpers.questions import explain, predict, quiz, remember, review\n"
    locked = f"from tools.instructor.grading import lock\n\nlock()\n{learners}"
    check.source = locked + check.source
    execute(notebook, tmp_path)  # stops at a grade cell that raises
    for name in ALL:
        [cell] = [c for c in notebook.cells if _id(c) == grade_id(name, "2-grade")]
        assert verdict_of(cell) == f"{name} {CORRECT}: {exercise(name).takeaway}"


def test_no_given_cell_defines_an_answer_early(everything):
    """Otherwise a deleted answer would get the point for the course's own."""
    defined = set()
    for cell in code_cells(everything):
        nbgrader_cell = cell.metadata.nbgrader
        if nbgrader_cell.solution:
            answer = solved.answer_of(cell.source)
            names = {node.id for node in ast.walk(answer) if isinstance(node, ast.Name)}
            assert names
            assert not names & defined
        elif not nbgrader_cell.grade:
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.alias):
                    defined.add((node.asname or node.name).partition(".")[0])
                elif isinstance(node, ast.FunctionDef):
                    defined.add(node.name)
    assert {"np", "softmax", "scale_pixels"} <= defined


def test_each_exercise_has_one_grade_cell_of_one_point(everything):
    graded = grade_cells(everything)
    assert list(graded) == [grade_id(name, "2-grade") for name in ALL]
    for name, cell in zip(ALL, graded.values(), strict=True):
        assert cell.metadata.nbgrader.points == 1
        assert re.findall(r'grade\("(.+?)"', cell.source) == [name]
    ids = [_id(cell) for cell in everything.cells]
    assert ids == sorted(set(ids))  # RepairCells relies on it


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["first", "9.99"], "There is no exercise '9.99': give numbers such as 1.2"),
        (["../first", "1.2"], "nbgrader can't use the name '../first'"),
    ],
)
def test_bad_names_are_reported(arguments, sentence, tmp_path, capsys):
    assert main(["assignment", *arguments, "--folder", str(tmp_path)]) == 1
    assert sentence in capsys.readouterr().out
    assert not list(tmp_path.rglob("*.ipynb"))


def test_a_file_that_would_be_handed_out_is_refused(tmp_path, capsys):
    (tmp_path / "source/first").mkdir(parents=True)
    (tmp_path / "source/first/solutions.py").touch()
    assert main(["assignment", "first", "1.2", "--folder", str(tmp_path)]) == 1
    assert "solutions.py, and nbgrader would hand it out" in capsys.readouterr().out


def test_another_configuration_is_left_alone(tmp_path, capsys):
    own = tmp_path / "nbgrader_config.py"
    own.write_text("c = get_config()\n", encoding="utf-8")
    assert main(["assignment", "first", "1.2", "--folder", str(tmp_path)]) == 0
    assert own.read_text(encoding="utf-8") == "c = get_config()\n"
    out = capsys.readouterr().out
    assert "from tools.instructor.autograding import settings" in out
    assert "nbgrader generate_assignment first" in out


def test_nbgrader_stops_if_it_cannot_find_the_course(tmp_path, monkeypatch):
    """Otherwise it would go on, and grade everyone with 0."""
    require_nbgrader()
    (tmp_path / "moved/helpers").mkdir(parents=True)
    (tmp_path / "moved/helpers/__init__.py").touch()
    monkeypatch.setattr(assignment, "ROOT", tmp_path / "moved")
    config = tmp_path / "nbgrader_config.py"
    config.write_text(assignment.configuration(), encoding="utf-8")
    assert "The course can't be used from" in nbgrader(tmp_path, "list", code=1)


# Grading ------------------------------------------------------------------------------------------


def test_grade_raises_one_sentence_or_returns_nothing(capfd):
    right = exercise("1.2").solution

    def mine(logits):
        print("to stderr", file=sys.stderr)
        os.write(2, b"from C++")
        return right(logits)

    assert grading.grade("1.2", lambda: mine) is None
    with pytest.raises(grading.NoPoint) as raised:
        grading.grade("1.2", lambda: nowhere)  # noqa: F821
    sentence = f"1.2 {NOT_STARTED}: There is no `nowhere` in this notebook."
    assert raised.value._render_traceback_() == [sentence]
    assert capfd.readouterr() == (f"1.2 {CORRECT}: {exercise('1.2').takeaway}\n", "")


@pytest.mark.parametrize("name", ALL)
def test_a_judge_that_accepts_everything_gives_no_point(name, monkeypatch):
    monkeypatch.setattr(judging, "same", lambda *_: True)
    made = exercise(name)
    with pytest.raises(grading.NoPoint):
        grading.grade(name, lambda: next(made.wrong_answers)[0])


def test_the_own_answer_of_the_course_gets_no_point():
    names = [name for name in ALL if callable(exercise(name).solution)]
    assert len(names) > 30
    for name in names:
        with pytest.raises(grading.NoPoint, match="the course's own answer"):
            grading.grade(name, lambda name=name: exercise(name).solution)
