"""A classifier of the visitor's own: an ONNX file, what it does not say of itself, and what it sees of a picture."""

import hashlib
import re
import tempfile
from pathlib import Path

import streamlit as st
from PIL import Image

from model.image.classifier import ImageClassifier
from ui.draw.markdown import plain, said
from ui.shell.frame import file_key, uploader

MOST_MB = 400
MOST_LABELS_MB = 2
MOST_KEPT = 4  # each has a process of its own
GONE = "The classifier is not here any more: choose its file again."
SEEN = 160  # pixels


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
    one, two, three = st.columns(3)
    help = "Leave it empty where the file says it itself."
    side = one.text_input("Pixels a side that it sees", key="own-side", placeholder="224", help=help, max_chars=4)
    mean = two.text_input("Mean of its pixels", key="own-mean", placeholder="0.485 0.456 0.406", help=help, max_chars=60)
    std = three.text_input("Their standard deviation", key="own-std", placeholder="0.229 0.224 0.225", help=help, max_chars=60)
    if file is None:
        st.caption(
            "Choose its file; a result below is of another model. It runs in a process with limits of memory and time, and is "
            "kept until the server ends or has newer ones."
        )
        last: str = st.session_state.get("own-classifier", "")
        return last if last in classifiers() else ""
    data, labels = file.getvalue(), listed.getvalue() if listed is not None else b""
    name = hashlib.sha256(b"\0".join([data, labels, *(text.encode() for text in (side, mean, std))])).hexdigest()[:32]
    kept = classifiers()
    if name not in kept:
        try:
            with st.spinner("Asking it about three pictures"):
                found = _loaded(data, file.name, labels, side, mean, std)
        except (ValueError, TypeError) as error:
            st.error(said(str(error)))
            return ""
        while len(kept) >= MOST_KEPT:
            kept.pop(next(iter(kept)))
        kept[name] = found
    for note in kept[name].notes:
        st.caption(said(note))
    st.session_state["own-classifier"] = name
    return name


def show_seen(own: str, image: Image.Image) -> None:
    """What the classifier sees of a picture, made of the numbers that it is given: a wrong side or scale can be seen."""
    model = needed(own)
    numbers = model.seen.normalise(model.pixels(image))
    told = (
        f"What {plain(model.name, 30)} sees: {model.side} × {model.side} pixels, as numbers from {numbers.min():.2f} to "
        f"{numbers.max():.2f}. It knows {len(model.class_names)} classes."
    )
    st.image(Image.fromarray(model.seen.as_pixels(numbers)), width=SEEN, caption=told)


def _loaded(data: bytes, name: str, labels: bytes, side: str, mean: str, std: str) -> ImageClassifier:
    from model import load_image_classifier

    if side.strip() and not re.fullmatch(r"\d{1,4}", side.strip()):
        raise ValueError(f"the pixels a side must be a whole number; got {side!r}")
    try:
        listed = labels.decode("utf-8-sig").strip().splitlines() if labels else None
    except UnicodeDecodeError as error:
        raise ValueError("the file of labels cannot be read: it must be text in UTF-8, a label a line") from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(name).name or "classifier.onnx")
        path.write_bytes(data)
        scaled = mean.strip() or None, std.strip() or None
        return load_image_classifier(str(path), listed, side=int(side) if side.strip() else None, mean=scaled[0], std=scaled[1])
