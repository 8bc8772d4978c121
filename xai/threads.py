"""One thread for the engine's own linear algebra: its matrices are small, and idle BLAS threads spin.

With two threads on two busy cores the search for a prior was measured to take 100 times as long as with one. Only the
BLAS of numpy and scipy is limited, only while an estimate is solved: a game's own threads are its own.
"""

from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any


def one_thread() -> AbstractContextManager[object]:
    """Solve within this context."""
    limit: AbstractContextManager[object] = _pools().limit(limits=1)
    return limit


@lru_cache(maxsize=1)
def _pools() -> Any:
    import scipy.linalg  # noqa: F401 – its BLAS must be loaded to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(internal_api="openblas")
