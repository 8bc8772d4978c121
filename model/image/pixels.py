"""Pixels as the bundled classifier takes them."""

import numpy as np
from numpy.typing import NDArray

from xai.typing import Bytes

Pixels = NDArray[np.float32]  # as the model takes them

SIDE = 224  # pixels a side that the model sees
CENTRE, SCALE = 127.0, 128.0  # its input is (pixel − 127) / 128


def normalise(pixels: Bytes) -> Pixels:
    """uint8 (224, 224, 3) → the model's float32 (3, 224, 224)."""
    return np.ascontiguousarray((pixels.astype(np.float32) - CENTRE).transpose(2, 0, 1) / SCALE)


def as_pixels(inputs: Pixels) -> Bytes:
    """What `normalise` was given, from float32 (3, 224, 224)."""
    pixels: Bytes = np.rint(inputs.transpose(1, 2, 0) * SCALE + CENTRE).astype(np.uint8)
    return pixels
