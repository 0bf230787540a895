"""Load Fashion-MNIST, or synthetic stand-ins when it is unavailable.

`load()` looks in `FASHION_MNIST_DIR`, in the course's `data/` and in Keras' own cache, then
downloads into `data/`, and falls back to sketches with a sentence that says so. In a web browser it
asks the site that the notebook is on. Real and drawn pictures are never mixed. Files in `data/` are
also kept unzipped, because unzipping takes most of the loading time. `data/README.md` describes the
data set.
"""

import contextlib
import errno
import gzip
import hashlib
import io
import math
import os
import queue
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from helpers import ROOT, sketches
from helpers.files import write_atomically
from helpers.in_browser import IN_BROWSER, fetch_picture_file

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

# Smallest first: a folder that cannot be written to is found out before 26 MB have been fetched.
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
    # The publisher's own server. It has no https; the checksum makes it safe.
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
_ANSWER_SECONDS = 4  # for all mirrors together to answer
_SILENCE_SECONDS = 5  # without a byte before a download is given up
_ABANDONED_SECONDS = 60  # a `.part` file not written to for longer was left by a dead process
_AND_TRY_AGAIN = "and run this cell again to work with the real pictures."


class DataError(Exception):
    """The requested pictures are unavailable. The message says why and what to do."""


class _BadFile(Exception):
    """A faulty file: the rest of a sentence that begins with its name."""


class _Unavailable(Exception):
    """Why Fashion-MNIST is unavailable, as the end of a sentence, and the remedy."""


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Pictures of clothing, their labels and their source.

    Images are (n, 28, 28) uint8, from 0, empty paper, to 255, full ink. Labels are (n,) uint8,
    0 to 9, and index `CLASS_NAMES`. All four arrays are read-only.
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]
    source: str  # "fashion-mnist" or "sketches"
    location: str  # the folder that was read; empty for sketches, and in a web browser
    fallback: str = ""  # why Fashion-MNIST was unavailable; empty if sketches were requested

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
    """Load 60,000 training and 10,000 test pictures.

    `source` is None (Fashion-MNIST if available, else sketches), "fashion-mnist" or "sketches".
    Print the result: it says in a sentence which of the two it is, and why.

    A folder named in `FASHION_MNIST_DIR` is used or is an error. Damaged files elsewhere are
    skipped; if no folder has sound ones, they are downloaded into `data/`.

    Raises DataError if "fashion-mnist" is unavailable, or if `FASHION_MNIST_DIR` names a folder
    without the four published files; ValueError for any other `source`.
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
    folders = [chosen] if chosen else [_COURSE_FOLDER, _keras_folder()]
    return next(filter(_has_all_files, folders), None)


def _load_fashion_mnist() -> Dataset:
    if IN_BROWSER:
        return _read_site()
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
    arrays = *sketches.draw(60_000, seed=0), *sketches.draw(10_000, seed=1)
    for array in arrays:
        array.flags.writeable = False
    return Dataset(*arrays, source="sketches", location="", fallback=fallback)


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
    """Read and check the four files; raise _BadFile about the first faulty one."""
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
    return _dataset(arrays, str(folder))


def _read_site() -> Dataset:
    """Read and check the four files of the web site that the notebook is on."""
    try:
        contents = {name: io.BytesIO(fetch_picture_file(name)) for name in _SHAPES}
        sums = _published_sums()
        arrays = {name: _read_idx(contents[name], _SHAPES[name], sums[name]) for name in _SHAPES}
    except OSError as error:
        raise _Unavailable(str(error)) from None
    except _BadFile as bad:
        raise _Unavailable(f"a file on the site {bad}. Reload the page {_AND_TRY_AGAIN}") from None
    return _dataset(arrays, "")


def _dataset(arrays: dict[str, NDArray[np.uint8]], location: str) -> Dataset:
    return Dataset(
        train_images=arrays["train-images-idx3-ubyte.gz"],
        train_labels=arrays["train-labels-idx1-ubyte.gz"],
        test_images=arrays["t10k-images-idx3-ubyte.gz"],
        test_labels=arrays["t10k-labels-idx1-ubyte.gz"],
        source="fashion-mnist",
        location=location,
    )


def _read_file(path: Path, sums: dict[str, str]) -> NDArray[np.uint8]:
    """The array in one of the published files, or in its unzipped copy in `data/`."""
    shape = _SHAPES[path.name]
    unzipped = path.with_suffix("")
    keeps_copies = path.parent == _COURSE_FOLDER  # other folders are not ours to write into
    if keeps_copies:
        with contextlib.suppress(OSError):
            content = unzipped.read_bytes()
            # The checksum replaces all the checks of a zipped file.
            if hashlib.sha256(content).hexdigest() == sums[unzipped.name]:
                return np.frombuffer(content, np.uint8, offset=_header_size(shape)).reshape(shape)
            del content  # tens of megabytes, and the zipped file is about to need as many
    with path.open("rb") as file:
        array = _read_idx(file, shape, sums[path.name])
    if keeps_copies:
        header = np.array([_magic_number(shape), *shape], ">u4")
        with contextlib.suppress(_Unavailable):  # then it is unzipped again the next time
            _store(b"".join([header.data, array.data]), unzipped, sums[unzipped.name])
    return array


def _magic_number(shape: tuple[int, ...]) -> int:
    return 0x0800 + len(shape)  # 0x08 means unsigned bytes


def _header_size(shape: tuple[int, ...]) -> int:
    return 4 * (1 + len(shape))


def _read_idx(
    file: io.BytesIO | io.BufferedReader, shape: tuple[int, ...], sha256: str
) -> NDArray[np.uint8]:
    """The array in a gzipped IDX file: a magic number, each dimension, then the values.

    The format is described at http://yann.lecun.com/exdb/mnist/. The checksum alone would find
    every fault; it comes last, because the checks before it tell the learner more.
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
    """Fetch the missing and damaged files of `data/`, each into memory, and store the checked ones.

    Raises _Unavailable.
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
            status = error.response.status_code if error.response is not None else "?"
            reason = f"a mirror refused to send {name} (HTTP {status}). Try later"
        except requests.RequestException:
            reason = f"the download of {name} broke off. Check the internet connection"
    raise _Unavailable(f"{reason} {_AND_TRY_AGAIN}")


def _mirrors_as_they_answer() -> Iterator[str]:
    """Ask all mirrors at once, and yield each one when it answers.

    One after the other would take minutes behind a firewall that drops packets: a connection's
    timeout applies to each address of a host, and none applies to its name lookup.
    """
    import requests

    answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()

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
            answered = answers.get(timeout=max(0, deadline - time.monotonic()))
        except queue.Empty:
            return
        if answered:
            yield answered


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
    """Write a checked file into `data/`. Raises _Unavailable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        # Windows refuses to replace a file that another notebook has just stored and now reads.
        if _has_sum(path, sha256):
            return
        if error.errno == errno.ENOSPC:
            why = f"the disk is too full to store {path.name}. Free 100 MB"
        else:
            why = f"{path.name} cannot be stored in data/ ({error.strerror}). Make it writable"
        raise _Unavailable(f"{why} {_AND_TRY_AGAIN}") from None


def _has_sum(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _remove_abandoned_parts() -> None:
    """Delete the `.part` files in `data/` of processes killed while they stored a file."""
    with contextlib.suppress(OSError):
        for part in _COURSE_FOLDER.glob("*.part"):
            if time.time() - part.stat().st_mtime > _ABANDONED_SECONDS:
                part.unlink()
