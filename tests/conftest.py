"""What tests share: the bundled Gemma 3 (converted once, in the user's cache) and a tiny random one; what marks them."""

import os

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # each of the processes has a core; read when numpy and torch are first loaded
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark tests by what they use, and give what shares a server, the checkpoint or a module to one process, these first."""
    groups = {"browser": {"browser"}, "checkpoint": {"gemma", "server"}}
    for item in items:
        marks = [mark for mark, fixtures in groups.items() if fixtures & set(item.fixturenames)]
        for mark in marks:
            item.add_marker(mark)
        item.add_marker(pytest.mark.xdist_group((marks or [item.parent.nodeid])[0]))
    items.sort(key=lambda item: next((i for i, mark in enumerate(groups) if item.get_closest_marker(mark)), len(groups)))


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
