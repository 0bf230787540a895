"""A stored notebook as a page: without what only Jupyter needs, with hints and links."""

import ast
import inspect
import re

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from helpers.exercises import exercises_of
from helpers.questions.question import Question, Reason
from tools.questions import answer, as_markdown, asked_in, remove_calls
from tools.site.glossary import link_terms

HOW_TO_ANSWER = re.compile(r" (Put a letter in quotes, or a number|Write one sentence, then run).*")
CHECK = re.compile(r'\n*^check\("([\d.]+)", .*\)$', re.MULTILINE)
PLAYGROUND_ADDRESS = "../build/softmax_playground.html"
NO_PLAYGROUND = (
    "<p>The page is made from a trained model when you run this notebook: "
    '<a href="../install.html">how to run it</a>.</p>'
)


def as_page(notebook: NotebookNode, terms: dict[str, str], has_playground: bool) -> NotebookNode:
    """A copy of a notebook for the web; `terms` are those of the glossary."""
    page = nbformat.from_dict(notebook)
    cells: list[NotebookNode] = []
    for cell in page.cells:
        cell.metadata = nbformat.from_dict({})
        if cell.cell_type == "markdown":
            cell.source = link_terms(HOW_TO_ANSWER.sub("", cell.source), terms)
        else:
            _fit_outputs(cell, has_playground)
            if _only_imports(cell.source):
                cell.metadata.tags = ["hide-input"]
                if cells[-1].metadata.get("tags"):
                    cell.source = f"{cells.pop().source}\n{cell.source}"
        if cell.cell_type == "markdown" or "sys.path" not in cell.source:
            answers = _answers(cell)
            cells += [each for each in _exercise(cell) if each.source or each.outputs] + answers
    page.cells = cells
    return page


def _fit_outputs(cell: NotebookNode, has_playground: bool) -> None:
    """Give figures their alt text, and frames a height and an address that fit the page."""
    for output in cell.outputs:
        if alt := output.get("metadata", {}).get("image/png", {}).get("alt"):
            cell.metadata.mystnb = {"image": {"alt": alt}}
        if shown := output.get("data", {}).get("text/html"):
            if PLAYGROUND_ADDRESS in shown:
                page = shown.replace(PLAYGROUND_ADDRESS, "../playground.html")
                shown = page if has_playground else NO_PLAYGROUND
            output.data["text/html"] = with_height(shown)


def with_height(frame: str) -> str:
    """A frame whose height the style sheet can change on a narrow screen."""
    return re.sub(r'height="(\d+)" style="', r'style="--height: \1px; ', frame)


def _only_imports(source: str) -> bool:
    """Whether a cell only imports, and sets how NumPy prints."""
    statements = ast.parse(source).body
    kinds = [isinstance(each, ast.Import | ast.ImportFrom) for each in statements]
    others = [ast.unparse(each) for each, kind in zip(statements, kinds, strict=True) if not kind]
    return any(kinds) and all(other.startswith("np.set_printoptions") for other in others)


def _exercise(cell: NotebookNode) -> list[NotebookNode]:
    """The cell; the starter of an exercise without its check, and with folded hints."""
    found = CHECK.search(cell.source) if cell.cell_type == "code" else None
    if not found:
        return [cell]
    cell.source, cell.outputs = CHECK.sub("", cell.source), []
    hints = hints_of(found[1])
    folded = "\n\n".join(
        f"<details><summary>Hint {number} of {len(hints)}</summary>\n\n{hint}\n\n</details>"
        for number, hint in enumerate(hints, 1)
    )
    return [cell, new_markdown_cell(folded, id=f"{cell.id}-hints")]


def _answers(cell: NotebookNode) -> list[NotebookNode]:
    """The folded answers of what a cell asks, without the lines that ask."""
    asked = asked_in(cell.source) if cell.cell_type == "code" else []
    if not asked:
        return []
    remove_calls(cell)
    if not cell.source:  # it does nothing but ask, and what its questions say is on the page
        cell.outputs = []
    return [
        new_markdown_cell(_question(it, not cell.source), id=f"{cell.id}-{number}")
        for number, it in enumerate(asked, 1)
    ]


def _question(asked: Question | Reason, with_text: bool) -> str:
    """The folded answer, below what is asked where the text before the cell doesn't say it."""
    text = as_markdown(asked) if with_text and isinstance(asked, Question) else ""
    folded = "<details><summary>Open after you have answered</summary>"
    return f"{text}\n\n{folded}\n\n{answer(asked)}\n\n</details>".strip()


def hints_of(exercise_id: str) -> list[str]:
    """The hints as they are written: making the exercises of 05 takes TensorFlow."""
    make = exercises_of(int(exercise_id.split(".")[0]))[exercise_id]
    nodes = ast.walk(ast.parse(inspect.getsource(make)))
    keywords = {node.arg: node.value for node in nodes if isinstance(node, ast.keyword)}
    return ast.literal_eval(keywords["hints"])
