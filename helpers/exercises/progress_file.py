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
DAMAGED = (ValueError, RecursionError)


def read_progress() -> dict[str, dict]:
    """The entries by exercise; none if the file is missing, damaged or cannot be opened."""
    try:
        return _read()
    except (OSError, *DAMAGED):
        return {}


def _read() -> dict[str, dict]:
    """Raises OSError if the file cannot be opened, one of DAMAGED if it is no progress."""
    if PROGRESS_FILE.is_dir():  # to open it is another error on Windows than elsewhere
        raise ValueError("It is a folder.")
    try:
        entries = json.loads(PROGRESS_FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    if not isinstance(entries, dict) or not all(map(_is_entry, entries.values())):
        raise ValueError("It is JSON, but no progress.")
    return entries


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
    problem = ""
    try:
        try:
            entries = _read()
        except DAMAGED:
            entries = {}
            aside = PROGRESS_FILE.with_name("progress-damaged.json")
            PROGRESS_FILE.replace(aside)
            problem = (
                f"progress.json could not be read. It is now {aside.name}; a new one is begun."
            )
        entries = {name: each for name, each in (entries | {exercise_id: entry}).items() if each}
        content = json.dumps(entries, indent=1, sort_keys=True) + "\n"
        write_atomically(PROGRESS_FILE, content.encode("utf-8"))
    except OSError as error:
        problem = f"Your progress could not be saved ({error.strerror}): make the folder writable."
    return problem
