"""For diagnosis: four training programs with a mistake each, four models of different calibration.

If you are taking the course: reading on spoils exercises 6.4 and 8.5.
"""

import numpy as np
from numpy.typing import NDArray

from helpers import maths
from helpers.layers import Softmax, SoftmaxCrossEntropy, train_step
from helpers.networks import network
from helpers.quiet_tensorflow import keras, tf
from helpers.training import minibatches

PROGRAMS = ("A", "B", "C", "D")
# Each model's scores are the true logits times its factor.
FACTORS = {"A": 0.4, "B": 0.0, "C": 2.5, "D": 1.0}


def loss_curve(
    program: str, images: NDArray[np.uint8], labels: NDArray[np.uint8], steps: int = 120
) -> list[float]:
    """The loss of each of the first `steps` minibatches of training with `program`, of PROGRAMS."""
    if program not in PROGRAMS:
        raise ValueError(f"There is no program {program!r}; choose one of {', '.join(PROGRAMS)}.")
    keras.utils.set_random_seed(0)
    generator = np.random.default_rng(0)
    last_layers = []
    learning_rate = 0.001
    batches = list(minibatches(len(images), 256, generator))[:steps]
    if program == "A":
        labels = generator.permutation(labels)
    elif program == "B":
        learning_rate = 0.03
    elif program == "C":
        by_class = np.argsort(labels, kind="stable")
        batches = [by_class[start * 256 :][:256] for start in range(steps)]
    elif program == "D":
        last_layers.append(Softmax())

    model, loss = network(*last_layers), SoftmaxCrossEntropy()
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build(model.trainable_variables)
    step = tf.function(
        lambda inputs, labels: train_step(model, loss, optimizer, inputs, labels),
        reduce_retracing=True,
    )
    return [float(step(images[rows], labels[rows])) for rows in batches]


def predictions(model: str) -> tuple[maths.Array, NDArray[np.intp]]:
    """Probabilities (20000, 10) of a simulated `model`, one of A to D, and the labels (20000,).

    Labels are sampled from softmax of random logits, by the largest sum of logit and Gumbel noise.
    """
    if model not in FACTORS:
        raise ValueError(f"There is no model {model!r}; choose one of {', '.join(FACTORS)}.")
    generator = np.random.default_rng(8)
    logits = 2.5 * generator.normal(size=(20_000, 10))
    labels = (logits + generator.gumbel(size=logits.shape)).argmax(axis=1)
    return maths.softmax(FACTORS[model] * logits), labels
