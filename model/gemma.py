"""Gemma 3: loading a checkpoint, answering a prompt, and making games of prompts."""

import contextlib
import functools
import hashlib
import json
import re
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from model.cache import Progress
from model.image.image_game import ImageGame
from model.image.images import Picture
from model.image.vision import Vision
from model.text.bundled import NAME, load_bundled
from model.text.prompt import Players, Prompt, check_text
from model.text.segments import Span
from model.text.text_game import TextGame

TEXT_TYPE, VISION_TYPE = "gemma3_text", "gemma3"


class Gemma:
    """A Gemma 3 checkpoint with its tokenizer. One lock guards it; every method may be called from any thread.

    Attributes
    ----------
    model : transformers.Gemma3ForCausalLM in eval mode;  tokenizer : its fast tokenizer
    vision : image.vision.Vision of a multimodal checkpoint, whose language model `model` is; None for one of text only
    name : what was loaded;  context : most tokens of prompt and target together
    chat : True where the checkpoint has a chat template; prompts are then wrapped in it once, as the user's turn
    """

    def __init__(self, model: Any, tokenizer: Any, name: str, vision: Vision | None = None) -> None:
        self.model, self.tokenizer, self.name, self.vision = model, tokenizer, name, vision
        self.lock = threading.RLock()
        self.context = int(model.config.max_position_embeddings)
        self.chat = bool(tokenizer.chat_template)

    def encode(self, prompt: str) -> Prompt:
        """The prompt's tokens and where each lies in it; ValueError for a prompt that cannot be one."""
        return Prompt(self.tokenizer, prompt, self.chat)

    def generate(self, prompt: str, image: Picture | None = None, max_new_tokens: int = 20, stop: str | None = None) -> str:
        """The greedy continuation of `prompt`, special tokens left out, cut before `stop` where that is given.

        image : a PIL image or uint8 (height, width, 3) that stands before the prompt; multimodal checkpoints only

        Leading white space is part of the answer: prompt + answer is what the model would have written.
        """
        import torch

        if image is None:
            ids, model, picture = self.encode(prompt).ids, self.model, {}
        else:
            vision = self._check_vision()
            seen, model = vision.look(image), vision.model
            ids = Prompt(self.tokenizer, prompt, self.chat, seen.text).ids
            kinds = torch.tensor([ids], device=model.device).eq(vision.token_id)
            picture = {"pixel_values": seen.pixels.to(model.device, model.dtype), "token_type_ids": kinds.long()}
        self.check_length(len(ids), max_new_tokens)
        with self.lock, torch.no_grad():
            tokens = torch.tensor([ids], device=model.device)
            greedy = {"do_sample": False, "top_p": None, "top_k": None, "max_new_tokens": max_new_tokens}
            until = {"stop_strings": [stop], "tokenizer": self.tokenizer} if stop else {}
            out = model.generate(tokens, attention_mask=torch.ones_like(tokens), **greedy, **picture, **until)
        text: str = self.tokenizer.decode(out[0, len(ids) :], skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text.split(stop, 1)[0] if stop else text

    def next_tokens(self, prompt: str, count: int = 10) -> list[tuple[str, float]]:
        """The likeliest tokens after `prompt`, special ones left out, with their probabilities, the likeliest first."""
        import torch

        ids = self.encode(prompt).ids
        self.check_length(len(ids), 1)
        special = set(self.tokenizer.all_special_ids)
        with self.lock, torch.no_grad():
            logits = self.model(torch.tensor([ids], device=self.model.device), logits_to_keep=1).logits[0, -1].float()
            found = torch.topk(torch.softmax(logits, 0), min(count + len(special), len(logits)))
        pairs = zip(found.indices.tolist(), found.values.tolist())
        return [(self.tokenizer.decode([i]), share) for i, share in pairs if i not in special][:count]

    @functools.cached_property
    def fingerprint(self) -> str:
        """The same for the same weights and tokenizer: what a kept value depends on. Reads the small tensors only."""
        whole = self.vision.model if self.vision else self.model
        digest = hashlib.sha256(self.name.encode() + str(whole.config).encode())
        for name, tensor in whole.named_parameters():
            if tensor.ndim == 1:
                digest.update(name.encode() + tensor.detach().float().cpu().numpy().tobytes())
        return digest.hexdigest()[:32]

    def target_ids(self, target: str) -> list[int]:
        """Tokens of a target text; ValueError if there are none."""
        check_text(target, "target")
        ids: list[int] = self.tokenizer(target, add_special_tokens=False)["input_ids"]
        if not ids:
            raise ValueError("the target is empty: give the text whose probability is to be explained")
        return ids

    def text_game(self, prompt: str, target: str, players: str | Iterable[Span] = "word", absent: str = "remove") -> TextGame:
        """The game of a prompt: which of its parts make the target likely.

        players : "token", "word", "sentence", "line", or a list of (start, end) character spans of the prompt; what
            lies outside the spans is always present, and special tokens are never players
        absent : "remove" (absent tokens are deleted), "hole" (the others keep their positions, absent ones are hidden
            from attention) or "replace" (a neutral token stands in)

        Returns a game: bool (m, n_players) → float64 (m, target tokens), the natural log-probability of each target
        token given what precedes it (teacher forcing). ValueError for a prompt, target or spans that are not allowed.
        """
        return TextGame(self, prompt, target, players, absent)

    def image_game(
        self,
        image: Picture,
        prompt: str,
        target: str,
        grid: Iterable[int] = (8, 8),
        absent: str = "soft-token",
        words: Players = False,
    ) -> ImageGame:
        """The game of a picture and a prompt: which patches, and words, make the target likely.

        image : a PIL image or uint8 (height, width, 3). The processor resizes all of it to a square, and adds Pan &
            Scan crops where it is set so; `regions` says where each patch lies in the original
        grid : (rows, columns) of patches, at most as many a side as the picture has soft tokens, and 16
        absent : "soft-token" (the language model does not attend to the patch's soft tokens; the tower saw the whole
            picture once, so the other tokens may still tell of it), "strict" (hidden inside the tower too: nothing of
            the patch reaches the answer) or "pixel" (painted over in the picture's mean colour, all tokens stay)
        words : True makes the words of the prompt players too, after the patches; or what `text_game` takes as
            players. Absent words are hidden from attention, the others keep their places

        In "strict", a pixel at the border of two patches of the original may count a little to both, where the
        processor's resizing mixes neighbours; of the pixels that the model sees none does. A token of a Pan & Scan crop
        that shows parts of several patches is present where all of them are.

        Returns a game: bool (m, n_players) → float64 (m, target tokens), the natural log-probability of each target
        token given what precedes it. ValueError or TypeError for what is not allowed, and for a text-only checkpoint.
        """
        self._check_vision()
        return ImageGame(self, image, prompt, target, grid, absent, words)

    def _check_vision(self) -> Vision:
        if self.vision is None:
            raise ValueError(f"{self.name} reads text only; images need a multimodal Gemma 3 checkpoint")
        return self.vision

    def check_length(self, *tokens: int) -> None:
        """ValueError if this many tokens together exceed the context."""
        if sum(tokens) > self.context:
            raise ValueError(
                f"prompt and target have {sum(tokens)} tokens together; {self.name} reads at most {self.context}: "
                "shorten the prompt"
            )


def load_gemma(source: str | Path | None = None, device: str | None = None, progress: Progress | None = None) -> Gemma:
    """A Gemma 3 model, of text or of text and images, ready to explain.

    source : None for the bundled 270M checkpoint, a directory with a checkpoint, or a hub id such as
        "google/gemma-3-1b-pt" or "google/gemma-3-4b-it" (downloaded by transformers)
    device : "cpu", "cuda", …; a GPU where there is one by default. float32 on CPU, bfloat16 on GPU
    progress : progress(fraction, sentence)

    Raises ValueError with one sentence for a checkpoint that is not a Gemma 3 model, naming what it is, and for a
    damaged one.
    """
    tell = progress or (lambda fraction, sentence: None)
    tell(0.0, "Loading torch and transformers")
    import torch
    from transformers import Gemma3ForCausalLM, GemmaTokenizer  # noqa: F401 # what takes long, while that is being said
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    if source is None:
        gemma = Gemma(*load_bundled(dtype, device, lambda fraction, sentence: tell(0.5 + 0.5 * fraction, sentence)), NAME)
    else:
        gemma = _load_directory(source, str(source), dtype, device, tell)
    tell(1.0, f"{gemma.name[0].upper()}{gemma.name[1:]} is ready")
    return gemma


def _load_directory(directory: str | Path, name: str, dtype: Any, device: str, tell: Progress) -> Gemma:
    """Of a directory or a hub id."""
    from transformers import AutoTokenizer, Gemma3ForCausalLM, Gemma3ForConditionalGeneration

    kind = _model_type(directory, name)
    if kind not in (TEXT_TYPE, VISION_TYPE):
        raise ValueError(f"{name} is a checkpoint of type {kind!r}; Swing explains Gemma 3 ({TEXT_TYPE}, {VISION_TYPE})")
    with _one_sentence(name):
        tell(0.5, "Loading the tokenizer")
        tokenizer = AutoTokenizer.from_pretrained(directory)
        tell(0.8, "Loading the weights")
        architecture = Gemma3ForCausalLM if kind == TEXT_TYPE else Gemma3ForConditionalGeneration
        model: Any = architecture.from_pretrained(directory, dtype=dtype, use_safetensors=True)
        model = model.to(device).eval().requires_grad_(False)
        return Gemma(model, tokenizer, name) if kind == TEXT_TYPE else _seeing(model, tokenizer, name, directory)


def _seeing(model: Any, tokenizer: Any, name: str, directory: str | Path) -> Gemma:
    """A Gemma of a multimodal model: its language model serves prompts of text alone, sharing all weights."""
    import torch
    from transformers import AutoProcessor, Gemma3ForCausalLM

    from model.image.vision import Vision

    processor = AutoProcessor.from_pretrained(directory, backend="pil")
    tokenizer.chat_template = tokenizer.chat_template or processor.chat_template
    with torch.device("meta"):
        text = Gemma3ForCausalLM(model.config.text_config)
    text.model, text.lm_head = model.model.language_model, model.lm_head
    text.generation_config = model.generation_config
    return Gemma(text.eval(), tokenizer, name, Vision(model, processor))


def _model_type(source: str | Path, name: str) -> str:
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
def _one_sentence(name: str) -> Iterator[None]:
    """Turn a loader's pages of advice into one sentence."""
    try:
        yield
    except (OSError, ValueError) as error:
        reason = str(error).strip().split("\n")[0]
        raise ValueError(f"{name} could not be loaded: {reason}") from error
