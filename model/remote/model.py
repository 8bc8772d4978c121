"""A language model behind an OpenAI-compatible server, which is asked for the log-probabilities of tokens."""

import functools
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from model.cache import Progress
from model.image.images import Picture
from model.language import Language
from model.remote.client import Client
from model.remote.probe import choose
from model.remote.tokens import check_same, server_tokenizer
from model.remote.ways import Way, one_sentence, score, top
from model.text.handshake import Handshake, Sample, Scorer
from model.text.nodes.foretold import Sharing
from model.text.once import READ_ONCE
from model.text.scoring import Sequence
from xai.typing import Floats, Ints

UNKNOWN_CONTEXT = 2048  # tokens, where the server does not say how many its model reads
UNTOLD = "does not say in which numbers it is run: what these round is in no standard error"
UNHIDDEN = "runs on a server, which cannot be asked to hide words"


class RemoteModel(Language):
    """client, served : where it is, and how it is called there;  way : how it is asked;  the rest as in `Language`"""

    def __init__(self, client: Client, served: str, tokenizer: Any, context: int, way: Way, handshake: Handshake) -> None:
        super().__init__(tokenizer, f"{served} at {client.root}", context, len(tokenizer), handshake)
        self.client, self.served, self.way = client, served, way

    def generate(self, prompt: str, image: Picture | None = None, max_new_tokens: int = 20, stop: str | None = None) -> str:
        if image is not None:
            self.refuse_images()
        ids = self.encode(prompt).ids
        self.check_length(len(ids), max_new_tokens)
        asked = {"model": self.served, "prompt": ids, "max_tokens": max_new_tokens, "temperature": 0.0}
        answer = self.client.post("/completions", [asked | ({"stop": [stop]} if stop else {})])[0]
        try:
            text = str(answer["choices"][0]["text"])
        except (KeyError, IndexError, TypeError):
            raise ValueError(f"the server at {self.client.url} gives no text") from None
        return text.split(stop, 1)[0] if stop else text

    def next_tokens(self, prompt: str, count: int = 10) -> list[tuple[str, float]]:
        special = set(self.tokenizer.all_special_ids)
        ids = self.encode(prompt).ids
        with one_sentence(self.client):
            listed = top(self.client, self.served, ids, count)
        return [(self.tokenizer.decode([token]), float(np.exp(value))) for token, value in listed if token not in special]

    @functools.cached_property
    def fingerprint(self) -> str:
        """Of where it is and what it is called: a server tells nothing of its weights."""
        return hashlib.sha256(f"{self.client.url} {self.served} {self.way.name} {len(self.tokenizer)}".encode()).hexdigest()[:32]

    def scorer(self, prefix: Ints, target: Ints, sample: Sample | None, absent: str) -> Scorer:
        if absent in ("hole", READ_ONCE):
            self.handshake.way(absent)  # which refuses it
        return RemoteScorer(self.client, self.served, self.way, prefix, target)


class RemoteScorer:
    """Log-probabilities of a target's tokens after prefix + sequence, asked of a server.

    computed : tokens after the prefix that it was asked about;  anew, sharing : as of `model.text.scoring.PrefixScorer`
    """

    anew = 0
    sharing: Sharing = ""

    def __init__(self, client: Client, served: str, way: Way, prefix: Ints, target: Ints) -> None:
        self._client, self._served, self._way = client, served, way
        self._prefix, self._target = prefix.tolist(), target.tolist()
        self.computed = 0

    def score(self, sequences: list[Sequence]) -> Floats:
        prompts = [self._prefix + s.ids[: len(s.ids) - len(self._target) + 1].tolist() for s in sequences]
        self.computed += sum(len(s.ids) for s in sequences)
        with one_sentence(self._client):
            return score(self._client, self._served, self._way, prompts, self._target)


def connect(url: str, model: str, tokenizer: str | Path | None = None, progress: Progress | None = None) -> RemoteModel:
    """A model that an OpenAI-compatible server (vLLM) runs, ready to explain.

    url : of the API, such as "http://host:8000/v1";  model : its name there
    tokenizer : a directory or a hub id; None asks the server's /tokenize, which takes a request for each token of a prompt
    progress : progress(fraction, sentence)

    The key, where one is needed, is read from the environment variable SWING_SERVER_KEY. ValueError with one sentence for
    a server that cannot be reached, or whose numbers are not log-probabilities of the tokens that were asked.
    """
    tell = progress or (lambda fraction, sentence: None)
    client = Client(url)
    tell(0.1, f"Asking {client.url} for its models")
    context = _context(client, model)
    tell(0.3, "Loading the tokenizer")
    if tokenizer is None:
        words = server_tokenizer(client, model)
    else:
        words = _tokenizer(str(tokenizer))
        check_same(client, model, words)
    tell(0.6, "Asking whether its numbers can be explained")
    way, noise, said = choose(client, model, words)
    lines = ([f"answers with differences of up to {noise:.1g} when asked again"] if noise > 1e-4 else []) + [said] * bool(said)
    found = RemoteModel(
        client, model, words, context, way, Handshake(hidden="", reads=False, off=noise, lines=(*lines, UNTOLD, UNHIDDEN))
    )
    tell(1.0, f"{found.name} is ready")
    return found


def _context(client: Client, model: str) -> int:
    """How many tokens the model reads; ValueError for a server that does not have it."""
    listed = client.get("/models")
    try:
        models = {str(entry["id"]): entry for entry in listed["data"]}
    except (KeyError, TypeError):
        raise ValueError(f"the server at {client.url} lists no models: is this the address of its API?") from None
    if model not in models:
        has = ", ".join(sorted(models)[:5]) or "none"
        raise ValueError(f"the server at {client.url} has no model {model!r:.80}; it has {has}")
    stated = models[model].get("max_model_len")
    return stated if type(stated) is int and stated > 0 else UNKNOWN_CONTEXT


def _tokenizer(source: str) -> Any:
    from transformers import AutoTokenizer

    try:
        found = AutoTokenizer.from_pretrained(source)
    except (OSError, ValueError, ImportError) as error:
        reason = str(error).strip().split("\n")[0]
        raise ValueError(f"the tokenizer of {source} could not be loaded: {reason}") from error
    if not found.is_fast:
        raise ValueError(f"the tokenizer of {source} does not say where tokens lie in the text")
    return found
