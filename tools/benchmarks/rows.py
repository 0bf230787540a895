"""The measurements themselves: a function for each name that the command takes.

Each returns its rows of the table. With `quick` they do the same with little data, once, to show
that they work; the numbers then mean nothing.
"""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np

from helpers import data, maths, metrics, training
from helpers.running import FLOOD_BYTES, ROOT
from tools.benchmarks import growth as growth_figure
from tools.benchmarks import report
from tools.benchmarks.measuring import Row, duration, peak_megabytes, seconds_of, side_by_side
from tools.benchmarks.notebook_cells import (
    NOTEBOOKS,
    cell_with,
    definitions,
    replaced,
    sources,
)

SEEDS = 5
ROUNDS = 9
ANSWER_SECONDS = 300  # for a cell


def _pictures(quick: bool) -> data.Dataset:
    dataset = data.load("sketches" if quick else "fashion-mnist")
    if not quick:
        return dataset
    return data.Dataset(
        dataset.train_images[:600],
        dataset.train_labels[:600],
        dataset.test_images[:100],
        dataset.test_labels[:100],
        dataset.source,
        dataset.location,
    )


# Loading ------------------------------------------------------------------------------------------


def loading(quick: bool) -> list[Row]:
    """The second time that the pictures are loaded from `data/`, and by Keras from its cache."""
    from helpers.quiet_tensorflow import keras

    keras_files = Path(os.environ["KERAS_HOME"]) / "datasets" / "fashion-mnist"
    folder = keras_files.parent.parent.parent / "data"
    folder.mkdir()
    for path in [*keras_files.glob("*.gz"), ROOT / "data" / "SHA256SUMS"]:
        shutil.copy(path, folder)
    # Not the learner's own folder: it may be empty, read-only, or somebody else's.
    course_folder, data._COURSE_FOLDER = data._COURSE_FOLDER, folder
    chosen = os.environ.pop("FASHION_MNIST_DIR", None)
    try:
        seconds = side_by_side(
            {
                "ours": lambda: data.load("fashion-mnist"),
                "keras": keras.datasets.fashion_mnist.load_data,
            },
            rounds=1 if quick else ROUNDS,
        )
    finally:
        data._COURSE_FOLDER = course_folder
        if chosen is not None:
            os.environ["FASHION_MNIST_DIR"] = chosen
    note = "from `data/`; other folders are never written into, and take as long as Keras"
    ours, theirs = seconds["ours"], seconds["keras"]
    return [Row.ratio("loading the data, second time", "keras.datasets", ours, theirs, 0.5, note)]


# Softmax and an epoch -----------------------------------------------------------------------------


def softmax(quick: bool) -> list[Row]:
    """Many rows in one call, against SciPy's and TensorFlow's."""
    return _softmax_of((60_000, 10), 3, quick) + _softmax_of((1024, 1000), 3, quick)


def short_softmax(quick: bool) -> list[Row]:
    """The same of one row, where beginning takes longer than computing."""
    return _softmax_of((10,), 2000, quick)


def _softmax_of(shape: tuple[int, ...], times: int, quick: bool) -> list[Row]:
    """Each library on an array of its own kind, and NumPy's exp, a part that ours can't do without.

    On processors without AVX-512, NumPy takes several times as long for exp, in float64 above all.
    """
    import scipy.special

    from helpers.quiet_tensorflow import tf

    rows = []
    for dtype in (np.float32, np.float64):
        size = (min(shape[0], 100), *shape[1:]) if quick else shape
        logits = np.random.default_rng(0).normal(size=size).astype(dtype)
        tensor = tf.constant(logits)
        seconds = side_by_side(
            {
                "ours": lambda logits=logits: maths.softmax(logits),
                "scipy": lambda logits=logits: scipy.special.softmax(logits, axis=-1),
                "tensorflow": lambda tensor=tensor: tf.nn.softmax(tensor).numpy(),
                "exp": lambda logits=logits: np.exp(logits),
            },
            rounds=1 if quick else 3 * ROUNDS,
            times=times,
        )
        what = f"`maths.softmax` of {shape} {np.dtype(dtype).name}"
        shares = zip(seconds["exp"], seconds["ours"], strict=True)
        note = f"`np.exp` alone takes {median(exp / ours for exp, ours in shares):.0%} of ours"
        rows += [
            Row.ratio(what, against, seconds["ours"], theirs, wanted, note)
            for against, theirs, wanted in (
                ("scipy.special.softmax", seconds["scipy"], 0.7),
                ("tf.nn.softmax", seconds["tensorflow"], 1.5),
            )
        ]
    return rows


def epoch(quick: bool) -> list[Row]:
    """An epoch as notebook 04 trains, against libraries, and against what nobody can save."""
    from tools.benchmarks import recipes

    pictures = _pictures(quick)
    code = replaced(definitions("04", "epoch_losses"), "epochs=20", "epochs=1")
    code = compile(code, "notebook 04", "exec")
    inputs, labels = training.scale_pixels(pictures.train_images), pictures.train_labels
    functions = {
        "ours": lambda: exec(code, {"data": pictures}),
        "keras": recipes.keras_epoch(inputs, labels),
        "products": recipes.matrix_products(inputs, batch_size=256),
    }
    try:
        functions["scikit-learn"] = recipes.scikit_learn_epoch(inputs, labels)
    except ModuleNotFoundError:
        print('Without scikit-learn. To have its row, too: python -m pip install ".[benchmark]"')
    seconds = side_by_side(functions, rounds=1 if quick else ROUNDS)
    against = {
        "keras": ("Keras `fit`, same model and batches", 0.2),
        "scikit-learn": ("scikit-learn's `SGDClassifier`", 0.5),
        "products": ("its matrix products alone", 2),
    }
    return [
        Row.ratio("NumPy epoch of notebook 04", words, seconds["ours"], seconds[name], wanted)
        for name, (words, wanted) in against.items()
        if name in seconds
    ]


# Training to an accuracy --------------------------------------------------------------------------


def training_to_accuracy(quick: bool) -> list[Row]:
    """Notebook 06's network and notebook 07's, against the common tutorial's, seed by seed."""
    from helpers.networks import scores_of
    from tools.benchmarks import recipes

    pictures = _pictures(quick)
    kept = len(pictures.train_labels) // 6  # notebook 07 keeps a sixth to choose by
    names = {
        "data": pictures,
        "images": pictures.train_images[:-kept],
        "labels": pictures.train_labels[:-kept],
        "validation_images": pictures.train_images[-kept:],
        "validation_labels": pictures.train_labels[-kept:],
    }
    dense, convolutional = dict(names), dict(names)
    exec(definitions("06", "network", "compiled"), dense)
    exec(definitions("07", "convolutional_network", "progress", "learning"), convolutional)
    fits = {
        "06": (dense, cell_with("06", "history = model.fit(")),
        "07": (convolutional, cell_with("07", "history = model.fit(")),
    }
    inputs, labels = pictures.train_images / 255.0, pictures.train_labels

    def accuracy(model) -> float:
        answers = scores_of(model, pictures.test_images).argmax(axis=1)
        return metrics.accuracy(pictures.test_labels, answers)

    def recipe_accuracy(model) -> float:
        answers = model.predict(pictures.test_images / 255.0, verbose=0).argmax(axis=1)
        return metrics.accuracy(pictures.test_labels, answers)

    seconds, accuracies = {name: [] for name in ("recipe", *fits)}, {}
    for seed in range(1 if quick else SEEDS):
        model = None

        def train_by_recipe(seed=seed) -> None:
            nonlocal model
            model = recipes.tutorial_training(inputs, labels, seed)

        seconds["recipe"].append(seconds_of(train_by_recipe))
        accuracies.setdefault("recipe", []).append(recipe_accuracy(model))
        for name, (namespace, cell) in fits.items():
            code = compile(
                replaced(cell, "set_random_seed(0)", f"set_random_seed({seed})"), name, "exec"
            )
            with contextlib.redirect_stdout(io.StringIO()):
                seconds[name].append(
                    seconds_of(lambda code=code, namespace=namespace: exec(code, namespace))
                )
            accuracies.setdefault(name, []).append(accuracy(namespace["model"]))

    theirs = accuracies["recipe"]
    rows = []
    for name, what, wanted in (
        ("06", "training of notebook 06, to .88", 0.15),
        ("07", "CNN of notebook 07, to .90", 0.5),
    ):
        above = sum(our > their for our, their in zip(accuracies[name], theirs, strict=True))
        note = (
            f"accuracy {median(accuracies[name]):.3f}, lowest {min(accuracies[name]):.3f}; the "
            f"recipe's {median(theirs):.3f}, highest {max(theirs):.3f}; above it on {above} of "
            f"{len(theirs)} seeds"
        )
        rows.append(
            Row.ratio(
                what,
                "the common tutorial's ten epochs",
                seconds[name],
                seconds["recipe"],
                wanted,
                note,
            )
        )
    return rows


# To the first figure ------------------------------------------------------------------------------


def first_figure(quick: bool) -> list[Row]:
    """From the start of a kernel to the first picture that a cell shows."""
    from tools.benchmarks import recipes

    ours, theirs = sources("01"), list(recipes.FIRST_FIGURE)
    seconds = side_by_side(
        {"ours": lambda: _run_to_figure(ours), "theirs": lambda: _run_to_figure(theirs)},
        rounds=1 if quick else 5,
    )
    return [
        Row.ratio(
            "kernel start to first figure, notebook 01",
            "the same for the common tutorial",
            seconds["ours"],
            seconds["theirs"],
            0.35,
        )
    ]


def _run_to_figure(cells: list[str]) -> None:
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name="python3")
    manager.kernel_spec.argv[0] = sys.executable
    manager.start_kernel(
        cwd=ROOT / "notebooks", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    client = manager.client()
    client.start_channels()
    shown = False

    def look(message: dict) -> None:
        nonlocal shown
        shown = shown or "image/png" in message["content"].get("data", {})

    try:
        client.wait_for_ready(timeout=ANSWER_SECONDS)
        for cell in cells:
            reply = client.execute_interactive(cell, timeout=ANSWER_SECONDS, output_hook=look)
            if reply["content"]["status"] != "ok":
                raise RuntimeError(f"A cell failed on the way to the first figure: {cell}")
            if shown:
                return
        raise RuntimeError("No cell showed a figure.")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


# Whole notebooks ----------------------------------------------------------------------------------


def memory(quick: bool) -> list[Row]:
    """What the kernel of each notebook holds at most; how long the notebook runs is noted, too."""
    rows = []
    for path in NOTEBOOKS[:1] if quick else NOTEBOOKS:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "helpers.running", str(path), str(FLOOD_BYTES)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        peak = peak_megabytes(process)
        seconds = time.perf_counter() - start
        last = process.stdout.read().splitlines()[-1]
        if json.loads(last)["error"]:
            raise RuntimeError(f"{path.name} does not run to its end: {last}")
        number = path.name[:2]
        limit = 450 if number <= "04" else 1700
        rows.append(
            Row(
                f"peak memory of notebook {number}",
                "–",
                f"{peak:.0f} MB in {seconds:.0f} s",
                "–",
                peak,
                limit,
                "MB",
                seconds=seconds,
            )
        )
    return rows


def course(quick: bool) -> list[Row]:
    """All notebooks under nbval, two at a time, against the times that `memory` has noted.

    Raises CannotMeasureError where it has noted none on this machine.
    """
    notebooks = NOTEBOOKS[:1] if quick else NOTEBOOKS
    one_by_one = sum(row.seconds for row in (memory(quick) if quick else report.rows_of("memory")))
    together = seconds_of(
        lambda: subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", "2", *map(str, notebooks)],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    )
    what, note = "whole course under nbval, two at a time", "measured once: it takes minutes"
    return [
        Row.ratio(what, "its notebooks run one after another", [together], [one_by_one], 0.7, note),
        Row(what, "–", duration(together), "–", together / 60, 10, "min", note),
    ]


# As the work grows --------------------------------------------------------------------------------


def growth(quick: bool) -> list[Row]:
    """Time against rows, classes and batch size, beside the matrix products alone."""
    panels = growth_figure.measure(_pictures(quick), quick)
    if not quick:
        growth_figure.draw(panels)
    return [
        Row(
            f"cost as {name} grow{'' if name != 'batch' else 's'}, {sizes[0]:,} to {sizes[-1]:,}",
            "the matrix products alone",
            f"{duration(ours[0])} to {duration(ours[-1])}",
            f"{duration(theirs[0])} to {duration(theirs[-1])}",
            ours[-1] / theirs[-1],
            note=f"at the smallest {ours[0] / theirs[0]:.1f}; see the figure",
        )
        for name, (sizes, ours, theirs) in panels.items()
    ]


# In this order: what is small and wants a quiet process first.
SECTIONS = {
    "loading": loading,
    "softmax": softmax,
    "short-softmax": short_softmax,
    "epoch": epoch,
    "growth": growth,
    "training": training_to_accuracy,
    "first-figure": first_figure,
    "memory": memory,
    "course": course,
}
