"""Wrong answers, made with little writing."""

from collections.abc import Callable
from typing import Any

import numpy as np


def from_results(results: Callable[..., dict[str, list]], *example: Any) -> dict[str, list]:
    """Turn one function that computes the results of all wrong answers into these answers.

    `results` takes the arguments of an answer, such as `example`, and returns {sentence: results}.
    A result that needs other arguments than some probes give is a lambda without parameters.
    """

    def answer(sentence: str, number: int) -> Callable:
        def result(*arguments: Any) -> Any:
            chosen = results(*arguments)[sentence][number]
            return chosen() if callable(chosen) else chosen

        return result

    with np.errstate(all="ignore"):
        computed = results(*example)
    return {
        sentence: [answer(sentence, number) for number in range(len(each))]
        for sentence, each in computed.items()
    }
