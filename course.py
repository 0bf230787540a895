"""Install the course and start it. A Python is all that this needs: run `python3 course.py`.

Standard library only. The syntax and the imports on top are those of Python 3.6, so that
an old Python gets as far as the sentence that says which one the course wants.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PYTHON, PYTHON_312 = ("py", "py -3.12") if os.name == "nt" else ("python3", "python3.12")
DOWNLOADS = "https://www.python.org/downloads/"

USAGE = f"""\
Usage: {PYTHON} course.py COMMAND

  lab [flags for JupyterLab]   open the course; the first time, install it
  test [flags for pytest]      run every test and every notebook, and compare
  run [notebook numbers]       run notebooks without a browser, into pages under build/
  doctor                       say what is installed, and what to do about anything wrong
"""

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

# Its presence says that course.py made .venv. It reads "unfinished", or, written last of all, the
# version of .venv's Python and the digest of the lock that was installed.
STAMP = VENV / "made-by-course.txt"
UNFINISHED = "unfinished"

PROGRAMS = {
    "lab": [
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={ROOT}",
        "--LabApp.default_url=/lab/tree/notebooks/00-meet-the-data.ipynb",
    ],
    "test": ["-m", "pytest", "-n", "2", "--dist", "loadfile"],
    "run": ["-m", "tools.notebooks"],
}

# No question about news, no look for updates: the lock decides, and a plane has no network.
LAB_SETTINGS = VENV / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
QUIET_LAB = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}
}

ENVIRONMENT_DEFAULTS = {
    "JUPYTER_PREFER_ENV_PATH": "1",  # else a "python3" kernel in the home folder shadows ours
    "OPENBLAS_NUM_THREADS": "1",  # the course's matrices are too small to share between threads
    "PYTHONUTF8": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
# They would put other packages, or a figure window, in the place of the course's own.
ENVIRONMENT_REMOVED = ["MPLBACKEND", "PYTHONHOME", "PYTHONPATH"]

PYTHON_VERSIONS = [(3, 11), (3, 12), (3, 13)]
TENSORFLOW_MACHINES = {
    "Darwin": ["arm64"],
    "Linux": ["aarch64", "x86_64"],
    "Windows": ["AMD64"],
}

GIGABYTE = 10**9
INSTALL_BYTES = 4.5 * GIGABYTE  # 2.8 in .venv, 0.7 of downloads in pip's cache and beside it
WORKING_BYTES = GIGABYTE // 2
MEMORY_BYTES = 2 * GIGABYTE  # two workers of `test`, each with TensorFlow in it

WINDOWS_PATH_LIMIT = 259
LONGEST_PATH_IN_VENV = 188  # a TensorFlow header under .venv\Lib\site-packages


class Problem(Exception):
    """What is wrong and what to do about it, in one sentence for the reader."""


def main(arguments: list) -> int:
    """Do what the command line asks, and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A folder's name may have letters that this terminal can't show.
            stream.reconfigure(errors="replace")
    command, flags = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command not in ("doctor", *PROGRAMS):
        print(USAGE)
        return 0 if command in ("-h", "--help", "help") else 2
    try:
        if command == "doctor":
            return doctor()
        prepare()
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"\n{error.filename or ROOT} can't be read or written ({error.strerror}): close "
            "JupyterLab and whatever else uses the course's .venv, or move the course to a folder "
            "of your own, then run the same command again.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on.", file=sys.stderr)
        return 130
    return start([*PROGRAMS[command], *flags])


def start(arguments: list) -> int:
    """Run .venv's Python in the course's folder until it ends, and return its exit code."""
    child = subprocess.Popen([str(VENV_PYTHON), *arguments], cwd=str(ROOT), env=child_environment())
    # Ctrl-C reaches the child as well, and JupyterLab answers it with a question.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    return child.wait()


def child_environment() -> dict:
    """Return the reader's environment with the course's defaults, which give way to theirs."""
    environment = dict(ENVIRONMENT_DEFAULTS, **os.environ)
    for name in ENVIRONMENT_REMOVED:
        environment.pop(name, None)
    return environment


# --- Can this computer run the course? ---------------------------------------------------------


def check_python() -> None:
    """Raise a Problem unless this Python, on this computer, can install the course."""
    if sys.version_info[:2] not in PYTHON_VERSIONS:
        raise Problem(
            f"This is Python {platform.python_version()}, and the course needs Python 3.11, 3.12 "
            f"or 3.13: install Python 3.12 from {DOWNLOADS} and run "
            f"`{PYTHON_312} course.py lab`."
        )
    if sys.maxsize < 2**32:
        raise Problem(
            "This is a 32-bit Python, and TensorFlow needs a 64-bit one: install the 64-bit "
            f"Python 3.12 from {DOWNLOADS} and start the course with it."
        )
    system, machine = platform.system(), platform.machine()
    if machine not in TENSORFLOW_MACHINES.get(system, []):
        advice = {
            ("Darwin", "x86_64"): "on an Intel Mac use Colab or another computer; on an "
            f"Apple-silicon Mac install Python 3.12 from {DOWNLOADS} and start the course with it",
            ("Windows", "ARM64"): f"install the x86 64-bit Python 3.12 from {DOWNLOADS}, which "
            "runs here too, and start the course with it",
        }.get((system, machine), "use Colab or another computer")
        raise Problem(f"TensorFlow is not made for {system} on {machine}: {advice}.")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise Problem(
            "This Python lacks `venv` and `ensurepip`, which the installation needs: on Debian "
            f"or Ubuntu run `sudo apt install python3.{sys.version_info[1]}-venv`, elsewhere "
            f"install Python 3.12 from {DOWNLOADS}; then run the same command again."
        ) from None


def check_folder() -> None:
    """Raise a Problem unless this folder has room for the packages."""
    free = shutil.disk_usage(str(ROOT)).free
    if free < INSTALL_BYTES:
        raise Problem(
            f"The disk with the course's folder has {free / GIGABYTE:.1f} GB free, and installing "
            f"takes {INSTALL_BYTES / GIGABYTE:.1f} GB: free some, or move the folder to another "
            "disk, then run the same command again."
        )
    excess = len(str(ROOT)) + LONGEST_PATH_IN_VENV - WINDOWS_PATH_LIMIT
    if os.name == "nt" and excess > 0 and not windows_has_long_paths():
        raise Problem(
            f"The path of the course's folder is {excess} letters too long for Windows: move the "
            "folder, for instance to C:\\course, then run the same command there."
        )


def windows_has_long_paths() -> bool:
    """Return whether this Windows was told to allow paths of more than 259 letters."""
    import winreg

    try:
        key = winreg.OpenKey(
            winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem"
        )
        return winreg.QueryValueEx(key, "LongPathsEnabled")[0] == 1
    except OSError:
        return False


# --- The course's own environment, .venv -------------------------------------------------------


def prepare() -> None:
    """Make .venv hold what requirements.lock says; when it does already, take no time."""
    check_python()
    defect = venv_defect()
    if defect:
        print(f"{defect}: making .venv anew.", flush=True)
        empty_venv()
    if not VENV_PYTHON.exists():
        check_folder()
        make_venv()
    if not read_stamp().endswith(lock_digest()):
        install_packages()


def venv_defect() -> str:
    """Return why .venv must be made anew, or "" if it is sound or not there yet."""
    if not VENV.exists() or (VENV.is_dir() and not any(VENV.iterdir())):
        return ""
    if not STAMP.exists():
        raise Problem(
            "The folder .venv here was not made by course.py, which leaves it alone: rename or "
            "delete it, then run the same command again."
        )
    if read_stamp() in ("", UNFINISHED):
        return "The last installation was interrupted"
    if venv_python_version() != read_stamp().split()[0]:
        return "The Python of .venv doesn't start any more (moved, updated or removed?)"
    return ""


def venv_python_version() -> str:
    """Return the version of .venv's Python, such as 3.12, or "" if it doesn't start."""
    # Without its pyvenv.cfg the same file starts the Python underneath, and pip would fill that.
    question = "import sys; sys.prefix != sys.base_prefix and print(*sys.version_info[:2], sep='.')"
    try:
        answer = subprocess.run(
            [str(VENV_PYTHON), "-c", question],
            env=child_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return ""
    return answer.stdout.decode().strip()


def read_stamp() -> str:
    """Return what .venv's stamp says, or "" where there is none."""
    return STAMP.read_text(encoding="utf-8") if STAMP.exists() else ""


def lock_digest() -> str:
    """Return the SHA-256 of requirements.lock, in hexadecimal."""
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


def empty_venv() -> None:
    """Remove everything in .venv but the stamp, which says that what is left is ours to remove."""
    STAMP.write_text(UNFINISHED, encoding="utf-8")
    for path in VENV.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(str(path))
        elif path != STAMP:
            path.unlink()


def make_venv() -> None:
    """Make an environment without packages, for the Python that runs this."""
    print("Making .venv, where the course's packages go ...", flush=True)
    VENV.mkdir(exist_ok=True)
    STAMP.write_text(UNFINISHED, encoding="utf-8")
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)],
        env=child_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if made.returncode:
        said = last_line(made.stdout.decode(errors="replace").splitlines())
        raise Problem(
            f"Python could not make .venv (it said: {said}): install Python 3.12 from {DOWNLOADS} "
            f"and run `{PYTHON_312} course.py lab`."
        )


def install_packages() -> None:
    """Install requirements.lock with pip, which shows its progress, and make helpers importable."""
    print("Installing what requirements.lock lists; this needs the network ...", flush=True)
    stamp, changed = read_stamp(), site_packages().stat().st_mtime_ns
    # Until pip is through, a kill can leave half a package that pip takes for a whole one.
    STAMP.write_text(UNFINISHED, encoding="utf-8")
    pip = [str(VENV_PYTHON), "-m", "pip", "--disable-pip-version-check"]
    # The lock is complete and has wheels for every system: resolve nothing, build nothing.
    # A --user from the reader's own pip settings would be refused in an environment.
    flags = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-user"]
    said = []
    with subprocess.Popen(
        [*pip, "install", *flags, "--requirement", str(LOCK)],
        env=child_environment(),
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stderr:
            sys.stderr.write(line)
            said.append(line)
    if process.returncode:
        if site_packages().stat().st_mtime_ns == changed:
            STAMP.write_text(stamp, encoding="utf-8")  # it only downloaded: .venv is as it was
        raise Problem(pip_problem("".join(said)))
    write_helpers_path()
    write_lab_settings()
    STAMP.write_text(f"{venv_python_version()} {lock_digest()}", encoding="utf-8")


def pip_problem(said: str) -> str:
    """Return the sentence for a pip that failed and said this."""
    in_use = "close JupyterLab and whatever else uses the course's .venv"
    remedies = {
        "HASHES": "what arrives is not what the course was tested with, so empty pip's cache with "
        f"`{VENV_PYTHON.relative_to(ROOT)} -m pip cache purge`, and if that is not enough try "
        "another network",
        "No space left": f"free {INSTALL_BYTES / GIGABYTE:.1f} GB of disk",
        "Permission denied": in_use,
        "Access is denied": in_use,
        "": "check the network, and behind a proxy set HTTPS_PROXY",
    }
    remedy = next(remedy for sign, remedy in remedies.items() if sign in said)
    lines = [line for line in said.splitlines() if not line.startswith("WARNING:")]
    errors = [line for line in lines if line.startswith("ERROR:")] or lines
    return (
        f"pip could not install the packages (it said: {last_line(errors)}): "
        f"{remedy}; then run the same command again, which finds finished downloads in pip's cache."
    )


def last_line(lines: list) -> str:
    """Return the last line that is not empty."""
    return next((line.strip() for line in reversed(lines) if line.strip()), "nothing")


def site_packages() -> Path:
    """Return the folder in .venv that holds the packages."""
    if os.name == "nt":
        return VENV / "Lib" / "site-packages"
    return VENV / "lib" / f"python{venv_python_version()}" / "site-packages"


def write_helpers_path() -> None:
    """Make `import helpers` work in .venv from any folder."""
    # A relative path holds wherever the course is moved, and whatever letters its path has.
    course = os.path.relpath(str(ROOT), str(site_packages()))
    (site_packages() / "course.pth").write_text(course + "\n", encoding="utf-8")


def write_lab_settings() -> None:
    """Make JupyterLab start without a question that covers the notebook."""
    LAB_SETTINGS.parent.mkdir(parents=True, exist_ok=True)
    LAB_SETTINGS.write_text(json.dumps(QUIET_LAB), encoding="utf-8")


# --- What is here, and what is wrong with it? --------------------------------------------------


def doctor() -> int:
    """Print what is installed and what to do about anything wrong; return 1 if there is."""
    wrong = 0
    for finding in examine():
        is_wrong = isinstance(finding, Problem)
        wrong += is_wrong
        print("WRONG" if is_wrong else "ok   ", finding, flush=True)
    print(f"\n{wrong} to put right." if wrong else "\nAll is well.")
    return 1 if wrong else 0


def examine() -> Iterator:
    """Yield what is found, one sentence each: a string if it is well, a Problem if it is not."""
    try:
        check_python()
    except Problem as problem:
        yield problem
        return
    yield f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"

    lab = f"`{PYTHON} course.py lab`"
    try:
        defect = venv_defect()
        if defect:
            yield Problem(f"{defect}: run {lab}, which makes .venv anew.")
        elif not STAMP.exists():
            check_folder()
            yield Problem(f"Nothing is installed yet: run {lab}.")
        elif not read_stamp().endswith(lock_digest()):
            yield Problem(f"requirements.lock has changed since the installation: run {lab}.")
        else:
            yield f"The course's environment, .venv, with Python {venv_python_version()}"
            yield from examine_packages()
            yield from examine_from_inside()
    except Problem as problem:
        yield problem
    yield from examine_disk()


def examine_packages() -> Iterator:
    """Yield for each package of requirements.txt whether the locked version is installed."""
    from importlib.metadata import distributions

    installed = {
        canonical(package.metadata["Name"]): package.version
        for package in distributions(path=[str(site_packages())])
    }
    locked = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", LOCK.read_text(encoding="utf-8"), re.M))
    wanted = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    for name in map(canonical, re.findall(r"^[\w.-]+", wanted, re.M)):
        version = installed.get(name, "missing")
        if version == locked[name]:
            yield f"{name} {version}"
        else:
            yield Problem(
                f"{name} is {version} and should be {locked[name]}: delete the folder .venv, then "
                f"run `{PYTHON} course.py lab`."
            )


def canonical(name: str) -> str:
    """Return a package's name as every tool spells it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


ASK_FROM_INSIDE = """
import json, psutil
from helpers.data import DataError, find_folder
folder, problem = None, ""
try:
    folder = find_folder()
except DataError as error:
    problem = str(error)
print(json.dumps([folder and str(folder), problem, psutil.virtual_memory().available]))
"""


def examine_from_inside() -> Iterator:
    """Yield what only .venv's own Python can tell: which data will be used, free memory."""
    answer = subprocess.run(
        [str(VENV_PYTHON), "-c", ASK_FROM_INSIDE],
        cwd=str(ROOT),
        env=child_environment(),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if answer.returncode:
        said = last_line(answer.stderr.splitlines())
        yield Problem(
            f"The course's own files are damaged ({said}): get them back with "
            "`git checkout -- helpers`, or download the course again."
        )
        return
    folder, problem, memory = json.loads(answer.stdout)
    if problem:
        yield Problem(problem)
    elif folder:
        yield f"Fashion-MNIST, the real pictures, in {folder}"
    else:
        yield (
            "Fashion-MNIST is not here yet: notebook 00 downloads it (31 MB); "
            "without a network the course draws sketches instead"
        )
    if memory < MEMORY_BYTES:
        yield Problem(
            f"{memory / GIGABYTE:.1f} GB of memory free, and training wants "
            f"{MEMORY_BYTES / GIGABYTE:.0f} GB: close other programs and notebooks."
        )
    else:
        yield f"{memory / GIGABYTE:.1f} GB of memory free"


def examine_disk() -> Iterator:
    """Yield whether there is disk to work on."""
    free = shutil.disk_usage(str(ROOT)).free
    if free < WORKING_BYTES:
        yield Problem(f"{free / GIGABYTE:.1f} GB of disk free: free at least half a GB.")
    else:
        yield f"{free / GIGABYTE:.1f} GB of disk free"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
