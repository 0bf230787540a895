"""course.py in small courses: a copy of it, a lock of tiny wheels, real uv, and no network."""

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
from importlib.metadata import distributions
from pathlib import Path

import psutil
import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import course
from helpers import ROOT

pytestmark = pytest.mark.slow

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
UV = Path(course.find_uv())
HELPERS_DATA = """
import os
class DataError(Exception): pass
def find_folder():
    folder = os.environ.get("FASHION_MNIST_DIR")
    if folder == "wrong":
        raise DataError("FASHION_MNIST_DIR is wrong.")
    return folder
"""


def write_wheel(folder: Path, name: str, number: str, script: str = "") -> str:
    """Write a wheel with one module or program, and return the lines that lock it."""
    information = f"{name}-{number}.dist-info"
    files = {
        f"{name}-{number}.data/scripts/{name}" if script else f"{name}.py": script or MODULES[name],
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{information}/RECORD"] = "".join(f"{file},,\n" for file in files)
    wheel = folder / f"{name}-{number}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file, text in files.items():
            entry = zipfile.ZipInfo(file)
            entry.external_attr = 0o100755 << 16  # a regular file, executable
            archive.writestr(entry, text)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{name}=={number} \\\n    --hash=sha256:{digest}\n"


class SmallCourse:
    """A folder with course.py and what it needs to install and start something."""

    def __init__(self, folder: Path, wheels: Path):
        self.folder = folder
        self.wheels = wheels
        self.lock = folder / "requirements.lock"
        self.venv = folder / ".venv"
        self.venv_python = self.venv / course.VENV_PYTHON.relative_to(course.VENV)
        self.stamp = self.venv / course.STAMP.name
        self.requirements = folder / "requirements.txt"

    def command(self, *arguments: str, **environment: str) -> dict:
        """The arguments for subprocess that run course.py, from a folder that is not its own."""
        ours = {*course.ENVIRONMENT_DEFAULTS, *course.ENVIRONMENT_REMOVED, "FASHION_MNIST_DIR"}
        ours |= {"COURSE_REQUIRES_ALL", "PYTHONPATH"}
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in ours and not name.startswith(("PIP_", "UV_"))
        }
        installer = {
            "PATH": os.pathsep.join([str(UV.parent), os.environ["PATH"]]),
            "UV_FIND_LINKS": str(self.wheels),
            "UV_NO_CONFIG": "1",
            "UV_NO_INDEX": "1",
        }
        return {
            "args": [sys.executable, str(self.folder / "course.py"), *arguments],
            "cwd": self.folder.parent,
            "env": {**inherited, **installer, "PYTHONUTF8": "1", **environment},
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
    for name in ("__init__.py", "in_browser.py"):
        shutil.copy(ROOT / "helpers" / name, new.folder / "helpers")
    (new.folder / "helpers" / "data.py").write_text(HELPERS_DATA)
    (new.folder / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "doctor.py", new.folder / "tools")
    (new.folder / "tools" / "notebooks.py").write_text(ECHO)
    (new.folder / "tools" / "site.py").write_text(ECHO)
    new.requirements.write_text("# the lab\njupyterlab>=1\npsutil\n")
    groups = '[dependency-groups]\nsite = ["pytest>=1"]\ntest = ["pytest>=1"]\n'
    (new.folder / "pyproject.toml").write_text(groups)
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
    """A server that takes connections and never answers: uv hangs on it."""
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


def test_second_start_runs_no_uv(installed):
    shutil.rmtree(installed.wheels)
    result = installed.run("run", PATH="")
    assert len(result.stdout.splitlines()) == 1, "only the program itself may speak"
    echoed(result)


def test_lab_lacks_the_test_tools_and_test_brings_them(installed):
    site = next(installed.venv.rglob("site-packages"))
    assert not (site / "pytest.py").exists()
    result = installed.run("test", "tests/test_maths.py")
    assert "--dist=loadfile" in echoed(result)["flags"]
    assert echoed(result)["flags"][-1] == "tests/test_maths.py"
    assert (site / "pytest.py").exists()
    assert "Installing" not in installed.run("lab").stdout
    assert "Installing" not in installed.run("test").stdout


def test_site_brings_its_packages(installed):
    assert echoed(installed.run("site", "--links"))["flags"] == ["--links"]
    assert next(installed.venv.rglob("pytest.py"))


def test_other_commands_pass_flags_and_exit_code_on(installed):
    assert echoed(installed.run("run", "01", "-x"))["flags"] == ["01", "-x"]
    assert installed.run("run", ECHO_EXIT="5").returncode == 5


@posix_only
def test_root_is_told_what_is_allowed(first_run):
    _, result = first_run
    assert (os.geteuid() == 0) == ("--allow-root" in echoed(result)["flags"])
    assert (os.geteuid() == 0) == ("You are root" in result.stdout)


def test_environment_of_what_is_started(installed):
    theirs = {"MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "elsewhere"}
    environment = echoed(installed.run("lab", TF_CPP_MIN_LOG_LEVEL="0", **theirs))["environment"]
    assert environment["PYTHONPATH"] == str(installed.folder)
    assert environment["OPENBLAS_NUM_THREADS"] == "1"
    assert environment["JUPYTER_PREFER_ENV_PATH"] == "1"
    assert environment["TF_CPP_MIN_LOG_LEVEL"] == "0", "what the reader has set wins"
    assert not {"MPLBACKEND", "PYTHONDONTWRITEBYTECODE"} & set(environment)


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["labs"], 2), (["--help"], 0)])
def test_usage(arguments, code, capsys):
    assert course.main(arguments) == code
    usage = capsys.readouterr().out
    assert re.findall(r"^  (\w+)", usage, re.M) == ["lab", "test", "run", "site", "doctor"]


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
        while process.stdout.readline() != "ready\n":
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=20) == 7
        assert process.stderr.read() == ""


# --- Updating and recovering -------------------------------------------------------------------


def test_changed_lock_is_installed(installed):
    installed.want(("jupyterlab", "2.0"), ("pytest", "1.0"), ("psutil", "1.0"))
    assert "WRONG The lock has changed" in installed.run("doctor").stderr
    assert "Installing" in installed.run("lab").stdout
    doctor = installed.run("doctor")
    assert re.search(r"^ok +jupyterlab 2\.0$", doctor.stdout, re.M)
    assert doctor.returncode == 0


NO_HASH = "sha256:" + 64 * "0"
UV_FAILURES = {
    "package missing": ("absent", f"absent==1.0 --hash={NO_HASH}", {}, "check the network"),
    "wrong hash": ("pytest", f"pytest==1.0 --hash={NO_HASH}", {}, "try another network"),
    "network down": (
        "absent",
        f"absent==1.0 --hash={NO_HASH}",
        {"UV_NO_INDEX": "0", "UV_DEFAULT_INDEX": "http://127.0.0.1:9/", "UV_HTTP_RETRIES": "0"},
        "check the network, and behind a proxy set HTTPS_PROXY",
    ),
}


@pytest.mark.parametrize(
    ("package", "line", "environment", "words"), UV_FAILURES.values(), ids=UV_FAILURES
)
def test_failing_uv_loses_nothing(installed, package, line, environment, words):
    lock, requirements = installed.lock.read_text(), installed.requirements.read_text()
    installed.lock.write_text(re.sub(rf"{package}==.*\n.*\n", "", lock) + line + "\n")
    installed.requirements.write_text(f"{requirements}{package}\n")
    result = installed.run("lab", **environment)
    assert result.returncode == 1
    sentence = result.stderr.splitlines()[-1]
    assert sentence.startswith("uv failed (it said: ")
    assert words in sentence
    assert "run the same command again" in sentence
    installed.lock.write_text(lock)
    installed.requirements.write_text(requirements)
    assert "Installing" not in installed.run("lab").stdout


@contextmanager
def hanging_installation(small, silent_server):
    """Run `lab` with a changed lock, up to the moment when uv waits for the network."""
    small.want(("jupyterlab", "3.0"), ("psutil", "1.0"))
    address = f"http://127.0.0.1:{silent_server.getsockname()[1]}/"
    hang = {"UV_FIND_LINKS": "", "UV_NO_INDEX": "0", "UV_DEFAULT_INDEX": address}
    with subprocess.Popen(
        **small.command("lab", **hang),
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
        for member in [killed, *killed.children(recursive=True)]:
            member.kill()
    result = installed.run("doctor")
    assert result.returncode == 1
    assert re.search(r"^WRONG The last installation was interrupted.* lab", result.stderr, re.M)
    again = installed.run("lab")
    assert "interrupted: recreating .venv" in again.stdout
    echoed(again)


@posix_only
def test_ctrl_c_during_the_installation(installed, silent_server):
    with hanging_installation(installed, silent_server) as process:
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    assert "Run the same command again" in said.splitlines()[-1]
    assert "Traceback" not in said


def remove_python(small):
    small.venv_python.unlink()


def remove_configuration(small):
    (small.venv / "pyvenv.cfg").unlink()


def lose_jupyterlab(small):
    (next(small.venv.rglob("site-packages")) / "jupyterlab.py").unlink()


def test_broken_venv_is_recreated(installed):
    (installed.venv / "half-a-package").touch()
    remove_python(installed)
    result = installed.run("lab")
    assert "doesn't work any more" in result.stdout.splitlines()[0]
    echoed(result)
    assert not (installed.venv / "half-a-package").exists()
    assert "recreating .venv" not in installed.run("lab").stdout


@pytest.mark.parametrize("break_it", [remove_python, remove_configuration, lose_jupyterlab])
def test_doctor_sees_a_broken_venv_and_changes_nothing(installed, break_it):
    break_it(installed)
    before = sorted(installed.venv.rglob("*"))
    result = installed.run("doctor")
    assert result.returncode == 1
    assert re.search("^WRONG .*doesn't work any more.* course.py lab", result.stderr, re.M)
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
    ("system", "machine", "remedy"),
    [
        ("Darwin", "x86_64", "Intel Mac use Colab"),
        ("Windows", "ARM64", "x86 64-bit Python 3.12"),
        ("Linux", "sparc", "not made for Linux on sparc: use Colab"),
    ],
)
def test_computers_without_tensorflow(monkeypatch, system, machine, remedy):
    monkeypatch.setattr(course.platform, "system", lambda: system)
    monkeypatch.setattr(course.platform, "machine", lambda: machine)
    with pytest.raises(course.Problem, match=remedy):
        course.check_computer()


@posix_only
def test_another_python_is_left_to_uv(installed, tmp_path):
    """A machine whose Python does not fit: uv is asked for one that does."""
    shutil.rmtree(installed.venv)
    asked, uv = tmp_path / "asked", tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(f'#!/bin/sh\necho "$@" >> {asked}\necho "uv 1.0"\nexec {UV} "$@"\n')
    uv.chmod(0o755)
    installed.edit("PYTHON_VERSIONS = [", "PYTHON_VERSIONS = [] and [")
    echoed(installed.run("lab", PATH=f"{uv.parent}{os.pathsep}{os.environ['PATH']}"))
    assert re.search(r"^venv .*--python >=3\.11,<3\.14 ", asked.read_text(), re.M)


def test_no_python_to_be_had(installed):
    shutil.rmtree(installed.venv)
    installed.edit("PYTHON_VERSIONS = [", "PYTHON_VERSIONS = [] and [")
    installed.edit(">=3.11,<3.14", "3.999")
    result = installed.run("lab", UV_PYTHON_DOWNLOADS="never")
    assert result.returncode == 1
    assert re.search(r"uv failed .*, or install Python 3\.12 from ", result.stderr.splitlines()[-1])


@posix_only
@pytest.mark.parametrize("on_the_path", ["none", "too old"])
def test_uv_is_fetched_with_the_hash_of_the_lock(installed, tmp_path, on_the_path):
    shutil.rmtree(installed.venv)
    path = tmp_path / "bin"
    path.mkdir()
    if on_the_path == "too old":
        (path / "uv").write_text("#!/bin/sh\necho uv 0.1.0\n")
        (path / "uv").chmod(0o755)
    script = f'#!/bin/sh\nexec {UV} "$@"\n'
    entry = write_wheel(installed.wheels, "uv", "1.0", script)
    pip = {"PATH": str(path), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(installed.wheels)}
    lock = installed.lock.read_text()
    installed.lock.write_text(lock + re.sub(r"\w{64}", "0" * 64, entry))
    refused = installed.run("lab", **pip)
    assert refused.returncode == 1
    assert "try another network" in refused.stderr.splitlines()[-1]
    installed.lock.write_text(lock + entry)
    result = installed.run("lab", **pip)
    assert "Fetching uv" in result.stdout
    echoed(result)


def test_python_without_venv(installed):
    shutil.rmtree(installed.venv)
    installed.edit('"-m", "venv"', '"-m", "missing"')
    result = installed.run("lab", PATH="")
    assert result.returncode == 1
    assert "install python3-venv (Debian, Ubuntu)" in result.stderr


def test_too_little_disk(installed):
    shutil.rmtree(installed.venv)
    installed.edit("INSTALL_BYTES = 4 ", "INSTALL_BYTES = 4e6 ")
    result = installed.run("lab")
    assert result.returncode == 1
    assert re.search(r"has [\d.]+ GB free.*takes 4000000\.0 GB: free some", result.stderr)
    assert not installed.venv.exists()


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
    assert re.search("^WRONG Nothing is installed yet: run .* lab", result.stderr, re.M)
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


def damage_helpers(small):
    (small.folder / "helpers" / "data.py").write_text("def find_folder(:")


def fill_memory(small):
    (next(small.venv.rglob("psutil.py"))).write_text("class virtual_memory: available = 1e9")


def fill_disk(small):
    file = small.folder / "tools" / "doctor.py"
    file.write_text(file.read_text().replace("WORKING_BYTES = ", "WORKING_BYTES = 10**18 + "))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lose_a_package, r"jupyterlab is missing and should be 1\.0: delete the folder \.venv"),
        (damage_helpers, r"files are damaged \(.*\): get them back with `git checkout"),
        (fill_memory, r"1\.0 GB of memory free, and training wants 2.0 GB: close"),
        (fill_disk, r"[\d.]+ GB of disk free, and training wants"),
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
        groups = tomllib.load(file)["dependency-groups"]
    wanted = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    lines = [line for line in wanted if line and not line.startswith("#")]
    lines += [line for name in course.ALL for line in groups[name]]
    locked = locked_in({**system, **python})
    for requirement in map(Requirement, lines):
        assert locked[canonicalize_name(requirement.name)] in requirement.specifier


def test_lock_is_complete():
    """What the lock lacks, uv would install at any version and without a hash."""
    locked = locked_in({})
    installed = {canonicalize_name(each.name): each.version for each in distributions()}
    assert installed.items() <= locked.items(), "run the tests with `course.py test`"
