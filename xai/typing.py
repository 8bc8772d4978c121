"""Types that many signatures share; shapes and units stand in the docstrings."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Progress = Callable[[int, int], object]  # progress(done, total)
Cancel = Callable[[], bool]  # True: stop
