"""A complete Gemma 3 of a few thousand parameters, random, with a tokenizer of its own."""

import json
from pathlib import Path

TEXT = [
    "Review: The plot is thin, but the acting is superb. Sentiment: positive\n",
    "one two three four five six seven eight nine ten eleven twelve",
    "The quick brown fox jumps over the lazy dog. She said: hello, world!\n",
] * 20
SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]


IMAGE = {"boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>"}
IMAGE4 = {"boi_token": "<|image>", "eoi_token": "<image|>", "image_token": "<|image|>"}
EYES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "patch_size": 4}  # a tower
CHAT = (
    "{{ bos_token }}{% for m in messages %}<start_of_turn>{{ m['role'] }}\n"
    "{% if m['content'] is string %}{{ m['content'] | trim }}{% else %}{% for part in m['content'] %}"
    "{% if part['type'] == 'image' %}<start_of_image>{% else %}{{ part['text'] | trim }}{% endif %}"
    "{% endfor %}{% endif %}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)


def write_tiny_checkpoint(directory: Path, window: int = 16, chat: bool = False) -> Path:
    """Two sliding layers to one global, a window of `window` tokens, 500 tokens of vocabulary."""
    from transformers import Gemma3ForCausalLM

    tokenizer = build_tokenizer(chat)
    model = Gemma3ForCausalLM(text_config(tokenizer, window))
    randomise(model)
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


def write_tiny_vision_checkpoint(directory: Path, window: int = 512, chat: bool = True, pan_and_scan: bool = False) -> Path:
    """As above with a tower of 12 × 12 patches of 4 pixels and 6 × 6 soft tokens."""
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration, Gemma3Processor, SiglipVisionConfig
    from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil

    tokenizer = build_tokenizer(chat, IMAGE)
    pictures = Gemma3ImageProcessorPil(
        size={"height": 48, "width": 48},
        do_pan_and_scan=pan_and_scan,
        pan_and_scan_min_crop_size=16,
        pan_and_scan_max_num_crops=4,
        pan_and_scan_min_ratio_to_activate=1.2,
    )
    config = Gemma3Config(
        text_config=text_config(tokenizer, window),
        vision_config=SiglipVisionConfig(image_size=48, **EYES, vision_use_head=False),
        mm_tokens_per_image=36,
        **{f"{name}_index": tokenizer.convert_tokens_to_ids(token) for name, token in IMAGE.items()},
    )
    model = Gemma3ForConditionalGeneration(config)
    randomise(model)  # the projector too: it starts at zero, and nothing would be seen
    model.save_pretrained(directory)
    Gemma3Processor(pictures, tokenizer, chat_template=CHAT if chat else None, image_seq_length=36).save_pretrained(directory)
    return directory


def write_tiny_gemma4(directory: Path, window: int = 512, chat: bool = True, both_ways: bool = True) -> Path:
    """A Gemma 4 with all that it may have: layers that share keys and values, embeddings for each layer, a cap on logits.

    At most 70 soft tokens a picture, of 2 × 2 patches of 4 pixels. both_ways : soft tokens attend to each other
    """
    from transformers import Gemma4Config, Gemma4ForConditionalGeneration, Gemma4TextConfig, Gemma4VisionConfig
    from transformers.models.gemma4.image_processing_pil_gemma4 import Gemma4ImageProcessorPil

    tokenizer = build_tokenizer(chat, IMAGE4, CHAT.replace(IMAGE["boi_token"], IMAGE4["image_token"]))
    config = Gemma4Config(
        text_config=Gemma4TextConfig(
            **sizes_of_layers(tokenizer, window), global_head_dim=32, use_bidirectional_attention="vision" if both_ways else None
        ),
        vision_config=Gemma4VisionConfig(
            **EYES, num_key_value_heads=2, head_dim=16, pooling_kernel_size=2, position_embedding_size=200, standardize=True
        ),
        video_token_id=3,
        audio_token_id=3,
        **{f"{name}_id": tokenizer.convert_tokens_to_ids(token) for name, token in IMAGE4.items()},
    )
    model = Gemma4ForConditionalGeneration(config)
    randomise(model)
    model.model.vision_tower.std_bias.normal_(0, 0.3)
    model.model.vision_tower.std_scale.normal_(1, 0.1)
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    Gemma4ImageProcessorPil(patch_size=4, pooling_kernel_size=2, max_soft_tokens=70).save_pretrained(directory)
    return directory


def sizes_of_layers(tokenizer, window: int) -> dict:
    """Of a text that has layers which share keys and values, and embeddings for each layer: Gemma 3n, Gemma 4."""
    return {
        "vocab_size": len(tokenizer),
        "vocab_size_per_layer_input": len(tokenizer),
        "hidden_size": 32,
        "hidden_size_per_layer_input": 8,
        "intermediate_size": 64,
        "num_hidden_layers": 4,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "num_kv_shared_layers": 2,
        "head_dim": 16,
        "layer_types": ["sliding_attention", "full_attention"] * 2,
        "sliding_window": window,
        "final_logit_softcapping": 5.0,
        "max_position_embeddings": 2048,
        "pad_token_id": 0,
        "eos_token_id": 1,
        "bos_token_id": 2,
    }


def text_config(tokenizer, window: int):
    from transformers import Gemma3TextConfig

    return Gemma3TextConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        query_pre_attn_scalar=16,
        sliding_window=window,
        layer_types=["sliding_attention", "sliding_attention", "full_attention"],
        max_position_embeddings=2048,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
    )


def randomise(model) -> None:
    for parameter in model.parameters():  # large enough that attention and content matter
        if parameter.ndim > 1:
            parameter.data.normal_(0, 0.3)


def build_tokenizer(chat: bool, extra: dict[str, str] | None = None, template: str = CHAT):
    """A BPE tokenizer with byte fallback; `extra` names further special tokens."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    raw.normalizer = normalizers.Replace(" ", "▁")
    raw.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    raw.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    raw.train_from_iterator(TEXT, trainers.BpeTrainer(vocab_size=200, special_tokens=SPECIAL))
    learned = json.loads(raw.to_str())["model"]
    vocabulary = learned["vocab"]
    for byte in range(256):  # unknown characters become bytes, as in Gemma's own tokenizer
        vocabulary[f"<0x{byte:02X}>"] = len(vocabulary)
    merges = [tuple(merge) for merge in learned["merges"]]
    raw.model = models.BPE(vocabulary, merges, byte_fallback=True, unk_token="<unk>")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        pad_token="<pad>",
        eos_token="<eos>",
        bos_token="<bos>",
        unk_token="<unk>",
        extra_special_tokens=extra,
    )
    tokenizer.add_special_tokens(
        {"additional_special_tokens": [AddedToken(t, special=True) for t in ("<start_of_turn>", "<end_of_turn>")]}
    )
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", tokenizer.bos_token_id)]
    )
    if chat:
        tokenizer.chat_template = template
    return tokenizer
