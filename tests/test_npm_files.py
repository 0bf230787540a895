"""Pinned files of npm packages: kept, from npm, from the web, or one sentence."""

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from dataclasses import asdict
from types import SimpleNamespace

import pytest
import requests

from helpers.web import npm_files
from helpers.web.npm_files import FetchError, Pin, fetch
from helpers.web.template import SOURCE

GOOD = b"the published file"


def pin(content, package="@some/package"):
    return Pin(package, "1.2.3", "dist/it.js", hashlib.sha256(content).hexdigest())


PINS = {"it.js": pin(GOOD)}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(npm_files, "CACHE", tmp_path / "data" / "npm")
    return tmp_path / "data" / "npm"


@pytest.fixture
def npm(monkeypatch):
    """A stand-in for npm: set `sent` to what dist/it.js of each package holds. Empty: it fails."""

    npm = SimpleNamespace(sent=[], commands=[])

    def run(command, cwd, **_):
        npm.commands.append(command)
        for number, content in enumerate(npm.sent):
            with tarfile.open(f"{cwd}/{number}.tgz", "w:gz") as archive:
                member = tarfile.TarInfo("package/dist/it.js")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return subprocess.CompletedProcess(command, 0 if npm.sent else 1)

    monkeypatch.setattr(npm_files.shutil, "which", lambda name: "/npm")
    monkeypatch.setattr(npm_files.subprocess, "run", run)
    return npm


@pytest.fixture
def web(monkeypatch):
    """A stand-in for the web: what each mirror answers, in order. None: it can't be reached."""
    answers = []

    def get(url, timeout):
        assert url.endswith("/@some/package@1.2.3/dist/it.js")
        content = answers.pop(0) if answers else None
        if content is None:
            raise requests.ConnectionError
        answer = requests.Response()
        answer.status_code, answer._content = 200, content
        return answer

    monkeypatch.setattr(requests, "get", get)
    return answers


def test_file_is_fetched_again_only_if_damaged(npm, web, cache):
    npm.sent = [GOOD]
    assert fetch(PINS) == fetch(PINS) == {"it.js": GOOD}
    [command] = npm.commands
    assert command[:2] == ["/npm", "pack"]
    assert command[-1] == "@some/package@1.2.3"
    (cache / "it.js").write_bytes(b"damaged")
    assert fetch(PINS) == {"it.js": GOOD}
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == {"it.js": GOOD}


def test_two_packages_with_the_same_path(npm, web):
    npm.sent = [b"file of one", b"file of two"]
    pins = {"one.js": pin(npm.sent[0], "one"), "two.js": pin(npm.sent[1], "two")}
    assert fetch(pins) == {"one.js": b"file of one", "two.js": b"file of two"}
    assert npm.commands[0][-2:] == ["one@1.2.3", "two@1.2.3"]


@pytest.mark.parametrize("sent", [[], [b"another file"]])
def test_web_is_used_if_npm_fails(npm, web, sent):
    npm.sent = sent
    web += [None, b"a log-in page", GOOD]
    assert fetch(PINS) == {"it.js": GOOD}


def test_web_is_used_without_npm(monkeypatch, web):
    monkeypatch.setattr(npm_files.shutil, "which", lambda name: None)
    web += [GOOD]
    assert fetch(PINS) == {"it.js": GOOD}


def test_web_is_used_if_npm_hangs(npm, web, monkeypatch):
    def hang(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(npm_files.subprocess, "run", hang)
    web += [GOOD]
    assert fetch(PINS) == {"it.js": GOOD}


def test_wrong_file_is_neither_used_nor_kept(npm, web, cache):
    npm.sent = [b"another file"]
    web += [b"a third file"]
    with pytest.raises(FetchError, match=r"it\.js of @some/package 1\.2\.3 cannot be had") as error:
        fetch(PINS)
    assert str(error.value).count("\n") == 0
    assert not cache.exists()


def test_command_fetches_a_list(npm, web, cache, tmp_path, capsys):
    pins = tmp_path / "pins.json"
    pins.write_text(json.dumps({"it.js": asdict(PINS["it.js"])}), encoding="utf-8")
    assert npm_files.main([str(pins)]) == 1
    assert "connect to the internet" in capsys.readouterr().out
    npm.sent = [GOOD]
    assert npm_files.main([str(pins)]) == 0
    assert (cache / "it.js").read_bytes() == GOOD
    assert str(cache) in capsys.readouterr().out
    shutil.rmtree(cache)
    cache.write_bytes(b"a file where the folder should be")
    assert npm_files.main([str(pins)]) == 1
    assert "cannot keep it.js" in capsys.readouterr().out
    assert fetch(PINS) == {"it.js": GOOD}


def test_pins_of_the_course():
    pins = npm_files.read_pins(SOURCE / "tensorflowjs.json")
    assert {pin.version for pin in pins.values()} == {"4.22.0"}
