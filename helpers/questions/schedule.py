"""When a question comes back: later each time it is known, tomorrow when it is not.

The boxes of Sebastian Leitner (*So lernt man lernen*, 1972). A box is a whole number, a day its
ordinal, so that all of it goes into `progress.json` beside the exercises.
"""

DAYS = (1, 3, 7, 21, 60)  # until a question of box 0, 1, … comes back


def after_answer(entry: dict, is_right: bool, today: int) -> dict:
    """The entry of a question after one more answer on this day."""
    box = min(entry.get("box", 0) + 1, len(DAYS) - 1) if is_right else 0
    first = entry.get("first", int(is_right))  # was the first answer right? For statistics
    return {"first": first, "box": box, "due": today + DAYS[box]}


def due(entries: dict[str, dict], today: int) -> list[str]:
    """The questions to ask on this day: those known least first, then those due longest."""
    late = [name for name, entry in entries.items() if entry.get("due", today + 1) <= today]
    return sorted(late, key=lambda name: (entries[name]["box"], entries[name]["due"], name))
