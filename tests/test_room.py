"""The room's page: a real hub on loopback, learners who answer, and others who try to cheat."""

import importlib.util
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil
import pytest

from helpers import ROOT, room
from helpers.exercises import exercises_of
from helpers.exercises.judging import CORRECT, judge
from helpers.web.npm_files import FetchError, fetch, read_pins
from tests.support.browsers import chromium, require_clients
from tests.support.hub import running_hub
from tests.support.missing import is_missing
from tools.instructor.notes import vote_of
from tools.notebooks import find_notebooks, parts

if sys.platform != "linux":
    pytest.skip("The hub is a Linux one.", allow_module_level=True)
if importlib.util.find_spec("jupyterhub") is None:
    is_missing("JupyterHub is missing: `uv pip install --group room`.", allow_module_level=True)
require_clients()

pytestmark = pytest.mark.slow

# --- What a learner's notebook sends ---------------------------------------------------------

LEARN = """
import sys, threading, time
from pathlib import Path
from helpers.exercises import check, progress_file
progress_file.PROGRESS_FILE = Path(sys.argv[1])
from helpers import room
"""
WAIT = "time.sleep(0.7)"
ONE, OTHER = "check('1.5', 'A')", "check('1.5', 'B')"


class Recorder:
    """Stands in for the room: answers with `status`, or not at all for 0; keeps what it gets."""

    def __init__(self, status):
        self.got, self.status, self.released = [], status, threading.Event()
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                recorder.got.append((self.path, self.headers["Authorization"], body))
                if recorder.status:
                    self.send_response(recorder.status)
                    self.end_headers()
                else:
                    recorder.released.wait(60)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def learn(tmp_path):
    """Run lines as a learner's notebook does, on a hub whose room has this address."""

    def run(url, *lines):
        ours = {"COURSE_ROOM_URL": url, "JUPYTERHUB_API_TOKEN": "secret", "http_proxy": "http://x"}
        environment = {**os.environ, **(ours if url else {}), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", "\n".join([LEARN, *lines]), tmp_path / "progress.json"]
        done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8")
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


def test_nothing_is_sent_before_the_learner_could_say_no(learn):
    with Recorder(201) as recorder:
        assert learn(recorder.url, ONE, WAIT).count("no code, and no name") == 1
        assert recorder.got == []
        assert "no code" not in learn(recorder.url, OTHER, WAIT)
        assert [body["outcome"] for _, _, body in recorder.got] == [CORRECT]


def test_first_report_goes_out_with_the_second(learn):
    with Recorder(201) as recorder:
        learn(recorder.url, ONE, OTHER, WAIT)
        paths, tokens, bodies = zip(*recorder.got, strict=True)
        assert (set(paths), set(tokens)) == ({"/report"}, {"token secret"})
        assert [body["outcome"] for body in bodies] == ["not yet", CORRECT]
        assert {name for body in bodies for name in body} == {
            "exercise",
            "outcome",
            "sentence",
            "at",
        }
        assert bodies[0]["sentence"].startswith("Scores may have any size")


def test_no_is_respected_for_good(learn):
    with Recorder(201) as recorder:
        learn(recorder.url, ONE, "room.leave()", OTHER, ONE, WAIT)
        said = learn(recorder.url, ONE, OTHER, "room.help_me('1.5')", "room.vote('A')", WAIT)
        assert [path for path, _, _ in recorder.got] == ["/nothing"]
        assert "no code" not in said


def test_what_waits_is_dropped_when_the_learner_says_no(learn):
    with Recorder(500) as recorder:
        learn(recorder.url, ONE, OTHER, WAIT, "room.leave()", "time.sleep(2)")
        assert [path for path, _, _ in recorder.got[-1:]] == ["/nothing"]


def test_no_code_of_a_learner_is_sent(learn):
    mistake = "check('1.2', lambda logits: my_secret)"
    with Recorder(201) as recorder:
        said = learn(recorder.url, ONE, mistake, WAIT)
        assert "my_secret" in said
        assert "my_secret" not in str(recorder.got)
        assert recorder.got[1][2]["outcome"] == "could not run"


def test_elsewhere_nothing_is_sent_or_started(learn):
    lines = (ONE, OTHER, "room.leave()", "print(threading.active_count())")
    with Recorder(201) as recorder:
        assert learn("", *lines).endswith("\n1\n")
        assert learn(recorder.url, "room.IN_BROWSER = True", *lines).endswith("\n1\n")
        assert recorder.got == []


@pytest.mark.parametrize("status", [None, 0, 500], ids=["dead", "hangs", "500"])
def test_check_does_not_wait_for_the_room(learn, status):
    measure = """
seconds = []
for _ in range(300):
    start = time.perf_counter()
    room.report("1.5", "not yet", "Scores")
    seconds.append(time.perf_counter() - start)
print(sorted(seconds)[150] * 1000, room._waiting().qsize())
"""
    with Recorder(status or 0) as recorder:
        if status is None:
            recorder.server.server_close()
        milliseconds, waiting = learn(recorder.url, ONE, OTHER, measure).split()[-2:]
        assert float(milliseconds) < 5
        assert int(waiting) <= room.MOST_WAITING


def test_report_is_sent_until_it_is_accepted(learn):
    with Recorder(507) as recorder:
        threading.Timer(1.2, lambda: setattr(recorder, "status", 201)).start()
        learn(recorder.url, ONE, OTHER, "time.sleep(3.5)")
        bodies = [body["outcome"] for _, _, body in recorder.got]
        assert bodies.count("not yet") >= 2
        assert bodies.count(CORRECT) == 1


def test_texts_of_the_course_are_known():
    for exercise, make in exercises_of(2).items():
        for sentence in make().mistakes:
            assert room.of_the_course(exercise, sentence) == sentence
            assert room.of_the_course(exercise, sentence + " Anna is slow.") == ""


# --- A hub -----------------------------------------------------------------------------------

WAVES = {"plain": (1, 10, 30), "restart": (10, 10), "kill": (10, 10), "disk": (10, 10)}
CLASSES = {
    f"class-{wave}-{size}-{number}": [f"{wave}{number}-{each}" for each in range(size)]
    for wave, sizes in WAVES.items()
    for number, size in enumerate(sizes)
}
NAMES = {"class-x": ["ann", "bob", "<img src=x onerror=alert()>"], "class-y": ["cyd"]}
TEACHERS = {"instructors": ["teacher"], "nobody": ["dan"]}


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    taught = {
        name: [*them, "teacher"] for name, them in (CLASSES | NAMES).items() if name != "class-y"
    }
    groups = {**taught, "class-y": NAMES["class-y"], **TEACHERS}
    with running_hub(tmp_path_factory.mktemp("hub"), groups) as hub:
        yield hub


@pytest.fixture(scope="module")
def teacher(hub):
    """The token of an instructor who may do all that an instructor may."""
    return hub.token("teacher", ("inherit",))


@pytest.fixture(scope="module")
def answers():
    """Answers of two notebooks with what is known of them: (exercise, sentence or "" if right)."""
    found = []
    for exercise, make in [*exercises_of(1).items(), *exercises_of(2).items()]:
        made = make()
        assert judge(made, made.solution).outcome == CORRECT
        found.append((exercise, CORRECT, made.takeaway, ""))
        for sentence, (wrong, *_) in made.mistakes.items():
            verdict = judge(made, wrong)
            found.append((exercise, verdict.outcome, verdict.sentence, sentence))
    return found


def limit_files(process, most):
    """Let a process write no file beyond `most` bytes: for it the disk is full."""
    process.rlimit(psutil.RLIMIT_FSIZE, (most, psutil.RLIM_INFINITY))


@pytest.mark.parametrize("wave", WAVES)
def test_counts_are_exactly_what_was_sent(hub, teacher, answers, wave):
    """In any order, some twice, while the service is ended or can't write."""
    classes = {name: them for name, them in CLASSES.items() if f"-{wave}-" in name}
    messages, results, told = [], defaultdict(Counter), defaultdict(Counter)
    chance = random.Random(wave)
    for class_, learners in classes.items():
        for learner in learners:
            token, given = hub.token(learner), chance.sample(answers, 8)
            messages += [(token, each[:3]) for each in given + given[:4]]
            solved = {exercise for exercise, _, _, sentence in given if not sentence}
            for exercise in {each[0] for each in given}:
                results[class_][exercise, "solved" if exercise in solved else "begun"] += 1
            for text in {f"{exercise} {it}" for exercise, _, _, it in given if it}:
                told[class_][text, "said"] += 1
    chance.shuffle(messages)
    accepted, statuses = [], Counter()

    def deliver(message):
        token, (exercise, outcome, sentence) = message
        while (
            status := hub.send(
                "report", token, exercise=exercise, outcome=outcome, sentence=sentence
            )[0]
        ) != 201:
            statuses[status] += 1
            time.sleep(0.3)
        accepted.append(message)

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(deliver, message) for message in messages]
        hub.wait(lambda: len(accepted) > len(messages) / 3)
        if wave == "restart":
            hub.kill_service(signal.SIGTERM)
        elif wave == "kill":
            hub.kill_service(signal.SIGKILL)
        elif wave == "disk":
            limit_files(hub.service, 1)
            hub.wait(lambda: statuses[507])
            assert "cannot write" in hub.state(teacher, class_)["problem"]
            limit_files(hub.service, psutil.RLIM_INFINITY)
    assert [each.exception() for each in done if each.exception()] == []
    assert bool(statuses) == (wave != "plain")
    for name in classes:
        state = hub.state(teacher, name)
        assert state["learners"] == len(classes[name])
        assert flat(state["results"]) == results[name]
        assert flat(state["told"]) == told[name]
    assert state["problem"] == ""


def flat(counts):
    return {(item, value): n for item, values in counts.items() for value, n in values.items()}
