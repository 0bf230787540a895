"""Fetch single files of published npm packages, pinned by checksum, and keep them.

They come from npm where it is installed, else from a public mirror on the web. A file is used only
if its SHA-256 is the pinned one.

    python -m helpers.web.npm_files helpers/web/tensorflowjs.json

fetches the files of a list of pins ahead of time, for a course that learners can only read.
"""

import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from helpers import ROOT
from helpers.files import write_atomically

CACHE = ROOT / "data" / "npm"

_MIRRORS = (
    "https://cdn.jsdelivr.net/npm/",
    "https://unpkg.com/",
    "https://fastly.jsdelivr.net/npm/",
)
_NPM_SECONDS = 180  # for a package of 30 MB on a slow line
_MIRROR_SECONDS = 5  # without a byte before a mirror is given up


class FetchError(Exception):
    """A pinned file is unavailable. The message says which one, and what to do."""


@dataclass(frozen=True)
class Pin:
    """One file of one version of a package, and its SHA-256."""

    package: str
    version: str
    path: str
    sha256: str


def read_pins(path: Path) -> dict[str, Pin]:
    """The pins in a JSON file, by the name under which each file is kept."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    return {name: Pin(**entry) for name, entry in entries.items()}


def fetch(pins: dict[str, Pin]) -> dict[str, bytes]:
    """The content of each pinned file, from `data/npm/` or fetched into it.

    Raises FetchError if a file is neither there nor available from npm or the web.
    """
    kept = {name: _kept(name, pin) for name, pin in pins.items()}
    contents = {name: content for name, content in kept.items() if content is not None}
    missing = {name: pin for name, pin in pins.items() if name not in contents}
    fetched = _from_npm(missing) if missing else {}
    for name, pin in missing.items():
        content = fetched.get(name) or _from_web(pin)
        if content is None:
            raise FetchError(
                f"{name} of {pin.package} {pin.version} cannot be had, neither from npm nor from "
                "the web: connect to the internet and try again, everything else works without it."
            )
        _keep(name, content)
        contents[name] = content
    return contents


def _is_right(content: bytes, pin: Pin) -> bool:
    return hashlib.sha256(content).hexdigest() == pin.sha256


def _kept(name: str, pin: Pin) -> bytes | None:
    try:
        content = (CACHE / name).read_bytes()
    except OSError:
        return None
    return content if _is_right(content, pin) else None


def _keep(name: str, content: bytes) -> None:
    """Store a checked file; where that fails, it is fetched again the next time."""
    with contextlib.suppress(OSError):
        CACHE.mkdir(parents=True, exist_ok=True)
        write_atomically(CACHE / name, content)


def _from_npm(pins: dict[str, Pin]) -> dict[str, bytes]:
    """The files that npm has, unpacked from the tarballs of their packages."""
    npm = shutil.which("npm")
    packages = sorted({f"{pin.package}@{pin.version}" for pin in pins.values()})
    if npm is None:
        return {}
    found: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", "--json", "--fetch-retries=1", "--fetch-retry-mintimeout=500"]
        try:
            subprocess.run(
                [*command, *packages], cwd=folder, capture_output=True, timeout=_NPM_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired):
            return {}
        for tarball in Path(folder).glob("*.tgz"):
            found |= _unpacked(tarball, pins)
    return found


def _unpacked(tarball: Path, pins: dict[str, Pin]) -> dict[str, bytes]:
    """The pinned files in one tarball. Two packages may share a path; checksums tell them apart."""
    found = {}
    with tarfile.open(tarball) as archive:
        members = set(archive.getnames())
        for name, pin in pins.items():
            member = f"package/{pin.path}"
            file = archive.extractfile(member) if member in members else None
            if file and _is_right(content := file.read(), pin):
                found[name] = content
    return found


def _from_web(pin: Pin) -> bytes | None:
    """The file from the first mirror with the right checksum."""
    import requests

    for mirror in _MIRRORS:
        url = f"{mirror}{pin.package}@{pin.version}/{pin.path}"
        try:
            answer = requests.get(url, timeout=_MIRROR_SECONDS)
        except requests.RequestException:
            continue
        if answer.ok and _is_right(answer.content, pin):
            return answer.content
    return None


def main(lists: list[str]) -> int:
    """Fetch and keep the files of these lists of pins; on failure print a sentence and return 1."""
    for name in lists:
        pins = read_pins(Path(name))
        try:
            fetch(pins)
        except FetchError as error:
            print(error)
            return 1
        if lost := [file for file, pin in pins.items() if _kept(file, pin) is None]:
            print(f"{CACHE} cannot keep {', '.join(lost)}: run this as the course's owner.")
            return 1
        print(f"{CACHE} has {', '.join(pins)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
