"""Say what is installed and what to do about anything wrong: `python3 course.py doctor`."""

import platform
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import psutil

from helpers import ROOT

GIGABYTE = 10**9
MEMORY_BYTES = 2 * GIGABYTE  # two workers of `test`, each with TensorFlow in it
WORKING_BYTES = GIGABYTE // 2


class Problem(Exception):
    """What is wrong and what to do about it, in one sentence."""


def main() -> int:
    """Print what is found; return 1 if anything is wrong."""
    wrong = 0
    for finding in examine():
        wrong += isinstance(finding, Problem)
        print("WRONG" if isinstance(finding, Problem) else "ok   ", finding, flush=True)
    print(f"\n{wrong} to put right." if wrong else "\nAll is well.")
    return 1 if wrong else 0


def examine() -> Iterator[str | Problem]:
    """What is found, one sentence each: a string if it is well, a Problem if it is not."""
    yield f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    yield from examine_packages()
    yield examine_pictures()
    yield enough(psutil.virtual_memory().available, MEMORY_BYTES, "memory", "close other programs")
    yield enough(shutil.disk_usage(ROOT).free, WORKING_BYTES, "disk", "free some")


def examine_packages() -> Iterator[str | Problem]:
    """Whether the packages of requirements.txt are installed as the lock has them."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE))
    wanted = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    for name in re.findall(r"^[\w.-]+", wanted, re.MULTILINE):
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "missing"
        expected = locked[name.replace("_", "-")]
        if installed == expected:
            yield f"{name} {installed}"
        else:
            yield Problem(
                f"{name} is {installed} and should be {expected}: delete the folder .venv, "
                "then run `course.py lab`."
            )


def examine_pictures() -> str | Problem:
    """Which pictures will be used."""
    try:
        from helpers.data import DataError, find_folder
    except (ImportError, SyntaxError) as error:
        return Problem(
            f"The course's own files are damaged ({error}): get them back with "
            "`git checkout -- helpers`, or download the course again."
        )
    try:
        folder = find_folder()
    except DataError as error:
        return Problem(str(error))
    if folder:
        return f"Fashion-MNIST, the real pictures, in {folder}"
    return (
        "Fashion-MNIST is not here yet: notebook 00 downloads it (31 MB); without a network the "
        "course draws sketches instead"
    )


def enough(free: int, wanted: int, what: str, remedy: str) -> str | Problem:
    """Whether there is enough memory or disk, in bytes."""
    if free >= wanted:
        return f"{free / GIGABYTE:.1f} GB of {what} free"
    return Problem(
        f"{free / GIGABYTE:.1f} GB of {what} free, and training wants {wanted / GIGABYTE:.1f} GB: "
        f"{remedy}."
    )


if __name__ == "__main__":
    sys.exit(main())
