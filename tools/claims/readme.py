"""What the README claims of the course and of its figures."""

from tools.claims.notebook_00 import FACTS as OF_THE_DATA
from tools.claims.notebook_00 import PEOPLE, TRAINING

[MEGABYTES] = [value for phrase, value in OF_THE_DATA.items() if "MB, once" in phrase]

FACTS = {
    "trained on 60,000 real pictures": TRAINING,
    "always the same class 0.10, nearest centroid 0.68, people 0.835": (0.1, 0.677, PEOPLE),
    "(31 MB, once, checked)": MEGABYTES,
}
SAID = {
    "for 16, 32 and 64 bit floats": "the words of notebook 02's figure",
    "at temperature 0.1 to the centre at temperature 100": "the words of notebook 01's figure",
    "about 700 MB to download, 3 GB on the disk": "717 and 2,871 MB with pip on Linux, 11/2026",
}
