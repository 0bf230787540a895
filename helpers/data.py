"""Where the pictures come from: Fashion-MNIST where it can be had, sketches where it cannot.

`load()` looks in `FASHION_MNIST_DIR`, in the course's `data/`, and in Keras' own cache; then it
downloads into `data/`; then it falls back to sketches and says so. Real and drawn pictures are
never mixed. What it reads from `data/` it keeps there unzipped, too: unzipping is most of the time
that loading takes. See `data/README.md` for what the data set is.
"""

import contextlib
import errno
import gzip
import hashlib
import io
import math
import os
import queue
import secrets
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from helpers import ROOT, sketches

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

# Smallest first: a folder that cannot be written to shows itself before 26 MB have been fetched.
_SHAPES = {
    "t10k-labels-idx1-ubyte.gz": (10_000,),
    "train-labels-idx1-ubyte.gz": (60_000,),
    "t10k-images-idx3-ubyte.gz": (10_000, 28, 28),
    "train-images-idx3-ubyte.gz": (60_000, 28, 28),
}
_COURSE_FOLDER = ROOT / "data"
_MIRRORS = (
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    # The publisher's own place. It has no https; the checksum is what makes it safe.
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
_ANSWER_SECONDS = 4  # how long mirrors may take to answer, all of them together
_SILENCE_SECONDS = 5  # how long a download may stand still
_ABANDONED_SECONDS = 60  # a `.part` file untouched for so long belongs to a process that died
_AND_TRY_AGAIN = "and run this cell again to work with the real pictures."


class DataError(Exception):
    """The pictures asked for cannot be had. The message says why and what to do."""


class _BadFile(Exception):
    """What is wrong with one file, as the rest of a sentence that begins with its name."""


class _Unavailable(Exception):
    """Why Fashion-MNIST cannot be had, as the end of a sentence, and the remedy."""


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Pictures of clothing with their labels, and where they come from.

    Images are (n, 28, 28) uint8, from 0, empty paper, to 255, full ink. Labels are (n,) uint8,
    0 to 9, and index `CLASS_NAMES`. All four arrays are read-only, because they are the
    unzipped file itself, not a copy of it.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    source: str  # "fashion-mnist" or "sketches"
    location: str  # the folder that was read; empty for sketches
    fallback: str = ""  # why these are sketches although nobody asked for sketches

    def __str__(self) -> str:
        if self.fallback:
            return f"Sketches drawn by this program, not Fashion-MNIST: {self.fallback}"
        kind = {
            "fashion-mnist": "Fashion-MNIST, the real pictures",
            "sketches": "Sketches drawn by this program, not Fashion-MNIST",
        }[self.source]
        train, test = len(self.train_labels), len(self.test_labels)
        return f"{kind}: {train:,} to learn from and {test:,} to test on."

    __repr__ = __str__


def load(source: str | None = None) -> Dataset:
    """Load 60,000 pictures to learn from and 10,000 to test on.

    `source` is None (Fashion-MNIST if it can be had, else sketches), "fashion-mnist" or
    "sketches". Print the result: it says in a sentence which of the two it is, and why.

    A folder named in `FASHION_MNIST_DIR` is used or complained about, never passed over. Damaged
    files elsewhere are passed over, and those in `data/` are replaced by the download.

    Raises DataError if Fashion-MNIST was asked for and cannot be had, or if `FASHION_MNIST_DIR`
    names a folder without the four published files. Raises ValueError for any other `source`.
    """
    if source not in (None, "fashion-mnist", "sketches"):
        raise ValueError(f'source must be None, "fashion-mnist" or "sketches", not {source!r}.')
    if source == "sketches":
        return _draw_sketches()
    try:
        return _load_fashion_mnist()
    except _Unavailable as why:
        if source == "fashion-mnist":
            raise DataError(
                f"Fashion-MNIST cannot be loaded: {why} Or set FASHION_MNIST_DIR to a folder "
                "that has the four files."
            ) from None
        return _draw_sketches(fallback=str(why))


def find_folder() -> Path | None:
    """The local folder that `load` would read first, its files unchecked; None if there is none.

    Raises DataError, as `load` does, if `FASHION_MNIST_DIR` names a folder without the four files.
    """
    chosen = _chosen_folder()
    if chosen and not _has_all_files(chosen):
        raise _chosen_folder_error(f"{chosen} has not all of {', '.join(_SHAPES)}")
    for folder in filter(None, (chosen, _COURSE_FOLDER, _keras_folder())):
        if _has_all_files(folder):
            return folder
    return None


def _load_fashion_mnist() -> Dataset:
    chosen = _chosen_folder()
    if chosen:
        try:
            return _read_folder(chosen, called=str(chosen))
        except _BadFile as bad:
            raise _chosen_folder_error(str(bad)) from None

    _remove_abandoned_parts()
    damaged = []
    for folder, called in ((_COURSE_FOLDER, "data/"), (_keras_folder(), "Keras' cache")):
        if _has_all_files(folder):
            try:
                return _read_folder(folder, called)
            except _BadFile as bad:
                damaged.append(str(bad))
    found = " and ".join(damaged) or "no copy was found on this computer"
    try:
        _download()
        return _read_folder(_COURSE_FOLDER, "data/")
    except _Unavailable as why:
        raise _Unavailable(f"{found}, and {why}") from None
    except _BadFile as bad:
        raise _Unavailable(f"after the download {bad}. Wait a minute {_AND_TRY_AGAIN}") from None


def _draw_sketches(fallback: str = "") -> Dataset:
    train_images, train_labels = sketches.draw(60_000, seed=0)
    test_images, test_labels = sketches.draw(10_000, seed=1)
    for array in (train_images, train_labels, test_images, test_labels):
        array.flags.writeable = False
    return Dataset(
        train_images, train_labels, test_images, test_labels, "sketches", "", fallback=fallback
    )


# Folders ------------------------------------------------------------------------------------------


def _chosen_folder() -> Path | None:
    chosen = os.environ.get("FASHION_MNIST_DIR")
    if not chosen:
        return None
    folder = Path(chosen).expanduser().absolute()
    with contextlib.suppress(PermissionError):  # is_dir raises inside a closed folder
        if folder.is_dir():
            return folder
    raise _chosen_folder_error(f"{folder} is not a folder that can be opened")


def _chosen_folder_error(problem: str) -> DataError:
    return DataError(
        f"{problem}. FASHION_MNIST_DIR names that folder: put the published files there, or unset "
        "FASHION_MNIST_DIR, and the course looks for them itself."
    )


def _keras_folder() -> Path:
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    return home / "datasets" / "fashion-mnist"


def _has_all_files(folder: Path) -> bool:
    with contextlib.suppress(PermissionError):  # is_file raises inside a closed folder
        return all((folder / name).is_file() for name in _SHAPES)
    return False


def _published_sums() -> dict[str, str]:
    try:
        lines = (_COURSE_FOLDER / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    except OSError:
        raise DataError(
            "data/SHA256SUMS cannot be read, and without it no picture can be trusted. "
            "To get it back, run: git checkout data/SHA256SUMS."
        ) from None
    return {name: digest for digest, name in (line.split() for line in lines)}


# Reading ------------------------------------------------------------------------------------------


def _read_folder(folder: Path, called: str) -> Dataset:
    """Read and check the four files; raise _BadFile about the first that is not right."""
    sums = _published_sums()
    arrays = {}
    for name in _SHAPES:
        try:
            arrays[name] = _read_file(folder / name, sums)
        except FileNotFoundError:
            raise _BadFile(f"{name} is missing in {called}") from None
        except OSError as error:
            raise _BadFile(f"{name} in {called} cannot be read ({error.strerror})") from None
        except _BadFile as bad:
            raise _BadFile(f"{name} in {called} {bad}") from None
    return Dataset(
        train_images=arrays["train-images-idx3-ubyte.gz"],
        train_labels=arrays["train-labels-idx1-ubyte.gz"],
        test_images=arrays["t10k-images-idx3-ubyte.gz"],
        test_labels=arrays["t10k-labels-idx1-ubyte.gz"],
        source="fashion-mnist",
        location=str(folder),
    )


def _read_file(path: Path, sums: dict[str, str]) -> np.ndarray:
    """The array in one of the published files, or the same from its unzipped copy in `data/`."""
    shape = _SHAPES[path.name]
    unzipped = path.with_suffix("")
    kept_here = path.parent == _COURSE_FOLDER  # other folders are not ours to write into
    if kept_here:
        with contextlib.suppress(OSError):
            content = unzipped.read_bytes()
            # The right sum stands for all the checks that a zipped file goes through.
            if hashlib.sha256(content).hexdigest() == sums[unzipped.name]:
                return np.frombuffer(content, np.uint8, offset=_header_size(shape)).reshape(shape)
            del content  # tens of megabytes, and the zipped file is about to need as many
    with path.open("rb") as file:
        array = _read_idx(file, shape, sums[path.name])
    if kept_here:
        header = np.array([_magic_number(shape), *shape], ">u4")
        with contextlib.suppress(_Unavailable):  # then it is unzipped again the next time
            _store(b"".join([header, array]), unzipped, sums[unzipped.name])
    return array


def _magic_number(shape: tuple[int, ...]) -> int:
    return 0x0800 + len(shape)  # 0x08 means unsigned bytes


def _header_size(shape: tuple[int, ...]) -> int:
    return 4 * (1 + len(shape))


def _read_idx(file: BinaryIO, shape: tuple[int, ...], sha256: str) -> np.ndarray:
    """The uint8 array in a gzipped IDX file, whose format is described at
    http://yann.lecun.com/exdb/mnist/ : a magic number, each dimension, then the values.

    The checksum alone would find every fault. It comes last, because each check before it can
    tell the learner more about what has happened.
    """
    start = file.read(512)
    if not start:
        raise _BadFile("is empty")
    if start.lstrip().startswith(b"<"):
        raise _BadFile("is a web page, not the data: a site's error or log-in page was saved")
    if not start.startswith(b"\x1f\x8b"):
        raise _BadFile("is not a gzip file")
    file.seek(0)
    try:
        with gzip.open(file) as unzipped:
            _check_header(unzipped.read(_header_size(shape)), shape)
            values = unzipped.read(math.prod(shape))
            ends_here = not unzipped.read(1)
    except EOFError:
        raise _BadFile("is cut off: it ends too early") from None
    except (gzip.BadGzipFile, zlib.error):
        raise _BadFile("is damaged: it cannot be unzipped") from None
    if len(values) < math.prod(shape) or not ends_here:
        raise _BadFile("holds fewer or more values than its header says")
    array = np.frombuffer(values, np.uint8).reshape(shape)
    if len(shape) == 1 and array.max() >= len(CLASS_NAMES):
        raise _BadFile(f"holds the label {array.max()}, but labels run from 0 to 9")
    file.seek(0)
    if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
        raise _BadFile("is not the published file: its SHA-256 checksum is wrong")
    return array


def _check_header(header: bytes, shape: tuple[int, ...]) -> None:
    kind = "labels" if len(shape) == 1 else "pictures"
    magic, count, *size = np.frombuffer(header.ljust(_header_size(shape), b"\0"), ">u4").tolist()
    expected_magic = _magic_number(shape)
    if magic != expected_magic:
        raise _BadFile(
            f"does not hold {kind}: its magic number is {magic} instead of {expected_magic}"
        )
    if tuple(size) != shape[1:]:
        raise _BadFile(f"holds pictures of {size[0]} by {size[1]} pixels instead of 28 by 28")
    if count != shape[0]:
        raise _BadFile(
            f"holds {count:,} {kind} instead of {shape[0]:,}: pictures and labels would not match"
        )


# Downloading --------------------------------------------------------------------------------------


def _download() -> None:
    """Fetch into `data/` whatever is missing or damaged there; raise _Unavailable if need be.

    A file is fetched into memory, and gets its name only when its checksum is right.
    """
    import requests

    sums = _published_sums()
    reason = "no mirror could be reached. Connect to the internet"
    for mirror in _mirrors_as_they_answer():
        try:
            for name in _SHAPES:
                path = _COURSE_FOLDER / name
                if not _has_sum(path, sums[name]):
                    content = _fetch(mirror + name)
                    _read_idx(io.BytesIO(content), _SHAPES[name], sums[name])
                    _store(content, path, sums[name])
            return
        except _BadFile as bad:
            reason = f"the {name} that a mirror sent {bad}. Check the internet connection"
        except requests.HTTPError as error:
            status = error.response.status_code
            reason = f"a mirror refused to send {name} (HTTP {status}). Try later"
        except requests.RequestException:
            reason = f"the download of {name} broke off. Check the internet connection"
    raise _Unavailable(f"{reason} {_AND_TRY_AGAIN}")


def _mirrors_as_they_answer() -> Iterator[str]:
    """Ask all mirrors at once, and give each one when it has answered.

    One after the other would take minutes behind a firewall that drops packets: the time limit of
    a connection holds for each address of a host, and none holds for the look-up of its name.
    """
    import requests

    answers = queue.SimpleQueue()

    def ask(mirror: str) -> None:
        try:
            requests.head(mirror + next(iter(_SHAPES)), timeout=_ANSWER_SECONDS).close()
            answers.put(mirror)
        except requests.RequestException:
            answers.put(None)

    for mirror in _MIRRORS:
        threading.Thread(target=ask, args=(mirror,), daemon=True).start()
    deadline = time.monotonic() + _ANSWER_SECONDS
    for _ in _MIRRORS:
        try:
            mirror = answers.get(timeout=max(0, deadline - time.monotonic()))
        except queue.Empty:
            return
        if mirror:
            yield mirror


def _fetch(url: str) -> bytes:
    """Download to memory, with a progress bar on stderr while bytes flow."""
    import requests
    from tqdm.std import tqdm

    # Without "identity" a server may label the file as compressed, and it would arrive unzipped.
    with (
        requests.get(
            url, stream=True, timeout=_SILENCE_SECONDS, headers={"Accept-Encoding": "identity"}
        ) as response,
        io.BytesIO() as content,
    ):
        response.raise_for_status()
        size = int(response.headers.get("Content-Length", 0)) or None
        name = url.rpartition("/")[2]
        with tqdm(total=size, desc=name, unit="B", unit_scale=True, leave=False) as bar:
            for chunk in response.iter_content(1 << 14):
                content.write(chunk)
                bar.update(len(chunk))
        return content.getvalue()


def _store(content: bytes, path: Path, sha256: str) -> None:
    """Write a checked file so that no half of it can ever be seen under its name."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        # Windows refuses to replace a file that another notebook has just stored and now reads.
        if _has_sum(path, sha256):
            return
        if error.errno == errno.ENOSPC:
            why = f"the disk is too full to store {path.name}. Free 100 MB"
        else:
            why = f"{path.name} cannot be stored in data/ ({error.strerror}). Make it writable"
        raise _Unavailable(f"{why} {_AND_TRY_AGAIN}") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _has_sum(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _remove_abandoned_parts() -> None:
    """Delete what a process left in `data/` that was killed while it stored a file."""
    with contextlib.suppress(OSError):
        for part in _COURSE_FOLDER.glob("*.part"):
            if time.time() - part.stat().st_mtime > _ABANDONED_SECONDS:
                part.unlink()
