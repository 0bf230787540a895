"""2-D convolution and image shifts."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def convolve(image: ArrayLike, kernel: ArrayLike) -> NDArray:
    """Valid 2-D cross-correlation, which neural networks call convolution: no flipped kernel.

    (height, width) and (rows, columns) give (height - rows + 1, width - columns + 1).
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
    """Copies of `images` (n, height, width), moved by `down` and `right` pixels.

    A negative number moves them up or left. What leaves a picture is lost, and zeros fill the gap.
    """
    result = np.zeros_like(images)
    result[:, _overlap(down), _overlap(right)] = images[:, _overlap(-down), _overlap(-right)]
    return result


def _overlap(shift: int) -> slice:
    """The part of an axis that is covered by a copy of itself moved by `shift`."""
    return slice(shift, None) if shift >= 0 else slice(None, shift)


def randomly_shifted(images: NDArray, max_shift: int, generator: np.random.Generator) -> NDArray:
    """Copies of `images` (n, height, width), each moved by its own random number of pixels.

    Down and right are both drawn uniformly from -max_shift … max_shift.
    """
    moves = generator.integers(-max_shift, max_shift + 1, (len(images), 2))
    result = np.empty_like(images)
    for move in np.unique(moves, axis=0):
        chosen = (moves == move).all(axis=1)
        result[chosen] = shifted(images[chosen], *move)
    return result
