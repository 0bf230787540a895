"""Softmax, its relatives and their gradients, each against a second way to compute it."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

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
from helpers.quiet_tensorflow import tf

# name: ours, SciPy's
TWINS = {
    "softmax": (softmax, scipy.special.softmax),
    "logsumexp": (logsumexp, scipy.special.logsumexp),
    "log_softmax": (log_softmax, scipy.special.log_softmax),
}
SHAPES_AND_AXES = [
    ((10,), -1),
    ((3, 10), 1),
    ((3, 10), 0),
    ((2, 3, 4), -2),
    ((1, 10), 1),
    ((4, 1), 1),
    ((0, 5), 1),
]
DTYPES = [np.float16, np.float32, np.float64]

each_function = pytest.mark.parametrize("function", [softmax, logsumexp, log_softmax])
each_dtype = pytest.mark.parametrize("dtype", DTYPES)
each_shape = pytest.mark.parametrize(("shape", "axis"), SHAPES_AND_AXES)

scores = st.lists(st.floats(-100, 100), min_size=1, max_size=12).map(np.array)
shifts = st.floats(-100, 100)
quick = settings(max_examples=60, deadline=None, derandomize=True)


@pytest.fixture(autouse=True, scope="module")
def float_warnings_are_errors():
    with np.errstate(all="raise"):
        yield


def random_logits(shape, dtype=np.float64, spread=3):
    return (np.random.default_rng(7).normal(size=shape) * spread).astype(dtype)


def random_rows(shape=(6, 10), dtype=np.float64):
    """Logits, and a label for each row."""
    labels = np.random.default_rng(8).integers(shape[-1], size=shape[:-1])
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


@pytest.mark.parametrize("name", TWINS)
@each_shape
def test_equals_scipy(name, shape, axis):
    ours, scipys = TWINS[name]
    logits = random_logits(shape)
    np.testing.assert_allclose(ours(logits, axis), scipys(logits, axis), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", TWINS)
@each_dtype
@pytest.mark.parametrize(
    "logits",
    [
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
    ],
)
def test_equals_sixty_digits(name, dtype, logits):
    logits = np.array(logits, dtype)
    digits = np.finfo(dtype).eps
    result = TWINS[name][0](logits)
    with np.errstate(over="ignore", under="ignore"):  # sixty digits, rounded to three
        expected = np.array(in_sixty_digits(logits)[name]).astype(dtype)
        np.testing.assert_allclose(result, expected, rtol=4 * digits, atol=4 * digits)


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize(
    "logits",
    [
        [1e300, -1e300],
        [1.7e308, -1.7e308, 1.7e308],
        [5e-324, 0, -5e-324],
        [-1e300, -1e300, -np.inf],
    ],
)
def test_float64_extremes_equal_sixty_digits(name, logits):
    np.testing.assert_allclose(TWINS[name][0](logits), in_sixty_digits(logits)[name], rtol=1e-15)


@each_function
@each_dtype
def test_each_row_has_a_shift_of_its_own(function, dtype):
    rows = np.array([[30_000, 29_999], [-30_000, -29_999]], dtype)
    np.testing.assert_array_equal(function(rows), [function(row) for row in rows])


@each_function
@each_dtype
@each_shape
def test_keeps_type_and_shape_and_input(function, dtype, shape, axis):
    logits = random_logits(shape, dtype)
    before = logits.copy()
    logits.setflags(write=False)
    result = function(logits, axis)
    assert result.dtype == dtype
    assert result.shape == (np.sum(before, axis).shape if function is logsumexp else shape)
    np.testing.assert_array_equal(logits, before)


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
    [
        [np.nan, 1],
        [1, np.nan],
        [-np.inf, np.nan],
        [np.inf, 1],
        [np.inf, np.inf],
        [-np.inf, -np.inf],
    ],
)
@pytest.mark.parametrize("other_rows", [[], [[0.0, 1.0]]])
def test_row_without_a_softmax_is_refused(function, bad_row, other_rows):
    logits = [*other_rows, bad_row] if other_rows else bad_row
    with pytest.raises(ValueError, match=r"NaN, \+inf, or a row of nothing but -inf"):
        function(logits)


@each_function
@pytest.mark.parametrize(("shape", "axis"), [((), -1), ((0,), -1), ((3, 0), 1), ((3,), 1)])
def test_axis_without_scores_is_refused(function, shape, axis):
    with pytest.raises(ValueError, match="at least one score along axis"):
        function(np.zeros(shape), axis)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize(("shape", "axis"), [((100_000,), 0), ((100_000, 2), 0)])
def test_100_000_equal_scores(dtype, shape, axis):
    zeros = np.zeros(shape, dtype)
    # 1e-5 lies among float16's subnormal numbers, which have few digits.
    np.testing.assert_allclose(softmax(zeros, axis), 1e-5, rtol=2e-3)
    np.testing.assert_allclose(logsumexp(zeros, axis), np.log(1e5), rtol=1e-3)
    np.testing.assert_allclose(log_softmax(zeros, axis), -np.log(1e5), rtol=1e-3)


@given(scores)
@quick
def test_probabilities_sum_to_one_and_keep_the_order(logits):
    probabilities = softmax(logits)
    assert probabilities.sum() == pytest.approx(1, abs=1e-12)
    assert probabilities.min() >= 0
    assert (np.diff(probabilities[np.argsort(logits)]) >= 0).all()


@given(scores, shifts)
@quick
def test_shift_cancels_in_softmax_and_adds_to_logsumexp(logits, shift):
    np.testing.assert_allclose(softmax(logits + shift), softmax(logits), rtol=1e-12)
    assert logsumexp(logits + shift) == pytest.approx(logsumexp(logits) + shift, abs=1e-12)


def test_naive_softmax_is_right_until_it_overflows():
    logits = random_logits((3, 4))
    for axis in (0, 1):
        np.testing.assert_allclose(naive_softmax(logits, axis), softmax(logits, axis), rtol=1e-12)
    np.testing.assert_array_equal(naive_softmax(logits), naive_softmax(logits, -1))
    with pytest.warns(RuntimeWarning), np.errstate(all="warn"):
        assert np.isnan(naive_softmax([1000, 1001])).all()


# --- Jacobian --------------------------------------------------------------------------------


def test_jacobian_equals_tensorflow():
    logits = tf.constant(random_logits((4, 5)))
    with tf.GradientTape() as tape:
        tape.watch(logits)
        probabilities = tf.nn.softmax(logits)
    expected = tape.batch_jacobian(probabilities, logits)
    np.testing.assert_allclose(softmax_jacobian(logits), expected, atol=1e-14)


@each_dtype
def test_jacobian_keeps_the_type(dtype):
    assert softmax_jacobian(random_logits((2, 3), dtype)).dtype == dtype


# --- labels and cross-entropy ----------------------------------------------------------------


def test_one_hot():
    labels = np.array([[0, 2], [1, 1]], np.uint8)
    np.testing.assert_array_equal(one_hot(labels, 3), tf.one_hot(labels, 3))
    assert one_hot(labels, 3).dtype == np.float64
    assert one_hot(labels[:0, 0], 3).shape == (0, 3)


@pytest.mark.parametrize("shape", [(10,), (6, 10), (2, 3, 10)])
def test_cross_entropy_equals_tensorflow(shape):
    logits, labels = random_rows(shape)
    expected = np.mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    assert cross_entropy(logits, labels) == pytest.approx(expected, rel=1e-12)


@each_dtype
def test_equal_scores_cost_log_ten(dtype):
    loss = cross_entropy(np.zeros((1000, 10), dtype), np.arange(1000) % 10)
    assert isinstance(loss, float)
    assert loss == pytest.approx(-np.log(1 / 10), rel=float(np.finfo(dtype).eps))


def test_only_an_impossible_label_costs_infinity():
    assert cross_entropy([[0, 1e4]], [0]) == 1e4
    assert cross_entropy([[-np.inf, 0]], [0]) == np.inf


@each_dtype
@pytest.mark.parametrize("shape", [(10,), (6, 10), (2, 3, 10)])
def test_loss_and_gradient_together_equal_each_alone(shape, dtype):
    logits, labels = random_rows(shape, dtype)
    before = logits.copy()
    loss, gradient = cross_entropy_and_gradient(logits, labels)
    assert isinstance(loss, float)
    assert loss == pytest.approx(cross_entropy(logits, labels), rel=1e-12)
    expected = cross_entropy_gradient(logits, labels)
    tolerance = 8 * float(np.finfo(dtype).eps) / labels.size
    with np.errstate(under="ignore"):  # a comparison of float16's smallest
        np.testing.assert_allclose(gradient, expected, rtol=0, atol=tolerance)
    assert gradient.dtype == dtype
    np.testing.assert_array_equal(logits, before)


@pytest.mark.parametrize("shape", [(10,), (6, 10), (2, 3, 10)])
def test_gradient_equals_tensorflow(shape):
    logits, labels = random_rows(shape)
    variable = tf.Variable(logits)
    with tf.GradientTape() as tape:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, variable)
        loss = tf.reduce_mean(losses)
    expected = tape.gradient(loss, variable)
    np.testing.assert_allclose(cross_entropy_gradient(logits, labels), expected, atol=1e-15)


@each_dtype
def test_gradient_is_p_minus_y_and_keeps_type_and_input(dtype):
    logits, labels = random_rows((1, 10), dtype)
    before = logits.copy()
    for array in (logits, labels):
        array.setflags(write=False)
    gradient = cross_entropy_gradient(logits, labels)
    np.testing.assert_array_equal(gradient, softmax(logits) - one_hot(labels, 10).astype(dtype))
    assert gradient.dtype == dtype
    np.testing.assert_array_equal(logits, before)


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


def test_unsigned_bytes_are_labels():
    logits, labels = random_rows((6, 200))
    assert labels.max() > 127
    expected = -scipy.special.log_softmax(logits, axis=-1)[np.arange(6), labels].mean()
    assert cross_entropy(logits, labels.astype(np.uint8)) == pytest.approx(expected, rel=1e-12)


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


def test_gradient_error_passes_the_right_gradient():
    logits, labels = random_rows()
    error = gradient_error(
        lambda z: cross_entropy(z, labels), lambda z: cross_entropy_gradient(z, labels), logits
    )
    assert error < 1e-8


PLANTED_BUGS = {
    "missing 1/n": lambda z, y: softmax(z) - one_hot(y, 10),
    "sign": lambda z, y: (one_hot(y, 10) - softmax(z)) / len(y),
    "forgot -1": lambda z, y: softmax(z) / len(y),
    "softmax over the wrong axis": lambda z, y: (softmax(z, axis=0) - one_hot(y, 10)) / len(y),
    "labels of the neighbour": lambda z, y: cross_entropy_gradient(z, np.roll(y, 1)),
}


@pytest.mark.parametrize("bug", PLANTED_BUGS)
def test_gradient_error_finds_a_planted_bug(bug):
    logits, labels = random_rows()
    error = gradient_error(
        lambda z: cross_entropy(z, labels), lambda z: PLANTED_BUGS[bug](z, labels), logits
    )
    assert error > 1e-2


def test_gradient_error_finds_a_transposed_weight_gradient():
    generator = np.random.default_rng(9)
    inputs, target = generator.normal(size=(5, 3)), generator.normal(size=(5, 3))
    error = gradient_error(
        lambda weights: ((inputs @ weights - target) ** 2).sum(),
        lambda weights: (2 * inputs.T @ (inputs @ weights - target)).T,
        generator.normal(size=(3, 3)),
    )
    assert error > 1e-2
