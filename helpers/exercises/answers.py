"""Wrong answers to an exercise, all computed by one function, so that they share its steps."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np


def from_results(results: Callable[..., dict[str, list]], *example: Any) -> dict[str, list]:
    """Return {sentence: wrong answers}, as `Exercise.mistakes` has it.

    `results` takes the arguments of an answer and returns {sentence: results of wrong answers}. It
    is called once with the `example` to learn the sentences. A result that raises for some
    arguments must be a function without parameters, which is called only when it is asked for.
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
