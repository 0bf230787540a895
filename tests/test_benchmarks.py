"""The benchmarks still run and measure what they say."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from helpers.quiet_tensorflow import keras
from tools.benchmarks import rows
from tools.benchmarks.__main__ import main
from tools.benchmarks.measuring import Row, peak_megabytes, side_by_side, table

pytestmark = pytest.mark.slow


def test_command_prints_the_rows(capsys):
    assert main(["--quick", "epoch", "growth"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for words, count in {
        "NumPy epoch of notebook 04 | Keras `fit`": 1,
        "NumPy epoch of notebook 04 | its matrix products": 1,
        " | its matrix products alone": 7,
    }.items():
        assert out.count(words) == count, words


def test_command_rejects_unknown_names(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["epohc"])
    assert "nothing named epohc; choose from loading, epoch" in capsys.readouterr().err


def test_training_runs_the_cells_of_both_notebooks(monkeypatch):
    fitted = []

    def fit(model, images, labels, **settings):
        fitted.append((model.count_params(), len(images), settings.get("batch_size", 32)))
        return SimpleNamespace(history={})

    monkeypatch.setattr(keras.Model, "fit", fit)
    dense, _ = rows.training_to_accuracy(quick=True)
    # Both dense networks have 784 * 128 + 128 + 1290 weights; only notebook 07 keeps pictures back.
    assert fitted == [(101_770, 600, 32), (101_770, 600, 256), (105_866, 500, 128)]
    assert "on 0 of 1 seeds" in dense.note or "on 1 of 1 seeds" in dense.note


def test_side_by_side_takes_turns_and_skips_the_first_round():
    calls = []
    seconds = side_by_side({name: lambda name=name: calls.append(name) for name in "abc"}, rounds=3)
    turns = [calls[start : start + 3] for start in range(0, 12, 3)]
    assert {name: len(taken) for name, taken in seconds.items()} == {"a": 3, "b": 3, "c": 3}
    assert all(sorted(turn) == ["a", "b", "c"] for turn in turns)
    assert {turn[0] for turn in turns[1:]} == {"a", "b", "c"}


def test_ratio_is_the_median_of_the_pairs():
    # The machine slowed down after the first pair; each pair still says 0.5 or near it.
    row = Row.ratio("ours", "theirs", [1, 30, 50], [2, 50, 100], wanted=0.5)
    assert row.measured == 0.5 and row.reached
    assert (row.ours, row.theirs) == ("30 s", "50 s")
    assert not Row.ratio("ours", "theirs", [3], [4], wanted=0.5).reached
    assert Row.ratio("ours", "theirs", [0.004], [0.004], wanted=None).ours == "4 ms"


def test_table_names_an_exceeded_bound():
    assert table(
        [
            Row("half", "twice", "1 s", "2 s", 0.5, 0.6),
            Row("large", "–", "460 MB", "–", 460, 450, "MB", "a reason"),
            Row("third", "–", "", "–", 0.333),
        ]
    ) == [
        "| half | twice | 1 s | 2 s | 0.50 | ≤ 0.6 |  |",
        "| large | – | 460 MB | – | 460 MB | ≤ 450 MB | **not reached** a reason |",
        "| third | – |  | – | 0.33 | – |  |",
    ]


def test_peak_memory_includes_children_and_memory_given_back():
    held = "import time; held = b'1' * 300_000_000; del held; time.sleep(0.5)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {held!r}])"
    process = subprocess.Popen([sys.executable, "-c", parent])
    assert 300 < peak_megabytes(process) < 400
    assert process.returncode == 0
