"""Mistakes that a test must see, planted one by one in a copy of the course.

`python -m pytest tests/planted_defects.py` runs them; it takes too long for every day. A piece of
source that occurs exactly once in its file becomes another, and the named tests must turn red:
files of tests, a notebook (by nbval), or "ruff".
"""

import os
import shutil
import subprocess
import sys

import pytest

from tools.notebooks import ROOT, as_stored, find_notebooks, read_notebook

PLOTTING, FIGURES = "helpers/plotting.py", "tests/test_plotting.py"
CLAIMS, STORED = "tests/test_claims.py", "tests/test_stored_notebooks.py"
# What was trained on is tested on.
LEAK = (
    'data = __import__("dataclasses").replace(data, test_images=data.train_images[:10_000], '
    "test_labels=data.train_labels[:10_000])\n"
)

# Where (a notebook's number or a file), the piece, what it becomes, and the tests that must see it.
DEFECTS = [
    # The wrong axis, the wrong picture
    ("00", "images.reshape(-1, 784).a", "images.transpose(0, 2, 1).reshape(-1, 784).a", "00"),
    ("01", "naive_softmax(batch).sum(axis=-1)", "naive_softmax(batch).sum(axis=0)", "01"),
    ("02", "np.meshgrid(scores, scores), axis", "np.meshgrid(scores, scores)[::-1], axis", "02"),
    ("03", "maths.one_hot(9, 10)", "maths.one_hot(8, 10)", "03"),
    ("04", "weights.T.reshape(10, 28, 28)", "weights.reshape(10, 28, 28)", "04"),
    ("06", "counts.sum(axis=1, keepdims=True)", "counts.sum(axis=0, keepdims=True).clip(1)", "06"),
    (
        "07",
        "confusion_matrix(validation_labels, answers, classes=10)",
        "confusion_matrix(answers, validation_labels, classes=10)",
        "07",
    ),
    # Training that is not what it says
    ("helpers/training.py", "/ np.float32(255)", "/ np.float32(1)", "tests/test_training.py"),
    (
        "04",
        "prepare(data.train_images[rows]), data.train_labels[rows]",
        "prepare(data.train_images[rows]), np.roll(data.train_labels[rows], 1)",
        "04",
    ),
    ("05", 'dense(128, activation="relu")', "dense(128)", "05"),
    ("05", "keras.optimizers.SGD(0.05), keras.", "keras.optimizers.SGD(0.06), keras.", "05"),
    ("helpers/networks.py", "optimizers.Adam(schedule)", "optimizers.RMSprop(schedule)", STORED),
    ("09", "np.maximum(pixels @ kernel_1 + bias_1, 0)", "pixels @ kernel_1 + bias_1", "09"),
    # Tested on what was trained or chosen on
    ("00", "inputs = data.test_images", LEAK + "inputs = data.test_images", "00"),
    (
        "08",
        "metrics.fit_temperature(scores, truth)",
        "metrics.fit_temperature(scores_of(models[0], data.test_images), data.test_labels)",
        STORED,
    ),
    ("10", "pixels[:2000], pixels[2000:]", "pixels[:2000], pixels[1000:2000]", "10"),
    # Errors that are hidden
    ("02", "except ValueError as error:\n    print(error)", "except Exception:\n    pass", "ruff"),
    (
        "01",
        "print(naive_softmax(batch))",
        "with contextlib.suppress(ValueError):\n    print(naive_softmax(batch))",
        "ruff",
    ),
    # Figures
    ("01", "dict(zip(class_names, paths.T))", "dict(zip(class_names[::-1], paths.T))", "01"),
    ("03", '"right gradient": central, "gra', '"right gradient": buggy, "gra', "03"),
    (PLOTTING, '"RdBu" if diverging else "gray_r"', '"RdBu_r" if diverging else "gray_r"', FIGURES),
    (
        PLOTTING,
        "figure.legend(handles, words, loc",
        "figure.legend(handles, words[::-1], loc",
        FIGURES,
    ),
    (
        PLOTTING,
        'axes.set(ylabel="true class", xlabel="predicted class")',
        'axes.set(xlabel="true class", ylabel="predicted class")',
        FIGURES,
    ),
    (PLOTTING, "titles[index], ha", "titles[index - 1], ha", FIGURES),
    (PLOTTING, "    axes.set_xlim(low - room", "    axes.set_xlim(high * 0.8 - room", FIGURES),
    (
        PLOTTING,
        "    _label_curves(axes, curves, reference)\n",
        "    axes.set_ylim(bottom=axes.dataLim.y0 + 0.2 * axes.dataLim.height)\n"
        "    _label_curves(axes, curves, reference)\n",
        FIGURES,
    ),
    # Exercises and their solutions
    (
        "helpers/exercises/notebook_03.py",
        'takeaway="This one number is what',
        'tolerance=1e-2,\n        takeaway="This one number is what',
        "tests/test_tolerances.py",
    ),
    (
        "helpers/exercises/notebook_10.py",
        "tolerance=2e-5",
        "tolerance=2e-3",
        "tests/test_tolerances.py",
    ),
    (
        "helpers/exercises/notebook_03.py",
        ": [losses.sum()],",
        ": [],",
        "tests/test_strangers.py",
    ),
    (
        "tools/instructor/solved.py",
        "in exercises_of(number).items():",
        'in exercises_of(number).items():\n        if name == "6.4":\n            continue',
        "tests/test_solutions.py",
    ),
    # Numbers in prose and in speaker notes
    ("00", "They were right 83.5 %", "They were right 93.5 %", CLAIMS),
    ("02", "upper edge of the window, near 89", "upper edge of the window, near 79", CLAIMS),
    ("03", "has more than 2,700 zeros", "has more than 27,000 zeros", CLAIMS),
    ("07", "wrong about one picture in eleven", "wrong about one picture in twenty", CLAIMS),
    ("08", "no, about five in six are right", "no, about nine in ten are right", CLAIMS),
    ("03", "and two of them are wrong", "and one of them is wrong", CLAIMS),
    ("07", "reports the best of the eight", "reports the best of the six", CLAIMS),
    ("09", "on purpose. Four mistakes,", "on purpose. Five mistakes,", CLAIMS),
    ("10", "How many of the 21 points that", "How many of the 24 points that", CLAIMS),
    (
        "04",
        "between two in three and five in six. Then",
        "between two in three and four in five. Then",
        CLAIMS,
    ),
]


def path_of(where):
    return find_notebooks([where])[0] if where.isdigit() else ROOT / where


def planted(where, piece, becomes):
    """The text of a file with a defect in it."""
    path = path_of(where)
    if path.suffix != ".ipynb":
        text = path.read_text(encoding="utf-8")
        assert text.count(piece) == 1
        return text.replace(piece, becomes)
    notebook, count = read_notebook(path), 0
    for cell in notebook.cells:
        count += cell.source.count(piece)
        cell.source = cell.source.replace(piece, becomes)
        notes = cell.metadata.get("course", {}).get("notes", {})
        for kind, note in notes.items():
            count += note.count(piece)
            notes[kind] = note.replace(piece, becomes)
    assert count == 1
    return as_stored(notebook)


def command(tests):
    if tests == "ruff":
        return [sys.executable, "-m", "ruff", "check", "--quiet", "."]
    target = [str(path_of(tests).relative_to(ROOT))] if tests.isdigit() else tests.split()
    return [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *target]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    place = tmp_path_factory.mktemp("planted") / "course"
    ignored = shutil.ignore_patterns(".git", ".venv", ".uv", "build", "__pycache__", ".*_cache")
    shutil.copytree(ROOT, place, ignore=ignored)
    return place


def run(course, tests):
    environment = os.environ | {"PYTHONPATH": str(course), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command(tests), cwd=course, env=environment, capture_output=True, encoding="utf-8"
    )


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: f"{defect[0]}: {defect[2][:40]}")
def test_planted_defect_is_caught(defect, course):
    where, piece, becomes, tests = defect
    path = course / path_of(where).relative_to(ROOT)
    sound = path.read_text(encoding="utf-8")
    path.write_text(planted(where, piece, becomes), encoding="utf-8", newline="\n")
    try:
        result = run(course, tests)
    finally:
        path.write_text(sound, encoding="utf-8", newline="\n")
    # 1 is a failed test; anything else would be a run that broke off.
    assert result.returncode == 1, result.stdout[-2000:]
