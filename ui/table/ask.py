"""The widgets of the Table page: which table, what its columns are, what is predicted by which model, which row."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.draw.markdown import plain, said
from ui.draw.table import show_table
from ui.runs.completing import Size
from ui.settings import allowed
from ui.shell.bench import Bench
from ui.shell.frame import file_key, held, linked, preset, uploader
from ui.shell.widgets import ask_plan, checkbox, plan_widgets, selectbox
from ui.table.request import BACKGROUNDS, CLOSED, USUAL_BACKGROUND, TableRequest
from ui.table.run import PACE, TableState
from ui.table.source import FIRST, Source, digest_of, sample, sample_titles, uploaded
from xai.exchange.visible import visible

if TYPE_CHECKING:
    from model.table.columns import Column

MOST_MB = 50
PREVIEW = 1000  # rows that the page lists
PROPOSED = 5  # columns of which the page asks at once; the rest stand in the list of what was understood


def offer(state: Bench[TableState]) -> None:
    """The samples."""
    if state.own.table is None:
        take(state, sample(FIRST))
    st.session_state.setdefault("t-sample", FIRST)
    told: dict[str, Any] = {"on_change": _pick, "args": (state,), "label_visibility": "collapsed"}
    st.pills("Samples", sample_titles(), key="t-sample", **told)


def choose_table(state: Bench[TableState]) -> Source:
    """The sample that is picked, or the file that was brought; a bad file leaves the table that was there."""
    own = state.own
    told = "Its first line holds the names of the columns."
    label = f"Or a table of yours: CSV, Parquet or Excel (.xlsx), up to {MOST_MB} MB"
    uploader(label, "t-file", MOST_MB, on_change=_bring, args=(state,), help=told)
    if own.error:
        st.error(said(f"{own.error.rstrip('.')}. The table before it is still the one that is used."))
    return own.table or sample(FIRST)


def _pick(state: Bench[TableState]) -> None:
    if st.session_state["t-sample"]:
        take(state, sample(st.session_state["t-sample"]))


def _bring(state: Bench[TableState]) -> None:
    from model.files.reader import check_size

    file, state.own.error = st.session_state[file_key("t-file")], ""
    if file is not None:
        try:
            check_size(file.size)
            with st.spinner("Reading the table"):
                take(state, uploaded(file.name, file.getvalue()))
        except ValueError as error:
            state.own.error = str(error)


def take(state: Bench[TableState], source: Source) -> None:
    """Work with this table from now on; what was said of another is forgotten."""
    fields, model = st.session_state, st.session_state.get("t-model")
    state.own.table, state.own.kinds, state.own.error, state.own.chosen = source, {}, "", None
    state.forget_failure()
    model = "trees" if model in (None, "file") else model
    preset(**{"t-target": source.target, "t-kind": "", "t-row": 1, "t-baseline": 1, "t-model": model})
    fields["t-left-out"], fields["t-kept"] = [], False
    fields["t-sample"] = source.name if source.sample else None


def ask(source: Source, state: Bench[TableState]) -> TableRequest:
    """Everything that a run needs to know."""
    frame = source.frame
    labels, titles = list(frame.columns), allowed(TableRequest)
    _describe(source, state)
    one, two, three = st.columns([2, 2, 1])
    target = one.selectbox(titles["target"].title, labels, format_func=visible, **held("t-target", labels))
    model = selectbox(two, TableRequest, "model", **held("t-model", titles["model"].options))
    row = int(three.number_input(titles["row"].title, 1, len(frame), **held("t-row")))
    file = _model_file(state) if model == "file" else ""
    if model == "gemma":
        st.caption("The language model is not trained on the table: it reads eight examples, then the row, and gives a class.")
    with st.expander("Settings: target, columns left out, background, methods, budget"):
        one, two, three = st.columns(3)
        kind = selectbox(one, TableRequest, "kind", **held("t-kind", titles["kind"].options))
        others = [label for label in labels if label != target]
        left_out = two.multiselect(titles["left_out"].title, others, format_func=visible, key="t-left-out")
        background = three.select_slider(
            titles["background"].title,
            BACKGROUNDS,
            **linked("background", value=USUAL_BACKGROUND),
            help="1 is a single baseline row, which you choose; 100 are rows that the model was trained on.",
        )
        baseline = 1
        if background == 1:
            baseline = int(three.number_input(titles["baseline"].title, 1, len(frame), **held("t-baseline")))
        n = len(labels) - 1 - len(left_out)
        size = Size(n, "columns", 0.0 if model == "gemma" else n / PACE) if n > 0 else None
        plan = ask_plan(exact=model in CLOSED, size=size)
        told = (
            "On this server, so that the run can be reopened and go on. Without it, only names of columns and "
            "classes, settings and values are kept."
        )
        kept = not source.sample and checkbox(st, TableRequest, "kept", key="t-kept", help=told)
    return TableRequest(
        source.name,
        source.digest,
        source.sample,
        target,
        kind,
        tuple(sorted(state.own.kinds.items())),
        tuple(sorted(left_out)),
        model,
        file,
        row - 1,
        background,
        baseline - 1,
        bool(kept),
        plan,
    )


def _describe(source: Source, state: Bench[TableState]) -> None:
    """The first rows, and what every column was understood as, to be corrected."""
    frame, columns = source.frame, _profile(source, state)
    missing, unread = int(sum(column.missing for column in columns)), [c for c in columns if not c.used]
    st.markdown(
        f"**{plain(source.name, 80)}** – {plain(source.about.rstrip('.'), 200)}. {len(frame):,} rows, {frame.shape[1]} columns, "
        f"{missing:,} missing cell{'s' * (missing != 1)}."
        + (f" Not read by a model: {', '.join(plain(c.label, 30) for c in unread[:5])}." if unread else "")
    )
    _propose(source, columns, state)
    rows, understood = st.tabs(["Rows: choose one to explain", "What was understood"])
    with rows:

        def choose() -> None:
            chosen = st.session_state[f"rows-{source.digest}"].selection.rows
            if chosen:
                preset(**{"t-row": chosen[0] + 1})

        key = f"rows-{source.digest}"
        show_table(frame.head(PREVIEW), key, on_select=choose, selection_mode="single-row", height=110)
        if len(frame) > PREVIEW:
            st.caption(f"The first {PREVIEW:,} are listed.")
    with understood:
        told = [
            {"column": c.label, "understood as": c.kind, "missing": c.missing, "different values": c.distinct, "note": c.note}
            for c in columns
        ]
        show_table(told, "t-profile", height=110)
        _correct(columns, state)


def _propose(source: Source, columns: "list[Column]", state: Bench[TableState]) -> None:
    """What somebody should decide: columns proposed as left out, numbers and dates of two readings, a target given away."""
    kinds, target = state.own.kinds, st.session_state["t-target"]
    note, away = _target(source, columns, state)
    if note:
        st.caption(said(f"Target {target}: {note[:1].lower()}{note[1:]}"))
    asked: list[tuple[str, str, dict[str, str]]] = [
        (
            column.label,
            column.note,
            ({"Read it": column.otherwise} if column.otherwise else {}) | {kind: kind for kind in column.readings},
        )
        for column in columns
        if column.otherwise and column.label != target or column.readings
    ]
    for i, (label, told, choices) in enumerate(asked[:PROPOSED]):
        places = st.columns([6, *[1.5] * len(choices)], vertical_alignment="center")
        places[0].caption(f"**{plain(label, 40)}** – {said(told)}")
        for place, (title, kind) in zip(places[1:], choices.items()):
            place.button(title, key=f"t-decide-{i}-{kind}", on_click=kinds.__setitem__, args=(label, kind), width="stretch")
    left_out = st.session_state.get("t-left-out", [])
    for i, (label, told) in enumerate([item for item in away.items() if item[0] not in left_out][:PROPOSED]):
        text, place = st.columns([6, 1.5], vertical_alignment="center")
        text.warning(f"**{plain(label, 40)}** – {said(told)}")
        place.button("Leave it out", key=f"t-away-{i}", on_click=_leave_out, args=(label,), width="stretch")


def _leave_out(label: str) -> None:
    st.session_state["t-left-out"] = [*st.session_state["t-left-out"], label]


def _target(source: Source, columns: "list[Column]", state: Bench[TableState]) -> tuple[str, dict[str, str]]:
    """A note on the chosen target, and the columns that give it away; found out once per table, target and correction."""
    from model.table.cells.giveaway import giveaways
    from model.table.rows import target_position
    from model.table.target import understand_target

    target, kind = st.session_state["t-target"], st.session_state.get("t-kind") or None
    key = source.digest, target, kind, tuple(sorted(state.own.kinds.items()))
    if state.own.target[0] != key:
        found: tuple[str, dict[str, str]] = "", {}
        try:
            at = target_position(columns, target)
            cells = source.frame.iloc[:, at]
            goal = understand_target(cells, columns[at].label, kind, columns[at])
            others = [i for i in range(len(columns)) if i != at]
            away = giveaways(source.frame, [columns[i] for i in others], others, goal, goal.encode(cells))
            found = goal.note, away
        except ValueError:
            pass  # a target that cannot be predicted is said when it is asked for
        state.own.target = key, found
    return state.own.target[1]


def _correct(columns: "list[Column]", state: Bench[TableState]) -> None:
    from model.table.columns import CORRECTIONS

    labels, kinds = [column.label for column in columns], state.own.kinds
    one, two, three = st.columns([2, 2, 1], vertical_alignment="bottom")
    label = one.selectbox("Correct a column", labels, index=None, format_func=visible, key="t-correct", placeholder="which one")
    kind = two.selectbox("It is of kind", list(CORRECTIONS), key="t-correct-kind")
    if three.button("Correct", key="t-correct-it", disabled=label is None) and label is not None:
        kinds[label] = kind
        st.rerun()
    if kinds:
        told = ", ".join(f"{plain(name, 30)} as {kind}" for name, kind in kinds.items())
        st.caption(f"Corrected: {told}.")
        if st.button("Undo the corrections", key="t-undo"):
            kinds.clear()
            st.rerun()


def _profile(source: Source, state: Bench[TableState]) -> "list[Column]":
    """What the columns are; found out once per table and correction, for a large one takes seconds."""
    from model.table.columns import profile

    key = source.digest, tuple(sorted(state.own.kinds.items()))
    if state.own.profile[0] != key:
        state.own.profile = key, profile(source.frame, state.own.kinds)
    return state.own.profile[1]


def _model_file(state: Bench[TableState]) -> str:
    """SHA-256 of the model's file, "" while there is none."""
    file = uploader(
        "The model: LightGBM’s text or JSON, XGBoost’s JSON or UBJSON, CatBoost’s JSON, or an ONNX graph. Other files, pickles "
        "above all, could execute code.",
        "t-model-file",
        MOST_MB,
    )
    if file is None:
        return ""
    if state.own.model_file[0] != file.file_id:
        data = file.getvalue()
        state.own.model_file = file.file_id, digest_of(data), data
    return state.own.model_file[1]


def set_widgets(request: TableRequest, source: Source | None, state: Bench[TableState]) -> None:
    """Set the widgets to what a kept run asked, of its table where it is still there."""
    fields = st.session_state
    if source is not None:
        take(state, source)
        labels = list(source.frame.columns)
        if request.target in labels:
            preset(**{"t-target": request.target})
        fields["t-left-out"] = [label for label in request.left_out if label in labels and label != fields["t-target"]]
        state.own.kinds = {label: kind for label, kind in request.kinds if label in labels}
        rows = len(source.frame)
        at = {"t-row": min(request.row + 1, rows), "t-baseline": min(request.baseline + 1, rows)}
        preset(**at, **{"t-kind": request.kind, "t-model": request.model})
        fields["t-kept"] = request.kept
    preset(background=request.background, **plan_widgets(request.plan, exact=request.model in CLOSED))
