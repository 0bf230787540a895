"""Export a Keras model to TensorFlow.js' layers format, and run the export in NumPy.

Nothing here loads TensorFlow: only the model's layers, settings and weights are read.
The format: https://www.tensorflow.org/js/guide/models_and_layers
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from helpers.maths import softmax

_ACTIVATIONS = ("linear", "relu", "sigmoid", "softmax", "tanh")


class ExportError(ValueError):
    """A model cannot be exported for the browser. The message says why."""


@dataclass(frozen=True)
class LayersModel:
    """A model in TensorFlow.js' layers format: its layers and its weights."""

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
    """Convert a Sequential Keras model to TensorFlow.js' layers format.

    The layers may be Rescaling, Flatten, Dense and Softmax, Keras' own or those of
    `helpers.layers`. Raises ExportError for any other model, and for one without weights.
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
    """Whether a class is Keras' or the course's: a learner's may compute something else."""
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


def run_exported(exported: LayersModel, images: ArrayLike) -> NDArray[np.floating]:
    """The outputs of an exported model, computed from the format as TensorFlow.js does."""
    arrays = _read_weights(exported)
    values: NDArray[np.floating] = np.asarray(images, np.float32)
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


def _activate(values: NDArray[np.floating], activation: str) -> NDArray[np.floating]:
    match activation:
        case "relu":
            return np.maximum(values, 0)
        case "sigmoid":
            return (1 + np.tanh(values / 2)) / 2  # 1 / (1 + exp(-values)), without overflow
        case "tanh":
            return np.tanh(values)
        case "softmax":
            return softmax(values)
    return values
