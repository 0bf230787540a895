"""What Sphinx reads: the course's documents and notebooks, and pages made from their metadata."""

import os
import posixpath
import re
import shutil
from pathlib import Path

import nbformat

from helpers import ROOT
from tools.instructor import agenda
from tools.instructor.notes import notes_of
from tools.notebooks import BUILD, find_notebooks, parts, read_notebook
from tools.site.glossary import ENTRY, with_places
from tools.site.notebook_pages import as_page

# Where the course is published: "owner/course" in GitHub's workflows, "" for a copy of one's own.
NAME = os.environ.get("GITHUB_REPOSITORY", "")
REPOSITORY = f"https://github.com/{NAME}" if NAME else ""
SITE = "https://{}.github.io/{}/".format(*NAME.lower().split("/")) if NAME else ""

OWN_PAGES = Path(__file__).resolve().parent / "pages"
DOCUMENTS = ("*.md", "docs/*.md", "[!.]*/README.md", "deploy/*/README.md", "tools/*/README.md")
SAMPLE = ROOT / "notebooks" / "projects" / "four-tops.ipynb"
SLIDES = BUILD / "slides"
PLAYGROUND = BUILD / "softmax_playground.html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)  # prints the formulas


def pages() -> dict[str, str]:
    """The source of each page, by its path in the course."""
    documents = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for pattern in DOCUMENTS
        for path in sorted(ROOT.glob(pattern))
    }
    documents |= {path.name: path.read_text(encoding="utf-8") for path in OWN_PAGES.iterdir()}
    documents |= {"docs/timetables.md": timetables(), "docs/notes.md": notes()}
    documents |= {"docs/reference.md": reference()}
    terms = {term.lower(): term for term in ENTRY.findall(documents["docs/glossary.md"])}
    documents["docs/glossary.md"] = with_places(documents["docs/glossary.md"])
    names = {path.relative_to(ROOT).as_posix(): path for path in [*find_notebooks(), SAMPLE]}
    known = {*documents, *names}
    return {name: linked(text, name, known) for name, text in documents.items()} | {
        name: nbformat.writes(as_page(read_notebook(path), terms, PLAYGROUND.exists()))
        for name, path in names.items()
    }


def linked(text: str, page: str, known: set[str]) -> str:
    """A document whose links to files without a page lead to the repository, if there is one."""

    def link(match: re.Match) -> str:
        label, target = match.groups()
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
        if path in known:
            return match[0]
        # On GitHub, ../.. of a file is the repository.
        place = path[len("../../") :] if path.startswith("../../") else f"blob/main/{path}"
        return f"[{label}]({REPOSITORY}/{place})" if REPOSITORY else label

    text = text.replace("OWNER/REPOSITORY", NAME) if NAME else text
    return re.sub(r"(?<!!)\[([^\]]+)\]\((?!\w+:|#)([^)#]+)\)", link, text)


def timetables() -> str:
    """All sessions, each with its timetable."""
    tables = "\n".join(agenda.as_text(name) for name in agenda.SESSIONS)
    return "# Timetables\n\n" + re.sub(r"^#", "##", tables, flags=re.MULTILINE)


def notes() -> str:
    """The speaker notes of all notebooks, and links to the slides where these have been made."""
    lines = ["# Slides and speaker notes", ""]
    for path in find_notebooks():
        for part in parts(path):
            text = notes_of(part)
            if text or part.level == 1:
                lines += [f"{'#' * (part.level + 1)} {part.title}", "", *text]
            if part.level == 1 and (SLIDES / f"{path.stem}.html").exists():
                lines += [f'<a href="../slides/{path.stem}.html">Open the slides</a>', ""]
    return "\n".join(lines)


def reference() -> str:
    """A section for each module of `helpers`, which autodoc fills with the docstrings."""
    lines = ["# Reference of helpers", ""]
    for path in sorted((ROOT / "helpers").glob("[!_q]*.py")):  # not quiet_*.py
        name = f"helpers.{path.stem}"
        lines += [f"## {name}", "", "```{eval-rst}", f".. automodule:: {name}", "```", ""]
    return "\n".join(lines)
