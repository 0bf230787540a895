"""The table in README.md, between two markers, from the numbers kept in results.json."""

import importlib.metadata
import json
import os
import platform
from dataclasses import asdict
from datetime import date
from pathlib import Path

from tools.benchmarks.measuring import CannotMeasureError, Row

README = Path(__file__).parent / "README.md"
RESULTS = Path(__file__).parent / "results.json"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
PACKAGES = ("numpy", "tensorflow", "keras", "scipy", "scikit-learn", "ipykernel", "nbval")


def surroundings() -> str:
    """The machine, Python and the versions in a sentence."""
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


def keep(section: str, rows: list[Row]) -> None:
    """Put the rows into results.json, in the place of those measured in the same surroundings."""
    kept = read() if RESULTS.exists() else {}
    kept[section] = [
        *(entry for entry in kept.get(section, []) if entry["surroundings"] != surroundings()),
        {
            "surroundings": surroundings(),
            "date": date.today().isoformat(),
            "rows": [asdict(row) for row in rows],
        },
    ]
    text = json.dumps(kept, indent=1, ensure_ascii=False) + "\n"
    RESULTS.write_text(text, encoding="utf-8", newline="\n")


def read() -> dict[str, list[dict]]:
    """What results.json holds: of each section the surroundings, the date and the rows of a run."""
    return json.loads(RESULTS.read_text(encoding="utf-8"))


def rows_of(section: str) -> list[Row]:
    """What was kept of a section; CannotMeasureError if it was not measured here."""
    for entry in read().get(section, []) if RESULTS.exists() else []:
        if entry["surroundings"] == surroundings():
            return rows_in(entry)
    raise CannotMeasureError(f"This needs the rows of another name first: add {section}.")


def rows_in(entry: dict) -> list[Row]:
    """The rows of one run, as they were before they were kept."""
    return [Row(**row) for row in entry["rows"]]


def table(rows: list[Row], when: str = "") -> list[str]:
    """A line for each row: measured and wanted side by side, and in words whether it is reached."""
    lines = []
    for row in rows:
        measured, wanted = _quantity(row.measured, row.unit), "a figure"
        if row.wanted is not None:
            wanted = f"≤ {row.wanted:g} {row.unit}".strip()
        told = "" if row.reached else "**not reached** "
        cells = (
            row.what,
            row.against,
            row.ours,
            row.theirs,
            measured,
            wanted,
            told + row.note,
            when,
        )
        lines.append(f"| {' | '.join(cell.strip() for cell in cells)} |")
    return lines


def _quantity(value: float, unit: str) -> str:
    return f"{value:.0f} MB" if unit == "MB" else f"{value:.2f} {unit}".strip()


HEADING = [
    "| what | against | ours | theirs | measured | wanted | note | when, on |",
    "|---|---|---|---|---|---|---|---|",
]


def write(order: list[str]) -> None:
    """Write the table of all sections, in this order, into the README."""
    kept = read()
    runs = [entry for name in order for entry in kept.get(name, [])]
    machines = list(dict.fromkeys(entry["surroundings"] for entry in runs))
    lines = [f"{number}. {machine}" for number, machine in enumerate(machines, 1)]
    lines += ["", *HEADING]
    for name in order:
        for entry in kept.get(name, []):
            number = machines.index(entry["surroundings"]) + 1
            lines += table(rows_in(entry), f"{entry['date']}, {number}")
        if name not in kept:
            lines.append(f"| {name} | | | | | | not measured yet | |")
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    text = "\n".join([before + BEGIN, "", *lines, "", END + after])
    README.write_text(text, encoding="utf-8", newline="\n")
