"""What is done to pictures: a filter is laid over one, or many are shifted."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def convolve(image: ArrayLike, kernel: ArrayLike) -> NDArray:
    """Lay `kernel` on every place of `image` where it fits; multiply and sum up.

    (height, width) and (rows, columns) give (height - rows + 1, width - columns + 1). As in every
    neural network the kernel is not turned round: a mathematician says cross-correlation.
    """
    image, kernel = np.asarray(image), np.asarray(kernel)
    if image.ndim != 2 or kernel.ndim != 2 or np.any(np.array(image.shape) < kernel.shape):
        raise ValueError(
            f"A picture of shape {image.shape} has no place for a kernel of shape {kernel.shape}; "
            "give two matrices, the kernel not larger than the picture."
        )
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows, kernel)


def shifted(images: NDArray, down: int, right: int) -> NDArray:
    """Copies of `images` (n, height, width), moved so many pixels; negative is up and left.

    What leaves the picture is lost, and zeros fill the gap.
    """
    result = np.zeros_like(images)
    result[:, _from(down), _from(right)] = images[:, _from(-down), _from(-right)]
    return result


def _from(shift: int) -> slice:
    """The part of an axis that something reaches which is moved by `shift`."""
    return slice(shift, None) if shift >= 0 else slice(None, shift)


def randomly_shifted(images: NDArray, most: int, generator: np.random.Generator) -> NDArray:
    """Copies of `images` (n, height, width), each moved by its own random number of pixels.

    Both directions are drawn from -most … most, all equally likely.
    """
    moves = generator.integers(-most, most + 1, (len(images), 2))
    result = np.empty_like(images)
    for move in np.unique(moves, axis=0):
        chosen = (moves == move).all(axis=1)
        result[chosen] = shifted(images[chosen], *move)
    return result
