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
