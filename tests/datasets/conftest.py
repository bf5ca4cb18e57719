"""Tiny images with known pixels, from which the tests write recordings of every format."""

import cv2
import numpy as np
import pytest

WIDTH, HEIGHT = 16, 12


@pytest.fixture
def color():
    """RGB that tells its channels and places apart."""
    v, u = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([10 * u, 20 * v, np.full_like(u, 200)], -1).astype(np.uint8)


@pytest.fixture
def write_color():
    def write(path, rgb):
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), rgb[..., ::-1])

    return write


@pytest.fixture
def write_depth():
    def write(path, units, nothing=((0, 0, 0), (0, 1, 65535))):
        """A 16-bit image of one value, but for single pixels (row, column, value)."""
        image = np.full((HEIGHT, WIDTH), units, np.uint16)
        for row, column, value in nothing:
            image[row, column] = value
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), image)

    return write
