"""The Text page: a prompt, what of it is explained, and why the model said what it said."""

from dataclasses import replace
from html import escape

import streamlit as st

from ui.draw.colour import token_heatmap
from ui.draw.markdown import plain
from ui.files.take_away import downloads, open_bundle
from ui.maps.absence import show_policies
from ui.maps.side_by_side import show
from ui.names import ABSENT, DEFAULT_PANES, PANES, PLAYERS, Pane
from ui.runs import kept
from ui.runs.comparison import Plan
from ui.shell.bench import MORE, bar, bench
from ui.shell.frame import frame, linked, preset, ready
from ui.shell.jobs import Job
from ui.shell.model_slot import model_slot
from ui.text import run as text_run
from ui.text.bundle import from_bundle, to_bundle
from ui.text.picture import TextPicture
from ui.text.run import MAX_ANSWER, MAX_TARGET, TextRequest, TextResult
from ui.text.samples import SAMPLES
from xai import Ledger

FIRST = TextRequest(SAMPLES[0].before, SAMPLES[0].text, SAMPLES[0].after, plan=Plan(*DEFAULT_PANES, budget=64))
BUDGETS = [64, 128, 256, 512, 1024, 2048, 4096]


def page() -> None:
    state, slot = bench("text"), model_slot()
    frame(
        "Swing: why did Gemma 3 say that?",
        "Swing leaves out parts of a prompt, again and again, and measures how the probability of the model's answer "
        "swings. Pick a sample or write your own, then press Explain.",
    )
    kept.reopen("text", state, TextResult, lambda settings: _open(TextRequest.from_settings(settings)))
    if (brought := state.extra.pop("brought", None)) is not None:
        _open(brought.request)
    request = ask()
    controls(request, state, slot)
    if state.shown is not None:
        if state.shown.request.same_game != request.same_game:
            st.info("The result below is of an earlier prompt or setting. Press Explain for the one above.")
        show_result(state.shown, state, slot)
    kept.sidebar("text", state)
    open_bundle(state, from_bundle)


def ask() -> TextRequest:
    """The widgets of a request, and the prompt they make. Settings stand in the link; the text never does."""
    for name in ("before", "text", "after"):
        st.session_state.setdefault(name, getattr(SAMPLES[0], name))
    st.session_state.setdefault("sample", SAMPLES[0].title)
    st.pills("Samples", [sample.title for sample in SAMPLES], key="sample", on_change=_take_sample)
    st.text_area("**Text to explain** – its parts are left out in turn", key="text", height=90)
    left, right = st.columns(2)
    left.text_area("Always kept, before it", key="before", height=110)
    right.text_area("Always kept, after it", key="after", height=110)
    with st.expander("Settings: target, parts, absence, methods, budget"):
        own = st.radio("What should be explained?", ["The model's own answer", "A target I type"], key="whose", horizontal=True)
        target = None
        if own != "The model's own answer":
            target = st.text_input(
                "Target text (a leading space matters to the model)", key="target", max_chars=MAX_TARGET, placeholder=" positive"
            )
        rather = st.text_input(
            "Why this rather than another answer? (leave empty for none)",
            key="rather",
            max_chars=MAX_TARGET,
            placeholder=" negative",
            help="The values then say what makes the answer more likely than this one.",
        )
        one, two, three = st.columns(3)
        players = one.selectbox("Parts", list(PLAYERS), format_func=PLAYERS.get, **linked("players"))
        absent = two.selectbox("Absent parts are", list(ABSENT), format_func=ABSENT.get, **linked("absent"))
        budget = three.select_slider("Evaluations per map, at most", BUDGETS, **linked("budget", value=256))
        keys, name = [pane.key for pane in PANES], {pane.key: str(pane) for pane in PANES}.get
        left = one.selectbox("Left map", keys, format_func=name, **linked("left", index=PANES.index(DEFAULT_PANES[0])))
        right = two.selectbox("Right map", keys, format_func=name, **linked("right", index=PANES.index(DEFAULT_PANES[1])))
        seed = int(three.number_input("Seed", 0, 2**31 - 1, **linked("seed", value=0)))
    state, plan = st.session_state, Plan(Pane.of(left), Pane.of(right), budget, seed)
    return TextRequest(state.before, state.text, state.after, target, rather or None, players, absent, plan)


def _take_sample() -> None:
    chosen = next((sample for sample in SAMPLES if sample.title == st.session_state.sample), None)
    if chosen:
        for name in ("before", "text", "after", "players"):
            st.session_state[name] = getattr(chosen, name)


def _open(request: TextRequest) -> tuple:
    """Set the widgets to what a kept run asked; returns which game that is."""
    state, plan = st.session_state, request.plan
    for name in ("before", "text", "after", "players", "absent"):
        state[name] = getattr(request, name)
    state.sample = None
    state.whose = "The model's own answer" if request.target is None else "A target I type"
    state.target, state.rather = request.target or "", request.rather or ""
    nearest = min(BUDGETS, key=lambda budget: abs(budget - plan.budget))
    preset(left=plan.left.key, right=plan.right.key, budget=nearest, seed=plan.seed)
    return request.same_game


def controls(request: TextRequest, state, slot) -> None:
    """Preview, then the model's progress while it loads, then the job bar."""
    st.html(
        f'<div class="swing-preview" dir="auto"><span class="swing-fixed">{escape(request.before)}</span>'
        f'<span class="swing-part">{escape(request.text)}</span>'
        f'<span class="swing-fixed">{escape(request.after)}</span></div>'
    )
    if not ready(slot):
        return
    if "interrupted" in state.extra:  # its server died in the middle of it
        _explain(TextRequest.from_settings(state.extra.pop("interrupted")), state, slot)
    elif state.new:
        state.shown = slot.first_result
        if state.shown is None:
            state.begin(Job(lambda job: _first(slot, job)))
    bar(
        state,
        lambda: text_run.cost(slot.gemma, request, slot.seconds_per_token),
        lambda: _explain(request, state, slot),
        lambda: _more(state, slot),
    )


def _first(slot, job) -> TextResult:
    """A newcomer's run, made once for all."""
    if slot.first_result is None:
        slot.first_result = text_run.run(slot.gemma, FIRST, job, lambda game: Ledger(game))
    return slot.first_result


def _more(state, slot) -> None:
    request = state.shown.request
    _explain(replace(request, plan=replace(request.plan, budget=request.plan.budget * MORE)), state, slot)


def _explain(request: TextRequest, state, slot) -> None:
    """Begin a run, or go on with the one shown where it is of the same game: what was paid stays paid."""
    known = None
    if state.shown is not None and state.shown.request.same_game == request.same_game:
        known = state.shown.comparison.ledger
    own = state.run if state.asked == request.same_game else None
    state.run = run = kept.begin("text", request.text, request.to_settings(), slot.gemma.fingerprint, own)
    state.asked = request.same_game

    def work(job):
        with kept.ended_with(run):
            result = text_run.run(slot.gemma, request, job, lambda game: kept.ledger(run, game, known))
        kept.finish(run, result)
        ledger = result.comparison.ledger
        slot.learn_rate(ledger.seconds, ledger.evaluations * ledger.game.work)
        return result

    state.begin(Job(work, run))


def show_result(result: TextResult, state, slot) -> None:
    """The answer, whose tokens can be chosen, and the comparison."""
    subject, comparison = result.subject, result.comparison
    st.subheader("The answer, and what swung it")
    said = "The model answered" if result.request.target is None else "The target you typed"
    st.html(
        f'<p>{said}:</p><p class="swing-answer" data-answer="1" dir="auto">{escape(subject.target.strip())}</p>'
        + (f"<p>rather than: {escape(result.request.rather.strip())}</p>" if result.request.rather else "")
    )
    chosen = []
    if len(subject.tokens) > 1:
        chosen = st.pills(
            "Explain a part of the answer: click its tokens. It costs nothing.",
            range(len(subject.tokens)),
            selection_mode="multi",
            format_func=lambda i: plain(subject.tokens[i]),
            key="tokens",
        )
    weights = result.selected(chosen)
    request = result.request
    st.caption(
        f"Parts: {PLAYERS[request.players]}; absent ones are {ABSENT[request.absent]}. Paid for so far: "
        f"{comparison.ledger.evaluations} evaluations."
        + (f" The answer is read up to the end of its line, {MAX_ANSWER} tokens at most." if not request.target else "")
    )
    picture = TextPicture(subject, len(chosen))
    more = {
        "Absence": lambda: _absence(result, state, slot),
        "Take away": lambda: downloads(
            lambda: to_bundle(result, request.text[:60], slot.gemma.fingerprint if slot.gemma else ""),
            picture.parts,
            picture.whole,
        ),
    }
    show(comparison, picture, weights, more)


def _absence(result: TextResult, state, slot) -> None:
    def draw(attribution, scale, absent):
        st.html(token_heatmap(result.request.prompt, result.subject.spans, attribution, scale, absent))

    show_policies(
        result, state, ABSENT, lambda job: text_run.other_policies(slot.gemma, result, job), draw, "text", slot.gemma is not None
    )


page()
