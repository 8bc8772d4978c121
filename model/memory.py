"""Memory that is free and that the system does not know of."""

import ctypes
import gc
import sys
from contextlib import suppress


def release() -> None:
    """Let go of what only points at itself, such as what was half loaded when that was ended, and give its memory back."""
    gc.collect()
    trim()


def trim() -> None:
    """Give back to the system what is free and the C library keeps, where that is glibc: hundreds of MB after a run."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
