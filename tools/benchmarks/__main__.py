"""Measure the course beside what others do, and write the table into tools/benchmarks/README.md.

python -m tools.benchmarks                    everything: about half an hour, on a machine at rest
python -m tools.benchmarks softmax loading    these rows only; the others stay in the table
python -m tools.benchmarks --quick softmax    with little data and once: writes nothing
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

# As course.py starts the notebooks. Both are read when NumPy and TensorFlow are imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from helpers import data
from tools.benchmarks import report
from tools.benchmarks.measuring import CannotMeasureError
from tools.benchmarks.rows import SECTIONS

WANT_PUBLISHED_FILES = {"loading", "first-figure"}


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.benchmarks", description="Measure the course beside what others do."
    )
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"all of them, or some of: {', '.join(SECTIONS)}"
    )
    parser.add_argument(
        "--quick", action="store_true", help="with little data and once: does it work?"
    )
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in SECTIONS]
    if unknown:
        parser.error(f"there is nothing named {unknown[0]}; choose from {', '.join(SECTIONS)}")
    names = [name for name in SECTIONS if name in (options.names or SECTIONS)]
    with tempfile.TemporaryDirectory() as scratch:
        try:
            if WANT_PUBLISHED_FILES & set(names):
                put_pictures_where_keras_looks(Path(scratch) / "keras")
            for name in names:
                print(f"\n{name} …", flush=True)
                rows = SECTIONS[name](options.quick)
                print(*report.HEADING, *report.table(rows), sep="\n", flush=True)
                if not options.quick:
                    report.keep(name, rows)
                    report.write(list(SECTIONS))
        except (data.DataError, CannotMeasureError) as error:
            print(error)
            return 1
    return 0


def put_pictures_where_keras_looks(home: Path) -> None:
    """Give Keras a cache of its own with the published files, so that it downloads nothing.

    Raises DataError where they are not on this computer and can't be had.
    """
    source = Path(data.load("fashion-mnist").location)
    os.environ["KERAS_HOME"] = str(home)
    (home / "datasets" / "fashion-mnist").mkdir(parents=True)
    for path in source.glob("*-ubyte.gz"):
        shutil.copy(path, home / "datasets" / "fashion-mnist")


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")
    sys.exit(main())
