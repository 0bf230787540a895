"""The room's page: a real hub on loopback, learners who answer, and others who try to cheat."""

import importlib.util
import json
import os
import random
import signal
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
from tests.support.browsers import chromium, require_clients, wait_until
from tests.support.hub import running_hub
from tests.support.missing import is_missing
from tools.notebooks import find_notebooks, read_notebook

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
WAIT = "time.sleep(0.4)"
ONE, OTHER = "check('1.5', 'A')", "check('1.5', 'B')"


class Recorder:
    """Stands in for the room: answers with each status in turn, or not at all for 0."""

    def __init__(self, *statuses):
        self.got, self.statuses, self.released = [], list(statuses), threading.Event()
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"] or 0)
                body = json.loads(self.rfile.read(length) or "{}")
                recorder.got.append((self.path, self.headers["Authorization"], body))
                several = len(recorder.statuses) > 1
                if status := recorder.statuses.pop(0) if several else recorder.statuses[0]:
                    self.send_response(status)
                    if status == 302:
                        self.send_header("Location", "/elsewhere")
                    self.end_headers()
                else:
                    recorder.released.wait(60)

            do_GET = do_POST

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
    """Run lines as a learner's notebook does, which stays open `until` something has happened."""

    def run(url, *lines, until=lambda: True):
        ours = {"COURSE_ROOM_URL": url, "JUPYTERHUB_API_TOKEN": "secret", "http_proxy": "http://x"}
        environment = {**os.environ, **(ours if url else {}), "PYTHONPATH": str(ROOT)}
        program = "\n".join([LEARN, *lines, "sys.stdin.read()"])
        with subprocess.Popen(
            [sys.executable, "-c", program, tmp_path / "progress.json"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as process:
            wait_until(until, 60)
            said, errors = process.communicate()
        assert (process.returncode, errors) == (0, "")
        return said

    return run


def test_nothing_is_sent_before_the_learner_could_say_no(learn):
    with Recorder(201) as recorder:
        assert learn(recorder.url, ONE, WAIT).count("no code, and no name") == 1
        assert recorder.got == []
        assert "no code" not in learn(recorder.url, OTHER, until=lambda: recorder.got)
        assert [body["outcome"] for _, _, body in recorder.got] == [CORRECT]


def test_first_report_goes_out_with_the_second(learn):
    with Recorder(201) as recorder:
        learn(recorder.url, ONE, OTHER, until=lambda: len(recorder.got) == 2)
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
        learn(recorder.url, ONE, OTHER, WAIT, "room.leave()", "time.sleep(1.2)")
        assert [path for path, _, _ in recorder.got[-1:]] == ["/nothing"]


def test_no_code_of_a_learner_is_sent(learn):
    mistake = "check('1.2', lambda logits: my_secret)"
    with Recorder(201) as recorder:
        said = learn(recorder.url, ONE, mistake, until=lambda: len(recorder.got) == 2)
        assert "my_secret" in said
        assert "my_secret" not in str(recorder.got)
        assert recorder.got[1][2]["outcome"] == "could not run"


def test_elsewhere_nothing_is_sent_or_started(learn):
    lines = (ONE, OTHER, WAIT, "print(threading.active_count())")
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
print(sorted(seconds)[150] * 1000, room._waiting.qsize())
"""
    with Recorder(status or 0) as recorder:
        if status is None:
            recorder.server.server_close()
        milliseconds, waiting = learn(recorder.url, ONE, OTHER, measure).split()[-2:]
        assert float(milliseconds) < 5
        assert int(waiting) <= room.MOST_WAITING


def test_report_is_sent_until_it_is_accepted(learn):
    with Recorder(507, 302, 201) as recorder:
        learn(recorder.url, ONE, OTHER, until=lambda: len(recorder.got) == 4)
        assert {path for path, _, _ in recorder.got} == {"/report"}, "the token went elsewhere"
        outcomes = [body["outcome"] for _, _, body in recorder.got]
        assert outcomes == ["not yet", "not yet", "not yet", CORRECT]


def test_texts_of_the_course_are_known():
    for make in exercises_of(2).values():
        for sentence in make().mistakes:
            assert room.of_the_course(sentence) == sentence
            assert room.of_the_course(sentence + " Anna is slow.") == ""


# --- A hub -----------------------------------------------------------------------------------

WAVES = {"plain": (1, 10, 30), "restart": (5, 5), "kill": (5, 5), "disk": (5, 5)}
CLASSES = {
    f"class-{wave}-{size}-{number}": [f"{wave}{number}-{each}" for each in range(size)]
    for wave, sizes in WAVES.items()
    for number, size in enumerate(sizes)
}
LECTURE = {"class-lecture": [f"one-of-many-{each}" for each in range(300)]}
NAMES = {"class-x": ["ann", "bob", "<img src=x onerror=alert()>"], "class-y": ["cyd"]}
TEACHERS = {"instructors": ["teacher"], "nobody": ["dan"]}


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    taught = {
        name: [*them, "teacher"]
        for name, them in (CLASSES | LECTURE | NAMES).items()
        if name != "class-y"
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
    messages, results, mistakes = [], defaultdict(Counter), defaultdict(Counter)
    chance = random.Random(wave)
    for class_, learners in classes.items():
        for learner in learners:
            token, given = hub.token(learner), chance.sample(answers, 8)
            messages += [(token, each[:3]) for each in given + given[:4]]
            solved = {exercise for exercise, _, _, sentence in given if not sentence}
            for exercise in {each[0] for each in given}:
                results[class_][exercise, "solved" if exercise in solved else "begun"] += 1
            for text in {f"{exercise} {it}" for exercise, _, _, it in given if it}:
                mistakes[class_][text, "made"] += 1
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
        before = messages[: len(messages) // 3]
        done = [pool.submit(deliver, message) for message in before]
        hub.wait(lambda: len(accepted) == len(before))
        done += [pool.submit(deliver, message) for message in messages[len(before) :]]
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
        assert flat(state["mistakes"]) == mistakes[name]
    assert state["problem"] == ""


def flat(counts):
    return {(item, value): n for item, values in counts.items() for value, n in values.items()}


def test_whole_lecture_reports_at_once(hub, teacher):
    """300 learners, with tokens that the hub has not been asked about."""
    tokens, about = map(hub.token, LECTURE["class-lecture"]), SEEN | {"at": time.time()}
    with ThreadPoolExecutor(30) as pool:
        statuses = pool.map(lambda token: hub.send("report", token, **about)[0], [*tokens])
    assert set(statuses) == {201}
    assert hub.state(teacher, "class-lecture")["results"] == {"1.5": {"begun": 300}}


# --- Who may do what -------------------------------------------------------------------------

SEEN = {"exercise": "1.5", "outcome": "not yet", "sentence": "", "at": 0}


def test_only_instructors_of_the_class_look(hub, teacher):
    everything = ("inherit",)
    tokens = [
        "",
        "0" * 32,
        hub.token("ann"),
        hub.token("ann", everything),
        hub.token("dan", everything),
    ]
    for path in ("", "events", "counts.csv"):
        for token in tokens:
            status, text, _ = hub.ask("GET", f"{hub.room}{path}?class=class-x", token)
            # Without a token one is sent to log in, on the hub's own page.
            assert status == 403 or (token in ("", "0" * 32) and "Sign in" in text)
        assert hub.ask("GET", f"{hub.room}{path}?class=class-y", teacher)[0] == 403
        assert (
            path == "events" or hub.ask("GET", f"{hub.room}{path}?class=class-x", teacher)[0] == 200
        )


def test_only_a_valid_token_of_a_learner_reports(hub, teacher):
    old = hub.token("bob", expires_in=1)
    time.sleep(1.1)
    refused = {
        "none": "",
        "forged": hub.token("bob")[:-1] + "x",
        "expired": old,
        "for something else": hub.token("bob", ("read:users:name!user",)),
        "an instructor's": teacher,
        "of no class": hub.token("dan"),
        "a service's": hub.key,
    }
    before = hub.state(teacher, "class-x")
    for what, token in refused.items():
        assert hub.send("report", token, **SEEN)[0] == 403, what
    assert hub.state(teacher, "class-x") == before
    assert hub.send("report", hub.token("bob"), **SEEN)[0] == 201


def test_report_is_about_its_sender_alone(hub, teacher):
    claims = {"name": "bob", "user": "bob", "learner": "bob", "class": "class-y"}
    hub.send("hand", hub.token("cyd"), exercise="1.1", **claims)
    hub.send("hand", hub.token("ann"), exercise="1.1", **claims)
    assert hub.state(teacher, "class-x")["hands"] == ["1.1 ann"]
    hub.send("hand", hub.token("ann"), exercise=None)
    assert hub.state(teacher, "class-x")["hands"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"exercise": "<b>1.5</b>"},
        {"exercise": "11.1"},
        {"exercise": ["1.5"]},
        {"outcome": "<script>"},
        {"at": "<b>"},
        {"at": None},
        {"at": 10**400},
        b"no JSON",
        b"[" * 4000,
        {"more": "x" * 5000},
    ],
    ids=lambda change: str(change)[:30],
)
def test_what_is_malformed_is_refused(hub, change):
    body = change if isinstance(change, bytes) else SEEN | change
    status, text, _ = hub.ask("POST", f"{hub.room}report", hub.token("cyd"), body)
    assert status in (400, 503)  # the last is that of a proxy, when too much is cut off
    assert "<" not in text


def test_sentence_of_a_learner_is_not_shown(hub, teacher):
    for text in ("<img src=x onerror=alert()>", "Bob is slow.", 7):
        about = SEEN | {"sentence": text, "at": time.time()}
        assert hub.send("report", hub.token("ann"), **about)[0] == 201
    assert hub.state(teacher, "class-x")["mistakes"] == {}


def test_flood_is_stopped_for_its_sender_alone(hub):
    flooding, other = hub.token("plain0-0"), hub.token("plain1-0")
    statuses = Counter(hub.send("hand", flooding, exercise=None)[0] for _ in range(100))
    assert 40 <= statuses[429] <= 100
    assert hub.send("hand", other, exercise=None)[0] == 201


def test_nobody_is_named_but_who_asks_for_help(hub, teacher):
    names = [name for them in CLASSES.values() for name in them]
    kept = b"".join(path.read_bytes() for path in (hub.folder / "room").iterdir())
    assert [name for name in names if name.encode() in kept] == []
    shown = json.dumps([hub.state(teacher, name) for name in CLASSES])
    assert [name for name in names if name in shown] == []


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "deploy" / "jupyterhub")
    from room.store import Store

    store = Store(tmp_path)
    yield store
    store.database.close()


def test_what_is_deleted_is_gone_from_the_disk(store, tmp_path):
    store.put("class-a", "Xanthippe", 100, ("hand", "", "1.1 Xanthippe"))
    store.forget("class-a", "Xanthippe", "hand")
    store.delete_before(50)
    assert b"Xanthippe" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_old_facts_and_those_of_one_class_are_deleted(store):
    def put(class_, at):
        store.put(class_, "ann", at, ("result", f"1.{at}", "begun"))

    for at in (1, 2, 3):
        put("class-a", at)
        put("class-ab", at)
    store.delete_before(1)
    store.delete_before(2, "class-a")
    assert set(store.counts("class-a", "result")) == {"1.3"}
    assert set(store.counts("class-ab", "result")) == {"1.2", "1.3"}


def test_solved_stays_solved_in_any_order(store):
    for order in (("solved", "begun"), ("begun", "solved"), ("begun", "begun", "solved")):
        store.delete_before(time.time())
        for at, value in enumerate(order):
            store.put("class-a", "ann", at, ("result", "1.1", value))
        assert store.counts("class-a", "result") == {"1.1": {"solved": 1}}


# --- The page --------------------------------------------------------------------------------

FULL = "class-plain-30-2"  # thirty learners, who have answered when this runs alone, too
SIZES = [(1366, 768), (1920, 1080), (390, 844)]
WIDER = "document.documentElement.scrollWidth - innerWidth"


@pytest.fixture(scope="module")
def page(hub):
    """The page, for an instructor who has logged in."""
    with chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(8000)
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(hub.room)
        page.get_by_label("Username").fill("teacher")
        page.get_by_label("Password").fill("a password of tests")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{hub.room}**")
        yield page


def words(page, kind, value):
    return page.locator(f'[data-{kind}="{value}"] .words')


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_and_axe_finds_nothing(hub, page, scheme):
    try:
        [axe] = fetch(read_pins(ROOT / "tests" / "support" / "axe.json")).values()
    except FetchError as error:
        is_missing(str(error))
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for learner in CLASSES[FULL][:8]:
        hub.send("hand", hub.token(learner), exercise="2.2")
    page.goto(f"{hub.room}?class={FULL}&notebook=02")
    page.get_by_text("plain2-7").wait_for()
    defects = {}
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(axe.decode())  # by the debugger, which no policy forbids
        found = page.evaluate("async () => (await axe.run()).violations")
        defects[width] = page.evaluate(WIDER), [(it["id"], it["nodes"][0]["html"]) for it in found]
    assert defects == dict.fromkeys(defects, (0, []))
    assert page.said == []


def test_page_lists_the_exercises_and_votes_of_a_notebook(hub, page):
    for path in find_notebooks(["00", "05", "10"]):
        number = path.name[:2]
        page.goto(f"{hub.room}?notebook={number}")
        shown = page.evaluate(
            "[...document.querySelectorAll('[data-exercise]')].map(e => e.dataset.exercise)"
        )
        assert shown == list(exercises_of(int(number)))
        stated = [cell.metadata.get("course", {}) for cell in read_notebook(path).cells]
        votes = [course["vote"] for course in stated if "vote" in course]
        assert len(votes) == 2
        assert (
            page.evaluate("[...document.querySelectorAll('[data-vote]')].map(e => e.dataset.vote)")
            == votes
        )


def test_page_follows_within_two_seconds(hub, page):
    page.goto(f"{hub.room}?class=class-x&notebook=03")
    row = words(page, "exercise", "3.1")
    row.get_by_text("3 not begun, 0 trying, 0 right").wait_for()
    sentence = next(iter(exercises_of(3)["3.1"]().mistakes))
    about = {"exercise": "3.1", "outcome": "not yet", "sentence": sentence}
    hub.send("report", hub.token("ann"), **about)
    row.get_by_text("2 not begun, 1 trying, 0 right").wait_for(timeout=2000)
    page.get_by_text(f"1 in 3.1: {sentence}").wait_for(timeout=2000)
    width = "e => e.getBoundingClientRect().width / e.parentElement.clientWidth"
    assert page.locator('[data-exercise="3.1"] .begun').evaluate(width) == pytest.approx(
        1 / 3, abs=0.02
    )
    hub.send("report", hub.token("ann"), **about | {"outcome": CORRECT})
    row.get_by_text("2 not begun, 0 trying, 1 right").wait_for(timeout=2000)


def test_name_of_a_learner_is_text(hub, page):
    [name] = [name for name in NAMES["class-x"] if "<" in name]
    hub.send("hand", hub.token(name), exercise="1.1")
    page.goto(f"{hub.room}?class=class-x")
    page.locator("#hands li").filter(has_text=f"1.1 {name}").wait_for()
    assert page.locator("#hands *:not(li)").count() == 0


def test_class_votes_twice_by_keyboard(hub, page):
    def votes(**answers):
        for name, answer in answers.items():
            assert answer in hub.send("ballot", hub.token(name), answer=answer)[1]

    page.goto(f"{hub.room}?class=class-x&notebook=02")
    vote = page.locator('[data-vote="02.window"]')
    vote.locator("summary").press("Enter")
    row = vote.locator('[data-answer="C"] .words')
    assert hub.send("ballot", hub.token("ann"), answer="C") == (201, "No vote is open.")
    vote.get_by_role("button", name="Open").press("Enter")
    vote.get_by_text("Round 1 is open: 0 of 3").wait_for()
    votes(ann="A", bob="B")
    votes(ann="C")
    assert hub.send("ballot", hub.token("ann"), answer="E")[0] == 400
    vote.get_by_text("Round 1 is open: 2 of 3").wait_for()
    assert row.text_content() == "0 before, 0 after", "nobody is to be swayed"
    vote.get_by_role("button", name="Close").press("Enter")
    row.get_by_text("1 before, 0 after").wait_for()
    vote.get_by_role("button", name="Second round").press("Enter")
    vote.get_by_text("Round 2 is open: 0 of 3").wait_for()
    votes(ann="C", bob="C")
    vote.get_by_role("button", name="Close").press("Enter")
    row.get_by_text("1 before, 2 after").wait_for()
    assert page.locator('[data-vote="02.whole_batch"] .state').text_content() == "Closed."
    table = page.request.get(f"{hub.room}counts.csv?class=class-x").text()
    assert "ballots,02.window 1,B,1\r\n" in table
    assert "ballots,02.window 2,C,2\r\n" in table


def test_no_other_site_can_open_a_vote(hub, page):
    page.goto(f"{hub.room}?class=class-x&notebook=02")
    address = f"{hub.room}session?class=class-x&question=02.window&round=1"
    token = page.evaluate("document.body.dataset.token")
    assert page.request.post(address).status == 403
    assert page.request.post(address, headers={"X-XSRFToken": token}).status == 200
    nowhere = address.replace("02.window", "02.nothing")
    answer = page.request.post(nowhere, headers={"X-XSRFToken": token})
    assert (answer.status, answer.text()) == (400, "There is no such vote.")


def test_nothing_is_loaded_from_elsewhere(hub, page):
    policy = page.goto(hub.room).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page.said.clear()
    page.evaluate(
        "document.body.appendChild(document.createElement('script')).textContent = 'stop()'"
    )
    assert "Content Security Policy" in page.said.pop()


def test_end_of_the_session_deletes_all(hub, page, teacher):
    before = {**SEEN, "at": time.time()}
    assert hub.send("report", hub.token("ann"), **before)[0] == 201
    page.goto(f"{hub.room}?class=class-x&notebook=01")
    words(page, "exercise", "1.5").get_by_text("1 trying").wait_for()
    page.get_by_role("button", name="End the session").click()
    words(page, "exercise", "1.5").get_by_text("0 trying").wait_for()
    hub.send("report", hub.token("bob"), **before)
    state = hub.state(teacher, "class-x")
    assert [state[name] for name in ("results", "mistakes", "ballots", "hands")] == [{}, {}, {}, []]
    hub.send("report", hub.token("bob"), **SEEN | {"at": time.time()})
    assert hub.state(teacher, "class-x")["results"] == {"1.5": {"begun": 1}}
