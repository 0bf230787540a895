"""What notebook 06 claims: what a hidden layer gains, and what a second softmax costs."""

import math
from itertools import islice

import numpy as np

from helpers.data import load
from helpers.layers import Softmax, SoftmaxCrossEntropy
from helpers.metrics import accuracy
from helpers.networks import compiled, network, scores_of
from helpers.quiet_tensorflow import keras
from helpers.training import minibatches
from tools.claims import notebook_04
from tools.claims.notebook_00 import CLASSES, TRAINING
from tools.claims.notebook_04 import NUMBERS
from tools.claims.notebook_05 import WEIGHTS

FACTS = {
    "has 101,770 parameters instead of 7,850": (WEIGHTS, NUMBERS),
    "A network of 101,770 parameters": WEIGHTS,
    "never below $\\log 10$": math.log(10),
    "a little *above* $\\log 10$": math.log(10),
    "a little above $\\log 10$": math.log(10),
    "The outer softmax makes $e^1/(e^1 + 9e^0)$": math.e / (math.e + CLASSES - 1),
    "For 10 classes it is 1.4612. For 2 classes it is 0.3133": (
        10,
        -math.log(math.e / (math.e + 9)),
        2,
        -math.log(math.e / (math.e + 1)),
    ),
    "a tenth of the world": 1 / CLASSES,
    "the other 59,990": TRAINING - 10,
    "two softmaxes can reach": 2,
    "it gives the kernel `[[6]]` and the bias `[8]`": (2 * 3, 1 * 3 + 5),
    "gives `[1]`: the column in the middle is empty": 1,
}

SAID = {
    "A hundred of them are one": "any number of them, by the same algebra",
    "along half a cosine wave": "keras.optimizers.schedules.CosineDecay",
    "the same thousand pictures": "the code of the section before: data.train_images[:1000]",
    "what nine epochs would have hidden": "the code of the section Train it",
}

# Seeds 0 to 2 lie within, with room for other computers.
BANDS = {
    "test accuracy": (0.878, 0.894),
    "loss after 100 steps": (0.40, 0.48),
    "first loss": (2.31, 2.75),
    "trapped, first loss": (2.28, 2.33),
    "trapped, loss after 9 epochs": (1.55, 1.80),
    "trapped, points lost": (0.015, 0.20),
    "linear, test accuracy": notebook_04.BANDS["test accuracy"],
    "linear, loss after 100 steps": notebook_04.BANDS["loss after 100 steps"],
}
PRINTED = {
    "test accuracy": r"accuracy on the test pictures: ([\d.]+)",
    "loss after 100 steps": r"after 100 steps: ([\d.]+)",
    "first loss": r"first loss ([\d.]+)\n",
}
PROSE = {
    "to about 88 % accuracy": ("test accuracy", 0.87, 0.9),
    "to come down to about 0.8": ("linear, loss after 100 steps", 0.75, 0.85),
    "The linear model has about 0.83": ("linear, test accuracy", 0.82, 0.845),
    "Around 0.884, with a few thousandths of luck up or down": ("test accuracy", 0.877, 0.895),
    "The linear model is wrong about one picture in six": ("linear, test accuracy", 0.81, 0.846),
    "this network about one in nine": ("test accuracy", 0.875, 0.8975),
    "wrong about one picture in nine": ("test accuracy", 0.875, 0.8975),
    "has lost several points of accuracy": ("trapped, points lost", 0.01, 0.3),
    "Far above the healthy one": ("trapped, loss after 9 epochs", 1.4612, 2),
}


def measure(seed: int) -> dict[str, float]:
    """Train the network, and the one with softmax twice, as the notebook does."""
    data = load("fashion-mnist")
    images, labels = data.train_images, data.train_labels
    loss = SoftmaxCrossEntropy()

    def first_loss(*last_layers):
        keras.utils.set_random_seed(seed)
        return float(loss(labels[:1000], network(*last_layers)(images[:1000])))

    def trained(epochs, *last_layers):
        keras.utils.set_random_seed(seed)
        model = compiled(network(*last_layers), epochs)
        history = model.fit(images, labels, batch_size=256, epochs=epochs, verbose=0).history
        answers = scores_of(model, data.test_images).argmax(axis=1)
        return accuracy(data.test_labels, answers), history["loss"][-1]

    keras.utils.set_random_seed(seed)
    model = compiled(network(), 9)
    generator = np.random.default_rng(seed)
    for rows in islice(minibatches(len(images), 256, generator), 100):
        model.train_on_batch(images[rows], labels[rows])
    healthy, (trapped, trapped_loss) = trained(9)[0], trained(9, Softmax())
    return {
        "test accuracy": healthy,
        "loss after 100 steps": float(loss(labels[:1000], model(images[:1000]))),
        "first loss": first_loss(),
        "trapped, first loss": first_loss(Softmax()),
        "trapped, loss after 9 epochs": trapped_loss,
        "trapped, points lost": healthy - trapped,
        "linear, test accuracy": notebook_04.tested(data, seed, 20)[0],
        "linear, loss after 100 steps": notebook_04.early_losses(data, seed, 100)[100],
    }
