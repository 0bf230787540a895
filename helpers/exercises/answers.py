"""Wrong answers, made with little writing."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np


def from_results(results: Callable[..., dict[str, list]], *example: Any) -> dict[str, list]:
    """Make wrong answers of one function that computes the results of all of them.

    `results` takes the arguments of an answer, such as `example`, and returns {sentence: results}.
    A result that cannot be computed for each probe is a lambda without parameters.
    """
    with np.errstate(all="ignore"):
        computed = results(*example)
    return {
        sentence: [partial(_result, results, sentence, number) for number in range(len(each))]
        for sentence, each in computed.items()
    }


def _result(results: Callable, sentence: str, number: int, *arguments: Any) -> Any:
    result = results(*arguments)[sentence][number]
    return result() if callable(result) else result
