"""Measure the course against the usual recipes, and print the rows of README.md's table.

python -m tools.benchmarks                    everything: about half an hour, on an idle machine
python -m tools.benchmarks epoch loading      only these
python -m tools.benchmarks --quick epoch      with little data and once: does it still run?
"""

import argparse
import io
import os
import shutil
import sys
import tempfile
from pathlib import Path

# As course.py starts the notebooks. Both are read when NumPy and TensorFlow are imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from helpers import data
from tools.benchmarks.measuring import HEADING, machine, table
from tools.benchmarks.rows import SECTIONS

NEED_PUBLISHED_FILES = {"loading", "first-figure"}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.benchmarks", description="Measure the course against usual recipes."
    )
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"all of them, or some of: {', '.join(SECTIONS)}"
    )
    parser.add_argument(
        "--quick", action="store_true", help="with little data and once: does it still run?"
    )
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in SECTIONS]
    if unknown:
        parser.error(f"there is nothing named {unknown[0]}; choose from {', '.join(SECTIONS)}")
    names = options.names or list(SECTIONS)
    print(machine(), "", *HEADING, sep="\n", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        try:
            if NEED_PUBLISHED_FILES & set(names):
                fill_keras_cache(Path(scratch))
            for name in names:
                print(*table(SECTIONS[name](options.quick)), sep="\n", flush=True)
        except data.DataError as error:
            print(error)
            return 1
    return 0


def fill_keras_cache(home: Path) -> None:
    """Make `home` Keras' folder, with the published files in it, so that it downloads nothing.

    Raises DataError if the files are not on this computer and can't be downloaded.
    """
    source = Path(data.load("fashion-mnist").location)
    os.environ["KERAS_HOME"] = str(home)
    (home / "datasets" / "fashion-mnist").mkdir(parents=True)
    for path in source.glob("*-ubyte.gz"):
        shutil.copy(path, home / "datasets" / "fashion-mnist")


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # on Windows a file may not hold every character
    sys.exit(main())
