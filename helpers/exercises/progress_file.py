"""What the learner has tried and solved, in one small readable file, `progress.json`.

It is in the course's folder and ignored by git, so it survives a restart of the kernel and a
`git pull`. Where many learners share one read-only course, `COURSE_PROGRESS_FILE` names a file of
each learner's own. A damaged file is renamed, and a new one is begun.
"""

import json
import os
from pathlib import Path
from typing import Any

from helpers import ROOT
from helpers.files import write_atomically

PROGRESS_FILE = Path(os.environ.get("COURSE_PROGRESS_FILE") or ROOT / "progress.json")


def read_progress() -> tuple[dict[str, dict], bool]:
    """Return an entry for each exercise, and whether the file could be read or is missing."""
    try:
        entries = json.loads(PROGRESS_FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, True
    except (OSError, ValueError, RecursionError):
        return {}, False
    readable = isinstance(entries, dict) and all(map(_is_entry, entries.values()))
    return (entries, True) if readable else ({}, False)


def _is_entry(entry: Any) -> bool:
    """Whether an exercise has an outcome, a text, and counts."""
    return isinstance(entry, dict) and all(
        isinstance(value, str) if name == "outcome" else isinstance(value, int) and value >= 0
        for name, value in entry.items()
    )


def write_entry(exercise_id: str, entry: dict) -> str:
    """Store the entry of one exercise, or forget it if it is empty.

    Return a sentence about what went wrong, or "".
    """
    entries, readable = read_progress()
    entries = {name: each for name, each in (entries | {exercise_id: entry}).items() if each}
    problem = ""
    try:
        if not readable:
            aside = PROGRESS_FILE.with_name("progress-damaged.json")
            PROGRESS_FILE.replace(aside)
            problem = (
                f"progress.json could not be read. It is now {aside.name}; a new one is begun."
            )
        content = json.dumps(entries, indent=1, sort_keys=True) + "\n"
        write_atomically(PROGRESS_FILE, content.encode("utf-8"))
    except OSError as error:
        problem = f"Your progress could not be saved ({error.strerror}): make the folder writable."
    return problem
