"""Which modules may import which, and how TensorFlow is loaded late and quietly."""

import ast
import io
import os
import subprocess
import sys

import pytest

from helpers import ROOT
from helpers.quiet_stderr import muted_stderr

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "helpers").rglob("*.py"))
}
WITH_TENSORFLOW = {
    "helpers.quiet_tensorflow",
    "helpers.layers",
    "helpers.networks",
    "helpers.planted_bugs",
}

each_module = pytest.mark.parametrize("module", MODULES)


def imported_names(path):
    """Every module that a file's import statements name, also those inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: write the import from the root, helpers.…"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def run_python(program, *arguments):
    """Run a program as a learner's own Python would, without the settings made for tests."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "KERAS_"))}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=False
    )


# --- imports ---------------------------------------------------------------------------------


@each_module
def test_helpers_import_no_notebook_tool_or_test(module):
    assert not {"notebooks", "tests", "tools"} & {
        name.split(".")[0] for name in imported_names(MODULES[module])
    }


@each_module
def test_only_quiet_tensorflow_imports_tensorflow(module):
    roots = {name.split(".")[0] for name in imported_names(MODULES[module])}
    expected = {"tensorflow", "keras"} if module == "helpers.quiet_tensorflow" else set()
    assert roots & {"tensorflow", "keras"} == expected


@pytest.mark.slow
def test_other_modules_do_not_load_tensorflow():
    """All light modules in one fresh Python, which is faster than one for each."""
    program = """
import importlib, sys

for name in sys.argv[1:]:
    importlib.import_module(name)
    heavy = {"tensorflow", "keras"} & sys.modules.keys()
    assert not heavy, f"{name} imports {heavy}"
"""
    light = MODULES.keys() - WITH_TENSORFLOW
    assert {"helpers", "helpers.maths", "helpers.training", "helpers.metrics"} <= light
    result = run_python(program, *sorted(light))
    assert result.returncode == 0, result.stderr


# --- quiet TensorFlow ------------------------------------------------------------------------


@pytest.mark.slow
def test_tensorflow_is_silent_and_stderr_works_afterwards():
    program = """
import os, sys

os.environ["KERAS_BACKEND"] = "another one"  # left over from other work

from helpers.quiet_tensorflow import keras, tf

print(keras.backend.backend(), os.environ["TF_CPP_MIN_LOG_LEVEL"])
model = keras.Sequential([keras.layers.Dense(2)])
model.compile("sgd", loss="mse")
model.fit(tf.ones((4, 3)), tf.ones((4, 2)), verbose=0)
os.write(2, b"descriptor ")
print("stream", file=sys.stderr)
"""
    result = run_python(program)
    assert (result.returncode, result.stdout) == (0, "tensorflow 3\n")
    assert result.stderr == "descriptor stream\n"


class StreamWithoutDescriptor(io.StringIO):
    """Like ipykernel's: text goes elsewhere, fileno() may not exist."""

    def fileno(self):
        raise io.UnsupportedOperation


@pytest.mark.parametrize("stream", [None, StreamWithoutDescriptor()])
def test_muted_stderr_mutes_the_descriptor_only_inside(stream, monkeypatch, capfd):
    monkeypatch.setattr(sys, "stderr", stream)
    os.write(2, b"before ")
    with muted_stderr():
        os.write(2, b"inside ")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def test_muted_stderr_flushes_first(monkeypatch, capfd):
    with os.fdopen(os.dup(2), "w", encoding="utf-8") as buffered:
        monkeypatch.setattr(sys, "stderr", buffered)
        buffered.write("before")
        with muted_stderr():
            assert capfd.readouterr().err == "before"


def test_muted_stderr_leaves_no_descriptor_open():
    def next_descriptor():
        number = os.dup(2)
        os.close(number)
        return number

    before = next_descriptor()
    with muted_stderr():
        pass
    assert next_descriptor() == before


def test_muted_stderr_ends_after_an_error(capfd):
    with pytest.raises(ImportError), muted_stderr():
        raise ImportError
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_muted_stderr_without_a_descriptor():
    kept = os.dup(2)
    os.close(2)
    try:
        with muted_stderr():
            reached = True
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    assert reached
