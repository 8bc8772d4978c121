"""Gemma 4: a tower that takes pictures of any shape.

The processor resizes the whole picture to as many patches as its number of soft tokens allows, in about the shape that the
picture has; nothing is cut off. The tower knows each patch by its row and column, and squares of patches are pooled to one
soft token. Larger ones of the family let soft tokens attend to each other both ways in the layers with a sliding window.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from model.image.images import Picture, as_rgb
from model.image.seeing.vision import Seen, Vision, spread

if TYPE_CHECKING:
    from torch import Tensor


class Gemma4(Vision):
    architecture, kinds = "Gemma4ForConditionalGeneration", "mm_token_type_ids"

    def __init__(self, model: Any, processor: Any, tokenizer: Any) -> None:
        super().__init__(model, processor, tokenizer)
        config, inner = model.config.vision_config, model.model
        self._side, self._share = int(processor.patch_size), int(processor.pooling_kernel_size)
        if (self._side, self._share) != (config.patch_size, config.pooling_kernel_size):
            raise ValueError(
                f"its processor cuts patches of {self._side} pixels and pools {self._share} × {self._share} of them, its tower "
                f"{config.patch_size} and {config.pooling_kernel_size} × {config.pooling_kernel_size}"
            )
        self.tokens, self.mark = int(processor.max_soft_tokens), tokenizer.image_token
        self.patches = self.tokens * self._share**2
        self.eyes = [inner.embed_vision, inner.vision_tower]

    @staticmethod
    def processor_of(directory: str) -> Any:
        from transformers import AutoImageProcessor  # the whole processor would need torchvision, for its videos

        return AutoImageProcessor.from_pretrained(directory, backend="pil")

    def look(self, image: Picture) -> Seen:
        rgb, side = np.asarray(as_rgb(image)), self._side
        # The layout is said: a picture of one or three rows would be taken for channels.
        found = self.processor([rgb], return_tensors="pt", input_data_format="channels_last")
        columns, rows = (found["image_position_ids"][0].amax(dim=0) + 1).tolist()  # what fills the batch up stands at −1
        patches = found["pixel_values"][0, : rows * columns].reshape(rows, columns, side, side, 3)
        pixels = patches.permute(4, 0, 2, 1, 3).reshape(1, 3, rows * side, columns * side)
        tokens, (height, width) = (rows // self._share, columns // self._share), rgb.shape[:2]
        own = self.tokenizer
        text = f"{own.boi_token}{own.image_token * (tokens[0] * tokens[1])}{own.eoi_token}"
        return Seen(pixels, text, [(0, 0, height, width)], (height, width), tokens, rows * columns)

    def inputs(self, pixels: "Tensor") -> "dict[str, Tensor]":
        import torch

        rows, columns = (edge // self._side for edge in pixels.shape[-2:])
        patches = pixels.reshape(len(pixels), 3, rows, self._side, columns, self._side).permute(0, 2, 4, 3, 5, 1)
        down, across = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        places = torch.stack([across, down], dim=-1).reshape(1, -1, 2).expand(len(pixels), -1, -1)
        return {"pixel_values": patches.reshape(len(pixels), rows * columns, -1), "image_position_ids": places.to(pixels.device)}

    def handed(self, features: "Tensor") -> Any:
        return (features,)

    def _soft_tokens(self, pixels: "Tensor", shown: "Tensor | None") -> "Tensor":
        import torch

        inputs, hook = self.inputs(pixels), None
        if shown is not None:
            rows, columns = (edge // self._side // self._share for edge in pixels.shape[-2:])
            patches = spread(shown, (rows, columns), self._share)

            def hide(layers: Any, given: Any, named: dict[str, Any]) -> Any:
                return given, named | {"attention_mask": named["attention_mask"] & patches}

            hook = self.model.model.vision_tower.encoder.register_forward_pre_hook(hide, with_kwargs=True)
        try:
            return torch.stack(tuple(self.model.get_image_features(**inputs).pooler_output))
        finally:
            if hook is not None:
                hook.remove()
