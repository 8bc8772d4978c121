"""One thread for the engine's own linear algebra: its matrices are small, and idle BLAS threads spin.

With two threads on two busy cores the search for a prior was measured to take 100 times as long as with one. Only the
BLAS of numpy and scipy is limited, only while an estimate is solved: a game's own threads are its own. The limit is the
whole process's: the first to solve sets it and the last to end lifts it. Lifted while another solves, it would change
the last bits of what that one finds.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

_lock = threading.Lock()


def cores() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads() -> int:
    """As many as OMP_NUM_THREADS says, else one a core."""
    return int(os.environ.get("OMP_NUM_THREADS", "").split(",")[0] or cores())


_limits: list[Any] = []  # the one limit, once for each thread that is solving


@contextmanager
def one_thread() -> Iterator[None]:
    """Solve within this context."""
    from threadpoolctl import OpenBLASController as OpenBLAS

    with _lock:
        OpenBLAS.clear_controlling_thread(force=True)  # else only the thread that set a limit first could set one again
        _limits.append(_limits[0] if _limits else _pools().limit(limits=1))
    try:
        yield
    finally:
        with _lock:
            limit = _limits.pop()
            if not _limits:
                OpenBLAS.clear_controlling_thread(force=True)
                limit.restore_original_limits()


@lru_cache(maxsize=1)
def _pools() -> Any:
    import scipy.linalg  # noqa: F401 – its BLAS must be loaded to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(internal_api="openblas")
