"""What notebook 00 claims: the size of the data, the luck on few pictures, the two baselines."""

import math

import numpy as np

from tools.claims import Printed, Within

TRAINING, TEST, SIDE, CLASSES = 60_000, 10_000, 28, 10
PEOPLE = 0.835
LUCK = math.sqrt(PEOPLE * (1 - PEOPLE) / 20)
CENTROID_STORED = 0.677  # held to what notebook 00 prints
CENTROID = Printed(r"nearest centroid: ([\d.]+)")
BYTES = TRAINING * SIDE * SIDE
WRAPPED = np.array([255, 3], np.uint8) + np.array([1, 251], np.uint8)  # 3 − 5 is 3 + 251

FACTS = {
    "Seventy thousand small grey pictures": TRAINING + TEST,
    "shrunk to 28 by 28 pixels": (SIDE, SIDE),
    # The four files: see data/SHA256SUMS and the sizes of what it lists.
    "(31 MB, once)": round((4_422_102 + 5_148 + 26_421_880 + 29_515) / 1e6),
    "60,000 pictures of 28 by 28 pixels are": (TRAINING, SIDE, SIDE),
    "about 47 MB. As 64-bit floats they would take eight times as much": (BYTES / 1e6, 64 / 8),
    "255 is full black ink": np.iinfo(np.uint8).max,
    "right 83.5 % of the time: about five in six": (PEOPLE, PEOPLE),
    # Two standard deviations to either side cover most runs.
    "your own score can lie 15 points above or below": Within(200 * LUCK, 15, 17),
    "luck moves the score by about 0.08": LUCK,
    "One in ten. All classes": 1 / CLASSES,
    "where nine of ten pictures are trousers, the same lazy method would score 0.9": (0.9, 0.9),
    "right one time in ten": 1 / CLASSES,
    "the answer is `[0, 2, 0, 1, 0, 0, 0, 0, 0, 0]`": np.bincount([1, 1, 3], minlength=CLASSES),
    "divide by −2, and the *smallest*": -2,
    "already answer two times out of three": CENTROID,
    "255 + 1 is 0 again, and 3 − 5 is 254": (255, 1, WRAPPED[0], 3, 5, WRAPPED[1]),
    "60,000 pictures to learn from and 10,000 to measure with: ten balanced classes, 28 by 28": (
        TRAINING,
        TEST,
        CLASSES,
        SIDE,
        SIDE,
    ),
    "one in ten for a constant answer, about two in three for the nearest average, about five in "
    "six for people": (1 / CLASSES, CENTROID, PEOPLE),
    "On twenty pictures luck alone moves an accuracy by 0.08": (20, LUCK),
}
SAID = {
    "two pixels are neighbours": "any two",
    "on the first 100 test pictures": "the exercise",
    # The next cell prints first[12:18, 6:22].
    "rows 12 to 17, columns 6 to 21": "Python counts to one before the end: 12:18 and 6:22",
}
