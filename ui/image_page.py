"""The Image page: a picture, a model that looks at it, and which patches made it say what it said."""

import hashlib
from dataclasses import replace

import numpy as np
import streamlit as st

from ui import image_run, kept
from ui.bench import MORE, bar, bench
from ui.comparison import Plan
from ui.image_picture import ImagePicture
from ui.image_run import ABSENT, ASSETS, GRIDS, MODELS, PHOTOS, SHAPES, SLIC, ImageRequest, ImageResult
from ui.jobs import Job
from ui.names import DEFAULT_PANES, PANES, Pane
from ui.page import frame
from ui.side_by_side import show
from ui.words import plain

BUDGETS = [64, 128, 256, 512, 1024]
MOST_MB = 20
SECONDS = {PHOTOS: 0.012, SHAPES: 0.015}  # of one evaluation on two cores, for the first estimate


def page() -> None:
    state = bench("image")
    frame(
        "Which patches swing the answer?",
        "Swing covers patches of a picture, again and again, and measures how a model's answer swings. Take a sample "
        "or upload a photo, then press Explain.",
    )
    st.session_state.setdefault("pictures", {})
    kept.reopen("image", state, _Reader(), _open)
    request = ask()
    image = picture(request.source)
    if image is None:
        st.warning("Upload a picture, or take a sample.")
        return
    st.image(_thumbnail(image), caption=f"{image.width} × {image.height} pixels")
    if "interrupted" in state.extra:  # its server died in the middle of it
        _explain(ImageRequest.from_settings(state.extra.pop("interrupted")), image, state)
    elif state.new:
        _explain(request, image, state)
    bar(state, lambda: _cost(request), lambda: _explain(request, image, state), lambda: _more(state))
    if state.shown is not None:
        if state.shown.request.same_game != request.same_game:
            st.info("The result below is of an earlier picture or setting. Press Explain for the one above.")
        show_result(state.shown)
    kept.sidebar("image", state)


def ask() -> ImageRequest:
    """The widgets of a request; an upload is checked before it is decoded."""
    model = st.radio("Model", list(MODELS), format_func=MODELS.get, key="image-model", horizontal=True)
    if model == SHAPES:
        st.caption(
            "A Gemma 3 of one million parameters, trained on drawn shapes; it knows nothing else. To ask a Gemma 3 "
            'about photos, call `load_gemma("google/gemma-3-4b-it").image_game(…)` from Python.'
        )
    samples = [path.name for path in sorted((ASSETS / "samples" / "images").glob("*.jpg"))]
    if model == SHAPES:
        samples = [f"scene {number}" for number in range(1, 7)]
    source = st.pills("Samples", samples, key=f"image-sample-{model}", default=samples[min(2, len(samples) - 1)])
    file = st.file_uploader("Or a picture of your own (PNG, JPEG, WebP)", key="image-file", max_upload_size=MOST_MB)
    if file is not None:
        source = _uploaded(file) or source
    question = ""
    if model == SHAPES:
        question = st.text_input(
            "Question", "what colour is the circle?", key="image-question", max_chars=image_run.MAX_QUESTION
        )
    with st.expander("Settings: patches, absence, methods, budget"):
        one, two, three = st.columns(3)
        usual = 7 if model == PHOTOS else 8
        sides = GRIDS if model == PHOTOS else [side for side in GRIDS if side <= 8]
        grid = one.selectbox("Patches a side", sides, sides.index(usual), key=f"image-grid-{model}")
        absent = two.selectbox(
            "Absent patches are", list(ABSENT[model]), format_func=ABSENT[model].get, key=f"image-absent-{model}"
        )
        budget = three.select_slider("Evaluations per map, at most", BUDGETS, value=256, key="image-budget")
        segments, words = None, False
        if model == PHOTOS and one.checkbox("Superpixels instead of a grid", key="image-slic"):
            segments = SLIC
        if model == SHAPES:
            words = one.checkbox("The question's words are players too", key="image-words")
        keys, name = [pane.key for pane in PANES], {pane.key: str(pane) for pane in PANES}.get
        first, second = map(PANES.index, DEFAULT_PANES)
        left = two.selectbox("Left map", keys, first, format_func=name, key="image-left")
        right = three.selectbox("Right map", keys, second, format_func=name, key="image-right")
        seed = int(two.number_input("Seed", 0, 2**31 - 1, 0, key="image-seed"))
    plan = Plan(Pane.of(left), Pane.of(right), budget, seed)
    return ImageRequest(source or "", model, grid, segments, absent, None, question, words, plan)


def _uploaded(file) -> str | None:
    """The name under which this session keeps a picture that was uploaded; None, with a sentence, for no picture."""
    from model.images import read_image

    data = file.getvalue()
    name = hashlib.sha256(data).hexdigest()
    pictures = st.session_state.pictures
    if name not in pictures:
        try:
            pictures.clear()  # one at a time: a photo may be large
            pictures[name] = read_image(data, file.name), data
        except ValueError as error:
            st.error(str(error)[0].upper() + str(error)[1:])
            return None
    st.checkbox("Keep this picture with the run, so that its link can show it again", key="image-keep")
    return name


def picture(source: str):
    """The picture of a request, PIL RGB; None where this session does not have it."""
    if source in st.session_state.pictures:
        return st.session_state.pictures[source][0]
    if source.startswith("scene "):
        from model.scenes import draw_scene

        number = int(source.removeprefix("scene "))
        return draw_scene(np.random.default_rng(number), 2 + number % 3).image
    path = ASSETS / "samples" / "images" / source
    if not source.endswith(".jpg") or path.name != source or not path.exists():
        return None
    return _sample(source)


@st.cache_data(show_spinner=False, max_entries=8)
def _sample(name: str):
    from model.images import read_image

    return read_image((ASSETS / "samples" / "images" / name).read_bytes(), name)


class _Reader:
    """Rebuilds a kept run; its picture is a sample, or was kept with it."""

    def from_record(self, record, settings, ledger_of) -> ImageResult:
        source, run = ImageRequest.from_settings(settings).source, st.query_params.get("run")
        if picture(source) is None:
            data = kept.store().content(run)
            if data is None:
                raise ValueError("The picture of this run was not kept; upload it again and press Explain.")
            from model.images import read_image

            st.session_state.pictures[source] = read_image(data, ""), data
        return ImageResult.from_record(record, settings, ledger_of, picture(source))


def _open(settings: dict) -> ImageRequest:
    """Set the widgets to what a kept run asked; returns which game that is."""
    request, state = ImageRequest.from_settings(settings), st.session_state
    state["image-model"] = request.model
    if request.source.startswith("scene ") or request.source.endswith(".jpg"):
        state[f"image-sample-{request.model}"] = request.source
    state[f"image-grid-{request.model}"], state[f"image-absent-{request.model}"] = request.grid, request.absent
    state["image-slic"], state["image-words"] = request.segments == SLIC, request.words
    state["image-question"] = request.question
    return request.same_game


def _thumbnail(image):
    small = image.copy()
    small.thumbnail((320, 320))
    return small.resize((256, 256)) if max(small.size) < 100 else small


def _cost(request: ImageRequest) -> tuple[int, float]:
    if request.model == SHAPES and not request.question.strip():
        raise ValueError("Ask something first, for example: what colour is the circle?")
    evaluations = request.plan.cost(request.grid**2)
    return evaluations, evaluations * SECONDS[request.model]


def _more(state) -> None:
    request = state.shown.request
    larger = replace(request, plan=replace(request.plan, budget=request.plan.budget * MORE))
    _explain(larger, picture(request.source), state)


def _explain(request: ImageRequest, image, state) -> None:
    """Begin a run, or go on with the one shown where it is of the same game."""
    known = None
    if state.shown is not None and state.shown.request.same_game == request.same_game:
        known = state.shown.comparison.ledger
    own = state.run if state.asked == request.same_game else None
    uploaded = st.session_state.pictures.get(request.source)
    content = uploaded[1] if uploaded and st.session_state.get("image-keep") else None
    name = request.source if uploaded is None else "An uploaded picture"
    state.run = run = kept.begin("image", name, request.to_settings(), request.model, own, content)
    state.asked = request.same_game

    def work(job):
        job.tell(0, 0, "Loading the model")
        with kept.ended_with(run):
            result = image_run.run(request, image, job, lambda game: kept.ledger(run, game, known))
        kept.finish(run, result)
        return result

    state.begin(Job(work, run))


def show_result(result: ImageResult) -> None:
    """What the model said, the class to look at, and the comparison."""
    image = picture(result.request.source)
    if image is None:
        st.warning("The picture of the result below is gone; upload it again.")
        return
    st.subheader("The answer, and what swung it")
    weights, focus, outputs = None, result.answer, result.comparison.outputs
    if result.guesses:
        shares = dict(result.guesses)
        chosen = st.pills(
            "The model's five likeliest classes: click one to explain it. It costs nothing.", range(len(outputs)),
            format_func=lambda i: f"{plain(outputs[i])} {100 * shares.get(outputs[i], 0):.0f} %", default=0,
            key="image-class",
        )  # fmt: skip
        if chosen:
            weights, focus = [float(i == chosen) for i in range(len(outputs))], outputs[chosen]
    else:
        st.markdown(f"The model answered: **{plain(result.answer)}**")
    st.caption(f"Paid for so far: {result.comparison.ledger.evaluations} evaluations.")
    strength = st.slider("Strength of the colours", 0.0, 1.0, 0.6, key="image-strength")
    drawn = ImagePicture(result, image, focus, strength)
    show(result.comparison, drawn, weights, {"What if": lambda: _what_if(result, image)} if result.guesses else None)


def _what_if(result: ImageResult, image) -> None:
    """The picture without some patches, and what the model says then."""
    request, labels = result.request, result.comparison.ledger.labels
    strongest = np.argsort(-result.comparison.focused()[0].values, kind="stable")
    hidden = st.multiselect(
        "Leave out these patches", [int(i) for i in strongest], format_func=labels.__getitem__, key="image-hidden"
    )
    game, _, _ = image_run.make_game(request, image)
    coalition = np.ones(len(labels), bool)
    coalition[hidden] = False
    seen = game.picture(coalition)
    left, right = st.columns(2)
    left.image(seen, caption="What the model sees")
    guesses = image_run.photo_model().top(seen)
    right.dataframe(
        [{"class": guess.name, "probability": f"{guess.probability:.3f}"} for guess in guesses],
        hide_index=True, key="image-what-if",
    )  # fmt: skip
    st.markdown("**As the heaviest patches go**")
    steps = [0, 1, 2, 4, 8, 16]
    for column, count in zip(st.columns(len(steps)), steps):
        coalition = np.ones(len(labels), bool)
        coalition[strongest[:count]] = False
        shown = game.picture(coalition)
        best = image_run.photo_model().top(shown, 1)[0]
        column.image(shown, caption=f"{count} gone: {best.name} {100 * best.probability:.0f} %")


page()
