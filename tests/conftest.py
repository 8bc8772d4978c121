"""What tests share: the bundled Gemma 3 and a tiny random one; what marks them."""

import hashlib
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
if "PYTEST_XDIST_WORKER" in os.environ:  # read when numpy, torch and numba are first loaded
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # each of the processes has a core
    # numba writes a new index before the new code: who reads between runs the code of an older source, and may crash
    compiled = hashlib.sha256((ROOT / "xai" / "trees" / "leaves.py").read_bytes()).hexdigest()[:16]
    os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / ".pytest_cache" / "numba" / compiled))


MARKS = {"browser": {"browser"}, "checkpoint": {"gemma", "server", "real_classifier"}}  # by the fixtures that a test uses


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark tests by what they use; what takes longest begins first."""
    for item in items:
        for mark, fixtures in MARKS.items():
            if fixtures & set(item.fixturenames):
                item.add_marker(mark)
    items.sort(key=lambda item: [not item.get_closest_marker(mark) for mark in MARKS])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """One process drives the browser, with one server of each model; any other module, with its fixtures, goes to one.

    The engine's tests, the last, share no fixtures: they go one by one, so that both processes end together.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            if nodeid.startswith("tests/xai/"):
                return nodeid
            return "browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def gemma():
    """The bundled checkpoint, as `make run` would load it."""
    from model import load_gemma

    return load_gemma()


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory):
    """A directory with a random two-kind-of-layers Gemma 3 and a small BPE tokenizer: loads in a moment."""
    import torch
    from tiny import write_tiny_checkpoint

    torch.manual_seed(0)
    return write_tiny_checkpoint(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tiny_gemma(tiny_checkpoint):
    from model import load_gemma

    return load_gemma(str(tiny_checkpoint))


@pytest.fixture(scope="session")
def tiny_seeing_checkpoint(tmp_path_factory):
    """A directory with a random multimodal Gemma 3 of 6 × 6 soft tokens."""
    import torch
    from tiny import write_tiny_vision_checkpoint

    torch.manual_seed(0)
    return write_tiny_vision_checkpoint(tmp_path_factory.mktemp("tiny-seeing"))


@pytest.fixture(scope="session")
def tiny_seeing(tiny_seeing_checkpoint):
    from model import load_gemma

    return load_gemma(str(tiny_seeing_checkpoint))
