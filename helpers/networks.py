"""The networks of notebooks 06 and 07, for later notebooks: build, compile, predict."""

import numpy as np
from numpy.typing import NDArray

from helpers.layers import Dense, SoftmaxCrossEntropy
from helpers.quiet_tensorflow import keras


def network(*last_layers: keras.layers.Layer) -> keras.Sequential:
    """Pictures (batch, 28, 28) of 0…255 to ten logits: 128 hidden units with ReLU, 101,770 weights.

    `last_layers` follow the logits. The weights are random: seed Keras first.
    """
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            Dense(128, activation="relu"),
            Dense(10),
            *last_layers,
        ]
    )


def convolutional_network() -> keras.Sequential:
    """Pictures (batch, 28, 28) of 0…255 to ten logits: two convolutions, then two dense layers.

    Pixels are standardised: their mean is about 73, their standard deviation 90. 105,866 weights.
    They are random: seed Keras first.
    """
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Rescaling(1 / 90, offset=-73 / 90),
            keras.layers.Reshape((28, 28, 1)),
            keras.layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
            keras.layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
            keras.layers.Flatten(),
            Dense(64, activation="relu"),
            Dense(10),
        ]
    )


def compiled(
    model: keras.Model,
    epochs: int,
    pictures: int = 60_000,
    batch_size: int = 256,
    rate: float = 0.004,
) -> keras.Model:
    """Compile a model for `fit(…, batch_size=batch_size, epochs=epochs)`, and return it.

    Softmax cross-entropy on logits; Adam, its learning rate falling from `rate` to 0 along half a
    cosine wave. The length of that wave depends on the number of training `pictures`.
    """
    steps = epochs * -(-pictures // batch_size)  # batches, rounded up
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=SoftmaxCrossEntropy(),
        metrics=["accuracy"],
        steps_per_execution=50,
    )
    return model


def scores_of(model: keras.Model, images: NDArray) -> NDArray[np.float32]:
    """Logits (n, classes) for `images` (n, …), computed 1,000 at a time to save memory."""
    parts = [images[start : start + 1000] for start in range(0, len(images), 1000)]
    return np.concatenate([model(part).numpy() for part in parts])
