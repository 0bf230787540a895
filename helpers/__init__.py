"""What the notebooks share, one module for each idea: import the module that you need.

Importing this package loads nothing else. TensorFlow is loaded only by `quiet_tensorflow` and by
what builds models (`layers`, `networks`, `planted_bugs`), so that notebooks 00 to 04, which need
NumPy alone, start without it.
"""

from pathlib import Path

import helpers.in_browser  # noqa: F401  its settings, before matplotlib is loaded

ROOT = Path(__file__).resolve().parent.parent  # the course's folder
NOTEBOOKS = range(11)  # their numbers
