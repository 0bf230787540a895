"""TensorFlow and Keras without the log that TensorFlow writes while it starts.

`TF_CPP_MIN_LOG_LEVEL` hides most of it, but two lines about CUDA are written to file descriptor
2 by C++ code whatever that variable says. So the descriptor points at the null device while
TensorFlow is imported and runs its first operation, and nowhere else.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _muted_stderr() -> Iterator[None]:
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


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

with _muted_stderr():
    import keras
    import tensorflow as tf

    tf.constant(0.0) + 1.0

__all__ = ["keras", "tf"]
