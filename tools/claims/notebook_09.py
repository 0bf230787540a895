"""What notebook 09 claims: the size of an export, and which faults its accuracy does not notice."""

import copy
import math
from dataclasses import replace

import numpy as np

from helpers.data import load
from helpers.maths import softmax
from helpers.metrics import accuracy
from helpers.networks import compiled, network, scores_of
from helpers.quiet_tensorflow import keras
from helpers.web.export import export, run_exported
from tools.claims.notebook_00 import CLASSES, PEOPLE, SIDE, TRAINING
from tools.claims.notebook_02 import FLOAT_32
from tools.claims.notebook_05 import WEIGHTS

FACTS = {
    "And then 101,770 numbers": WEIGHTS,
    "The network has 101,770 weights": WEIGHTS,
    "Four for each number, because a **float32** is a number in 32 bits, and a byte has 8. That is "
    "less than half a megabyte": (32 / 8, FLOAT_32.bits, 8, 4 * WEIGHTS / 1e6),
    "it gives `[0, 24]`: the first array has six numbers of four bytes": (
        *(0, 2 * 3 * 4, 2 * 3, 32 / 8),
    ),
    "Four bytes make a number": FLOAT_32.bits / 8,
    "A float32 has seven, and two programs that add 784 products": (
        FLOAT_32.precision + 1,
        2,
        SIDE * SIDE,
    ),
    "divided by 256 instead of 255": (256, 255),
    "a sure 1.00 becomes about 0.23": (1, math.e / (math.e + CLASSES - 1)),
    "all scores about 255 times as large": 255,
    "And 256 in place of 255": (256, 255),
    "multiplies every exponential by $e$": math.e,
    "Yours learnt from 60,000": TRAINING,
    "people with their 0.835": PEOPLE,
}
SAID = {
    "Any four bytes are": "the section's float32",
    "the coat gets one half": "the exercise",
    "· One half": "the title of exercise 9.4, which helpers/exercises/notebook_09.py solves",
    "in a third order": "an ordinal: NumPy, Keras and now TensorFlow.js",
    "It learns from 3,500 pictures": "tests/test_page.py, which opens the page",
    "Around 0.83, a little luckier or unluckier": "tests/test_page.py, which trains in the page",
    "Below a hundred-thousandth, and most likely below a millionth": "tests/test_page.py",
}

# Seeds 0 to 2 lie within, with room for other computers.
BANDS = {
    "as exported, accuracy": (0.86, 0.90),
    "divided by 256, accuracy": (0.86, 0.90),
    "not scaled, accuracy": (0.84, 0.895),
    "rows and columns, accuracy": (0.0, 0.2),
    "softmax twice, accuracy": (0.86, 0.90),
    "as exported, digits": (5.5, 9.0),
    "divided by 256 over rounding": (1_000, 100_000),
    "softmax twice over the other hidden faults": (2, 20),
}
PRINTED = {
    f"{name}, accuracy": rf"{name} +accuracy ([\d.]+)"
    for name in ("as exported", "divided by 256", "not scaled", "rows and columns", "softmax twice")
}
PROSE = {
    "Only the exchanged rows and columns": ("rows and columns, accuracy", 0, 0.5),
    "The accuracy of the three others is that of a sound network": (
        "not scaled, accuracy",
        0.84,
        0.9,
    ),
    "To about six digits": ("as exported, digits", 5.5, 9),
    "Softmax twice. It keeps the order": ("softmax twice over the other hidden faults", 1, 100),
    "still thousands of times larger than rounding": (
        "divided by 256 over rounding",
        1_000,
        100_000,
    ),
    "it does not notice softmax twice": ("softmax twice, accuracy", 0.85, 0.91),
}


def measure(seed: int) -> dict[str, float]:
    """Train and export the network as the notebook does, on the real pictures, and break it."""
    data = load("fashion-mnist")
    keras.utils.set_random_seed(seed)
    model = compiled(network(), 6)
    model.fit(data.train_images, data.train_labels, batch_size=256, epochs=6, verbose=0)
    exported, images, labels = export(model), data.test_images[:1000], data.test_labels[:1000]

    def with_scale(scale):
        topology = copy.deepcopy(exported.topology)
        topology["model_config"]["config"]["layers"][1]["config"]["scale"] = scale
        return replace(exported, topology=topology)

    versions = {
        "as exported": softmax(run_exported(exported, images)),
        "divided by 256": softmax(run_exported(with_scale(1 / 256), images)),
        "not scaled": softmax(run_exported(with_scale(1), images)),
        "rows and columns": softmax(run_exported(exported, images.transpose(0, 2, 1))),
        "softmax twice": softmax(softmax(run_exported(exported, images))),
    }
    by_keras = softmax(scores_of(model, images))
    off = {name: np.abs(p - by_keras).max(axis=1).mean() for name, p in versions.items()}
    others = max(off["divided by 256"], off["not scaled"])
    return {
        f"{name}, accuracy": accuracy(labels, p.argmax(axis=1)) for name, p in versions.items()
    } | {
        "as exported, digits": -math.log10(np.abs(versions["as exported"] - by_keras).max()),
        "divided by 256 over rounding": off["divided by 256"] / off["as exported"],
        "softmax twice over the other hidden faults": off["softmax twice"] / others,
    }
