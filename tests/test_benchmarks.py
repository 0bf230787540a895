"""The benchmarks still run, measure what they say, and their stored table has all its rows."""

import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from helpers import ROOT
from helpers.quiet_tensorflow import keras
from tools.benchmarks import growth, report, rows
from tools.benchmarks.__main__ import main
from tools.benchmarks.measuring import CannotMeasureError, Row, peak_megabytes, side_by_side
from tools.benchmarks.notebook_cells import NOTEBOOKS, cell_with, definitions, replaced

HALF = Row("half", "twice", "1 s", "2 s", 0.5, 0.6)


# The command --------------------------------------------------------------------------------------


def test_the_command_measures_what_it_is_asked_for_and_stores_nothing(capsys):
    stored = [path.read_bytes() for path in (report.README, report.RESULTS, growth.FIGURE)]
    assert main(["--quick", "epoch", "softmax", "short-softmax", "growth"]) == 0
    assert stored == [path.read_bytes() for path in (report.README, report.RESULTS, growth.FIGURE)]
    out, err = capsys.readouterr()
    assert err == ""
    lines = [line for line in out.splitlines() if "| ≤ " in line or "| a figure |" in line]
    for words, count in {
        "`maths.softmax` of (60000, 10) float32 | scipy": 1,
        "`maths.softmax` of (10,) float64 | tf.nn.softmax": 1,
        "`maths.softmax` of (": 12,
        "NumPy epoch of notebook 04 | Keras `fit`": 1,
        "NumPy epoch of notebook 04 | its matrix products": 1,
        "cost as ": 3,
    }.items():
        assert sum(words in line for line in lines) == count, words


def test_training_takes_the_cells_of_both_notebooks(monkeypatch):
    fitted = []

    def fit(model, images, labels, **settings):
        fitted.append((model.count_params(), len(images), settings.get("batch_size", 32)))
        return SimpleNamespace(history={})

    monkeypatch.setattr(keras.Model, "fit", fit)
    dense, convolutional = rows.training_to_accuracy(quick=True)
    # Both dense networks have 784 * 128 + 128 + 1290 numbers; the second keeps no pictures back.
    assert fitted == [(101_770, 600, 32), (101_770, 600, 256), (fitted[2][0], 500, 256)]
    assert (dense.wanted, convolutional.wanted) == (0.15, 0.5)
    assert "on 0 of 1 seeds" in dense.note or "on 1 of 1 seeds" in dense.note


def test_what_is_not_there_is_named(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["softmaks"])
    assert "nothing named softmaks; choose from loading, softmax" in capsys.readouterr().err
    with pytest.raises(CannotMeasureError, match="defines no nonsense"):
        definitions("06", "network", "nonsense")
    with pytest.raises(CannotMeasureError, match="no cell with 'nonsense'"):
        cell_with("06", "nonsense")
    for source in ("seed(1)", "seed(0); seed(0)"):
        with pytest.raises(CannotMeasureError, match="exactly once"):
            replaced(source, "seed(0)", "seed(3)")


def test_the_course_without_the_times_of_its_notebooks_says_what_to_measure(monkeypatch, tmp_path):
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results.json")
    with pytest.raises(CannotMeasureError, match="add memory"):
        rows.course(quick=False)


def test_no_helper_imports_the_benchmarks():
    for path in (ROOT / "helpers").rglob("*.py"):
        assert "benchmarks" not in path.read_text(encoding="utf-8"), path


# Measuring ----------------------------------------------------------------------------------------


def test_side_by_side_takes_turns_and_does_not_count_the_first_round():
    calls = []
    seconds = side_by_side(
        {name: lambda name=name: calls.append(name) for name in "abc"}, rounds=3, times=2
    )
    firsts = [calls[start : start + 6 : 2] for start in range(0, 24, 6)]
    assert {name: len(taken) for name, taken in seconds.items()} == {"a": 3, "b": 3, "c": 3}
    assert all(sorted(turn) == ["a", "b", "c"] for turn in firsts)
    assert {turn[0] for turn in firsts[1:]} == {"a", "b", "c"}


def test_ratio_is_the_median_of_the_pairs_and_knows_what_was_wanted():
    # The machine slowed down after the first pair; each pair still says 0.5 or near it.
    row = Row.ratio("ours", "theirs", [1, 30, 50], [2, 50, 100], wanted=0.5)
    assert row.measured == 0.5 and row.reached
    assert (row.ours, row.theirs) == ("30 s", "50 s")
    assert not Row.ratio("ours", "theirs", [3], [4], wanted=0.5).reached
    assert Row.ratio("ours", "theirs", [0.004], [0.004], wanted=None).ours == "4 ms"


def test_peak_memory_is_that_of_the_children_also_after_it_is_given_back():
    held = "import time; held = b'1' * 300_000_000; del held; time.sleep(0.5)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {held!r}])"
    process = subprocess.Popen([sys.executable, "-c", parent])
    assert 300 < peak_megabytes(process) < 400
    assert process.returncode == 0


# What is stored -----------------------------------------------------------------------------------


@pytest.fixture
def stored_here(monkeypatch, tmp_path):
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(report, "README", tmp_path / "README.md")
    report.README.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", "utf-8")


def test_a_section_measured_anew_leaves_the_others(stored_here, monkeypatch):
    report.keep("first", [HALF])
    report.keep("second", [Row("more", "–", "460 MB", "–", 460, 450, "MB", "a reason")])
    report.keep("first", [Row("third", "–", "", "–", 0.3, None)])
    report.write(["first", "second"])
    text = report.README.read_text("utf-8")
    assert text.startswith(f"before\n{report.BEGIN}\n") and text.endswith(f"{report.END}\nafter\n")
    assert "old" not in text and "half" not in text
    assert "| 0.30 | a figure |" in text
    assert "| 460 MB | ≤ 450 MB | **not reached** a reason |" in text
    assert text.index("third") < text.index("460 MB")

    monkeypatch.setattr(report, "surroundings", lambda: "another machine")
    report.keep("first", [HALF])
    report.write(["first", "second"])
    text = report.README.read_text("utf-8")
    assert "\n2. another machine\n" in text
    assert re.search(r"\| third \|.*, 1 \|\n\| half \|.*, 2 \|\n\| more \|.*, 1 \|\n", text)
    assert report.rows_of("first") == [HALF]
    with pytest.raises(CannotMeasureError, match="add second"):
        report.rows_of("second")


def test_the_stored_table_has_all_rows_and_is_what_was_measured(monkeypatch, tmp_path):
    kept = report.read()
    assert set(kept) == set(rows.SECTIONS)
    expected = {
        "loading": [0.5],
        "softmax": [0.7, 1.5] * 4,
        "short-softmax": [0.7, 1.5] * 2,
        "epoch": [0.2, 0.5, 2],
        "growth": [None] * 3,
        "training": [0.15, 0.5],
        "first-figure": [0.35],
        "memory": [450] * 5 + [1700] * (len(NOTEBOOKS) - 5),
        "course": [0.7, 10],
    }
    for name, runs in kept.items():
        for run in runs:
            assert [row.wanted for row in report.rows_in(run)] == expected[name]
    # Nobody has edited the table by hand.
    text = report.README.read_text(encoding="utf-8")
    copy = tmp_path / "README.md"
    copy.write_text(text, encoding="utf-8")
    monkeypatch.setattr(report, "README", copy)
    report.write(list(rows.SECTIONS))
    assert copy.read_text(encoding="utf-8") == text
    assert "growth.svg" in text and growth.FIGURE.is_file()
