"""What tests share: the bundled Gemma 3 (converted once, in the user's cache) and a tiny random one."""

import pytest


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
