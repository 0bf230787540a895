"""course.py, tried in small courses: a copy of it, a lock of tiny wheels, and no network."""

import ast
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
import zipfile
from contextlib import contextmanager
from importlib.metadata import requires, version
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import course
from helpers import ROOT

posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to send")

# The stand-in for JupyterLab and pytest: says how it was started.
ECHO = """
import json, os, sys
print(json.dumps({"flags": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}))
sys.exit(int(os.environ.get("ECHO_EXIT", 0)))
"""
MODULES = {
    "jupyterlab": ECHO,
    "pytest": ECHO,
    "psutil": "class virtual_memory: available = 8e9",
}
HELPERS_DATA = """
import os
class DataError(Exception): pass
def find_folder():
    folder = os.environ.get("FASHION_MNIST_DIR")
    if folder == "wrong":
        raise DataError("FASHION_MNIST_DIR is wrong.")
    return folder
"""


def write_wheel(folder: Path, name: str, number: str) -> str:
    """Write a wheel with one module, and return the line that locks it."""
    information = f"{name}-{number}.dist-info"
    files = {
        f"{name}.py": MODULES[name],
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{information}/RECORD"] = "".join(f"{file},,\n" for file in files)
    wheel = folder / f"{name}-{number}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return f"{name}=={number} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


class SmallCourse:
    """A folder with course.py and what it needs to install and start something."""

    def __init__(self, folder: Path, wheels: Path):
        self.folder = folder
        self.wheels = wheels
        self.lock = folder / "requirements.lock"
        self.venv = folder / ".venv"
        self.venv_python = self.venv / course.VENV_PYTHON.relative_to(course.VENV)
        self.stamp = self.venv / course.STAMP.name

    def command(self, *arguments: str, **environment: str) -> dict:
        """The arguments for subprocess that run course.py, from a folder that is not its own."""
        ours = (*course.ENVIRONMENT_DEFAULTS, *course.ENVIRONMENT_REMOVED, "FASHION_MNIST_DIR")
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in ours and not name.startswith("PIP_")
        }
        pip = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_FIND_LINKS": self.wheels.as_uri(),
            "PIP_NO_INDEX": "1",
        }
        return {
            "args": [sys.executable, str(self.folder / "course.py"), *arguments],
            "cwd": self.folder.parent,
            "env": {**inherited, **pip, "PYTHONUTF8": "1", **environment},
            "encoding": "utf-8",
        }

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        result = subprocess.run(
            **self.command(*arguments, **environment), capture_output=True, timeout=120
        )
        assert "Traceback" not in result.stderr
        return result

    def want(self, *packages: tuple[str, str]) -> None:
        self.lock.write_text("".join(write_wheel(self.wheels, *package) for package in packages))

    def edit(self, old: str, new: str) -> None:
        file = self.folder / "course.py"
        source = file.read_text(encoding="utf-8")
        assert old in source
        file.write_text(source.replace(old, new), encoding="utf-8")


def echoed(result: subprocess.CompletedProcess) -> dict:
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """A course that `lab` was run in once, and what that said."""
    base = tmp_path_factory.mktemp("course")
    new = SmallCourse(base / "a course é", base / "wheels")
    new.wheels.mkdir()
    (new.folder / "helpers").mkdir(parents=True)
    (new.folder / "helpers" / "data.py").write_text(HELPERS_DATA)
    (new.folder / "tests").mkdir()
    (new.folder / "tests" / "execute.py").write_text(ECHO)
    (new.folder / "requirements.txt").write_text("# the lab\njupyterlab>=1\npsutil\n")
    shutil.copy(course.__file__, new.folder)
    new.want(("jupyterlab", "1.0"), ("pytest", "1.0"), ("psutil", "1.0"))
    return new, new.run("lab", "--no-browser", "--port", "8899")


@pytest.fixture
def installed(first_run, tmp_path):
    """A copy of that course, in another place: which a moved course is, too."""
    original, _ = first_run
    shutil.copytree(original.wheels, tmp_path / "wheels")
    shutil.copytree(original.folder, tmp_path / "moved é", symlinks=True)
    return SmallCourse(tmp_path / "moved é", tmp_path / "wheels")


@pytest.fixture
def silent_server():
    """A server that takes connections and never answers: pip hangs on it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        yield server


# --- Starting ----------------------------------------------------------------------------------


def test_first_lab_installs_and_opens_notebook_00(first_run):
    small, result = first_run
    assert "Installing" in result.stdout
    started = echoed(result)
    assert Path(started["folder"]) == small.folder
    assert f"--ServerApp.root_dir={small.folder}" in started["flags"]
    [url] = [flag for flag in started["flags"] if flag.startswith("--LabApp.default_url=")]
    assert url.endswith("/lab/tree/notebooks/00-meet-the-data.ipynb")
    assert started["flags"][-3:] == ["--no-browser", "--port", "8899"]


def test_second_start_runs_no_pip(installed):
    shutil.rmtree(installed.wheels)
    result = installed.run("lab")
    assert len(result.stdout.splitlines()) == 1, "only the program itself may speak"
    echoed(result)


def test_helpers_are_found_from_any_folder(installed, tmp_path):
    question = [
        installed.venv_python,
        "-X",
        "utf8",
        "-c",
        "from helpers import data; print(data.__file__)",
    ]
    answer = subprocess.run(question, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert Path(answer.stdout.strip()) == installed.folder / "helpers" / "data.py"


@pytest.mark.parametrize(
    ("command", "before"), [("test", ["-n", "2", "--dist", "loadfile"]), ("run", [])]
)
def test_other_commands_pass_flags_and_exit_code_on(installed, command, before):
    assert echoed(installed.run(command, "01", "-x"))["flags"] == [*before, "01", "-x"]
    assert installed.run(command, ECHO_EXIT="5").returncode == 5


def test_environment_of_what_is_started(installed):
    environment = echoed(
        installed.run("lab", TF_CPP_MIN_LOG_LEVEL="0", MPLBACKEND="agg", PYTHONPATH="elsewhere")
    )["environment"]
    assert environment["OPENBLAS_NUM_THREADS"] == "1"
    assert environment["JUPYTER_PREFER_ENV_PATH"] == "1"
    assert environment["TF_CPP_MIN_LOG_LEVEL"] == "0", "what the reader has set wins"
    assert not {"MPLBACKEND", "PYTHONPATH"} & set(environment)


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["labs"], 2), (["--help"], 0)])
def test_usage(arguments, code, capsys):
    assert course.main(arguments) == code
    usage = capsys.readouterr().out
    assert re.findall(r"^  (\w+)", usage, re.M) == ["lab", "test", "run", "doctor"]


def test_jupyterlab_opens_without_a_question(installed):
    settings = json.loads(
        (installed.venv / "share/jupyter/lab/settings/overrides.json").read_text()
    )
    [notification] = settings.values()
    assert notification == {"fetchNews": "false", "checkForUpdates": False}


def heed_ctrl_c():
    """A process started in the background ignores Ctrl-C, and its children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@posix_only
def test_ctrl_c_is_left_to_what_was_started(installed):
    site = next(installed.venv.glob("lib/python*/site-packages"))
    (site / "jupyterlab.py").write_text(
        # Ctrl-C just before a sleep doesn't cut it short, so it sleeps in short pieces.
        "import sys, time\n"
        "try:\n"
        "    print('ready', flush=True)\n"
        "    for _ in range(1200):\n"
        "        time.sleep(.05)\n"
        "except KeyboardInterrupt:\n"
        "    sys.exit(7)\n"
    )
    with subprocess.Popen(
        **installed.command("lab"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=heed_ctrl_c,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=20) == 7
        assert process.stderr.read() == ""


# --- Updating and recovering -------------------------------------------------------------------


def test_changed_lock_is_installed(installed):
    installed.want(("jupyterlab", "2.0"), ("pytest", "1.0"), ("psutil", "1.0"))
    assert "Installing" in installed.run("lab").stdout
    doctor = installed.run("doctor")
    assert re.search(r"^ok +jupyterlab 2\.0$", doctor.stdout, re.M)
    assert doctor.returncode == 0


PIP_FAILURES = {
    "package missing": ("absent==1.0 --hash=sha256:" + 64 * "0", {}, "check the network"),
    "wrong hash": ("pytest==1.0 --hash=sha256:" + 64 * "0", {}, "pip cache purge"),
    "no hash": ("pytest==1.0", {}, "Hashes are required"),
    "network down": (
        "absent==1.0 --hash=sha256:" + 64 * "0",
        {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"},
        "check the network",
    ),
}


@pytest.mark.parametrize(("line", "environment", "words"), PIP_FAILURES.values(), ids=PIP_FAILURES)
def test_failing_pip_is_told_and_loses_nothing(installed, line, environment, words):
    lock = installed.lock.read_text()
    installed.lock.write_text(line + "\n")
    shutil.rmtree(next(installed.venv.rglob("site-packages")) / "pytest-1.0.dist-info")
    result = installed.run("lab", **environment)
    assert result.returncode == 1
    sentence = result.stderr.splitlines()[-1]
    assert "it said: ERROR:" in sentence
    assert words in sentence
    assert "run the same command again" in sentence
    installed.lock.write_text(lock)
    assert "Installing" not in installed.run("lab").stdout


@contextmanager
def hanging_installation(small, silent_server):
    """Run `lab` with a changed lock, up to the moment when pip waits for the network."""
    small.want(("jupyterlab", "3.0"))
    address = f"http://127.0.0.1:{silent_server.getsockname()[1]}/"
    with subprocess.Popen(
        **small.command("lab", PIP_FIND_LINKS=address),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=heed_ctrl_c,
    ) as process:
        connection, _ = silent_server.accept()
        with connection:
            yield process


def test_killed_installation_is_not_trusted(installed, silent_server):
    with hanging_installation(installed, silent_server) as process:
        killed = psutil.Process(process.pid)
        for member in [*killed.children(recursive=True), killed]:
            member.kill()
    result = installed.run("doctor")
    assert result.returncode == 1
    assert re.search(r"^WRONG The last installation was interrupted.* lab", result.stdout, re.M)


@posix_only
def test_ctrl_c_during_the_installation(installed, silent_server):
    with hanging_installation(installed, silent_server) as process:
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    assert "Run the same command again" in said.splitlines()[-1]
    assert "Traceback" not in said


def test_failing_pip_that_changed_something_is_begun_again(installed):
    """Two packages, of which the second can't be unpacked: the first is in .venv by then."""
    installed.want(("jupyterlab", "2.0"), ("pytest", "2.0"))
    broken = installed.wheels / "pytest-2.0-py3-none-any.whl"
    with zipfile.ZipFile(broken, "a") as archive:
        archive.writestr("../outside.py", "")
    digest = hashlib.sha256(broken.read_bytes()).hexdigest()
    lock = installed.lock.read_text()
    installed.lock.write_text(re.sub(r"(pytest==2.0.*:)\w+", rf"\g<1>{digest}", lock))
    assert installed.run("lab").returncode == 1
    assert installed.stamp.read_text() == course.UNFINISHED


def remove_python(small):
    small.venv_python.unlink()


def remove_configuration(small):
    (small.venv / "pyvenv.cfg").unlink()


def pretend_another_python(small):
    small.stamp.write_text(f"3.10 {small.stamp.read_text().split()[1]}")


def test_broken_venv_is_made_anew(installed):
    (installed.venv / "half-a-package").touch()
    remove_python(installed)
    result = installed.run("lab")
    assert "doesn't start any more" in result.stdout.splitlines()[0]
    echoed(result)
    assert not (installed.venv / "half-a-package").exists()
    assert "making .venv anew" not in installed.run("lab").stdout


@pytest.mark.parametrize("break_it", [remove_python, remove_configuration, pretend_another_python])
def test_doctor_sees_a_broken_venv_and_changes_nothing(installed, break_it):
    break_it(installed)
    before = sorted(installed.venv.rglob("*"))
    result = installed.run("doctor")
    assert result.returncode == 1
    assert re.search("^WRONG .*doesn't start any more.* course.py lab", result.stdout, re.M)
    assert sorted(installed.venv.rglob("*")) == before


def test_foreign_venv_is_left_alone(installed):
    installed.stamp.unlink()
    remove_python(installed)
    before = sorted(installed.venv.rglob("*"))
    result = installed.run("lab")
    assert result.returncode == 1
    assert "rename or delete it" in result.stderr
    assert sorted(installed.venv.rglob("*")) == before


# --- What stands in the way of an installation -------------------------------------------------


def test_old_pythons_can_read_course_py():
    ast.parse(Path(course.__file__).read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize(
    ("owner", "name", "value", "sentence"),
    [
        (course.sys, "version_info", (3, 10, 1), r"needs Python 3\.11, 3\.12 or 3\.13: install"),
        (course.sys, "version_info", (3, 14, 0), r"needs Python 3\.11, 3\.12 or 3\.13: install"),
        (course.sys, "maxsize", 2**31 - 1, "32-bit Python.*install the 64-bit"),
        (course.platform, "machine", lambda: "sparc", "not made for .* on sparc: use Colab"),
    ],
)
def test_unsuitable_python(monkeypatch, capsys, owner, name, value, sentence):
    course.check_python()
    monkeypatch.setattr(owner, name, value)
    for command in ("lab", "doctor"):
        assert course.main([command]) == 1
        said = capsys.readouterr()
        assert re.search(sentence, said.out + said.err)


@pytest.mark.parametrize(
    ("system", "machine", "remedy"),
    [("Darwin", "x86_64", "Intel Mac use Colab"), ("Windows", "ARM64", "x86 64-bit Python 3.12")],
)
def test_computers_without_tensorflow(monkeypatch, system, machine, remedy):
    monkeypatch.setattr(course.platform, "system", lambda: system)
    monkeypatch.setattr(course.platform, "machine", lambda: machine)
    with pytest.raises(course.Problem, match=remedy):
        course.check_python()


def test_python_without_ensurepip(installed, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None")
    result = installed.run("lab", PYTHONPATH=str(tmp_path))
    assert result.returncode == 1
    assert f"sudo apt install python3.{sys.version_info[1]}-venv" in result.stderr


def test_too_little_disk(installed):
    shutil.rmtree(installed.venv)
    installed.edit("INSTALL_BYTES = 4.5", "INSTALL_BYTES = 4e6")
    result = installed.run("lab")
    assert result.returncode == 1
    assert re.search(r"has [\d.]+ GB free.*takes 4000000\.0 GB: free some", result.stderr)
    assert not installed.venv.exists()


def test_too_long_a_path_on_windows(monkeypatch):
    # A TensorFlow 2.21 wheel for Windows has a file with this name; 259 is what Windows allows.
    longest = len(
        "\\.venv\\Lib\\site-packages\\tensorflow\\include\\external\\envoy_api\\envoy\\extensions"
        "\\load_balancing_policies\\client_side_weighted_round_robin\\v3"
        "\\client_side_weighted_round_robin.upb_minitable.h"
    )
    monkeypatch.setattr(course, "INSTALL_BYTES", 0)
    monkeypatch.setattr(course, "os", SimpleNamespace(name="nt"))
    monkeypatch.setattr(course.shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    monkeypatch.setattr(course, "windows_has_long_paths", lambda: False)
    monkeypatch.setattr(course, "ROOT", Path("x" * (259 - longest)))
    course.check_folder()
    monkeypatch.setattr(course, "ROOT", Path("x" * (259 - longest + 1)))
    with pytest.raises(course.Problem, match="is 1 letters too long for Windows: move"):
        course.check_folder()
    monkeypatch.setattr(course, "windows_has_long_paths", lambda: True)
    course.check_folder()


def test_folder_that_cannot_be_written(monkeypatch, capsys):
    def refuse():
        raise PermissionError(13, "Permission denied", "/read-only/.venv")

    monkeypatch.setattr(course, "venv_defect", refuse)
    assert course.main(["lab"]) == 1
    said = capsys.readouterr().err
    assert "/read-only/.venv can't be read or written (Permission denied): close" in said


# --- doctor ------------------------------------------------------------------------------------


def test_doctor_before_anything_is_installed(installed):
    shutil.rmtree(installed.venv)
    result = installed.run("doctor")
    assert result.returncode == 1
    assert re.search("^WRONG Nothing is installed yet: run .* lab", result.stdout, re.M)
    assert not installed.venv.exists()


def test_doctor_when_all_is_well(installed):
    result = installed.run("doctor", FASHION_MNIST_DIR="the folder")
    assert result.returncode == 0
    assert "the real pictures, in the folder\n" in result.stdout
    assert re.search(r"^ok +8\.0 GB of memory free$", result.stdout, re.M)
    assert re.search(r"^ok +[\d.]+ GB of disk free$", result.stdout, re.M)
    assert "sketches instead" in installed.run("doctor").stdout


def test_doctor_passes_on_what_is_wrong_with_the_pictures(installed):
    result = installed.run("doctor", FASHION_MNIST_DIR="wrong")
    assert result.returncode == 1
    assert "WRONG FASHION_MNIST_DIR is wrong.\n" in result.stdout


def lose_a_package(small):
    shutil.rmtree(next(small.venv.rglob("jupyterlab-1.0.dist-info")))


def lock_another_version(small):
    small.want(("jupyterlab", "2.0"), ("pytest", "1.0"), ("psutil", "1.0"))


def damage_helpers(small):
    (small.folder / "helpers" / "data.py").write_text("def find_folder(:")


def fill_memory(small):
    (next(small.venv.rglob("psutil.py"))).write_text("class virtual_memory: available = 1e9")


def fill_disk(small):
    small.edit("WORKING_BYTES = ", "WORKING_BYTES = 10**18 + ")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lose_a_package, r"jupyterlab is missing and should be 1\.0: delete the folder \.venv"),
        (lock_another_version, r"requirements\.lock has changed .*: run"),
        (damage_helpers, r"files are damaged \(SyntaxError.*\): get them back with `git checkout"),
        (fill_memory, r"1\.0 GB of memory free, and training wants 2 GB: close"),
        (fill_disk, r"[\d.]+ GB of disk free: free at least"),
    ],
)
def test_doctor_finds_what_is_wrong(installed, spoil, sentence):
    spoil(installed)
    result = installed.run("doctor")
    assert result.returncode == 1
    [wrong] = [line for line in result.stdout.splitlines() if line.startswith("WRONG")]
    assert re.search(sentence, wrong)


# --- requirements.lock -------------------------------------------------------------------------

LOCK_TEXT = (ROOT / "requirements.lock").read_text(encoding="utf-8")
ENTRIES = re.findall(
    r"^([\w.-]+)==(\S+)(?: ; (.+?))? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)",
    LOCK_TEXT,
    re.M,
)
SYSTEMS = [
    {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
]
PYTHONS = [
    {"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.0"}
    for minor in (11, 12, 13)
]


def locked_in(environment: dict) -> dict[str, str]:
    entries = [
        (name, number)
        for name, number, marker, _ in ENTRIES
        if not marker or Marker(marker).evaluate(environment)
    ]
    assert len(dict(entries)) == len(entries), "a package is locked twice"
    return dict(entries)


def test_every_line_of_the_lock_is_understood_and_hashed():
    lines = [line for line in LOCK_TEXT.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(ENTRIES) == len(lines) > 100


def test_lock_names_no_host():
    assert not re.search(r"://|\.(org|com|net|io)\b|--(index|extra-index|find-links)", LOCK_TEXT)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system["sys_platform"])
@pytest.mark.parametrize("python", PYTHONS, ids=lambda python: python["python_version"])
def test_lock_satisfies_what_is_asked_for(system, python):
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]["test"]
    wanted = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    lines = [*extras, *(line for line in wanted if line and not line.startswith("#"))]
    locked = locked_in({**system, **python})
    for requirement in map(Requirement, lines):
        assert locked[canonicalize_name(requirement.name)] in requirement.specifier


def test_lock_is_complete():
    """pip installs it with --no-deps, so whatever a package needs must be in it."""
    locked = locked_in({})
    for name, number in locked.items():
        assert version(name) == number, "run the tests with `course.py test`"
        for requirement in map(Requirement, requires(name) or []):
            if not requirement.marker or requirement.marker.evaluate({"extra": ""}):
                assert locked[canonicalize_name(requirement.name)] in requirement.specifier, name
