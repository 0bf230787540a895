"""What the worked sample claims: shelves, and a gain that is not there."""

from tools.claims import Printed, Within
from tools.claims.notebook_00 import SIDE, TEST, TRAINING

GAIN = Printed(r"mean of the seeds: gain ([+-][\d.]+)")

FACTS = {
    "60,000 pictures to learn from and 10,000 to test on": (TRAINING, TEST),
    "I set 10,000 of the training pictures apart": TRAINING - 50_000,
    "is better than one in seven": 1 / 7,
    "−1 where only the other one is": -1,
    "The expected point is not there. The gain is a fraction of a point": Within(GAIN, -0.01, 0.01),
    "The pictures are 28 × 28": (SIDE, SIDE),
    "the networks have seeds 0 to 2": (0, 2),
    "differ by about half a point": Within(0.005, 0.003, 0.007),
}
SAID = {
    "One architecture, six epochs": "the code of the section Model",
    "I expect the trained one to win, by at least one point": "an expectation, before the result",
    "A gain below half a point would not be worth": "a choice, made before the result",
}
