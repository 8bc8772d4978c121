"""The one model of this server: loaded in the background, once, for every session."""

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from model.gguf.bundled import NAME as BUNDLED
from ui.shell.access import is_operator, public
from xai.exchange.visible import visible

if TYPE_CHECKING:
    from model.language import Language


class ModelSlot:
    """Loads the model in a thread; pages read `gemma`, `fraction`, `sentence` and `error` whenever they like.

    `SWING_MODEL` names another model (a directory, a hub id, a GGUF file), `SWING_SERVER` and `SWING_SERVER_MODEL` one that
    runs elsewhere, `SWING_SERVER_TOKENIZER` its tokenizer; the bundled one is the default. `SWING_MODELS=fixed` lets nobody
    but an operator ask for another than that.
    """

    def __init__(self, source: str | None = None, server: str | None = None):
        self.source, self.server = source or server, server  # none: the bundled one
        self.fixed = os.environ.get("SWING_MODELS") == "fixed"
        self.gemma: Language | None = None
        self.fraction, self.sentence, self.error = 0.0, "Waiting to load the model", ""
        self.seconds_per_token = 0.0  # of scoring; measured when the model is ready, then by every run
        self.answer_tokens = 2.0  # of its answers, learned from each
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
        name = self.gemma.name if self.gemma else self.source or BUNDLED
        return Path(name).name if Path(name).exists() else name

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

    def learn_answer(self, tokens: int) -> None:
        """Take the length of an answer into the estimate of the next; the newest counts half."""
        self.answer_tokens = (self.answer_tokens + tokens) / 2

    def load(self) -> None:
        """Load now, in this thread."""
        self._load()
        if self.error:
            raise ValueError(self.error)

    def _load(self) -> None:
        try:
            from model import connect, load_model
            from model.cache import sweep
            from ui.text.run import measure_rate

            sweep()
            gemma: Language
            if self.server:
                served, words = os.environ.get("SWING_SERVER_MODEL", ""), os.environ.get("SWING_SERVER_TOKENIZER")
                gemma = connect(self.server, served, words, self._tell)
            else:
                gemma = load_model(self.source, progress=self._tell)
            for note in gemma.notes:
                print(f"Swing: {visible(note)}", flush=True)
            self._tell(1.0, "Measuring how fast it is here")
            self.learn_rate(*measure_rate(gemma))
            self.gemma = gemma
        except (OSError, ValueError, TypeError) as error:
            self.error = str(error)
        except Exception as error:  # whatever it is, the page must say something and offer another try
            self.error = f"The model could not be loaded ({type(error).__name__})."
            raise

    def _tell(self, fraction: float, sentence: str) -> None:
        if sentence != self.sentence:
            print(f"Swing: {100 * fraction:3.0f} % {visible(sentence)}", flush=True)
        self.fraction, self.sentence = fraction, sentence


def model_slot() -> ModelSlot:
    """The server's slot, the same object for every session."""
    return the_slot()


@st.cache_resource(show_spinner=False)
def the_slot() -> ModelSlot:
    """Made once; `model_slot` asks for it by this name, so that a test can put another in its place."""
    return ModelSlot(os.environ.get("SWING_MODEL") or None, os.environ.get("SWING_SERVER") or None)
