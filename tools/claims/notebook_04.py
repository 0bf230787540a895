"""What notebook 04 claims: softmax regression in NumPy, and what raw pixels do to it."""

import math

import numpy as np

from helpers import training
from helpers.data import load
from helpers.maths import cross_entropy
from helpers.metrics import accuracy
from helpers.training import minibatches, predict_logits, scale_pixels
from tools.claims.notebook_00 import CENTROID_STORED, CLASSES, PEOPLE, SIDE, TRAINING

NUMBERS = SIDE * SIDE * CLASSES + CLASSES

SAID = {"You can give it to four decimals": "the cell prints log 10 with as many"}
FACTS = {
    "From 784 pixels to ten scores": (SIDE * SIDE, CLASSES),
    "$784 \\times 10$ weights and 10 biases are 7,850 numbers": (
        SIDE * SIDE * CLASSES,
        CLASSES,
        NUMBERS,
    ),
    "a fraction of 60,000": TRAINING,
    "they are 0.6931, `[[-0.5, 0.5], [-1, 1]]` and `[-0.5, 0.5]`": (
        math.log(2),
        *(-0.5, 0.5, -1, 1),
        *(-0.5, 0.5),
    ),
    "a learning rate of 0.1 gives the new weights `[[0.05, -0.05], [0.1, -0.1]]` and the new bias "
    "`[0.05, -0.05]`": (0.1, *0.1 * np.array([0.5, -0.5, 1, -1, 0.5, -0.5])),
    "The loss starts at 2.3026": math.log(10),
    "The nearest centroid reached about two in three. People reach five in six. Where will 7,850": (
        CENTROID_STORED,
        PEOPLE,
        NUMBERS,
    ),
    "a sum of 784 products": SIDE * SIDE,
    "a pixel of 51 with a weight of 0.5 gives 0.1": (51, 0.5, 51 / 255 * 0.5),
    "apart from the other nine": CLASSES - 1,
    "at a rate above 3,000": 0.05 * 255**2,
    "knows nothing has 2.3": math.log(10),
    "`mean` and `spread`, 784 numbers each": SIDE * SIDE,
    "A pixel of 200 with mean 150 and spread 25 becomes 2": (200, 150, 25, (200 - 150) / 25),
    "softmax: 7,850 numbers": NUMBERS,
    "must be $\\log 10$": math.log(10),
    "pixels by $1/255$": 1 / 255,
    "learning rate by $1/255^2$": 1 / 255**2,
}

# Seeds 0 to 2 lie within, with room for other computers.
BANDS = {
    "loss after 100 steps": (0.80, 0.85),
    "test accuracy": (0.828, 0.842),
    "raw, lowest loss of steps 1 to 19": (3_000, 60_000),
    "raw, highest loss of steps 1 to 19": (50_000, 100_000),
    "raw, test loss": (1_000, 10_000),
    "raw, largest jump of the accuracy": (0.03, 0.2),
    "share of the pictures in 100 steps": (0.42, 0.43),
}
PRINTED = {
    "loss after 100 steps": r"after 100 steps: ([\d.]+)",
    "test accuracy": r"accuracy on the test pictures: ([\d.]+)",
}
PROSE = {
    "More than half of the loss is gone": ("loss after 100 steps", 0, math.log(10) / 2),
    "has seen half of the pictures once": ("share of the pictures in 100 steps", 0.35, 0.5),
    "less than half an epoch": ("share of the pictures in 100 steps", 0.35, 0.5),
    "As good as people on the same pictures, or very near": ("test accuracy", 0.825, 0.845),
    "stays in the thousands and ten thousands": (
        "raw, lowest loss of steps 1 to 19",
        1_000,
        100_000,
    ),
    "wrong with scores in the ten thousands": (
        "raw, highest loss of steps 1 to 19",
        10_000,
        100_000,
    ),
    "The loss stays in the thousands": ("raw, test loss", 1_000, 10_000),
    "It jumps by several points from one epoch to the next": (
        "raw, largest jump of the accuracy",
        0.02,
        0.3,
    ),
}


def raw_pixels(images):
    """The pixels as they are, 0 to 255, one row for each picture."""
    return images.reshape(len(images), -1).astype(np.float32)


def early_losses(data, seed, steps, prepare=scale_pixels):
    """The loss on a thousand pictures before each step, and after the last."""
    weights, bias = np.zeros((SIDE**2, CLASSES), np.float32), np.zeros(CLASSES, np.float32)
    losses, probe = [], prepare(data.train_images[:1000])
    batches = minibatches(len(data.train_images), 256, np.random.default_rng(seed))
    for _, rows in zip(range(steps + 1), batches, strict=False):
        losses.append(cross_entropy(predict_logits(probe, weights, bias), data.train_labels[:1000]))
        inputs, labels = prepare(data.train_images[rows]), data.train_labels[rows]
        _, *slopes = training.loss_and_gradients(inputs, labels, weights, bias)
        weights, bias = weights - 0.05 * slopes[0], bias - 0.05 * slopes[1]
    return losses


def tested(data, seed, epochs, prepare=scale_pixels):
    """Accuracy and loss on the test pictures after so many epochs."""
    recipe = {"epochs": epochs, "learning_rate": 0.05, "seed": seed, "prepare": prepare}
    weights, bias, _ = training.train_softmax_regression(
        data.train_images, data.train_labels, **recipe
    )
    logits, labels = predict_logits(prepare(data.test_images), weights, bias), data.test_labels
    return accuracy(labels, logits.argmax(axis=1)), cross_entropy(logits, labels)


def measure(seed: int) -> dict[str, float]:
    """Train as the notebook does, on the real pictures, the batches drawn by this seed."""
    data = load("fashion-mnist")
    raw = early_losses(data, seed, 19, raw_pixels)[1:]
    later = [tested(data, seed, epochs, raw_pixels) for epochs in range(6, 11)]
    return {
        "loss after 100 steps": early_losses(data, seed, 100)[100],
        "test accuracy": tested(data, seed, 20)[0],
        "raw, lowest loss of steps 1 to 19": min(raw),
        "raw, highest loss of steps 1 to 19": max(raw),
        "raw, test loss": later[-1][1],
        "raw, largest jump of the accuracy": np.abs(np.diff([run[0] for run in later])).max(),
        "share of the pictures in 100 steps": 100 * 256 / len(data.train_images),
    }
