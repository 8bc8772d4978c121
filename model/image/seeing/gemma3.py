"""Gemma 3: a SigLIP tower of fixed size.

The processor resizes the whole picture to a square, whatever its shape; nothing is cut off. Where it is set so (Pan &
Scan), crops of a wide or high picture follow, each resized to the same square, so that details are seen again, larger.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from model.image.images import Picture, as_rgb
from model.image.seeing.vision import Seen, Vision, spread

if TYPE_CHECKING:
    from torch import Tensor

CUT = ("do_pan_and_scan", "pan_and_scan_min_crop_size", "pan_and_scan_max_num_crops", "pan_and_scan_min_ratio_to_activate")


class Gemma3(Vision):
    architecture, kinds = "Gemma3ForConditionalGeneration", "token_type_ids"

    def __init__(self, model: Any, processor: Any, tokenizer: Any) -> None:
        super().__init__(model, processor, tokenizer)
        tokenizer.chat_template = tokenizer.chat_template or processor.chat_template
        config, inner = model.config, model.model
        self._side = int(config.mm_tokens_per_image**0.5)
        across = int(config.vision_config.image_size) // int(config.vision_config.patch_size)
        self._share = across // self._side
        self.tokens, self.patches, self.mark = self._side**2, across**2, tokenizer.boi_token
        self.eyes = [inner.multi_modal_projector, inner.vision_tower]

    @staticmethod
    def processor_of(directory: str) -> Any:
        from transformers import AutoProcessor

        return AutoProcessor.from_pretrained(directory, backend="pil")

    @property
    def pan_and_scan(self) -> dict[str, Any]:
        """How crops are made: what the checkpoint's image processor is set to, Gemma's own values for the rest.

        transformers' Gemma3Processor itself, called with picture and text, makes crops only where its call says so.
        """
        own = {name: getattr(self.processor.image_processor, name, None) for name in CUT}
        every: dict[str, Any] = self.processor.images_kwargs | {name: value for name, value in own.items() if value is not None}
        return every

    def look(self, image: Picture) -> Seen:
        rgb = np.asarray(as_rgb(image))
        # The layout is said: a picture of one or three rows would be taken for channels.
        found = self.processor.image_processor([rgb], return_tensors="pt", input_data_format="channels_last", **self.pan_and_scan)
        crops = len(found["pixel_values"]) - 1
        height, width = rgb.shape[:2]
        boxes = [(0, 0, height, width)] + (self._crops(height, width) if crops else [])
        text = self.processor.replace_image_token({"num_crops": [crops]}, 0)
        return Seen(found["pixel_values"], text, boxes, (height, width), (self._side, self._side), self.patches)

    def inputs(self, pixels: "Tensor") -> "dict[str, Tensor]":
        return {"pixel_values": pixels}

    def handed(self, features: "Tensor") -> Any:
        return features

    def _soft_tokens(self, pixels: "Tensor", shown: "Tensor | None") -> "Tensor":
        mask = None
        if shown is not None:  # every patch attends to the patches that are shown
            mask = spread(shown, (self._side, self._side), self._share)[:, None, None, :].expand(-1, 1, self.patches, -1)
        found: Tensor = self.model.get_image_features(pixels, attention_mask=mask).pooler_output
        return found

    def _crops(self, height: int, width: int) -> list[tuple[int, int, int, int]]:
        """Boxes of the Pan & Scan crops: the processor's own cut, made on pictures of row and column numbers."""
        cut = {name: value for name, value in self.pan_and_scan.items() if name in CUT[1:]}
        numbers = np.arange(height)[None, :, None], np.arange(width)[None, None, :]
        rows, columns = (
            self.processor.image_processor.pan_and_scan(np.broadcast_to(number, (1, height, width)), **cut) for number in numbers
        )
        return [(int(r[0, 0, 0]), int(c[0, 0, 0]), int(r[0, -1, 0]) + 1, int(c[0, 0, -1]) + 1) for r, c in zip(rows, columns)]
