"""A hub may have a page on which the instructor sees where the room is stuck: `helpers.room`.

`check` reports the exercise, the outcome and which of the course's own sentences was shown: no code
and no name. It is on where the hub sets `COURSE_ROOM_URL`; elsewhere nothing is sent or started.
"""

import ast
import functools
import json
import os
import queue
import threading
import time
from pathlib import Path
from typing import Any

from helpers.exercises.progress_file import read_progress, write_entry
from helpers.in_browser import IN_BROWSER

ENTRY = "room"  # in progress.json: {"told": 1} once `NOTICE` was shown, {"left": 1} after `leave()`
HUB = ("COURSE_ROOM_URL", "JUPYTERHUB_API_TOKEN")  # set by a hub with a page
MOST_WAITING = 200  # reports; the oldest is dropped
SECONDS = 2  # to wait for the room's answer
_waiting: queue.Queue = queue.Queue(MOST_WAITING)
FINAL = (201, 400, 403)  # accepted, or refused for good; after anything else it is sent again
NOTICE = (
    "Your instructor has a page that counts how many are trying each exercise. From your next "
    "check on it gets the exercise, the outcome and which of the course's sentences you saw: no "
    "code, and no name on the screen. To say no, for good: from helpers.room import leave; leave()"
)


def report(exercise_id: str, outcome: str, sentence: str) -> None:
    """Queue what `check` has shown. The first report waits until the learner has read `NOTICE`."""
    if not _is_on():
        return
    about = {"exercise": exercise_id, "outcome": outcome, "sentence": sentence, "at": time.time()}
    if _waiting.full():
        _waiting.get()
    _waiting.put(about)
    if _entry().get("told"):
        _start_sending()
    else:
        print(NOTICE)
        write_entry(ENTRY, {"told": 1})  # where this fails, nothing will be sent


def help_me(exercise_id: str | None) -> None:
    """Raise your hand: the page shows your name and the exercise until you call `help_me(None)`."""
    _say("hand", {"exercise": exercise_id})


def vote(answer: str) -> None:
    """Vote "A", "B", "C" or "D" while your instructor has a vote open. The last one counts."""
    _say("ballot", {"answer": answer})


def leave() -> None:
    """Say no: nothing is reported any more, for good, and the page forgets what it got."""
    was_on, problem = _is_on(), write_entry(ENTRY, {"left": 1})
    if was_on:
        _post("nothing", {"at": time.time()})
    os.environ.pop("COURSE_ROOM_URL", None)  # in this notebook even if the file can't be written
    print(problem or "From now on, nothing about your work is sent to the instructor's page.")


def _entry() -> dict[str, int]:
    return read_progress().get(ENTRY, {})


def _is_on() -> bool:
    """Whether the hub has a room that this learner has not left."""
    return not IN_BROWSER and all(map(os.environ.get, HUB)) and not _entry().get("left")


def _say(path: str, about: dict) -> None:
    """Send what the learner asked to be sent, at once, and print what the room says to it."""
    said = _post(path, about | {"at": time.time()})[1] if _is_on() else ""
    print(said or "There is no page here, or it does not answer, or you have left it.")


@functools.cache
def _start_sending() -> None:
    threading.Thread(target=_send_all, daemon=True).start()


def _send_all() -> None:
    import random

    spread = random.SystemRandom().uniform  # the learner's own random numbers stay as they are
    while about := _waiting.get():
        about["sentence"] = of_the_course(about["sentence"])
        pause = 1.0
        while _is_on() and _post("report", about)[0] not in FINAL:
            time.sleep(spread(pause / 2, pause))  # a class that waits must not come back as one
            pause = min(2 * pause, 60)


def _post(path: str, about: dict) -> tuple[int, str]:
    """Send something to the room; return the status, 0 without an answer, and what it says."""
    import http.client
    import urllib.request

    class AnyStatus(urllib.request.HTTPErrorProcessor):  # and no redirect: the token stays here
        http_response = https_response = lambda self, request, response: response

    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), AnyStatus)
    url, token = map(os.environ.get, HUB)
    try:
        request = urllib.request.Request(f"{url}{path}", json.dumps(about).encode())
        request.add_header("Authorization", f"token {token}")
        with direct.open(request, timeout=SECONDS) as answer:
            return answer.status, answer.read(1000).decode("utf-8", "replace")
    except (OSError, ValueError, http.client.HTTPException):
        return 0, ""


def of_the_course(sentence: Any) -> str:
    """The sentence, if it is one that the course has ready; else "".

    So nothing that a learner has written, in code or by hand, gets to the page.
    """
    return sentence if sentence in _texts() else ""


@functools.cache
def _texts() -> set[str]:
    """The texts in the code that judges exercises."""
    paths = (Path(__file__).parent / "exercises").glob("*.py")
    sources = (ast.parse(path.read_text(encoding="utf-8")) for path in paths)
    constants = (getattr(node, "value", "") for source in sources for node in ast.walk(source))
    return {text for text in constants if isinstance(text, str)}
