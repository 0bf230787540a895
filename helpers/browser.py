"""The model in a web page: a Keras model for TensorFlow.js, and the softmax playground around it.

Nothing here loads TensorFlow. A model is asked for its layers, their settings and their weights,
and written in TensorFlow.js' layers format: https://www.tensorflow.org/js/guide/models_and_layers
"""

import base64
import gzip
import html
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.data import CLASS_NAMES, Dataset
from helpers.maths import softmax
from helpers.npm_files import FetchError, fetch, read_pins
from helpers.plotting import CLASS_COLOURS

__all__ = [
    "DARK_CLASS_COLOURS",
    "ExportError",
    "FetchError",
    "LayersModel",
    "Page",
    "SoftmaxExplorer",
    "build_page",
    "export",
    "run_exported",
    "show_page",
    "softmax_explorer",
]

SOURCE = Path(__file__).resolve().parent.parent / "browser"
# `build/` beside the folder in which the kernel runs, which is the notebook's own: see show_page.
PAGE = Path("..", "build", "softmax_playground.html")

# CLASS_COLOURS for dark pages, found by the same search: the same hues, at least 3:1 against
# #1b1f26, and any two at least 15 apart (CIE 1976) for normal, red-blind and green-blind eyes.
DARK_CLASS_COLOURS = (
    "#7c9ff2",
    "#e27203",
    "#44b65c",
    "#e44c3a",
    "#a85bec",
    "#9b705b",
    "#c258ba",
    "#81817f",
    "#29b2b0",
    "#dadada",
)

SHOWN_OF_EACH_CLASS = 4
TRAINING_PICTURES = 3_500  # as many as leave the page under 5 MB
HELD_OUT_PICTURES = 1_000

_ACTIVATIONS = ("linear", "relu", "sigmoid", "softmax", "tanh")


class ExportError(ValueError):
    """A model cannot be written for the browser. The message says what is in the way."""


# Exporting ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LayersModel:
    """A model in TensorFlow.js' layers format: what it is made of, and its numbers."""

    topology: dict  # Keras' own description of the layers, in the words of TensorFlow.js
    weight_specs: list[dict]  # name, shape and dtype of each array in `weights`, in order
    weights: bytes  # little-endian float32, one array after another

    def write(self, folder: Path) -> None:
        """Write model.json and weights.bin, which `tf.loadLayersModel` reads from a web server."""
        folder.mkdir(parents=True, exist_ok=True)
        manifest = [{"paths": ["weights.bin"], "weights": self.weight_specs}]
        description = {
            "format": "layers-model",
            "modelTopology": self.topology,
            "weightsManifest": manifest,
        }
        (folder / "model.json").write_text(json.dumps(description), encoding="utf-8")
        (folder / "weights.bin").write_bytes(self.weights)


def export(model) -> LayersModel:
    """A Sequential Keras model of the course's kinds of layers, in TensorFlow.js' layers format.

    The layers may be Rescaling, Flatten, Dense and Softmax, Keras' own or those of
    `helpers.layers`. Raises ExportError for anything else, and for a model without weights.
    """
    if type(model).__name__ != "Sequential" or not _is_of_the_course(model):
        raise ExportError(
            f"Only a keras.Sequential can be exported, not a {type(model).__name__}: put the "
            "layers into one."
        )
    if not model.built:
        raise ExportError(
            "The model has no weights yet, because it does not know the shape of its inputs: begin "
            "it with keras.Input((28, 28))."
        )
    layers = [_input_layer(model.input_shape), *map(_layer, model.layers)]
    topology = {
        "keras_version": "tfjs-layers 4.22.0",
        "backend": "tensor_flow.js",
        "model_config": {
            "class_name": "Sequential",
            "config": {"name": model.name, "layers": layers},
        },
    }
    named_weights = [pair for layer in model.layers for pair in _named_weights(layer)]
    specs = [
        {"name": name, "shape": list(values.shape), "dtype": "float32"}
        for name, values in named_weights
    ]
    return LayersModel(
        topology, specs, b"".join(values.astype("<f4").tobytes() for _, values in named_weights)
    )


def _is_of_the_course(thing) -> bool:
    """Whether a class is Keras' own or the course's: one of the learner's may compute otherwise."""
    return type(thing).__module__.split(".")[0] in ("keras", "helpers")


def _input_layer(shape: tuple[int | None, ...]) -> dict:
    # Keras 3 calls it batch_shape, which TensorFlow.js does not know.
    config = {"batch_input_shape": list(shape), "dtype": "float32", "name": "input"}
    return {"class_name": "InputLayer", "config": config}


def _layer(layer) -> dict:
    kind = type(layer).__name__
    translate = _TRANSLATIONS.get(kind) if _is_of_the_course(layer) else None
    if translate is None:
        raise ExportError(
            f"The layer {layer.name} is a {kind}, which cannot be exported: use Rescaling, "
            "Flatten, Dense and Softmax, Keras' own or those of helpers.layers."
        )
    if layer.compute_dtype != "float32":
        raise ExportError(
            f"The layer {layer.name} computes in {layer.compute_dtype}, and the page in float32: "
            "build the model without a dtype policy."
        )
    return {
        "class_name": kind,
        "config": {"name": layer.name, "dtype": "float32"} | translate(layer.get_config(), layer),
    }


def _rescaling(config: dict, layer) -> dict:
    if np.ndim(config["scale"]) or np.ndim(config["offset"]):
        raise ExportError(
            f"The layer {layer.name} has a scale or an offset for each pixel: use one number."
        )
    return {"scale": float(config["scale"]), "offset": float(config["offset"])}


def _dense(config: dict, layer) -> dict:
    if config["activation"] not in _ACTIVATIONS:
        raise ExportError(
            f"The layer {layer.name} has the activation {config['activation']}, which cannot be "
            f"exported: use one of {', '.join(_ACTIVATIONS)}."
        )
    return {
        "units": config["units"],
        "activation": config["activation"],
        "use_bias": config.get("use_bias", True),
    }


def _softmax(config: dict, layer) -> dict:
    if config.get("axis", -1) != -1:
        raise ExportError(f"The layer {layer.name} is not along the last axis: use axis=-1.")
    return {"axis": -1}


_TRANSLATIONS = {
    "Rescaling": _rescaling,
    "Flatten": lambda config, layer: {},
    "Dense": _dense,
    "Softmax": _softmax,
}


def _named_weights(layer) -> list[tuple[str, NDArray]]:
    """Kernel and bias under the names by which TensorFlow.js looks for them."""
    return [
        (f"{layer.name}/{name}", np.asarray(values))
        for name, values in zip(("kernel", "bias"), layer.get_weights(), strict=False)
    ]


# Reading back, without a browser ------------------------------------------------------------------


def run_exported(exported: LayersModel, images: ArrayLike) -> NDArray[np.float32]:
    """What an exported model gives for pictures: the format read as TensorFlow.js reads it."""
    arrays = _read_weights(exported)
    values = np.asarray(images, np.float32)
    for layer in exported.topology["model_config"]["config"]["layers"]:
        config = layer["config"]
        match layer["class_name"]:
            case "Rescaling":
                values = values * np.float32(config["scale"]) + np.float32(config["offset"])
            case "Flatten":
                values = values.reshape(len(values), -1)
            case "Dense":
                values = values @ arrays[f"{config['name']}/kernel"]
                if config["use_bias"]:
                    values = values + arrays[f"{config['name']}/bias"]
                values = _activate(values, config["activation"])
            case "Softmax":
                values = softmax(values)
    return values


def _read_weights(exported: LayersModel) -> dict[str, NDArray[np.float32]]:
    arrays, start = {}, 0
    for spec in exported.weight_specs:
        count = int(np.prod(spec["shape"], dtype=int))
        values = np.frombuffer(exported.weights, "<f4", count, start)
        arrays[spec["name"]] = values.reshape(spec["shape"])
        start += 4 * count
    return arrays


def _activate(values: NDArray[np.float32], activation: str) -> NDArray[np.float32]:
    match activation:
        case "relu":
            return np.maximum(values, 0)
        case "sigmoid":
            return (1 + np.tanh(values / 2)) / 2  # 1 / (1 + exp(-values)) without its overflow
        case "tanh":
            return np.tanh(values)
        case "softmax":
            return softmax(values)
    return values


# The page -----------------------------------------------------------------------------------------


def build_page(model, data: Dataset, path: Path) -> Path:
    """Write the softmax playground as one HTML file that needs no other; return its path.

    `model` takes pictures (n, 28, 28) of 0…255 and gives ten logits. The page shows forty test
    pictures, trains on training pictures, and tests on other test pictures than the forty.
    Raises ExportError for a model that the page cannot use, FetchError where the files of
    TensorFlow.js cannot be had.
    """
    given = _given(model, data)
    scripts = fetch(read_pins(SOURCE / "tensorflowjs.json"))
    given["wasm"] = _packed(scripts.pop("tfjs-backend-wasm-simd.wasm"))
    _write(path, _assembled("page.html", given, scripts))
    return path


def _given(model, data: Dataset) -> dict:
    """Everything that the page is made from beside its source: the model and the pictures."""
    exported = export(model)
    _check_for_page(model, exported)
    shown = _first_of_each_class(data.test_labels)
    others = np.setdiff1d(np.arange(len(data.test_labels)), shown)[:HELD_OUT_PICTURES]
    logits = np.asarray(model(data.test_images[shown]))
    return {
        "classes": _classes(CLASS_NAMES),
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


def _classes(names) -> list[dict]:
    """Name and colours of each class; one that is no garment takes the colour of its place."""
    numbers = [
        CLASS_NAMES.index(name) if name in CLASS_NAMES else place % len(CLASS_COLOURS)
        for place, name in enumerate(names)
    ]
    return [
        {"name": name, "light": CLASS_COLOURS[k], "dark": DARK_CLASS_COLOURS[k]}
        for name, k in zip(names, numbers, strict=True)
    ]


def _pictures(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> dict:
    return {"labels": _base64(labels.tobytes()), "pixels": _packed(images.tobytes())}


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _packed(content: bytes) -> str:
    return _base64(gzip.compress(content, mtime=0))


def _assembled(template: str, given: dict, scripts: dict[str, bytes] | None = None) -> str:
    """A page of `browser/` with each `/*{name}*/` replaced by what it names."""
    # A `<` in JSON could end the script that holds it; its escape means the same.
    parts = {"given": json.dumps(given, separators=(",", ":")).replace("<", "\\u003c")}
    parts |= {name: content.decode("utf-8") for name, content in (scripts or {}).items()}

    def part(match: re.Match) -> str:
        name = match[1]
        text = parts[name] if name in parts else _source(name)
        return text.strip()

    return re.sub(r"/\*\{([\w.-]+)\}\*/", part, _source(template))


def _source(name: str) -> str:
    return (SOURCE / name).read_text(encoding="utf-8")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


@dataclass(frozen=True)
class Page:
    """A page in a folder beside that of the notebook in which it shows itself."""

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
    """Build the page and show it, or the sentence that says why TensorFlow.js cannot be had.

    The page lies at `../build/softmax_playground.html`, seen from the notebook: in the course's own
    `build/`, which git ignores, for a notebook of `notebooks/`; in a learner's own folder where
    the course is read-only and only the notebooks are copied; near a copy of the notebook anywhere
    else. Jupyter shows it if the folder above the notebook's is one that it serves.
    Raises ExportError for a model that the page cannot use, and where nothing can be written there.
    """
    try:
        try:
            build_page(model, data, PAGE)
        except FetchError as error:
            said = html.escape(str(error))
            _write(PAGE, f'<!doctype html><meta charset="utf-8"><p>{said}</p>\n')
    except OSError as error:
        raise ExportError(
            f"The page cannot be written to {PAGE.absolute().parent} ({error.strerror}): run a "
            "copy of the notebook in a folder of your own."
        ) from error
    return Page(PAGE)


# The explorer -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SoftmaxExplorer:
    """Scores, exponentials and probabilities to play with, in the output of a notebook's cell."""

    logits: tuple[float, ...]
    class_names: tuple[str, ...]

    def __repr__(self) -> str:
        return f"(softmax of {len(self.logits)} scores, to drag, with a temperature to turn)"

    def _repr_html_(self) -> str:
        """One frame, sealed off from the notebook: no style or id of it can meet another's."""
        given = {"classes": _classes(self.class_names), "logits": self.logits}
        page = html.escape(_assembled("explorer.html", given))
        height = 190 + 31 * len(self.logits)
        return (
            f'<iframe sandbox="allow-scripts" title="Softmax explorer" srcdoc="{page}" '
            f'width="100%" height="{height}" style="border: 1px solid #8888; border-radius: 8px">'
            "</iframe>"
        )


def softmax_explorer(logits: ArrayLike, class_names) -> SoftmaxExplorer:
    """Softmax of these scores with a temperature to turn and scores to drag.

    Raises ValueError where there is not one finite score for each class.
    """
    scores = tuple(np.asarray(logits, float).tolist())
    names = tuple(map(str, class_names))
    if len(scores) != len(names) or len(scores) < 2 or not np.isfinite(scores).all():
        raise ValueError(
            f"There must be one finite score for each of at least two classes, not {scores} for "
            f"{len(names)} classes."
        )
    return SoftmaxExplorer(scores, names)
