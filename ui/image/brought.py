"""A classifier of the visitor's own: an ONNX file, what it does not say of itself, and what it sees of a picture."""

import hashlib
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

import streamlit as st
from PIL import Image

from model.image.classifier import ImageClassifier
from model.image.covered import Seen
from ui.draw.markdown import plain, said
from ui.image.request import OWN, TOWERS
from ui.shell.frame import file_key, uploader

MOST_MB = 400
MOST_LABELS_MB = 2
MOST_KEPT = 4  # each has a process of its own
GONE = "The classifier is not here any more: choose its file again."
SEEN = 160  # pixels
LAST = {OWN: "own-classifier", TOWERS: "own-pair"}  # under which a session remembers which it asked
KEPT = (
    "a result below is of another model. It runs in a process with limits of memory and time, and is kept until the server ends "
    "or has newer ones."
)


class Sees(Protocol):
    """What is shown of a model of pictures."""

    name: str
    side: int
    seen: Seen
    notes: list[str]


M = TypeVar("M", bound=Sees)


@st.cache_resource(show_spinner=False)
def classifiers() -> dict[str, ImageClassifier]:
    """The server's, the newest last, by what `ImageRequest.own` calls them: runs ask them outside of any session."""
    return {}


def needed(own: str) -> ImageClassifier:
    """A classifier that was brought; ValueError where the server has it no more."""
    found = classifiers().get(own)
    if found is None:
        raise ValueError(GONE)
    return found


def ask() -> str:
    """The widgets; what `ImageRequest.own` calls the classifier, "" where there is none yet."""
    left, right = st.columns(2)
    uploader(f"An ONNX file that tells classes of pictures, up to {MOST_MB} MB", "own-file", MOST_MB, left, type="onnx")
    uploader("Its labels, one a line, where the file does not have them", "own-labels", MOST_LABELS_MB, right, type="txt")
    file, listed = (st.session_state.get(file_key(key)) for key in ("own-file", "own-labels"))
    side, mean, std = ask_scaling("own")
    if file is None:
        st.caption(f"Choose its file; {KEPT}")
        return last(OWN, classifiers())
    data, labels = file.getvalue(), listed.getvalue() if listed is not None else b""
    name = name_of(data, labels, side, mean, std)
    return keep(OWN, classifiers(), MOST_KEPT, name, lambda: _loaded(data, file.name, labels, side, mean, std))


def ask_scaling(prefix: str) -> tuple[str, str, str]:
    """The widgets of side, mean and standard deviation, as they were typed. prefix : of the widgets' names"""
    one, two, three = st.columns(3)
    help = "Leave it empty where the file says it itself."
    side = one.text_input("Pixels a side that it sees", key=f"{prefix}-side", placeholder="224", help=help, max_chars=4)
    mean = two.text_input("Mean of its pixels", key=f"{prefix}-mean", placeholder="0.485 0.456 0.406", help=help, max_chars=60)
    std = three.text_input(
        "Their standard deviation", key=f"{prefix}-std", placeholder="0.229 0.224 0.225", help=help, max_chars=60
    )
    return side, mean, std


def last(model: str, kept: dict[str, M]) -> str:
    """Which this session asked last, where it is still there."""
    found: str = st.session_state.get(LAST[model], "")
    return found if found in kept else ""


def name_of(*parts: bytes | str) -> str:
    """What `ImageRequest.own` calls a model: the same for the same files and settings."""
    return hashlib.sha256(b"\0".join(part.encode() if isinstance(part, str) else part for part in parts)).hexdigest()[:32]


def keep(model: str, kept: dict[str, M], most: int, name: str, load: Callable[[], M]) -> str:
    """The name, once what it names is among those that are kept; "" and a sentence where it cannot be loaded."""
    if name not in kept:
        try:
            with st.spinner("Asking it a few questions"):
                found = load()
        except (ValueError, TypeError) as error:
            st.error(said(str(error)))
            return ""
        while len(kept) >= most:
            kept.pop(next(iter(kept)))
        kept[name] = found
    for note in kept[name].notes:
        st.caption(said(note))
    st.session_state[LAST[model]] = name
    return name


def show_seen(own: str, image: Image.Image) -> None:
    """What the classifier sees of a picture, made of the numbers that it is given: a wrong side or scale can be seen."""
    model = needed(own)
    show_eyes(model, image, f"It knows {len(model.class_names)} classes.")


def show_eyes(model: Sees, image: Image.Image, more: str) -> None:
    """The same of any model. more : a sentence about it"""
    numbers = model.seen.normalise(model.seen.pixels(image))
    told = (
        f"What {plain(model.name, 30)} sees: {model.side} × {model.side} pixels, as numbers from {numbers.min():.2f} to "
        f"{numbers.max():.2f}. {more}"
    )
    st.image(Image.fromarray(model.seen.as_pixels(numbers)), width=SEEN, caption=told)


def side_of(typed: str) -> int | None:
    """Pixels a side, None where none were typed."""
    if not typed.strip():
        return None
    if not re.fullmatch(r"\d{1,4}", typed.strip()):
        raise ValueError(f"the pixels a side must be a whole number; got {typed!r}")
    return int(typed)


def _loaded(data: bytes, name: str, labels: bytes, side: str, mean: str, std: str) -> ImageClassifier:
    from model import load_image_classifier

    pixels = side_of(side)
    try:
        listed = labels.decode("utf-8-sig").strip().splitlines() if labels else None
    except UnicodeDecodeError as error:
        raise ValueError("the file of labels cannot be read: it must be text in UTF-8, a label a line") from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(name).name or "classifier.onnx")
        path.write_bytes(data)
        return load_image_classifier(str(path), listed, side=pixels, mean=mean.strip() or None, std=std.strip() or None)
