"""The widgets of the Data page: what is valued, which pairs, which sentence, and how."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from model.data.judging import bleu_tokenizer, why_tokenizer
from model.data.pairs import MAX_EVALUATION, MAX_EXAMPLES, Pair, bundled_evaluation, bundled_examples
from model.files.reader import check_size
from ui.data.columns import ask_pairs
from ui.data.request import EXAMPLES, MAX_LANGUAGE, PLAYERS, WORDS, DataRequest, DataState, ExamplesRequest, WordsRequest
from ui.draw.markdown import said
from ui.draw.table import show_table
from ui.names import ABSENT
from ui.runs.comparison import Plan
from ui.runs.completing import Size, size_or_none
from ui.shell.bench import Bench
from ui.shell.frame import held, preset, uploader
from ui.shell.widgets import ask_plan, plan_widgets, selectbox
from ui.text.request import MAX_TARGET
from ui.text.samples import SAMPLES

SOURCES = "sources"
MODES = {EXAMPLES: "Examples in the prompt", SOURCES: "Training runs you have scored", WORDS: "Words of a sentence"}
BUDGETS = [16, 32, 64, 128, 256, 512]
MOST_MB = 1
LANGUAGES = "English", "French"
OWN, TYPED = "The model's own translation", "A translation I type"
_PAIRS = {
    "examples": (
        "Few-shot examples",
        bundled_examples,
        MAX_EXAMPLES,
        "a column each for sentences, translations and, for groups, origins",
    ),
    "evaluation": ("Evaluation pairs", bundled_evaluation, MAX_EVALUATION, "a column each for sentences and translations"),
}


def ask_mode(state: Bench[DataState]) -> None:
    """Which of the page's three questions is asked."""
    more: dict[str, Any] = {"required": True, "disabled": state.job is not None}
    more |= {"format_func": MODES.__getitem__, "label_visibility": "collapsed"}
    st.segmented_control("What is to be valued?", list(MODES), key="data-mode", **more)


def ask_examples(state: Bench[DataState]) -> ExamplesRequest | None:
    """The request of the widgets; None, with a sentence, where an uploaded table is none."""
    st.markdown(
        "The model translates each evaluation sentence after a prompt of examples. Swing leaves examples out, again and "
        "again, and measures how good the translations are."
    )
    columns = st.columns(2)
    asked = [_ask_pairs(column, what, state) for column, what in zip(columns, _PAIRS)]
    state.own.read |= {what: found for what, found in zip(_PAIRS, asked) if found is not None}
    # a widget that is not drawn forgets: beside a refused table the settings are those of the pairs before it
    (examples, own), (evaluation, own_too) = (state.own.read.get(what) or (tuple(_PAIRS[what][1]()), False) for what in _PAIRS)
    grouped = all(pair.origin for pair in examples) and len({pair.origin for pair in examples}) > 1
    with st.expander("Settings: players, sentences, languages, methods, budget"):
        one, two, three = st.columns(3)
        options = {name: title for name, title in PLAYERS.items() if grouped or name == "example"}
        players = selectbox(one, ExamplesRequest, "players", options, key=f"data-players-{grouped}")
        most = len(evaluation)
        count = most
        if most > 1:
            count = two.slider("Evaluation sentences used", 1, most, most, key=f"data-count-{most}")
        from_, to = (
            three.text_input(f"Language of the {what}", name, key=f"data-{what}", max_chars=MAX_LANGUAGE)
            for what, name in zip(("source", "target"), LANGUAGES)
        )
        plan = ask_plan(BUDGETS, 64, "data-", size=_size(examples, players), one_set=True)
    references = [pair.target for pair in evaluation[:count]]
    if None not in asked:
        _show_pairs(examples, evaluation[:count])
        if why_tokenizer(references):
            st.caption(why_tokenizer(references))
    if own or own_too:
        st.checkbox(
            "Keep these pairs with the run, on this server, so that it can be reopened and go on after a crash",
            key="data-keep",
            help="Without it, nothing of this run is kept; take it away as files.",
        )
    tokenizer = bleu_tokenizer(references)
    request = ExamplesRequest(players, (from_, to), own or own_too, examples, evaluation[:count], plan, tokenizer)
    return None if None in asked else request


def bundled_request() -> ExamplesRequest:
    """What the page asks of the bundled pairs where nobody chose otherwise."""
    plan = Plan(budget=64, one_set=True)
    return ExamplesRequest("origin", LANGUAGES, False, tuple(bundled_examples()), tuple(bundled_evaluation()), plan)


def _size(examples: tuple[Pair, ...], players: str) -> Size:
    """How long an evaluation takes hangs on what the model writes: a budget must be chosen."""
    single = players == "example"
    return Size(len(examples if single else {pair.origin for pair in examples}), "examples" if single else "origins")


def _ask_pairs(column: Any, what: str, state: Bench[DataState]) -> tuple[tuple[Pair, ...], bool] | None:
    """The pairs of an upload, of a run that was opened, or the bundled ones; and whether they are a user's own."""
    title, bundled, most, columns = _PAIRS[what]
    label = f"{title}: the bundled ones, or a CSV or Excel file (.xlsx) of yours ({columns})"
    file = uploader(label, f"data-{what}-{state.own.opened}", MOST_MB, column)
    try:
        if file is not None:
            check_size(file.size, MOST_MB * 1_000_000)
            return ask_pairs(column, f"data-{what}", file.getvalue(), file.name, most, what == "examples"), True
    except ValueError as error:
        column.error(f"{title}: {said(str(error))}")
        return None
    if what in state.own.pairs:
        column.caption(f"{title} are those of the run that was opened.")
        if column.button("Back to the bundled ones", key=f"data-{what}-back"):
            del state.own.pairs[what]
            st.rerun()
        return state.own.pairs[what], True
    return tuple(bundled()), False


def _show_pairs(examples: tuple[Pair, ...], evaluation: tuple[Pair, ...]) -> None:
    counts = [
        f"{len(pairs)} {what}{'s' * (len(pairs) != 1)}"
        for pairs, what in ((examples, "example"), (evaluation, "evaluation sentence"))
    ]
    with st.expander(f"The {counts[0]} and the {counts[1]}"):
        for title, pairs in (("Examples, in the order of the prompt", examples), ("Evaluation", evaluation)):
            st.markdown(f"**{title}**")
            rows = [{"source": p.source, "target": p.target, "origin": p.origin} for p in pairs]
            show_table(rows, f"data-pairs-{title}")


def ask_words(size: Callable[[WordsRequest], Size]) -> WordsRequest:
    """A sentence, its translation, and what surrounds it in the prompt. size(request) : as `ui.text.ask.ask` takes it"""
    st.markdown(
        "The model translates a sentence. Swing leaves its words out, again and again, and shows which of them each word "
        "of the translation hangs on."
    )
    sentence = st.text_input("Sentence to translate", max_chars=500, **held("words-sentence", value=SAMPLES[1].text))
    whose = st.radio("Translation", [OWN, TYPED], horizontal=True, **held("words-whose", [OWN, TYPED]))
    target = None
    if whose == TYPED:
        most = MAX_TARGET - 1  # a space goes before it
        typed = st.text_input("Your translation", max_chars=most, **held("words-target"))
        target = f" {typed.strip()}" if typed.strip() else ""
    with st.expander("Settings: examples around it, absence, methods, budget"):
        before = st.text_area("Examples before it, always kept", height=150, **held("words-before", value=SAMPLES[1].before))
        after = st.text_area("After it, always kept", height=70, **held("words-after", value=SAMPLES[1].after))
        absent = st.selectbox("Absent words are", list(ABSENT), format_func=ABSENT.__getitem__, **held("words-absent", ABSENT))
        request = WordsRequest(before, sentence, after, target, None, "word", absent)
        plan = ask_plan(BUDGETS, 64, "data-", size=size_or_none(lambda: size(request)), one_set=True)
    return replace(request, plan=plan)


def set_widgets(request: DataRequest, state: Bench[DataState]) -> None:
    """Set the widgets to what a run asked."""
    fields = st.session_state
    fields["data-mode"] = request.kind
    of_plan = plan_widgets(request.plan, BUDGETS, "data-")
    if isinstance(request, WordsRequest):
        texts = {"words-sentence": request.text, "words-before": request.before, "words-after": request.after}
        texts |= {"words-absent": request.absent, "words-target": (request.target or "").strip()}
        preset(**of_plan, **texts, **{"words-whose": OWN if request.target is None else TYPED})
        return
    preset(**of_plan)
    state.own.opened += 1  # uploaders begin anew, empty
    for what, bundled in (("examples", bundled_examples()), ("evaluation", bundled_evaluation())):
        pairs = getattr(request, what)
        state.own.pairs.pop(what, None)
        if pairs != tuple(bundled[: len(pairs)]) or (what == "examples" and len(pairs) != len(bundled)):
            state.own.pairs[what] = pairs
    most = len(state.own.pairs.get("evaluation", bundled_evaluation()))
    fields[f"data-count-{most}"] = len(request.evaluation)
    origins = {pair.origin for pair in request.examples}
    fields[f"data-players-{'' not in origins and len(origins) > 1}"] = request.players
    fields["data-source"], fields["data-target"] = request.languages
