"""The engine's linear algebra runs on one thread and leaves the limit as it was."""

from concurrent.futures import ThreadPoolExecutor

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
