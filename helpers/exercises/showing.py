"""How a value is shown to a learner: as short text, and as HTML."""

import html
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from helpers.exercises.differences import as_numbers


class Code(str):
    """A text to be shown as it is, such as a line of code."""


class Prose(str):
    """Sentences to be shown as they are, perhaps with `code` in them."""


class Feedback:
    """What a learner reads after an answer, for Jupyter to show as HTML or as plain text."""

    def __init__(
        self, title: str, outcome: str, sentence: str, details: tuple[tuple[str, Any], ...] = ()
    ) -> None:
        self.title, self.outcome, self.sentence, self.details = title, outcome, sentence, details

    def __repr__(self) -> str:
        message = as_text(self.sentence, self.details).replace("\n", "\n    ")
        return f"{self.title} {self.outcome}: {message}"

    def _repr_html_(self) -> str:
        return as_html(self.title, self.outcome, self.sentence, self.details)


def as_text(sentence: str, details: tuple[tuple[str, Any], ...]) -> str:
    """A sentence and, below it, what belongs to it."""
    return "\n".join([sentence, *(f"{name + ':':<10} {shown(it)}" for name, it in details)])


def shown(thing: Any) -> str:
    """A short text for a value, numbers to four digits."""
    if isinstance(thing, Code | Prose):
        return thing.replace("\n", "\n           ")
    array = as_numbers(thing)
    if array is not None:
        if array.dtype.kind == "f":
            array = np.where(np.abs(array) < 5e-5, 0, array)  # without -0
        text = np.array2string(
            array, precision=4, suppress_small=True, separator=", ", threshold=24, edgeitems=2
        )
    elif isinstance(thing, (tuple, list)):
        text = f"[{', '.join(map(shown, thing))}]"
    else:
        try:
            text = repr(thing)
        except Exception:
            text = type(thing).__name__
    text = " ".join(text.split()).replace("[ ", "[")
    return text if len(text) <= 160 else text[:157] + "..."


def arguments_shown(function: Callable, arguments: tuple) -> str:
    """The arguments as text, by the names that the function has for them."""
    texts = list(map(shown, arguments))
    try:
        names = list(inspect.signature(function).parameters)[: len(arguments)]
    except (TypeError, ValueError):
        names = []
    if len(arguments) == 1 or len(names) < len(arguments):
        return ", ".join(texts)
    return ", ".join(f"{name} = {text}" for name, text in zip(names, texts, strict=True))


# HTML ---------------------------------------------------------------------------------------------

# Works on light and on dark ground. A wrong entry is framed, and the words say so, too.
FRAME = "border-left: 4px solid {color}; padding: 0.2em 0.8em; max-width: 48em"
COLORS = {"correct": "#2e8540", "not yet": "#b26a00", "could not run": "#b3261e"}
CELL = "border: 1px solid #8888; padding: 0.1em 0.5em; text-align: right"
WRONG = f"{CELL}; outline: 2px solid {COLORS['could not run']}; outline-offset: -2px"


def as_html(title: str, outcome: str, sentence: str, details: tuple[tuple[str, Any], ...]) -> str:
    """What a learner reads in Jupyter: code as code, arrays as tables, wrong entries framed."""
    wanted = dict(details).get("should be")
    rows = "".join(
        f'<tr><th style="text-align: left; vertical-align: top">{name}</th>'
        f'<td style="text-align: left">{_as_cell(thing, wanted if name == "came out" else thing)}'
        "</td></tr>"
        for name, thing in details
    )
    style = FRAME.format(color=COLORS.get(outcome, "#8888"))
    return (
        f'<div style="{style}"><b>{title} {outcome}</b>: {_with_code(sentence)}'
        f"{f'<table>{rows}</table>' if rows else ''}</div>"
    )


def _with_code(text: str) -> str:
    """HTML of a sentence with `code` in it."""
    parts = html.escape(text).split("`")
    return "".join(f"<code>{part}</code>" if n % 2 else part for n, part in enumerate(parts))


def _as_cell(thing: Any, wanted: Any) -> str:
    """A table for a small array, with the entries that differ from `wanted` framed; else code."""
    if isinstance(thing, Code):
        return f'<pre style="margin: 0; white-space: pre-wrap">{html.escape(thing)}</pre>'
    if isinstance(thing, Prose):
        return _with_code(thing)
    array, right = as_numbers(thing), as_numbers(wanted)
    if array is None or not 1 <= array.ndim <= 2 or not 1 < array.size <= 40:
        return f"<code>{html.escape(shown(thing))}</code>"
    differs = np.zeros(array.shape, bool)
    if right is not None and right.shape == array.shape:
        differs = ~np.isclose(array, right, rtol=1e-3, atol=1e-3, equal_nan=True)
    rows = "".join(
        "<tr>" + "".join(map(_number_cell, numbers, marks)) + "</tr>"
        for numbers, marks in zip(np.atleast_2d(array), np.atleast_2d(differs), strict=True)
    )
    return f'<table style="margin: 0">{rows}</table>'


def _number_cell(number: float, is_wrong: bool) -> str:
    text = shown(number)
    return (
        f'<td style="{WRONG if is_wrong else CELL}">{f"<b>{text}</b>" if is_wrong else text}</td>'
    )
