"""A real JupyterHub on loopback, with the room's page and made-up learners."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

import psutil

from helpers import ROOT

CONFIG = Path(__file__).with_name("jupyterhub_config.py")
REPORT = ("custom:room:report",)  # what the token of a learner's server may do here


class Hub:
    """A hub that is running; `groups` are those of the hub, with the names in them."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen, key: str) -> None:
        self.folder, self.process, self.key = folder, process, key
        self.url = f"http://127.0.0.1:{port}"
        self.room = f"{self.url}/services/room/"

    def ask(
        self, method: str, address: str, token: str = "", body: Any = None
    ) -> tuple[int, str, dict[str, str]]:
        """Status, text and headers of an answer; status 0 if there is none."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = Request(address, content, method=method)
        if token:
            request.add_header("Authorization", f"token {token}")
        try:
            with urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode(), dict(answer.headers)
        except HTTPError as error:
            with error:
                return error.code, error.read().decode(), dict(error.headers)
        except (URLError, ConnectionError, TimeoutError):
            return 0, "", {}

    def token(self, user: str, scopes: tuple[str, ...] = REPORT, **more: Any) -> str:
        """A token of a user, made by the hub."""
        body = {"scopes": scopes, **more}
        answer = self.ask("POST", f"{self.url}/hub/api/users/{quote(user)}/tokens", self.key, body)
        return json.loads(answer[1])["token"]

    def send(self, path: str, token: str, **about: Any) -> tuple[int, str]:
        """Send a message of a learner once; return the status and the text."""
        return self.ask("POST", self.room + path, token, {"at": time.time(), **about})[:2]

    def state(self, token: str, class_: str) -> dict[str, Any]:
        """What the page of a class is sent at first."""
        request = Request(f"{self.room}events?class={class_}")
        request.add_header("Authorization", f"token {token}")
        with urlopen(request, timeout=10) as stream:
            return json.loads(next(line for line in stream if line.startswith(b"data: "))[6:])

    @property
    def service(self) -> psutil.Process:
        """The process of the room."""
        [found] = [
            child
            for child in psutil.Process(self.process.pid).children()
            if "room.service" in child.cmdline()
        ]
        return found

    def kill_service(self, how: signal.Signals) -> None:
        """End the room's process, which the hub starts again, and wait until it is back."""
        old = self.service.pid
        os.kill(old, how)
        self.wait(lambda: self.service.pid != old)

    def wait(self, condition: Any, seconds: float = 30) -> None:
        """Wait until the condition holds and the room answers."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if condition() and self.ask("POST", f"{self.room}report")[0] == 403:
                    return
            except (ValueError, psutil.Error):
                pass  # there is no process at the moment
            lives = self.process.poll() is None and time.monotonic() < deadline
            assert lives, (self.folder / "log.txt").read_text("utf-8")
            time.sleep(0.1)


@contextmanager
def running_hub(folder: Path, groups: dict[str, list[str]]) -> Iterator[Hub]:
    """A hub with these groups, and users without servers."""
    port, key = _free_ports(3), secrets.token_hex(16)
    (folder / "room").mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "deploy" / "jupyterhub")]),
        "ROOM_STATE": str(folder / "room"),
        "TEST_GROUPS": json.dumps(groups),
        "TEST_PORT": str(port),
        "TEST_TOKEN": key,
    }
    command = [sys.executable, "-m", "jupyterhub", "-f", str(CONFIG)]
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    hub = Hub(folder, port, process, key)
    try:
        hub.wait(lambda: True)
        yield hub
    finally:
        process.terminate()
        process.wait(20)


def _free_ports(number: int) -> int:
    """The first of some ports on loopback, one after the other, that are all free."""
    for first in range(20000 + os.getpid() % 10000, 60000, number):
        try:
            for port in range(first, first + number):
                with socket.socket() as free:
                    free.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise OSError("No ports are free.")
