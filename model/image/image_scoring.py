"""Scoring many variants of a picture and a prompt: log-probabilities of one target, soft tokens handed to the network."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from model.image.seeing.vision import Vision
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

    vision : whose network is run;  lock : held during each call of it;  target : token ids
    features : bool (b, patches) → tensor (b, soft tokens, width), the soft tokens of so many variants of the picture

    The picture stands at the start, so there is no prefix to reuse. Where soft tokens attend to each other both ways, the
    network must be told which they are: without that they would silently become causal.
    """

    def __init__(self, vision: Vision, lock: threading.RLock, target: ArrayLike, features: Callable[[Bools], "Tensor"]) -> None:
        super().__init__(vision.model, lock, [], target)
        self._vision, self._features = vision, features

    def _limits(self) -> Limits:
        return on_processor()  # on a GPU, too: how much the tower takes there is not known

    def next_token(self, sequence: SeeingSequence) -> int:
        """The likeliest token in the place of the target's last one."""
        import torch

        with torch.no_grad(), self.lock:
            return int(self.model.lm_head(self._run([sequence])[0, -1:]).argmax())

    def _run(self, batch: list[SeeingSequence]) -> "Tensor":
        import torch
        from transformers.modeling_outputs import BaseModelOutputWithPooling

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
        features = self._features(np.stack([s.patches for s in batch]))
        rows, columns = np.nonzero(soft >= 0)
        seen = self._vision.handed(features[rows, soft[rows, columns]])
        out = self.model.model(
            input_ids=torch.from_numpy(ids).to(device),
            attention_mask=torch.from_numpy(visible).to(device),
            position_ids=torch.from_numpy(positions).to(device),
            mm_encoder_outputs={"image": BaseModelOutputWithPooling(pooler_output=seen)},
            use_cache=False,
            **{self._vision.kinds: torch.from_numpy((soft >= 0).astype(np.int64)).to(device)},
        ).last_hidden_state
        return chosen(out, ends)
