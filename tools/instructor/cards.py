"""All questions as cards: a deck for Anki and a page to print and cut, in build/cards/."""

import html

import genanki

from helpers import NOTEBOOKS
from helpers.questions.question import Question, read
from tools.notebooks import BUILD, find_notebooks, parts
from tools.questions import answer, as_markdown

NAME = "From softmax to Fashion-MNIST"
# Anki knows a deck and a kind of card by these numbers, chosen once.
DECK, MODEL = 1_733_011_264, 1_733_011_265
STYLE = """
.cards { display: grid; grid-template-columns: 1fr 1fr; font: 11pt/1.35 sans-serif }
.card { border: 1px dashed #888; padding: 4mm; break-inside: avoid }
.from { color: #555; font-size: 9pt }
"""


def write() -> None:
    """Write the deck and the page."""
    folder = BUILD / "cards"
    folder.mkdir(parents=True, exist_ok=True)
    model = genanki.Model(
        MODEL,
        NAME,
        fields=[{"name": name} for name in ("Name", "Question", "Answer", "Section")],
        templates=[
            {
                "name": "Question",
                "qfmt": "{{Question}}",
                "afmt": "{{FrontSide}}<hr>{{Answer}}<p><small>{{Section}}</small></p>",
            }
        ],
    )
    rows = []
    decks = []
    for notebook in NOTEBOOKS:
        [path] = find_notebooks([f"{notebook:02}"])
        title = parts(path)[0].title
        decks.append(genanki.Deck(DECK + notebook, f"{NAME}::{title}"))
        for question in read(notebook)[1].values():
            fields = [question.id, *sides(question), f"{title}: {html.escape(question.section)}"]
            guid = genanki.guid_for(question.id)  # a newer deck keeps what was learnt
            decks[-1].add_note(genanki.Note(model, fields, guid=guid))
            rows.append(fields)
    genanki.Package(decks).write_to_file(folder / "cards.apkg")
    (folder / "cards.html").write_text(_page(rows), encoding="utf-8")
    print(f"build/cards/: cards.apkg for Anki, cards.html to print; {len(rows)} cards")


def sides(question: Question) -> tuple[str, str]:
    """The front and the back of a card, as HTML."""
    return _as_html(as_markdown(question)), _as_html(answer(question))


def _as_html(text: str) -> str:
    """HTML of the little Markdown that a question has: **bold**, `code`, a list."""
    escaped = html.escape(text)
    for mark, tag in (("**", "b"), ("`", "code")):
        pieces = escaped.split(mark)
        escaped = "".join(f"<{tag}>{it}</{tag}>" if n % 2 else it for n, it in enumerate(pieces))
    return escaped.replace("\n- ", "<br>").replace("\n", "<br>")


def _page(rows: list[list[str]]) -> str:
    """Fronts and backs side by side, to cut and fold."""
    cards = "".join(
        f'<div class="card">{front}</div>'
        f'<div class="card">{back}<p class="from">{name} · {section}</p></div>'
        for name, front, back, section in rows
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Cards: {NAME}</title>'
        f'<style>{STYLE}</style><div class="cards">{cards}</div></html>\n'
    )
