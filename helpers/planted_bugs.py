"""Four training programs with one mistake each, for notebook 06 to diagnose.

If you are taking the course: reading on spoils exercise 6.4.
"""

import numpy as np
from numpy.typing import NDArray

from helpers.layers import Softmax, SoftmaxCrossEntropy, train_step
from helpers.networks import network
from helpers.quiet_tensorflow import keras, tf
from helpers.training import minibatches

PROGRAMS = ("A", "B", "C", "D")


def loss_curve(
    program: str, images: NDArray[np.uint8], labels: NDArray[np.uint8], steps: int = 120
) -> list[float]:
    """The loss of each of the first minibatches while `program`, one of PROGRAMS, trains."""
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
