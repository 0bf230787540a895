"""Measure seconds and megabytes, and put them into a Markdown table."""

import importlib.metadata
import os
import platform
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Self

import psutil

PACKAGES = ("numpy", "tensorflow", "keras", "scikit-learn", "ipykernel", "nbval")
SAMPLE_SECONDS = 0.02
HEADING = ("| what | against | ours | theirs | measured | wanted | note |", "|---" * 7 + "|")


@dataclass(frozen=True)
class Row:
    """A line of the table: what was measured, against what, and its upper bound."""

    what: str
    against: str
    ours: str
    theirs: str
    measured: float
    wanted: float | None = None  # at most
    unit: str = ""  # of `measured` and `wanted`; empty for a ratio
    note: str = ""

    @classmethod
    def ratio(
        cls,
        what: str,
        against: str,
        ours: list[float],
        theirs: list[float],
        wanted: float | None,
        note: str = "",
    ) -> Self:
        """Compare seconds that were measured in pairs: the median of the pairs' ratios.

        Whatever else the machine does slows both of a pair: a ratio is steadier than a time.
        """
        return cls(
            what,
            against,
            duration(median(ours)),
            duration(median(theirs)),
            median(our / their for our, their in zip(ours, theirs, strict=True)),
            wanted,
            note=note,
        )

    @property
    def reached(self) -> bool:
        return self.wanted is None or self.measured <= self.wanted


def table(rows: list[Row]) -> list[str]:
    """A Markdown line for each row; a bound that is exceeded is named in words."""
    lines = []
    for row in rows:
        digits = 0 if row.unit == "MB" else 2
        measured = f"{row.measured:.{digits}f} {row.unit}".strip()
        wanted = "–" if row.wanted is None else f"≤ {row.wanted:g} {row.unit}".strip()
        note = row.note if row.reached else f"**not reached** {row.note}".strip()
        cells = (row.what, row.against, row.ours, row.theirs, measured, wanted, note)
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def duration(seconds: float) -> str:
    """Three significant digits, in seconds, milliseconds or microseconds."""
    for unit, size in (("s", 1), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def machine() -> str:
    """The machine, Python and the versions of packages, in a sentence."""
    versions = []
    for package in PACKAGES:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"no {package}")
    return (
        f"{platform.system()} {platform.machine()}, {_processor()}, {os.cpu_count()} logical "
        f"processors; Python {platform.python_version()}; {', '.join(versions)}."
    )


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown processor"


def seconds_of(function: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def side_by_side(functions: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """The seconds of each function, `rounds` times, starting each round with another one.

    A first round, which does not count, fills caches and compiles what is compiled once.
    """
    names = list(functions)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for round_number in range(-1, rounds):
        first = round_number % len(names)
        for name in names[first:] + names[:first]:
            taken = seconds_of(functions[name])
            if round_number >= 0:
                seconds[name].append(taken)
    return seconds


def peak_megabytes(process: subprocess.Popen) -> float:
    """Wait for the process; return the most memory that its descendants held together, in MB.

    Shared memory counts for each. On Linux, which keeps a process's own peak, a peak between two
    samples is seen, too.
    """
    peak = 0
    observed = psutil.Process(process.pid)
    while process.poll() is None:
        now = 0
        try:
            for child in observed.children(recursive=True):
                now += child.memory_info().rss
                peak = max(peak, _own_peak(child.pid))
        except psutil.Error:  # it ended meanwhile
            continue
        peak = max(peak, now)
        time.sleep(SAMPLE_SECONDS)
    return peak / 1e6


def _own_peak(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        lines = dict(line.split(":", 1) for line in status.splitlines())
        return 1024 * int(lines["VmHWM"].split()[0])
    except (OSError, KeyError):
        return 0
