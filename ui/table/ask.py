"""The widgets of the Table page: which table, what its columns are, what is predicted by which model, which row."""

import streamlit as st

from ui.draw.markdown import plain, said
from ui.names import DEFAULT_PANES, PANES, Pane
from ui.runs.comparison import Plan
from ui.shell.frame import linked, preset
from ui.table.request import BACKGROUNDS, MODELS, TARGET_KINDS, USUAL_BACKGROUND, TableRequest
from ui.table.source import FIRST, Source, digest_of, sample, sample_titles, uploaded

BUDGETS = [32, 64, 128, 256, 512, 1024, 2048, 4096]
PREVIEW = 1000  # rows that the page lists


def choose_table(state) -> Source:
    """The sample that is picked, or the file that was brought; a bad file leaves the table that was there."""
    if "table" not in state.extra:
        take(state, sample(FIRST))
    st.session_state.setdefault("t-sample", FIRST)
    st.pills("Samples", sample_titles(), key="t-sample", on_change=_pick, args=(state,))
    st.file_uploader(
        "Or a table of yours: CSV, Parquet or Excel (.xlsx), up to 50 MB, its first line the names of the columns",
        key="t-file",
        max_upload_size=50,
        on_change=_bring,
        args=(state,),
    )
    if state.extra.get("table-error"):
        st.error(said(f"{state.extra['table-error'].rstrip('.')}. The table before it is still the one that is used."))
    return state.extra["table"]


def _pick(state) -> None:
    if st.session_state["t-sample"]:
        take(state, sample(st.session_state["t-sample"]))


def _bring(state) -> None:
    from model.files.table import check_size

    file, state.extra["table-error"] = st.session_state["t-file"], None
    if file is not None:
        try:
            check_size(file.size)
            with st.spinner("Reading the table"):
                take(state, uploaded(file.name, file.getvalue()))
        except ValueError as error:
            state.extra["table-error"] = str(error)


def take(state, source: Source) -> None:
    """Work with this table from now on; what was said of another is forgotten."""
    fields, model = st.session_state, st.session_state.get("t-model")
    state.extra["table"], state.extra["kinds"], state.extra["table-error"] = source, {}, None
    state.forget_failure()
    fields["t-target"], fields["t-kind"], fields["t-row"], fields["t-baseline"] = source.target, "", 1, 1
    fields["t-left-out"], fields["t-kept"] = [], False
    fields["t-model"] = "trees" if model in (None, "file") else model
    fields["t-sample"] = source.name if source.sample else None


def ask(source: Source, state) -> TableRequest:
    """Everything that a run needs to know."""
    frame = source.frame
    labels = list(frame.columns)
    _describe(source, state)
    one, two, three = st.columns([2, 2, 1])
    target = one.selectbox("Column to predict", labels, key="t-target")
    model = two.selectbox("Model", list(MODELS), format_func=MODELS.get, key="t-model")
    row = int(three.number_input("Row to explain", 1, len(frame), key="t-row"))
    file = _model_file(state) if model == "file" else ""
    if model == "gemma":
        st.caption("Gemma 3 is not trained on the table: it reads eight examples, then the row, and gives a class.")
    with st.expander("Settings: target, columns left out, background, methods, budget"):
        one, two, three = st.columns(3)
        kind = one.selectbox("The target is", list(TARGET_KINDS), format_func=TARGET_KINDS.get, key="t-kind")
        left_out = two.multiselect("Leave out columns", [label for label in labels if label != target], key="t-left-out")
        background = three.select_slider(
            "Background: how many rows lend absent cells",
            BACKGROUNDS,
            **linked("background", value=USUAL_BACKGROUND),
            help="1 is a single baseline row, which you choose; 100 are rows that the model was trained on.",
        )
        baseline = 1
        if background == 1:
            baseline = int(three.number_input("Baseline row", 1, len(frame), key="t-baseline"))
        budget = one.select_slider("Evaluations per map, at most", BUDGETS, **linked("budget", value=256))
        keys, name = [pane.key for pane in PANES], {pane.key: str(pane) for pane in PANES}.get
        left = two.selectbox("Left map", keys, format_func=name, **linked("left", index=PANES.index(DEFAULT_PANES[0])))
        right = three.selectbox("Right map", keys, format_func=name, **linked("right", index=PANES.index(DEFAULT_PANES[1])))
        seed = int(one.number_input("Seed", 0, 2**31 - 1, **linked("seed", value=0)))
        kept = not source.sample and two.checkbox(
            "Keep this table with the run",
            key="t-kept",
            help="On this server, so that the run can be reopened and go on. Without it, only names of columns and "
            "classes, settings and values are kept.",
        )
    return TableRequest(
        source.name,
        source.digest,
        source.sample,
        target,
        kind,
        tuple(sorted(state.extra["kinds"].items())),
        tuple(sorted(left_out)),
        model,
        file,
        row - 1,
        background,
        baseline - 1,
        bool(kept),
        Plan(Pane.of(left), Pane.of(right), budget, seed),
    )


def _describe(source: Source, state) -> None:
    """The first rows, and what every column was understood as, to be corrected."""
    frame, columns = source.frame, _profile(source, state)
    missing, unread = int(sum(column.missing for column in columns)), [c for c in columns if not c.used]
    st.markdown(
        f"**{plain(source.name, 80)}** – {plain(source.about, 200)} {len(frame):,} rows, {frame.shape[1]} columns, "
        f"{missing:,} missing cells."
        + (f" Not read by a model: {', '.join(plain(c.label, 30) for c in unread[:5])}." if unread else "")
    )
    rows, understood = st.tabs(["Rows", "What was understood"])
    with rows:

        def choose():
            chosen = st.session_state[f"rows-{source.digest}"].selection.rows
            if chosen:
                st.session_state["t-row"] = chosen[0] + 1

        st.dataframe(
            frame.head(PREVIEW),
            key=f"rows-{source.digest}",
            on_select=choose,
            selection_mode="single-row",
            height=180,
            hide_index=True,
        )
        st.caption("Choose a row to explain it." + (f" The first {PREVIEW:,} are listed." if len(frame) > PREVIEW else ""))
    with understood:
        told = [
            {"column": c.label, "understood as": c.kind, "missing": c.missing, "different values": c.distinct, "note": c.note}
            for c in columns
        ]
        st.dataframe(told, hide_index=True, key="t-profile", height=180)
        _correct(columns, state)


def _correct(columns, state) -> None:
    from model.table.columns import KINDS

    labels, kinds = [column.label for column in columns], state.extra["kinds"]
    one, two, three = st.columns([2, 2, 1], vertical_alignment="bottom")
    label = one.selectbox("Correct a column", labels, index=None, key="t-correct", placeholder="which one")
    kind = two.selectbox("It is of kind", list(KINDS), key="t-correct-kind")
    if three.button("Correct", key="t-correct-it", disabled=label is None):
        kinds[label] = kind
        st.rerun()
    if kinds:
        told = ", ".join(f"{plain(name, 30)} as {kind}" for name, kind in kinds.items())
        st.caption(f"Corrected: {told}.")
        if st.button("Undo the corrections", key="t-undo"):
            kinds.clear()
            st.rerun()


def _profile(source: Source, state) -> list:
    """What the columns are; found out once per table and correction, for a large one takes seconds."""
    from model.table.columns import profile

    key = source.digest, tuple(sorted(state.extra["kinds"].items()))
    if state.extra.get("profile", (None,))[0] != key:
        state.extra["profile"] = key, profile(source.frame, state.extra["kinds"])
    return state.extra["profile"][1]


def _model_file(state) -> str:
    """SHA-256 of the model's file, "" while there is none."""
    file = st.file_uploader(
        "The model: LightGBM’s text or XGBoost’s JSON. Other files, pickles above all, could execute code.",
        key="t-model-file",
        max_upload_size=50,
    )
    if file is None:
        return ""
    if state.extra.get("model-file", ("",))[0] != file.file_id:
        data = file.getvalue()
        state.extra["model-file"] = file.file_id, digest_of(data), data
    return state.extra["model-file"][1]


def set_widgets(request: TableRequest, source: Source | None, state) -> tuple:
    """Set the widgets to what a kept run asked, of its table where it is still there; returns which game that is."""
    fields, plan = st.session_state, request.plan
    if source is not None:
        take(state, source)
        labels = list(source.frame.columns)
        if request.target in labels:
            fields["t-target"] = request.target
        fields["t-kind"], fields["t-model"] = request.kind, request.model
        fields["t-left-out"] = [label for label in request.left_out if label in labels and label != fields["t-target"]]
        state.extra["kinds"] = {label: kind for label, kind in request.kinds if label in labels}
        rows = len(source.frame)
        fields["t-row"], fields["t-baseline"] = min(request.row + 1, rows), min(request.baseline + 1, rows)
        fields["t-kept"] = request.kept
    nearest = min(BUDGETS, key=lambda budget: abs(budget - plan.budget))
    preset(background=request.background, left=plan.left.key, right=plan.right.key, budget=nearest, seed=plan.seed)
    return request.same_game
