"""The commonest mistakes in each exercise, and words that its check must name them by.

Written independently of `helpers/exercises`, so that a sentence deleted there is missed here.
"""

import math

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view as windows

from helpers import maths, training
from helpers.exercises import NOTEBOOKS, exercises_of
from helpers.exercises.judging import NOT_YET, judge
from helpers.maths import cross_entropy, log_softmax, logsumexp, naive_softmax, one_hot, softmax


def forward_differences(f, x, h=1e-5):
    steps = h * np.eye(x.size).reshape(-1, *x.shape)
    return np.reshape([(f(x + each) - f(x)) / h for each in steps], x.shape)


def from_slopes(rule):
    """An answer made of its arguments and of the right loss and slopes."""
    return lambda *args: rule(args, *training.loss_and_gradients(*args[:4]))


def layer(base, call):
    """What makes a class of layers, given `keras`."""
    return lambda keras: type(
        "Layer", (getattr(keras.layers, base),), {"call": lambda self, x: call(keras.ops, self, x)}
    )


def loss_class(call):
    """What makes a class of losses, given `keras`. Labels become rows of zeros and a one."""
    return lambda keras: type(
        "Loss",
        (keras.losses.Loss,),
        {"call": lambda self, y, z: call(keras.ops, keras.ops.one_hot(y, z.shape[1]), z)},
    )


def loss_after_step(model, loss, optimizer, x, y):
    from helpers.quiet_tensorflow import tf

    with tf.GradientTape() as tape:
        before = loss(y, model(x))
    variables = model.trainable_variables
    optimizer.apply(tape.gradient(before, variables), variables)
    return loss(y, model(x))


def gaps(confidence, correct, bins):
    bin_of = np.ceil(confidence * bins)
    return [abs((correct - confidence)[bin_of == each].mean()) for each in set(bin_of)]


MISTAKES = [
    ("0.1", lambda y: np.unique(y, return_counts=True)[1], "occur missing"),
    ("0.1", lambda y: np.bincount(y), "largest label minlength"),
    ("0.2", 14, "0.01 squared"),
    ("0.3", lambda a, b: ((a[:, None] - b) ** 2).sum(axis=(2, 3)), "wrapped floats"),
    ("0.4", lambda y, p: [(y[p == k] == k).mean() for k in range(10)], "predicted divide labels"),
    ("0.4", lambda y, p: [((y == p) & (y == k)).mean() for k in range(10)], "all pictures"),
    ("1.1", [1, 2, 5], "exponentials sum"),
    ("1.2", lambda z: np.exp(z) / np.exp(z).sum(), "all numbers axis"),
    ("1.2", lambda z: np.exp(z) / np.exp(z).sum(axis=0), "column"),
    ("1.2", lambda z: np.exp(z) / np.exp(z).sum(axis=-1), "keepdims"),
    ("1.3", lambda p: p, "undo exponential"),
    ("1.3", lambda p: -np.log(p), "order minus"),
    ("1.4", lambda z, t: softmax(z * t), "multiplied divide"),
    ("1.4", lambda z, t: softmax(z) / t, "divided probabilities before"),
    ("1.5", "A", "any size"),
    ("2.1", 11, "sum log 10"),
    ("2.1", 9, "round down"),
    ("2.2", lambda z: naive_softmax(z), "overflows largest"),
    ("2.2", lambda z: naive_softmax(z - z.max()), "whole batch"),
    ("2.3", lambda z: np.log(np.exp(z).sum(axis=-1)), "overflows largest"),
    ("2.3", lambda z: logsumexp(z) - z.max(axis=-1), "back"),
    ("2.4", lambda z: np.log(softmax(z)), "rounded 0"),
    ("2.4", lambda z: z - logsumexp(z), "keepdims"),
    ("2.5", 1e-7, "smallest"),
    ("2.6", lambda z, allowed: softmax(z) * allowed, "no longer sum to 1"),
    ("2.6", lambda z, allowed: softmax(z * allowed), "-np.inf like any other"),
    ("3.1", [1, 6.64, 6.49], "bits"),
    ("3.1", [0.69, 4.61, 0.11], "0.9 wrong class"),
    ("3.2", lambda z, y: cross_entropy(z, y) * len(y), "sum mean"),
    ("3.2", lambda z, y: -cross_entropy(z, y), "sign"),
    ("3.2", lambda z, y: -log_softmax(z)[:, y].mean(), "[:, labels]"),
    ("3.3", np.outer([0.5, 0.25, 0.25], [0.5, 0.25, 0.25]), "products minus"),
    ("3.4", lambda z, y: softmax(z) - one_hot(y, z.shape[1]), "sum mean"),
    ("3.4", lambda z, y: (one_hot(y, z.shape[1]) - softmax(z)) / len(y), "sign"),
    ("3.5", lambda f, x, h=1e-5: 2 * maths.numerical_gradient(f, x, h), "twice too large"),
    ("3.5", forward_differences, "forward"),
    ("3.6", ["a", [[3, 1, 2]], [2]], "one row two"),
    ("4.1", from_slopes(lambda a, loss, w, b: (loss, len(a[1]) * w, len(a[1]) * b)), "sum mean"),
    ("4.1", from_slopes(lambda args, loss, w, b: (loss, w.T, b)), "transposed"),
    ("4.2", from_slopes(lambda args, loss, w, b: (args[2] - w, args[3] - b)), "no effect"),
    ("4.2", from_slopes(lambda args, loss, w, b: (args[4] * w, args[4] * b)), "way place"),
    ("4.3", [5, 0.0005], "turned round"),
    ("4.4", lambda x, w, k: x * w[:, k].reshape(28, 28), "255"),
    ("4.5", lambda x, mean, spread: (x.reshape(len(x), -1) - mean) / spread, "0 divided by 0"),
    ("5.1", layer("Dense", lambda ops, own, x: x @ own.kernel), "bias not add"),
    ("5.1", layer("Dense", lambda ops, own, x: ops.relu(x @ own.kernel + own.bias)), "function"),
    ("5.2", layer("Layer", lambda ops, _, z: ops.exp(z) / ops.sum(ops.exp(z), 1, True)), "exp"),
    ("5.2", layer("Layer", lambda ops, _, z: ops.softmax(z, axis=0)), "column"),
    ("5.3", 3072 * 64 + 64 * 32 + 32 * 10, "kernels only"),
    ("5.3", 1024 * 64 + 64 + 64 * 32 + 32 + 32 * 10 + 10, "colours"),
    ("5.4", loss_class(lambda ops, y, z: -ops.log(ops.sum(y * ops.softmax(z), 1))), "logarithm 0"),
    ("5.4", loss_class(lambda ops, y, z: ops.sum(y * z, 1) - ops.logsumexp(z, 1)), "sign"),
    ("5.5", lambda model, loss, optimizer, x, y: loss(y, model(x)), "not moved"),
    ("5.5", loss_after_step, "again after"),
    ("6.1", lambda k1, b1, k2, b2: (k1 @ k2, b1 + b2), "added multiply"),
    ("6.1", lambda k1, b1, k2, b2: (k1 @ k2, b2), "first bias missing"),
    ("6.2", lambda classes: math.log(classes), "equal scores"),
    ("6.3", lambda matrix: np.flatnonzero(matrix.sum(axis=1) == 0), "rows columns"),
    ("6.3", lambda matrix: np.flatnonzero(np.diag(matrix) == 0), "diagonal"),
    ("6.4", ["B", "A", "D", "C"], "program A floor"),
    ("6.5", 0.886, "with ReLU"),
    ("7.1", lambda x, down, right: np.roll(x, (down, right), axis=(1, 2)), "other side np.roll"),
    ("7.2", lambda x, k: (windows(x, k.shape) * k[::-1, ::-1]).sum(axis=(2, 3)), "turned"),
    ("7.2", lambda x, k: (windows(x, k.shape) * k).sum(axis=(2, 3))[:-1, :-1], "last row"),
    ("7.3", [15, 260, 4], "three channels"),
    ("7.3", [15, 760, 2], "twice filters channels"),
    ("7.4", lambda m: (np.diag(m) / m.sum(axis=1), np.diag(m) / m.sum(axis=0)), "exchanged"),
    ("7.5", lambda p, y, count: np.argsort(-p.max(axis=1))[:count], "right answers among"),
    ("7.5", lambda p, y, count: np.flatnonzero(p.argmax(axis=1) != y)[:count], "not sorted"),
    ("7.6", ["peeked", "honest", "peeked", "peeked"], "D every choice on validation"),
    ("8.1", lambda c, correct, bins: np.mean(gaps(c, correct, bins)), "over the bins weight"),
    ("8.1", lambda c, correct, bins: abs(c.mean() - correct.mean()), "cancel absolute"),
    ("8.2", lambda p, y: ((p - one_hot(y, p.shape[1])) ** 2).mean(), "over the classes"),
    ("8.2", lambda p, y: ((1 - p[np.arange(len(y)), y]) ** 2).mean(), "true class only"),
    ("8.3", lambda z, y, ts: min(cross_entropy(z / t, y) for t in ts), "NLL itself"),
    ("8.3", lambda z, y, ts: min(ts, key=lambda t: cross_entropy(z * t, y)), "multiplied"),
    ("8.4", lambda c, ok, risk: min(t for t in c if (~ok & (c >= t)).mean() <= risk), "answered"),
    ("8.4", lambda c, ok, risk: max(t for t in c if (~ok[c >= t]).mean() <= risk), "highest"),
    ("8.5", ["A", "C", "D", "B"], "model A above"),
    ("9.1", lambda shapes: np.cumsum([0, *map(math.prod, shapes)])[:-1], "numbers bytes"),
    ("9.2", lambda data, at, shape: np.frombuffer(data, "<f4", math.prod(shape), at), "reshape"),
    ("9.3", lambda a, b: (a - b).max() <= 1e-5, "negative np.abs"),
    ("9.3", lambda a, b: (a.argmax(axis=1) == b.argmax(axis=1)).all(), "compared answers"),
    ("9.4", 0.5, "not probability"),
    ("10.1", [False, True, True, True, False], "C: your pictures"),
    ("10.2", lambda a, b: len(set(map(bytes, a)) & set(map(bytes, b))), "different twice"),
    ("10.2", lambda a, b: (a[: len(b)] == b[: len(a)]).all(axis=(1, 2)).sum(), "same place"),
    ("10.3", lambda a, b: np.bincount(b).max() / len(b), "test labels"),
    ("10.3", lambda a, b: np.bincount(a).max() / len(a), "share of the training labels"),
    ("10.4", lambda k, n: k / n + np.r_[-1.96, 1.96] * (k * (n - k) / n**3) ** 0.5, "10 of 10"),
    ("10.5", lambda used, fresh: used.max() - fresh.max(), "another model"),
    ("10.5", lambda used, fresh: (used - fresh).mean(), "mean over all"),
]


@pytest.mark.parametrize(("name", "answer", "words"), MISTAKES)
def test_common_mistake_is_named(name, answer, words):
    if name in ("5.1", "5.2", "5.4"):
        from helpers.quiet_tensorflow import keras

        answer = answer(keras)
    verdict = judge(exercises_of(int(name.partition(".")[0]))[name](), answer)
    first_line = verdict.message.splitlines()[0].lower()
    assert verdict.outcome == NOT_YET
    assert [word for word in words.lower().split() if word not in first_line] == [], first_line


def test_every_exercise_has_a_common_mistake():
    exercises = [name for notebook in NOTEBOOKS for name in exercises_of(notebook)]
    assert list(dict.fromkeys(name for name, _, _ in MISTAKES)) == exercises
