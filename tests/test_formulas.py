"""Each formula of docs/formulas.md, written out here without the course's code, and compared."""

import re
from math import exp, log

import numpy as np
import pytest

from helpers import ROOT, maths, metrics, training

pytestmark = pytest.mark.slow

PAGE = (ROOT / "docs" / "formulas.md").read_text(encoding="utf-8")
FORMULAS = re.findall(r"^\| .+? \| \$([^|]+)\$ \| \[", PAGE, re.MULTILINE)

rng = np.random.default_rng(0)


def softmax(scores):
    return np.array([exp(score) / sum(map(exp, scores)) for score in scores])


def loss(scores):
    """Cross-entropy of one picture of class 1."""
    return -log(softmax(scores)[1])


def slopes(function, point, h=1e-6):
    """Central differences in each coordinate, stacked along the last axis."""
    moves = h * np.eye(len(point))
    return np.stack([(function(point + d) - function(point - d)) / (2 * h) for d in moves], axis=-1)


N, K, T = 6, 5, 2.5
z = rng.normal(0, 3, K)
p, m, total = softmax(z), max(z), sum(map(exp, z))
Z = rng.normal(0, 3, (N, K))
labels = rng.integers(0, K, N)


def one_step_of_training():
    """Weights after one step from zero, at which every probability is 1/10."""
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (4, 28, 28), dtype=np.uint8)
    classes = np.array([0, 3, 3, 9])
    weights, _, _ = training.train_softmax_regression(
        images, classes, epochs=1, learning_rate=0.2, batch_size=4
    )
    gradient = (images.reshape(4, 784) / 255).T @ (0.1 - np.eye(10)[classes]) / 4
    return 0 - 0.2 * gradient, weights


def weights_gradient():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(N, 3))
    W, b = rng.normal(size=(3, K)), rng.normal(size=K)
    p = np.array([softmax(row) for row in X @ W + b])
    return X.T @ (p - np.eye(K)[labels]) / N, training.loss_and_gradients(X, labels, W, b)[1]


def calibration_error():
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.5, 1, 200)
    right = rng.random(200) < 0.8
    error = 0
    for k in range(15):
        inside = (k / 15 < confidence) & (confidence <= (k + 1) / 15)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    # Class 0 is always the answer.
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    return error, metrics.expected_calibration_error(probabilities, np.where(right, 0, 1))


def dense_parameters(n=7, m=4):
    from helpers.layers import Dense

    layer = Dense(m)
    layer.build((None, n))
    return n * m + m, layer.count_params()


def convolution(n=11, k=4, c=3, f=5, s=3):
    """Parameters and rows by the formulas, and by Keras."""
    from helpers.quiet_tensorflow import keras

    layer = keras.layers.Conv2D(f, k, strides=s, padding="valid")
    output = layer(np.zeros((1, n, n, c), np.float32))
    return ((k * k * c + 1) * f, layer.count_params()), ((n - k) // s + 1, output.shape[1])


# By the formula's LaTeX, so that a changed formula has no check: the result of the formula, and
# others that must equal it.
CHECKS = {
    r"p_i = \dfrac{e^{z_i}}{\sum_j e^{z_j}}": lambda: (p, maths.softmax(z), maths.naive_softmax(z)),
    r"p_i = \dfrac{e^{z_i / T}}{\sum_j e^{z_j / T}}": lambda: (
        softmax([score / T for score in z]),
        maths.softmax(z / T),
    ),
    r"p_i = \dfrac{e^{z_i - m}}{\sum_j e^{z_j - m}}": lambda: (
        [exp(s - m) / sum(exp(t - m) for t in z) for s in z],
        p,
        maths.softmax(z),
    ),
    r"\operatorname{logsumexp}(z) = \log \sum_j e^{z_j} = m + \log \sum_j e^{z_j - m}": lambda: (
        log(total),
        m + log(sum(exp(s - m) for s in z)),
        maths.logsumexp(z),
    ),
    r"\log p_i = z_i - \operatorname{logsumexp}(z)": lambda: (
        z - log(total),
        np.log(p),
        maths.log_softmax(z),
    ),
    r"L = -\dfrac{1}{N} \sum_{n=1}^{N} \log p_{n,y_n}": lambda: (
        -sum(log(softmax(row)[label]) for row, label in zip(Z, labels, strict=True)) / N,
        maths.cross_entropy(Z, labels),
    ),
    r"L = \log K": lambda: (log(K), maths.cross_entropy(np.zeros((N, K)), labels)),
    r"\dfrac{\partial p_i}{\partial z_j} = p_i (\delta_{ij} - p_j)": lambda: (
        [[p[i] * (float(i == j) - p[j]) for j in range(K)] for i in range(K)],
        slopes(softmax, z),
        maths.softmax_jacobian(z),
    ),
    r"\dfrac{\partial L}{\partial z} = p - y": lambda: (
        p - np.array([0, 1, 0, 0, 0]),
        slopes(loss, z),
        maths.cross_entropy_gradient(z, np.array(1)),
    ),
    # For x^3 the central difference is 3 x^2 + h^2, without a further error.
    r"\dfrac{\partial L}{\partial z_j} \approx \dfrac{L(z_j + h) - L(z_j - h)}{2h}": lambda: (
        ((z + 0.1) ** 3 - (z - 0.1) ** 3) / (2 * 0.1),
        3 * z**2 + 0.1**2,
        maths.numerical_gradient(lambda x: (x**3).sum(), z, step=0.1),
    ),
    r"\dfrac{\partial L}{\partial W} = \dfrac{1}{N} X^T (p - y)": weights_gradient,
    r"W \leftarrow W - \eta\, \dfrac{\partial L}{\partial W}": one_step_of_training,
    "n m + m": dense_parameters,
    "(k^2 c + 1) f": lambda: convolution()[0],
    r"\lfloor (n - k) / s \rfloor + 1": lambda: convolution()[1],
    r"\text{ECE} = \sum_k w_k\, \lvert \text{accuracy}_k - \text{confidence}_k \rvert": (
        calibration_error
    ),
}


def test_each_formula_has_a_check():
    assert sorted(FORMULAS) == sorted(CHECKS)


@pytest.mark.parametrize("formula", CHECKS)
def test_formula(formula):
    written_out, *others = CHECKS[formula]()
    for other in others:
        np.testing.assert_allclose(other, written_out, rtol=1e-5, atol=1e-7)
