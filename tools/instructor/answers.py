"""Which questions a class finds hard, from the progress files that learners hand in."""

import json
from pathlib import Path

from helpers import NOTEBOOKS
from helpers.questions.question import read
from helpers.running import NotebookError

HARD = 0.6  # a question that fewer know at their first answer is looked at again


def first_answers(files: list[Path]) -> dict[str, list[bool]]:
    """Whether each learner's first answer was right, by question.

    Raises NotebookError if a file is no `progress.json`.
    """
    found: dict[str, list[bool]] = {}
    for path in files:
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
            for name, entry in entries.items():
                if "first" in entry:
                    found.setdefault(name, []).append(bool(entry["first"]))
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise NotebookError(f"{path} is not a learner's progress.json: {error}") from error
    return found


def show(files: list[Path]) -> None:
    """Print each question that fewer than 60 % knew at their first answer, hardest first."""
    found = first_answers(files)
    asked = {each.id: each for n in NOTEBOOKS for kind in read(n)[:2] for each in kind.values()}
    shares = {name: sum(rights) / len(rights) for name, rights in found.items() if name in asked}
    hard = sorted((share, name) for name, share in shares.items() if share < HARD)
    print(f"{len(files)} learners, {len(shares)} questions; right by fewer than {HARD:.0%}:")
    for share, name in hard:
        text = asked[name].ask or "a prediction"
        print(f"{share:4.0%} of {len(found[name]):3}  {name}  {text[:80]}")
