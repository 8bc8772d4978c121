"""The widgets of the Image page, and the request that they make."""

import streamlit as st

from ui.draw.markdown import said
from ui.image import run as image_run
from ui.image import source as image_source
from ui.image.request import (
    ABSENT,
    ANOTHER,
    FINEST,
    GEMMA,
    GRIDS,
    MAX_ANSWER,
    MAX_QUESTION,
    MODELS,
    PHOTOS,
    SHAPES,
    SLIC,
    VALUES,
    ImageRequest,
)
from ui.names import DEFAULT_PANES, PANES, Pane
from ui.runs.comparison import Plan
from ui.shell.bench import bench
from ui.shell.frame import linked, preset

BUDGETS = [64, 128, 256, 512, 1024, 2048]
MOST_MB = 20
USUAL_QUESTION = "What is in this picture? Answer in one word."
USUAL = {PHOTOS: 7, SHAPES: 8, GEMMA: 8}
_MODEL_NOTE = {
    SHAPES: "A Gemma 3 of one million parameters, trained on drawn shapes; it knows nothing else. Ask for colours, "
    "shapes, how many, or what is left of something. For photos start Swing with a larger one: "
    "`make run MODEL=google/gemma-3-4b-it`.",
    GEMMA: "The multimodal Gemma 3 that this server was started with.",
}
_ABSENCE_NOTE = {
    "soft-token": "The tower has seen the whole picture; what the language model may not attend to are the patch’s "
    "soft tokens. Other tokens may still tell of it.",
    "strict": "Neither the tower nor the language model sees the patch: nothing of it reaches the answer.",
    "pixel": "The patch is painted over before the model looks: it sees a plain area, not nothing.",
}


def ask(server_model: str | None) -> ImageRequest:
    """The widgets of a request. server_model : the checkpoint that this server was started with, or None."""
    offered = [model for model in MODELS if model != GEMMA or server_model]
    model = st.radio("Model", offered, format_func=MODELS.get, horizontal=True, **linked("model"))
    if model in _MODEL_NOTE:
        st.caption(_MODEL_NOTE[model])
    source = _source(model)
    question = ""
    if model != PHOTOS:
        st.session_state.setdefault(f"image-question-{model}", image_source.question(source) or USUAL_QUESTION)
        question = st.text_input("Question", key=f"image-question-{model}", max_chars=MAX_QUESTION)
    with st.expander("Settings: what is explained, patches, absence, methods, budget"):
        about = _of_classes() if model == PHOTOS else _of_answers()
        about |= _of_patches(model, source)
        plan = _plan()
    return ImageRequest(source, model, question=question, plan=plan, **about)


def _source(model: str) -> str:
    """A sample or an upload, which is checked before it is decoded; a bad file leaves the picture that was there."""
    fields, samples = st.session_state, image_source.samples(model)
    at, sample = f"image-source-{model}", f"image-sample-{model}"
    fields.setdefault(at, image_source.FIRST if image_source.FIRST in samples else samples[0])
    fields.setdefault(sample, fields[at] if fields[at] in samples else None)

    def pick():
        bench("image").forget_failure()
        if fields[sample]:
            fields[at] = fields[sample]
            if image_source.question(fields[at]):
                fields[f"image-question-{model}"] = image_source.question(fields[at])

    def bring():
        source = _take("image-file")
        bench("image").forget_failure()
        if source:
            fields[at], fields[sample] = source, None

    st.pills("Samples", samples, key=sample, format_func=image_source.title, on_change=pick)
    st.file_uploader(
        "Or a picture of your own: PNG, JPEG or WebP, up to 20 MB and 50 megapixels",
        key="image-file",
        max_upload_size=MOST_MB,
        on_change=bring,
    )
    if fields.get("image-file-error"):
        st.error(said(f"{fields['image-file-error']}. The picture before it is still the one that is explained."))
    if image_source.upload(fields[at]):
        st.checkbox("Keep this picture with the run, so that its link can show it again", key="image-keep")
    return fields[at]


def _take(key: str) -> str | None:
    """The source of the picture in an uploader; None where it holds none, with a sentence if that is wrong."""
    fields = st.session_state
    file, fields[f"{key}-error"] = fields[key], ""
    if file is None:
        return None
    try:
        if file.size > MOST_MB * 1024**2:
            raise ValueError(f"This file has {file.size / 1024**2:.0f} MB; pictures of up to {MOST_MB} MB are read.")
        return image_source.take(file.getvalue(), file.name)
    except ValueError as error:
        fields[f"{key}-error"] = str(error)
        return None


def _of_classes() -> dict:
    """Which of the thousand classes, against which, and in which units."""
    names = image_run.class_names()
    one, two, three = st.columns(3)
    wanted = one.selectbox(
        "Class to explain",
        range(len(names)),
        None,
        format_func=names.__getitem__,
        key="image-wanted",
        placeholder="the five likeliest",
    )
    against = two.selectbox(
        "Rather than",
        range(len(names)),
        None,
        format_func=names.__getitem__,
        key="image-against",
        placeholder="no other class",
        help="The values then say what makes the class likelier than this one.",
    )
    value = three.selectbox(
        "Value of a coalition",
        list(VALUES),
        format_func=VALUES.get,
        disabled=against is not None,
        help="Against another class it is the log-ratio of both probabilities.",
        **linked("value"),
    )
    return {"wanted": wanted, "against": against, "value": value}


def _of_answers() -> dict:
    """The answer that is explained, and another that it is held against."""
    one, two = st.columns(2)
    target = one.text_input("Answer to explain", key="image-target", max_chars=MAX_ANSWER, placeholder="the model’s own")
    rather = two.text_input(
        "Rather than",
        key="image-rather",
        max_chars=MAX_ANSWER,
        placeholder="no other answer",
        help="The values then say what makes the answer likelier than this one.",
    )
    return {"target": target.strip(), "rather": rather.strip()}


def _of_patches(model: str, source: str) -> dict:
    one, two, three = st.columns(3)
    sides = [side for side in GRIDS if side <= FINEST[model]]
    grid = one.selectbox(
        "Patches a side",
        sides,
        format_func=lambda side: f"{side} × {side}",
        **linked(f"grid-{model}", index=sides.index(USUAL[model])),
    )
    absent = two.selectbox("Absent patches are", list(ABSENT[model]), format_func=ABSENT[model].get, **linked(f"absent-{model}"))
    segments, words = None, False
    if model == PHOTOS:
        segments = SLIC if three.checkbox("Superpixels instead of a grid", **linked("superpixels")) else None
    else:
        words = three.checkbox("The question’s words are players too", **linked("words"))
    if absent in _ABSENCE_NOTE:
        st.caption(_ABSENCE_NOTE[absent])
    other = _other(source) if absent == ANOTHER else ""
    return {"grid": grid, "absent": absent, "segments": segments, "words": words, "other": other}


def _other(source: str) -> str:
    """The picture that lends its patches: a sample, or an upload as long as its file is there."""
    fields, others = st.session_state, [name for name in image_source.samples(PHOTOS) if name != source]
    left, right = st.columns(2)
    chosen = left.selectbox("The other picture", others, format_func=image_source.title, key="image-other")

    def bring():
        fields["image-other-source"] = _take("image-other-file") or ""

    right.file_uploader("Or another of your own", key="image-other-file", max_upload_size=MOST_MB, on_change=bring)
    if fields.get("image-other-file-error"):
        st.error(said(fields["image-other-file-error"]))
    own = fields.get("image-other-source", "")
    return own if own and image_source.upload(own) else chosen or ""


def _plan() -> Plan:
    one, two, three = st.columns(3)
    keys, name = [pane.key for pane in PANES], {pane.key: str(pane) for pane in PANES}.get
    left = one.selectbox("Left map", keys, format_func=name, **linked("left", index=PANES.index(DEFAULT_PANES[0])))
    right = two.selectbox("Right map", keys, format_func=name, **linked("right", index=PANES.index(DEFAULT_PANES[1])))
    budget = three.select_slider("Evaluations per map, at most", BUDGETS, **linked("budget", value=256))
    seed = int(one.number_input("Seed", 0, 2**31 - 1, **linked("seed", value=0)))
    return Plan(Pane.of(left), Pane.of(right), budget, seed)


def set_widgets(request: ImageRequest) -> ImageRequest:
    """Set the widgets to what a kept run, or a bundle, asked; returns which game that is."""
    state, model, plan = st.session_state, request.model, request.plan
    state[f"image-source-{model}"] = request.source
    state[f"image-sample-{model}"] = request.source if request.source in image_source.samples(model) else None
    for name in ("wanted", "against", "target", "rather"):
        state[f"image-{name}"] = getattr(request, name)
    if model != PHOTOS:
        state[f"image-question-{model}"] = request.question
    if request.other in image_source.samples(PHOTOS):
        state["image-other"], state["image-other-source"] = request.other, ""
    elif request.other:
        state["image-other-source"] = request.other
    nearest = min(BUDGETS, key=lambda budget: abs(budget - plan.budget))
    preset(
        **{"model": model, f"grid-{model}": request.grid, f"absent-{model}": request.absent},
        **{"value": request.value, "superpixels": request.segments == SLIC, "words": request.words},
        **{"left": plan.left.key, "right": plan.right.key, "budget": nearest, "seed": plan.seed},
    )
    return request.same_game
