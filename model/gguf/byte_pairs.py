"""Tokenizers of merged bytes from GGUF files: how they cut text into words before they merge, which files name.

Two things of the checkpoints' own tokenizers are kept that transformers' reading of GGUF files loses: those of Llama 3 and
Mistral look a word up whole before they merge its bytes, and Qwen's composes letters and their accents first.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple


class Cut(NamedTuple):
    """like : the name that transformers has for the way of cutting, "" for GPT-2's;  digits : whether each stands alone
    whole : whether words are looked up before they are merged;  begins : whether a token begins every text
    composed : whether letters are composed with their accents first
    """

    like: str = ""
    digits: bool = False
    whole: bool = False
    begins: bool = False
    composed: bool = False


def _named(names: Iterable[str], cut: Cut) -> dict[str, Cut]:
    return dict.fromkeys(names, cut)


CUTS = {
    **_named(("gpt-2", "phi-2", "olmo"), Cut()),
    **_named(("smollm", "starcoder", "refact", "codeshell"), Cut(digits=True)),
    **_named(("llama3", "llama-v3", "llama-bpe"), Cut("llama-bpe", whole=True, begins=True)),
    **_named(("tekken",), Cut("tekken", whole=True, begins=True)),
    **_named(("dbrx", "smaug-bpe"), Cut("dbrx")),
    **_named(("qwen2",), Cut("qwen2", composed=True)),
    **_named(("deepseek-r1-qwen", "stablelm2"), Cut("qwen2")),
    **_named(("gpt-4o",), Cut("gpt-4o")),
}
FIRST = "gpt2"  # the architecture whose files need not name GPT-2's way


def begins(fields: dict[str, Any]) -> bool:
    """Whether a token begins every text of a tokenizer of bytes, where the file does not say so itself."""
    cut = CUTS.get(str(fields.get("pre")))
    return cut is not None and cut.begins


def of_bytes(name: str, architecture: str, fields: dict[str, Any], vocab: dict[str, int], named: dict[str, Any]) -> Any:
    """The tokenizer; ValueError for one that cuts text otherwise, or merges what is no token.

    fields : the header's, without `tokenizer.ggml.`;  named : special tokens and settings for transformers
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from transformers import PreTrainedTokenizerFast
    from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS

    cut = _cut(name, architecture, fields)
    raw = Tokenizer(models.BPE(vocab, listed_merges(name, fields, vocab), ignore_merges=cut.whole))
    if cut.composed:
        raw.normalizer = normalizers.NFC()
    words = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not cut.like)
    first: list[Any] = [pre_tokenizers.Digits(individual_digits=True)] if cut.digits else []
    if cut.like:
        first.append(pre_tokenizers.Split(Regex(GGUF_PRE_TOKENIZER_SPLITS[cut.like]), behavior="isolated"))
    raw.pre_tokenizer = pre_tokenizers.Sequence([*first, words])
    raw.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=raw, **named)


def _cut(name: str, architecture: str, fields: dict[str, Any]) -> Cut:
    said = fields.get("pre")
    if architecture == FIRST and said in (None, "default"):
        return Cut()
    if said in (None, "default"):
        raise ValueError(f"{name} does not say how its tokenizer cuts text into words: make it anew with a newer llama.cpp")
    if said not in CUTS:
        raise ValueError(
            f"{name} has a tokenizer that cuts text as {said!r:.40}, which Swing does not; it reads {', '.join(CUTS)}"
        )
    return CUTS[said]


def listed_merges(name: str, fields: dict[str, Any], vocab: dict[str, int]) -> list[tuple[str, str]]:
    """The merges that a file lists, in their order; ValueError where it lists none, or what is no token."""
    listed = fields.get("merges")
    if not isinstance(listed, list):
        raise ValueError(f"{name} does not list how the tokens of its tokenizer merge")
    found = []
    for merge in listed:
        left, _, right = merge.partition(" ")
        if not (left in vocab and right in vocab and left + right in vocab):
            raise ValueError(f"{name} merges {merge!r:.40}, which are no tokens of it")
        found.append((left, right))
    return found
