"""What notebook 05 claims: how many parameters, and how near two programs are."""

import math

from helpers.maths import softmax
from tools.claims import Printed
from tools.claims.notebook_00 import CLASSES, SIDE
from tools.claims.notebook_02 import FLOAT_32

HIDDEN = 128
WEIGHTS = SIDE * SIDE * HIDDEN + HIDDEN + HIDDEN * CLASSES + CLASSES

FACTS = {
    "and have 8 weights": 3 * 2 + 2,
    "On `[[1000, 1001, 1002]]` the result is `[[0.0900, 0.2447, 0.6652]]`": (
        1000,
        1001,
        1002,
        *softmax([1000.0, 1001.0, 1002.0]),
    ),
    "To five digits and more": Printed(r"kernel agrees to (\w+) digits: True"),
    "for the second: 101,770 together": WEIGHTS,
    "32-bit floats hold about seven": FLOAT_32.precision + 1,
    "is $\\log 10$": math.log(10),
    "the network with 128 units in the middle has 101,770": (HIDDEN, WEIGHTS),
    "still exactly $\\log 10$": math.log(10),
    "near $\\log 10$": math.log(10),
}
SAID = {
    "takes pictures of 32 by 32 pixels in three colours": "the exercise",
    "dense layers of 64, 32 and 10 units": "the exercise",
}
PROSE = {"A first loss near $\\log 10$": ("first loss of the linear model", 2.0, 2.8)}
BANDS = {"first loss of the linear model": (2.3, 2.7)}
PRINTED = {"first loss of the linear model": r"by hand: +([\d.]+)"}


def measure(seed: int) -> dict[str, float]:
    """The loss of the untrained linear model on the pictures that the notebook asks."""
    from helpers.data import load
    from helpers.layers import Dense, SoftmaxCrossEntropy
    from helpers.quiet_tensorflow import keras

    data = load("fashion-mnist")
    keras.utils.set_random_seed(seed)
    layers = [keras.Input((28, 28)), keras.layers.Rescaling(1 / 255), keras.layers.Flatten()]
    model = keras.Sequential([*layers, Dense(10)])
    loss = SoftmaxCrossEntropy()(data.train_labels[:1000], model(data.train_images[:1000]))
    return {"first loss of the linear model": float(loss)}
