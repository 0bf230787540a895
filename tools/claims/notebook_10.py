"""What notebook 10 claims: intervals, copies, baselines, and luck that is chosen."""

import numpy as np

from helpers.metrics import wilson_interval
from tools.claims import Printed, Within
from tools.claims.notebook_00 import TEST, TRAINING

WIDTHS = {count: np.ptp(wilson_interval(count * 9 // 10, count)) for count in (100, 10_000)}
# The best of a hundred models that guess, over many repetitions.
GUESSES = np.random.default_rng(1).binomial(1000, 0.1, size=(5_000, 100)).max(axis=1) / 1000
COPIED = 30

FACTS = {
    "10,000 times 60,000 comparisons": (TEST, TRAINING),
    "if 30 of 100 test pictures were copies": COPIED / 100,
    "right about three in four new pictures": Printed(r"  0\.0 → ([\d.]+); 0\.2"),
    "With 30 of 100 copied, the model is right about these 30 and about three in four of the other "
    "70. That is about seven points more": (
        COPIED / 100,
        COPIED,
        Printed(r"  0\.0 → ([\d.]+); 0\.2"),
        100 - COPIED,
        COPIED * (1 - 0.76),
    ),
    "Two in five. Whoever": 4 / 10,
    "chance is one in seven": 1 / 7,
    "A 95 % **confidence interval**": 0.95,
    "contains the true accuracy 95 times in 100": 0.95,
    "right about 9 of 10 pictures, 90 of 100, 900 of 1,000, 9,000 of 10,000": 4 * (0.9,),
    "A hundred times as many": Within((WIDTHS[100] / WIDTHS[10_000]) ** 2, 90, 110),
    "a little more than one point at 90 %": (Within(100 * WIDTHS[10_000], 1, 1.5), 0.9),
    "and $z = 1.96$": 1.96,
    "certainty for 10 of 10": Within(wilson_interval(10, 10)[0], 0, 0.99),
    "For 8 of 10 they are 0.4902 and 0.9433": (8 / 10, *wilson_interval(8, 10)),
    "loses 200 pictures that the first has right, and wins 300": (200, 300),
    "About two and a half points above chance": 100 * (GUESSES.mean() - 0.1),
    "right about one in ten": 0.1,
    "it is 0.25": np.mean(np.array([0, 0, 1, 0]) == 1),
    "More than a third": Within(Printed(r"template.ipynb: (\d+) of the 21 points"), 21 / 3 + 1, 21),
}
SAID = {
    "stops it after five minutes": "helpers/project.py: check_project(…, seconds=300)",
    '"half of the answers are right': "somebody who reports so",
    "two models are half a point apart": "an example; the interval above is computed",
    "Half the training pictures, a quarter, a tenth": "an idea for a project",
    "Wrong labels for one picture in ten": "an idea for a project",
}
