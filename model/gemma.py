"""Gemma 3: loading a checkpoint, answering a prompt, and making games of prompts."""

import contextlib
import functools
import hashlib
import json
import re
import threading
from pathlib import Path

from model.bundled import bundled_checkpoint
from model.kept import Progress
from model.prompt import Prompt, check_text

TEXT_TYPE = "gemma3_text"


class Gemma:
    """A Gemma 3 checkpoint with its tokenizer. One lock guards it; every method may be called from any thread.

    Attributes
    ----------
    model : transformers.Gemma3ForCausalLM in eval mode;  tokenizer : its fast tokenizer
    name : what was loaded;  context : most tokens of prompt and target together
    chat : True where the checkpoint has a chat template; prompts are then wrapped in it once, as the user's turn
    """

    def __init__(self, model, tokenizer, name: str):
        self.model, self.tokenizer, self.name = model, tokenizer, name
        self.lock = threading.RLock()
        self.context = int(model.config.max_position_embeddings)
        self.chat = bool(tokenizer.chat_template)

    def encode(self, prompt: str) -> Prompt:
        """The prompt's tokens and where each lies in it; ValueError for a prompt that cannot be one."""
        return Prompt(self.tokenizer, prompt, self.chat)

    def generate(self, prompt: str, image=None, max_new_tokens: int = 20, stop: str | None = None) -> str:
        """The greedy continuation of `prompt`, special tokens left out, cut before `stop` where that is given.

        Leading white space is part of the answer: prompt + answer is what the model would have written.
        """
        import torch

        if image is not None:
            raise ValueError(f"{self.name} reads text only; images need a multimodal Gemma 3 checkpoint")
        ids = self.encode(prompt).ids
        self.check_length(len(ids), max_new_tokens)
        with self.lock, torch.no_grad():
            tokens = torch.tensor([ids], device=self.model.device)
            out = self.model.generate(
                tokens,
                attention_mask=torch.ones_like(tokens),
                max_new_tokens=max_new_tokens,
                do_sample=False,
                top_p=None,
                top_k=None,
                **({"stop_strings": [stop], "tokenizer": self.tokenizer} if stop else {}),
            )
        text = self.tokenizer.decode(out[0, len(ids) :], skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text.split(stop, 1)[0] if stop else text

    @functools.cached_property
    def fingerprint(self) -> str:
        """The same for the same weights and tokenizer: what a kept value depends on. Reads the small tensors only."""
        digest = hashlib.sha256(self.name.encode() + str(self.model.config).encode())
        for name, tensor in self.model.named_parameters():
            if tensor.ndim == 1:
                digest.update(name.encode() + tensor.detach().float().cpu().numpy().tobytes())
        return digest.hexdigest()[:32]

    def target_ids(self, target: str) -> list[int]:
        """Tokens of a target text; ValueError if there are none."""
        check_text(target, "target")
        ids = self.tokenizer(target, add_special_tokens=False)["input_ids"]
        if not ids:
            raise ValueError("the target is empty: give the text whose probability is to be explained")
        return ids

    def text_game(self, prompt: str, target: str, players="word", absent: str = "remove"):
        """The game of a prompt: which of its parts make the target likely.

        players : "token", "word", "sentence", "line", or a list of (start, end) character spans of the prompt; what
            lies outside the spans is always present, and special tokens are never players
        absent : "remove" (absent tokens are deleted), "hole" (the others keep their positions, absent ones are hidden
            from attention) or "replace" (a neutral token stands in)

        Returns a game: bool (m, n_players) → float64 (m, target tokens), the natural log-probability of each target
        token given what precedes it (teacher forcing). ValueError for a prompt, target or spans that are not allowed.
        """
        from model.text_game import TextGame

        return TextGame(self, prompt, target, players, absent)

    def check_length(self, *tokens: int) -> None:
        """ValueError if this many tokens together exceed the context."""
        if sum(tokens) > self.context:
            raise ValueError(
                f"prompt and target have {sum(tokens)} tokens together; {self.name} reads at most {self.context}: "
                "shorten the prompt"
            )


def load_gemma(source=None, device: str | None = None, progress: Progress | None = None) -> Gemma:
    """A Gemma 3 text model, ready to explain.

    source : None for the bundled 270M checkpoint, a directory with a checkpoint, or a hub id such as
        "google/gemma-3-1b-pt" (downloaded by transformers)
    device : "cpu", "cuda", …; a GPU where there is one by default. float32 on CPU, bfloat16 on GPU
    progress : progress(fraction, sentence)

    Raises ValueError for a checkpoint that is not a Gemma 3 text model, naming what it is; OSError with one sentence
    if the bundled checkpoint cannot be converted for want of room or rights.
    """
    tell = progress or (lambda fraction, sentence: None)
    directory = bundled_checkpoint(progress) if source is None else source
    tell(0.92, "Loading torch and transformers")
    import torch
    from transformers import AutoTokenizer, Gemma3ForCausalLM
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    name = "the bundled Gemma 3 270M" if source is None else str(source)
    kind = _model_type(directory, name)
    if kind != TEXT_TYPE:
        raise ValueError(f"{name} is a checkpoint of type {kind!r}; Swing explains Gemma 3 text models ({TEXT_TYPE!r})")
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    with _one_sentence(name):
        tell(0.94, "Loading the tokenizer")
        tokenizer = AutoTokenizer.from_pretrained(directory)
        tell(0.97, "Loading the weights")
        model = Gemma3ForCausalLM.from_pretrained(directory, dtype=dtype, use_safetensors=True)
    model = model.to(device).eval().requires_grad_(False)
    tell(1.0, f"{name[0].upper()}{name[1:]} is ready")
    return Gemma(model, tokenizer, name)


def _model_type(source, name: str) -> str:
    """`model_type` of a checkpoint's config, without loading its weights."""
    if str(source).endswith(".gguf"):
        raise ValueError(f"{name} is a GGUF file; give a directory or hub id with safetensors weights instead")
    directory = Path(source)
    if directory.is_dir():
        config = directory / "config.json"
        if not config.is_file():
            raise ValueError(f"{name} has no config.json, so it is not a checkpoint directory")
        try:
            return str(json.loads(config.read_text())["model_type"])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{name}/config.json does not say what model it is") from error
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", str(source)):
        raise ValueError(f"{name} is neither a directory nor a hub id of the form owner/name")
    from transformers import PretrainedConfig

    with _one_sentence(name):
        return str(PretrainedConfig.get_config_dict(str(source))[0].get("model_type"))


@contextlib.contextmanager
def _one_sentence(name: str):
    """Turn a loader's pages of advice into one sentence."""
    try:
        yield
    except (OSError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise ValueError(f"{name} could not be loaded: {reason}") from error
