"""What the Document page shows of a study: the whole length, the part one looks at, the tree beside it."""

from collections.abc import Callable

import streamlit as st

from ui.document import picture, sentences, tree
from ui.document.ask import Own
from ui.document.run import Study, opening
from ui.document.sentences import headline, redundant, uncarried
from ui.draw.colour import LIKELIHOOD, colour, legend, shared_scale
from ui.draw.html import render
from ui.draw.markdown import plain, said
from ui.maps.judging import headline_of
from ui.names import INDICES
from ui.shell.bench import Bench
from ui.shell.pace import duration
from xai.exchange.map import Column
from xai.hierarchy.found import Path

Open = Callable[[Path], None]
UNIT = (
    "Values are changes of the natural log-probability of the answer; +0.69 doubles the probability. One colour scale for all: "
    "a part’s colour is its whole value, however long it is. The strips are the whole document, as wide as its tokens."
)
FIRST_LOOK = (
    "This is a first look by reading once: parts are hidden from the question, not removed, and what the rest of the document "
    "took over from them stays. "
)
REPLACED = "It is replaced as soon as parts were really removed."
STOPPED = "The run ended before parts that are really removed could replace it: press Explain to go on."
DEEPEST = 6  # steps by which a row is moved in


def show(study: Study, state: Bench[Own], seconds: float, open_part: Open, can_open: bool) -> int:
    """Which output is shown, of the answer and its sentences.

    seconds : one evaluation takes;  open_part(path) begins the run that opens a part;  can_open : whether that can be asked
    """
    own = state.own
    _keep_place(study, own)
    st.html(render("answer", said=sentences.said_by(study), answer=study.target.strip(), rather=None))
    column = _column(study)
    if study.once:
        st.info(FIRST_LOOK + (STOPPED if state.job is None else REPLACED))
    st.markdown(headline(study, column))
    for sentence in uncarried(study):
        st.markdown(f":material/help: {sentence}")
    for sentence in redundant(study, column):
        st.markdown(f":material/content_copy: {sentence}")
    if study.judged:
        st.markdown("  \n".join(f"{INDICES[index]}: {_headline(study, index, column)}" for index in study.judged))
    maps = tree.maps(study, column)
    scale = shared_scale(*maps.values())
    left, right = st.columns([3, 2])
    with left:
        _document(study, maps, scale, own.at)
    with right, st.container(key="doc-tree"):
        _tree(study, own, column, scale, seconds, open_part, can_open)
    if len(study.outputs) > 1 and not study.once:
        st.markdown("**What supports each sentence of the answer**")
        st.html(picture.citations(study))
        st.caption(sentences.RULE)
    return column


def how_right(study: Study, column: int) -> None:
    """The three judgements of each index's values."""
    if not study.judged:
        stopped = "This run was stopped before its values were judged; Explain goes on from what was paid."
        ends = "The values are judged at the end of the run, on coalitions that no search has seen."
        st.markdown(stopped if study.state == "partial" else ends)
        return
    for index in study.judged:
        found = sentences.judged(study, index, column)
        st.markdown(f"**{INDICES[index]}**  \n{_headline(study, index, column)}")
        st.caption("\n".join(f"- {said(sentence)}" for sentence in found.sentences))
    count = len(study.by_search)
    hand = ", and what was opened by hand" if study.request.opened else ""
    st.caption(
        f"Judged are the values of the {count} smallest parts of the search, sentences whole{hand}. How sure a word is, its ± "
        "says alone."
    )


def _headline(study: Study, index: str, column: int) -> str:
    return f"{headline_of(study.judged[index][column])} {sentences.but_words(study, index, column)}".strip()


def _keep_place(study: Study, own: Own) -> None:
    """What one looked at, and took out, may be of another document."""
    while not study.root.has(own.at) or own.at not in next(iter(study.found.values())).nodes:
        own.at = own.at[:-1]
    own.out = tuple(path for path in own.out if study.root.has(path))


def _column(study: Study) -> int:
    if len(study.outputs) == 1:
        return 0
    names = ["the whole answer", *study.outputs[1:]]
    chosen = st.pills(
        "What supports this sentence of the answer? It costs nothing.",
        range(len(names)),
        default=0,
        format_func=lambda i: plain(names[i]),
        key=f"doc-column-{study.target}",
    )
    return chosen or 0


def _document(study: Study, maps: dict[str, Column], scale: float, at: Path) -> None:
    """Both maps of the whole length, and of the part one looks at, side by side."""
    for index, shown in maps.items():
        st.caption(f"{INDICES[index]}, the whole document")
        st.html(picture.minimap(study, shown, scale, at))
    for place, (index, shown) in zip(st.columns(2), maps.items()):
        with place:
            st.markdown(f"**{INDICES[index]}**")
            st.html(picture.section(study, shown, scale, at))
    st.html(legend(scale, LIKELIHOOD))
    st.caption(UNIT)


def _tree(study: Study, own: Own, column: int, scale: float, seconds: float, open_part: Open, can_open: bool) -> None:
    """The parts above the one that one looks at, itself, and its children with their sum."""
    st.markdown(f"**{' | '.join(INDICES[index] for index in study.found)}** ± standard error")
    at = own.at
    for level in range(len(at) + 1):
        _button(study, own, tree.row_of(study, at[:level], column), scale, level)
    if at in study.opened:
        children, sums = tree.rows_below(study, at, column)
        for row in children:
            _button(study, own, row, scale, len(at) + 1)
        st.html(picture.sums(sums))
    elif study.root.at(at).parts and not study.once:
        evaluations = opening(study.root, at, study.request.budget)
        time = f", about {duration(evaluations * seconds)}" if seconds else ""
        st.button("Open this part", key="doc-open", type="primary", disabled=not can_open, on_click=open_part, args=(at,))
        st.caption(f"At most {evaluations} further evaluations{time}.")
    if at and at not in own.out:
        st.button("Take this part out", key="doc-out", on_click=lambda: setattr(own, "out", (*own.out, at)))


def _button(study: Study, own: Own, row: tree.Row, scale: float, level: int) -> None:
    """A part to look at, its values behind it; an arrow where its children have values."""
    path = row.path
    assert path is not None
    key = "doc-at-" + ("-".join(map(str, path)) or "all")
    has = "expand_more" if own.at[: len(path)] == path else "chevron_right" if path in study.opened else "remove"
    painted = [colour(value, scale) for value in row.values] if path else ["transparent"]
    label = f"{plain(row.name, 48)}  **{picture.told(row)}**"
    with st.container(key=f"doc-in-{min(level, DEEPEST)}-{key}"):  # moved in by its level, by assets/style.css
        st.html(render("tree_row", key=key, painted=painted))
        st.button(label, key=key, icon=f":material/{has}:", type="tertiary", on_click=lambda: setattr(own, "at", path))
