"""The hand-built Keras layers, loss and training step, against the ones that come with Keras."""

import os
import subprocess
import sys

import numpy as np
import pytest

from helpers import ROOT
from helpers.layers import Dense, Softmax, SoftmaxCrossEntropy, train_step
from helpers.networks import scores_of
from helpers.quiet_tensorflow import keras, tf

pytestmark = pytest.mark.slow

OPTIMIZERS = {
    "SGD": lambda: keras.optimizers.SGD(0.1),
    "Adam": lambda: keras.optimizers.Adam(0.001),
}


@pytest.fixture(scope="module")
def batch():
    """Thirty pictures of noise, and labels."""
    generator = np.random.default_rng(31)
    images = generator.integers(256, size=(30, 28, 28), dtype=np.uint8)
    return images, generator.integers(10, size=30, dtype=np.uint8)


def classifier(dense=Dense, last=(), seed=1):
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            dense(128, activation="relu"),
            dense(10),
            *last,
        ]
    )


def built_in_loss(**kwargs):
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, **kwargs)


def assert_same_weights(model, other, atol=1e-6):
    for ours, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=atol)


# --- values and gradients --------------------------------------------------------------------


def test_initial_weights_equal_the_built_in():
    assert_same_weights(classifier(), classifier(keras.layers.Dense), atol=0)


@pytest.mark.parametrize("activation", [None, "relu", "softmax"])
@pytest.mark.parametrize("shape", [(4, 6), (2, 3, 6)])
def test_dense_equals_the_built_in(activation, shape):
    inputs = np.random.default_rng(32).normal(size=shape).astype(np.float32)
    ours, theirs = Dense(5, activation), keras.layers.Dense(5, activation)
    for layer in (ours, theirs):
        layer.build(shape)
    generator = np.random.default_rng(33)
    weights = [generator.normal(size=weight.shape) for weight in theirs.get_weights()]
    for layer in (ours, theirs):
        layer.set_weights(weights)
    np.testing.assert_allclose(ours(inputs), theirs(inputs), atol=1e-6)


@pytest.mark.parametrize("shape", [(4, 6), (2, 3, 6)])
def test_softmax_equals_the_built_in(shape):
    logits = np.random.default_rng(34).normal(size=shape).astype(np.float32) * 5
    np.testing.assert_allclose(Softmax()(logits), keras.layers.Softmax()(logits), atol=1e-6)


def logits_and_labels():
    generator = np.random.default_rng(35)
    return generator.normal(size=(7, 10)).astype(np.float32) * 5, generator.integers(10, size=7)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", None])
@pytest.mark.parametrize("sample_weight", [None, np.arange(7)])
@pytest.mark.parametrize("labels_shape", [(7,), (7, 1)])
@pytest.mark.parametrize("labels_dtype", [np.uint8, np.int64])
def test_loss_equals_the_built_in(reduction, sample_weight, labels_shape, labels_dtype):
    logits, labels = logits_and_labels()
    labels = labels.reshape(labels_shape).astype(labels_dtype)
    ours, theirs = (
        loss(reduction=reduction)(labels, logits, sample_weight=sample_weight)
        for loss in (SoftmaxCrossEntropy, built_in_loss)
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("spread", [1, 1e4, 1e30])
def test_loss_of_huge_logits_equals_the_built_in(spread):
    logits, labels = logits_and_labels()
    logits = tf.Variable(logits * spread)
    results = []
    for loss in (SoftmaxCrossEntropy(), built_in_loss()):
        with tf.GradientTape() as tape:
            value = loss(labels, logits)
        results.append((value, tape.gradient(value, logits)))
    (value, gradient), (expected_value, expected_gradient) = results
    np.testing.assert_allclose(value, expected_value, rtol=1e-6)
    np.testing.assert_allclose(gradient, expected_gradient, atol=1e-6)
    assert np.isfinite(value)
    probabilities = Softmax()(logits)
    np.testing.assert_allclose(np.sum(probabilities, axis=1), 1, atol=1e-6)


def test_gradients_equal_the_built_in(batch):
    images, labels = batch
    gradients = []
    for model, loss in (
        (classifier(), SoftmaxCrossEntropy()),
        (classifier(keras.layers.Dense), built_in_loss()),
    ):
        with tf.GradientTape() as tape:
            value = loss(labels, model(images))
        gradients.append(tape.gradient(value, model.trainable_variables))
    for ours, theirs in zip(*gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("count", [1, 30, 1001])
def test_scores_of_any_number_of_pictures(count):
    parts = []

    def doubling(part):
        parts.append(part)
        return tf.constant(2 * part)

    images = np.arange(count)
    np.testing.assert_array_equal(scores_of(doubling, images), 2 * images)
    assert all(map(len, parts)), "a convolution by oneDNN refuses an empty part"
    assert max(map(len, parts)) <= 1000, "the activations of all would take too much memory"


# --- training --------------------------------------------------------------------------------


@pytest.mark.parametrize("wrap", [lambda step: step, tf.function], ids=["eager", "graph"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_steps_equal_the_built_in(batch, optimizer, wrap):
    images, labels = batch
    ours, theirs = classifier(), classifier(keras.layers.Dense)
    theirs.compile(OPTIMIZERS[optimizer](), loss=built_in_loss())
    loss, our_optimizer, step = SoftmaxCrossEntropy(), OPTIMIZERS[optimizer](), wrap(train_step)
    for _ in range(3):
        before = built_in_loss()(labels, theirs(images))
        value = step(ours, loss, our_optimizer, images, labels)
        theirs.train_on_batch(images, labels)
        np.testing.assert_allclose(value, before, atol=1e-6)
        assert_same_weights(ours, theirs)


@pytest.mark.parametrize("steps_per_execution", [1, 2])
def test_fit_equals_the_built_in(batch, steps_per_execution):
    models = classifier(), classifier(keras.layers.Dense)
    histories = []
    for model, loss in zip(models, (SoftmaxCrossEntropy(), built_in_loss()), strict=True):
        model.compile(
            "sgd", loss=loss, metrics=["accuracy"], steps_per_execution=steps_per_execution
        )
        histories.append(
            model.fit(*batch, batch_size=10, epochs=2, shuffle=False, verbose=0).history
        )
    ours, theirs = histories
    assert ours == {name: pytest.approx(values, abs=1e-6) for name, values in theirs.items()}
    assert_same_weights(*models)


@pytest.mark.parametrize("policy", ["float64", "mixed_float16", "mixed_bfloat16"])
def test_other_precisions_train(batch, policy):
    if policy.endswith("float16") and "ONEDNN_MAX_CPU_ISA" in os.environ:
        pytest.skip("oneDNN, held to older instructions, ends the process in a product of 16 bits")
    images, labels = batch
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        chosen = keras.config.dtype_policy()
        model = classifier()
        assert model.variables[0].dtype == chosen.variable_dtype
        for output in (model(images), Softmax()(model(images))):
            assert output.dtype == chosen.compute_dtype
        model.compile("sgd", loss=SoftmaxCrossEntropy())
        losses = model.fit(images, labels, epochs=3, verbose=0).history["loss"]
    finally:
        keras.config.set_dtype_policy(before)
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]


def least_loss(batch, last):
    """The lowest loss while memorising ten pictures, one of each class."""
    images, labels = batch[0][:10], np.arange(10)
    model, loss, optimizer = classifier(last=last), built_in_loss(), keras.optimizers.Adam(0.003)
    step = tf.function(train_step)
    return min(float(step(model, loss, optimizer, images, labels)) for _ in range(200))


def test_double_softmax_has_a_lowest_loss(batch):
    """The best input for the second softmax is a 1 and nine 0s, which costs -log(e / (e + 9))."""
    floor = -np.log(np.e / (np.e + 9))
    assert least_loss(batch, last=[]) < 0.1
    assert floor - 1e-6 < least_loss(batch, last=[Softmax()]) < floor + 0.3


# --- Keras around them -----------------------------------------------------------------------


def test_summary_counts_and_shapes():
    model = classifier(last=[Softmax()])
    lines = []
    model.summary(print_fn=lines.append)
    summary = "\n".join(lines)
    assert model.count_params() == 784 * 128 + 128 + 128 * 10 + 10 == 101_770
    assert "Total params: 101,770" in summary
    assert [layer.output.shape for layer in model.layers[-3:]] == [
        (None, 128),
        (None, 10),
        (None, 10),
    ]
    assert summary.count("(None, 10)") == 2


@pytest.mark.parametrize(
    "made",
    [
        Dense(3, activation="relu", name="mine"),
        Dense(3),
        Softmax(name="mine"),
        SoftmaxCrossEntropy(reduction="sum", name="mine"),
    ],
)
def test_configuration_round_trip(made):
    again = type(made).from_config(made.get_config())
    assert again.get_config() == made.get_config()
    assert made.name == again.name


def test_train_step_runs_the_model_in_training_mode(batch):
    model = classifier(last=[keras.layers.Dropout(0.999999)])
    images, labels = batch
    loss = train_step(model, SoftmaxCrossEntropy(), keras.optimizers.SGD(), images, labels)
    assert float(loss) == pytest.approx(np.log(model.output_shape[-1]), abs=1e-6)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras saving
def test_saved_model_loads_here_and_in_a_fresh_process(batch, tmp_path):
    images, labels = batch
    model = classifier(last=[Softmax()])
    model.compile("adam", loss=SoftmaxCrossEntropy())
    model.fit(images, labels, verbose=0)
    model.save(tmp_path / "model.keras")
    here = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(here(images), model(images))
    assert_same_weights(here, model, atol=0)

    np.savez(tmp_path / "expected.npz", images=images, probabilities=model(images))
    program = """
import sys
from pathlib import Path

import numpy as np

from helpers import layers

folder = Path(sys.argv[1])
model = layers.keras.saving.load_model(folder / "model.keras")
expected = np.load(folder / "expected.npz")
np.testing.assert_allclose(model(expected["images"]), expected["probabilities"], atol=1e-6)
assert type(model.layers[-1]) is layers.Softmax
assert type(model.loss) is layers.SoftmaxCrossEntropy
"""
    subprocess.run([sys.executable, "-c", program, tmp_path], cwd=ROOT, check=True)
