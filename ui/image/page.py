"""The Image page: a picture, a model that looks at it, and which patches made it say what it said."""

import hashlib
import json
from dataclasses import replace

import streamlit as st

from ui.draw.colour import ends_of, shared_scale
from ui.draw.markdown import plain
from ui.draw.png import heatmaps_png
from ui.files.take_away import downloads, open_bundle
from ui.image import run as image_run
from ui.image import source as image_source
from ui.image.ask import ask, set_widgets
from ui.image.bundle import from_bundle, to_bundle
from ui.image.layers import overlay
from ui.image.picture import ImagePicture, words_of
from ui.image.request import ABSENT, ANOTHER, GEMMA, MODELS, PHOTOS, ImageRequest, ImageResult
from ui.image.whatif import WhatIf
from ui.maps.absence import show_policies
from ui.maps.side_by_side import show
from ui.names import INDICES, method_name
from ui.runs import kept
from ui.shell.bench import MORE, bar, bench
from ui.shell.frame import frame, ready
from ui.shell.jobs import Job
from ui.shell.model_slot import model_slot
from xai import Ledger

PREVIEW = 240  # pixels
GONE = "The picture of this run was not kept; upload it again to see the run."


def page() -> None:
    state, slot = bench("image"), model_slot()
    frame(
        "Swing: which patches swing the answer?",
        "Swing covers patches of a picture, again and again, and measures how a model’s answer swings. Take a sample "
        "or upload a photo, then press Explain.",
    )
    kept.reopen("image", state, _Reader, lambda settings: set_widgets(ImageRequest.from_settings(settings)))
    if (brought := state.extra.pop("brought", None)) is not None:
        set_widgets(brought.request)
    request = ask(slot.source)
    image = image_source.picture(request.source)
    if image is None:
        st.warning(GONE)
    else:
        controls(request, image, state, slot)
    if state.shown is not None:
        if state.shown.request.same_game != request.same_game:
            st.info("The result below is of an earlier picture or setting. Press Explain for the one above.")
        show_result(state.shown, state, slot)
    kept.sidebar("image", state)
    open_bundle(state, from_bundle)


class _Reader:
    """Rebuilds a kept run; its picture is a sample, this session's, or was kept with it."""

    @staticmethod
    def from_record(record, settings, ledger_of) -> ImageResult:
        source = ImageRequest.from_settings(settings).source
        if image_source.picture(source) is None:
            data = kept.store().content(st.query_params["run"])
            if data is None or image_source.take(data, "") != source:
                raise ValueError(GONE)
        image = image_source.picture(source)
        return ImageResult.from_record(
            record, settings, ledger_of, lambda request, side: image_run.regions_of(request, image, side)
        )


def controls(request: ImageRequest, image, state, slot) -> None:
    """The picture, the model's progress while it loads, then the job bar."""
    st.image(image_source.view(request.source), width=PREVIEW, caption=f"{image.width} × {image.height} pixels")
    if request.model == GEMMA and not ready(slot):
        return
    if "interrupted" in state.extra:  # its server died in the middle of it
        _explain(ImageRequest.from_settings(state.extra.pop("interrupted")), state, slot)
    elif state.new and request.model == PHOTOS:
        state.begin(_first())
    bar(state, lambda: image_run.cost(request, slot), lambda: _explain(request, state, slot), lambda: _more(state, slot))


@st.cache_resource(show_spinner=False)
def _shelf() -> dict:
    """A newcomer's result, made once for all."""
    return {}


def _first() -> Job:
    shelf, request = _shelf(), ImageRequest(image_source.FIRST)
    image = image_source.picture(request.source)

    def work(job):
        if "first" not in shelf:
            shelf["first"] = image_run.run(image_run.photo_model(), request, image, job, lambda game: Ledger(game))
        return shelf["first"]

    return Job(work)


def _more(state, slot) -> None:
    request = state.shown.request
    _explain(replace(request, plan=replace(request.plan, budget=request.plan.budget * MORE)), state, slot)


def _explain(request: ImageRequest, state, slot) -> None:
    """Begin a run, or go on with the one shown where it is of the same game: what was paid stays paid."""
    image, other = (image_source.picture(source) for source in (request.source, request.other))
    if image is None:
        state.outcome = "failed", GONE
        return
    known = None
    if state.shown is not None and state.shown.request.same_game == request.same_game:
        known = state.shown.comparison.ledger
    own = state.run if state.asked == request.same_game else None
    uploaded = image_source.upload(request.source)
    content = uploaded.data if uploaded and st.session_state.get("image-keep") else None
    state.run = run = kept.begin(
        "image", _name(request), request.to_settings(), image_run.fingerprint(request, slot), own, content
    )
    state.asked = request.same_game

    def work(job):
        job.tell(0, 0, "Loading the model")
        with kept.ended_with(run):
            model = image_run.model_of(request, slot)
            result = image_run.run(model, request, image, job, lambda game: kept.ledger(run, game, known), other)
        kept.finish(run, result)
        return result

    state.begin(Job(work, run))


def _name(request: ImageRequest) -> str:
    """Of a run in the list: the picture, and what was asked of it."""
    asked = request.question
    if request.model == PHOTOS:
        names = [image_run.class_names()[i] for i in (request.wanted, request.against) if i is not None]
        asked = " rather than ".join(names) if request.wanted is not None else ""
    return ": ".join(filter(None, [image_source.title(request.source), asked]))


def show_result(result: ImageResult, state, slot) -> None:
    """What the model said, the class to look at, the comparison, and the picture without what was clicked."""
    request, comparison = result.request, result.comparison
    image = image_source.picture(request.source)
    if image is None:
        st.warning(GONE)
        return
    st.subheader("The answer, and what swung it")
    weights, focus = _focus(result, state)
    st.caption(
        f"{MODELS[request.model]}; absent patches are {ABSENT[request.model][request.absent]}. Paid for so far: "
        f"{comparison.ledger.evaluations} evaluations."
    )
    if image.width != image.height:
        st.caption(
            "The model sees the whole picture, squeezed to a square; nothing is cut off. Every patch is drawn where it "
            "lies on the original."
        )
    strength = st.slider("Strength of the colours", 0.0, 1.0, 0.62, key="image-strength")
    view = image_source.view(request.source)
    what_if = WhatIf(result, view, lambda: _game(result, image, state, slot), _key(result))
    picture = ImagePicture(result, view, focus, strength, tuple(what_if.hidden), what_if.toggle)
    more = {
        "Film strip": lambda: what_if.film_strip(weights),
        "Absence": lambda: _absence(result, image, picture, state, slot),
        "Take away": lambda: _take_away(result, view, picture, slot),
    }
    if comparison.state != "preliminary":
        what_if.show()
    show(comparison, picture, weights, more)


def _key(result: ImageResult) -> str:
    """Of the widgets that belong to one result."""
    settings = replace(result.request, plan=ImageRequest("").plan).to_settings()
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:12]


def _focus(result: ImageResult, state) -> tuple[list[float] | None, str]:
    """Weights of the class that is chosen, None for the first; and what it is called."""
    outputs = result.comparison.outputs
    if not result.guesses:
        said = "The model answered" if not result.request.target else "The answer you typed"
        rather = f", rather than **{plain(result.request.rather)}**" if result.request.rather else ""
        st.markdown(f"{said}: **{plain(result.answer.strip())}**{rather}")
        return None, result.answer
    shares = dict(result.guesses)
    if len(outputs) == 1:
        st.markdown(f"The model says **{plain(result.answer)}**; explained is **{plain(outputs[0])}**.")
        return None, outputs[0]
    chosen = st.pills(
        "Click a class to explain it. It costs nothing.",
        range(len(outputs)),
        default=0,
        key=f"class-{state.run}",
        format_func=lambda i: f"{plain(outputs[i])} {_share(shares.get(outputs[i], 0))}",
    )
    weights = [float(i == chosen) for i in range(len(outputs))] if chosen else None
    return weights, outputs[chosen or 0]


def _share(share: float) -> str:
    return f"{share:.0%}" if share >= 0.005 else "<1%"


def _game(result: ImageResult, image, state, slot):
    """The game of a result, made once for the page's session."""
    key = _key(result), result.answer
    if state.extra.get("game", (None,))[0] != key:
        model, other = image_run.model_of(result.request, slot), image_source.picture(result.request.other)
        state.extra["game"] = key, image_run.make_game(model, result.request, image, result.answer, other)
    return state.extra["game"][1]


def _absence(result: ImageResult, image, picture, state, slot) -> None:
    request = result.request
    if request.absent == ANOTHER:
        st.markdown("Patches of another picture are one question for each picture: choose another one above to compare.")
        return
    ways = {absent: words for absent, words in ABSENT[request.model].items() if absent != ANOTHER}
    show_policies(
        result,
        state,
        ways,
        lambda job: image_run.other_policies(image_run.model_of(request, slot), result, image, job),
        picture.draw,
        "picture",
        request.model != GEMMA or slot.gemma is not None,
    )


def _explained(result: ImageResult) -> str:
    """What the files are of: the first output, or the answer and what it is held against."""
    rather = result.request.rather
    if result.guesses:
        return result.comparison.outputs[0]
    return result.answer.strip() + (f" rather than {rather}" if rather else "")


def _take_away(result: ImageResult, image, picture, slot) -> None:
    source, focus = result.request.source, _explained(result)
    uploaded, title = image_source.upload(source), image_source.title(source)

    def png() -> bytes:
        maps = result.comparison.focused()
        scale, named = shared_scale(*maps), {}
        for one in maps:
            named[f"{title}, {focus}: {INDICES[one.index]} · {method_name(one.index, one.method)}"] = one
        words = words_of(result) if result.request.words else ("", [(0, 0)] * len(maps[0].labels))
        return heatmaps_png(*words, named, scale, ends_of("image"), lambda one: overlay(image, result.regions, one.values, scale))

    content = None if uploaded is None else uploaded.data
    downloads(
        lambda: to_bundle(result, image_run.fingerprint(result.request, slot), f"{title}: {focus}", content),
        picture.parts,
        picture.whole,
        png,
        picture.html,
    )


page()
