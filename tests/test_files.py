"""One atomic write: all or nothing, readable for others, for two processes at once."""

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import ROOT
from helpers.files import write_atomically


@pytest.fixture
def path(tmp_path) -> Path:
    path = tmp_path / "file.json"
    path.write_bytes(b"old")
    return path


def test_new_and_existing_file(path):
    write_atomically(path, b"new")
    write_atomically(path.with_name("second"), b"second")
    assert {each.name: each.read_bytes() for each in path.parent.iterdir()} == {
        "file.json": b"new",
        "second": b"second",
    }


def test_full_disk_leaves_the_old_file_and_nothing_else(path, monkeypatch):
    def write_half(part, content):
        with part.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(OSError, match="No space left on device"):
        write_atomically(path, b"a long new content")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_failed_replacement_leaves_nothing_else(tmp_path):
    folder = tmp_path / "file.json"
    folder.mkdir()
    with pytest.raises(OSError):
        write_atomically(folder, b"new")
    assert list(tmp_path.iterdir()) == [folder]


def test_part_that_cannot_be_removed_hides_no_error(path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "replace", full)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OSError, match="No space left on device"):
        write_atomically(path, b"new")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes.")
def test_others_can_read_it(path):
    before = os.umask(0o022)
    try:
        write_atomically(path.with_name("new"), b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.with_name("new").stat().st_mode) == 0o644


@pytest.mark.slow
def test_two_processes_at_once(path):
    program = """if True:
        import sys
        from pathlib import Path
        from helpers.files import write_atomically
        path, content = Path(sys.argv[1]), sys.argv[2].encode() * 50_000
        for _ in range(200):
            write_atomically(path, content)
            if len(set(path.read_bytes())) != 1:
                sys.exit("A reader saw a part of a file, or a mixture.")
    """
    writers = [
        subprocess.Popen([sys.executable, "-c", program, path, letter], cwd=ROOT) for letter in "ab"
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert list(path.parent.iterdir()) == [path]
