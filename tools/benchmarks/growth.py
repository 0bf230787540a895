"""How time grows with the rows, the classes and the batch size, beside the matrix products."""

from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from helpers import training
from helpers.data import Dataset
from tools.benchmarks.measuring import side_by_side
from tools.benchmarks.recipes import matrix_products

FIGURE = Path(__file__).parent / "growth.svg"
ROWS = (1_000, 3_000, 10_000, 30_000, 60_000)
CLASSES = (2, 10, 100, 1_000, 10_000)
BATCH_SIZES = (1, 4, 16, 64, 256, 1_024, 4_096)

# For each name: the sizes, our median seconds, those of the matrix products.
Panels = dict[str, tuple[list[int], list[float], list[float]]]


def measure(pictures: Dataset, quick: bool) -> Panels:
    """An epoch over so many rows; a step with so many classes; 4,096 rows in such batches."""
    images, labels = pictures.train_images, pictures.train_labels
    inputs = training.scale_pixels(images)

    def epoch(rows: int, batch_size: int) -> tuple[Callable, Callable]:
        return (
            lambda: training.train_softmax_regression(
                images[:rows], labels[:rows], epochs=1, learning_rate=0.05, batch_size=batch_size
            ),
            matrix_products(inputs[:rows], batch_size),
        )

    def step(classes: int) -> tuple[Callable, Callable]:
        weights, bias = (
            np.zeros((inputs.shape[1], classes), np.float32),
            np.zeros(classes, np.float32),
        )
        batch, its_labels = inputs[:256], labels[:256].astype(np.intp) % classes
        return (
            lambda: training.loss_and_gradients(batch, its_labels, weights, bias),
            matrix_products(batch, 256, classes),
        )

    few = slice(None, None, 4) if quick else slice(None)
    work = {
        "rows": {rows: epoch(rows, 256) for rows in ROWS[few]},
        "classes": {classes: step(classes) for classes in CLASSES[few]},
        "batch": {size: epoch(4_096, size) for size in BATCH_SIZES[few]},
    }
    panels = {}
    for name, sizes in work.items():
        ours, theirs = [], []
        for our, their in sizes.values():
            seconds = side_by_side({"ours": our, "theirs": their}, rounds=1 if quick else 7)
            ours.append(median(seconds["ours"]))
            theirs.append(median(seconds["theirs"]))
        panels[name] = (list(sizes), ours, theirs)
    return panels


def draw(panels: Panels, path: Path = FIGURE) -> None:
    """Write the figure: a panel for each name, two curves in it, all axes logarithmic."""
    import matplotlib

    # The same file for the same numbers.
    with matplotlib.rc_context({"svg.hashsalt": "growth", "svg.fonttype": "none"}):
        figure = matplotlib.figure.Figure(figsize=(11, 3.8), layout="constrained")
        words = {
            "rows": ("An epoch, in batches of 256", "rows"),
            "classes": ("A step with 256 rows", "classes"),
            "batch": ("An epoch of 4,096 rows", "rows in a batch"),
        }
        for axes, (name, (sizes, ours, theirs)) in zip(
            figure.subplots(1, len(panels)), panels.items(), strict=True
        ):
            title, x_label = words[name]
            axes.loglog(sizes, ours, "o-", color="#0072B2", label="training in NumPy")
            axes.loglog(sizes, theirs, "s--", color="#D55E00", label="its matrix products alone")
            axes.set(title=title, xlabel=x_label, ylabel="seconds")
            axes.grid(color="#dddddd")
            axes.legend()
        figure.savefig(path, metadata={"Date": None})
