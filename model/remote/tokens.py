"""The tokenizer of a model that runs elsewhere: compared with the server's own, or asked of it, text by text."""

import functools
from typing import Any

from model.remote.client import Client, Unanswered

TEXTS = (  # scripts, spaces, digits and rare characters: where tokenizers part
    "The plot is thin, but the acting is superb.\n\tIndented  twice, 12345.67 times — “really”?",
    "Größe, naïve, žluťoučký kůň; Москва не сразу строилась; 東京は夜の七時; مرحبا بالعالم; नमस्ते 🙂👩‍👩‍👧",
)
UNFINISHED = "\ufffd"  # what bytes of a character that is not whole are shown as


def check_same(client: Client, model: str, tokenizer: Any) -> None:
    """ValueError where the server tokenises otherwise; a server that has no /tokenize is not asked."""
    for text in TEXTS:
        try:
            theirs = _tokenize(client, model, text, False)
        except Unanswered as error:
            if error.status in (404, 405, 501):
                return
            raise
        if theirs != tokenizer(text, add_special_tokens=False)["input_ids"]:
            raise ValueError(f"the server at {client.url} cuts text into other tokens than this tokenizer: give that of {model}")


def server_tokenizer(client: Client, model: str) -> "ServerTokenizer":
    """ValueError where the server has none, or one that cannot be followed."""
    try:
        found = ServerTokenizer(client, model)
        for text in TEXTS:
            found(text, add_special_tokens=False, return_offsets_mapping=True)
    except Unanswered as error:
        if error.status in (404, 405, 501):
            why = "has no /tokenize: give its model's tokenizer with --server-tokenizer"
            raise ValueError(f"the server at {client.url} {why}") from None
        raise
    return found


class ServerTokenizer:
    """What Swing asks of a tokenizer of transformers, answered by a server's /tokenize and /detokenize.

    There is no chat template: prompts are read as they are written. Where a token lies is found by the text that its
    beginnings decode to.
    """

    chat_template = None
    is_fast = True
    bos_token_id = eos_token_id = unk_token_id = None
    added_tokens_decoder: dict[int, Any] = {}

    def __init__(self, client: Client, model: str) -> None:
        self._client, self._model = client, model
        self._encoded = functools.lru_cache(256)(self._encode)
        with_special, bare = (_tokenize(client, model, "a", special) for special in (True, False))
        self.all_special_ids = [token for token in with_special if token not in bare]

    def __len__(self) -> int:
        return 1 << 31  # the server has every token that it names

    def __call__(self, text: str, add_special_tokens: bool = True, return_offsets_mapping: bool = False) -> dict[str, Any]:
        ids, offsets = self._encoded(text, add_special_tokens)
        return {"input_ids": list(ids), "offset_mapping": list(offsets)}

    def decode(self, ids: list[int], **_: Any) -> str:
        return self._decoded([list(ids)])[0]

    def convert_tokens_to_ids(self, tokens: list[str]) -> list[int]:
        return []

    def convert_ids_to_tokens(self, token: int) -> str:
        return self.decode([token])

    def _encode(self, text: str, special: bool) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
        bare = _tokenize(self._client, self._model, text, False)
        ids = _tokenize(self._client, self._model, text, True) if special else bare
        before = len(ids) - len(bare)
        if special and ids[before:] != bare:
            raise ValueError(f"the server at {self._client.url} puts tokens into a prompt that Swing cannot follow")
        texts = self._decoded([bare[: i + 1] for i in range(len(bare))]) if bare else [""]
        space = len(texts[-1]) - len(text) if texts[-1].endswith(text) else 0  # that some tokenizers begin with
        if texts[-1][space:] != text:
            raise ValueError(f"the server at {self._client.url} does not give back a text from its tokens")
        ends = [max(0, len(part.rstrip(UNFINISHED)) - space) for part in texts] if bare else []
        return tuple(ids), ((0, 0),) * before + tuple(_spans(ends, len(text)))

    def _decoded(self, rows: list[list[int]]) -> list[str]:
        asked = [{"model": self._model, "tokens": row} for row in rows]
        try:
            return [str(answer["prompt"]) for answer in self._client.post("/detokenize", asked, at_root=True)]
        except (KeyError, TypeError):
            raise ValueError(f"the server at {self._client.url} does not decode tokens") from None


def _spans(ends: list[int], length: int) -> list[tuple[int, int]]:
    """Of each token; those that share a character each have all of it."""
    starts = [0, *ends[:-1]]
    later = [next((end for end in ends[i:] if end > start), length) for i, start in enumerate(starts)]
    return list(zip(starts, later))


def _tokenize(client: Client, model: str, text: str, special: bool) -> list[int]:
    asked = {"model": model, "prompt": text, "add_special_tokens": special}
    try:
        found = client.post("/tokenize", [asked], at_root=True)[0]["tokens"]
    except (KeyError, TypeError):
        found = None
    if not (isinstance(found, list) and all(type(token) is int for token in found)):
        raise ValueError(f"the server at {client.url} does not say which tokens a text has")
    return found
