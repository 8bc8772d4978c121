"""A language model as the games ask for it, wherever it runs: here (model/local.py) or on a server (model/remote)."""

import contextlib
import re
import threading
import time
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Any, NoReturn

import numpy as np

from model.image.image_game import ImageGame
from model.image.images import Picture
from model.image.seeing.families import SEEN
from model.image.seeing.vision import Vision
from model.text.generation import Reader
from model.text.handshake import Handshake, Sample, Scorer
from model.text.prompt import Players, Prompt, check_text
from model.text.segments import Span
from model.text.text_game import TextGame
from xai.game import Values
from xai.typing import Ints

WORDS = 12  # that a path has at most
_ROOT = re.compile(r"(?<![\w:/\\.~-])(?:~\w*|\.{1,2}|[A-Za-z]:)?[/\\]+(?=[^\s/\\])")  # what a path begins with, and no address


def title_of(name: str) -> str:
    """What a model is called in sentences: of a path the last part, for its readers need not know where on a server it lies."""
    if _exists(name):
        return Path(name).resolve().name
    here = "://" not in name and (name.lower().endswith(".gguf") or name.count("/") > 1)
    return PurePath(name).name if here or _ROOT.match(name) else name


def without_directories(sentence: str, *names: str | None) -> str:
    """A sentence for who need not know where on a server things lie: of every path the last part.

    names : paths that may stand in it, which need not begin at a root
    """
    for name in sorted((name for name in names if name and re.search(r"[/\\]", name)), key=len, reverse=True):
        sentence = sentence.replace(name, title_of(name))
    kept, rest = "", sentence
    while found := _ROOT.search(rest):
        path = _path(rest[found.start() :], rest[found.start() - 1 : found.start()])
        kept += rest[: found.start()] + re.split(r"[/\\]", path.rstrip("/\\"))[-1]
        rest = rest[found.start() + len(path) :]
    return kept + rest


def _path(text: str, before: str) -> str:
    """What a text begins with, which may have spaces: what is quoted, or the longest path that is there; else what has none."""
    if before in ("'", '"') and before in text:
        return text[: text.index(before)]
    ends = [word.end() for word in re.finditer(r"(?:^[A-Za-z]:)?[^\s,;:'\"()]+", text)]
    words = [text[:end].rstrip(".") for end in ends[:WORDS]]
    return next((word for word in reversed(words) if _exists(word)), words[0])


def _exists(name: str) -> bool:
    with contextlib.suppress(OSError, ValueError):  # too long for any file, or with a null
        return Path(name).exists()
    return False


class Language:
    """What every language model has. Every method may be called from any thread.

    Attributes
    ----------
    tokenizer : its fast tokenizer;  name : what was loaded;  title : what its readers know it by
    context : most tokens of prompt and target together
    chat : True where there is a chat template; prompts are then wrapped in it once, as the user's turn, or as the turns
        of a conversation where they are one (`model.conversation`)
    start : the token put before every prompt where the tokenizer puts none of its own, so that something stands there
        when all parts are absent; None where it does
    handshake : how it may be scored;  notes : sentences on how it is run, to be shown with it
    vision : image.seeing.vision.Vision of a multimodal checkpoint; None for one of text only
    blind : why not, of a checkpoint that has eyes (`model.image.seeing.families`); "" of others
    rounds : whether it is run with numbers of few digits though it can be asked for more: see `model.precision`
    fingerprint : the same for the same weights and tokenizer: what a kept value depends on
    """

    vision: Vision | None = None
    blind = ""
    rounds = False
    batch_tokens, batch_rows = 1024, 128  # of a game's batch at most: about a second's work on two cores
    model: Any  # of transformers, and the lock that is held during each call of it: of a model that runs here
    lock: threading.RLock
    fingerprint: Any  # str; computed when it is first asked for

    def __init__(self, tokenizer: Any, name: str, context: int, vocabulary: int, handshake: Handshake) -> None:
        self.tokenizer, self.name, self.context, self.handshake = tokenizer, name, context, handshake
        self.vocabulary = vocabulary
        self.chat = bool(tokenizer.chat_template)
        self.start = None if self.chat else _start(tokenizer)

    @property
    def title(self) -> str:
        return title_of(self.name)

    @property
    def notes(self) -> tuple[str, ...]:
        own = [f"{self.title} {line}." for line in self.handshake.lines]
        if self.start is not None:
            token = self.tokenizer.convert_ids_to_tokens(self.start)
            own.append(f"{token} stands before every prompt, since this tokenizer begins with nothing of its own.")
        return tuple(sentence[0].upper() + sentence[1:] for sentence in own)

    def encode(self, prompt: str) -> Prompt:
        """The prompt's tokens and where each lies in it; ValueError for a prompt that cannot be one."""
        encoded = Prompt(self.tokenizer, prompt, self.chat, start=self.start)
        self._check_known(encoded.ids)
        return encoded

    def target_ids(self, target: str) -> list[int]:
        """Tokens of a target text; ValueError if there are none."""
        check_text(target, "target")
        ids: list[int] = self.tokenizer(target, add_special_tokens=False)["input_ids"]
        if not ids:
            raise ValueError("the target is empty: give the text whose probability is to be explained")
        self._check_known(ids)
        return ids

    def generate(self, prompt: str, image: Picture | None = None, max_new_tokens: int = 20, stop: str | None = None) -> str:
        """The greedy continuation of `prompt`, special tokens left out, cut before `stop` where that is given.

        image : a PIL image or uint8 (height, width, 3) that stands before the prompt; multimodal checkpoints only

        Leading white space is part of the answer: prompt + answer is what the model would have written.
        """
        raise NotImplementedError

    def next_tokens(self, prompt: str, count: int = 10) -> list[tuple[str, float]]:
        """The likeliest tokens after `prompt`, special ones left out, with their probabilities, the likeliest first."""
        raise NotImplementedError

    def scorer(self, prefix: Ints, target: Ints, sample: Sample | None, absent: str) -> Scorer:
        """What scores sequences of a game, by the handshake's way; ValueError where parts cannot be absent in that way."""
        raise NotImplementedError

    def unrounded(self, game: Values) -> Values:
        """What asks a game while nothing is rounded: of one that `rounds`."""
        raise NotImplementedError

    def reader(self) -> Reader:
        """What continues many contexts at once; ValueError where this model cannot."""
        raise ValueError(f"{self.title} cannot be asked to continue many prompts at once, which this needs: take another model")

    def text_game(self, prompt: str, target: str, players: str | Iterable[Span] = "word", absent: str = "remove") -> TextGame:
        """The game of a prompt: which of its parts make the target likely.

        players : "token", "word", "sentence", "line", "turn" (of a conversation), or a list of (start, end) character spans of
            the prompt; what lies outside the spans is always present, and special tokens are never players
        absent : "remove" (absent tokens are deleted), "hole" (the others keep their positions, absent ones are hidden
            from attention), "replace" (a neutral token stands in) or "read-once" (the whole prompt is read, and absent
            tokens are hidden from what stands after the last player alone: cheap, and not their removal)

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

        image : a PIL image or uint8 (height, width, 3). The processor resizes all of it: Gemma 3's to a square, and it adds
            Pan & Scan crops where it is set so; Gemma 4's to about its own shape. `regions` says where each patch lies
        grid : (rows, columns) of patches, at most as many as the picture has rows and columns of soft tokens, and 16
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
        if self.vision is None:
            self.refuse_images()
        return ImageGame(self, image, prompt, target, grid, absent, words)

    def measure_rate(self) -> tuple[float, float]:
        """Seconds and tokens of scoring a small game, for the first estimate of what a run will cost."""
        text = "one two three four five six seven eight nine ten"
        game = self.text_game(f"Count: {text}", " eleven", "word")
        coalitions = np.random.default_rng(0).random((32, game.n_players)) < 0.5
        game(coalitions[:2])
        before, started = game.computed, time.perf_counter()
        game(coalitions)
        return time.perf_counter() - started, game.computed - before

    def refuse_images(self) -> NoReturn:
        why = self.blind or f"pictures need a multimodal checkpoint of {SEEN}"
        raise ValueError(f"{self.title} reads text only; {why}")

    def check_length(self, *tokens: int) -> None:
        """ValueError if this many tokens together exceed the context."""
        if sum(tokens) > self.context:
            raise ValueError(
                f"prompt and target have {sum(tokens)} tokens together; {self.title} reads at most {self.context}: "
                "shorten the prompt"
            )

    def _check_known(self, ids: list[int]) -> None:
        if (top := max(ids)) >= self.vocabulary:
            token = self.tokenizer.convert_ids_to_tokens(top)
            raise ValueError(f"{self.title} has no token {token!r}, which its tokenizer finds in this text: leave it out")


def _start(tokenizer: Any) -> int | None:
    first, special = tokenizer("a")["input_ids"][0], set(tokenizer.all_special_ids)
    if first in special:
        return None
    own: int | None = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    return own
