"""The measurements: a function for each name that the command takes.

Each returns its rows of the table. With `quick` they do the same with little data, once, to show
that they work; the numbers then mean nothing.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

import nbformat
import numpy as np

from helpers import ROOT, data, metrics, sketches, training
from helpers.running import execute
from tools.benchmarks import recipes
from tools.benchmarks.measuring import Row, duration, peak_megabytes, seconds_of, side_by_side
from tools.notebooks import code_cells, find_notebooks, read_notebook

SEEDS = 5
ROUNDS = 9
BATCH_SIZE = 256


def _pictures(quick: bool) -> data.Dataset:
    if quick:
        return data.Dataset(*sketches.draw(600, 0), *sketches.draw(100, 1), "sketches", "")
    return data.load("fashion-mnist")


def _code_cells(number: str) -> list[nbformat.NotebookNode]:
    [path] = find_notebooks([number])
    return code_cells(read_notebook(path))


def _cell_with(number: str, text: str) -> str:
    """The source of the first code cell with this text; ValueError if there is none."""
    for cell in _code_cells(number):
        if text in cell.source:
            return cell.source
    raise ValueError(f"Notebook {number} has no cell with {text!r}: name another in rows.py.")


# Loading and NumPy --------------------------------------------------------------------------------


def loading(quick: bool) -> list[Row]:
    """Loading the pictures for the second time, against Keras from its cache."""
    from helpers.quiet_tensorflow import keras

    seconds = side_by_side(
        {
            "ours": lambda: data.load("fashion-mnist"),
            "theirs": keras.datasets.fashion_mnist.load_data,
        },
        rounds=1 if quick else ROUNDS,
    )
    note = "from `data/`, where unzipped copies are kept; as slow as Keras from any other folder"
    what = "loading the data, second time"
    return [Row.ratio(what, "keras.datasets", seconds["ours"], seconds["theirs"], 0.5, note)]


def epoch(quick: bool) -> list[Row]:
    """An epoch as in notebook 04, against libraries, and against the products it can't avoid."""
    pictures = _pictures(quick)
    inputs, labels = training.scale_pixels(pictures.train_images), pictures.train_labels
    functions: dict[str, Callable[[], object]] = {
        "ours": lambda: training.train_softmax_regression(
            pictures.train_images, labels, epochs=1, learning_rate=0.05
        ),
        "Keras `fit`, same model and batches": recipes.keras_epoch(inputs, labels),
        "its matrix products alone": recipes.matrix_products(inputs, BATCH_SIZE),
    }
    wanted = {"Keras `fit`, same model and batches": 0.2, "its matrix products alone": 1.6}
    try:
        functions["scikit-learn's `SGDClassifier`"] = recipes.scikit_learn_epoch(inputs, labels)
        wanted["scikit-learn's `SGDClassifier`"] = 0.5
    except ModuleNotFoundError:
        print("No scikit-learn. To have its row: uv pip install --group benchmark")
    seconds = side_by_side(functions, rounds=1 if quick else ROUNDS)
    return [
        Row.ratio("NumPy epoch of notebook 04", name, seconds["ours"], seconds[name], bound)
        for name, bound in wanted.items()
    ]


def growth(quick: bool) -> list[Row]:
    """Time against rows, classes and batch size, and that of the matrix products alone."""
    pictures = _pictures(quick)
    images, labels = pictures.train_images, pictures.train_labels
    inputs = training.scale_pixels(images)

    def epoch_of(rows: int, batch_size: int) -> tuple[Callable, Callable]:
        return (
            lambda: training.train_softmax_regression(
                images[:rows], labels[:rows], epochs=1, learning_rate=0.05, batch_size=batch_size
            ),
            recipes.matrix_products(inputs[:rows], batch_size),
        )

    def step_with(classes: int) -> tuple[Callable, Callable]:
        weights = np.zeros((inputs.shape[1], classes), np.float32)
        bias = np.zeros(classes, np.float32)
        batch, batch_labels = inputs[:BATCH_SIZE], labels[:BATCH_SIZE].astype(np.intp) % classes
        return (
            lambda: training.loss_and_gradients(batch, batch_labels, weights, bias),
            recipes.matrix_products(batch, BATCH_SIZE, classes),
        )

    work = {
        "an epoch of {:,} rows": {rows: epoch_of(rows, BATCH_SIZE) for rows in (1_000, 60_000)},
        "a step with {:,} classes": {count: step_with(count) for count in (2, 10_000)},
        "an epoch of 4,096 rows in batches of {:,}": {
            size: epoch_of(4_096, size) for size in (1, 4_096)
        },
    }
    rows = []
    for what, sizes in work.items():
        for size, (ours, theirs) in sizes.items():
            seconds = side_by_side({"ours": ours, "theirs": theirs}, rounds=1 if quick else 7)
            against = "its matrix products alone"
            rows.append(
                Row.ratio(what.format(size), against, seconds["ours"], seconds["theirs"], None)
            )
    return rows


# Training to an accuracy --------------------------------------------------------------------------


def training_to_accuracy(quick: bool) -> list[Row]:
    """Notebook 06's network and notebook 07's, against the common tutorial's, seed by seed."""
    from helpers import networks
    from helpers.quiet_tensorflow import keras

    pictures = _pictures(quick)
    kept = len(pictures.train_labels) // 6  # notebook 07 keeps a sixth to choose by
    names = vars(networks) | {
        "data": pictures,
        "train_images": pictures.train_images[:-kept],
        "train_labels": pictures.train_labels[:-kept],
        "validation_images": pictures.train_images[-kept:],
        "validation_labels": pictures.train_labels[-kept:],
        "progress": keras.callbacks.Callback(),
        "print_epoch": lambda epoch, logs: None,
        "predict": lambda question, answer: None,
    }
    for beginning in ("learning = {", "settings = {"):
        lines = _cell_with("07", beginning).splitlines()
        exec(next(line for line in lines if line.startswith(beginning)), names)
    inputs, test_inputs = pictures.train_images / 255.0, pictures.test_images / 255.0

    def by_recipe(seed: int) -> keras.Model:
        return recipes.tutorial_training(inputs, pictures.train_labels, seed)

    def by_cell(number: str) -> Callable[[int], keras.Model]:
        before, after = _cell_with(number, "history = model.fit(").split("set_random_seed(0)")

        def train(seed: int) -> keras.Model:
            exec(f"{before}set_random_seed({seed}){after}", names)
            return names["model"]

        return train

    trainings = {"recipe": by_recipe, "06": by_cell("06"), "07": by_cell("07")}
    seconds: dict[str, list[float]] = {name: [] for name in trainings}
    accuracies: dict[str, list[float]] = {name: [] for name in trainings}
    for seed in range(1 if quick else SEEDS):
        for name, train in trainings.items():
            start = time.perf_counter()
            model = train(seed)
            seconds[name].append(time.perf_counter() - start)
            images = test_inputs if name == "recipe" else pictures.test_images
            answers = networks.scores_of(model, images).argmax(axis=1)
            accuracies[name].append(metrics.accuracy(pictures.test_labels, answers))

    theirs = accuracies["recipe"]
    rows = []
    for name, what, wanted in (
        ("06", "training of notebook 06, to .88", 0.15),
        ("07", "CNN of notebook 07, to .90", 0.35),
    ):
        above = sum(our > their for our, their in zip(accuracies[name], theirs, strict=True))
        note = (
            f"accuracy {median(accuracies[name]):.3f}, lowest {min(accuracies[name]):.3f}; the "
            f"recipe's {median(theirs):.3f}, highest {max(theirs):.3f}; above it on {above} of "
            f"{len(theirs)} seeds"
        )
        against = "the common tutorial's ten epochs"
        rows.append(Row.ratio(what, against, seconds[name], seconds["recipe"], wanted, note))
    return rows


# Whole notebooks ----------------------------------------------------------------------------------


def first_figure(quick: bool) -> list[Row]:
    """From the start of a kernel to the first picture that a cell shows."""
    ours = []
    for cell in _code_cells("01"):
        ours.append(cell.source)
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            break
    seconds: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(1 if quick else 5):
        seconds["ours"].append(_seconds_to_run(ours))
        seconds["theirs"].append(_seconds_to_run(recipes.FIRST_FIGURE))
    what = "kernel start to first figure, notebook 01"
    against = "the same for the common tutorial"
    return [Row.ratio(what, against, seconds["ours"], seconds["theirs"], 0.35)]


def _seconds_to_run(cells: list[str]) -> float:
    """Seconds from the start of a kernel to the end of the last cell."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    ends: list[float] = []
    start = time.perf_counter()
    execute(notebook, ROOT / "notebooks", cell_done=lambda: ends.append(time.perf_counter()))
    return ends[-1] - start


def course(quick: bool) -> list[Row]:
    """Peak memory of each notebook's kernel, and the time of all of them under nbval."""
    notebooks = find_notebooks([])[: 1 if quick else None]
    rows, one_by_one = [], 0.0
    for path in notebooks:
        number = path.name[:2]
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.notebooks", number],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        peak = peak_megabytes(process)
        seconds = time.perf_counter() - start
        if process.returncode:
            raise RuntimeError(f"{path.name} does not run to its end.")
        one_by_one += seconds
        what, ours = f"peak memory of notebook {number}", f"{peak:.0f} MB in {seconds:.0f} s"
        rows.append(Row(what, "–", ours, "–", peak, 450 if number <= "04" else 1700, "MB"))
    together = seconds_of(
        lambda: subprocess.run(
            [sys.executable, "course.py", "test", "-q", *map(str, notebooks)],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    )
    what, note = "whole course under nbval, two at a time", "measured once: it takes minutes"
    against = "its notebooks run one after another"
    rows.append(Row.ratio(what, against, [together], [one_by_one], 0.7, note))
    rows.append(Row(what, "–", duration(together), "–", together / 60, 10, "min", note))
    return rows


# In this order: what is short and needs a quiet process first.
SECTIONS = {
    "loading": loading,
    "epoch": epoch,
    "growth": growth,
    "training": training_to_accuracy,
    "first-figure": first_figure,
    "course": course,
}
