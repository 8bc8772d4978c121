"""Reading once: the prompt is read in full, and absent parts are hidden from what follows all parts alone.

Keys and values of everything up to the last player are computed once. Each coalition runs what stands after it, the
question, and the target, with the absent parts' keys behind a mask. It costs the tokens of the question, however long
the text before it is, and is not removal: what other parts took over from the absent ones stays.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from model.latest import Latest
from model.text.scoring import PrefixScorer, Sequence
from xai.typing import Bools

READ_ONCE = "read-once"
PROMPTS = 2  # whose keys and values stay: that of a run, and of one that got in between its batches

_prompts: Latest[Any] = Latest(PROMPTS)


@dataclass(frozen=True)
class HidingSequence(Sequence):
    """A sequence that does not see all of the prefix. before : bool (prefix,), which of it"""

    before: Bools


class OnceScorer(PrefixScorer[HidingSequence]):
    """Log-probabilities of a target's tokens after a prefix of which each sequence sees its own part.

    The prefix's own tokens see all that stands before them. Its keys and values are those of the model's two latest
    prompts, and games of one prompt share them.
    """

    def _seen(self, batch: list[HidingSequence]) -> Bools:
        return np.stack([sequence.before for sequence in batch])

    def _read(self) -> Any:
        return _prompts.value(self.model, self._prefix.tobytes(), self._read_now)


def forget(model: Any) -> None:
    """Let go of what was read for a model: its settings are others now, or nobody will ask again."""
    _prompts.pop(model, None)
