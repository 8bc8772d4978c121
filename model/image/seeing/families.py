"""The families whose pictures are explained, and why those of others are not, by the type that config.json names."""

from typing import Any

from model.image.seeing.gemma3 import Gemma3
from model.image.seeing.gemma4 import Gemma4
from model.image.seeing.vision import Vision

FAMILIES: dict[str, type[Vision]] = {"gemma3": Gemma3, "gemma4": Gemma4}
SEEN = "Gemma 3 and Gemma 4"  # as they are spoken of
BLIND = {  # why not
    "gemma3n": "its eyes need the package timm, which Swing does without",
    "gemma4_unified": "what makes pixels of its pictures needs the package torchvision, which Swing does without",
}
APART = ("gemma3n",)  # whose language model is loaded alone: the whole network cannot be built here


def blind(config: dict[str, Any]) -> str:
    """Why only text is explained of a checkpoint with eyes, by its config.json; "" of one whose pictures are, or without eyes."""
    kind = config.get("model_type", "")
    if kind in FAMILIES or not config.get("vision_config"):
        return ""
    return BLIND.get(kind, f"Swing explains pictures of {SEEN} alone")


def only_text(title: str, why: str) -> str:
    """The sentence on a model whose pictures are not explained. why : as `blind` says it"""
    return f"Of {title} only text is explained: {why}."


def vision_of(family: type[Vision], model: Any, directory: str, tokenizer: Any) -> Vision | str:
    """What a network that was loaded from a directory or hub id sees with; or why, as `blind` says it, that cannot be used."""
    if model.model.vision_tower is None:
        return ""
    try:
        processor = family.processor_of(directory)
    except (OSError, ValueError, ImportError):
        return "it comes without a processor of pictures that can be loaded"
    if getattr(tokenizer, "image_token", None) is None:
        return "its tokenizer has no token for a picture"
    return family(model, processor, tokenizer)
