"""A timetable for a session, added up from the minutes in the notebooks' metadata.

A session is a list of notebooks. It has all their sections and exercises marked `core`, and then
those marked `more`, in the course's order, as long as time is left. These are also the cut list for
a session that runs late, the last one first.
"""

from dataclasses import dataclass, field

from helpers import NOTEBOOKS
from helpers.running import NotebookError
from tools.notebooks import BUILD, Part, find_notebooks, parts

LONGEST_STRETCH = 75  # minutes without a break
WORTH_A_BREAK = 35  # minutes after which a new notebook begins with one
BREAK = 10
LUNCH = 60
LUNCH_AFTER = 150  # minutes into the day
OPENING = (5, "Opening: does it run for everybody?")
CLOSING = (5, "Closing: what was that, and how to go on?")


@dataclass(frozen=True)
class Session:
    """A length of time, and the notebooks for it."""

    title: str
    minutes: float  # of each day, breaks and lunch included
    notebooks: tuple[str, ...]
    days: int = 1
    second_day: str = ""  # the notebook that it begins with
    lunch: bool = False


SESSIONS = {
    "60": Session("From pictures to scores to probabilities", 60, ("00", "01")),
    "90": Session("From scores to a gradient that you can trust", 90, ("01", "03")),
    "180": Session("From scores to a network, and its trap", 180, ("00", "01", "03", "04", "06")),
    "two-days": Session(
        "The whole course",
        minutes=6.5 * 60,
        notebooks=tuple(f"{number:02}" for number in NOTEBOOKS),
        days=2,
        second_day="05",
        lunch=True,
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
        """Whether people may leave the room."""
        return self.what in ("Break", "Lunch")


@dataclass
class Clock:
    """The timetable so far, and its time."""

    entries: list[Entry] = field(default_factory=list)
    day: int = 1
    now: float = 0  # minutes from the beginning of the day
    stretch: float = 0  # minutes since the last break
    had_lunch: bool = False

    def add(self, minutes: float, what: str, part: Part | None = None) -> None:
        """Append an entry."""
        entry = Entry(self.day, self.now, minutes, what, part)
        self.entries.append(entry)
        self.now += minutes
        self.stretch = 0 if entry.is_break else self.stretch + minutes

    def start_next_day(self) -> None:
        """Go on in the morning."""
        self.day, self.now, self.stretch, self.had_lunch = self.day + 1, 0, 0, False


def timetable(session: Session) -> tuple[list[Entry], list[Part]]:
    """The lines of a session's timetable, and the parts that do not fit.

    Raises NotebookError if not even the core fits.
    """
    existing = {path.stem[:2]: path for path in find_notebooks()}
    wanted = [
        part for number in session.notebooks for part in parts(existing[number]) if part.minutes
    ]
    chosen = {place for place, part in enumerate(wanted) if part.is_core}
    plan = _fit(session, [wanted[place] for place in sorted(chosen)])
    if plan is None:
        raise NotebookError(f"The core of “{session.title}” is too long: mark less as core.")
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
    """Arrange the parts one after the other, with breaks; None if they do not fit."""
    clock = Clock()
    clock.add(*OPENING)
    closing, _ = CLOSING
    for part in chosen:
        is_too_long = clock.stretch + part.minutes + closing > LONGEST_STRETCH
        starts_notebook = part.level == 1 and clock.stretch >= WORTH_A_BREAK
        pause = BREAK if is_too_long or starts_notebook else 0
        begins_day = clock.day == 1 and part.level == 1 and part.notebook == session.second_day
        if begins_day or clock.now + pause + part.minutes + closing > session.minutes:
            clock.add(*CLOSING)
            if clock.day == session.days:
                return None
            clock.start_next_day()
            pause = 0
        if session.lunch and not clock.had_lunch and clock.now + part.minutes > LUNCH_AFTER:
            clock.add(LUNCH, "Lunch")
            clock.had_lunch = True
        elif pause:
            clock.add(pause, "Break")
        clock.add(part.minutes, name_of(part), part)
    clock.add(*CLOSING)
    return clock.entries if clock.now <= session.minutes else None


def name_of(part: Part) -> str:
    """A part's name in a timetable: with its notebook's number, which a notebook's title has."""
    return part.title if part.level == 1 else f"{part.notebook} · {part.title}"


def as_text(name: str) -> str:
    """The timetable of a session as Markdown. Raises NotebookError for an unknown session."""
    if name not in SESSIONS:
        raise NotebookError(f"There is no session {name!r}: choose from {', '.join(SESSIONS)}.")
    session = SESSIONS[name]
    plan, left_out = timetable(session)
    lines = [f"# {session.title} ({name}{' minutes' if name.isdigit() else ''})", ""]
    lines += ["| at | minutes | what | kind | computer |", "|---|---|---|---|---|"]
    for entry in plan:
        at = f"{int(entry.start // 60)}:{int(entry.start % 60):02}"
        at = f"day {entry.day}, {at}" if session.days > 1 else at
        kind = "exercise" if entry.part and entry.part.level == 3 else ""
        runs = entry.part.seconds if entry.part else 0
        waits = f"{runs} s" if runs else ""
        what = f"*{entry.what}*" if entry.is_break else entry.what
        lines.append(f"| {at} | {entry.minutes:g} | {what} | {kind} | {waits} |")
    inside = [entry.part for entry in plan if entry.part][::-1]
    lines += ["", "## When time runs short", "", "Leave out from the top of this list:", ""]
    lines += [_item(part) for part in inside if not part.is_core]
    lines += ["", "If that is not enough, these exercises are for at home:", ""]
    lines += [_item(part) for part in inside if part.is_core and part.level == 3]
    lines += ["", "## For faster learners, or for home", ""]
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
