"""The widgets of a new data set: the file, what a row is, the question, what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from batch.kinds.text import pieces_of
from batch.parts import RUN
from batch.settings import ABSENT, Settings
from batch.sources import Bad, Source, source_of
from batch.sources.images import Images
from batch.summary import View
from model.image.formats import SUFFIXES
from ui.draw.markdown import plain, said, short
from ui.draw.table import show_table
from ui.image.request import ABSENT as ABSENCES
from ui.image.request import GRIDS, PHOTOS, ImageRequest
from ui.runs.comparison import Plan
from ui.sets.images import seen
from ui.sets.kept import Asked, adopt, bring, bring_all, drop
from ui.shell.access import public
from ui.shell.bench import Bench
from ui.shell.frame import file_key, held, preset, uploader
from ui.shell.model_slot import model_slot
from ui.shell.widgets import number_input, one_of, selectbox
from ui.text.request import TextRequest
from xai.exchange.visible import visible

MOST_MB = 50
KINDS = {"text": "a text, which the model reads", "table": "a row of a table, from which a column is predicted"}
BUDGETS = [32, 64, 128, 256, 512, 1024]
PART = {"text": 4, "table": 256, "image": 4}  # rows that are written together: what a cancelled process loses at most
PICTURES = sorted(suffix[1:] for suffix in SUFFIXES)
USUAL = ("text", "review", "sentence", "prompt", "question")  # columns that are explained where nobody says otherwise
HERE = ("localhost", "127.0.0.1", "::1")
NUMBERS = "their numbers, from 0"
PREVIEW, CELL = 5, 200  # rows, and characters of a cell, that are shown
SERVED = "The model of this app runs on another server, which a run over a data set cannot ask; a table can be explained."
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")


@dataclass
class Own:
    """path, name : of the file that is there, "" for none;  error : why another is not
    columns : kind → names of the columns, or why there are none;  head : the first rows
    pictures, first : how many the folder has, and some of them; 0 where rows are no pictures
    estimated : (what was asked, what it would cost)
    view : what the global view that was last read is of, how many rows, and the view
    same : id of a data set → whether its source is still what its run is of
    cuts : id of a data set → columns by which its rows can be cut;  cells : of the row that was shown last, and which that is
    round : of the uploader, which holds its file for as long as it has one name
    begun : id of a data set that the page is to show next, "" for none
    """

    path: str = ""
    name: str = ""
    error: str = ""
    columns: dict[str, list[str] | str] = field(default_factory=dict)
    head: list[dict[str, str]] = field(default_factory=list)
    pictures: int = 0
    first: list[Path] = field(default_factory=list)
    estimated: tuple[Asked, dict[str, Any]] | None = None
    view: tuple[Any, int, View | None] = (None, 0, None)
    same: dict[str, bool] = field(default_factory=dict)
    cuts: dict[str, list[str]] = field(default_factory=dict)
    cells: tuple[Any, Any] = (None, None)
    round: int = 0
    begun: str = ""

    @property
    def uploader(self) -> str:
        return f"sets-file-{self.round}"


def is_local() -> bool:
    """Whether this server listens to its own machine alone, and is asked from there: its user may name files of it."""
    if public():
        return False
    headers = st.context.headers
    host = urlsplit(f"//{headers.get('Host') or ''}").hostname
    return st.get_option("server.address") in HERE and host in HERE and not any(map(headers.get, FORWARDED))


def ask(state: Bench[Own]) -> Asked | None:
    """What is asked of the file that is there; None, with a sentence, where nothing can be."""
    _choose_file(state)
    own = state.own
    if own.error:
        st.error(said(own.error))
    if not own.path:
        return None
    st.markdown(f"**{plain(own.name, 80)}**")
    if own.pictures:
        return _ask_pictures(own)
    if own.head:
        show_table(own.head, "sets-head")
    kind = one_of("What is a row?", list(KINDS), "text", "sets-kind", format_func=KINDS.get)
    columns = _columns(own, kind)
    if isinstance(columns, str):
        st.warning(said(columns))
        return None
    if kind == "text" and model_slot().server:
        st.warning(SERVED)
        return None
    try:
        asked = {"kind": kind, **(_ask_text(own, columns) if kind == "text" else _ask_table(own, columns))}
        more, limit, workers = _ask_more(own, kind, columns)
        Settings(**asked, **more)  # says what does not fit
    except ValueError as error:
        st.warning(said(str(error)))
        return None
    return Asked(own.path, own.name, asked | more, limit, workers)


def _ask_pictures(own: Own) -> Asked:
    st.caption(f"{own.pictures:,} picture{'s' * (own.pictures > 1)}, among them:")
    st.image([image for path in own.first if (image := seen(path)) is not None], width=120)
    one, two, _ = st.columns(3)
    sides = {side: f"{side} × {side}" for side in GRIDS}
    grid = selectbox(one, ImageRequest, "grid", sides, index=list(sides).index(7), key="sets-of-grid")
    ways = {name: ABSENCES[PHOTOS][name] for name in ABSENT["image"]}
    absent = selectbox(two, ImageRequest, "absent", ways, key="sets-of-absent")
    st.caption(
        "Explained are the log-odds of the class that the bundled classifier (EfficientNet-Lite0) finds likeliest in each."
    )
    more, limit, workers = _ask_more(own, "image", [])
    return Asked(own.path, own.name, {"kind": "image", "grid": f"{grid}x{grid}", "absent": absent} | more, limit, workers)


def _choose_file(state: Bench[Own]) -> None:
    told = "It stays on this server, in a folder that this browser alone can open, until you delete the data set."
    label = f"Your data: CSV, Parquet or JSON lines, a row each, up to {MOST_MB} MB"
    uploader(label, state.own.uploader, MOST_MB, on_change=_bring, args=(state,), help=told)
    several = f"Or pictures, as many as you like, up to {MOST_MB} MB together"
    pictures: dict[str, Any] = {"on_change": _bring_pictures, "args": (state,), "accept_multiple_files": True, "type": PICTURES}
    uploader(several, f"{state.own.uploader}-pictures", MOST_MB, help=told, **pictures)
    if is_local():
        st.text_input(
            "Or a file or folder of this machine, what swing explain wrote among it, or a URI such as s3://…",
            key="sets-path",
            on_change=_name,
            args=(state,),
        )


def _bring(state: Bench[Own]) -> None:
    from model.files.reader import check_size

    file = st.session_state[file_key(state.own.uploader)]
    if file is None:
        return
    try:
        check_size(file.size, MOST_MB * 1_000_000)
        _take(state, str(bring(file.name, file.getvalue())), file.name)
    except ValueError as error:
        state.own.error = str(error)


def _bring_pictures(state: Bench[Own]) -> None:
    from model.files.reader import check_size

    files = st.session_state[file_key(f"{state.own.uploader}-pictures")]
    if not files:
        return
    try:
        check_size(sum(file.size for file in files), MOST_MB * 1_000_000)
        folder = bring_all((file.name, file.getvalue()) for file in files)
        _take(state, str(folder), f"{len(files):,} picture{'s' * (len(files) > 1)}")
    except ValueError as error:
        state.own.error = str(error)


def _name(state: Bench[Own]) -> None:
    path = st.session_state["sets-path"].strip()
    if path:
        path = path if "://" in path else str(Path(path).expanduser().absolute())
        try:
            if "://" not in path and (Path(path) / RUN).is_file():
                state.own.begun = adopt(Path(path)).id
            else:
                _take(state, path, path.rstrip("/").rsplit("/", 1)[-1])
        except ValueError as error:
            state.own.error = str(error)


def _take(state: Bench[Own], path: str, name: str) -> None:
    """Work with this file from now on; ValueError where it is no source of rows, which leaves the one before it."""
    source, own = source_of(path), state.own
    head = _head(source)
    if own.path != path:
        drop(own.path)
    state.own = Own(path, " ".join(name.split())[-80:], head=head, same=own.same, cuts=own.cuts, round=own.round)
    state.own.columns["text"] = source.columns
    if isinstance(source, Images):
        state.own.pictures, state.own.first = source.count(), list(islice(source.rows(None), PREVIEW))
    state.forget_failure()
    for key in [key for key in st.session_state if str(key).startswith("sets-of-")]:
        del st.session_state[key]


def _head(source: Source) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for row in source.rows(None):
        if isinstance(row, dict):
            found.append({name: short("" if cell is None else str(cell), CELL) for name, cell in row.items()})
        elif not isinstance(row, Bad):
            return []
        if len(found) == PREVIEW:
            break
    return found


def _columns(own: Own, kind: str) -> list[str] | str:
    """Names of the columns as a kind reads them, or one sentence."""
    if kind not in own.columns:
        try:
            with st.spinner("Reading the table"):
                own.columns[kind] = list(map(str, next(source_of(own.path).frames(1 << 10)).columns))
        except (ValueError, StopIteration) as error:
            own.columns[kind] = str(error) or "it has no rows"
    return own.columns[kind]


def _ask_text(own: Own, columns: Sequence[str]) -> dict[str, Any]:
    longest = max(columns, key=lambda name: sum(len(row.get(name, "")) for row in own.head))
    usual = next((name for name in columns if name.casefold() in USUAL), longest)
    if "sets-of-template" not in st.session_state:
        preset(**{"sets-of-template": f"{{{usual}}}"})
    told = "End it so that an answer follows, as in “Review: {text} Sentiment:”. What stands around the columns is always there."
    most = 20_000
    template = st.text_area("The prompt, with names of columns in braces", max_chars=most, help=told, **held("sets-of-template"))
    fields = list(dict.fromkeys(name for _, name in pieces_of(template, "the template") if name is not None))
    missing = [name for name in fields if name not in columns]
    if missing or not fields:
        what = f"no column {missing[0]!r}" if missing else "no field in the prompt yet"
        raise ValueError(f"There is {what}: write one of {', '.join(f'{{{name}}}' for name in columns[:8])}.")
    *one, two, three = st.columns(3 if len(fields) > 1 else 2)
    explain = (
        one[0].selectbox("Column whose words are explained", fields, format_func=visible, key="sets-of-explain")
        if one
        else fields[0]
    )
    target = two.text_input(
        "The answer to explain", key="sets-of-target", max_chars=500, placeholder="the model’s own answer", help=_TARGET
    )
    players = selectbox(three, TextRequest, "players", key="sets-of-players")
    return {"template": template, "explain": explain, "target": target or None, "players": players, "model": model_slot().source}


_TARGET = (
    "Left empty, each row’s own answer of the model. A typed one may hold columns in braces, and mostly begins with a space: "
    "“ positive”."
)


def _ask_table(own: Own, columns: Sequence[str]) -> dict[str, Any]:
    if len(columns) < 2:
        raise ValueError("The table has one column only: one is predicted from the others, so two are needed.")
    target = st.selectbox("Column to predict", columns, len(columns) - 1, format_func=visible, key="sets-of-column")
    st.caption("Trees (LightGBM) are fitted to the rows, and every row’s values are exact.")
    return {"target": target}


def _ask_more(own: Own, kind: str, columns: Sequence[str]) -> tuple[dict[str, Any], int | None, int]:
    """Settings of all kinds, how many rows, how many processes."""
    more: dict[str, Any] = {"rows_per_file": PART[kind]}
    told = {"text": ", names, budget, absence", "table": ", names", "image": ", budget"}[kind]
    with st.expander(f"Settings: rows, seed{told}"):
        one, two, three = st.columns(3)
        if kind != "image":
            more["id"] = one.selectbox(
                "What rows are called", [None, *columns], format_func=lambda name: visible(name or NUMBERS), key="sets-of-id"
            )
        limit = two.number_input("The first rows only (0: all)", 0, key="sets-of-limit")
        more["seed"] = number_input(three, Plan, "seed", value=0, key="sets-of-seed")
        if kind != "table":
            more["budget"] = one.select_slider("Most evaluations for each index of a row", BUDGETS, 256, key="sets-of-budget")
            if kind == "text":
                more["absent"] = selectbox(two, TextRequest, "absent", key="sets-of-absent")
            more["stop_when_sure"] = three.checkbox("Stop a row when sure", True, key="sets-of-stop")
        workers = int(three.number_input("Processes", 1, 64, key="sets-of-workers")) if is_local() and kind != "table" else 1
    return more, int(limit) or None, workers
