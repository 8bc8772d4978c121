"""What arguments of the engine must be, each checked once at its edge."""

import numpy as np


def check_whole(name: str, value: object) -> int:
    """The value as an int; ValueError for anything but a whole number of at least 0."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise ValueError(f"{name} must be a whole number of at least 0; got {value!r}")
    return int(value)
