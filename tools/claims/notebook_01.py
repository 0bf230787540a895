"""What notebook 01 claims: what softmax makes of three scores, and of itself."""

import math

from helpers.maths import softmax
from tools.claims import Printed

ONCE = softmax([2.0, 1.0, -1.0])

FACTS = {
    "for 2, 1 and −3 the sum is zero": (2, 1, -3, 2 + 1 - 3),
    "Scores 2, 1 and −1": (2, 1, -1),
    "softmax twice to 2, 1 and −1": (2, 1, -1),
    "the rows are `[0.5, 0.5]` and `[0.0067, 0.9933]`": (
        *softmax([0.0, 0.0]),
        *softmax([0.0, 5.0]),
    ),
    "`[0.6931, 0, 0]`, and it may be `[10.6931, 10, 10]`": (
        *(math.log(0.5 / 0.25), 0, 0),
        *(math.log(0.5 / 0.25) + 10, 10, 10),
    ),
    # The scores of the figure that the next cell draws.
    "from −4 to 6": (Printed(r"Line Shirt .*\n  ([-\d.]+) →"), Printed(r"; (6\.0) → 0\.981")),
    "the score 1 and Trouser −1": (1, -1),
    "A little more: about 0.71": ONCE[0],
    "about one part in thirty": ONCE[2],
    "every class gets one third": softmax([2e-9, 1e-9, -1e-9])[0],
    "at 0.2 the smallest lead takes nearly everything": 0.2,
    "at 5 hardly more than a third": (5, softmax([2.01 / 5, 2 / 5, 1 / 5])[0]),
    "the row `[2, 1, -1]` becomes `[0.5465, 0.3315, 0.1220]`": (
        2,
        1,
        -1,
        *softmax([2 / 2, 1 / 2, -1 / 2]),
    ),
    "One point of lead multiplies": 1,
    "by $e$": math.e,
    "at most $e$": math.e,
    "one score was thirty times another": 0.3 / 0.01,
    "with probability 0.158": Printed(r"class 10: (0.158)"),
}
