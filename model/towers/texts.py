"""A text tower: an ONNX graph of token ids, and the tokenizer that makes them, which is read as data and never as code."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.graphs.graph import Graph, Port
from model.own.asking import close
from model.own.pictures import session_of, shape_of

TEXTS_PER_RUN = 8
MASK = "attention_mask"
NO_LIMIT = 100_000  # a configuration that names more tokens names no limit
_TRIED = "a cat"


class Texts:
    """Texts → embeddings (m, numbers).

    longest : tokens that it reads at most, special ones included; None where nothing says so

    Where the graph or the tokenizer fixes the number of tokens, all texts are padded to it; else texts of equal length are run
    together and nothing is padded.
    """

    def __init__(self, data: bytes, graph: Graph, place: int, tokenizer: bytes, told: dict[str, Any], name: str) -> None:
        """place : of the wanted output;  told : of the tokenizer's configuration, "model_max_length" and "pad_token" """
        self.name, self._place = name, str(place)
        self._ids, self._mask = _inputs(graph, name)
        self._tokenizer = _tokenizer(tokenizer)
        padding, cut = self._tokenizer.padding or {}, self._tokenizer.truncation or {}
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._length: int | None = self._ids.shape[1] or padding.get("length")
        limits = [self._ids.shape[1], padding.get("length"), cut.get("max_length"), told.get("model_max_length")]
        self.longest = min((int(one) for one in limits if isinstance(one, (int, float)) and one <= NO_LIMIT), default=None)
        self._left = padding.get("direction") == "left"
        pad = told.get("pad_token")
        pad = pad.get("content") if isinstance(pad, dict) else pad
        known = padding.get("pad_id", self._tokenizer.token_to_id(pad) if isinstance(pad, str) else None)
        self._pad = known or 0
        self._session = session_of(data, self._ids, TEXTS_PER_RUN)
        if known is None and self._length is not None and self._mask is None:
            self._check_padding()

    def __call__(self, texts: Sequence[str]) -> NDArray[Any]:
        """ValueError with one sentence for a text that is too long."""
        ids = [self.encode(text) for text in texts]
        lengths = np.array([self._length or max(1, len(one)) for one in ids])
        found: list[Any] = [None] * len(ids)
        for length in np.unique(lengths):
            places = np.flatnonzero(lengths == length)
            for i, answer in zip(places, self._run([ids[i] for i in places], int(length))):
                found[i] = answer
        return np.stack(found)

    def encode(self, text: str) -> list[int]:
        ids = list(self._tokenizer.encode(text).ids)
        if self.longest is not None and len(ids) > self.longest:
            raise ValueError(
                f"the text has {len(ids)} tokens, with those that begin and end it; {self.name} reads at most {self.longest}: "
                "shorten it"
            )
        return ids

    def _run(self, ids: list[list[int]], length: int) -> NDArray[Any]:
        rows, here = np.full((len(ids), length), self._pad, self._ids.type), np.zeros((len(ids), length), bool)
        for row, there, one in zip(rows, here, ids):
            start = length - len(one) if self._left else 0
            row[start : start + len(one)] = one
            there[start : start + max(1, len(one))] = True  # of no token at all there is no mean
        given = {self._ids.name: rows}
        if self._mask is not None:
            given[self._mask.name] = here.astype(self._mask.type)
        return self._session(given)[self._place]

    def _check_padding(self) -> None:
        """ValueError where it matters which token fills a text up, and nothing says which that is."""
        ids = self.encode(_TRIED)
        found = []
        for self._pad in (0, ids[-1] if ids else 1):
            found.append(self._run([ids], self._length or len(ids)))
        self._pad = 0
        if not close(*found):
            raise ValueError(
                f"{self.name} looks at the padding of a text, and nothing says with which token it is padded: give a "
                "tokenizer.json with its padding, or the directory with tokenizer_config.json"
            )


def _inputs(graph: Graph, name: str) -> tuple[Port, Port | None]:
    """(of the token ids, of the mask where there is one)."""
    ids = [one for one in graph.inputs if one.name != MASK]
    odd = [one for one in graph.inputs if len(one.shape) != 2 or one.type not in ("int32", "int64")]
    if len(ids) != 1 or odd:
        told = ", ".join(f"{one.name} {one.type or 'of another type'} {shape_of(one)}" for one in graph.inputs[:4])
        raise ValueError(f"a text tower takes input_ids (texts, tokens), and attention_mask if it needs one; {name} takes {told}")
    return ids[0], next((one for one in graph.inputs if one.name == MASK), None)


def _tokenizer(data: bytes) -> Any:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_str(data.decode("utf-8"))
    except Exception as error:  # the package raises nothing narrower
        raise ValueError("the tokenizer cannot be read: it must be a tokenizer.json, as transformers saves it") from error
