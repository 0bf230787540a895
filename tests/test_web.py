"""Export of models, the page and the explorer, as far as they can be tested without a browser."""

import base64
import gzip
import html
import json
import re

import numpy as np
import pytest

from helpers import layers
from helpers.data import CLASS_NAMES, Dataset
from helpers.maths import softmax
from helpers.plotting import CLASS_COLOURS
from helpers.quiet_tensorflow import keras, tf
from helpers.web import page as page_module
from helpers.web.explorer import softmax_explorer
from helpers.web.export import ExportError, export, run_exported
from helpers.web.npm_files import FetchError, read_pins
from helpers.web.page import build_page, show_page
from helpers.web.template import DARK_CLASS_COLOURS, SOURCE
from tests.support.colours import EYES, contrast, least_difference

pytestmark = pytest.mark.slow

GENERATOR = np.random.default_rng(0)
IMAGES, TEST_IMAGES = GENERATOR.integers(0, 256, (2, 200, 28, 28), dtype=np.uint8)
LABELS = np.tile(np.arange(10, dtype=np.uint8), 20)
PICTURES = Dataset(IMAGES, LABELS, TEST_IMAGES, GENERATOR.permutation(LABELS), "sketches", "")


def sequential(*parts, shape=(28, 28)):
    """A model with random weights, biases too, which would be 0 otherwise."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input(shape), *parts])
    generator = np.random.default_rng(2)
    model.set_weights([w + generator.normal(0, 0.1, w.shape) for w in model.get_weights()])
    return model


def built_in(*last):
    return sequential(
        keras.layers.Rescaling(1 / 127.5, offset=-1),
        keras.layers.Flatten(),
        keras.layers.Dense(16, activation="tanh"),
        keras.layers.Dense(12, activation="sigmoid", use_bias=False),
        keras.layers.Dense(10),
        *last,
    )


def by_hand(*last):
    return sequential(
        keras.layers.Rescaling(1 / 255),
        keras.layers.Flatten(),
        layers.Dense(16, activation="relu"),
        layers.Dense(10),
        *last,
    )


MODELS = {
    "built in": built_in,
    "by hand": by_hand,
    "softmax as a layer": lambda: by_hand(layers.Softmax()),
    "softmax as an activation": lambda: built_in(keras.layers.Dense(3, activation="softmax")),
    "after loading": lambda: keras.models.model_from_json(by_hand().to_json()),
}


# --- Export ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_exported_model_computes_the_same(name):
    model = MODELS[name]()
    exported = export(model)
    np.testing.assert_allclose(
        run_exported(exported, IMAGES), model(IMAGES).numpy(), rtol=0, atol=2e-5
    )


def test_export_is_written_in_tensorflow_js_terms(tmp_path):
    model = by_hand()
    exported = export(model)
    exported.write(tmp_path / "model")
    described = json.loads((tmp_path / "model" / "model.json").read_text(encoding="utf-8"))
    assert described["modelTopology"] == exported.topology
    first, *rest = exported.topology["model_config"]["config"]["layers"]
    assert first["config"]["batch_input_shape"] == [None, 28, 28]
    assert "batch_shape" not in json.dumps([first, *rest])
    [manifest] = described["weightsManifest"]
    assert manifest["paths"] == ["weights.bin"]
    assert [(spec["name"], tuple(spec["shape"])) for spec in manifest["weights"]] == [
        (f"{layer.name}/{kind}", getattr(layer, kind).shape)
        for layer in model.layers[2:]
        for kind in ("kernel", "bias")
    ]
    weights = (tmp_path / "model" / "weights.bin").read_bytes()
    assert weights == b"".join(w.astype("<f4").tobytes() for w in model.get_weights())


class Dense(keras.layers.Dense):
    """A learner's own layer, which computes something else under the same name."""

    def call(self, inputs):
        return 2 * super().call(inputs)


class Sequential(keras.Sequential):
    def call(self, inputs):
        return -super().call(inputs)


def functional():
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Dense(2)(inputs))


def of_one(layer, *shape):
    return lambda: sequential(layer, shape=shape)


REFUSED = {
    "Only a keras.Sequential can be exported, not a Functional": functional,
    "Only a keras.Sequential can be exported, not a Sequential": lambda: Sequential(
        [keras.Input((4,)), keras.layers.Dense(2)]
    ),
    "The model has no weights yet": lambda: keras.Sequential([keras.layers.Dense(2)]),
    "The layer a is a Dense": of_one(Dense(2, name="a"), 4),
    "The layer a has the activation gelu": of_one(
        keras.layers.Dense(2, activation="gelu", name="a"), 4
    ),
    "The layer a is not along the last axis": of_one(keras.layers.Softmax(axis=1, name="a"), 4, 2),
    "The layer a has a scale or an offset for each pixel": of_one(
        keras.layers.Rescaling([1.0, 2.0], name="a"), 2
    ),
    "The layer a computes in float16": of_one(
        keras.layers.Dense(2, dtype="mixed_float16", name="a"), 4
    ),
}


@pytest.mark.parametrize("beginning", REFUSED)
def test_refused_models_get_one_sentence(beginning):
    with pytest.raises(ExportError, match=f"^{re.escape(beginning)}") as refused:
        export(REFUSED[beginning]())
    assert re.fullmatch(r"[^\n]*[^.\n]\.", str(refused.value))


# --- The page --------------------------------------------------------------------------------


@pytest.fixture
def scripts(monkeypatch):
    """Stand-ins for the files of TensorFlow.js: nothing is fetched."""
    contents = {name: f"// {name}".encode() for name in read_pins(SOURCE / "tensorflowjs.json")}
    monkeypatch.setattr(page_module, "fetch", lambda pins: {n: contents[n] for n in pins})
    return contents


def unpacked(packed):
    return np.frombuffer(gzip.decompress(base64.b64decode(packed)), np.uint8)


def test_page_is_self_contained(scripts, tmp_path):
    model = by_hand()
    page = build_page(model, PICTURES, tmp_path / "new" / "page.html").read_text(encoding="utf-8")
    assert not re.findall(r"/\*\{.*?\}\*/", page)
    assert not re.findall(r"""(?:src|href)\s*=\s*["']""", page)
    for name in ("tf.es2017.min.js", "tf-backend-wasm.es2017.min.js"):
        assert f"<script>{scripts[name].decode()}</script>" in page
    given = json.loads(re.search(r'id="given">(.*?)</script>', page)[1])
    assert unpacked(given["wasm"]).tobytes() == b"// tfjs-backend-wasm-simd.wasm"
    assert base64.b64decode(given["model"]["weights"]) == export(model).weights
    assert [each["name"] for each in given["classes"]] == list(CLASS_NAMES)
    assert given["source"] == "sketches"

    images, labels = {}, {}
    for part in ("shown", "training", "heldOut"):
        images[part] = unpacked(given[part]["pixels"]).reshape(-1, 28, 28)
        labels[part] = np.frombuffer(base64.b64decode(given[part]["labels"]), np.uint8)
    np.testing.assert_array_equal(images["training"], IMAGES)
    np.testing.assert_array_equal(labels["training"], LABELS)
    np.testing.assert_array_equal(labels["shown"], np.repeat(np.arange(10), 4))
    # The pictures shown and those held out are all test pictures, each of them once.
    test_labels = dict(zip(map(bytes, TEST_IMAGES), PICTURES.test_labels, strict=True))
    pairs = [
        (bytes(image), label)
        for part in ("shown", "heldOut")
        for image, label in zip(images[part], labels[part], strict=True)
    ]
    assert len(pairs) == 200
    assert dict(pairs) == test_labels
    np.testing.assert_allclose(
        given["kerasProbabilities"], softmax(model(images["shown"]).numpy()), atol=1e-6
    )


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (lambda: by_hand(layers.Softmax()), "ends with softmax"),
        (lambda: by_hand(keras.layers.Dense(10, activation="softmax")), "ends with softmax"),
        (lambda: by_hand(keras.layers.Dense(3)), "not from (28, 28) to (3,)"),
    ],
)
def test_model_that_does_not_fit_the_page(scripts, tmp_path, model, sentence):
    with pytest.raises(ExportError, match=re.escape(sentence)):
        build_page(model(), PICTURES, tmp_path / "page.html")
    assert not list(tmp_path.iterdir())


def test_page_without_tensorflow_js(scripts, monkeypatch, tmp_path):
    def cannot(pins):
        raise FetchError("tf.js cannot be had & that's it.")

    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    shown = show_page(by_hand(), PICTURES)
    monkeypatch.setattr(page_module, "fetch", cannot)
    without = show_page(by_hand(), PICTURES)
    page = (tmp_path / "build" / "softmax_playground.html").read_text(encoding="utf-8")
    assert html.escape("tf.js cannot be had & that's it.") in page
    assert (repr(shown), shown._repr_html_()) == (repr(without), without._repr_html_())


def test_frame_address_from_any_folder(scripts, monkeypatch, tmp_path):
    for place in ("course/notebooks", "course/notebooks/projects", "elsewhere/copy"):
        (tmp_path / place).mkdir(parents=True)
        monkeypatch.chdir(tmp_path / place)
        address = re.search(r'src="([^"]+)"', show_page(by_hand(), PICTURES)._repr_html_())
        page = tmp_path / place / address[1]
        assert "Softmax playground" in page.read_text(encoding="utf-8")
        page.unlink()


def test_page_that_cannot_be_written(scripts, monkeypatch, tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "build").write_text("a file where the folder should be", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "notebooks")
    with pytest.raises(ExportError, match=r"^The page cannot be written to .*: run a copy"):
        show_page(by_hand(), PICTURES)


# --- Colours ---------------------------------------------------------------------------------


def test_colours_contrast_with_the_page():
    card = re.findall(r"--card: (#\w+)", (SOURCE / "softmax.css").read_text("utf-8"))
    assert len(card) == 2
    for colours, behind in zip((CLASS_COLOURS, DARK_CLASS_COLOURS), card, strict=True):
        assert min(contrast(colour, behind) for colour in colours) >= 3


@pytest.mark.parametrize("eyes", EYES)
def test_dark_colours_are_distinguishable(eyes):
    assert least_difference(DARK_CLASS_COLOURS, eyes) >= 15


# --- The explorer ----------------------------------------------------------------------------


def test_explorer_is_a_small_sandboxed_frame():
    first, second = (softmax_explorer(np.float32([1, 2]), ["Coat", "b"]) for _ in range(2))
    assert repr(first) == "(softmax of 2 scores, to drag, with a temperature to turn)"
    frame = first._repr_html_()
    assert frame == second._repr_html_()
    assert len(frame) < 20_000
    assert frame.startswith('<iframe sandbox="allow-scripts" ')
    inside = html.unescape(re.search(r'srcdoc="([^"]*)"', frame)[1])
    assert not re.findall(r"/\*\{.*?\}\*/", inside)
    assert '"logits":[1.0,2.0]' in inside
    assert "http" not in inside
    assert CLASS_COLOURS[CLASS_NAMES.index("Coat")] in inside


def test_class_name_cannot_end_the_script():
    inside = html.unescape(softmax_explorer([1, 2], ["</script>", "b"])._repr_html_())
    assert inside.count("</script>") == 1


@pytest.mark.parametrize(
    ("logits", "names"), [([1, 2], ["a"]), ([1], ["a"]), ([1, np.inf], ["a", "b"])]
)
def test_explorer_needs_a_finite_score_for_each_class(logits, names):
    with pytest.raises(ValueError, match="one finite score for each"):
        softmax_explorer(logits, names)


def test_explorer_accepts_tensors():
    assert softmax_explorer(tf.constant([1.0, 2.0]), "ab").logits == (1.0, 2.0)
