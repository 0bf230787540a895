"""File descriptor 2 muted for a while, for libraries whose C++ code logs there unasked."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def muted_stderr() -> Iterator[None]:
    """Send what is written to file descriptor 2 meanwhile nowhere, also what C++ code writes."""
    if sys.stderr is not None:
        sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # pythonw on Windows starts without descriptor 2: nothing to mute
        yield
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(null)
        os.close(kept)
