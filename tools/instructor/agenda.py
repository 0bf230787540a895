"""A timetable for a session, added up from the minutes in the notebooks' metadata.

A session is a list of notebooks. Their sections and exercises marked `core` are in. Those marked
`more` come in one after the other, in the course's order, as long as time is left. When time runs
short in the room, they go first: they are the cut list, the last one first.
"""

from dataclasses import dataclass

from tools.instructor.sources import BUILD, InstructorError, Part, find_notebooks, parts

LONGEST_STRETCH = 75  # minutes without a break
WORTH_A_BREAK = 35  # minutes after which a new notebook begins with one
BREAK = 10
LUNCH = 60
OPENING, CLOSING = 5, 5  # everything runs? and: what was that, where to go on
DAY = 6.5 * 60  # with breaks and lunch
LUNCH_AFTER = 150  # minutes into the day


@dataclass(frozen=True)
class Session:
    """A length of time, and what it is for."""

    title: str
    minutes: float  # of each day
    notebooks: tuple[str, ...]
    days: int = 1
    second_day: str = ""  # the notebook that it begins with


SESSIONS = {
    "60": Session("From pictures to scores to probabilities", 60, ("00", "01")),
    "90": Session("From scores to a gradient that you can trust", 90, ("01", "03")),
    "180": Session("From scores to a network, and its trap", 180, ("00", "01", "03", "04", "06")),
    "two-days": Session(
        "The whole course", DAY, tuple(f"{number:02}" for number in range(11)), 2, "05"
    ),
}


@dataclass(frozen=True)
class Entry:
    """One line of a timetable."""

    day: int
    start: float  # minutes from the beginning of the day
    minutes: float
    what: str
    part: Part | None = None  # None for breaks, opening and closing

    @property
    def is_break(self) -> bool:
        return self.what in ("Break", "Lunch")


def timetable(session: Session) -> tuple[list[Entry], list[Part]]:
    """The lines of a session's timetable, and the parts that it has no time for.

    Raises InstructorError if not even the core fits.
    """
    existing = {path.stem[:2]: path for path in find_notebooks([])}
    wanted = [
        part
        for number in session.notebooks
        if number in existing
        for part in parts(existing[number])
        if part.minutes
    ]
    chosen = {place for place, part in enumerate(wanted) if part.is_core}
    plan = _fit(session, [wanted[place] for place in sorted(chosen)])
    if plan is None:
        raise InstructorError(f"The core of “{session.title}” is too long: mark less as core.")
    for place, part in enumerate(wanted):
        # An exercise is of no use without its section.
        section = max((p for p in range(place + 1) if wanted[p].level < 3), default=place)
        if place in chosen or (part.level == 3 and section not in chosen):
            continue
        longer = _fit(session, [wanted[each] for each in sorted(chosen | {place})])
        if longer is not None:
            chosen.add(place)
            plan = longer
    return plan, [part for place, part in enumerate(wanted) if place not in chosen]


def _fit(session: Session, chosen: list[Part]) -> list[Entry] | None:
    """Lay the parts one after the other, with breaks; None if they do not fit."""
    entries = [Entry(1, 0, OPENING, "Opening: does it run for everybody?")]
    day, now, stretch, eaten = 1, OPENING, OPENING, False  # where the timetable has got to

    def add(minutes: float, what: str, part: Part | None = None) -> None:
        nonlocal now
        entries.append(Entry(day, now, minutes, what, part))
        now += minutes

    for part in chosen:
        takes = part.minutes
        is_too_long = stretch + takes + CLOSING > LONGEST_STRETCH
        rest = BREAK if is_too_long or (part.level == 1 and stretch >= WORTH_A_BREAK) else 0
        is_next_day = day == 1 and part.level == 1 and part.notebook == session.second_day
        if is_next_day or now + rest + takes + CLOSING > session.minutes:
            add(CLOSING, "Closing: what was that, and how to go on?")
            if day == session.days:
                return None
            day, now, stretch, eaten, rest = day + 1, 0, 0, False, 0
        lunch_is_due = session.minutes == DAY and not eaten and now + takes > LUNCH_AFTER
        if lunch_is_due:
            add(LUNCH, "Lunch")
            eaten, stretch = True, 0
        elif rest:
            add(rest, "Break")
            stretch = 0
        add(takes, name_of(part), part)
        stretch += takes
    add(CLOSING, "Closing: what was that, and how to go on?")
    return entries if now <= session.minutes else None


def name_of(part: Part) -> str:
    """How a timetable calls a part: with its notebook's number, which a title already has."""
    return part.title if part.level == 1 else f"{part.notebook} · {part.title}"


def as_text(name: str) -> str:
    """The timetable of a session as Markdown. Raises InstructorError for an unknown session."""
    if name not in SESSIONS:
        raise InstructorError(f"There is no session {name!r}: choose from {', '.join(SESSIONS)}.")
    session = SESSIONS[name]
    plan, left_out = timetable(session)
    lines = [f"# {session.title} ({name}{' minutes' if name.isdigit() else ''})", ""]
    lines += ["| at | minutes | what | | computer |", "|---|---|---|---|---|"]
    for entry in plan:
        at = f"{int(entry.start // 60)}:{int(entry.start % 60):02}"
        at = f"day {entry.day}, {at}" if session.days > 1 else at
        kind = {2: "", 3: "exercise"}.get(entry.part.level, "") if entry.part else ""
        runs = entry.part.seconds if entry.part else 0
        waits = f"{runs} s" if runs else ""
        what = f"*{entry.what}*" if entry.is_break else entry.what
        lines.append(f"| {at} | {entry.minutes:g} | {what} | {kind} | {waits} |")
    inside = [entry.part for entry in plan if entry.part][::-1]
    lines += ["", "## When time runs short", "", "Leave out from the top of this list:", ""]
    lines += [_item(part) for part in inside if not part.is_core]
    lines += ["", "If that is not enough, these exercises are for at home:", ""]
    lines += [_item(part) for part in inside if part.is_core and part.level == 3]
    lines += ["", "## For who is faster, or for at home", ""]
    lines += [_item(part) for part in left_out]
    return "\n".join(lines) + "\n"


def _item(part: Part) -> str:
    return f"- {name_of(part)} ({part.minutes:g} min)"


def write(name: str) -> None:
    """Print a session's timetable, and write it to build/agenda/."""
    text = as_text(name)
    path = BUILD / "agenda" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(text)
