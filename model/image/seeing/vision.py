"""What a multimodal Gemma 3 sees: the processor's pixels of a picture, where they come from, and its soft tokens.

The processor resizes the whole picture to a square, whatever its shape; nothing is cut off. Where it is set so (Pan &
Scan), crops of a wide or high picture follow, each resized to the same square, so that details are seen again, larger.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from model.image.images import Picture, as_rgb

if TYPE_CHECKING:
    from torch import Tensor

CUT = ("do_pan_and_scan", "pan_and_scan_min_crop_size", "pan_and_scan_max_num_crops", "pan_and_scan_min_ratio_to_activate")
TOWER_PATCHES = 32768  # of one call of the tower: eight pictures of Gemma 3 4B


@dataclass(frozen=True)
class Seen:
    """A picture as the processor hands it to the model, k = 1 + crops.

    pixels : float32 tensor (k, 3, side, side), normalised;  text : what stands for it in the prompt
    boxes : k times (top, left, bottom, right), what part of the original each shows;  size : its (height, width)
    """

    pixels: "Tensor"
    text: str
    boxes: list[tuple[int, int, int, int]]
    size: tuple[int, int]


class Vision:
    """Tower, projector and processor of a checkpoint.

    Attributes
    ----------
    model : transformers.Gemma3ForConditionalGeneration in eval mode;  processor : its Gemma3Processor
    tokens : soft tokens along a side of a picture;  patches : the tower's patches along a side
    pixels : pixels along a side
    weights : how many the layers of language model and tower have: what a token, and a patch, costs
    """

    def __init__(self, model: Any, processor: Any) -> None:
        self.model, self.processor = model, processor
        config = model.config
        self.tokens = int(config.mm_tokens_per_image**0.5)
        self.pixels = int(config.vision_config.image_size)
        self.patches = self.pixels // int(config.vision_config.patch_size)
        self.token_id = int(config.image_token_id)
        halves = model.model.language_model.layers, model.model.vision_tower.encoder
        self.weights = tuple(sum(p.numel() for p in half.parameters()) for half in halves)

    @property
    def pan_and_scan(self) -> dict[str, Any]:
        """How crops are made: what the checkpoint's image processor is set to, Gemma's own values for the rest.

        transformers' Gemma3Processor itself, called with picture and text, makes crops only where its call says so.
        """
        own = {name: getattr(self.processor.image_processor, name, None) for name in CUT}
        every: dict[str, Any] = self.processor.images_kwargs | {name: value for name, value in own.items() if value is not None}
        return every

    def look(self, image: Picture) -> Seen:
        """A PIL image or uint8 (height, width, 3) through the processor; TypeError for anything else."""
        rgb = np.asarray(as_rgb(image))
        # The layout is said: a picture of one or three rows would be taken for channels.
        found = self.processor.image_processor([rgb], return_tensors="pt", input_data_format="channels_last", **self.pan_and_scan)
        crops = len(found["pixel_values"]) - 1
        height, width = rgb.shape[:2]
        boxes = [(0, 0, height, width)] + (self._crops(height, width) if crops else [])
        text = self.processor.replace_image_token({"num_crops": [crops]}, 0)
        return Seen(found["pixel_values"], text, boxes, (height, width))

    def features(self, pixels: "Tensor", shown: "Tensor | None" = None) -> "Tensor":
        """Soft tokens, tensor (b, tokens², width), of pixels (b, 3, side, side).

        shown : bool tensor (b, tokens²); a soft token that is not shown is hidden inside the tower with all its
        patches, so that nothing of it reaches the others. Its own row is then without meaning.
        """
        import torch

        device, count = self.model.device, max(1, TOWER_PATCHES // self.patches**2)
        parts = []
        for start in range(0, len(pixels), count):
            mask = None if shown is None else self._mask(shown[start : start + count].to(device))
            part = pixels[start : start + count].to(device)
            parts.append(self.model.get_image_features(part, attention_mask=mask).pooler_output)
        return torch.cat(parts)

    def _mask(self, shown: "Tensor") -> "Tensor":
        """bool (b, 1, patches², patches²): every patch attends to the patches that are shown."""
        shown = shown | ~shown.any(dim=1, keepdim=True)  # attention to nothing is undefined; nobody reads these rows
        share = self.patches // self.tokens
        square = shown.reshape(-1, self.tokens, self.tokens)
        patches = square.repeat_interleave(share, dim=1).repeat_interleave(share, dim=2).flatten(1)
        return patches[:, None, None, :].expand(-1, 1, patches.shape[1], -1)

    def _crops(self, height: int, width: int) -> list[tuple[int, int, int, int]]:
        """Boxes of the Pan & Scan crops: the processor's own cut, made on pictures of row and column numbers."""
        cut = {name: value for name, value in self.pan_and_scan.items() if name in CUT[1:]}
        numbers = np.arange(height)[None, :, None], np.arange(width)[None, None, :]
        rows, columns = (
            self.processor.image_processor.pan_and_scan(np.broadcast_to(number, (1, height, width)), **cut) for number in numbers
        )
        return [(int(r[0, 0, 0]), int(c[0, 0, 0]), int(r[0, -1, 0]) + 1, int(c[0, 0, -1]) + 1) for r, c in zip(rows, columns)]
