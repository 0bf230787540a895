"""What notebook 03 claims: prices of answers, and how exact a checked gradient is."""

import math

import numpy as np

from helpers.maths import cross_entropy
from tools.claims import Printed, Within

EPSILON = 1e-16
STEP = Printed(r"best central step: (\S+), error")


def strength(p):
    """How hard cross-entropy and squared error push, for the probability of the true class."""
    return 1 - p, 2 * (1 - p) * p * (1 - p)


PUSHES = strength(1 / (1 + math.exp(8)))

FACTS = {
    "one chance in a million pays for about twenty halvings": (1e-6, math.log2(1e6)),
    "each of ten classes $1/10$": (10, 1 / 10),
    "more than 2,700 zeros": -60_000 * math.log10(0.9) - 1,
    "64-bit floats end near $10^{-324}$": 0.0,
    "must cost 800": cross_entropy(np.array([[0.0, 800.0]]), np.array([0])),
    "the loss is 0.3499": cross_entropy(np.array([[0.0, 0.0], [0.0, 5.0]]), np.array([0, 1])),
    "steps from $10^{-1}$ down to $10^{-13}$": (
        Printed(r"Line forward (?:.*\n)*?.*; ([\d.]+) → 0\.01\n"),
        Printed(r"Line forward .*1[0-3] points\.\n  (\S+) →"),
    ),
    "nearest to one half": 0.5,
    "the second $-1$": -1,
    "Three classes have the probabilities $1/2$, $1/4$ and $1/4$": (3, 1 / 2, 1 / 4, 1 / 4),
    "it gives `[[-0.25, 0.25], [0.25, -0.25]]`": (-0.25, 0.25, 0.25, -0.25),
    "At $z = -8$": -8,
    "by a factor of about 1,500": PUSHES[0] / PUSHES[1],
    "Forward by 10, central by 100": (10, 10**2),
    "it gives `[2, 4]`": (2 * 1, 2 * 2),
    "a hundred times central": 10**2,
    "rounded by about $\\varepsilon = 10^{-16}$": Within(np.finfo(float).eps / 2, 5e-17, 3e-16),
    "$h = \\sqrt{\\varepsilon} = 10^{-8}$": math.sqrt(EPSILON),
    "$h = \\sqrt[3]{\\varepsilon} \\approx 5 \\cdot 10^{-6}$": EPSILON ** (1 / 3),
    "64-bit floats, $h = 10^{-5}$": STEP,
    "At $h = 10^{-5}$ a right gradient is off by about $10^{-10}$ and this wrong one by $10^{-2}$. "
    "The usual limit, $10^{-7}$": (
        STEP,
        Printed(r"Line right gradient (?:.*\n)*?.*1.00e-05 → (\S+);"),
        Printed(r"Line gradient with a bug (?:.*\n)*?.*1.00e-05 → (\S+);"),
        1e-7,
    ),
    "Central differences with $h = 10^{-5}$": STEP,
    "`[[0, 800]]`": (0, 800),
}
SAID = {
    "each of **a hundred** classes": "the exercise",
    'A model says "70 per cent shirt"': "an example",
}
