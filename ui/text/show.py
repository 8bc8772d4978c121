"""What the Text page shows of a result: the answer, whose tokens can be chosen, and other ways of absence."""

from dataclasses import replace

import streamlit as st

from model.text.once import READ_ONCE
from ui.draw.html import render
from ui.draw.markdown import plain
from ui.kind import Result, View
from ui.maps.absence import show_policies
from ui.names import ABSENT, PLAYERS, UNTIL
from ui.shell.bench import Bench
from ui.shell.frame import preset
from ui.shell.model_slot import model_slot
from ui.shell.widgets import one_of, some_of
from ui.text.ask import TYPED
from ui.text.picture import TextPicture
from ui.text.request import TextAbout
from ui.text.run import make_game
from xai.game import Game

CONTRAST, TARGET = "why the answer rather than it", "why it"


def _readable(text: str) -> bool:
    """Neither blank nor a piece of a character, which would be other tokens when typed."""
    return bool(text.strip()) and "\ufffd" not in text


def _others(about: TextAbout, state: Bench[None]) -> None:
    """What could come next beside the answer: a click asks why the answer rather than that, or why that."""
    others = [(text, share) for text, share in about.next if _readable(text) and not about.target.startswith(text)]
    if not others:
        return
    key, fields = f"next-{hash(about.prompt)}", st.session_state

    def choose() -> None:
        if (place := fields[key]) is None:
            return
        fields[key], state.unfolded = None, True
        if fields.get("next-as") == TARGET:
            preset(whose=TYPED, target=others[place][0], rather="")
        else:
            preset(rather=others[place][0])

    told = "What else could have come next, and how likely it was. Click one to ask about it, then press Explain."
    named = [f"{plain(text.strip(), 30)} {share:.1%}" for text, share in others]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.pills(told, range(len(others)), format_func=lambda i: named[i], key=key, on_change=choose, width="content")
        one_of("A click asks", [CONTRAST, TARGET], CONTRAST, "next-as", width="content")


def view(result: Result, picture: TextPicture, state: Bench[None]) -> View:
    """The answer, whose tokens can be chosen, above the maps."""
    about, request, slot = result.about, result.request, model_slot()
    said = "The model answered" if request.target is None else "The target you chose"
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
            + ("" if request.target else f" The answer is read to {UNTIL[request.until]}, {request.longest} tokens at most.")
        )

    def absence() -> None:
        def game_of(absent: str) -> Game:
            return make_game(slot.loaded, replace(request, absent=absent), about.target)

        real = {absent: words for absent, words in ABSENT.items() if absent != READ_ONCE}  # beside which it may be held
        ways = ABSENT if request.absent == READ_ONCE else real
        show_policies(result, state, picture, ways, game_of, slot.gemma is not None)

    weights = [float(column in chosen) for column in range(len(result.comparison.weights))] if chosen else None
    return View(picture, weights, {"Absence": absence}, below=below)
