"""The engine's linear algebra runs on one thread and leaves the limit as it was."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from threadpoolctl import threadpool_info

from xai.threads import one_thread


def blas_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["internal_api"] == "openblas"]


def solve(_=None):
    with one_thread():
        return set(blas_threads())


def test_one_thread_inside_and_as_before_outside():
    before = blas_threads()
    assert solve() <= {1}
    assert blas_threads() == before
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(solve).result() <= {1}
    assert blas_threads() == before


def test_who_ends_first_leaves_the_limit_to_who_still_solves():
    before, meet = blas_threads(), Barrier(2, timeout=60)

    def first():
        with one_thread():
            meet.wait()
            meet.wait()
        meet.wait()

    def second():
        meet.wait()
        with one_thread():
            meet.wait()
            meet.wait()
            return set(blas_threads())

    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):  # whichever thread set the limit the last time
            pool.submit(first)
            assert pool.submit(second).result() <= {1}
            assert blas_threads() == before
