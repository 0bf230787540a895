"""What the learner has tried and solved: one small readable file, `progress.json`, ignored by git.

It lies beside `notebooks/`, so it survives a restart of the kernel and a `git pull`. Where many
learners share one read-only course, `COURSE_PROGRESS_FILE` names a file of each learner's own.
A file that cannot be read is set aside under another name, and a new one is begun.
"""

import contextlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

from helpers import ROOT

_BESIDE_NOTEBOOKS = ROOT / "progress.json"
PROGRESS_FILE = Path(os.environ.get("COURSE_PROGRESS_FILE") or _BESIDE_NOTEBOOKS)


def read_progress() -> tuple[dict[str, dict], bool]:
    """Return what is known of each exercise, and whether a file that is there could be read."""
    try:
        entries = json.loads(PROGRESS_FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, True
    except (OSError, ValueError, RecursionError):
        return {}, False
    readable = isinstance(entries, dict) and all(map(_is_entry, entries.values()))
    return (entries, True) if readable else ({}, False)


def _is_entry(entry: Any) -> bool:
    """Whether what is known of an exercise is its outcome, a text, and counts."""
    return isinstance(entry, dict) and all(
        isinstance(known, str) if name == "outcome" else isinstance(known, int) and known >= 0
        for name, known in entry.items()
    )


def write_entry(exercise_id: str, entry: dict) -> str:
    """Store what is known of one exercise; return a sentence where something was wrong."""
    entries, readable = read_progress()
    entries[exercise_id] = entry
    part = PROGRESS_FILE.with_name(f"progress.{secrets.token_hex(4)}.part")
    told = ""
    try:
        if not readable:
            aside = PROGRESS_FILE.with_name("progress-damaged.json")
            PROGRESS_FILE.replace(aside)
            told = f"progress.json could not be read. It is now {aside.name}; a new one is begun."
        part.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        part.replace(PROGRESS_FILE)
    except OSError as error:
        told = f"Your progress could not be saved ({error.strerror}): make the folder writable."
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return told
