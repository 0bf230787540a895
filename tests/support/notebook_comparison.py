"""Compare the outputs of a cell with the stored ones.

nbval compares text exactly, but CPUs differ in the last digits. A cell may have a tag such as
`tol-0.01`: then numbers with a decimal point or an exponent may differ from the stored ones by
that, in absolute terms. `83.1%` is 0.831. Everything else must be equal: words, integers, nan and
inf, the order of the outputs. Without a tag, decimals and spaces must be equal, too.

Pictures must be there, but are not compared: their alt texts are. The same holds for a frame with a
whole page in it, which tests/test_page.py looks at in a browser.
"""

import difflib
import re
from collections.abc import Iterable
from decimal import Decimal

from nbformat import NotebookNode

LARGEST_TOLERANCE = Decimal("0.05")

_TOKEN = re.compile(
    r"""
    (?P<float> (?<![\w.]) [-+−]?
        (?: (?: \d{1,3}(?:,\d{3})+ | \d+ ) \. \d* | \.\d+ | \d+ (?=[eE]) ) (?: [eE][-+]?\d+ )?
        (?! \w | \.\d )
        (?: \ ?% )?
    )
    | \w+ (?: \.\w+ )*      # words, integers, names and versions such as 3.15.0
    | \n
    | [^\w\s]
    """,
    re.VERBOSE,
)
_MOST_LINES_SHOWN = 20


def tolerance(tags: Iterable[str]) -> Decimal:
    """What the tag `tol-…` allows; 0 without such a tag.

    Raises ValueError for a tag that cannot be read or that allows more than LARGEST_TOLERANCE.
    """
    allowed = Decimal(0)
    for tag in tags:
        if tag.startswith("tol-"):
            if not re.fullmatch(r"tol-0\.\d+", tag) or Decimal(tag[4:]) > LARGEST_TOLERANCE:
                raise ValueError(
                    f"The tag {tag!r} must be tol-0.… and not above tol-{LARGEST_TOLERANCE}."
                )
            allowed = Decimal(tag[4:])
    return allowed


def output_differences(
    stored: list[NotebookNode], computed: list[NotebookNode], allowed: Decimal
) -> list[str]:
    """How the computed outputs differ from the stored ones, line by line; empty if they don't."""
    lines = stderr_lines(computed)
    shapes = [[_shape(output) for output in outputs] for outputs in (stored, computed)]
    if shapes[0] != shapes[1]:
        lines += ["The outputs are not of the same number, kinds and order:"]
        lines += _diff(*("\n".join(shape) for shape in shapes))
        return lines
    for number, (old, new) in enumerate(zip(stored, computed, strict=True), start=1):
        old_parts, new_parts = _parts(old), _parts(new)
        for kind in old_parts:
            differences = text_differences(old_parts[kind], new_parts[kind], allowed)
            if differences:
                lines += [f"Output {number}, {kind}:", *differences]
    return lines


def stderr_lines(outputs: list[NotebookNode]) -> list[str]:
    """What a cell wrote to stderr, warnings included; a notebook must write nothing there."""
    texts = [output.text for output in outputs if output.get("name") == "stderr"]
    return ["The cell wrote to stderr:", *"".join(texts).splitlines()] if texts else []


def text_differences(stored: str, computed: str, allowed: Decimal) -> list[str]:
    """Where two texts differ by more than is allowed; empty if nowhere."""
    if stored == computed:
        return []
    old, new = list(_TOKEN.finditer(stored)), list(_TOKEN.finditer(computed))
    if [_form(token) for token in old] != [_form(token) for token in new]:
        return _diff(stored, computed)
    lines = []
    for old_number, new_number in zip(old, new, strict=True):
        if old_number["float"]:
            distance = abs(_value(new_number) - _value(old_number))
            if distance > allowed:
                line = stored.count("\n", 0, old_number.start()) + 1
                lines.append(
                    f"line {line}: stored {old_number[0]}, now {new_number[0]}: "
                    f"{distance.normalize():f} apart, {allowed} allowed"
                )
    if not lines and not allowed:
        return _diff(stored, computed)
    return _shorten(lines)


def _shape(output: NotebookNode) -> str:
    return f"{output.output_type}: {', '.join(sorted(_parts(output)))}"


def _parts(output: NotebookNode) -> dict[str, str]:
    """The texts to be compared, by kind; a picture or a page is an empty text."""
    if output.output_type == "stream":
        return {output.name: output.text}
    if output.output_type == "error":
        return {"error": f"{output.ename}: {output.evalue}"}
    parts = {}
    for mime, content in output.data.items():
        is_drawn = mime.startswith("image/") or " srcdoc=" in str(content)
        parts[mime] = "" if is_drawn else str(content)
        alt = output.metadata.get(mime, {}).get("alt")
        if alt:
            parts[f"{mime}, its alt text"] = alt
    return parts


def _form(token: re.Match[str]) -> str:
    """What must be equal in a token: of a float neither the digits nor their number.

    A figure's alt text drops final zeros, so 0.861 may become 0.86.
    """
    if not token["float"]:
        return token[0]
    return "percentage" if token[0].endswith("%") else "float"


def _value(token: re.Match[str]) -> Decimal:
    number = token[0].replace("−", "-").replace(",", "")
    if number.endswith("%"):
        return Decimal(number.rstrip(" %")) / 100
    return Decimal(number)


def _diff(stored: str, computed: str) -> list[str]:
    diff = difflib.unified_diff(
        stored.splitlines(), computed.splitlines(), "stored", "now", lineterm="", n=1
    )
    return _shorten([line for line in diff if not line.startswith("@@")])


def _shorten(lines: list[str]) -> list[str]:
    hidden = len(lines) - _MOST_LINES_SHOWN
    return lines if hidden <= 0 else [*lines[:_MOST_LINES_SHOWN], f"… and {hidden} more lines"]
