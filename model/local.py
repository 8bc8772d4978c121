"""A language model of transformers that runs here: answering a prompt, and making games of prompts and pictures."""

import functools
import hashlib
import inspect
import threading
from typing import Any

import numpy as np

from model.image.images import Picture
from model.image.seeing.families import only_text
from model.image.seeing.vision import Vision
from model.language import Language
from model.precision import HALF, rounding_of, unrounded
from model.text.generation import Reader
from model.text.handshake import WAYS, Handshake, Sample, Scorer, window_of
from model.text.prompt import Prompt
from model.text.scoring import GPU_TOKENS, READ, read
from model.text.text_game import AT_ONCE
from xai.game import Values
from xai.typing import Ints

GPU_WORK = 1e14  # weights × tokens of a game's batch there: under a second's work of an H100
UNBOUNDED = 32768  # tokens where neither network nor tokenizer says how many it reads
BY_LENGTH = ("dynamic", "longrope")  # turns of positions that another length of the whole text changes


class LocalModel(Language):
    """A decoder-only network with its tokenizer. One lock guards it; every method may be called from any thread.

    Attributes
    ----------
    model : a transformers network in eval mode, of text alone;  lock : held during each call of it
    vision : image.seeing.vision.Vision of a network with eyes, whose language model `model` is; None for one of text only
    adapted : checksum of what was merged into its weights; "" for nothing
    told : sentences on how its weights were taken
    """

    adapted = ""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        name: str,
        vision: Vision | None = None,
        handshake: Handshake | None = None,
        told: tuple[str, ...] = (),
        blind: str = "",
    ) -> None:
        """handshake : what was found of this model; None takes the bundled one's, which every Gemma 3 has in float32"""
        known = handshake or Handshake(window=window_of(model.config))
        super().__init__(tokenizer, name, context_of(model.config, tokenizer), int(model.config.vocab_size), known)
        self.model, self.vision, self.told, self.blind = model, vision, told, blind
        self.lock = threading.RLock()
        if model.device.type == "cuda":
            weights = sum(one.numel() for one in model.parameters()) - model.get_input_embeddings().weight.numel()
            self.batch_tokens, self.batch_rows = min(GPU_TOKENS, int(GPU_WORK / weights)), AT_ONCE

    @property
    def notes(self) -> tuple[str, ...]:
        sentence = only_text(self.title, self.blind)
        return *self.told, *([sentence] if self.blind else []), *super().notes

    @property
    def layers(self) -> Any:
        """The network's blocks, in their order."""
        import torch

        count = self.model.config.num_hidden_layers
        lists = (part for part in self.model.base_model.modules() if isinstance(part, torch.nn.ModuleList))
        return next(part for part in lists if len(part) == count)

    def generate(self, prompt: str, image: Picture | None = None, max_new_tokens: int = 20, stop: str | None = None) -> str:
        import torch

        picture: dict[str, Any] = {}
        if image is None:
            ids, model = self.encode(prompt).ids, self.model
        else:
            vision = self._check_vision()
            seen, model = vision.look(image), vision.model
            ids = Prompt(self.tokenizer, prompt, self.chat, (vision.mark, seen.text)).ids
            kinds = torch.tensor([ids], device=model.device).eq(vision.token_id)
            picture = {**vision.inputs(seen.pixels.to(model.device, model.dtype)), vision.kinds: kinds.long()}
        self.check_length(len(ids), max_new_tokens)
        with self.lock, torch.no_grad():
            tokens = torch.tensor([ids], device=model.device)
            greedy = {"do_sample": False, "top_p": None, "top_k": None, "max_new_tokens": max_new_tokens}
            until = {"stopping_criteria": self._until(stop, len(ids))} if stop else {}
            begun: dict[str, Any] = {}
            if image is None and len(ids) > READ and self.handshake.removed == WAYS[0].name:  # in pieces, which bounds memory
                begun = {"past_key_values": read(model, np.array(ids[:-1]))}
            out = model.generate(tokens, attention_mask=torch.ones_like(tokens), **greedy, **picture, **until, **begun)
        text = self._text(out[0, len(ids) :])
        return text.split(stop, 1)[0] if stop else text

    def _text(self, tokens: Any) -> str:
        text: str = self.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

    def _until(self, stop: str, after: int) -> Any:
        """What ends an answer at a text. transformers' own looks at every token of the vocabulary first: three seconds."""
        import torch
        from transformers import StoppingCriteria, StoppingCriteriaList

        class Until(StoppingCriteria):  # type: ignore[misc]  # transformers' types are not followed
            def __call__(inner, ids: Any, scores: Any, **_: Any) -> Any:
                return torch.tensor([stop in self._text(row[after:]) for row in ids], device=ids.device)

        return StoppingCriteriaList([Until()])

    def next_tokens(self, prompt: str, count: int = 10) -> list[tuple[str, float]]:
        import torch

        ids = self.encode(prompt).ids
        self.check_length(len(ids), 1)
        special = set(self.tokenizer.all_special_ids)
        with self.lock, torch.no_grad():
            last = {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(self.model.forward).parameters else {}
            logits = self.model(torch.tensor([ids], device=self.model.device), **last).logits[0, -1].float()
            found = torch.topk(torch.softmax(logits, 0), min(count + len(special), len(logits)))
        pairs = zip(found.indices.tolist(), found.values.tolist())
        return [(self.tokenizer.decode([i]), share) for i, share in pairs if i not in special][:count]

    @functools.cached_property
    def fingerprint(self) -> str:
        """Reads the small tensors only; where there are none, the first row of the others."""
        whole = self.vision.model if self.vision else self.model
        digest = hashlib.sha256(self.name.encode() + str(whole.config).encode() + self.adapted.encode())
        if self.rounds:
            digest.update(HALF.encode())
        small = [(name, tensor) for name, tensor in whole.named_parameters() if tensor.ndim == 1]
        for name, tensor in small or ((name, tensor[0]) for name, tensor in whole.named_parameters()):
            digest.update(name.encode() + tensor.detach().float().cpu().numpy().tobytes())
        return digest.hexdigest()[:32]

    def scorer(self, prefix: Ints, target: Ints, sample: Sample | None, absent: str) -> Scorer:
        return self.handshake.way(absent).make(self.model, self.lock, prefix, target, sample)

    @property
    def rounds(self) -> bool:  # type: ignore[override]  # an attribute of others
        return rounding_of(self.model) is not None

    def unrounded(self, game: Values) -> Values:
        return unrounded(self.model, self.lock, game)

    def reader(self) -> Reader:
        return Reader(self.model, self.lock) if self.handshake.reads else super().reader()

    def _check_vision(self) -> Vision:
        if self.vision is None:
            self.refuse_images()
        return self.vision


def context_of(config: Any, tokenizer: Any) -> int:
    """Most tokens that a network reads in which a token's place alone tells its turn, whatever follows it."""
    rope = getattr(config, "rope_parameters", None) or {}
    kinds = [rope, *(part for part in rope.values() if isinstance(part, dict))]
    short = [part.get("original_max_position_embeddings") for part in kinds if part.get("rope_type") in BY_LENGTH]
    if short:
        short.append(getattr(config, "original_max_position_embeddings", None))
    stated = [getattr(config, "max_position_embeddings", None), *short]
    known = [int(length) for length in stated if length]
    return min(known) if known else min(UNBOUNDED, int(tokenizer.model_max_length))
