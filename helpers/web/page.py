"""The softmax playground of notebook 09: one HTML page with model, pictures and TensorFlow.js."""

import base64
import gzip
import html
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from helpers.data import CLASS_NAMES, Dataset
from helpers.maths import softmax
from helpers.web.export import ExportError, LayersModel, export
from helpers.web.npm_files import FetchError, fetch, read_pins
from helpers.web.template import SOURCE, class_colours, filled

# Seen from the notebook's folder, where its kernel runs: see show_page.
PAGE = Path("..", "build", "softmax_playground.html")

SHOWN_OF_EACH_CLASS = 4
TRAINING_PICTURES = 3_500  # more would make the page larger than 5 MB
HELD_OUT_PICTURES = 1_000


def build_page(model, data: Dataset, path: Path) -> Path:
    """Write the softmax playground as one self-contained HTML file; return its path.

    `model` takes pictures (n, 28, 28) of 0…255 and gives ten logits. The page shows forty test
    pictures, trains on training pictures, and tests on other test pictures than the forty.
    Raises ExportError for a model that the page cannot use, FetchError if the files of
    TensorFlow.js are unavailable.
    """
    given = _page_data(model, data)
    scripts = fetch(read_pins(SOURCE / "tensorflowjs.json"))
    given["wasm"] = _packed(scripts.pop("tfjs-backend-wasm-simd.wasm"))
    _write(path, filled("page.html", given, scripts))
    return path


def _page_data(model, data: Dataset) -> dict:
    """The page's data: the model and the pictures."""
    exported = export(model)
    _check_for_page(model, exported)
    shown = _first_of_each_class(data.test_labels)
    others = np.setdiff1d(np.arange(len(data.test_labels)), shown)[:HELD_OUT_PICTURES]
    logits = np.asarray(model(data.test_images[shown]))
    return {
        "classes": class_colours(CLASS_NAMES),
        "source": data.source,
        "model": {
            "modelTopology": exported.topology,
            "weightSpecs": exported.weight_specs,
            "weights": _base64(exported.weights),
        },
        "kerasProbabilities": softmax(logits).tolist(),
        "shown": _pictures(data.test_images[shown], data.test_labels[shown]),
        "training": _pictures(
            data.train_images[:TRAINING_PICTURES], data.train_labels[:TRAINING_PICTURES]
        ),
        "heldOut": _pictures(data.test_images[others], data.test_labels[others]),
    }


def _check_for_page(model, exported: LayersModel) -> None:
    shapes = model.input_shape[1:], model.output_shape[1:]
    if shapes != ((28, 28), (10,)):
        raise ExportError(
            f"The page needs a model from (28, 28) to (10,), not from {shapes[0]} to {shapes[1]}."
        )
    last = exported.topology["model_config"]["config"]["layers"][-1]
    if last["class_name"] == "Softmax" or last["config"].get("activation") == "softmax":
        raise ExportError(
            "The model ends with softmax, and the page applies softmax itself: export the model "
            "that gives logits, or softmax is applied twice."
        )


def _first_of_each_class(labels: NDArray) -> NDArray[np.intp]:
    return np.concatenate(
        [np.flatnonzero(labels == label)[:SHOWN_OF_EACH_CLASS] for label in range(len(CLASS_NAMES))]
    )


def _pictures(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> dict:
    return {"labels": _base64(labels.tobytes()), "pixels": _packed(images.tobytes())}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _packed(content: bytes) -> str:
    return _base64(gzip.compress(content, mtime=0))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


@dataclass(frozen=True)
class Page:
    """A built page, shown in an iframe. Its folder and the notebook's are in the same folder."""

    path: Path
    height: int = 900

    def __repr__(self) -> str:
        return f"(the page {self.path.parent.name}/{self.path.name})"

    def _repr_html_(self) -> str:
        address = f"../{self.path.parent.name}/{self.path.name}"
        return (
            f'<iframe src="{address}" title="Softmax playground" width="100%" '
            f'height="{self.height}" style="border: 0"></iframe>'
        )


def show_page(model, data: Dataset) -> Page:
    """Build the page and show it, or a sentence if TensorFlow.js is unavailable.

    The page lies at `../build/softmax_playground.html`, seen from the notebook: in the course's own
    `build/`, which git ignores, for a notebook of `notebooks/`; in a learner's own folder where
    the course is read-only and only the notebooks are copied; near a copy of the notebook anywhere
    else. Jupyter shows it if the folder above the notebook's is one that it serves.
    Raises ExportError for a model that the page cannot use, and if the page cannot be written.
    """
    try:
        try:
            build_page(model, data, PAGE)
        except FetchError as error:
            message = html.escape(str(error))
            _write(PAGE, f'<!doctype html><meta charset="utf-8"><p>{message}</p>\n')
    except OSError as error:
        raise ExportError(
            f"The page cannot be written to {PAGE.absolute().parent} ({error.strerror}): run a "
            "copy of the notebook in a folder of your own."
        ) from error
    return Page(PAGE)
