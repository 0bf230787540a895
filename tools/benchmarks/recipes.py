"""What the course is measured against: what a tutorial or a library would have you write.

Written from the public recipes, and given every advantage: the pixels are scaled before the clock
starts, and no progress bar is drawn. Keras is imported late, because it reads KERAS_HOME then.
"""

from collections.abc import Callable

import numpy as np

# The first cells of the common tutorial, up to its first figure.
FIRST_FIGURE = [
    "import tensorflow as tf\nimport numpy as np\nimport matplotlib.pyplot as plt",
    "fashion_mnist = tf.keras.datasets.fashion_mnist\n"
    "(train_images, train_labels), (test_images, test_labels) = fashion_mnist.load_data()",
    "plt.figure()\nplt.imshow(train_images[0])\nplt.colorbar()\nplt.grid(False)\nplt.show()",
]


def tutorial_training(inputs: np.ndarray, labels: np.ndarray, seed: int):
    """Flatten, 128 units, 10 scores; Adam, batches of 32, ten epochs: the defaults."""
    from helpers.quiet_tensorflow import keras

    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10),
        ]
    )
    model.compile(
        optimizer="adam",
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(inputs, labels, epochs=10, verbose=0)
    return model


def keras_epoch(inputs: np.ndarray, labels: np.ndarray) -> Callable[[], object]:
    """An epoch of the linear model of notebook 04, by `fit`; the model is compiled once."""
    from helpers.quiet_tensorflow import keras

    model = keras.Sequential([keras.Input((inputs.shape[1],)), keras.layers.Dense(10)])
    model.compile(
        optimizer=keras.optimizers.SGD(0.05),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return lambda: model.fit(inputs, labels, batch_size=256, epochs=1, verbose=0)


def scikit_learn_epoch(inputs: np.ndarray, labels: np.ndarray) -> Callable[[], object]:
    """An epoch of scikit-learn's stochastic gradient descent: one picture a step."""
    from sklearn.linear_model import SGDClassifier

    model = SGDClassifier(loss="log_loss", max_iter=1, tol=None)
    return lambda: model.fit(inputs, labels)


def matrix_products(inputs: np.ndarray, batch_size: int, classes: int = 10) -> Callable[[], object]:
    """The two matrix products that a linear model needs for each batch of an epoch."""
    weights = np.zeros((inputs.shape[1], classes), np.float32)
    error = np.zeros((batch_size, classes), np.float32)

    def multiply() -> None:
        for start in range(0, len(inputs), batch_size):
            batch = inputs[start : start + batch_size]
            batch @ weights
            batch.T @ error[: len(batch)]

    return multiply
