"""The softmax explorer: draggable scores and a temperature slider in the output of a cell."""

import html
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from helpers.web.template import class_colours, filled


@dataclass(frozen=True)
class SoftmaxExplorer:
    """Interactive scores, exponentials and probabilities, shown as the output of a cell."""

    logits: tuple[float, ...]
    class_names: tuple[str, ...]

    def __repr__(self) -> str:
        return f"(softmax of {len(self.logits)} scores, to drag, with a temperature to turn)"

    def _repr_html_(self) -> str:
        """A sandboxed frame: its styles and ids cannot clash with the notebook's."""
        given = {"classes": class_colours(self.class_names), "logits": self.logits}
        page = html.escape(filled("explorer.html", given))
        height = 190 + 31 * len(self.logits)
        return (
            f'<iframe sandbox="allow-scripts" title="Softmax explorer" srcdoc="{page}" '
            f'width="100%" height="{height}" style="border: 1px solid #8888; border-radius: 8px">'
            "</iframe>"
        )


def softmax_explorer(logits: ArrayLike, class_names: Iterable[str]) -> SoftmaxExplorer:
    """An explorer of these scores, one for each class.

    Raises ValueError unless there is one finite score for each of at least two classes.
    """
    scores = tuple(np.asarray(logits, float).tolist())
    names = tuple(map(str, class_names))
    if len(scores) != len(names) or len(scores) < 2 or not np.isfinite(scores).all():
        raise ValueError(
            f"There must be one finite score for each of at least two classes, not {scores} for "
            f"{len(names)} classes."
        )
    return SoftmaxExplorer(scores, names)
