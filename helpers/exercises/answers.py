"""Wrong answers to an exercise, all computed by one function, so that they share its steps."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

_remembers = True


@contextlib.contextmanager
def computed_each_time() -> Iterator[None]:
    """Remember no results meanwhile: a tape must see how each comes about."""
    global _remembers
    _remembers = False
    try:
        yield
    finally:
        _remembers = True


def from_results(results: Callable[..., dict[str, list]], *example: Any) -> dict[str, list]:
    """Return {sentence: wrong answers}, as `Exercise.mistakes` has it.

    `results` takes the arguments of an answer and returns {sentence: results of wrong answers}. It
    is called once with the `example` to learn the sentences. A result that raises for some
    arguments must be a function without parameters, which is called only when it is asked for.
    """
    known: dict[tuple, dict[str, list]] = {}

    def results_for(*arguments: Any) -> dict[str, list]:
        """All wrong answers get the same arguments, so that each is computed for all of them."""
        key = _contents(arguments)
        if key is None or not _remembers:
            return results(*arguments)
        if key not in known:
            known[key] = results(*arguments)
        return known[key]

    with np.errstate(all="ignore"):
        computed = results(*example)
    return {
        sentence: [partial(_result, results_for, sentence, number) for number in range(len(each))]
        for sentence, each in computed.items()
    }


def _result(results: Callable, sentence: str, number: int, *arguments: Any) -> Any:
    result = results(*arguments)[sentence][number]
    return result() if callable(result) else result


def _contents(arguments: tuple) -> tuple | None:
    """What stands in the arguments, or None if they are not arrays or numbers."""
    try:
        arrays = [np.asarray(argument) for argument in arguments]
    except Exception:  # rows of different lengths, or a tensor without values yet
        return None
    if any(array.dtype.kind == "O" for array in arrays):
        return None
    return tuple((array.dtype.str, array.shape, array.tobytes()) for array in arrays)


def other_way_round(letters: Sequence[str]) -> list[str]:
    """The letter of each place, "A" for the first, in the order of the letters in the places."""
    return [chr(ord("A") + letters.index(letter)) for letter in sorted(letters)]
