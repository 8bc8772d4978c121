"""The families whose pictures are explained, by the type that a checkpoint's config.json names."""

from typing import Any

from model.image.seeing.gemma3 import Gemma3
from model.image.seeing.vision import Vision

FAMILIES: dict[str, type[Vision]] = {"gemma3": Gemma3}


def vision_of(family: type[Vision], model: Any, directory: str, tokenizer: Any) -> Vision:
    """What a network that was loaded from a directory or hub id sees with."""
    return family(model, family.processor_of(directory), tokenizer)
