"""TensorFlow and Keras without the log that TensorFlow writes, but for errors.

`TF_CPP_MIN_LOG_LEVEL` hides most of it, but two lines about CUDA are written to file descriptor
2 by C++ code whatever that variable says. So the descriptor points at the null device while
TensorFlow is imported and runs its first operation, and nowhere else.
"""

import os

from helpers.quiet_stderr import muted_stderr

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

with muted_stderr():
    import keras
    import tensorflow as tf

    tf.constant(0.0) + 1.0

# "AutoGraph could not transform …" says nothing to a learner: what it means still runs.
tf.get_logger().setLevel("ERROR")

__all__ = ["keras", "tf"]
