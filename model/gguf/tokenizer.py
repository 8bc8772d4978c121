"""The tokenizer of a Gemma from a GGUF header: transformers' own class, filled with the file's tokens.

transformers' `convert_gguf_tokenizer` makes the same one of the same data (the tests compare the two) in 3 seconds, of
which this saves one: it sorts half a million merges that can be written down in order.
"""

from typing import Any

import numpy as np

from model.gguf.config import vocabulary
from model.gguf.header import Header

CONTROL, USER_DEFINED = 3, 4  # ggml's types of tokens
SPECIAL = {
    "bos_token": "bos_token_id",
    "eos_token": "eos_token_id",
    "unk_token": "unknown_token_id",
    "pad_token": "padding_token_id",
}
SPACE = "\u2581"  # how Gemma spells it


def read_tokenizer(header: Header) -> Any:
    """A `GemmaTokenizer`; ValueError for a file without tokens, or with those of another kind of tokenizer."""
    from tokenizers import AddedToken
    from transformers import GemmaTokenizer

    fields = {key.removeprefix("tokenizer.ggml."): value for key, value in header.fields.items()}
    if not isinstance(fields.get("model"), str) or fields["model"] != "llama" or "merges" in fields:
        raise ValueError(f"{header.name} has a tokenizer of type {fields.get('model')!r:.40}; Gemma's has the type 'llama'")
    listed = vocabulary(header)
    kinds = fields.get("token_type")
    if not isinstance(kinds, np.ndarray) or len(kinds) != len(listed):
        raise ValueError(f"{header.name} does not say of each of its {len(listed)} tokens what kind it is")
    tokens = [spelled(token) for token in listed]
    vocab = {token: i for i, token in enumerate(tokens)}
    named: dict[str, Any] = {name: _special(header.name, tokens, fields[key]) for name, key in SPECIAL.items() if key in fields}
    named |= {f"add_{end}_token": fields.get(f"add_{end}_token", end == "bos") is True for end in ("bos", "eos")}
    if isinstance(template := header.fields.get("tokenizer.chat_template"), str):
        named["chat_template"] = template
    tokenizer = GemmaTokenizer(vocab=vocab, merges=merges(vocab), **named)
    tokenizer._vocab, tokenizer._merges = {}, []  # what it was made of, which it needs no more: 140 MB
    whole = tokenizer.backend_tokenizer
    # of these too, only those spelled as in the vocabulary: runs of spaces are found by merging
    control, own = ([listed[i] for i in np.flatnonzero(kinds == kind) if listed[i] in vocab] for kind in (CONTROL, USER_DEFINED))
    whole.add_special_tokens([AddedToken(token, normalized=False) for token in control])
    whole.add_tokens([AddedToken(token, normalized=False) for token in own])
    if len(tokenizer) > len(tokens):
        raise ValueError(f"{header.name} lacks a token of Gemma's own, such as <mask>")
    return tokenizer


def spelled(token: str) -> str:
    """Files write runs of spaces as such, Gemma's tokenizer looks them up in its own spelling."""
    return SPACE * len(token) if " " in token and not token.strip() else token


def merges(vocab: dict[str, int]) -> list[tuple[str, str]]:
    """All ways to make a token of two others, the tokens in their order, of each the longest beginning first.

    The file lists none. Gemma learned its tokens in the order of its merges, which the scores do not follow.
    """
    return [
        (token[:cut], token[cut:])
        for token in sorted(vocab, key=vocab.__getitem__)
        for cut in range(len(token) - 1, 0, -1)
        if token[:cut] in vocab and token[cut:] in vocab
    ]


def _special(name: str, tokens: list[str], index: Any) -> str:
    if type(index) is not int or not 0 <= index < len(tokens):
        raise ValueError(f"{name} names the special token {index!r:.40}, and lists {len(tokens)} tokens")
    return tokens[index]
