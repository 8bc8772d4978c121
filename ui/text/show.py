"""What the Text page shows of a result: the answer, whose tokens can be chosen, and other ways of absence."""

from dataclasses import replace

import streamlit as st

from ui.draw.html import render
from ui.draw.markdown import plain
from ui.kind import Result, View
from ui.maps.absence import show_policies
from ui.names import ABSENT, PLAYERS
from ui.shell.bench import Bench
from ui.shell.model_slot import model_slot
from ui.shell.widgets import some_of
from ui.text.picture import TextPicture
from ui.text.request import TextAbout
from ui.text.run import MAX_ANSWER, make_game
from xai.game import Game


def _readable(text: str) -> bool:
    """Neither blank nor a piece of a character, which would be other tokens when typed."""
    return bool(text.strip()) and "\ufffd" not in text


def _others(about: TextAbout, state: Bench[None]) -> None:
    """What could come next beside the answer: a click asks why the answer rather than that."""
    others = [(text, share) for text, share in about.next if _readable(text) and not about.target.startswith(text)]
    if not others:
        return
    key = f"next-{hash(about.prompt)}"

    def choose() -> None:
        if (place := st.session_state[key]) is not None:
            st.session_state["rather"], state.unfolded = others[place][0], True

    told = "What else could have come next, and how likely it was. Click one to ask why the answer rather than that."
    named = [f"{plain(text.strip(), 30)} {share:.1%}" for text, share in others]
    st.pills(told, range(len(others)), format_func=lambda i: named[i], key=key, on_change=choose)


def view(result: Result, picture: TextPicture, state: Bench[None]) -> View:
    """The answer, whose tokens can be chosen, above the maps."""
    about, request, slot = result.about, result.request, model_slot()
    said = "The model answered" if request.target is None else "The target you typed"
    st.html(render("answer", said=said, answer=about.target.strip(), rather=request.rather))
    chosen: list[int] = []
    if len(about.tokens) > 1:
        key = f"tokens-{hash((about.prompt, about.target))}"  # another answer's choice is none of this one's
        chosen = some_of("Explain a part of the answer: click its tokens. It costs nothing.", about.tokens, key)
    picture = replace(picture, chosen=len(chosen))

    def below() -> None:
        _others(about, state)
        st.caption(
            f"Parts: {PLAYERS[request.players]}; absent ones are {ABSENT[request.absent]}. Paid for so far: "
            f"{result.comparison.ledger.evaluations} evaluations."
            + (f" The answer is read up to the end of its line, {MAX_ANSWER} tokens at most." if not request.target else "")
        )

    def absence() -> None:
        def game_of(absent: str) -> Game:
            return make_game(slot.loaded, replace(request, absent=absent), about.target)

        show_policies(result, state, picture, ABSENT, game_of, slot.gemma is not None)

    weights = [float(column in chosen) for column in range(len(result.comparison.weights))] if chosen else None
    return View(picture, weights, {"Absence": absence}, below=below)
