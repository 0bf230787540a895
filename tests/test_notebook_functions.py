"""A function that a notebook builds, and helpers offer to later ones, is the same in both."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

from helpers import layers, maths, metrics, networks, training
from helpers.quiet_tensorflow import keras

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
IMAGES = np.random.default_rng(0).integers(0, 256, (7, 28, 28), dtype=np.uint8)
LABELS = np.arange(7)
MATRICES = np.random.default_rng(1).normal(size=(2, 3, 3)).astype(np.float32)


def small_network():
    """Always the same weights."""
    keras.utils.set_random_seed(3)
    return networks.network()


# What to call each one with. A generator is compared by what it yields, a model by its scores.
ARGUMENTS = {
    "scale_pixels": lambda: (IMAGES,),
    "predict_logits": lambda: (*MATRICES, MATRICES[0, 0]),
    "minibatches": lambda: (10, 4, np.random.default_rng(2)),
    "network": lambda: (keras.layers.Rescaling(2.0),),
    "compiled": lambda: (small_network(), 1, 512),
    "convolutional_network": lambda: (),
    "scores_of": lambda: (small_network(), np.repeat(IMAGES, 2, axis=0)),
}


def _is_starter(function: ast.FunctionDef) -> bool:
    return all(isinstance(part, ast.Expr) for part in function.body)


def _functions_shared_with_helpers() -> list:
    found = []
    for path in NOTEBOOKS:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] != "code":
                continue
            for node in ast.parse("".join(cell["source"])).body:
                if not isinstance(node, ast.FunctionDef) or _is_starter(node):
                    continue
                for module in (maths, metrics, networks, training):
                    if hasattr(module, node.name):
                        here = pytest.param(
                            node, getattr(module, node.name), id=f"{path.stem[:2]}-{node.name}"
                        )
                        found.append(here)
    return found


def _values(function, arguments) -> list:
    keras.utils.set_random_seed(4)
    result = function(*arguments)
    if isinstance(result, keras.Model):
        # Two steps are all that the schedule of `compiled` has here.
        losses = [result.train_on_batch(IMAGES, LABELS) for _ in range(2 * result.compiled)]
        return [np.array(losses), result(IMAGES).numpy()]
    return list(result) if hasattr(result, "__next__") else [result]


@pytest.mark.parametrize(("definition", "helper"), _functions_shared_with_helpers())
def test_notebook_and_helper_agree(definition: ast.FunctionDef, helper):
    assert definition.name in ARGUMENTS, f"Say in ARGUMENTS what to call {definition.name} with."
    namespace = {"np": np, "keras": keras, **vars(layers)}
    exec(compile(ast.Module([definition], []), "notebook", "exec"), namespace)
    in_notebook = _values(namespace[definition.name], ARGUMENTS[definition.name]())
    in_helpers = _values(helper, ARGUMENTS[definition.name]())
    assert len(in_notebook) == len(in_helpers)
    for ours, theirs in zip(in_notebook, in_helpers, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def test_the_network_of_notebook_05_is_the_course_s():
    [path] = [path for path in NOTEBOOKS if path.stem.startswith("05-")]
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    [source] = [
        source
        for cell in cells
        if (source := "".join(cell["source"])).startswith("network = keras")
    ]
    namespace = {"keras": keras, "layers": layers}
    exec(source, namespace)

    def settings(network):
        named = [layer.get_config() for layer in network.layers]
        return [{key: config[key] for key in config if key != "name"} for config in named]

    assert settings(namespace["network"]) == settings(small_network())


def test_something_is_compared():
    names = {parameter.values[0].name for parameter in _functions_shared_with_helpers()}
    assert names == set(ARGUMENTS)
