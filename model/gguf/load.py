"""A language model from a GGUF file: network and tokenizer from one pass over its header."""

import functools
from pathlib import Path
from typing import Any

from model.cache import Progress
from model.gguf.config import read_config
from model.gguf.header import Header
from model.gguf.source import Source
from model.gguf.split import open_gguf
from model.gguf.tokenizer import read_tokenizer
from model.gguf.weights import read_network, read_turning

TURN_ENDS = ("<end_of_turn>", "<turn|>", "<|im_end|>", "<|eot_id|>", "<|end|>")


def load_gguf(
    paths: Path | tuple[Path, ...], name: str, dtype: Any, device: str, progress: Progress | None = None, sha256: str = ""
) -> tuple[Any, Any]:
    """The network (of transformers, in eval mode, without gradients) and the tokenizer of a GGUF file.

    paths : the file, any one of the parts that it was split into (`model.gguf.split`), or pieces of it in their order
    name : what sentences call it
    dtype, device : torch's, of the network. Numbers are de-quantised piece by piece and kept in `dtype` at once, so
        that beyond the weights themselves little memory is needed
    progress : progress(fraction, sentence);  sha256 : what the file must be, where that is known

    Raises ValueError with one sentence for a file that is damaged, no GGUF, lacks a part or is of an architecture that is not in
    `model.gguf.kinds`; OSError if it is not there.
    """
    tell = progress or (lambda fraction, sentence: None)
    files = (paths,) if isinstance(paths, Path) else paths
    tell(0.0, "Checking the weights" if sha256 else "Reading the header")
    if sha256:
        with Source(files, name) as source:
            if source.sha256() != sha256:
                raise ValueError(f"{name} is damaged: it is not the file that was published")
    with open_gguf(files, name) as (source, header):
        config = read_config(header, read_turning(source, header))
        tell(0.1, "Making the tokenizer")
        tokenizer = read_tokenizer(header)
        tell(0.6, "Reading the weights")
        told = functools.partial(_part, tell)
        network = read_network(source, header, config, dtype, told).to(device)
    if tokenizer.chat_template and (ends := _ends(header, tokenizer)):
        network.generation_config.eos_token_id = ends
    return network, tokenizer


def _ends(header: Header, tokenizer: Any) -> list[int]:
    """The tokens that end a turn of a chat: its own are often others than the one that ends a text."""
    stated = [header.fields.get(f"tokenizer.ggml.{name}_token_id") for name in ("eos", "eot", "eom")]
    special = set(tokenizer.all_special_ids) | {i for i, one in tokenizer.added_tokens_decoder.items() if one.special}
    named = [i for i in special if tokenizer.convert_ids_to_tokens(i) in TURN_ENDS]
    known = [i for i in stated if type(i) is int and 0 <= i < len(tokenizer)]
    return sorted({*known, *named})


def _part(tell: Progress, share: float) -> None:
    tell(0.6 + 0.4 * share, "Reading the weights")
