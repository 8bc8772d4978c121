"""One thread for the engine's own linear algebra: its matrices are small, and idle BLAS threads spin.

With two threads on two busy cores the search for a prior was measured to take 100 times as long as with one. Only the
BLAS of numpy and scipy is limited, only while an estimate is solved: a game's own threads are its own.
"""

from functools import lru_cache


def one_thread():
    """Solve within this context."""
    return _pools().limit(limits=1)


@lru_cache(maxsize=1)
def _pools():
    import scipy.linalg  # noqa: F401 – its BLAS must be loaded to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(internal_api="openblas")
