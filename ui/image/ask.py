"""The widgets of the Image page, and the request that they make."""

from dataclasses import replace
from typing import Any

import streamlit as st

from ui.draw.markdown import said
from ui.image import brought, pair
from ui.image import run as image_run
from ui.image import source as image_source
from ui.image.request import (
    ABSENT,
    ANOTHER,
    CLASSIFIERS,
    FINEST,
    GEMMA,
    GRIDS,
    MODELS,
    OWN,
    PHOTOS,
    SHAPES,
    SUPERPIXELS,
    TOWERS,
    ImageRequest,
    ImageState,
)
from ui.runs.completing import size_or_none
from ui.shell.access import public
from ui.shell.bench import Bench
from ui.shell.frame import file_key, held, linked, preset, uploader
from ui.shell.model_slot import ModelSlot
from ui.shell.widgets import ask_plan, checkbox, plan_widgets, selectbox, text_input

BUDGETS = [64, 128, 256, 512, 1024, 2048]
MOST_MB = 20
KINDS = "PNG, JPEG, WebP, GIF, TIFF, BMP or AVIF"
PREVIEW = 240  # pixels
USUAL_QUESTION = "What is in this picture? Answer in one word."
USUAL_TEXT = "a photo of a cat"
USUAL = {PHOTOS: 7, SHAPES: 8, GEMMA: 8, OWN: 7, TOWERS: 7}
_MODEL_NOTE = {
    SHAPES: "A Gemma 3 of one million parameters, trained on drawn shapes; it knows nothing else. Ask for colours, "
    "shapes, how many, or what is left of something. For photos start Swing with a larger Gemma: "
    "`make run MODEL=google/gemma-3-4b-it`.",
    GEMMA: "The multimodal Gemma that this server was started with.",
}
_ABSENCE_NOTE = {
    "soft-token": "The tower has seen the whole picture; what the language model may not attend to are the patch’s "
    "soft tokens. Other tokens may still tell of it.",
    "strict": "Neither the tower nor the language model sees the patch: nothing of it reaches the answer.",
    "pixel": "The patch is painted over before the model looks: it sees a plain area, not nothing.",
}


def offer(state: Bench[ImageState], slot: ModelSlot) -> None:
    """The models, and the samples that suit the chosen one. slot : the server's own model, if it was started with one"""
    hidden = [GEMMA] * (not slot.source) + [OWN, TOWERS] * public()  # a public server runs no graphs of strangers
    offered = [model for model in MODELS if model not in hidden]
    with st.container(horizontal=True, vertical_alignment="center"):
        model = st.radio(
            "Model",
            offered,
            format_func=MODELS.get,
            horizontal=True,
            label_visibility="collapsed",
            width="content",
            **linked("model"),
        )
        _samples(model, state)


def ask(state: Bench[ImageState], slot: ModelSlot) -> ImageRequest | None:
    """The widgets of a request, and the picture; None while a model of one's own is to be brought."""
    model = st.session_state["model"]
    bring = {OWN: brought.ask, TOWERS: pair.ask}.get(model)
    own = "" if bring is None else bring()
    if bring is not None and not own:
        return None
    if model in _MODEL_NOTE:
        st.caption(_MODEL_NOTE[model])
    source = _source(model, state)
    question = ""
    if model == TOWERS:
        question = pair.ask_text(**held(f"image-question-{model}", value=USUAL_TEXT))
    elif model not in CLASSIFIERS:
        usual = image_source.question(source) or USUAL_QUESTION
        question = text_input(st, ImageRequest, "question", **held(f"image-question-{model}", value=usual))
    with st.expander("Settings: what is explained, patches, absence, methods, budget"):
        about = {} if model == TOWERS else _of_classes(model, own) if model in CLASSIFIERS else _of_answers()
        about |= _of_patches(model, source)
        request = ImageRequest(source, model, question=question, own=own, **about)
        # How many superpixels and words there are is known from the picture and the tokens alone.
        known = request.segments is None and not request.words
        plan = ask_plan(BUDGETS, size=size_or_none(lambda: image_run.size(request, slot)) if known else None)
    if (image := image_source.picture(source)) is not None:
        st.image(image_source.view(source), width=PREVIEW, caption=f"{image.width} × {image.height} pixels")
        if model == OWN:
            brought.show_seen(own, image)
        elif model == TOWERS:
            pair.show_seen(own, image)
    return replace(request, plan=plan)


def _samples(model: str, state: Bench[ImageState]) -> None:
    fields, samples = st.session_state, image_source.samples(model)
    at, sample = f"image-source-{model}", f"image-sample-{model}"
    fields.setdefault(at, image_source.FIRST if image_source.FIRST in samples else samples[0])
    fields.setdefault(sample, fields[at] if fields[at] in samples else None)

    def pick() -> None:
        state.forget_failure()
        if fields[sample]:
            fields[at] = fields[sample]
            if image_source.question(fields[at]):
                preset(**{f"image-question-{model}": image_source.question(fields[at])})

    told: dict[str, Any] = {"label_visibility": "collapsed", "width": "content"}
    st.pills("Samples", samples, key=sample, format_func=image_source.title, on_change=pick, **told)


def _source(model: str, state: Bench[ImageState]) -> str:
    """A sample or an upload, which is checked before it is decoded; a bad file leaves the picture that was there."""
    fields, at = st.session_state, f"image-source-{model}"

    def bring() -> None:
        source = _take("image-file")
        state.forget_failure()
        if source:
            fields[at], fields[f"image-sample-{model}"] = source, None

    label = f"Or a picture of your own: {KINDS}, up to {MOST_MB} MB and 50 megapixels"
    uploader(label, "image-file", MOST_MB, on_change=bring)
    if fields.get("image-file-error"):
        st.error(said(f"{fields['image-file-error']}. The picture before it is still the one that is explained."))
    if own := image_source.upload(fields[at]):
        if own.note:
            st.info(said(own.note))
        st.checkbox("Keep this picture with the run, so that its link can show it again", key="image-keep")
    return str(fields[at])


def _take(key: str) -> str | None:
    """The source of the picture in an uploader; None where it holds none, with a sentence if that is wrong."""
    fields = st.session_state
    file, fields[f"{key}-error"] = fields[file_key(key)], ""
    if file is None:
        return None
    try:
        if file.size > MOST_MB * 1024**2:
            raise ValueError(f"This file has {file.size / 1024**2:.0f} MB; pictures of up to {MOST_MB} MB are read.")
        return image_source.take(file.getvalue(), file.name)
    except ValueError as error:
        fields[f"{key}-error"] = str(error)
        return None


def _of_classes(model: str, own: str) -> dict[str, Any]:
    """Which of the classes, against which, and in which units."""
    names = dict(enumerate(image_run.class_names_of(ImageRequest("", model, own=own))))
    one, two, three = st.columns(3)
    none = {"wanted": "the five likeliest", "against": "no other class"}
    wanted, against = (
        selectbox(place, ImageRequest, name, names, placeholder=none[name], help=told, **held(key, names, index=None))
        for place, name, key, told in (
            (one, "wanted", f"image-wanted{own[:8]}", None),
            (two, "against", f"image-against{own[:8]}", "The values then say what makes the class likelier than this one."),
        )
    )
    told = "Against another class it is the log-ratio of both probabilities."
    value = selectbox(three, ImageRequest, "value", disabled=against is not None, help=told, **linked("value"))
    return {"wanted": wanted, "against": against, "value": value}


def _of_answers() -> dict[str, Any]:
    """The answer that is explained, and another that it is held against."""
    one, two = st.columns(2)
    target = text_input(one, ImageRequest, "target", **held("image-target"), placeholder="the model’s own")
    told = "The values then say what makes the answer likelier than this one."
    rather = text_input(two, ImageRequest, "rather", **held("image-rather"), placeholder="no other answer", help=told)
    return {"target": target.strip(), "rather": rather.strip()}


def _of_patches(model: str, source: str) -> dict[str, Any]:
    one, two, three = st.columns(3)
    sides = {side: f"{side} × {side}" for side in GRIDS if side <= FINEST[model]}
    grid = selectbox(one, ImageRequest, "grid", sides, **linked(f"grid-{model}", index=list(sides).index(USUAL[model])))
    absent = selectbox(two, ImageRequest, "absent", ABSENT[model], **linked(f"absent-{model}"))
    segments, words = None, False
    if model == PHOTOS:
        segments = SUPERPIXELS if checkbox(three, ImageRequest, "segments", **linked("superpixels")) else None
    elif model == TOWERS:
        words = three.checkbox("The text’s words are players too", **linked(f"words-{model}", value=True))
    elif model not in CLASSIFIERS:
        words = checkbox(three, ImageRequest, "words", **linked("words"))
    if absent in _ABSENCE_NOTE:
        st.caption(_ABSENCE_NOTE[absent])
    other = _other(source) if absent == ANOTHER else ""
    return {"grid": grid, "absent": absent, "segments": segments, "words": words, "other": other}


def _other(source: str) -> str:
    """The picture that lends its patches: a sample, or an upload as long as its file is there."""
    fields, others = st.session_state, [name for name in image_source.samples(PHOTOS) if name != source]
    left, right = st.columns(2)
    chosen = left.selectbox("The other picture", others, format_func=image_source.title, key="image-other")

    def bring() -> None:
        fields["image-other-source"] = _take("image-other-file") or ""

    uploader("Or another of your own", "image-other-file", MOST_MB, right, on_change=bring)
    if fields.get("image-other-file-error"):
        st.error(said(fields["image-other-file-error"]))
    own = fields.get("image-other-source", "")
    return own if own and image_source.upload(own) else chosen or ""


def set_widgets(request: ImageRequest) -> None:
    """Set the widgets to what a kept run, or a bundle, asked."""
    state, model = st.session_state, request.model
    state[f"image-source-{model}"] = request.source
    state[f"image-sample-{model}"] = request.source if request.source in image_source.samples(model) else None
    asked = {f"image-{name}{request.own[:8]}": getattr(request, name) for name in ("wanted", "against")}
    asked |= {f"image-{name}": getattr(request, name) for name in ("target", "rather")}
    if model in brought.LAST:
        state[brought.LAST[model]] = request.own
    if model not in CLASSIFIERS:
        asked[f"image-question-{model}"] = request.question
    if request.other in image_source.samples(PHOTOS):
        state["image-other"], state["image-other-source"] = request.other, ""
    elif request.other:
        state["image-other-source"] = request.other
    preset(
        **asked,
        **{"model": model, f"grid-{model}": request.grid, f"absent-{model}": request.absent},
        **{
            "value": request.value,
            "superpixels": request.segments is not None,
            f"words-{model}" if model == TOWERS else "words": request.words,
        },
        **plan_widgets(request.plan, BUDGETS),
    )
