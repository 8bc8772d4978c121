"""What a small Gemma 3 with eyes is made of: its words, its processor and its random weights before any training.

Everything keeps Gemma's ways: the turn markers, the chat template, 64 soft tokens between <start_of_image> and
<end_of_image>, SigLIP tower and projector, local and global layers in turn. Only the sizes are small.
"""

from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil

from model.shapes.scenes import COLOURS, GRID, N_PATCHES, NOTHING, NUMBERS, PATCH, SHAPES, SIDE, UNKNOWN

_MARKS_OF_TURNS = "<start_of_turn> <end_of_turn> <start_of_image> <end_of_image> <image_soft_token>"
SPECIAL = tuple(f"<pad> <eos> <bos> <unk> {_MARKS_OF_TURNS}".split())
ANSWERS = (*COLOURS, *SHAPES, *NUMBERS, NOTHING, UNKNOWN)
_OTHERS = ("what", "how", "is", "the", "colour", "shape", "shapes", "many", "left", "of", "user", "model")
_MARKS = ("?", "\n", "\n\n", "\n\n\n")

# Gemma's template, the parts of it that one user's turns with text and images need.
CHAT_TEMPLATE = """{{ bos_token }}{% for message in messages %}\
{{ '<start_of_turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\n' }}\
{% if message['content'] is string %}{{ message['content'] | trim }}\
{% else %}{% for item in message['content'] %}\
{% if item['type'] == 'image' %}{{ '<start_of_image>' }}\
{% elif item['type'] == 'text' %}{{ item['text'] | trim }}{% endif %}{% endfor %}{% endif %}\
{{ '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"""


def build_tokenizer() -> Any:
    """A word-level fast tokenizer: a word with the space before it is one token, as in Gemma's own vocabulary."""
    words = [*ANSWERS, *_OTHERS]
    vocabulary = {token: i for i, token in enumerate([*SPECIAL, *_MARKS, *words, *(f" {word}" for word in words)])}
    raw = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    raw.normalizer = normalizers.Lowercase()
    raw.pre_tokenizer = pre_tokenizers.Split(Regex(r" ?\w+|\n{1,3}|[^\w\s]|\s"), "isolated")
    raw.decoder = decoders.Fuse()
    raw.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    bos = vocabulary["<bos>"]
    raw.post_processor = TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", bos)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw,
        **{f"{name}_token": f"<{name}>" for name in ("pad", "eos", "bos", "unk")},
        additional_special_tokens=["<start_of_turn>", "<end_of_turn>"],
        extra_special_tokens=dict(zip(("boi_token", "eoi_token", "image_token"), SPECIAL[-3:])),
        clean_up_tokenization_spaces=False,
        model_max_length=512,
        chat_template=CHAT_TEMPLATE,
    )


def build_processor(tokenizer: Any) -> Any:
    """Gemma's processor on Pillow: 64 × 64 pixels, values from −1 to 1, 64 soft tokens an image."""
    pictures = Gemma3ImageProcessorPil(size={"height": SIDE, "width": SIDE}, do_pan_and_scan=False)
    return transformers.Gemma3Processor(pictures, tokenizer, chat_template=CHAT_TEMPLATE, image_seq_length=N_PATCHES)


def build_model(tokenizer: Any) -> Any:
    """A Gemma3ForConditionalGeneration of 1 million parameters, random by torch's global seed."""
    pad, eos, bos, _, _, end_of_turn, *picture = (tokenizer.convert_tokens_to_ids(token) for token in SPECIAL)
    size: dict[str, Any] = {"hidden_size": 128, "intermediate_size": 256, "num_attention_heads": 4}
    ends: dict[str, Any] = {"pad_token_id": pad, "eos_token_id": eos, "bos_token_id": bos}
    text = size | ends | {"vocab_size": len(tokenizer), "num_hidden_layers": 4, "num_key_value_heads": 2, "head_dim": 32}
    text |= {"query_pre_attn_scalar": 32, "sliding_window": 32, "sliding_window_pattern": 2, "max_position_embeddings": 512}
    eyes = size | {"image_size": SIDE, "patch_size": PATCH, "num_hidden_layers": 3, "vision_use_head": False}
    config = transformers.Gemma3Config(
        text_config=transformers.Gemma3TextConfig(**text, initializer_range=0.06),
        vision_config=transformers.SiglipVisionConfig(**eyes),
        mm_tokens_per_image=GRID * GRID,
        **dict(zip(("boi_token_index", "eoi_token_index", "image_token_index"), picture)),
        eos_token_id=[eos, end_of_turn],
        initializer_range=0.06,
    )
    model = transformers.Gemma3ForConditionalGeneration(config)
    projection = model.model.multi_modal_projector.mm_input_projection_weight
    torch.nn.init.normal_(projection, std=projection.shape[0] ** -0.5)  # zero by default: it would never see anything
    model.generation_config.update(**(ends | {"eos_token_id": [eos, end_of_turn]}))
    return model


def save(model: Any, tokenizer: Any, directory: Path) -> None:
    """Write everything that `from_pretrained` needs into one directory: config, safetensors, tokenizer, processor."""
    model.save_pretrained(directory)
    build_processor(tokenizer).save_pretrained(directory)
