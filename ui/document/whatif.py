"""What if some parts were not there: the model answers anew, and says how likely its first answer is then."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import streamlit as st

from model.language import Language
from ui.document.ask import Own
from ui.document.run import Desk, Study
from ui.draw.colour import signed
from ui.draw.markdown import plain, short
from ui.shell.bench import Bench, on_demand
from ui.shell.jobs import Job
from ui.text import run as text_run
from xai.hierarchy.found import Path


def text_without(study: Study, out: tuple[Path, ...]) -> str:
    """The document less some parts."""
    kept, at = [], 0
    for part in sorted((study.root.at(path) for path in out), key=lambda part: part.start):
        kept.append(study.text[at : max(at, part.start)])
        at = max(at, part.end)
    return "".join([*kept, study.text[at:]])


def ask_anew(study: Study, out: tuple[Path, ...], model: Language, desk: Desk) -> tuple[str, float]:
    """The model's answer without some parts, and the first answer's log-probability there."""
    present = np.ones((1, desk.game.n_players), bool)
    for path in out:
        part = study.root.at(path)
        present[0, part.first : part.last] = False
    left = replace(study.request, text=text_without(study, out))
    return text_run.answer(model, left), float(desk.ledger.evaluate(present)[0, 0])


def show(study: Study, state: Bench[Own], model: Callable[[], Language], desk: Callable[[Job], Desk], can: bool) -> None:
    """The parts that are taken out, and what the model says without them."""
    own = state.own
    if not own.out:
        st.caption("What if a part were not there? Look at one and take it out, then let the model answer anew.")
        return
    names = "; ".join(f"“{plain(short(study.root.at(path).label(study.text), 40))}”" for path in own.out)
    st.markdown(f"**Taken out:** {names}")
    key = study.model, study.request.same_game, own.out
    out = own.out

    def make(job: Job) -> tuple[str, float]:
        return ask_anew(study, out, model(), desk(job))

    with st.container(horizontal=True, vertical_alignment="center"):
        on_demand(state, "Answer anew without them", "doc-anew", own, "anew", key, make, can)
        st.button("Put all back", key="doc-back", type="tertiary", on_click=lambda: setattr(own, "out", ()))
    if own.anew is not None and own.anew[0] == key:
        now, likely = own.anew[1]
        before = float(np.ravel(next(iter(study.found.values())).full_value)[0])
        still = "It still says" if now.strip() == study.target.strip() else "It now says"
        st.markdown(
            f"{still} **“{plain(now.strip(), 300)}”**. The log-probability of “{plain(study.target.strip(), 80)}” goes from "
            f"{signed(before, 2)} to {signed(likely, 2)}."
        )
