"""What notebook 02 claims: where the exponential leaves a float type, and what repairs it."""

import math
from decimal import Decimal, getcontext

import numpy as np

from helpers.maths import logsumexp, softmax

HALF = np.finfo(np.float16)
with np.errstate(over="ignore"):
    LARGEST_WHOLE = max(z for z in range(20) if np.isfinite(np.exp(np.float16(z))))
SUBNORMAL = np.exp(np.array([-16, -17], np.float16))
FLOAT_32 = np.finfo(np.float32)
ON_PAPER = softmax([-16.0, -17.0])

FACTS = {
    "each one point above the last": 1001 - 1000,
    "The right answer is 0.1 for each class": softmax(np.zeros(10))[0],
    "has 435 digits": len(str(int(Decimal(1000).exp()))),
    "The largest `float16` is 65,504": HALF.max,
    "Each exponential must fit below 65,504": HALF.max,
    "It is 11. One step from 10 to 11 multiplies by 2.7 and gives about 59,900": (
        LARGEST_WHOLE,
        10,
        11,
        math.e,
        math.exp(11),
    ),
    "0.5 and 0.5, then 0.73 and 0.27": (0.5, 0.5, *ON_PAPER),
    "The second row became two thirds and one third": SUBNORMAL / SUBNORMAL.sum(),
    "$e^{-16}$ and $e^{-17}$ are rounded to two of them, and these have the ratio 2, not $e$": (
        math.exp(-16),
        math.exp(-17),
        2,
        SUBNORMAL[0] / SUBNORMAL[1],
        math.e,
    ),
    "they carry 28 digits": getcontext().prec,
    "The right answer is 0.5 everywhere": softmax([3.0, 3.0])[0],
    "The rows `[1000, 1001, 1002]` and `[-1000, -1000, -999]` become "
    "`[0.0900, 0.2447, 0.6652]` and `[0.2119, 0.2119, 0.5761]`, to four decimals": (
        *(1000, 1001, 1002, -1000, -1000, -999),
        *softmax([1000.0, 1001.0, 1002.0]),
        *softmax([-1000.0, -1000.0, -999.0]),
        4,
    ),
    "the answers are `[0.6931, 1000.6931, -999.3069]`": logsumexp(
        np.array([[0.0, 0.0], [1000.0, 1000.0], [-1000.0, -1000.0]])
    ),
    "$\\log p$ is −1000, to hundreds of digits": (-1000, 100),
    "The answer −1000 is": -1000,
    "become `[-1000, 0]` and `[-0.6931, -0.6931]`": (-1000, 0, -math.log(2), -math.log(2)),
    "near 89": math.log(FLOAT_32.max),
    "near −104": math.log(float(FLOAT_32.smallest_subnormal) / 2),
    "The row `[1000, 1, 0]`": (1000, 1, 0),
    "becomes `[0, 0.7311, 0.2689]`": (0, *softmax([1.0, 0.0])),
}
