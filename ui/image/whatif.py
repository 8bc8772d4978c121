"""What if some patches were not there: the picture without them, what the model says then, and a film strip of it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from ui.draw.colour import signed
from ui.draw.html import render
from ui.draw.markdown import plain
from ui.draw.table import show_table
from ui.image import pair
from ui.image import run as image_run
from ui.image.picture import data_url, without
from ui.image.request import GEMMA
from ui.image.source import smaller
from ui.kind import Result
from ui.names import INDICES
from ui.shell.widgets import one_of
from xai.exchange.visible import visible
from xai.game import JoinedGame
from xai.trust.curves import counts_of, order_of, steps_of
from xai.typing import Bools

FRAMES = 8
FRAME_SIDE = 150  # pixels


class WhatIf:
    """The patches that are left out of one result, and the game that says what follows.

    game_of() → the result's game, made when it is first needed;  key : of the widgets, one for each result
    """

    def __init__(self, result: Result, image: Image.Image, game_of: Callable[[], Any], key: str):
        self.result, self.image, self._game_of, self._key = result, image, game_of, f"image-hidden-{key}"

    @property
    def hidden(self) -> list[int]:
        return list(st.session_state.get(self._key, []))

    def toggle(self, player: int) -> None:
        """Leave a player out, or put it back."""
        now = self.hidden
        st.session_state[self._key] = [i for i in now if i != player] if player in now else [*now, player]

    def show(self) -> None:
        """The picture and the answer, with and without what was clicked."""
        labels = self.result.comparison.ledger.labels
        values = self.result.comparison.focused()[0].values
        strongest = [int(i) for i in np.argsort(-values, kind="stable")]
        present = np.ones(len(labels), bool)
        present[self.hidden] = False
        left, right = st.columns(2)
        with right:
            st.multiselect(
                "**What if?** Click patches on a map, or choose them here: they are left out.",
                strongest,
                format_func=lambda i: f"{visible(labels[i])} ({signed(float(values[i]), 2)})",
                key=self._key,
                placeholder="nothing is left out",
            )
            seen = self._answers(present)
        with left:
            without_what = f"without {_count(len(self.hidden))}" if self.hidden else "whole"
            st.image(seen, caption=f"What the model sees: the picture {without_what}", width=min(seen.width, 320))

    def _answers(self, present: Bools) -> Image.Image:
        """What the model says of a coalition, and the picture it sees."""
        result = self.result
        if result.request.compares:
            game = self._game_of()
            pair.what_if(game, present, f"{self._key}-similarity")
            return Image.fromarray(game.picture(present)).resize(smaller(self.image).size)
        if result.request.classifies:
            pixels, model = self._game_of().picture(present), image_run.classifier_of(result.request)
            now = {guess.name: guess.probability for guess in model.top(pixels, len(model.class_names))}
            before = dict(result.about.guesses)
            names = [*before, *[name for name in list(now)[:3] if name not in before]]
            whole = {name: f"{before[name]:.1%}" if name in before else "–" for name in names}
            rows = [{"class": name, "whole picture": whole[name], "without": f"{now[name]:.1%}"} for name in names]
            show_table(rows, f"{self._key}-classes")
            self._say(next(iter(now)))
            return Image.fromarray(pixels).resize(smaller(self.image).size)
        if result.request.model == GEMMA and not self.hidden:
            st.markdown(f"It says **{plain(result.about.answer.strip())}**.")
        elif result.request.model == GEMMA and not st.button("Ask the model without them", key=f"{self._key}-ask"):
            st.caption("One evaluation, and a few tokens written.")
        else:
            self._of_gemma(present)
        return without(self.image, result.about.regions, present)

    def _of_gemma(self, present: Bools) -> None:
        result, game = self.result, self._game_of()
        own = game.games[0] if isinstance(game, JoinedGame) else game
        both = np.exp(own(np.stack([np.ones(len(present), bool), present])).sum(axis=1))
        row = {"answer": result.about.answer.strip(), "whole picture": f"{both[0]:.1%}", "without": f"{both[1]:.1%}"}
        show_table([row], f"{self._key}-classes")
        self._say(own.answer(present).strip())

    def _say(self, now: str) -> None:
        before = self.result.about.answer.strip()
        if not self.hidden:
            st.markdown(f"It says **{plain(now)}**.")
        elif now == before:
            st.markdown(f"It still says **{plain(now)}**.")
        else:
            st.markdown(f"It now says **{plain(now)}** instead of {plain(before)}.")

    def film_strip(self, weights: list[float] | None = None) -> None:
        """Insertion and deletion as pictures: the heaviest patches come, or go, in the order of a map."""
        comparison = self.result.comparison
        maps = comparison.focused(weights)
        named = {i: INDICES[one.index] for i, one in enumerate(maps)}
        which = one_of("In the order of", list(named), 0, f"{self._key}-strip", format_func=named.get)
        counts = counts_of(len(comparison.ledger.labels), FRAMES)
        steps = steps_of(order_of(maps[which].values), counts)
        heights = self._heights(steps, comparison.weights if weights is None else weights)
        if heights is None:
            st.markdown("The steps of this order were not paid for; the curves under “Can I trust it?” show the rest.")
            return
        pictures = self._pictures(steps)
        for title, start in (("They go, the heaviest first (deletion)", len(counts)), ("They come (insertion)", 0)):
            frames = [
                (f"{count} {'gone' if start else 'there'}", data_url(pictures[i]), heights[i])
                for i, count in enumerate(counts, start)
            ]
            st.html(render("film_strip", title=title, frames=frames))
        st.caption(f"Under each picture: {self._what()}.")

    def _heights(self, steps: Bools, weights: list[float]) -> list[str] | None:
        """The value of each step in words; None where a large model would have to be asked anew."""
        request, ledger = self.result.request, self.result.comparison.ledger
        if ledger.missing(steps) == 0:
            table = ledger.evaluate(steps)
        elif request.model == GEMMA:
            return None
        else:
            table = self._game_of()(steps)
        values = table.reshape(len(steps), -1) @ np.asarray(weights)
        if request.compares:
            return [pair.number(value, 1) for value in values]
        if request.rather or request.against is not None or request.value == "logit":
            return [signed(value, 2) for value in values]
        shares = 1 / (1 + np.exp(-values)) if request.classifies else np.exp(values)
        return [f"{share:.0%}" if share >= 0.01 else f"{share:.1%}" for share in shares]

    def _what(self) -> str:
        request = self.result.request
        if request.compares:
            return "the similarity of what is left of picture and text" if request.words else "the similarity to the text"
        if request.rather or request.against is not None:
            return "how much likelier the one is than the other, as a natural logarithm"
        if request.value == "logit":
            return "the logit of the class"
        return "the probability of the class" if request.classifies else "the probability of the answer"

    def _pictures(self, steps: Bools) -> list[Image.Image]:
        frame = smaller(self.image, FRAME_SIDE)
        if self.result.request.painted:
            game = self._game_of()
            return [Image.fromarray(game.picture(row)).resize(frame.size) for row in steps]
        return [without(frame, self.result.about.regions, row) for row in steps]


def _count(number: int) -> str:
    return "one part" if number == 1 else f"{number} parts"
