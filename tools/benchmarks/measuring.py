"""Seconds and megabytes: of functions side by side, and of a process with its children."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Self

import psutil

SAMPLE_SECONDS = 0.02


class CannotMeasureError(Exception):
    """What is missing for a row, and what to do about it."""


@dataclass(frozen=True)
class Row:
    """A line of the table: what was measured, against what, and what was wanted of it."""

    what: str
    against: str
    ours: str
    theirs: str
    measured: float
    wanted: float | None = None  # at most
    unit: str = ""  # of `measured` and `wanted`; empty for a ratio
    note: str = ""
    seconds: float = 0  # that a notebook ran for, where the row is about a whole one

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
        pairs = zip(ours, theirs, strict=True)
        return cls(
            what,
            against,
            duration(median(ours)),
            duration(median(theirs)),
            median(our / their for our, their in pairs),
            wanted,
            note=note,
        )

    @property
    def reached(self) -> bool:
        return self.wanted is None or self.measured <= self.wanted


def duration(seconds: float) -> str:
    """Three digits of it, in the unit that needs no power of ten."""
    for unit, size in (("s", 1), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def seconds_of(function: Callable[[], object], times: int = 1) -> float:
    """How long one call takes, from `times` calls."""
    start = time.perf_counter()
    for _ in range(times):
        function()
    return (time.perf_counter() - start) / times


def side_by_side(
    functions: dict[str, Callable[[], object]], rounds: int, times: int = 1
) -> dict[str, list[float]]:
    """The seconds of each, `rounds` times; every round calls all of them, each time another first.

    A round before, which does not count, fills caches and compiles what is compiled once.
    """
    names = list(functions)
    seconds = {name: [] for name in names}
    for round_number in range(-1, rounds):
        first = round_number % len(names)
        for name in names[first:] + names[:first]:
            taken = seconds_of(functions[name], times)
            if round_number >= 0:
                seconds[name].append(taken)
    return seconds


def peak_megabytes(process: subprocess.Popen) -> float:
    """Wait for the process, and return what its descendants held at most, all of them together.

    Memory that several share counts for each. Where the system keeps a process's own peak (Linux),
    a peak between two looks is seen, too.
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
        with open(f"/proc/{pid}/status", encoding="utf-8") as status:  # noqa: PTH123
            lines = dict(line.split(":", 1) for line in status)
        return 1024 * int(lines["VmHWM"].split()[0])
    except (OSError, KeyError):
        return 0
