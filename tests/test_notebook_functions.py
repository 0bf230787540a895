"""A function that a notebook builds, and helpers offer to later ones, is the same in both."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

from helpers import maths, metrics, training

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
IMAGES = np.random.default_rng(0).integers(0, 256, (7, 28, 28), dtype=np.uint8)
MATRICES = np.random.default_rng(1).normal(size=(2, 3, 3)).astype(np.float32)

# What to call each one with. A generator is compared by what it yields.
ARGUMENTS = {
    "scale_pixels": lambda: (IMAGES,),
    "predict_logits": lambda: (*MATRICES, MATRICES[0, 0]),
    "minibatches": lambda: (10, 4, np.random.default_rng(2)),
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
                for module in (maths, metrics, training):
                    if hasattr(module, node.name):
                        here = pytest.param(
                            node, getattr(module, node.name), id=f"{path.stem[:2]}-{node.name}"
                        )
                        found.append(here)
    return found


def _values(function, arguments) -> list:
    result = function(*arguments)
    return list(result) if hasattr(result, "__next__") else [result]


@pytest.mark.parametrize(("definition", "helper"), _functions_shared_with_helpers())
def test_notebook_and_helper_agree(definition: ast.FunctionDef, helper):
    assert definition.name in ARGUMENTS, f"Say in ARGUMENTS what to call {definition.name} with."
    namespace = {"np": np}
    exec(compile(ast.Module([definition], []), "notebook", "exec"), namespace)
    in_notebook = _values(namespace[definition.name], ARGUMENTS[definition.name]())
    in_helpers = _values(helper, ARGUMENTS[definition.name]())
    assert len(in_notebook) == len(in_helpers)
    for ours, theirs in zip(in_notebook, in_helpers, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def test_something_is_compared():
    names = {parameter.values[0].name for parameter in _functions_shared_with_helpers()}
    assert names == set(ARGUMENTS)
