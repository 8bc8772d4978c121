"""A pair of towers of the visitor's own, as CLIP is one: two ONNX files and a tokenizer, and the text they compare."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from model.towers.game import TowersGame
from model.towers.towers import Towers
from ui.draw.markdown import plain
from ui.draw.table import show_table
from ui.image import brought
from ui.image.request import TOWERS, ImageRequest
from ui.settings import allowed
from ui.shell.frame import file_key, uploader
from xai.typing import Bools

MOST_TOKENS_MB = 40
MOST_KEPT = 2  # each has two processes of its own
GONE = "The pair of towers is not here any more: choose its files again."
_FILES = ("image", "text", "tokenizer")


@st.cache_resource(show_spinner=False)
def pairs() -> dict[str, Towers]:
    """The server's, as `ui.image.brought.classifiers`."""
    return {}


def needed(own: str) -> Towers:
    """A pair that was brought; ValueError where the server has it no more."""
    found = pairs().get(own)
    if found is None:
        raise ValueError(GONE)
    return found


def ask() -> str:
    """The widgets; what `ImageRequest.own` calls the pair, "" where there is none yet."""
    places = dict(zip(_FILES, st.columns(3)))
    uploader(f"Image tower, ONNX, up to {brought.MOST_MB} MB", "pair-image", brought.MOST_MB, places["image"], type="onnx")
    uploader(f"Text tower, ONNX, up to {brought.MOST_MB} MB", "pair-text", brought.MOST_MB, places["text"], type="onnx")
    uploader("Its tokenizer.json", "pair-tokenizer", MOST_TOKENS_MB, places["tokenizer"], type="json")
    files = [st.session_state.get(file_key(f"pair-{name}")) for name in _FILES]
    typed = brought.ask_scaling("pair")
    if None in files:
        st.caption(
            "Choose all three files, as transformers.js publishes them of CLIP: vision_model.onnx, text_model.onnx and "
            f"tokenizer.json; side, mean and standard deviation stand in its preprocessor_config.json. Until then {brought.KEPT}"
        )
        return brought.last(TOWERS, pairs())
    name = brought.name_of(*(_digest(file) for file in files), *typed)
    return brought.keep(TOWERS, pairs(), MOST_KEPT, name, lambda: _loaded(files, *typed))


def ask_text(**widget: Any) -> str:
    """What the picture is compared with."""
    most = allowed(ImageRequest)["question"].most
    return str(st.text_input("Text that the picture is compared with", max_chars=most, **widget))


def show_seen(own: str, image: Image.Image) -> None:
    """As `ui.image.brought.show_seen`."""
    model = needed(own)
    limit = "" if model.longest is None else f" Of a text it reads at most {model.longest} tokens; a longer one is refused."
    brought.show_eyes(model, image, f"It makes {model.width} numbers of a picture or a text.{limit}")


def what_if(game: TowersGame, present: Bools, key: str) -> None:
    """How alike picture and text are, whole and without what is absent; and what is left of the text."""
    whole, now = (number(value, 2) for value in game(np.stack([np.ones(len(present), bool), present])))
    show_table([{"text": game.text, "whole": whole, "without": now}], key)
    left = game.read(present).strip()
    if left != game.text.strip():
        st.markdown(f"The text that is left: **{plain(left)}**" if left else "No word of the text is left.")
    if present.all():
        st.markdown(f"The similarity is **{whole}**.")
    else:
        st.markdown(f"The similarity is now **{now}** instead of {whole}.")


def number(value: float, digits: int) -> str:
    """A similarity as it is shown."""
    return f"{value:.{digits}f}".replace("-", "−")


def _digest(file: Any) -> bytes:
    """Of an upload's content, made once for a session: a tower may have hundreds of megabytes."""
    known: dict[str, bytes] = st.session_state.setdefault("pair-digests", {})
    if file.file_id not in known:
        known[file.file_id] = hashlib.sha256(file.getvalue()).digest()
    return known[file.file_id]


def _loaded(files: list[Any], side: str, mean: str, std: str) -> Towers:
    from model.towers.loading import load_towers

    pixels = brought.side_of(side)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name / (Path(file.name).name or "file") for name, file in zip(_FILES, files)]
        for path, file in zip(paths, files):
            path.parent.mkdir()
            path.write_bytes(file.getvalue())
        return load_towers(*paths, side=pixels, mean=mean.strip() or None, std=std.strip() or None)
