"""Filters and shifts, against SciPy and against pixels moved one by one."""

import numpy as np
import pytest

from helpers.images import convolve, randomly_shifted, shifted


@pytest.mark.parametrize(("picture", "kernel"), [((5, 7), (3, 3)), ((4, 3), (1, 2)), ((3, 3),) * 2])
def test_convolve_equals_scipys_correlation(picture, kernel):
    import scipy.signal  # two seconds, in each worker

    generator = np.random.default_rng(3)
    image, weights = generator.normal(size=picture), generator.normal(size=kernel)
    expected = scipy.signal.correlate2d(image, weights, mode="valid")
    np.testing.assert_allclose(convolve(image, weights), expected, atol=1e-12)


def test_convolve_takes_uint8_pictures_with_signed_kernels():
    image = np.array([[250, 0], [250, 0]], np.uint8)
    np.testing.assert_array_equal(convolve(image, [[-1.0, 2.0]]), [[-250], [-250]])


@pytest.mark.parametrize("shape", [(3, 3, 1), (4, 3), (3, 4), (3,)])
def test_convolve_refuses_a_kernel_that_does_not_fit(shape):
    with pytest.raises(ValueError, match="give two matrices"):
        convolve(np.zeros((3, 3)), np.zeros(shape))


@pytest.mark.parametrize("shape", [(5, 5, 1), (5, 5, 5), (5,)])
def test_convolve_refuses_a_batch_of_pictures(shape):
    with pytest.raises(ValueError, match="give two matrices"):
        convolve(np.zeros(shape), np.zeros((2, 2)))


def moved_one_by_one(images, down, right):
    result = np.zeros_like(images)
    _, height, width = images.shape
    for number, row, column in np.ndindex(images.shape):
        if 0 <= row + down < height and 0 <= column + right < width:
            result[number, row + down, column + right] = images[number, row, column]
    return result


@pytest.mark.parametrize("down", [-6, -2, 0, 1, 5])
@pytest.mark.parametrize("right", [-4, -1, 0, 3, 9])
def test_shifted_equals_a_loop(down, right):
    images = np.random.default_rng(4).integers(1, 256, (2, 5, 4), dtype=np.uint8)
    images.setflags(write=False)
    result = shifted(images, down, right)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, moved_one_by_one(images, down, right))


def test_randomly_shifted_draws_all_moves_evenly():
    images = np.zeros((2000, 7, 7), np.uint8)
    images[:, 3, 3] = np.arange(2000) % 255 + 1
    result = randomly_shifted(images, 2, np.random.default_rng(5))
    numbers, rows, columns = np.nonzero(result)
    np.testing.assert_array_equal(numbers, np.arange(2000))
    np.testing.assert_array_equal(result[numbers, rows, columns], images[:, 3, 3])
    moves, counts = np.unique([rows - 3, columns - 3], axis=1, return_counts=True)
    assert moves.shape == (2, 25)
    assert (moves.min(), moves.max()) == (-2, 2)
    # 80 of each are expected, with a standard deviation of 8.8.
    assert counts.min() > 40
    assert counts.max() < 125


def test_randomly_shifted_repeats_with_the_same_seed():
    images = np.random.default_rng(6).integers(0, 256, (50, 6, 6), dtype=np.uint8)
    first, again = (randomly_shifted(images, 2, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, images)
