"""What the Image page shows of a result: the answer or the classes, what if, a film strip, other ways of absence."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import streamlit as st
from PIL import Image

from model.image.classifier_game import ClassifierGame
from model.towers.game import TowersGame
from ui.draw.colour import STRONGEST
from ui.draw.markdown import plain, said
from ui.image import brought, pair, run, source
from ui.image.picture import ImagePicture
from ui.image.request import ABSENT, ANOTHER, GEMMA, MODELS, ImageState
from ui.image.whatif import WhatIf
from ui.kind import Result, View
from ui.maps.absence import show_policies
from ui.runs.comparison import Plan
from ui.shell.bench import Bench
from ui.shell.model_slot import model_slot
from xai.game import Game


def view(result: Result, picture: ImagePicture, state: Bench[ImageState]) -> View:
    """What the model said, the class to look at, and the picture without what was clicked."""
    request, comparison = result.request, result.comparison
    image = source.needed(request.source)
    here = run.here(request)
    weights, focus = _focus(result, state.run)
    strength = st.session_state.setdefault("image-strength", STRONGEST)
    what_if = WhatIf(result, picture.image, lambda: _game(result, image, state), _key(result))
    shown = replace(picture, focus=focus, strength=strength, marked=tuple(what_if.hidden), clicked=what_if.toggle)

    def below() -> None:
        if not here:
            st.caption(pair.GONE if request.compares else brought.GONE)
        elif comparison.state != "preliminary":
            what_if.show()
        st.slider("Strength of the colours", 0.0, 1.0, key="image-strength")
        st.caption(
            f"{MODELS[request.model]}; absent patches are {ABSENT[request.model][request.absent]}. Paid for so far: "
            f"{comparison.ledger.evaluations} evaluations."
        )
        own = source.upload(request.source)
        if own and own.note:
            st.caption(said(own.note))
        if image.width != image.height:
            st.caption(
                "The model sees the whole picture, squeezed to a square; nothing is cut off. Every patch is drawn where it "
                "lies on the original."
            )

    if not here:
        return View(shown, weights, {}, below=below)
    sections = {"Film strip": lambda: what_if.film_strip(weights), "Absence": lambda: _absence(result, image, shown, state)}
    return View(shown, weights, sections, below=below)


def _key(result: Result) -> str:
    """Of the widgets that belong to one result."""
    settings = replace(result.request, plan=Plan()).to_settings()
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:12]


def _focus(result: Result, run: str | None) -> tuple[list[float] | None, str]:
    """Weights of the class that is chosen, None for the first; and what it is called."""
    outputs = result.comparison.outputs
    if result.request.compares:
        st.markdown(
            f"Compared are the picture and the text **{plain(result.about.answer)}**: values are hundredths of the cosine of "
            "what both towers make of them, unless the towers’ files say another factor."
        )
        return None, explained(result)
    if not result.about.guesses:
        said = "The model answered" if not result.request.target else "The answer you typed"
        rather = f", rather than **{plain(result.request.rather)}**" if result.request.rather else ""
        st.markdown(f"{said}: **{plain(result.about.answer.strip())}**{rather}")
        return None, result.about.answer
    shares = dict(result.about.guesses)
    if len(outputs) == 1:
        st.markdown(f"The model says **{plain(result.about.answer)}**; explained is **{plain(outputs[0])}**.")
        return None, outputs[0]
    chosen = st.pills(
        "Click a class to explain it. It costs nothing.",
        range(len(outputs)),
        default=0,
        key=f"class-{run}",
        format_func=lambda i: f"{plain(outputs[i])} {_share(shares.get(outputs[i], 0))}",
    )
    weights = [float(i == chosen) for i in range(len(outputs))] if chosen else None
    return weights, outputs[chosen or 0]


def _share(share: float) -> str:
    return f"{share:.0%}" if share >= 0.005 else "<1%"


def _game(result: Result, image: Image.Image, state: Bench[ImageState]) -> Any:
    """The game of a result, made once for the page's session."""
    key = _key(result), result.about.answer, run.fingerprint(result.request, model_slot())
    if state.own.game[0] != key:
        model, other = run.model_of(result.request, model_slot()), source.picture(result.request.other)
        state.own.game = key, run.make_game(model, result.request, image, result.about.answer, other)
    return state.own.game[1]


def _absence(result: Result, image: Image.Image, picture: ImagePicture, state: Bench[ImageState]) -> None:
    request, slot = result.request, model_slot()
    if request.absent == ANOTHER:
        st.markdown("Patches of another picture are one question for each picture: choose another one above to compare.")
        return
    ways = {absent: words for absent, words in ABSENT[request.model].items() if absent != ANOTHER}

    def game_of(absent: str) -> Game:
        game = run.make_game(run.model_of(request, slot), replace(request, absent=absent), image, result.about.answer)
        return run.Columns(game) if isinstance(game, (ClassifierGame, TowersGame)) else game

    show_policies(result, state, picture, ways, game_of, request.model != GEMMA or slot.gemma is not None)


def explained(result: Result) -> str:
    """What the files are of: the first output, or the answer and what it is held against."""
    rather = result.request.rather
    if result.request.compares:
        return f"similarity to “{result.about.answer.strip()}”"
    if result.about.guesses:
        return result.comparison.outputs[0]
    return str(result.about.answer).strip() + (f" rather than {rather}" if rather else "")
