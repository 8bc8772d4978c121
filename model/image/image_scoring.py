"""Scoring many variants of a picture and a prompt: log-probabilities of one target, soft tokens put in by hand."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from model.text.head import chosen
from model.text.scoring import Limits, PrefixScorer, Sequence, on_processor
from xai.typing import Bools, Ints

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class SeeingSequence(Sequence):
    """A sequence with soft tokens: which of the picture's each place holds (−1: text), and the patches present."""

    soft: Ints
    patches: Bools


class ImageScorer(PrefixScorer[SeeingSequence]):
    """Log-probabilities of a target's tokens after sequences with soft tokens.

    model : a Gemma3ForConditionalGeneration;  lock : held during each call of it;  target : token ids
    features : bool (b, patches) → tensor (b, soft tokens, width), the soft tokens of so many variants of the picture

    The picture stands at the start, so there is no prefix to reuse. Image tokens attend to each other both ways:
    `token_type_ids` say which they are, without them they would silently become causal.
    """

    def __init__(self, model: Any, lock: threading.RLock, target: ArrayLike, features: Callable[[Bools], "Tensor"]) -> None:
        super().__init__(model, lock, [], target)
        self._features = features

    def _limits(self) -> Limits:
        return on_processor()  # on a GPU, too: how much the tower takes there is not known

    def next_token(self, sequence: SeeingSequence) -> int:
        """The likeliest token in the place of the target's last one."""
        import torch

        with torch.no_grad(), self.lock:
            return int(self.model.lm_head(self._run([sequence])[0, -1:]).argmax())

    def _run(self, batch: list[SeeingSequence]) -> "Tensor":
        import torch

        device, width, count = self.model.device, max(len(s.ids) for s in batch), len(self._target)
        ids, positions, visible = (np.zeros((len(batch), width), np.int64) for _ in range(3))
        soft = np.full((len(batch), width), -1)
        ends = np.zeros((len(batch), count), np.int64)
        for row, s in enumerate(batch):  # padded on the right, as in PrefixScorer
            length = len(s.ids)
            ids[row, :length], positions[row, :length] = s.ids, s.positions
            visible[row, :length], soft[row, :length] = s.visible, s.soft
            ends[row] = np.arange(length - count, length)
            # The last token before the target may be a hidden one: the last visible one predicts.
            ends[row, 0] = np.flatnonzero(s.visible[: length - count + 1])[-1]
        ids[soft >= 0] = 0  # the soft token may lie outside the vocabulary
        embedded = self.model.get_input_embeddings()(torch.from_numpy(ids).to(device))
        features = self._features(np.stack([s.patches for s in batch]))
        rows, columns = np.nonzero(soft >= 0)
        embedded[rows, columns] = features[rows, soft[rows, columns]].to(embedded)
        out = self.model.model(
            inputs_embeds=embedded,
            attention_mask=torch.from_numpy(visible).to(device),
            position_ids=torch.from_numpy(positions).to(device),
            token_type_ids=torch.from_numpy((soft >= 0).astype(np.int64)).to(device),
            use_cache=False,
        ).last_hidden_state
        return chosen(out, ends)
