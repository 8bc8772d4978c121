"""The tokenizer of a GGUF file, from its header: transformers' own classes, filled with the file's tokens.

transformers' `convert_gguf_tokenizer` makes the same ones of the same data (the tests compare the two), but for what
model/gguf/byte_pairs.py says. Of Gemma it takes 3 seconds, of which this saves one: it sorts half a million merges that can be
written down in order.
"""

from typing import Any

import numpy as np

from model.gguf.byte_pairs import begins, listed_merges, of_bytes
from model.gguf.config import kind_of, vocabulary
from model.gguf.header import Header

PIECES, BYTES = "llama", "gpt2"  # ggml's types of tokenizers: of SentencePiece, and of merged bytes
LISTED = "gemma4"  # that of SentencePiece's tokens with their merges
UNKNOWN, CONTROL, USER_DEFINED = 2, 3, 4  # ggml's types of tokens
SPECIAL = {
    "bos_token": "bos_token_id",
    "eos_token": "eos_token_id",
    "unk_token": "unknown_token_id",
    "pad_token": "padding_token_id",
}
SPACE = "\u2581"  # how SentencePiece spells it


def read_tokenizer(header: Header) -> Any:
    """A fast tokenizer of transformers; ValueError for a file without tokens, or with those of another kind of tokenizer."""
    fields = {key.removeprefix("tokenizer.ggml."): value for key, value in header.fields.items()}
    name, listed, model = kind_of(header)[0], vocabulary(header), fields.get("model")
    gemma = name.startswith("gemma")
    of_gemma = LISTED if name == "gemma4" else PIECES
    if gemma and (model != of_gemma or ("merges" in fields) != (model == LISTED)):
        raise ValueError(f"{header.name} has a tokenizer of type {model!r:.40}; Gemma's has the type {of_gemma!r}")
    if not gemma and model not in (PIECES, BYTES):
        raise ValueError(f"{header.name} has a tokenizer of type {model!r:.40}; Swing reads the types {PIECES!r} and {BYTES!r}")
    kinds = fields.get("token_type")
    if not isinstance(kinds, np.ndarray) or len(kinds) != len(listed):
        raise ValueError(f"{header.name} does not say of each of its {len(listed)} tokens what kind it is")
    tokens = [spelled(token) for token in listed] if gemma and model == PIECES else listed
    vocab = {token: i for i, token in enumerate(tokens)}
    named: dict[str, Any] = {of: _special(header.name, tokens, fields[key]) for of, key in SPECIAL.items() if key in fields}
    named["add_bos_token"] = fields.get("add_bos_token", model != BYTES or begins(fields)) is True
    named["add_eos_token"] = fields.get("add_eos_token") is True
    if isinstance(template := header.fields.get("tokenizer.chat_template"), str):
        named["chat_template"] = template
    if model == BYTES:
        tokenizer = of_bytes(header.name, name, fields, vocab, named)
    else:
        tokenizer = _of_gemma(header.name, fields, vocab, named) if gemma else _of_pieces(header, fields, kinds, vocab, named)
    _add(tokenizer, listed, kinds, vocab)
    if len(tokenizer) > len(tokens):
        raise ValueError(f"{header.name} lacks a token of {'Gemma' if gemma else 'its tokenizer'}'s own, such as <mask>")
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


def _of_gemma(name: str, fields: dict[str, Any], vocab: dict[str, int], named: dict[str, Any]) -> Any:
    from transformers import GemmaTokenizer

    order = listed_merges(name, fields, vocab) if fields["model"] == LISTED else merges(vocab)
    tokenizer = GemmaTokenizer(vocab=vocab, merges=order, **named)
    tokenizer._vocab, tokenizer._merges = {}, []  # what it was made of, which it needs no more: 140 MB
    return tokenizer


def _of_pieces(header: Header, fields: dict[str, Any], kinds: Any, vocab: dict[str, int], named: dict[str, Any]) -> Any:
    """Of SentencePiece's merges, whose order the tokens' scores tell."""
    from tokenizers import normalizers
    from transformers import LlamaTokenizer
    from transformers.tokenization_utils_base import generate_merges

    scores = fields.get("scores")
    if not isinstance(scores, np.ndarray) or len(scores) != len(kinds):
        raise ValueError(f"{header.name} does not have a score of each of its {len(kinds)} tokens, which tells how they merge")
    unknown = [token for token, i in vocab.items() if kinds[i] == UNKNOWN]
    ends = {of: named.get(of) for of in ("bos_token", "eos_token")} | {"unk_token": unknown[0] if unknown else None}
    leads = fields.get("add_space_prefix", True) is True
    order = generate_merges(vocab, {token: float(scores[i]) for token, i in vocab.items()})
    tokenizer = LlamaTokenizer(vocab=vocab, merges=order, add_prefix_space=leads, **(ends | named))
    if kind_of(header)[0] == "phi3" and leads:  # which writes the space that stands before a text, whatever begins it
        spaces = [normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)]
        tokenizer.backend_tokenizer.normalizer = normalizers.Sequence(spaces)
        tokenizer.backend_tokenizer.pre_tokenizer = None
    return tokenizer


def _add(tokenizer: Any, listed: list[str], kinds: Any, vocab: dict[str, int]) -> None:
    """The tokens that are found as a whole, only those spelled as in the vocabulary: Gemma's runs of spaces are found by
    merging."""
    from tokenizers import AddedToken

    for kind, add in ((CONTROL, "add_special_tokens"), (USER_DEFINED, "add_tokens")):
        found = [listed[i] for i in np.flatnonzero(kinds == kind) if listed[i] in vocab]
        getattr(tokenizer.backend_tokenizer, add)([AddedToken(token, normalized=False) for token in found])


def _special(name: str, tokens: list[str], index: Any) -> str:
    if type(index) is not int or not 0 <= index < len(tokens):
        raise ValueError(f"{name} names the special token {index!r:.40}, and lists {len(tokens)} tokens")
    return tokens[index]
