"""The terms of docs/glossary.md, and the sections of the notebooks that explain them."""

import re

from mdit_py_plugins.anchors.index import slugify

from tools.notebooks import find_notebooks, parts

ENTRY = re.compile(r"^(\S.*)\n  \S.*\n", re.MULTILINE)  # a term, and its definition below
BOLD = re.compile(r"\*\*([^*]+)\*\*")


def link_terms(prose: str, known: dict[str, str]) -> str:
    """A notebook's prose with its bold terms linked to the glossary."""

    def link(match: re.Match) -> str:
        term = known.get(match[1].lower())
        return f"**{{term}}`{match[1]} <{term}>`**" if term else match[0]

    return BOLD.sub(link, prose)


def places() -> dict[str, str]:
    """A link to the first section that has a term in bold, by the term in small letters."""
    found: dict[str, str] = {}
    for path in find_notebooks():
        for part in parts(path):
            anchor = f"#{slugify(part.title)}" if part.level > 1 else ""
            title = part.title if part.level == 1 else f"{part.notebook} · {part.title}"
            link = f"[{title}](../notebooks/{path.name}{anchor})"
            for cell in part.cells:
                if cell.cell_type == "markdown":
                    for term in BOLD.findall(cell.source):
                        found.setdefault(term.lower(), link)
    return found


def with_places(glossary: str) -> str:
    """The glossary with a link to the section that explains each term."""
    known = places()

    def entry(match: re.Match) -> str:
        place = known.get(match[1].lower())
        return f"{match[0]}\n  Explained in {place}\n" if place else match[0]

    return ENTRY.sub(entry, glossary)
