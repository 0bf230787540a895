"""The room's page, a service of JupyterHub: reports of learners come in, counts go out.

The hub says who somebody is. A learner reports for themselves alone; an instructor sees the classes
that they are in, which are the hub's groups `class-…`. Settings come from the environment:

ROOM_STATE           folder for the database (the working directory)
ROOM_KEEP_HOURS      after this what is known is deleted, if the session was not ended (24)
"""

import asyncio
import contextlib
import csv
import json
import os
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler, HubOAuthenticated
from room.store import Store
from tornado import httpclient, iostream, web
from tornado.log import app_log

from helpers import NOTEBOOKS
from helpers.exercises import exercises_of
from helpers.exercises.judging import CORRECT, COULD_NOT_RUN, NOT_YET
from helpers.questions.question import read
from helpers.room import of_the_course
from tools.instructor.notes import vote_of
from tools.notebooks import find_notebooks, parts

HERE = Path(__file__).parent
CLASS, INSTRUCTORS = "class-", "instructors"  # groups of the hub; `class-…` are classes
MESSAGES_A_MINUTE = 60  # of one learner
RECENT_SECONDS = 600
STREAM_SECONDS, PAUSE = 300, 0.25  # then a page must come, and be let in, again
QUESTIONS = {name: it for number in NOTEBOOKS for name, it in read(number)[1].items()}
EXERCISES = {name for number in NOTEBOOKS for name in exercises_of(number)}
POLICY = (
    "default-src 'none'; connect-src 'self'; script-src 'self'; style-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Room:
    """What the handlers share: the store, and what the hub says about groups."""

    def __init__(self, store: Store, hub: HubOAuth) -> None:
        self.store, self.hub, self.problem = store, hub, ""
        self.groups: dict[str, list[str]] = {}  # with the names of their members
        self.messages: Counter[str] = Counter()  # of each learner in this minute

    async def each_minute(self, keep_seconds: float) -> None:
        """Delete what is old, begin to count messages anew, ask the hub for its groups."""
        self.messages.clear()
        headers = {"Authorization": f"token {self.hub.api_token}"}
        try:
            self.store.delete_before(time.time() - keep_seconds)
            url = f"{self.hub.api_url}/groups?limit=200"
            answer = await httpclient.AsyncHTTPClient().fetch(url, headers=headers)
            self.groups = {each["name"]: each["users"] for each in json.loads(answer.body)}
        except (OSError, httpclient.HTTPError, sqlite3.Error) as error:
            app_log.warning("The room goes on with what it knows: %s", error)

    def state(self, class_: str) -> dict[str, Any]:
        """All that is shown of a class: counts, and the names of raised hands."""
        counts = self.store.counts
        question, round_, _ = self.store.session(class_)
        ballots = counts(class_, "ballot")
        if open_now := ballots.get(f"{question} {round_}"):  # till it is closed, nobody is swayed
            ballots[f"{question} {round_}"] = {"": sum(open_now.values())}
        learners = {*self.groups.get(class_, ())} - {*self.groups.get(INSTRUCTORS, ())}
        return {
            "problem": self.problem,
            "learners": len(learners),
            "results": counts(class_, "result"),
            "mistakes": counts(class_, "mistake", time.time() - RECENT_SECONDS),
            "ballots": ballots,
            "vote": [question, round_],
            "hands": [*counts(class_, "hand").get("", {})],
        }


class Handler(web.RequestHandler):
    """Errors are one sentence, and a page may load and run nothing from elsewhere."""

    room = property(lambda self: self.settings["room"])

    def set_default_headers(self) -> None:
        """Let nothing in from elsewhere."""
        self.set_header("Content-Security-Policy", POLICY)

    def write_error(self, status_code: int, **details: Any) -> None:
        """Say in words what went wrong."""
        if isinstance(error := details.get("exc_info", (None, None))[1], sqlite3.Error):
            self.room.problem = f"The room's server cannot write to its disk: {error}. "
            self.set_status(507, "Insufficient Storage")
        self.finish(f"{self._reason}.")


class FromLearner(Handler):
    """A message from a notebook, always about the owner of the token that comes with it."""

    async def prepare(self) -> None:
        """Find out who it is. Raises HTTPError 400, 403, or 429 after too many messages."""
        token = self.room.hub.get_token(self, in_cookie=False)  # so no other site can use it
        user = token and await self.room.hub.user_for_token(token, sync=False)
        if not user or not self.room.hub.check_scopes({"custom:room:report"}, user):
            raise web.HTTPError(403, reason="This token may not report")
        self.name, groups = user["name"], user.get("groups", [])  # a service has no groups
        self.classes = [name for name in groups if name.startswith(CLASS)]
        if not self.classes or INSTRUCTORS in groups:
            raise web.HTTPError(403, reason="Only a learner of a class may report")
        self.room.messages[self.name] += 1
        if self.room.messages[self.name] > MESSAGES_A_MINUTE:
            raise web.HTTPError(429, reason="Too many messages: wait a minute")
        try:
            self.about = json.loads(self.request.body)
            self.at = min(time.time(), float(self.about["at"]))  # nothing is from the future
            hash(tuple(self.about.values()))  # raises TypeError for lists
        except (KeyError, OverflowError, RecursionError, TypeError, ValueError):
            raise web.HTTPError(400, reason="A message is JSON with a time") from None

    def value(self, name: str, allowed: Any) -> Any:
        """A value of the message. Raises HTTPError 400 unless it is allowed."""
        if self.about.get(name) not in allowed:
            raise web.HTTPError(400, reason=f"There is no such {name}")
        return self.about[name]

    def post(self, kind: str) -> None:
        """Keep it, for each class that the learner is in, and answer with a sentence."""
        self.set_status(201)  # which no page to log in has
        for class_ in self.classes:
            said, *facts = getattr(self, kind)(class_)
            self.room.store.put(class_, self.name, self.at, *facts)
            self.write(said)
        self.room.problem = ""

    def report(self, class_: str) -> tuple:
        """What a check has shown."""
        exercise = self.value("exercise", EXERCISES)
        outcome = self.value("outcome", (CORRECT, NOT_YET, COULD_NOT_RUN))
        if self.at <= self.room.store.session(class_)[2]:
            return ("That session has ended.",)
        if outcome == CORRECT:
            return "", ("result", exercise, "solved")
        sentence = of_the_course(self.about.get("sentence"))
        mistakes = [("mistake", f"{exercise} {sentence}", "made")] if sentence else []
        return "", ("result", exercise, "begun"), *mistakes

    def hand(self, class_: str) -> tuple:
        """A learner asks for help, or no longer does."""
        if exercise := self.value("exercise", EXERCISES | {None}):
            said = f"Your hand is up for {exercise}, with your name. help_me(None) lowers it."
            return said, ("hand", "", f"{exercise} {self.name}")
        self.room.store.forget(class_, self.name, "hand")
        return ("Your hand is down.",)

    def ballot(self, class_: str) -> tuple:
        """An answer in the vote that is open."""
        question, round_, _ = self.room.store.session(class_)
        if not round_:
            return ("No vote is open.",)
        answer = self.value("answer", QUESTIONS[question].letters)
        return f"Your {answer} counts.", ("ballot", f"{question} {round_}", answer)

    def nothing(self, class_: str) -> tuple:
        """A learner has said no."""
        self.room.store.forget(class_, self.name)
        return ("All is forgotten.",)


class FromInstructor(HubOAuthenticated, Handler):
    """What instructors may have, each of the classes that they are in.

    HubOAuth looks at a cookie only with the token against requests from other sites.
    """

    hub_scopes = frozenset({"custom:room:watch"})

    @web.authenticated
    def prepare(self) -> None:
        """Find the instructor's classes, the one that is looked at first. Raises HTTPError 403."""
        names = sorted(group for group in self.current_user["groups"] if group.startswith(CLASS))
        chosen = self.get_query_argument("class", names[0] if names else "")
        if chosen not in names:
            raise web.HTTPError(403, reason="You are in no such class, a group of the hub")
        self.classes = sorted(names, key=lambda name: name != chosen)


class Page(FromInstructor):
    """The page for a notebook, still without counts."""

    def get(self) -> None:
        """Find in the notebook what there is to count."""
        paths = {path.name[:2]: path for path in find_notebooks()}
        number = self.get_query_argument("notebook", "00")
        if number not in paths:
            raise web.HTTPError(404, reason="There is no such notebook")
        found = parts(paths[number])
        titles = (part.title.removeprefix("Exercise ") for part in found if part.level == 3)
        self.render(
            "page.html",
            classes=self.classes,
            exercises=[title.split(" · ", 1) for title in titles],
            notebook=number,
            notebooks={each: path.stem.replace("-", " ") for each, path in paths.items()},
            votes=list(filter(None, map(vote_of, found))),
        )


class Events(FromInstructor):
    """The state of a class as a stream."""

    async def get(self) -> None:
        """Send until the page is closed, or must come and be let in again."""
        self.set_header("Content-Type", "text/event-stream")
        with contextlib.suppress(iostream.StreamClosedError):
            for _ in range(int(STREAM_SECONDS / PAUSE)):
                state = json.dumps(self.room.state(self.classes[0]))
                self.write(f"retry: 500\ndata: {state}\n\n")
                await self.flush()
                await asyncio.sleep(PAUSE)


class Table(FromInstructor):
    """The counts of a class as CSV."""

    def get(self) -> None:
        """Send one row for each count."""
        state = self.room.state(self.classes[0])
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        rows = csv.writer(self)
        rows.writerow(("what", "where", "which", "learners"))
        for what in ("results", "mistakes", "ballots"):
            for where, counts in state[what].items():
                rows.writerows((what, where, *each) for each in counts.items())


class Session(FromInstructor):
    """What an instructor does: open a vote or close it, end the session."""

    def post(self) -> None:
        """Open round 1 or 2 of a vote, or close it, which is round 0. Raises HTTPError 400."""
        question, round_ = map(self.get_query_argument, ("question", "round"))
        if question not in QUESTIONS or round_ not in ("0", "1", "2"):
            raise web.HTTPError(400, reason="There is no such vote")
        class_, store = self.classes[0], self.room.store
        store.set_session(class_, question, int(round_), store.session(class_)[2])

    def delete(self) -> None:
        """End the session: forget everything about the class."""
        self.room.store.delete_before(time.time(), self.classes[0])
        self.room.store.set_session(self.classes[0], "", 0, time.time())


async def main() -> None:
    """Serve where the hub wants it."""
    room = Room(Store(Path(os.environ.get("ROOM_STATE", "."))), HubOAuth.instance(cache_max_age=60))
    prefix, url = room.hub.base_url, urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    pages = {"": Page, "events": Events, "counts.csv": Table, "session": Session}
    more = {"(report|hand|ballot|nothing)": FromLearner, "oauth_callback": HubOAuthCallbackHandler}
    served = web.Application(
        [(prefix + path, handler) for path, handler in (pages | more).items()],
        cookie_secret=room.store.key + b"cookies",
        room=room,
        static_path=str(HERE / "static"),
        static_url_prefix=f"{prefix}static/",
        template_path=str(HERE),
    )
    served.listen(url.port, url.hostname, max_body_size=4096)
    while True:
        await room.each_minute(float(os.environ.get("ROOM_KEEP_HOURS", "24")) * 3600)
        await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main())
