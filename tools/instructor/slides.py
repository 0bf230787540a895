"""Slides with speaker notes, made by nbconvert and reveal.js: build/slides/, for use offline.

A cell's `slideshow` metadata decides; by default a section begins a slide, and each question, piece
of code, figure and answer is a step down from it. The answer to a **Predict.** has a page of its
own, so that it is not read too early.
"""

import html
import re
import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from helpers.questions.question import Question
from helpers.web.npm_files import Pin, fetch
from tools.instructor.notes import notes_of, vote_notes, vote_of
from tools.notebooks import BUILD, find_notebooks, parts, read_notebook
from tools.questions import answer, as_markdown, asked_in, remove_calls

# What the slides load, by the names that nbconvert's template expects.
PINS = {
    "reveal.css": Pin(
        "reveal.js",
        "4.6.1",
        "dist/reveal.css",
        "fa4713396db8274bc0f1def50767464b6d98e61f4f83d17f4de6417210b25901",
    ),
    "reveal.js": Pin(
        "reveal.js",
        "4.6.1",
        "dist/reveal.js",
        "73d4b64d59eded6de6a49500e7b709eb8d92c0d1d88d911319ce551c31341e9f",
    ),
    "white.css": Pin(
        "reveal.js",
        "4.6.1",
        "dist/theme/white.css",
        "bf59df9ecd8563ac1da668571397dd454048f493e0feddcc565df7eedc40fad4",
    ),
    "notes.js": Pin(
        "reveal.js",
        "4.6.1",
        "plugin/notes/notes.js",
        "5c49866ac430789657b5b33363d2bf3edb2ef804f91c81ebd19ebc351fb0451a",
    ),
    "tex-svg.js": Pin(
        "mathjax",
        "3.2.2",
        "es5/tex-svg.js",
        "d4295dc33744836935c1399feece5159577b34c5c8ffb9f1c6324cd82e03a882",
    ),
}

MOST_WORDS = 75  # on one page; longer prose continues on the next
FEWEST_WORDS = 12  # of a paragraph with a page of its own; a shorter one stays on the page before


TEMPLATE = (Path(__file__).parent / "slides.html.j2").read_text(encoding="utf-8")


def write(numbers: list[str]) -> None:
    """Write the slides of notebooks, and next to them everything that they load.

    Raises FetchError if reveal.js or MathJax is neither cached nor available.
    """
    from nbconvert import SlidesExporter

    folder = BUILD / "slides"
    _write_reveal(folder / "reveal")
    for path in find_notebooks(numbers):
        notebook = read_notebook(path)
        notebook.cells = pages(path)
        exporter = SlidesExporter(
            raw_template=TEMPLATE,
            reveal_url_prefix="reveal",
            reveal_number="c",
            reveal_theme="white",
        )
        exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
        page, _ = exporter.from_notebook_node(notebook)
        (folder / f"{path.stem}.html").write_text(page, encoding="utf-8")
        print(f"build/slides/{path.stem}.html: open it, then press S for the notes")


def pages(path: Path) -> list[NotebookNode]:
    """The cells of the slides, each with its role; cells that are not projected are left out."""
    cells: list[NotebookNode] = []
    for part in parts(path):
        for place, cell in enumerate(part.cells):
            own_role = cell.metadata.get("slideshow", {}).get("slide_type")
            if own_role == "skip":
                continue
            if part.level == 1 and place and not asked_in(cell.source):
                continue  # imports
            pieces = _prose(cell) if cell.cell_type == "markdown" else _code(cell)
            role = "slide" if place == 0 and part.level < 3 else "subslide"
            for piece in pieces:
                piece.metadata["slideshow"] = {"slide_type": own_role or role}
                own_role, role = None, "subslide"
            cells += pieces
            if place == 0 and (notes := notes_of(part)):
                metadata = {"slideshow": {"slide_type": "notes"}}
                cells.insert(
                    len(cells) - len(pieces) + 1,
                    new_markdown_cell("\n".join(notes), metadata=metadata),
                )
        if vote := vote_of(part):
            asks, answered = (_page(f"**Vote.** {as_markdown(vote)}"), _page(_answer(answer(vote))))
            notes = new_markdown_cell("\n".join(vote_notes(vote)))
            notes.metadata["slideshow"] = {"slide_type": "notes"}
            cells += [asks, notes, answered]
    return cells


def _page(text: str) -> NotebookNode:
    return new_markdown_cell(text, metadata={"slideshow": {"slide_type": "subslide"}})


def _answer(text: str) -> str:
    return f"<div class='answer'>\n\n{text}\n\n</div>"


def _prose(cell: NotebookNode) -> list[NotebookNode]:
    """A Markdown cell as pages: answers alone, long prose split between paragraphs."""
    texts = []
    for text in re.split(r"(<details>.*?</details>)", cell.source, flags=re.DOTALL):
        folded = re.search(r"</summary>(.*)</details>", text, re.DOTALL)
        if folded:
            texts.append(_answer(folded[1].strip()))
            continue
        page = ""
        for paragraph in re.split(r"\n\n(?=\S)", text.strip()):
            is_too_long = len(f"{page} {paragraph}".split()) > MOST_WORDS
            is_short = len(paragraph.split()) < FEWEST_WORDS
            # The introduction to a list, a formula or a **Predict.** stays with it.
            if page and is_too_long and not is_short and not page.endswith(":"):
                texts.append(page)
                page = ""
            page = f"{page}\n\n{paragraph}".strip()
        texts += [page] if page else []
    return [new_markdown_cell(text) for text in texts]


def _code(cell: NotebookNode) -> list[NotebookNode]:
    """A code cell as pages: the code with what it prints, then each figure, then each answer."""
    cell = nbformat.from_dict(cell)
    asked = asked_in(cell.source)
    remove_calls(cell)
    figures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
    is_exercise = re.search(r"^check\(", cell.source, re.MULTILINE)
    # A projected figure keeps its description as alt text only.
    cell.outputs = [
        output for output in cell.outputs if output.output_type == "stream" and not is_exercise
    ]
    only_draws = re.fullmatch(r"plotting\.\w+\(\n.*\n\)", cell.source, re.DOTALL)
    is_left_out = not cell.source or (figures and only_draws)
    pages = ([] if is_left_out else [cell]) + [_figure(output) for output in figures]
    for it in asked:
        if isinstance(it, Question) and it.ask:
            pages.append(new_markdown_cell(as_markdown(it)))
        pages.append(new_markdown_cell(_answer(answer(it))))
    return pages


def _figure(output: NotebookNode) -> NotebookNode:
    words = html.escape(output.metadata.get("image/png", {}).get("alt", ""), quote=True)
    picture = "".join(output.data["image/png"].split())
    source = f'<img class="figure" alt="{words}" src="data:image/png;base64,{picture}">'
    return new_markdown_cell(source.replace("\n", " "))


def _write_reveal(folder: Path) -> None:
    contents = fetch(PINS)
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in contents.items():
        target = folder / PINS[name].path
        target.parent.mkdir(parents=True, exist_ok=True)
        # The theme asks for fonts, from the web too; those of the computer are enough.
        target.write_bytes(re.sub(rb"@import [^;]+;", b"", content))
