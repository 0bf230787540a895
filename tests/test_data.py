"""Loading: each place, each fault, and no mixing of real and drawn pictures."""

import errno
import gzip
import hashlib
import os
import re
import socket
import struct
import time
from pathlib import Path

import numpy as np
import pytest

from helpers import data
from tests.support.misbehaving_server import MisbehavingServer, refusing_url

TINY_SHAPES = {
    "t10k-labels-idx1-ubyte.gz": (10,),
    "train-labels-idx1-ubyte.gz": (40,),
    "t10k-images-idx3-ubyte.gz": (10, 28, 28),
    "train-images-idx3-ubyte.gz": (40, 28, 28),
}
LABELS, IMAGES = "train-labels-idx1-ubyte.gz", "train-images-idx3-ubyte.gz"
FIELDS = {
    "train_images": IMAGES,
    "train_labels": LABELS,
    "test_images": "t10k-images-idx3-ubyte.gz",
    "test_labels": "t10k-labels-idx1-ubyte.gz",
}
IMPATIENT_SECONDS = 1  # for servers that hang; a good one answers sooner even on a busy machine


def idx(array: np.ndarray, magic: int | None = None) -> bytes:
    """An IDX file, gzipped, written from the format's description and not by the course."""
    header = struct.pack(">HBB", 0, 8, array.ndim) if magic is None else struct.pack(">I", magic)
    return gzip.compress(header + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes())


def tiny_array(name: str) -> np.ndarray:
    random = np.random.default_rng(len(name))
    return random.integers(0, 10 if "labels" in name else 256, TINY_SHAPES[name], dtype=np.uint8)


TINY_FILES = {name: idx(tiny_array(name)) for name in TINY_SHAPES}
UNZIPPED = {
    name.removesuffix(".gz"): gzip.decompress(content) for name, content in TINY_FILES.items()
}


def put_files(folder: Path, replaced: dict[str, bytes | None] | None = None) -> Path:
    """Write the four tiny files, some with other content; None omits a file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (TINY_FILES | (replaced or {})).items():
        if content is not None:
            (folder / name).write_bytes(content)
    return folder


def is_tiny(dataset: data.Dataset) -> bool:
    return dataset.source == "fashion-mnist" and all(
        np.array_equal(getattr(dataset, field), tiny_array(name)) for field, name in FIELDS.items()
    )


class Course:
    """The course's folders in a temporary place, with a data set of 40 + 10 pictures."""

    def __init__(self, path: Path):
        self.data = path / "data"
        self.chosen = path / "chosen"
        self.keras = path / "keras" / "datasets" / "fashion-mnist"

    def stored(self) -> list[str]:
        """All files in `data/` except SHA256SUMS and the unzipped copies."""
        names = {path.name for path in self.data.iterdir()}
        return sorted(names - {"SHA256SUMS"} - set(UNZIPPED))

    def unzipped(self) -> dict[str, bytes]:
        paths = (self.data / name for name in UNZIPPED)
        return {path.name: path.read_bytes() for path in paths if path.exists()}


@pytest.fixture
def course(tmp_path, monkeypatch) -> Course:
    course = Course(tmp_path)
    course.data.mkdir()
    files = TINY_FILES | UNZIPPED
    sums = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in files]
    (course.data / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    monkeypatch.delenv("FASHION_MNIST_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(data, "_COURSE_FOLDER", course.data)
    monkeypatch.setattr(data, "_SHAPES", TINY_SHAPES)
    monkeypatch.setattr(data, "_MIRRORS", (refusing_url(),))
    draw = data.sketches.draw
    monkeypatch.setattr(data.sketches, "draw", lambda count, seed: draw(count // 1000, seed))
    return course


def use_mirrors(monkeypatch, *servers: MisbehavingServer) -> None:
    monkeypatch.setattr(data, "_MIRRORS", tuple(server.url for server in servers))


def use_in_order(monkeypatch) -> None:
    """Which of two quick mirrors is used would else be luck."""
    monkeypatch.setattr(data, "_mirrors_as_they_answer", lambda: iter(data._MIRRORS))


def be_impatient(monkeypatch) -> None:
    monkeypatch.setattr(data, "_SILENCE_SECONDS", IMPATIENT_SECONDS)
    monkeypatch.setattr(data, "_ANSWER_SECONDS", IMPATIENT_SECONDS)


def stop_halfway(monkeypatch, code: int) -> None:
    """Let each write end in an OSError after half of the bytes."""

    def write_half(path, content):
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "write_bytes", write_half)


def assert_plain_sentences(text: str) -> None:
    assert text.endswith(".") and "\n" not in text
    assert not re.search(r"Traceback|Errno|Error\(|http://|127\.0\.0\.1|None", text), text


def error_of(source: str | None = "fashion-mnist") -> str:
    with pytest.raises(data.DataError) as caught:
        data.load(source)
    error = caught.value
    assert error.__context__ is None or error.__suppress_context__, "two tracebacks would be shown"
    assert_plain_sentences(str(caught.value))
    return str(caught.value)


# Sources and places -------------------------------------------------------------------------------


def test_class_names():
    published = (
        "T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot"
    )
    assert ", ".join(data.CLASS_NAMES) == published


def test_places_are_tried_in_order(course, monkeypatch):
    put_files(course.keras)
    assert data.load().location == str(course.keras) == str(data.find_folder())
    put_files(course.data)
    assert data.load().location == str(course.data) == str(data.find_folder())
    monkeypatch.setenv("FASHION_MNIST_DIR", str(put_files(course.chosen)))
    assert data.load().location == str(course.chosen) == str(data.find_folder())
    assert is_tiny(data.load())


def test_keras_cache_is_in_the_home_folder(course, monkeypatch, tmp_path):
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert data.find_folder() is None
    folder = put_files(tmp_path / ".keras" / "datasets" / "fashion-mnist")
    assert data.find_folder() == folder


def test_incomplete_folder_is_skipped(course):
    put_files(course.data, {IMAGES: None})
    put_files(course.keras, {LABELS: None})
    assert data.find_folder() is None
    assert data.load().source == "sketches"


def test_requested_sketches_ignore_all_folders(course, monkeypatch):
    put_files(course.data)
    monkeypatch.setenv("FASHION_MNIST_DIR", str(course.chosen))
    dataset = data.load("sketches")
    assert dataset.source == "sketches"
    assert str(dataset) == (
        "Sketches drawn by this program, not Fashion-MNIST: 60 to learn from and 10 to test on."
    )


@pytest.mark.parametrize("source", ["mnist", "", 3])
def test_unknown_source_is_rejected(course, source):
    with pytest.raises(ValueError, match='None, "fashion-mnist" or "sketches"'):
        data.load(source)


def test_fallback_says_why_and_is_temporary(course, monkeypatch, capfd):
    dataset = data.load()
    assert dataset.source == "sketches"
    for text in (str(dataset), repr(dataset)):
        assert text.startswith("Sketches drawn by this program, not Fashion-MNIST: no copy was")
        assert "no mirror could be reached" in text and "run this cell again" in text
        assert_plain_sentences(text)
    assert capfd.readouterr() == ("", "")
    message = error_of("fashion-mnist")
    assert "Connect to the internet" in message and "FASHION_MNIST_DIR" in message
    with MisbehavingServer(TINY_FILES) as server:
        use_mirrors(monkeypatch, server)
        assert is_tiny(data.load())


def test_arrays_are_uint8_contiguous_and_read_only(course):
    put_files(course.data)
    zipped, unzipped = data.load(), data.load()
    for dataset in (zipped, unzipped, data.load("sketches")):
        assert dataset.train_images.shape == (*dataset.train_labels.shape, 28, 28)
        assert dataset.test_images.shape == (*dataset.test_labels.shape, 28, 28)
        for array in (getattr(dataset, field) for field in FIELDS):
            assert array.dtype == np.uint8
            assert array.flags.c_contiguous and not array.flags.writeable
        assert str(course.data) not in f"{dataset} {dataset!r}"


# Faulty files -------------------------------------------------------------------------

GOOD = TINY_FILES[IMAGES]
TOO_BIG_LABEL = tiny_array(LABELS)
TOO_BIG_LABEL[7] = 10
FORTY_LABELS = struct.pack(">II", 2049, 40)
FAULTS = {
    "empty": (IMAGES, b"", "is empty"),
    "web page": (IMAGES, b"\n<!doctype html><title>404</title>", "is a web page"),
    "not gzip": (IMAGES, b"PK\3\4" + GOOD, "is not a gzip file"),
    "truncated": (IMAGES, GOOD[:-2000], "is cut off"),
    "only the trailer lost": (IMAGES, GOOD[:-4], "is cut off"),
    "damaged inside": (IMAGES, GOOD[:200] + b"\0" * 200 + GOOD[400:], "cannot be unzipped"),
    "wrong magic": (IMAGES, idx(tiny_array(IMAGES), 2050), "number is 2050 instead of 2051"),
    "labels named images": (IMAGES, TINY_FILES[LABELS], "does not hold pictures"),
    "nothing inside": (IMAGES, gzip.compress(b""), "does not hold pictures"),
    "wrong size": (IMAGES, idx(np.zeros((40, 14, 14), np.uint8)), "14 by 14 pixels"),
    "test named train": (IMAGES, TINY_FILES["t10k-images-idx3-ubyte.gz"], "10 pictures instead"),
    "one label too few": (LABELS, idx(tiny_array(LABELS)[1:]), "39 labels instead of 40"),
    "less than promised": (LABELS, gzip.compress(FORTY_LABELS + bytes(39)), "fewer or more"),
    "more than promised": (LABELS, gzip.compress(FORTY_LABELS + bytes(41)), "fewer or more"),
    "label 10": (LABELS, idx(TOO_BIG_LABEL), "holds the label 10"),
    "other pictures": (IMAGES, idx(tiny_array(IMAGES)[::-1]), "checksum is wrong"),
}
MISSING = (IMAGES, None, "is missing")
faults = pytest.mark.parametrize(("name", "content", "phrase"), FAULTS.values(), ids=FAULTS)


@pytest.mark.parametrize(
    ("name", "content", "phrase"), [MISSING, *FAULTS.values()], ids=["missing", *FAULTS]
)
def test_fault_in_the_chosen_folder(course, monkeypatch, name, content, phrase):
    put_files(course.data)
    assert is_tiny(
        data.load()
    )  # good files elsewhere, unzipped copies too, must not hide the fault
    put_files(course.chosen, {name: content})
    monkeypatch.setenv("FASHION_MNIST_DIR", str(course.chosen))
    message = error_of(None)  # not even then replaced by sketches
    assert name in message and phrase in message
    assert str(course.chosen) in message and "unset FASHION_MNIST_DIR" in message


@faults
def test_fault_in_data_is_named_and_repaired(course, monkeypatch, name, content, phrase):
    put_files(course.data, {name: content})
    for message in (str(data.load(None)), error_of("fashion-mnist")):
        assert f"{name} in data/ " in message and phrase in message
        assert "Connect to the internet" in message
    with MisbehavingServer(TINY_FILES) as server:
        use_mirrors(monkeypatch, server)
        assert is_tiny(data.load())
    assert server.fetched == [name], "good files were fetched again"
    assert course.stored() == sorted(TINY_FILES)


@faults
def test_fault_in_a_download(course, monkeypatch, name, content, phrase):
    faulty = TINY_FILES | {name: content}
    with MisbehavingServer(faulty) as bad, MisbehavingServer(TINY_FILES) as good:
        use_mirrors(monkeypatch, bad)
        message = error_of()
        assert f"{name} that a mirror sent" in message and phrase in message
        assert name not in course.stored() and not list(course.data.glob("*.part"))
        use_mirrors(monkeypatch, bad, good)
        use_in_order(monkeypatch)
        assert is_tiny(data.load())


def test_damaged_keras_cache_is_named_and_kept(course):
    put_files(course.keras, {IMAGES: GOOD[:-4]})
    message = error_of()
    assert f"{IMAGES} in Keras' cache is cut off" in message and "Connect" in message
    assert (course.keras / IMAGES).read_bytes() == GOOD[:-4]


@pytest.mark.parametrize("make", [Path.touch, lambda path: None], ids=["a file", "nothing there"])
def test_chosen_folder_that_is_not_a_folder(course, monkeypatch, make):
    make(course.chosen)
    monkeypatch.setenv("FASHION_MNIST_DIR", str(course.chosen))
    assert "is not a folder" in error_of() and str(course.chosen) in error_of()
    with pytest.raises(data.DataError, match="is not a folder"):
        data.find_folder()


def test_incomplete_chosen_folder_is_an_error(course, monkeypatch):
    put_files(course.data)
    put_files(course.chosen, {IMAGES: None})
    monkeypatch.setenv("FASHION_MNIST_DIR", str(course.chosen))
    with pytest.raises(data.DataError, match=f"has not all of .*{IMAGES}"):
        data.find_folder()


def test_file_that_cannot_be_read(course, monkeypatch):
    put_files(course.chosen, {IMAGES: None})
    (course.chosen / IMAGES).mkdir()  # unreadable on every system, even for root
    monkeypatch.setenv("FASHION_MNIST_DIR", str(course.chosen))
    assert re.search(f"{IMAGES} in .* cannot be read \\(.+\\)", error_of())


@pytest.mark.parametrize("place", ["closed", "inside a closed one"])
def test_folder_without_permission(course, monkeypatch, place):
    folder = put_files(course.chosen if place == "closed" else course.chosen / "inner")
    monkeypatch.setenv("FASHION_MNIST_DIR", str(folder))
    course.chosen.chmod(0)
    try:
        if os.access(course.chosen, os.X_OK):
            pytest.skip("permissions do not bind this user (root), or this system (Windows)")
        assert re.search(r"cannot be read|is not a folder that can be opened", error_of())
    finally:
        course.chosen.chmod(0o700)


def test_missing_checksums(course):
    put_files(course.data)
    (course.data / "SHA256SUMS").unlink()
    assert "git checkout data/SHA256SUMS" in error_of()


# Kept unzipped ------------------------------------------------------------------------------------


@pytest.fixture
def unzips(monkeypatch) -> list[str]:
    """The names of the zipped files that are read, in order."""
    read = data._read_idx
    names = []

    def note(file, shape, sha256):
        names.append(Path(file.name).name)
        return read(file, shape, sha256)

    monkeypatch.setattr(data, "_read_idx", note)
    return names


def test_second_load_reads_the_unzipped_copies(course, unzips):
    put_files(course.data)
    first = data.load()
    assert unzips == list(TINY_FILES)
    assert course.unzipped() == UNZIPPED
    second = data.load()
    assert unzips == list(TINY_FILES)
    assert is_tiny(second)
    assert str(second) == str(first) and second.location == first.location


def test_damaged_copy_is_replaced(course, unzips):
    put_files(course.data)
    data.load()
    copy = course.data / IMAGES.removesuffix(".gz")
    good = copy.read_bytes()
    one_bit_wrong = good[:5000] + bytes([good[5000] ^ 1]) + good[5001:]
    for content in (b"", good[:-1], good + b"\0", one_bit_wrong):
        copy.write_bytes(content)
        unzips.clear()
        assert is_tiny(data.load())
        assert unzips == [IMAGES]
        assert course.unzipped() == UNZIPPED


def test_other_folders_are_never_written_into(course, monkeypatch):
    put_files(course.keras)
    assert is_tiny(data.load())
    monkeypatch.setenv("FASHION_MNIST_DIR", str(put_files(course.chosen)))
    assert is_tiny(data.load())
    for folder in (course.keras, course.chosen):
        assert sorted(path.name for path in folder.iterdir()) == sorted(TINY_FILES)
    assert course.unzipped() == {}


def test_loading_without_room_for_copies(course, monkeypatch, capfd):
    put_files(course.data)
    stop_halfway(monkeypatch, errno.ENOSPC)
    assert is_tiny(data.load("fashion-mnist"))
    assert course.stored() == sorted(TINY_FILES) and course.unzipped() == {}
    assert capfd.readouterr() == ("", "")


# Downloading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("behaviour", ["slow", "redirect"])
def test_download_stores_exactly_the_published_files(course, monkeypatch, capfd, behaviour):
    with MisbehavingServer(TINY_FILES, behaviour) as server:
        use_mirrors(monkeypatch, server)
        assert is_tiny(data.load())
    out, progress = capfd.readouterr()
    assert out == ""
    if behaviour == "slow":  # a fast download is over before the bar is drawn again
        assert IMAGES in progress and "100%" in progress and "B/s" in progress
    assert course.stored() == sorted(TINY_FILES)
    assert {name: (course.data / name).read_bytes() for name in TINY_FILES} == TINY_FILES
    use_mirrors(monkeypatch)
    assert is_tiny(data.load("fashion-mnist")), "the second run needs no mirror"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behaviour", "phrase"),
    [
        ("404", "refused to send t10k-labels-idx1-ubyte.gz (HTTP 404). Try later"),
        ("hang at start", "no mirror could be reached. Connect to the internet"),
        ("hang in the middle", "broke off. Check the internet connection"),
        ("break off", "broke off. Check the internet connection"),
    ],
)
def test_bad_mirror_is_named_and_the_next_one_used(course, monkeypatch, behaviour, phrase):
    be_impatient(monkeypatch)
    with MisbehavingServer(TINY_FILES, behaviour) as bad, MisbehavingServer(TINY_FILES) as good:
        use_mirrors(monkeypatch, bad)
        start = time.perf_counter()
        assert phrase in error_of()
        assert time.perf_counter() - start < IMPATIENT_SECONDS + 5  # the server would hang for 60
        assert course.stored() == []
        monkeypatch.setattr(data, "_MIRRORS", (bad.url, refusing_url(), good.url))
        if behaviour != "hang at start":
            use_in_order(monkeypatch)
        assert is_tiny(data.load("fashion-mnist"))
    assert course.stored() == sorted(TINY_FILES)


@pytest.mark.slow
def test_all_mirrors_are_asked_at_once_and_abandoned(course, monkeypatch):
    be_impatient(monkeypatch)

    def look_up(*_, **__):
        time.sleep(6)
        raise OSError("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(data, "_MIRRORS", ("http://nowhere.invalid/",) * 20)
    start = time.perf_counter()
    assert data.load().source == "sketches"
    assert time.perf_counter() - start < 3


def test_proxy_of_the_environment_is_used(course, monkeypatch):
    with MisbehavingServer(TINY_FILES) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setattr(data, "_MIRRORS", ("http://nowhere.invalid/",))
        assert is_tiny(data.load("fashion-mnist"))


@pytest.mark.parametrize(
    ("code", "phrase"),
    [(errno.ENOSPC, "disk is too full"), (errno.EACCES, "cannot be stored in data/")],
)
def test_folder_that_cannot_be_written_to(course, monkeypatch, code, phrase):
    stop_halfway(monkeypatch, code)
    with MisbehavingServer(TINY_FILES) as server, MisbehavingServer(TINY_FILES) as other:
        use_mirrors(monkeypatch, server, other)
        message = error_of()
        assert len(server.fetched + other.fetched) == 1, "no mirror can help with a full disk"
        assert phrase in str(data.load())
    assert phrase in message and "t10k-labels" in message and "run this cell again" in message
    assert course.stored() == []


def test_file_that_another_notebook_has_just_stored(course, monkeypatch):
    def refuse(part, path):  # as Windows does while the file is open elsewhere
        path.write_bytes((TINY_FILES | UNZIPPED)[path.name])
        raise PermissionError(errno.EACCES, "Access is denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with MisbehavingServer(TINY_FILES) as server:
        use_mirrors(monkeypatch, server)
        assert is_tiny(data.load("fashion-mnist"))
    assert course.stored() == sorted(TINY_FILES)


def test_only_abandoned_part_files_are_removed(course):
    put_files(course.data)
    abandoned, running = course.data / f"{IMAGES}.0a.part", course.data / f"{IMAGES}.1b.part"
    for part in (abandoned, running):
        part.write_bytes(GOOD[:100])
    old = time.time() - 10 * data._ABANDONED_SECONDS
    os.utime(abandoned, (old, old))
    assert is_tiny(data.load())
    assert not abandoned.exists() and running.exists()


# The real files -----------------------------------------------------------------------------------

needs_real_files = pytest.mark.skipif(
    not os.environ.get("FASHION_MNIST_DIR"), reason="FASHION_MNIST_DIR is not set"
)


@needs_real_files
def test_real_files_hold_what_was_published():
    dataset = data.load("fashion-mnist")
    assert str(dataset) == (
        "Fashion-MNIST, the real pictures: 60,000 to learn from and 10,000 to test on."
    )
    assert dataset.train_images.shape == (60_000, 28, 28)
    assert dataset.test_images.shape == (10_000, 28, 28)
    assert np.bincount(dataset.train_labels).tolist() == [6_000] * 10
    assert np.bincount(dataset.test_labels).tolist() == [1_000] * 10
    assert dataset.train_labels[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]


@needs_real_files
def test_checksums_of_the_published_files():
    published = {  # MD5, from the table in the data set's own README
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    }
    sums = data._published_sums()
    for name, md5 in published.items():
        content = (Path(os.environ["FASHION_MNIST_DIR"]) / name).read_bytes()
        unzipped = gzip.decompress(content)
        assert hashlib.md5(content).hexdigest() == md5
        assert hashlib.sha256(content).hexdigest() == sums[name]
        assert hashlib.sha256(unzipped).hexdigest() == sums[name.removesuffix(".gz")]
