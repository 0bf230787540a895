"""Export of models, the page and the explorer, as far as they can be tested without a browser."""

import base64
import gzip
import html
import itertools
import json
import re

import numpy as np
import pytest

from helpers import layers, networks
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
from tests.support.colours import EYES, contrast, lab, linear

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, (200, 28, 28), dtype=np.uint8)
LABELS = np.tile(np.arange(10, dtype=np.uint8), 20)
PICTURES = Dataset(IMAGES, LABELS, IMAGES[::-1], LABELS[::-1], "sketches", "")


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
    "of notebook 06": networks.network,
    "Keras' softmax": lambda: built_in(keras.layers.Softmax()),
    "the course's softmax": lambda: by_hand(layers.Softmax()),
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


def test_order_of_the_weights():
    model = by_hand()
    exported = export(model)
    names = [f"{layer.name}/{kind}" for layer in model.layers[2:] for kind in ("kernel", "bias")]
    assert [spec["name"] for spec in exported.weight_specs] == names
    assert [tuple(spec["shape"]) for spec in exported.weight_specs] == [
        (784, 16),
        (16,),
        (16, 10),
        (10,),
    ]
    assert exported.weights == b"".join(w.astype("<f4").tobytes() for w in model.get_weights())


def test_topology_is_in_tensorflow_js_terms():
    first, *rest = export(by_hand()).topology["model_config"]["config"]["layers"]
    assert first["config"]["batch_input_shape"] == [None, 28, 28]
    assert [layer["class_name"] for layer in rest] == ["Rescaling", "Flatten", "Dense", "Dense"]
    assert "batch_shape" not in json.dumps([first, *rest])


def test_export_is_written_as_two_files(tmp_path):
    exported = export(by_hand())
    exported.write(tmp_path / "model")
    described = json.loads((tmp_path / "model" / "model.json").read_text(encoding="utf-8"))
    assert described["modelTopology"] == exported.topology
    assert described["weightsManifest"][0]["weights"] == exported.weight_specs
    assert described["weightsManifest"][0]["paths"] == ["weights.bin"]
    assert (tmp_path / "model" / "weights.bin").read_bytes() == exported.weights


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


REFUSED = {
    "Only a keras.Sequential can be exported, not a Functional": functional,
    "Only a keras.Sequential can be exported, not a Sequential": lambda: Sequential(
        [keras.Input((4,)), keras.layers.Dense(2)]
    ),
    "The model has no weights yet": lambda: keras.Sequential([keras.layers.Dense(2)]),
    "The layer mine is a Dense": lambda: sequential(Dense(2, name="mine"), shape=(4,)),
    "The layer drop is a Dropout": lambda: sequential(
        keras.layers.Dropout(0.5, name="drop"), shape=(4,)
    ),
    "The layer bent has the activation gelu": lambda: sequential(
        keras.layers.Dense(2, activation="gelu", name="bent"), shape=(4,)
    ),
    "The layer across is not along the last axis": lambda: sequential(
        keras.layers.Softmax(axis=1, name="across"), shape=(4, 2)
    ),
    "The layer each has a scale or an offset for each pixel": lambda: sequential(
        keras.layers.Rescaling([1.0, 2.0], name="each"), shape=(2,)
    ),
    "The layer half computes in float16": lambda: sequential(
        keras.layers.Dense(2, dtype="mixed_float16", name="half"), shape=(4,)
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


def given_in(page):
    return json.loads(re.search(r'id="given">(.*?)</script>', page)[1])


def test_page_is_self_contained(scripts, tmp_path):
    model = by_hand()
    path = build_page(model, PICTURES, tmp_path / "new" / "page.html")
    page = path.read_text(encoding="utf-8")
    assert not re.findall(r"/\*\{.*?\}\*/", page)
    assert not re.findall(r"""(?:src|href)\s*=\s*["']""", page)
    for name in ("tf.es2017.min.js", "tf-backend-wasm.es2017.min.js"):
        assert f"<script>{scripts[name].decode()}</script>" in page
    given = given_in(page)
    assert gzip.decompress(base64.b64decode(given["wasm"])) == b"// tfjs-backend-wasm-simd.wasm"
    assert base64.b64decode(given["model"]["weights"]) == export(model).weights
    assert [each["name"] for each in given["classes"]] == list(CLASS_NAMES)
    assert given["source"] == "sketches"


def test_pictures_on_the_page(scripts, tmp_path):
    model = by_hand()
    path = build_page(model, PICTURES, tmp_path / "page.html")
    given = given_in(path.read_text(encoding="utf-8"))
    images, labels = {}, {}
    for part in ("shown", "training", "heldOut"):
        pixels = gzip.decompress(base64.b64decode(given[part]["pixels"]))
        images[part] = np.frombuffer(pixels, np.uint8).reshape(-1, 28, 28)
        labels[part] = np.frombuffer(base64.b64decode(given[part]["labels"]), np.uint8)
    np.testing.assert_array_equal(labels["shown"], np.repeat(np.arange(10), 4))
    np.testing.assert_array_equal(images["training"], PICTURES.train_images)
    np.testing.assert_array_equal(labels["training"], PICTURES.train_labels)
    assert len(images["heldOut"]) == 160
    test_rows = {image.tobytes(): label for image, label in zip(IMAGES, LABELS, strict=True)}
    for part in ("shown", "heldOut"):
        for image, label in zip(images[part], labels[part], strict=True):
            assert test_rows[image.tobytes()] == label
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
    written = tmp_path / "build" / "softmax_playground.html"
    shown = show_page(by_hand(), PICTURES)
    assert "Softmax playground" in written.read_text(encoding="utf-8")
    monkeypatch.setattr(page_module, "fetch", cannot)
    without = show_page(by_hand(), PICTURES)
    said = html.unescape(written.read_text(encoding="utf-8"))
    assert "tf.js cannot be had & that's it." in said
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
    seen = [lab(np.clip(EYES[eyes] @ linear(c), 0, 1)) for c in DARK_CLASS_COLOURS]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) >= 15


# --- The explorer ----------------------------------------------------------------------------


def test_explorer_repr():
    shown = softmax_explorer([3, 1], ["Coat", "Bag"])
    assert repr(shown) == "(softmax of 2 scores, to drag, with a temperature to turn)"


def test_explorer_is_a_small_sandboxed_frame():
    shown = [softmax_explorer(np.float32([1, 2]), ["Coat", "b"]) for _ in range(2)]
    first, second = (each._repr_html_() for each in shown)
    assert first == second
    assert len(first) < 20_000
    assert first.startswith('<iframe sandbox="allow-scripts" ')
    inside = html.unescape(re.search(r'srcdoc="([^"]*)"', first)[1])
    assert not re.findall(r"/\*\{.*?\}\*/", inside)
    assert '"logits":[1.0,2.0]' in inside
    assert "http" not in inside
    coat = CLASS_NAMES.index("Coat")
    assert CLASS_COLOURS[coat] in inside


def test_class_name_cannot_end_the_script():
    inside = html.unescape(softmax_explorer([1, 2], ["</script>", "b"])._repr_html_())
    assert inside.count("</script>") == 1


@pytest.mark.parametrize(
    ("logits", "names"),
    [([1, 2], ["a"]), ([1], ["a"]), ([1, np.inf], ["a", "b"]), ([[1, 2]], ["a", "b"])],
)
def test_explorer_needs_a_finite_score_for_each_class(logits, names):
    with pytest.raises(ValueError, match="one finite score for each"):
        softmax_explorer(logits, names)


def test_explorer_accepts_tensors():
    assert softmax_explorer(tf.constant([1.0, 2.0]), "ab").logits == (1.0, 2.0)
