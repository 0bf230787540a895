"""Install the course and start it. A Python is all that this needs: run `python3 course.py`.

uv makes the environment and installs the packages; course.py fetches it if it is not there.
Standard library only. The syntax and the imports on top are those of Python 3.6, so that an old
Python gets as far as a sentence that says what to do.
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
from pathlib import Path

PYTHON = "py" if os.name == "nt" else "python3"
DOWNLOADS = "https://www.python.org/downloads/"

USAGE = f"""\
Usage: {PYTHON} course.py COMMAND

  lab [flags for JupyterLab]   open the course; the first time, install it
  test [flags for pytest]      run every test and every notebook, and compare
  run [notebook numbers]       run notebooks without a browser, into pages under build/
  site                         build the web edition, build/site/index.html
  doctor                       say what is installed, and what to do about anything wrong
"""

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "requirements.lock"
INSTALLED_FROM = [LOCK, ROOT / "requirements.txt", ROOT / "pyproject.toml"]
PROGRAMS_FOLDER, EXE = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / PROGRAMS_FOLDER / ("python" + EXE)
OWN_UV = ROOT / ".uv"  # an environment with nothing but uv in it

# Its presence says that course.py made .venv. It reads "unfinished", or, written last of all, what
# was installed: the digest of INSTALLED_FROM and the dependency groups.
STAMP = VENV / "made-by-course.txt"
UNFINISHED = "unfinished"

FIRST = "/lab/tree/notebooks/00-meet-the-data.ipynb"
PROGRAMS = {
    "lab": ["-m", "jupyterlab", f"--ServerApp.root_dir={ROOT}", f"--LabApp.default_url={FIRST}"],
    # A notebook stays on one worker, the longest first, and a test that hangs is ended.
    "test": ["-m", "pytest", "-n2", "--dist=loadfile", "--no-loadscope-reorder", "--timeout=900"],
    "run": ["-m", "tools.notebooks"],
    "site": ["-m", "tools.site"],
}
# Learners can do without these groups; what needs them is not tested then.
ALL = ["browser", "grade", "room", "site", "test"]
GROUPS = {"test": ALL if os.environ.get("COURSE_REQUIRES_ALL") else ["test"], "site": ["site"]}

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
# They would put other packages, or a figure window, in the place of the course's own; or, with the
# second, which many containers set, each kernel would compile TensorFlow again.
ENVIRONMENT_REMOVED = ["MPLBACKEND", "PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "VIRTUAL_ENV"]

PYTHON_VERSIONS = [(3, 11), (3, 12), (3, 13)]
OLDEST_UV = (0, 7)  # the first that knows dependency groups
TENSORFLOW_MACHINES = {"Darwin": ["arm64"], "Linux": ["aarch64", "x86_64"], "Windows": ["AMD64"]}

GIGABYTE = 10**9
INSTALL_BYTES = 4 * GIGABYTE  # 2.8 in .venv and uv's cache, which share files, and the downloads


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
        prepare(GROUPS.get(command, []))
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
    if command == "lab" and hasattr(os, "geteuid") and os.geteuid() == 0:
        print(
            "You are root, so JupyterLab is started with --allow-root: what runs in a notebook may "
            "change everything on this machine.",
            flush=True,
        )
        flags = ["--allow-root", *flags]
    return start([*PROGRAMS[command], *flags])


def start(arguments: list) -> int:
    """Run .venv's Python in the course's folder until it ends, and return its exit code."""
    child = subprocess.Popen([str(VENV_PYTHON), *arguments], cwd=str(ROOT), env=environment())
    # Ctrl-C reaches the child as well, and JupyterLab answers it with a question.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    return child.wait()


def environment() -> dict:
    """Return the reader's environment with the course's defaults, which give way to theirs."""
    # PYTHONPATH: `import helpers` from any folder.
    ours = {**ENVIRONMENT_DEFAULTS, **os.environ, "PYTHONPATH": str(ROOT)}
    return {name: ours[name] for name in ours if name not in ENVIRONMENT_REMOVED}


# --- Can this computer run the course? ---------------------------------------------------------


def check_computer() -> None:
    """Raise a Problem unless TensorFlow is made for this computer."""
    system, machine = platform.system(), platform.machine()
    if machine not in TENSORFLOW_MACHINES.get(system, []):
        advice = {
            ("Darwin", "x86_64"): "on an Intel Mac use Colab or another computer; on an "
            f"Apple-silicon Mac install Python 3.12 from {DOWNLOADS} and start the course with it",
            ("Windows", "ARM64"): f"install the x86 64-bit Python 3.12 from {DOWNLOADS}, which "
            "runs here too, and start the course with it",
        }.get((system, machine), "use Colab or another computer")
        raise Problem(f"TensorFlow is not made for {system} on {machine}: {advice}.")


def check_folder() -> None:
    """Raise a Problem unless this folder has room for the packages."""
    free = shutil.disk_usage(str(ROOT)).free
    if free < INSTALL_BYTES:
        raise Problem(
            f"The disk with the course's folder has {free / GIGABYTE:.1f} GB free, and installing "
            f"takes {INSTALL_BYTES / GIGABYTE:.1f} GB: free some, or move the folder to another "
            "disk, then run the same command again."
        )


# --- The course's own environment, .venv -------------------------------------------------------


def prepare(groups: list) -> None:
    """Make .venv hold what the lock says, these groups included; take no time when it does."""
    check_computer()
    defect = venv_defect()
    digest, *installed = [""] if defect else read_stamp().split() or [""]
    if digest == lock_digest() and set(groups) <= set(installed):
        return
    uv = find_uv()
    if defect:
        print(f"{defect}: recreating .venv.", flush=True)
        empty_venv()
    if not VENV_PYTHON.exists():
        check_folder()
        make_venv(uv)
    install_packages(uv, sorted({*groups, *installed}))


def venv_defect() -> str:
    """Return why .venv must be recreated, or "" if it is sound or not there yet."""
    if not VENV.exists() or (VENV.is_dir() and not any(VENV.iterdir())):
        return ""
    if not STAMP.exists():
        raise Problem(
            "The folder .venv here was not made by course.py, which leaves it alone: rename or "
            "delete it, then run the same command again."
        )
    if read_stamp() in ("", UNFINISHED):
        return "The last installation was interrupted"
    # Without its pyvenv.cfg the same file starts the Python underneath.
    question = "import importlib.util as i, sys; assert i.find_spec('jupyterlab'); "
    question += "assert sys.prefix != sys.base_prefix"
    try:
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        works = not subprocess.call([str(VENV_PYTHON), "-c", question], env=environment(), **silent)
    except OSError:
        works = False
    return "" if works else "The Python of .venv doesn't work any more (moved, updated, removed?)"


def read_stamp() -> str:
    """Return what .venv's stamp says, or "" where there is none."""
    return STAMP.read_text(encoding="utf-8") if STAMP.exists() else ""


def lock_digest() -> str:
    """Return the SHA-256 of all that decides what is installed, in hexadecimal."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in INSTALLED_FROM)).hexdigest()


def empty_venv() -> None:
    """Remove everything in .venv but the stamp, which says that what is left is ours to remove."""
    STAMP.write_text(UNFINISHED, encoding="utf-8")
    for path in VENV.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(str(path))
        elif path != STAMP:
            path.unlink()


def find_uv() -> str:
    """Return the uv on the PATH, or the course's own, fetched with the hash that the lock has."""
    found = shutil.which("uv")
    if found:
        said = subprocess.run([found, "--version"], stdout=subprocess.PIPE).stdout
        if tuple(map(int, re.findall(rb"\d+", said)[:2])) >= OLDEST_UV:
            return found
    own = OWN_UV / PROGRAMS_FOLDER / ("uv" + EXE)
    if not own.exists():
        print("Fetching uv, which installs the packages ...", flush=True)
        remedy = f"install python3-venv (Debian, Ubuntu), or Python 3.12 from {DOWNLOADS}"
        run_installer([sys.executable, "-m", "venv", "--clear", str(OWN_UV)], {"": remedy})
        wanted = OWN_UV / "requirements.txt"
        locked = re.search(r"^uv==(?:.*\\\n)+.*", LOCK.read_text(encoding="utf-8"), re.M)
        wanted.write_text(locked.group() + "\n", encoding="utf-8")
        pip = [str(OWN_UV / PROGRAMS_FOLDER / ("python" + EXE)), "-m", "pip", "install", "-q"]
        flags = ["--disable-pip-version-check", "--no-user", "--only-binary", ":all:"]
        run_installer([*pip, *flags, "--require-hashes", "-r", str(wanted)], REMEDIES)
    return str(own)


def make_venv(uv: str) -> None:
    """Make an environment without packages: with this Python, or one that uv finds or fetches."""
    VENV.mkdir(exist_ok=True)
    STAMP.write_text(UNFINISHED, encoding="utf-8")
    suitable = sys.version_info[:2] in PYTHON_VERSIONS and sys.maxsize > 2**32
    python = sys.executable if suitable else ">=3.11,<3.14"
    command = [uv, "venv", "--allow-existing", "--no-project", "--quiet", "--python", python]
    remedy = f"check the network, or install Python 3.12 from {DOWNLOADS}"
    run_installer([*command, str(VENV)], dict(REMEDIES, **{"": remedy}))


def install_packages(uv: str, groups: list) -> None:
    """Install the packages, and keep JupyterLab from covering the notebook with a question."""
    print("Installing the packages; the first time this needs the network ...", flush=True)
    command = [uv, "pip", "install", f"--python={VENV_PYTHON}", "--no-build"]
    command += ["--requirement=requirements.txt", f"--constraint={LOCK.name}"]
    stamp, changed = read_stamp(), site_packages().stat().st_mtime_ns
    # Until uv is through, a kill can leave half a package that uv takes for a whole one.
    STAMP.write_text(UNFINISHED, encoding="utf-8")
    try:
        run_installer([*command, *(f"--group={group}" for group in groups)], REMEDIES)
    except Problem:
        if site_packages().stat().st_mtime_ns == changed:
            STAMP.write_text(stamp, encoding="utf-8")  # it only downloaded: .venv is as it was
        raise
    LAB_SETTINGS.parent.mkdir(parents=True, exist_ok=True)
    LAB_SETTINGS.write_text(json.dumps(QUIET_LAB), encoding="utf-8")
    STAMP.write_text(" ".join([lock_digest(), *groups]), encoding="utf-8")


def site_packages() -> Path:
    """Return the folder in .venv that holds the packages."""
    return next(VENV.glob("Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages"))


# What an installer says, and what to do then.
REMEDIES = {
    "hash": "what arrives is not what the course was tested with, so try another network",
    "no space left": f"free {INSTALL_BYTES / GIGABYTE:.0f} GB of disk",
    "permission denied": "make the folder that it names above yours, or take another one",
    "access is denied": "close JupyterLab and whatever else uses the course's .venv",
    "": "check the network, and behind a proxy set HTTPS_PROXY",
}


def run_installer(command: list, remedies: dict) -> None:
    """Run a program that installs something, and raise a Problem if it fails."""
    said = []
    with subprocess.Popen(
        command, cwd=str(ROOT), env=environment(), stderr=subprocess.PIPE
    ) as process:
        for line in process.stderr:
            text = line.decode("utf-8", errors="replace")
            if text.strip() and text[:2] not in (" +", " -", " ~"):  # each single package
                print(text, end="", file=sys.stderr, flush=True)
                said.append(text.strip())
    if process.returncode:
        remedy = next(remedies[sign] for sign in remedies if sign in " ".join(said).lower())
        reason = [line for line in said if line.lower().startswith("error")] or said or ["nothing"]
        program = Path(command[0]).stem if command[1] != "-m" else command[2]
        raise Problem(
            f"{program} failed (it said: {reason[-1]}): {remedy}; then run the same command again, "
            "which goes on where this one stopped."
        )


def doctor() -> int:
    """Raise a Problem if the course can't start; else let tools/doctor.py look at the rest."""
    check_computer()
    defect = venv_defect()
    if defect:
        raise Problem(f"WRONG {defect}: run `{PYTHON} course.py lab`, which recreates .venv.")
    if not STAMP.exists():
        check_folder()
        raise Problem(f"WRONG Nothing is installed yet: run `{PYTHON} course.py lab`.")
    if read_stamp().split()[0] != lock_digest():
        raise Problem(f"WRONG The lock has changed since then: run `{PYTHON} course.py lab`.")
    return start(["-m", "tools.doctor"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
