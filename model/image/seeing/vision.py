"""What a model sees of a picture: the processor's pixels, where they come from, and the soft tokens made of them.

Here is what all such models share. Each family is a file beside this one, and a line in `model.image.seeing.families`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from model.image.images import Picture

if TYPE_CHECKING:
    from torch import Tensor

TOWER_PATCHES = 32768  # of one call of the tower: eight pictures of Gemma 3 4B


@dataclass(frozen=True)
class Seen:
    """A picture as the processor hands it to the model: k views, the whole of it first, then crops.

    pixels : float32 tensor (k, 3, height, width), normalised;  text : what stands for it in the prompt
    boxes : k times (top, left, bottom, right), what part of the original each shows;  size : its (height, width)
    tokens : (rows, columns) of soft tokens in each view;  patches : of the tower in each
    """

    pixels: "Tensor"
    text: str
    boxes: list[tuple[int, int, int, int]]
    size: tuple[int, int]
    tokens: tuple[int, int]
    patches: int


class Vision(ABC):
    """Tower, projector and processor of a checkpoint.

    Attributes
    ----------
    architecture : the class of transformers that is loaded, text and eyes together
    kinds : the argument of its `forward` that says which tokens are soft ones
    model : such a network in eval mode;  processor : what makes pixels of a picture;  tokenizer : of the checkpoint
    mark : what a chat template writes for a picture;  token_id : the soft token
    tokens, patches : how many soft tokens and patches of the tower a view has, at most
    eyes : the modules that make soft tokens of pixels
    weights : how many the layers of language model and tower have: what a token, and a patch, costs
    """

    architecture: str
    kinds: str
    mark: str
    tokens: int
    patches: int
    eyes: list[Any]

    def __init__(self, model: Any, processor: Any, tokenizer: Any) -> None:
        """ValueError for files that do not belong together."""
        self.model, self.processor, self.tokenizer = model, processor, tokenizer
        self.token_id = int(model.config.image_token_id)
        halves = model.model.language_model.layers, model.model.vision_tower.encoder
        self.weights = tuple(sum(p.numel() for p in half.parameters()) for half in halves)

    @staticmethod
    @abstractmethod
    def processor_of(directory: str) -> Any:
        """The processor of a directory or hub id; OSError, ValueError or ImportError where it has none that can be used."""

    @abstractmethod
    def look(self, image: Picture) -> Seen:
        """A PIL image or uint8 (height, width, 3) through the processor; TypeError for anything else."""

    @abstractmethod
    def inputs(self, pixels: "Tensor") -> "dict[str, Tensor]":
        """What the network's `forward` takes for pixels (b, 3, height, width), besides which tokens are soft ones."""

    @abstractmethod
    def handed(self, features: "Tensor") -> Any:
        """Soft tokens (n, width) in the form in which the network takes them from its tower."""

    @abstractmethod
    def _soft_tokens(self, pixels: "Tensor", shown: "Tensor | None") -> "Tensor":
        """`features` of one call."""

    def on(self, model: Any) -> "Vision":
        """The same of a network of other weights."""
        return type(self)(model, self.processor, self.tokenizer)

    def features(self, pixels: "Tensor", shown: "Tensor | None" = None) -> "Tensor":
        """Soft tokens, tensor (b, rows × columns, width), of pixels (b, 3, height, width).

        shown : bool tensor (b, rows × columns); a soft token that is not shown is hidden inside the tower with all its
        patches, so that nothing of it reaches the others. Its own row is then without meaning.
        """
        import torch

        device, count = self.model.device, max(1, TOWER_PATCHES // self.patches)
        if shown is not None:
            shown = shown | ~shown.any(dim=1, keepdim=True)  # attention to nothing is undefined; nobody reads these rows
        parts = []
        for start in range(0, len(pixels), count):
            mask = None if shown is None else shown[start : start + count].to(device)
            parts.append(self._soft_tokens(pixels[start : start + count].to(device), mask))
        return torch.cat(parts)


def spread(shown: "Tensor", tokens: tuple[int, int], share: int) -> "Tensor":
    """bool (b, patches) of the tower: those of the soft tokens that are shown, bool (b, rows × columns).

    share : patches along a side of a soft token
    """
    square = shown.reshape(-1, *tokens)
    return square.repeat_interleave(share, dim=1).repeat_interleave(share, dim=2).flatten(1)
