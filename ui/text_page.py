"""The Text page: a prompt, what of it is explained, and why the model said what it said."""

from html import escape
from pathlib import Path

import streamlit as st

from ui import text_run
from ui.jobs import Job, this_session_alive
from ui.model_slot import model_slot
from ui.names import ABSENT, METHODS, PLAYERS
from ui.samples import SAMPLES
from ui.side_by_side import show
from ui.text_run import Session, TextRequest

STYLE = Path(__file__).parent.parent / "assets" / "style.css"
FIRST = TextRequest(SAMPLES[0].before, SAMPLES[0].text, SAMPLES[0].after, budget=64)  # a newcomer's, without a click
BUDGETS = [64, 128, 256, 512, 1024, 2048]


def page() -> None:
    state, slot = st.session_state, model_slot()
    state.setdefault("session", Session())
    state.setdefault("job", None)
    state.setdefault("result", None)
    state.setdefault("sample", SAMPLES[0].title)
    st.html(STYLE)
    st.title("Swing: why did Gemma 3 say that?")
    st.caption(
        "Swing leaves out parts of a prompt, again and again, and measures how the probability of the model's answer "
        "swings. Pick a sample or write your own, then press Explain."
    )
    request = ask()
    controls(request, slot)
    if state.result is not None:
        if state.result.request.same_game != request.same_game:
            st.info("The result below is of an earlier prompt or setting. Press Explain for the one above.")
        show(state.result)


def ask() -> TextRequest:
    """The widgets of a request, and the prompt they make."""
    st.session_state.setdefault("before", SAMPLES[0].before)
    st.session_state.setdefault("text", SAMPLES[0].text)
    st.session_state.setdefault("after", SAMPLES[0].after)
    st.pills("Samples", [sample.title for sample in SAMPLES], key="sample", on_change=_take_sample)
    st.text_area("**Text to explain** – its parts are left out in turn", key="text", height=90)
    left, right = st.columns(2)
    left.text_area("Always kept, before it", key="before", height=110)
    right.text_area("Always kept, after it", key="after", height=110)
    with st.expander("Settings: target, parts, absence, budget"):
        own = st.radio(
            "What should be explained?", ["The model's own answer", "A target I type"], key="whose", horizontal=True
        )
        target = None
        if own != "The model's own answer":
            target = st.text_input(
                "Target text (a leading space matters to the model)",
                key="target",
                max_chars=500,
                placeholder=" positive",
            )
        one, two, three = st.columns(3)
        players = one.selectbox("Parts", list(PLAYERS), format_func=PLAYERS.get, key="players")
        absent = two.selectbox("Absent parts are", list(ABSENT), format_func=ABSENT.get, key="absent")
        budget = three.select_slider("Evaluations per index, at most", BUDGETS, value=256, key="budget")
        banzhaf = one.selectbox(
            "Banzhaf method", list(METHODS["banzhaf"]), format_func=METHODS["banzhaf"].get, key="banzhaf"
        )
        shapley = two.selectbox(
            "Shapley method", list(METHODS["shapley"]), format_func=METHODS["shapley"].get, key="shapley"
        )
        seed = int(three.number_input("Seed", 0, 2**31 - 1, 0, key="seed"))
    state = st.session_state
    return TextRequest(state.before, state.text, state.after, target, players, absent, banzhaf, shapley, budget, seed)


def _take_sample() -> None:
    chosen = next((sample for sample in SAMPLES if sample.title == st.session_state.sample), None)
    if chosen:
        for name in ("before", "text", "after", "players"):
            st.session_state[name] = getattr(chosen, name)


def controls(request: TextRequest, slot) -> None:
    """Preview, cost, Explain and Cancel; polls while the model loads or a job runs."""
    st.html(
        f'<div class="swing-preview" dir="auto"><span class="swing-fixed">{escape(request.before)}</span>'
        f'<span class="swing-part">{escape(request.text)}</span>'
        f'<span class="swing-fixed">{escape(request.after)}</span></div>'
    )
    state = st.session_state
    if slot.state == "ready" and not state.get("visited"):
        state.visited = True
        state.result = slot.first_result
        if state.result is None:
            _start(FIRST, slot)
    waiting = slot.state != "ready" or state.job is not None  # a failed load may be tried again
    st.fragment(_bar, run_every=0.5 if waiting else None)(request, slot)


def _bar(request: TextRequest, slot) -> None:
    state = st.session_state
    if slot.state != "ready":
        _loading(slot)
        if slot.state == "loading" and state.get("painted"):  # loading torch would hold up the browser's first paint
            slot.start()
        state.painted = True
        return
    if not state.get("visited"):  # it has just become ready: the whole page starts over, with the first run
        st.rerun()
    if state.job is not None:
        _running(state.job)
        return
    if state.get("outcome"):
        (st.info if state.outcome[0] == "cancelled" else st.error)(state.outcome[1])
    try:
        evaluations, seconds = text_run.cost(slot.gemma, request, slot.seconds_per_token)
    except (ValueError, TypeError) as error:
        st.warning(str(error)[0].upper() + str(error)[1:])
        st.button("Explain", disabled=True, key="explain")
        return
    st.caption(f"This will take at most {evaluations} evaluations of the model: about {_duration(seconds)}.")
    if st.button("Explain", type="primary", key="explain"):
        _start(request, slot)
        st.rerun()


def _start(request: TextRequest, slot) -> None:
    """Begin a job for this session; what the page shows stays until there is something new."""
    state, session = st.session_state, st.session_state.session

    def work(progress, cancel):
        result = text_run.run(slot.gemma, request, session, progress, cancel)
        slot.learn_rate(session.ledger.seconds, session.ledger.evaluations * session.game.work)
        if request == FIRST:
            slot.first_result = result
        return result

    state.outcome = None
    state.job = Job(work, alive=this_session_alive())


def _running(job: Job) -> None:
    state = st.session_state
    if job.state == "running":
        left = "" if job.eta is None else f" · about {_duration(job.eta)} left"
        text = "Stopping after this batch" if job.cancelling else job.sentence + left
        st.progress(job.done / job.total if job.total else 0.0, text=text)
        st.button("Cancel", key="cancel", on_click=job.cancel, disabled=job.cancelling)
        return
    if job.state == "done":
        state.result = job.result
    else:
        state.outcome = (job.state, job.sentence)
    state.job = None
    st.rerun()


def _loading(slot) -> None:
    if slot.state == "failed":
        st.error(slot.error)
        st.button("Try again", on_click=slot.start, key="retry")
        return
    st.progress(min(slot.fraction, 1.0), text=f"{slot.sentence} … you can write your prompt meanwhile.")


def _duration(seconds: float) -> str:
    if seconds < 1.5:
        return "a second"
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"


page()
