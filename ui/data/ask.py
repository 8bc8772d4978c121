"""The widgets of the Data page: what is valued, which pairs, which sentence, and how."""

import streamlit as st

from model.data.pairs import MAX_EVALUATION, MAX_EXAMPLES, Pair, bundled_evaluation, bundled_examples, read_pairs
from ui.data.run import EXAMPLES, MAX_LANGUAGE, PLAYERS, WORDS, ExamplesRequest, WordsRequest
from ui.draw.markdown import said
from ui.names import ABSENT, DEFAULT_PANES, PANES, Pane
from ui.runs.comparison import Plan
from ui.shell.frame import linked, preset
from ui.text.run import MAX_TARGET, TextRequest
from ui.text.samples import SAMPLES

SOURCES = "sources"
MODES = {EXAMPLES: "Examples in the prompt", SOURCES: "Training runs you have scored", WORDS: "Words of a sentence"}
BUDGETS = [16, 32, 64, 128, 256, 512]
MOST_MB = 1
OWN, TYPED = "The model's own translation", "A translation I type"
_PAIRS = {
    "examples": ("Few-shot examples", bundled_examples, MAX_EXAMPLES, "columns source, target and, for groups, origin"),
    "evaluation": ("Evaluation pairs", bundled_evaluation, MAX_EVALUATION, "columns source and target"),
}


def ask_mode(state) -> str:
    """Which of the page's three questions is asked."""
    return (
        st.segmented_control(
            "What is to be valued?",
            list(MODES),
            format_func=MODES.get,
            key="data-mode",
            required=True,
            disabled=state.job is not None,
        )
        or EXAMPLES
    )


def ask_examples(state) -> ExamplesRequest | None:
    """The request of the widgets; None, with a sentence, where an uploaded table is none."""
    st.markdown(
        "Gemma 3 translates each evaluation sentence after a prompt of examples. Swing leaves examples out, again and "
        "again, and measures how good the translations are."
    )
    columns = st.columns(2)
    found = [_ask_pairs(column, what, state) for column, what in zip(columns, _PAIRS)]
    if None in found:
        return None
    (examples, own), (evaluation, own_too) = found
    grouped = all(pair.origin for pair in examples) and len({pair.origin for pair in examples}) > 1
    with st.expander("Settings: players, sentences, languages, methods, budget"):
        one, two, three = st.columns(3)
        options = list(PLAYERS) if grouped else ["example"]
        players = one.selectbox("Players", options, format_func=PLAYERS.get, key=f"data-players-{grouped}")
        most = len(evaluation)
        count = most
        if most > 1:
            count = two.slider("Evaluation sentences used", 1, most, most, key=f"data-count-{most}")
        languages = tuple(
            three.text_input(f"Language of the {what}", name, key=f"data-{what}", max_chars=MAX_LANGUAGE)
            for what, name in (("source", "English"), ("target", "French"))
        )
        plan = _ask_plan(columns=(one, two), usual=64)
    _show_pairs(examples, evaluation[:count])
    return ExamplesRequest(examples, evaluation[:count], players, languages, own or own_too, plan)


def _ask_pairs(column, what: str, state) -> tuple[tuple[Pair, ...], bool] | None:
    """The pairs of an upload, of a run that was opened, or the bundled ones; and whether they are a user's own."""
    title, bundled, most, columns = _PAIRS[what]
    file = column.file_uploader(
        f"{title}: the bundled ones, or a CSV of yours ({columns})",
        "csv",
        key=f"data-{what}-{state.extra.get('opened-pairs', 0)}",
        max_upload_size=MOST_MB,
    )
    try:
        if file is not None:
            if file.size > MOST_MB * 1_000_000:
                raise ValueError(f"the file has {file.size / 1e6:.1f} MB; at most {MOST_MB} are read: shorten it")
            return tuple(read_pairs(file.getvalue(), most)), True
    except ValueError as error:
        column.error(f"{title}: {said(str(error))}")
        return None
    if what in state.extra:
        column.caption(f"{title} are those of the run that was opened.")
        if column.button("Back to the bundled ones", key=f"data-{what}-back"):
            del state.extra[what]
            st.rerun()
        return state.extra[what], True
    return tuple(bundled()), False


def _show_pairs(examples, evaluation) -> None:
    counts = [
        f"{len(pairs)} {what}{'s' * (len(pairs) != 1)}"
        for pairs, what in ((examples, "example"), (evaluation, "evaluation sentence"))
    ]
    with st.expander(f"The {counts[0]} and the {counts[1]}"):
        for title, pairs in (("Examples, in the order of the prompt", examples), ("Evaluation", evaluation)):
            st.markdown(f"**{title}**")
            rows = [{"source": p.source, "target": p.target, "origin": p.origin} for p in pairs]
            st.dataframe(rows, hide_index=True, key=f"data-pairs-{title}")


def ask_words() -> WordsRequest:
    """A sentence, its translation, and what surrounds it in the prompt."""
    st.markdown(
        "Gemma 3 translates a sentence. Swing leaves its words out, again and again, and shows which of them each word "
        "of the translation hangs on."
    )
    state = st.session_state
    state.setdefault("words-sentence", SAMPLES[1].text)
    state.setdefault("words-before", SAMPLES[1].before)
    state.setdefault("words-after", SAMPLES[1].after)
    sentence = st.text_input("Sentence to translate", key="words-sentence", max_chars=500)
    whose = st.radio("Translation", [OWN, TYPED], key="words-whose", horizontal=True)
    target = None
    if whose == TYPED:
        typed = st.text_input("Your translation", key="words-target", max_chars=MAX_TARGET)
        target = f" {typed.strip()}" if typed.strip() else ""
    with st.expander("Settings: examples around it, absence, methods, budget"):
        before = st.text_area("Examples before it, always kept", key="words-before", height=150)
        after = st.text_area("After it, always kept", key="words-after", height=70)
        one, two, _ = st.columns(3)
        absent = one.selectbox("Absent words are", list(ABSENT), format_func=ABSENT.get, key="words-absent")
        plan = _ask_plan(columns=(one, two), usual=64)
    return WordsRequest(TextRequest(before, sentence, after, target, None, "word", absent, plan))


def _ask_plan(columns, usual: int) -> Plan:
    one, two = columns
    budget = one.select_slider("Evaluations per map, at most", BUDGETS, **linked("data-budget", value=usual))
    keys, name = [pane.key for pane in PANES], {pane.key: str(pane) for pane in PANES}.get
    first, second = map(PANES.index, DEFAULT_PANES)
    left = two.selectbox("Left map", keys, format_func=name, **linked("data-left", index=first))
    right = two.selectbox("Right map", keys, format_func=name, **linked("data-right", index=second))
    seed = int(one.number_input("Seed", 0, 2**31 - 1, **linked("data-seed", value=0)))
    return Plan(Pane.of(left), Pane.of(right), budget, seed)


def set_widgets(request, state) -> tuple:
    """Set the widgets to what a run asked; returns which game that is."""
    fields, plan = st.session_state, request.plan
    fields["data-mode"] = request.kind
    nearest = min(BUDGETS, key=lambda budget: abs(budget - plan.budget))
    preset(**{"data-left": plan.left.key, "data-right": plan.right.key, "data-budget": nearest, "data-seed": plan.seed})
    if request.kind == WORDS:
        text = request.text
        fields["words-sentence"], fields["words-before"], fields["words-after"] = text.text, text.before, text.after
        fields["words-absent"], fields["words-whose"] = text.absent, OWN if text.target is None else TYPED
        fields["words-target"] = (text.target or "").strip()
        return request.same_game
    state.extra["opened-pairs"] = state.extra.get("opened-pairs", 0) + 1  # uploaders begin anew, empty
    for what, bundled in (("examples", bundled_examples()), ("evaluation", bundled_evaluation())):
        pairs = getattr(request, what)
        state.extra.pop(what, None)
        if pairs != tuple(bundled[: len(pairs)]) or (what == "examples" and len(pairs) != len(bundled)):
            state.extra[what] = pairs
    most = len(state.extra.get("evaluation", bundled_evaluation()))
    fields[f"data-count-{most}"] = len(request.evaluation)
    origins = {pair.origin for pair in request.examples}
    fields[f"data-players-{'' not in origins and len(origins) > 1}"] = request.players
    fields["data-source"], fields["data-target"] = request.languages
    return request.same_game
