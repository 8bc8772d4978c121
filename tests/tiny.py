"""A complete Gemma 3 of a few thousand parameters, random, with a tokenizer of its own."""

import json
from pathlib import Path

TEXT = [
    "Review: The plot is thin, but the acting is superb. Sentiment: positive\n",
    "one two three four five six seven eight nine ten eleven twelve",
    "The quick brown fox jumps over the lazy dog. She said: hello, world!\n",
] * 20
SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]


def write_tiny_checkpoint(directory: Path, window: int = 16, chat: bool = False) -> Path:
    """Two sliding layers to one global, a window of `window` tokens, 300 tokens of vocabulary."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig, PreTrainedTokenizerFast

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
        tokenizer_object=raw, pad_token="<pad>", eos_token="<eos>", bos_token="<bos>", unk_token="<unk>"
    )
    tokenizer.add_special_tokens(
        {"additional_special_tokens": [AddedToken(t, special=True) for t in ("<start_of_turn>", "<end_of_turn>")]}
    )
    from tokenizers.processors import TemplateProcessing

    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", tokenizer.bos_token_id)]
    )
    if chat:
        tokenizer.chat_template = (
            "{{ bos_token }}{% for m in messages %}<start_of_turn>{{ m['role'] }}\n{{ m['content'] | trim }}"
            "<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
        )
    config = Gemma3TextConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, query_pre_attn_scalar=16, sliding_window=window,
        layer_types=["sliding_attention", "sliding_attention", "full_attention"], max_position_embeddings=2048,
        pad_token_id=0, eos_token_id=1, bos_token_id=2,
    )  # fmt: skip
    model = Gemma3ForCausalLM(config)
    for parameter in model.parameters():  # large enough that attention and content matter
        if parameter.ndim > 1:
            parameter.data.normal_(0, 0.3)
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory
