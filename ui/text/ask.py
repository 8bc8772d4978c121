"""The widgets of the Text page, and the request that they make."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace

import streamlit as st
from markupsafe import Markup

from model.conversation import from_json
from model.text.once import READ_ONCE
from ui.draw.html import render
from ui.draw.markdown import plain, said
from ui.runs.completing import Size, size_or_none
from ui.settings import allowed
from ui.shell.frame import held, linked, preset
from ui.shell.widgets import ask_plan, number_input, plan_widgets, selectbox, text_input
from ui.text.request import TextRequest
from ui.text.samples import SAMPLES

BUDGETS = [64, 128, 256, 512, 1024, 2048, 4096]
AROUND, LONGEST = 40, 1000  # characters that the line of a question shows: around the text, of the text
UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")  # scripts without spaces
ONCE = (
    "Cheap, not the real removal: the prompt is read once in full, and absent parts are hidden only from what stands after "
    "the text, which there must be. What the other parts took over from them stays. Good for a first look at a long text; of "
    "the words of a sentence the values are often others."
)
OWN, TYPED = "The model's own answer", "A target I type"


def offer() -> None:
    """The samples."""
    st.session_state.setdefault("sample", SAMPLES[0].title)
    titles = [sample.title for sample in SAMPLES]
    st.pills("Samples", titles, key="sample", on_change=_take_sample, label_visibility="collapsed")


def ask(size: Callable[[TextRequest], Size], reads: Callable[[str], str] | None = None) -> TextRequest:
    """The widgets of a request, and the prompt they make. Settings stand in the link; the text never does.

    size(request) : of its game; ValueError where there is none
    reads(prompt) : what a chat model reads of it, of whose turns the answer is one; None of another model
    """
    titles = {name: one.title for name, one in allowed(TextRequest).items()}
    st.text_area(titles["text"], height=90, **held("text", value=SAMPLES[0].text))
    _offer_turns(reads is not None)
    left, right = st.columns(2)
    left.text_area(titles["before"], height=110, **held("before", value=SAMPLES[0].before))
    right.text_area(titles["after"], height=110, **held("after", value=SAMPLES[0].after))
    with st.expander("Settings: target, parts, absence, methods, budget"):
        own = st.radio("What should be explained?", [OWN, TYPED], horizontal=True, **held("whose", [OWN, TYPED]))
        target = None
        if own != OWN:
            target = text_input(st, TextRequest, "target", placeholder=" positive", **held("target"))
            _offer_space("target", reads is not None)
        one, two, _ = st.columns(3)
        until = selectbox(one, TextRequest, "until", disabled=own != OWN, **linked("until"))
        longest = number_input(two, TextRequest, "longest", disabled=own != OWN, **linked("longest", value=20))
        told = "The values then say what makes the answer more likely than this one."
        rather = text_input(st, TextRequest, "rather", placeholder=" negative", help=told, **held("rather"))
        _offer_space("rather", reads is not None)
        one, two, _ = st.columns(3)
        players = selectbox(one, TextRequest, "players", **linked("players"))
        absent = selectbox(two, TextRequest, "absent", **linked("absent"))
        if absent == READ_ONCE:
            st.caption(ONCE)
        state = st.session_state
        request = TextRequest(state.before, state.text, state.after, target, rather or None, players, absent)
        request = replace(request, until=until, longest=longest)
        request = replace(request, plan=ask_plan(BUDGETS, size=size_or_none(lambda: size(request))))
    st.html(render("preview", before=request.before, text=request.text, after=request.after))
    if reads is not None:
        _show_read(reads, request.prompt)
    if request.target or request.rather:
        what = f"“{plain(request.target)}”" if request.target else "the model’s own answer"
        st.caption(f"To explain: why {what}" + (f" rather than “{plain(request.rather)}”." if request.rather else "."))
    return request


def _offer_turns(chat: bool) -> None:
    """A list of messages is no text that a model reads: offer its turns between marks, which it does."""
    fields = st.session_state
    try:
        written = from_json(fields.text)
    except ValueError as error:
        st.warning(said(str(error)))
        return
    if written is None:
        return
    if not chat:
        st.caption("These messages are read as they stand: this model knows no turns.")
        return

    def take() -> None:
        preset(text=written, before="", after="")
        fields.players = "turn"

    st.button("Read these messages as a conversation, turn by turn", key="turns", on_click=take)


def _show_read(reads: Callable[[str], str], prompt: str) -> None:
    with st.expander("What the model reads: its chat template, applied once"):
        try:
            st.code(reads(prompt), language=None, wrap_lines=True)
        except ValueError as error:
            st.caption(said(str(error)))


def _offer_space(key: str, chat: bool) -> None:
    """A word after a word is another token with its space than without: offer it where the script puts spaces."""
    fields = st.session_state
    typed, prompt = fields.get(key) or "", fields.before + fields.text + fields.after
    if chat or not typed[:1].isalnum() or not prompt or prompt[-1].isspace():
        return
    if unicodedata.name(typed[0], "").startswith(UNSPACED):
        return

    def add() -> None:
        preset(**{key: f" {typed}"})

    told = "Right after a word or a sign, models mostly write a word together with the space before it, as one token."
    st.button(f"Put a space before it: “ {plain(typed, 40)}”", key=f"{key}-space", on_click=add, help=told)


def asked(request: TextRequest) -> Markup:
    """What is explained, and what stands right before and after it."""
    before, after = request.before, request.after
    if len(before) > AROUND:
        before = "… " + before[-AROUND:]
    if len(after) > AROUND:
        after = after[:AROUND] + " …"
    return render("preview", before=before, text=request.text[:LONGEST], after=after)


def _take_sample() -> None:
    chosen = next((sample for sample in SAMPLES if sample.title == st.session_state.sample), None)
    if chosen:
        st.session_state.players = chosen.players
        preset(before=chosen.before, text=chosen.text, after=chosen.after)


def set_widgets(request: TextRequest) -> None:
    """Set the widgets to what a kept run asked."""
    state = st.session_state
    for name in ("players", "absent", "until"):
        state[name] = getattr(request, name)
    state.sample = None
    texts = {"before": request.before, "text": request.text, "after": request.after}
    answers = {"target": request.target or "", "rather": request.rather or ""}
    answers["whose"] = OWN if request.target is None else TYPED
    preset(longest=request.longest, **texts, **answers, **plan_widgets(request.plan, BUDGETS))
