"""Start one learner's server. It runs as that learner: the hub starts it instead of Jupyter.

The notebooks are copied on the first start. A file that is there is never written to again, so a
learner's work stays; one that the learner deleted, or that is new in the course, is copied.
"""

import os
import resource
import shutil
import sys
from pathlib import Path

COURSE = Path(__file__).resolve().parent.parent.parent
NOTEBOOKS = ("[0-9][0-9]-*.ipynb", "projects/*.ipynb")


def copy_missing(source: Path, target: Path) -> list[str]:
    """Copy the notebooks and example projects that `target` lacks, and return their names."""
    copied = []
    for notebook in (path for pattern in NOTEBOOKS for path in sorted(source.glob(pattern))):
        if notebook.name.startswith("my"):  # somebody's own project, which git ignores, too
            continue
        own = target / notebook.relative_to(source)
        if os.path.lexists(own):
            continue
        own.parent.mkdir(parents=True, exist_ok=True)
        part = own.with_suffix(".part")  # a copy that is cut short must not look like a notebook
        shutil.copyfile(notebook, part)
        part.replace(own)
        copied.append(own.relative_to(target).as_posix())
    return copied


def limit_memory(data_bytes: int) -> None:
    """Let a process that asks for more memory than this get a MemoryError, not a dead kernel."""
    resource.setrlimit(resource.RLIMIT_DATA, (data_bytes, data_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Prepare the learner's folder, then become Jupyter's server."""
    work = Path.home() / "course"
    try:
        copy_missing(COURSE / "notebooks", work / "notebooks")
    except OSError as error:  # a full disk: the learner needs the server to make room
        print(f"The notebooks could not all be copied to {work}: {error}.", file=sys.stderr)
    runtime = Path.home() / ".course-run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ["COURSE_PROGRESS_FILE"] = str(work / "progress.json")
    os.environ["JUPYTER_RUNTIME_DIR"] = str(runtime)  # short: a socket's path has 107 letters
    limit_memory(int(os.environ["COURSE_DATA_LIMIT"]))
    os.chdir(work)
    os.execv(sys.executable, [sys.executable, "-m", "jupyterhub.singleuser", *sys.argv[1:]])


if __name__ == "__main__":
    main()
