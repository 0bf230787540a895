"""Softmax, its relatives and their gradients, each against a second way to compute it."""

import itertools
from decimal import Decimal, localcontext
from functools import partial

import numpy as np
import pytest
import scipy.special

from helpers.maths import (
    cross_entropy,
    cross_entropy_and_gradient,
    cross_entropy_gradient,
    gradient_error,
    log_softmax,
    logsumexp,
    naive_softmax,
    numerical_gradient,
    one_hot,
    relative_error,
    softmax,
    softmax_jacobian,
)

DTYPES = [np.float16, np.float32, np.float64]

each_function = pytest.mark.parametrize("function", [softmax, logsumexp, log_softmax])
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


@pytest.fixture(autouse=True, scope="module")
def float_warnings_are_errors():
    with np.errstate(all="raise"):
        yield


def random_logits(shape, dtype=np.float64, spread=3):
    return (np.random.default_rng(7).normal(size=shape) * spread).astype(dtype)


def random_rows(shape=(6, 10), dtype=np.float64):
    """Logits, and a label for each row, as unsigned bytes."""
    labels = np.random.default_rng(8).integers(shape[-1], size=shape[:-1], dtype=np.uint8)
    return random_logits(shape, dtype), labels


def in_sixty_digits(logits):
    """Softmax, logsumexp and log-softmax of a 1-D array, by name, from the plain formula."""
    with localcontext() as context:
        context.prec = 60
        largest = Decimal(float(max(logits)))
        shifted = [Decimal(float(logit)) - largest for logit in logits]
        total = sum(value.exp() for value in shifted)
        return {
            "softmax": [float(value.exp() / total) for value in shifted],
            "logsumexp": float(largest + total.ln()),
            "log_softmax": [float(value - total.ln()) for value in shifted],
        }


# --- softmax, logsumexp, log_softmax ---------------------------------------------------------


@each_function
@each_dtype
@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((10,), -1),
        ((3, 10), 1),
        ((3, 10), 0),
        ((2, 3, 4), -2),
        ((1, 10), 1),
        ((4, 1), 1),
        ((0, 5), 1),
    ],
)
def test_equals_scipy_and_keeps_type_and_input(function, dtype, shape, axis):
    logits = random_logits(shape, dtype)
    before = logits.copy()
    logits.setflags(write=False)
    result = function(logits, axis)
    scipys = getattr(scipy.special, function.__name__)
    expected = scipys(before.astype(np.float64), axis)
    tolerance = 4 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance)
    assert result.dtype == dtype
    np.testing.assert_array_equal(logits, before)


OF_EACH_TYPE = [
    [1, 2, 3],
    [1e4, -1e4, 0],
    [0, 1e4, -1e4],
    [10_000, 9_999, 9_998],
    [-1e4, -1e4],
    [65504, -65504, 65504],
    [6e-8, 0, -6e-8],
    [7],
    [0, -16, -100],  # float16 and float32 hold these among their smallest, or not at all
    [0, -np.inf, 1],
]
OF_FLOAT64 = [
    [1e300, -1e300],
    [1.7e308, -1.7e308, 1.7e308],
    [5e-324, 0, -5e-324],
    [-1e300, -1e300, -np.inf],
]


@each_function
@pytest.mark.parametrize(
    ("dtype", "logits"),
    [
        *itertools.product(DTYPES, OF_EACH_TYPE),
        *itertools.product([np.float64], OF_FLOAT64),
    ],
)
def test_equals_sixty_digits(function, dtype, logits):
    logits = np.array(logits, dtype)
    tolerance = 4 * float(np.finfo(dtype).eps)
    result = function(logits)
    with np.errstate(over="ignore", under="ignore"):  # sixty digits, rounded to three
        expected = np.array(in_sixty_digits(logits)[function.__name__]).astype(dtype)
        np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance)


@each_function
@each_dtype
def test_each_row_has_its_own_shift(function, dtype):
    rows = np.array([[30_000, 29_999], [-30_000, -29_999]], dtype)
    np.testing.assert_array_equal(function(rows), [function(row) for row in rows])


@pytest.mark.parametrize("values", [[3, 1, 2], (3, 1, 2), np.array([3, 1, 2], np.uint8)])
@each_function
def test_integers_become_float64(function, values):
    result = function(values)
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, function(np.array([3.0, 1.0, 2.0])))


def test_logsumexp_with_keepdims():
    logits = random_logits((2, 3, 4))
    expected = scipy.special.logsumexp(logits, axis=1, keepdims=True)
    np.testing.assert_allclose(logsumexp(logits, axis=1, keepdims=True), expected, rtol=1e-12)


@each_function
@pytest.mark.parametrize(
    "bad_row",
    [[np.nan, 1], [1, np.nan], [-np.inf, np.nan], [np.inf, 1], [np.inf] * 2, [-np.inf] * 2],
)
def test_row_without_a_softmax_is_refused(function, bad_row):
    for logits in (bad_row, [[0, 1], bad_row]):
        with pytest.raises(ValueError, match=r"NaN, \+inf, or a row of nothing but -inf"):
            function(logits)


@each_function
@pytest.mark.parametrize(("shape", "axis"), [((), -1), ((0,), -1), ((3, 0), 1), ((3,), 1)])
def test_axis_without_scores_is_refused(function, shape, axis):
    with pytest.raises(ValueError, match="at least one score along axis"):
        function(np.zeros(shape), axis)


def test_100_000_equal_scores_in_float16():
    zeros = np.zeros((100_000, 2), np.float16)
    # 1e-5 lies among float16's subnormal numbers, which have few digits.
    np.testing.assert_allclose(softmax(zeros, 0), 1e-5, rtol=2e-3)
    np.testing.assert_allclose(logsumexp(zeros, 0), np.log(1e5), rtol=1e-3)
    np.testing.assert_allclose(log_softmax(zeros, 0), -np.log(1e5), rtol=1e-3)


def test_naive_softmax_is_right_until_it_overflows():
    logits = random_logits((3, 4))
    for axis in (0, 1):
        np.testing.assert_allclose(naive_softmax(logits, axis), softmax(logits, axis), rtol=1e-12)
    np.testing.assert_array_equal(naive_softmax(logits), naive_softmax(logits, -1))
    with pytest.warns(RuntimeWarning), np.errstate(all="warn"):
        assert np.isnan(naive_softmax([1000, 1001])).all()


# --- Jacobian --------------------------------------------------------------------------------


def test_jacobian_equals_tensorflow(tf):
    logits = tf.constant(random_logits((4, 5)))
    with tf.GradientTape() as tape:
        tape.watch(logits)
        probabilities = tf.nn.softmax(logits)
    expected = tape.batch_jacobian(probabilities, logits)
    np.testing.assert_allclose(softmax_jacobian(logits), expected, atol=1e-14)
    for dtype in DTYPES:
        assert softmax_jacobian(random_logits((2, 3), dtype)).dtype == dtype


@pytest.mark.parametrize(
    "gradient", [cross_entropy_gradient, lambda *batch: cross_entropy_and_gradient(*batch)[1]]
)
def test_gradient_may_underflow(gradient):
    smallest = -744.4  # its exponential is the smallest float64, half of which is zero
    np.testing.assert_array_equal(gradient([[0, smallest], [0, smallest]], [0, 0]), 0)


# --- labels and cross-entropy ----------------------------------------------------------------


def test_one_hot(tf):
    labels = np.array([[0, 2], [1, 1]], np.uint8)
    np.testing.assert_array_equal(one_hot(labels, 3), tf.one_hot(labels, 3))
    assert one_hot(labels, 3).dtype == np.float64
    assert one_hot(labels[:0, 0], 3).shape == (0, 3)


@pytest.mark.parametrize("shape", [(10,), (6, 200), (2, 3, 10)])
def test_loss_and_gradient_equal_tensorflow(shape, tf):
    logits, labels = random_rows(shape)
    variable = tf.Variable(logits)
    with tf.GradientTape() as tape:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels.astype(int), variable)
        loss = tf.reduce_mean(losses)
    gradient = tape.gradient(loss, variable)
    both = cross_entropy_and_gradient(logits, labels)
    for ours in (cross_entropy(logits, labels), both[0]):
        assert ours == pytest.approx(float(loss), rel=1e-12)
    for ours in (cross_entropy_gradient(logits, labels), both[1]):
        np.testing.assert_allclose(ours, gradient, atol=1e-15)


@each_dtype
def test_gradient_is_p_minus_y_and_keeps_type_and_input(dtype):
    logits, labels = random_rows((1, 10), dtype)
    before = logits.copy()
    for array in (logits, labels):
        array.setflags(write=False)
    gradient = cross_entropy_gradient(logits, labels)
    np.testing.assert_array_equal(gradient, softmax(logits) - one_hot(labels, 10).astype(dtype))
    loss, with_loss = cross_entropy_and_gradient(logits, labels)
    np.testing.assert_allclose(with_loss, gradient, rtol=0, atol=8 * float(np.finfo(dtype).eps))
    assert isinstance(loss, float)
    assert gradient.dtype == with_loss.dtype == dtype
    np.testing.assert_array_equal(logits, before)


@each_dtype
def test_equal_scores_cost_log_ten(dtype):
    loss = cross_entropy(np.zeros((1000, 10), dtype), np.arange(1000) % 10)
    assert isinstance(loss, float)
    assert loss == pytest.approx(-np.log(1 / 10), rel=float(np.finfo(dtype).eps))


def test_only_an_impossible_label_costs_infinity():
    assert cross_entropy([[0, 1e4]], [0]) == 1e4
    assert cross_entropy([[-np.inf, 0]], [0]) == np.inf


@pytest.mark.parametrize("function", [cross_entropy, cross_entropy_gradient])
@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([0.0, 1.0], "must be integers, but they are float64"),
        ([False, True], "must be integers, but they are bool"),
        ([0, 3], "between 0 and 2, but they run from 0 to 3"),
        ([-1, 0], "between 0 and 2, but they run from -1 to 0"),
        ([0, 1, 2], r"shape \(3,\) do not fit scores of shape \(2, 3\)"),
        ([[0], [1]], r"shape \(2, 1\) do not fit scores of shape \(2, 3\)"),
        ([[1, 0, 0], [0, 1, 0]], r"shape \(2, 3\) do not fit scores of shape \(2, 3\)"),
    ],
)
def test_wrong_labels_are_refused(function, labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        function(np.zeros((2, 3)), labels)


def test_one_hot_refuses_a_label_out_of_range():
    with pytest.raises(ValueError, match="between 0 and 2, but they run from 1 to 3"):
        one_hot([1, 3], 3)


@pytest.mark.parametrize("shape", [(), (0, 3), (3, 0)])
def test_cross_entropy_of_nothing_is_refused(shape):
    with pytest.raises(ValueError, match="at least one row of scores"):
        cross_entropy(np.zeros(shape), np.zeros(shape[:-1], int))


# --- the gradient checker --------------------------------------------------------------------


def test_numerical_gradient_is_exact_on_quadratics():
    curve = np.array([[2.0, -1.0], [0.5, 3.0]])
    point = np.array([[1, -2], [3, 4]])  # integers: a step of 1e-5 must not be lost in them
    point.setflags(write=False)
    gradient = numerical_gradient(lambda x: (curve * x**2 + 5 * x).sum(), point)
    np.testing.assert_allclose(gradient, 2 * curve * point + 5, rtol=1e-9)


def test_error_against_step_has_its_minimum_near_1e_5():
    logits, labels = random_rows()
    exact = cross_entropy_gradient(logits, labels)
    errors = {
        power: relative_error(
            numerical_gradient(lambda z: cross_entropy(z, labels), logits, step=10.0**power), exact
        )
        for power in range(-12, 0)
    }
    assert min(errors, key=errors.get) in (-6, -5, -4)
    assert errors[-1] / errors[-2] == pytest.approx(100, rel=0.05)  # the error is h squared
    assert errors[-12] > 1000 * errors[-5]


@pytest.mark.parametrize(
    ("actual", "expected", "error"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0),
        ([0.0], [0.0], 0),
        ([], [], 0),
        ([1.0, -8.0], [3.0, -8.0], 2 / 8),
        ([3.0, -8.0], [1.0, -8.0], 2 / 8),
        ([4.0], [0.0], 1),
        ([0.0], [4.0], 1),
        ([1], [-1], 2),
        ([1e-20, 2e-20], [1e-20, 1e-20], 1 / 2),
    ],
)
def test_relative_error(actual, expected, error):
    assert relative_error(actual, expected) == pytest.approx(error)


@pytest.mark.parametrize("pair", [([np.nan, 1], [1, 1]), ([1, 1], [np.nan, 1])])
def test_nan_is_no_small_error(pair):
    assert not relative_error(*pair) < np.inf


def test_relative_error_refuses_different_shapes():
    with pytest.raises(ValueError, match=r"Shapes \(2, 1\) and \(2,\) differ"):
        relative_error([[1], [2]], [1, 2])


def test_gradient_error():
    logits, labels = random_rows()
    loss, gradient = partial(cross_entropy, labels=labels), cross_entropy_gradient(logits, labels)
    assert gradient_error(loss, lambda _: gradient, logits) < 1e-8
    for wrong in (-gradient, gradient * len(labels), np.roll(gradient, 1, axis=0)):
        assert gradient_error(loss, lambda _, wrong=wrong: wrong, logits) > 1e-2
