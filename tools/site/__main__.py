"""Build the web edition: build/site/index.html.

    python -m tools.site            into build/site/, or into the folder that follows
    python -m tools.site --links    follow the links to other sites instead

Notebooks 00 to 04 also run in the browser, unless what they need is unavailable. The slides and the
page of notebook 09 are included if they are in build/, and the formulas are printed as a PDF file
if Chromium or Chrome is installed. Links to the repository are made if the
environment variable GITHUB_REPOSITORY names it, as it does in GitHub's workflows.
"""

import argparse
import base64
import hashlib
import logging
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from helpers import ROOT
from helpers.web.npm_files import FetchError, fetch
from tools.instructor.slides import PINS
from tools.notebooks import BUILD
from tools.site import lite
from tools.site.source import BROWSER, PLAYGROUND, SLIDES, pages

HERE = Path(__file__).resolve().parent
MATHJAX = "tex-svg.js"
FIGURE = re.compile(r"data:image/png;base64,([\w+/=]+)")


def build(folder: Path) -> int:
    """Build the web edition into a folder, replacing it, and return Sphinx' exit code.

    Raises FetchError if MathJax is neither cached nor available.
    """
    mathjax = fetch({MATHJAX: PINS[MATHJAX]})[MATHJAX]
    try:
        pyodide = lite.fetch_pyodide()
    except FetchError as error:
        logging.warning("Without notebooks in the browser: %s", error)
        pyodide = {}
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        made = Path(temporary, "site")
        if code := sphinx("html", made, *(["-t", "lite"] if pyodide else [])):
            return code
        if pyodide:
            lite.add_lite(made, pyodide)
        (made / "_static" / MATHJAX).write_bytes(mathjax)
        if SLIDES.exists():
            add_slides(made)
        if PLAYGROUND.exists():
            shutil.copy(PLAYGROUND, made / "playground.html")
        if BROWSER:
            print_page(BROWSER, made / "docs" / "formulas.html")
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    return 0


def follow_links() -> int:
    """Report the links to other sites that lead nowhere, and return Sphinx' exit code."""
    with tempfile.TemporaryDirectory() as temporary:
        return sphinx("linkcheck", Path(temporary, "links"))


def sphinx(builder: str, output: Path, *flags: str) -> int:
    """Run one of Sphinx' builders on the course, and return its exit code, 1 for a warning."""
    source = output.parent / "source"
    write_source(source)
    command = [sys.executable, "-m", "sphinx", "-q", "--fail-on-warning", "-b", builder]
    return subprocess.run(
        [*command, *flags, "-c", HERE, "-d", source / ".doctrees", source, output], cwd=ROOT
    ).returncode


def write_source(folder: Path) -> None:
    """Write what Sphinx reads: the pages, and the notebooks' figures in the README."""
    shutil.copytree(ROOT / "notebooks" / ".covers", folder / "notebooks" / ".covers")
    for name, text in pages().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def add_slides(site: Path) -> None:
    """Copy the slides, with links to those of their figures that the pages have, too."""

    def link(match: re.Match) -> str:
        name = f"_images/{hashlib.sha256(base64.b64decode(match[1])).hexdigest()}.png"
        return f"../{name}" if (site / name).exists() else match[0]

    shutil.copytree(SLIDES, site / "slides")
    for path in (site / "slides").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        path.write_text(FIGURE.sub(link, text), encoding="utf-8", newline="\n")


def print_page(browser: str, page: Path) -> None:
    """Print a page as a PDF file next to it."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    wait = "--virtual-time-budget=10000"  # at most, milliseconds, for the formulas to be set
    pdf = f"--print-to-pdf={page.with_suffix('.pdf')}"
    subprocess.run([browser, *flags, wait, pdf, page.as_uri()], check=True, capture_output=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="tools.site", description="Build the web edition.")
    parser.add_argument("folder", nargs="?", type=Path, default=BUILD / "site")
    parser.add_argument("--links", action="store_true", help="follow the links to other sites")
    options = parser.parse_args()
    folder = options.folder.resolve()
    is_site = (folder / "_static" / MATHJAX).exists()
    if folder.is_file() or (folder.exists() and any(folder.iterdir()) and not is_site):
        parser.error(f"{folder} holds something else: name a new folder, or one with a site.")
    try:
        sys.exit(follow_links() if options.links else build(folder))
    except FetchError as error:
        sys.exit(str(error))
