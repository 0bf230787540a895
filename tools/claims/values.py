"""What the expressions in the accounts may use: the taught functions, sizes, sums done by hand."""

import math
from decimal import Decimal, getcontext

import numpy as np

from helpers import metrics
from helpers.images import convolve, shifted
from helpers.maths import cross_entropy, log_softmax, logsumexp, numerical_gradient, softmax
from helpers.metrics import precision_and_recall, wilson_interval

__all__ = [
    "Decimal",
    "convolve",
    "cross_entropy",
    "getcontext",
    "log_softmax",
    "logsumexp",
    "metrics",
    "numerical_gradient",
    "precision_and_recall",
    "shifted",
    "softmax",
    "wilson_interval",
]

e, log, sqrt = math.e, math.log, math.sqrt  # as formulas write them


def near(values, expected, within=5e-5) -> bool:
    """Do these values lie within half a unit of the last digit of those that the prose writes?"""
    return np.allclose(np.ravel(values), np.ravel(expected), rtol=0, atol=within + 1e-12)


# 00: Fashion-MNIST, and what its makers report of people
TRAINING, TEST, SIDE, CLASSES, PEOPLE = 60_000, 10_000, 28, 10, 0.835
PIXELS = SIDE * SIDE
LUCK = sqrt(PEOPLE * (1 - PEOPLE) / 20)  # one standard deviation of an accuracy on 20 pictures
DOWNLOAD = 4_422_102 + 5_148 + 26_421_880 + 29_515  # the four files that data/SHA256SUMS lists
WRAPPED = np.array([255, 3], np.uint8) + np.array([1, 251], np.uint8)  # 3 − 5 is 3 + 251

# 02: float types
HALF, FLOAT_32 = np.finfo(np.float16), np.finfo(np.float32)
with np.errstate(over="ignore"):
    LARGEST_WHOLE = max(z for z in range(20) if np.isfinite(np.exp(np.float16(z))))
SUBNORMAL = np.exp(np.array([-16, -17], np.float16))

# 03: how hard cross-entropy and the squared error push a true class at z = −8
_P = 1 / (1 + math.exp(8))
PUSHES = 1 - _P, 2 * (1 - _P) * _P * (1 - _P)

# 04 and 05: numbers to learn
LINEAR = PIXELS * CLASSES + CLASSES
DENSE = PIXELS * 128 + 128 + 128 * CLASSES + CLASSES

# 07: the convolutional network
FILTERS = 16 * (3 * 3 + 1)
DENSE_INSTEAD = PIXELS * (14 * 14 * 16) + 14 * 14 * 16
IN_DENSE_LAYERS = 7 * 7 * 32 * 64 + 64 + 64 * 10 + 10
CONVOLUTIONAL = FILTERS + 32 * (3 * 3 * 16 + 1) + IN_DENSE_LAYERS

# 08: four ranked answers; a label smoothed by .1
RANKED = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
SMOOTH = (1 - 0.1) * np.eye(10)[0] + 0.1 / 10

# 10: the best of a hundred models that guess, over many repetitions
WIDTHS = {count: np.ptp(wilson_interval(count * 9 // 10, count)) for count in (100, 10_000)}
GUESSES = np.random.default_rng(1).binomial(1000, 0.1, size=(5_000, 100)).max(axis=1) / 1000
