"""Pinned files of npm packages: kept, from npm, from the web, or one sentence."""

import hashlib
import io
import json
import subprocess
import tarfile
from dataclasses import asdict

import pytest
import requests

from helpers.web import npm_files
from helpers.web.npm_files import FetchError, Pin, fetch
from helpers.web.template import SOURCE

GOOD = b"the published file"
PIN = Pin("@some/package", "1.2.3", "dist/it.js", hashlib.sha256(GOOD).hexdigest())
PINS = {"it.js": PIN}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(npm_files, "CACHE", tmp_path / "data" / "npm")
    return tmp_path / "data" / "npm"


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """A stand-in for npm: set `content` to what its package holds. None: it fails."""

    class Npm:
        content = None
        calls = 0

    def run(command, cwd, **_):
        Npm.calls += 1
        assert command[:2] == ["/npm", "pack"]
        assert command[-1] == "@some/package@1.2.3"
        if Npm.content is None:
            return subprocess.CompletedProcess(command, 1)
        with tarfile.open(f"{cwd}/some-package-1.2.3.tgz", "w:gz") as archive:
            member = tarfile.TarInfo("package/dist/it.js")
            member.size = len(Npm.content)
            archive.addfile(member, io.BytesIO(Npm.content))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(npm_files.shutil, "which", lambda name: "/npm")
    monkeypatch.setattr(npm_files.subprocess, "run", run)
    return Npm


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


def test_file_is_fetched_once(npm, web, cache):
    npm.content = GOOD
    assert fetch(PINS) == {"it.js": GOOD}
    assert fetch(PINS) == {"it.js": GOOD}
    assert npm.calls == 1
    assert [path.name for path in cache.iterdir()] == ["it.js"]


def test_command_fetches_a_list(npm, web, cache, tmp_path, capsys):
    pins = tmp_path / "pins.json"
    pins.write_text(json.dumps({"it.js": asdict(PIN)}), encoding="utf-8")
    assert npm_files.main([str(pins)]) == 1
    assert "connect to the internet" in capsys.readouterr().out
    npm.content = GOOD
    assert npm_files.main([str(pins)]) == 0
    assert (cache / "it.js").read_bytes() == GOOD
    assert str(cache) in capsys.readouterr().out


def test_command_reports_a_cache_that_cannot_be_written(npm, web, cache, tmp_path, capsys):
    pins = tmp_path / "pins.json"
    pins.write_text(json.dumps({"it.js": asdict(PIN)}), encoding="utf-8")
    cache.parent.mkdir()
    cache.write_bytes(b"a file where the folder should be")
    npm.content = GOOD
    assert npm_files.main([str(pins)]) == 1
    assert "cannot keep it.js" in capsys.readouterr().out


def test_damaged_file_is_fetched_again(npm, web, cache):
    cache.mkdir(parents=True)
    (cache / "it.js").write_bytes(b"damaged")
    npm.content = GOOD
    assert fetch(PINS) == {"it.js": GOOD}
    assert (cache / "it.js").read_bytes() == GOOD


@pytest.mark.parametrize("sent", [None, b"another file"])
def test_web_is_used_when_npm_fails(npm, web, sent):
    npm.content = sent
    web += [None, b"a log-in page", GOOD]
    assert fetch(PINS) == {"it.js": GOOD}


def test_web_is_used_without_npm(monkeypatch, web):
    monkeypatch.setattr(npm_files.shutil, "which", lambda name: None)
    web += [GOOD]
    assert fetch(PINS) == {"it.js": GOOD}


def test_wrong_file_is_neither_used_nor_kept(npm, web, cache):
    npm.content = b"another file"
    web += [b"a third file"]
    with pytest.raises(FetchError, match=r"it\.js of @some/package 1\.2\.3 cannot be had") as error:
        fetch(PINS)
    assert str(error.value).count("\n") == 0
    assert not cache.exists()


def test_npm_timeout(npm, web, monkeypatch):
    def hang(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(npm_files.subprocess, "run", hang)
    web += [GOOD]
    assert fetch(PINS) == {"it.js": GOOD}


def test_cache_that_cannot_be_written(npm, web, cache):
    cache.parent.mkdir()
    cache.write_bytes(b"a file where the folder should be")
    npm.content = GOOD
    assert fetch(PINS) == {"it.js": GOOD}


def test_files_of_two_packages(tmp_path, monkeypatch, web):
    contents = {"one": b"file of one", "two": b"file of two"}

    def run(command, cwd, **_):
        for package, content in contents.items():
            with tarfile.open(f"{cwd}/{package}-1.0.0.tgz", "w:gz") as archive:
                member = tarfile.TarInfo(f"package/{package}.js")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(npm_files.shutil, "which", lambda name: "/npm")
    monkeypatch.setattr(npm_files.subprocess, "run", run)
    pins = {
        package: Pin(package, "1.0.0", f"{package}.js", hashlib.sha256(content).hexdigest())
        for package, content in contents.items()
    }
    assert fetch(pins) == contents


def test_pins_of_the_course():
    pins = npm_files.read_pins(SOURCE / "tensorflowjs.json")
    assert set(pins) == {
        "tf.es2017.min.js",
        "tf-backend-wasm.es2017.min.js",
        "tfjs-backend-wasm-simd.wasm",
    }
    assert {pin.version for pin in pins.values()} == {"4.22.0"}
