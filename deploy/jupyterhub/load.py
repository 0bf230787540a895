"""Load a hub of its own, on loopback, with simulated learners, and measure what they feel.

    sudo .venv/bin/python deploy/jupyterhub/load.py class --learners 10 --pace 10 --seconds 180
    sudo .venv/bin/python deploy/jupyterhub/load.py through
    sudo .venv/bin/python deploy/jupyterhub/load.py course
    sudo .venv/bin/python deploy/jupyterhub/load.py neighbour
    sudo .venv/bin/python deploy/jupyterhub/load.py neighbour --without-limits
    sudo .venv/bin/python deploy/jupyterhub/load.py promises

`class`      learners work at a pace, half from notebook 01 on and half from 06 on, for a time
`through`    one learner runs all cells of both without thinking: what a seat needs
`course`     one learner runs every notebook and example project, each in a new kernel
`neighbour`  four learners work while a fifth loops in sixteen processes, then eats memory; with and
             without the limits, on what is a server of 5 GB for them and the hub
`promises`   what one learner can and cannot do to the course, to others and to their own work

Each learner is a system user `load-NN` with a password, made for the run and removed after it.
They log in with the form, start a server, open a kernel and run the code cells over its websocket,
as the browser does. Pages and scripts of JupyterLab are not fetched.
"""

import argparse
import asyncio
import contextlib
import grp
import json
import os
import pwd
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
COURSE = HERE.parent.parent
sys.path.insert(0, str(HERE))  # for `limits`, where it is needed
MOST_LEARNERS, MOST_SECONDS = 40, 900
SMALL_SERVER_BYTES = 5 * 10**9  # for `neighbour`: no eater can take more, and so not the machine

# A notebook takes 25 to 45 minutes and has about 25 code cells: 35 minutes, a cell every 84 s.
SECONDS_A_CELL = 84

PROBE = """
import numpy as np
scores = np.random.default_rng(0).normal(size=(2000, 10))
for _ in range(50):
    exps = np.exp(scores - scores.max(axis=1, keepdims=True))
    (exps / exps.sum(axis=1, keepdims=True)).sum()
"""

# What notebook 06 does to a kernel: 500 MB, and cells that compute for a while.
HOLD = "held = bytearray(b'x' * 500_000_000)"
LONG_PROBE = PROBE.replace("range(50)", "range(3000)")

# Each in a session of its own: Linux gives each session the same share of the processors.
LOOPS = """
import subprocess, sys, time
command = [sys.executable, "-c", "while True: pass"]
loops = [subprocess.Popen(command, start_new_session=True) for _ in range(16)]
time.sleep({seconds})
for loop in loops:
    loop.kill()
"""

ONE_EATER = """
eaten = []
while True:
    eaten.append(bytearray(b"x" * 20_000_000))
"""

# The hub's configuration with JupyterHub's own spawner, which limits nothing.
WITHOUT_LIMITS = """
from pathlib import Path
__file__ = {configuration!r}
exec(compile(Path(__file__).read_text(encoding="utf-8"), __file__, "exec"))
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.environment["COURSE_DATA_LIMIT"] = "-1"
"""

# Each is smaller than the kernel that holds 500 MB, so it is not the first that Linux would end.
MANY_EATERS = """
eaten = None
import subprocess, sys, time
eat = "import time; eaten = bytearray(b'x' * 250_000_000); time.sleep(60)"
eaters = [subprocess.Popen([sys.executable, "-c", eat]) for _ in range(24)]
time.sleep({seconds})
print(sum(eater.poll() is None for eater in eaters), "of 24 eaters alive")
for eater in eaters:
    eater.kill()
"""


# --- Numbers -----------------------------------------------------------------------------------


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed; nan of none."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    rank = -int(-share * len(ordered) // 1)  # rounded up
    return ordered[max(rank, 1) - 1]


def seat_memory(samples: Sequence[dict[str, int]]) -> dict[str, int]:
    """The largest memory in bytes that was ever seen of each learner."""
    return {
        name: max(sample.get(name, 0) for sample in samples)
        for name in sorted({name for sample in samples for name in sample})
    }


def cell_sources(notebook: dict) -> list[str]:
    """The code cells of a notebook in order, as a learner runs them."""
    cells = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    return ["".join(cell["source"]) for cell in cells]


# --- What the kernel of the machine knows --------------------------------------------------------


def memory_by_owner(owners: dict[int, str]) -> dict[str, int]:
    """Memory in bytes of the processes of each owner: PSS, in which what is shared is divided."""
    memory = dict.fromkeys(owners.values(), 0)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name = owners.get(process.stat().st_uid)
            if name:
                rollup = (process / "smaps_rollup").read_text(encoding="ascii")
                memory[name] += 1024 * int(rollup.split("\nPss:")[1].split()[0])
        except (OSError, IndexError):  # it ended meanwhile
            continue
    return memory


def cpu_by_owner(owners: dict[int, str]) -> dict[str, float]:
    """CPU seconds of the living processes of each owner, and of their children that have ended."""
    tick = os.sysconf("SC_CLK_TCK")
    seconds = dict.fromkeys(owners.values(), 0.0)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            name = owners.get(process.stat().st_uid)
            if name:
                fields = (process / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
                seconds[name] += sum(map(int, fields[11:15])) / tick
        except OSError:
            continue
    return seconds


# --- The hub and its users -----------------------------------------------------------------------


@dataclass
class Room:
    """A running hub, its learners' names and passwords, and where its files are."""

    url: str
    folder: Path
    passwords: dict[str, str] = field(default_factory=dict)
    hub: subprocess.Popen | None = None

    @property
    def owners(self) -> dict[int, str]:
        """The learners' names by their user number."""
        return {pwd.getpwnam(name).pw_uid: name for name in self.passwords}

    def hub_memory(self) -> int:
        """Memory in bytes of the hub, the proxy and the culler, which are one process group."""
        memory = 0
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError):
                if os.getpgid(int(process.name)) == self.hub.pid:
                    rollup = (process / "smaps_rollup").read_text(encoding="ascii")
                    memory += 1024 * int(rollup.split("\nPss:")[1].split()[0])
        return memory


def open_room(learners: int, port: int) -> Room:
    """Make the users, start the hub. Whatever goes wrong, `close_room` undoes it."""
    names = [f"load-{number:02}" for number in range(1, learners + 1)]
    taken = {user.pw_name for user in pwd.getpwall()} & set(names)
    if taken:
        raise SystemExit(
            f"The user {min(taken)} exists, perhaps from a run that was killed: "
            f"look, then `userdel -r {min(taken)}`."
        )
    folder = Path(tempfile.mkdtemp(prefix="hub-load-"))
    folder.chmod(0o755)
    return Room(f"http://127.0.0.1:{port}", folder, {n: secrets.token_urlsafe(9) for n in names})


def start_hub(room: Room, port: int, without_limits: bool = False, most_bytes: int = 0) -> None:
    """Make the room's users in the group `learners`, and start a hub for them.

    The hub and all that it starts get at most so many bytes of memory; 0 is all there is.
    """
    try:
        grp.getgrnam("learners")
    except KeyError:
        subprocess.run(["groupadd", "learners"], check=True)
        (room.folder / "made-the-group").touch()
    for name in room.passwords:
        home = str(room.folder / name)
        subprocess.run(
            ["useradd", "-m", "-d", home, "-K", "HOME_MODE=0700", "-G", "learners", name],
            check=True,
        )
    lines = "".join(f"{name}:{password}\n" for name, password in room.passwords.items())
    subprocess.run(["chpasswd"], input=lines, text=True, check=True)
    environment = os.environ | {"HUB_PORT": str(port), "HUB_STATE": str(room.folder / "state")}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    configuration = HERE / "jupyterhub_config.py"
    if without_limits:
        text = WITHOUT_LIMITS.format(configuration=str(configuration))
        configuration = room.folder / "without_limits.py"
        configuration.write_text(text, encoding="utf-8")
    log = (room.folder / "hub.log").open("wb")
    room.hub = subprocess.Popen(
        [sys.executable, "-m", "jupyterhub", "-f", str(configuration)],
        cwd=room.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=(lambda: _join_small_server(most_bytes)) if most_bytes else None,
    )


def _small_server() -> Path:
    """The folder of the group of processes that stands for a server with less memory."""
    import limits

    return limits._all_learners("memory").with_name("small-server")


def _join_small_server(most_bytes: int) -> None:
    """Put this process into the group: whoever it starts is in there, or in a group below."""
    group = _small_server()
    group.mkdir(exist_ok=True)
    (group / "memory.limit_in_bytes").write_text(str(most_bytes), encoding="ascii")
    (group / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")


def close_room(room: Room) -> None:
    """Stop the hub and every process of the room's users; remove the users and their files."""
    if room.hub:
        room.hub.terminate()  # the hub stops its servers and its proxy
        with contextlib.suppress(subprocess.TimeoutExpired):
            room.hub.wait(30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(room.hub.pid, signal.SIGKILL)
        room.hub.wait()
    present = {user.pw_name for user in pwd.getpwall()}
    owners = {pwd.getpwnam(name).pw_uid for name in room.passwords if name in present}
    for _ in range(50):
        rest = [p for p in Path("/proc").glob("[0-9]*") if _owner(p) in owners]
        if not rest:
            break
        for process in rest:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process.name), signal.SIGKILL)
        time.sleep(0.1)
    import limits

    with contextlib.suppress(OSError):
        for group in sorted(_small_server().rglob("*"), reverse=True):
            if group.is_dir():
                group.rmdir()
        _small_server().rmdir()
    for name in room.passwords.keys() & present:
        limits.remove_group(name)
        subprocess.run(["userdel", "-r", name], check=False, capture_output=True)
    if (room.folder / "made-the-group").exists():
        subprocess.run(["groupdel", "learners"], check=False)
    shutil.rmtree(room.folder)


def _owner(process: Path) -> int | None:
    try:
        return process.stat().st_uid
    except OSError:
        return None


# --- One learner ---------------------------------------------------------------------------------


class Failure(Exception):
    """What a learner could not do, in words."""


class Learner:
    """A browser's conversation with the hub: one login, one server, kernels."""

    def __init__(self, room: Room, name: str):
        import aiohttp

        self.room, self.name = room, name
        self.http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True),  # unsafe: cookies of a bare IP address too
            timeout=aiohttp.ClientTimeout(total=150),
        )
        self.times: dict[str, float] = {}
        self.cells: list[tuple[str, int, float]] = []  # notebook, number of the cell, seconds
        self.failures: list[str] = []
        self.sessions: list[str] = []  # of open notebooks
        self.errors = 0  # cells that ended in an error, as unsolved exercises never do

    def _xsrf(self, path: str) -> str:
        from yarl import URL

        return self.http.cookie_jar.filter_cookies(URL(self.room.url + path))["_xsrf"].value

    async def log_in(self) -> None:
        """Send the login form."""
        start = time.perf_counter()
        async with self.http.get(f"{self.room.url}/hub/login") as page:
            await page.read()
        form = {
            "username": self.name,
            "password": self.room.passwords[self.name],
            "_xsrf": self._xsrf("/hub/"),
        }
        address = f"{self.room.url}/hub/login?next=%2Fhub%2Fhome"
        async with self.http.post(address, data=form) as page:
            if page.status != 200 or not page.url.path.endswith("/home"):
                raise Failure(f"login: {page.status} at {page.url.path}")
        self.times["login"] = time.perf_counter() - start

    async def start_server(self) -> None:
        """Ask for the server, wait until it answers, and let the hub vouch for this browser."""
        start = time.perf_counter()
        address = f"{self.room.url}/hub/spawn/{self.name}"
        async with self.http.get(address, allow_redirects=False) as page:
            if page.status >= 400:
                raise Failure(f"spawn: {page.status}")
        while True:
            async with self.http.get(f"{self.room.url}/user/{self.name}/lab") as page:
                if page.status == 200 and page.url.path.startswith(f"/user/{self.name}/lab"):
                    break
                if time.perf_counter() - start > 150:
                    raise Failure(f"server: {page.status} at {page.url.path} after 150 s")
            await asyncio.sleep(0.5)
        self.times["server"] = time.perf_counter() - start

    async def open_kernel(self, notebook: str) -> "Kernel":
        """Open a notebook: a session, its kernel, and the websocket to it."""
        start = time.perf_counter()
        base = f"/user/{self.name}/"
        body = {
            "path": f"notebooks/{notebook}",
            "name": notebook,
            "type": "notebook",
            "kernel": {"name": "python3"},
        }
        headers = {"X-XSRFToken": self._xsrf(base)}
        address = f"{self.room.url}{base}api/sessions"
        async with self.http.post(address, json=body, headers=headers) as answer:
            if answer.status != 201:
                raise Failure(f"kernel: {answer.status} {(await answer.text())[:200]}")
            opened = await answer.json()
            kernel_id = opened["kernel"]["id"]
            self.sessions.append(opened["id"])
        session = uuid.uuid4().hex
        socket = await self.http.ws_connect(
            f"{self.room.url}{base}api/kernels/{kernel_id}/channels?session_id={session}",
            max_msg_size=0,
        )
        kernel = Kernel(socket, session)
        await kernel.ask("kernel_info_request", {}, seconds=120)
        self.times.setdefault("kernel", time.perf_counter() - start)
        return kernel

    async def read_notebook(self, notebook: str) -> list[str]:
        """Fetch the learner's own copy through the server, and return its code cells."""
        address = f"{self.room.url}/user/{self.name}/api/contents/notebooks/{notebook}"
        async with self.http.get(address) as answer:
            if answer.status != 200:
                raise Failure(f"contents: {answer.status}")
            return cell_sources((await answer.json())["content"])

    async def close_kernels(self) -> None:
        """Shut down the kernels of all open notebooks."""
        base = f"/user/{self.name}/"
        headers = {"X-XSRFToken": self._xsrf(base)}
        while self.sessions:
            address = f"{self.room.url}{base}api/sessions/{self.sessions.pop()}"
            async with self.http.delete(address, headers=headers) as answer:
                if answer.status != 204:
                    raise Failure(f"closing a notebook: {answer.status}")

    async def run_cell(self, kernel: "Kernel", label: str, number: int, source: str) -> None:
        """Run one cell and write down how long it took to come back."""
        start = time.perf_counter()
        status = await kernel.run(source, seconds=150)
        self.cells.append((label, number, time.perf_counter() - start))
        if status != "ok":
            self.errors += 1


class Kernel:
    """One websocket to one kernel."""

    def __init__(self, socket, session: str):
        self.socket, self.session = socket, session
        self.printed = ""
        self.error = ""

    async def run(self, source: str, seconds: float) -> str:
        """Execute code; return "ok" or "error" when the kernel is idle again."""
        content = {
            "code": source,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        return await self.ask("execute_request", content, seconds)

    async def ask(self, kind: str, content: dict, seconds: float) -> str:
        """Send one request, and wait for its reply and for the kernel to be idle."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self.session,
            "username": "",
            "version": "5.3",
            "date": datetime.now(UTC).isoformat(),
        }
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": content,
            "channel": "shell",
            "buffers": [],
        }
        await self.socket.send_str(json.dumps(message))
        self.printed = self.error = ""
        status, idle = None, False
        try:
            async with asyncio.timeout(seconds):
                while status is None or not idle:
                    frame = await self.socket.receive()
                    if not isinstance(frame.data, str):
                        raise Failure("the kernel's websocket was closed")
                    answer = json.loads(frame.data)
                    if answer["msg_type"] == "status" and (
                        answer["content"]["execution_state"] in ("restarting", "dead")
                    ):
                        raise Failure("the kernel died")
                    if answer["parent_header"].get("msg_id") != header["msg_id"]:
                        continue
                    if answer["channel"] == "shell":
                        status = answer["content"].get("status", "ok")
                        self.error = answer["content"].get("ename", "")
                    elif answer["msg_type"] == "stream":
                        self.printed += answer["content"]["text"]
                    elif answer["msg_type"] == "status":
                        idle = answer["content"]["execution_state"] == "idle"
        except TimeoutError:
            raise Failure(f"no answer for {seconds:.0f} s") from None
        return status


# --- The five programs ---------------------------------------------------------------------------


def notebooks() -> list[str]:
    """The file names of notebooks 01 and 06."""
    return [next((COURSE / "notebooks").glob(f"{n}-*.ipynb")).name for n in ("01", "06")]


async def arrive(learner: Learner) -> None:
    """Log in and start the server."""
    await learner.log_in()
    await learner.start_server()


async def study(learner: Learner, order: list[str], pace: float, until: float) -> None:
    """Run the notebooks' cells, thinking before each, until the time is over."""
    for notebook in order:
        sources = await learner.read_notebook(notebook)
        kernel = await learner.open_kernel(notebook)
        for number, source in enumerate(sources):
            if pace:
                await asyncio.sleep(random.uniform(0.5, 1.5) * SECONDS_A_CELL / pace)
            if time.perf_counter() > until:
                return
            await learner.run_cell(kernel, notebook[:2], number, source)


async def guarded(learner: Learner, work) -> None:
    """Await a learner's work, and write down what fails."""
    try:
        await work
    except Failure as failure:
        learner.failures.append(str(failure))
    except Exception as error:
        learner.failures.append(f"{type(error).__name__}: {error}")


async def watch(room: Room, samples: list, hub: list) -> None:
    """Measure memory every few seconds."""
    while True:
        samples.append(memory_by_owner(room.owners))
        hub.append(room.hub_memory())
        await asyncio.sleep(4)


async def wait_for_hub(room: Room) -> None:
    """Return when the hub answers."""
    import aiohttp

    async with aiohttp.ClientSession() as http:
        for _ in range(120):
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get(f"{room.url}/hub/health") as answer:
                    if answer.status == 200:
                        return
            if room.hub.poll() is not None:
                break
            await asyncio.sleep(0.5)
    raise SystemExit("The hub did not start:\n" + (room.folder / "hub.log").read_text()[-3000:])


async def class_of(room: Room, pace: float, seconds: float) -> dict:
    """Learners who work side by side; returns what was measured."""
    learners = [Learner(room, name) for name in room.passwords]
    samples, hub = [], []
    watcher = asyncio.create_task(watch(room, samples, hub))
    await asyncio.gather(*(guarded(learner, arrive(learner)) for learner in learners))
    until = time.perf_counter() + seconds
    there = [learner for learner in learners if not learner.failures]
    orders = (notebooks(), notebooks()[::-1])
    await asyncio.gather(
        *(guarded(one, study(one, orders[i % 2], pace, until)) for i, one in enumerate(there))
    )
    samples.append(memory_by_owner(room.owners))
    watcher.cancel()
    cpu = cpu_by_owner(room.owners)
    for learner in learners:
        await learner.http.close()
    return summary(learners, samples, hub, cpu)


def summary(learners: list, samples: list, hub: list, cpu: dict) -> dict:
    """The numbers of one run, rounded for reading."""
    seats = seat_memory(samples).values()
    cells = [cell for learner in learners for cell in learner.cells]
    light = [seconds for label, number, seconds in cells if label == "01"]
    heavy = [seconds for label, number, seconds in cells if label == "06"]

    def spread(values):
        found = [quantile(values, share) for share in (0.5, 0.95, 1)]
        return {"n": len(values), **dict(zip(("p50", "p95", "max"), found, strict=True))}

    def times(key):
        return spread([one.times[key] for one in learners if key in one.times])

    return {
        "learners": len(learners),
        "seats": sum("server" in one.times for one in learners),
        **{key: times(key) for key in ("login", "server", "kernel")},
        "cells 01": spread(light),
        "cells 06": spread(heavy),
        "cells with an error": sum(one.errors for one in learners),
        "seat MB": spread([seat / 1e6 for seat in seats]),
        "all seats MB": max(sum(sample.values()) for sample in samples) / 1e6,
        "hub MB": max(hub) / 1e6,
        "cpu s": spread(list(cpu.values())),
        "failures": [f"{one.name} {what}" for one in learners for what in one.failures],
    }


async def all_of_the_course(room: Room) -> dict:
    """One learner runs everything there is; seconds, memory and failing cells of each notebook."""
    learner = Learner(room, next(iter(room.passwords)))
    await arrive(learner)
    folder = COURSE / "notebooks"
    paths = sorted(folder.glob("[0-9][0-9]-*.ipynb")) + sorted(folder.glob("projects/*.ipynb"))
    result = {}
    for name in (path.relative_to(folder).as_posix() for path in paths):
        samples = []

        async def look(samples=samples):
            while True:
                samples.append(memory_by_owner(room.owners)[learner.name] / 1e6)
                await asyncio.sleep(0.5)

        looking = asyncio.create_task(look())
        start, failing, longest = time.perf_counter(), [], 0.0
        try:
            sources = await learner.read_notebook(name)
            kernel = await learner.open_kernel(name)
            for number, source in enumerate(sources, start=1):
                began = time.perf_counter()
                if await kernel.run(source, seconds=150) != "ok":
                    failing.append(f"code cell {number}: {kernel.error}")
                longest = max(longest, time.perf_counter() - began)
        except Failure as failure:
            failing.append(str(failure))
        taken = time.perf_counter() - start
        looking.cancel()
        result[name] = {
            "s": taken,
            "longest cell s": longest,
            "MB": max(samples),
            "failing": failing,
        }
        await learner.close_kernels()
    address = f"{room.url}/user/{learner.name}/files/build/softmax_playground.html"
    async with learner.http.get(address) as answer:
        page = await answer.text()
        result["the page of 09"] = f"{answer.status}, {len(page)} characters"
    await learner.http.close()
    return result


async def neighbour(room: Room, seconds: float) -> dict:
    """Four learners work while the fifth misbehaves.

    Three run a small cell twice a second. One holds 500 MB and runs a cell of about a second.
    """
    learners = [Learner(room, name) for name in room.passwords]
    notebook = notebooks()[0]
    await asyncio.gather(*(guarded(learner, arrive(learner)) for learner in learners))
    kernels = [await learner.open_kernel(notebook) for learner in learners]
    *good, bad = zip(learners, kernels, strict=True)
    phase = "warm"
    stopped = False

    async def work(learner, kernel):
        is_long = learner is learners[0]
        if is_long:
            await kernel.run(HOLD, 60)
        while not stopped:
            name = f"{phase}, long" if is_long else phase
            await learner.run_cell(kernel, name, 0, LONG_PROBE if is_long else PROBE)
            await asyncio.sleep(random.uniform(0.3, 0.7))

    async def quiet():
        await asyncio.sleep(seconds)
        return ""

    async def misbehave(source):
        kernel = bad[1]
        try:
            status = await kernel.run(source.replace("{seconds}", str(seconds)), seconds + 100)
        except Failure as failure:
            bad[0].kernel_died = True
            return str(failure)
        return f"{status} {kernel.error} {kernel.printed.strip()}".strip()

    tasks = [asyncio.create_task(guarded(one, work(one, kernel))) for one, kernel in good]
    await asyncio.sleep(5)
    told, memory = {}, {}
    for phase, act in (  # `work` reads the phase
        ("alone", quiet()),
        ("sixteen loops", misbehave(LOOPS)),
        ("between", quiet()),
        ("one process eats memory", misbehave(ONE_EATER)),
        ("many processes eat memory", misbehave(MANY_EATERS)),
        ("after", quiet()),
    ):
        peak = [0]

        async def look(peak=peak):
            while True:
                peak[0] = max(peak[0], memory_by_owner(room.owners)[bad[0].name])
                await asyncio.sleep(0.5)

        looking = asyncio.create_task(look())
        told[phase] = await act
        looking.cancel()
        memory[phase] = peak[0] / 1e6
    stopped = True
    await asyncio.gather(*tasks)
    cells = [cell for one, _ in good for cell in one.cells]
    result = {}
    for phase in told:
        for name in (phase, f"{phase}, long"):
            values = [seconds for label, _, seconds in cells if label == name]
            result[name] = {
                "n": len(values),
                "p50": quantile(values, 0.5),
                "p95": quantile(values, 0.95),
                "max": quantile(values, 1),
            }
        result[phase] |= {
            "the neighbour's MB": memory[phase],
            "the neighbour": told[phase],
        }
    for learner in learners:
        await learner.http.close()
    result["failures"] = [f"{one.name} {what}" for one in learners for what in one.failures]
    result["cells with an error"] = sum(one.errors for one in learners)
    return result


async def promises(room: Room) -> dict:
    """Try what learners must be able to do and what they must not; returns what came of it."""
    one, other = (Learner(room, name) for name in room.passwords)
    await asyncio.gather(arrive(one), arrive(other))
    kernel = await one.open_kernel(notebooks()[0])
    code = {
        "the helpers are the course's": (
            f"import helpers; assert helpers.__file__.startswith({str(COURSE)!r})"
        ),
        "pictures are found, or drawn": "from helpers.data import load; load()",
        "progress is the learner's own": (
            "from pathlib import Path; from helpers.exercises import check, diary; check('1.1', 0);"
            "assert diary.DIARY == Path.home() / 'course/progress.json' and diary.DIARY.exists()"
        ),
        "no group or user of the hub": "import os; assert os.getuid() and 0 not in os.getgroups()",
        "the example projects are there": "assert Path('projects/template.ipynb').is_file()",
        "work is saved": f"Path({notebooks()[0]!r}).write_text('mine')",
    }
    refused = {
        "the course is read-only": f"open({str(COURSE / 'helpers' / 'more.py')!r}, 'w')",
        "another's home is closed": f"import os; os.listdir({str(room.folder / other.name)!r})",
        "the hub's secret is closed": f"open({str(room.folder / 'state' / 'cookie_secret')!r})",
    }
    kept = {}
    for promise, source in code.items():
        kept[promise] = await kernel.run(source, 60) == "ok"
    for promise, source in refused.items():
        await kernel.run(source, 60)
        kept[promise] = kernel.error == "PermissionError"
    address = f"{room.url}/user/{one.name}/api/kernels"
    async with other.http.get(address) as answer:
        kept["another's server is closed"] = answer.status == 403
    await kernel.run(
        "import subprocess; subprocess.Popen(['sleep', '99'], start_new_session=True)", 9
    )
    headers = {"X-XSRFToken": one._xsrf("/hub/")}
    address = f"{room.url}/hub/api/users/{one.name}/server"
    async with one.http.delete(address, headers=headers) as answer:
        while answer.status == 202 and memory_by_owner(room.owners)[one.name]:
            await asyncio.sleep(0.5)
    kept["a stopped server leaves no process"] = memory_by_owner(room.owners)[one.name] == 0
    await one.start_server()
    work = room.folder / one.name / "course" / "notebooks" / notebooks()[0]
    kept["a second start keeps the work"] = work.read_text(encoding="utf-8") == "mine"
    for learner in (one, other):
        await learner.http.close()
    return {promise: "kept" if held else "BROKEN" for promise, held in kept.items()}


async def run(room: Room, arguments: argparse.Namespace) -> dict:
    """Run what was asked for, and stop when its time is over."""
    await wait_for_hub(room)
    async with asyncio.timeout(MOST_SECONDS):
        if arguments.program == "neighbour":
            return await neighbour(room, arguments.seconds)
        if arguments.program == "course":
            return await all_of_the_course(room)
        if arguments.program == "promises":
            return await promises(room)
        return await class_of(room, arguments.pace, arguments.seconds)


def rounded(value):
    """Numbers with three digits, in whatever they stand."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return float(f"{value:.3g}") if isinstance(value, float) else value


def main() -> None:
    """Read the command line, run, print one JSON object, and leave nothing behind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", choices=["class", "through", "course", "neighbour", "promises"])
    parser.add_argument("--learners", type=int, default=5)
    parser.add_argument("--pace", type=float, default=10, help="how many times a learner's speed")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--port", type=int, default=18000)
    parser.add_argument("--without-limits", action="store_true", help="for `neighbour`: a contrast")
    arguments = parser.parse_args()
    if os.geteuid():
        raise SystemExit("This makes system users and removes them again: run it as root.")
    if arguments.program == "through":
        arguments.learners, arguments.pace, arguments.seconds = 1, 0, 600
    if arguments.program == "course":
        arguments.learners = 1
    if arguments.program == "promises":
        arguments.learners = 2
    if not 1 <= arguments.learners <= MOST_LEARNERS:
        raise SystemExit(f"--learners is 1 to {MOST_LEARNERS}.")
    if not 1 <= arguments.seconds <= 600:
        raise SystemExit("--seconds is 1 to 600.")
    is_neighbour = arguments.program == "neighbour"
    if arguments.without_limits and not is_neighbour:
        raise SystemExit("--without-limits is for `neighbour` only, which has other ones.")
    import limits

    has_groups = not limits.missing_controllers()
    if arguments.without_limits and not has_groups:
        raise SystemExit("Without limits it would take this machine's memory: it stays undone.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    load_before = os.getloadavg()[0]
    room = open_room(arguments.learners, arguments.port)
    try:
        small = SMALL_SERVER_BYTES if is_neighbour and has_groups else 0
        start_hub(room, arguments.port, arguments.without_limits, small)
        start = time.perf_counter()
        result = asyncio.run(run(room, arguments))
        result["wall s"] = time.perf_counter() - start
        result["load average before"] = load_before
        log = (room.folder / "hub.log").read_text(encoding="utf-8", errors="replace")
        result["hub's warnings"] = [line for line in log.splitlines() if "[W " in line][:3]
    finally:
        close_room(room)
    print(json.dumps(rounded(vars(arguments) | result), indent=1))


if __name__ == "__main__":
    main()
