"""The one model of this server: loaded in the background, for every session; and another in its place, where one is asked for."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from model.gguf.bundled import NAME as BUNDLED
from model.language import title_of, without_directories
from model.memory import release
from model.precision import AUTO
from ui.shell.access import is_operator, public
from ui.shell.jobs import lines
from xai.exchange.visible import visible

if TYPE_CHECKING:
    from model.language import Language

ANSWER = 2.0, 1.0  # tokens and seconds of an answer, before any is known
SOON = 0.2  # seconds between two looks at whether a run goes on


@dataclass(frozen=True)
class Choice:
    """A model that is asked for. source : a directory, a hub id, a GGUF file; None for the bundled one, or a server's
    server, named, tokenizer : its address, what it calls the model, the directory or hub id of its tokenizer
    precision : one of `model.precision.PRECISIONS`
    """

    source: str | None = None
    server: str | None = None
    named: str = ""
    tokenizer: str | None = None
    precision: str = AUTO

    @property
    def title(self) -> str:
        return f"{self.named} at {self.server}" if self.server else title_of(self.source or BUNDLED)


@dataclass
class Another:
    """A model that is being loaded beside the one in use, and how far that is."""

    choice: Choice
    fraction: float = 0.0
    sentence: str = "Beginning"
    cancelled: bool = False


class _Cancelled(Exception):
    """Raised where a loader tells how far it is."""


class ModelSlot:
    """Loads the model in a thread; pages read `gemma`, `fraction`, `sentence` and `error` whenever they like.

    `SWING_MODEL` names another model (a directory, a hub id, a GGUF file), `SWING_SERVER` and `SWING_SERVER_MODEL` one that
    runs elsewhere, `SWING_SERVER_TOKENIZER` its tokenizer; the bundled one is the default. `SWING_PRECISION` says in which
    numbers it is run. `SWING_MODELS=fixed` lets nobody but an operator ask for another than that; else `choose` loads one beside
    it, which takes its place when it is ready and no run goes on.

    another : what is being loaded beside it;  refused : why the last one was not taken;  changes : how many were
    """

    def __init__(self, source: str | None = None, server: str | None = None):
        self.source, self.server = source or server, server  # none: the bundled one
        self.another: Another | None = None
        self.refused, self.changes = "", 0
        self.fixed = os.environ.get("SWING_MODELS") == "fixed"
        self.gemma: Language | None = None
        self.fraction, self.sentence, self.error = 0.0, "Waiting to load the model", ""
        self.seconds_per_token = 0.0  # of scoring; measured when the model is ready, then by every run
        self.answer_tokens, self.answer_seconds = ANSWER  # of its answers, learned from each
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> str:
        """ "ready", "failed" or "loading"."""
        return "ready" if self.gemma else "failed" if self.error else "loading"

    @property
    def loaded(self) -> "Language":
        """The model; ValueError until it can be asked."""
        if self.gemma is None:
            raise ValueError("The model is not loaded yet; wait until it is")
        return self.gemma

    @property
    def served(self) -> str:
        """What the model is called to visitors, who need not know where on the server it lies."""
        return self.gemma.title if self.gemma else title_of(self.source or BUNDLED)

    @property
    def notes(self) -> str:
        """What there is to say of the model."""
        return " ".join(self.loaded.notes)

    @property
    def fixed(self) -> bool:
        """Whether who looks at the page may ask for no other model: an operator of a public server may."""
        return self._fixed and not (public() and is_operator())

    @fixed.setter
    def fixed(self, fixed: bool) -> None:
        self._fixed = fixed

    def check(self, source: str | None) -> None:
        """ValueError where who looks at the page is given this server's model alone and `source` names another."""
        if self.fixed and source != self.source:
            raise ValueError(f"This server explains {self.served} alone: ask its operator for another model.")

    @property
    def fingerprint(self) -> str:
        """Of the model; "" until it is loaded."""
        return self.gemma.fingerprint if self.gemma else ""

    def start(self) -> None:
        """Begin loading, unless that was done; after a failure, try again."""
        with self._lock:
            if self.gemma is None and (self._thread is None or not self._thread.is_alive()):
                self.error = ""
                self._thread = threading.Thread(target=self._load, name="load-model", daemon=True)
                self._thread.start()

    def learn_rate(self, seconds: float, tokens: float) -> None:
        """Take a measurement of scoring into the estimate shown before a run; the newest counts half."""
        if tokens > 0:
            rate = seconds / tokens
            self.seconds_per_token = rate if not self.seconds_per_token else (self.seconds_per_token + rate) / 2

    def learn_answer(self, tokens: int, seconds: float) -> None:
        """Take the length of an answer, and what it took, into the estimate of the next; the newest counts half."""
        self.answer_tokens = (self.answer_tokens + tokens) / 2
        self.answer_seconds = (self.answer_seconds + seconds) / 2

    def load(self) -> None:
        """Load now, in this thread."""
        self._load()
        if self.error:
            raise ValueError(self.error)

    def choose(self, choice: Choice) -> None:
        """Begin to load another model; this one serves until that is ready. ValueError where none may be asked for now."""
        self.check(choice.source or choice.server)
        with self._lock:
            if self.state == "loading":
                raise ValueError("The first model is still being loaded: wait until it is there.")
            if self.another is not None:
                raise ValueError(f"{self.another.choice.title} is being loaded already: wait until it is there, or cancel it.")
            self.refused, self.another = "", Another(choice)
            threading.Thread(target=self._change, args=(self.another,), name="load-another", daemon=True).start()

    def cancel(self) -> None:
        """Stop loading another model, after the tensor that is being read or the pass that is being compared."""
        if (another := self.another) is not None:
            another.cancelled = True

    def _change(self, another: Another) -> None:
        def tell(fraction: float, sentence: str) -> None:
            if another.cancelled:
                raise _Cancelled
            another.fraction, another.sentence = fraction, sentence

        try:
            loaded, rate = _made(another.choice, tell)
            while any(line.busy for line in list(lines().values())):  # whose values are kept as the present model's
                tell(1.0, "Waiting for the runs that go on")
                time.sleep(SOON)
            tell(1.0, "Ready")
            with self._lock:
                self.gemma, self.error = loaded, ""
                self.source, self.server = another.choice.source or another.choice.server, another.choice.server
                self.seconds_per_token, (self.answer_tokens, self.answer_seconds) = 0.0, ANSWER
                self.learn_rate(*rate)
                self.changes += 1
        except _Cancelled:
            pass
        except (OSError, ValueError, TypeError) as error:
            self.refused = _said(error, another.choice)
        except MemoryError:
            self.refused = f"{another.choice.title} does not fit into the memory that is free here."
        except Exception as error:
            self.refused = f"{another.choice.title} could not be loaded ({type(error).__name__})."
            raise
        finally:
            release()
            self.another = None

    def _load(self) -> None:
        try:
            from model.cache import sweep

            sweep()
            served, words = os.environ.get("SWING_SERVER_MODEL", ""), os.environ.get("SWING_SERVER_TOKENIZER")
            source, precision = None if self.server else self.source, os.environ.get("SWING_PRECISION", AUTO)
            loaded, rate = _made(Choice(source, self.server, served, words, precision), self._tell)
            self.learn_rate(*rate)
            self.gemma = loaded
        except (OSError, ValueError, TypeError) as error:
            self.error = _said(error, Choice(self.source))
        except Exception as error:  # whatever it is, the page must say something and offer another try
            self.error = f"The model could not be loaded ({type(error).__name__})."
            raise

    def _tell(self, fraction: float, sentence: str) -> None:
        if sentence != self.sentence:
            print(f"Swing: {100 * fraction:3.0f} % {visible(sentence)}", flush=True)
        self.fraction, self.sentence = fraction, sentence


def _made(choice: Choice, tell: Callable[[float, str], None]) -> tuple["Language", tuple[float, float]]:
    """The model that is asked for, and what a first score of it took: seconds, tokens."""
    from model import connect, load_model

    made: Language
    if choice.server:
        made = connect(choice.server, choice.named, choice.tokenizer, tell)
    else:
        made = load_model(choice.source, progress=tell, precision=choice.precision)
    for note in made.notes:
        print(f"Swing: {visible(note)}", flush=True)
    tell(1.0, "Measuring how fast it is here")
    return made, made.measure_rate()


def _said(error: Exception, choice: Choice) -> str:
    """Why a model could not be loaded, for every visitor; the log has the paths."""
    print(f"Swing: {visible(str(error))}", flush=True)
    return without_directories(str(error), choice.source, choice.tokenizer)


def model_slot() -> ModelSlot:
    """The server's slot, the same object for every session."""
    return the_slot()


@st.cache_resource(show_spinner=False)
def the_slot() -> ModelSlot:
    """Made once; `model_slot` asks for it by this name, so that a test can put another in its place."""
    return ModelSlot(os.environ.get("SWING_MODEL") or None, os.environ.get("SWING_SERVER") or None)
