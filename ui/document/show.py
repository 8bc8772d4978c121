"""What the Document page shows of a study: the whole length, the part one looks at, the tree beside it."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from ui.document import picture, tree
from ui.document.ask import Own
from ui.document.run import Study, opening
from ui.draw.colour import LIKELIHOOD, colour, legend, shared_scale, signed
from ui.draw.html import render
from ui.draw.markdown import plain, short
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
MOST_NAMED = 3  # redundant pairs
DEEPEST = 6  # steps by which a row is moved in


def show(study: Study, state: Bench[Own], seconds: float, open_part: Open, can_open: bool) -> None:
    """seconds : one evaluation takes;  open_part(path) begins the run that opens a part;  can_open : whether that can be asked"""
    own = state.own
    _keep_place(study, own)
    st.html(render("answer", said=said_by(study), answer=study.target.strip(), rather=None))
    column = _column(study)
    if study.once:
        st.info(FIRST_LOOK + (STOPPED if state.job is None else REPLACED))
    st.markdown(headline(study, column))
    for sentence in redundant(study):
        st.markdown(f":material/content_copy: {sentence}")
    maps = tree.maps(study, column)
    scale = shared_scale(*maps.values())
    left, right = st.columns([3, 2])
    with left:
        _document(study, maps, scale, own.at)
    with right, st.container(key="doc-tree"):
        _tree(study, own, column, scale, seconds, open_part, can_open)
    if len(study.outputs) > 1 and not study.once:
        _citations(study)


def said_by(study: Study) -> str:
    return "The model answered" if study.request.target is None else "The answer you typed"


def headline(study: Study, column: int) -> str:
    """The part that carries most of what the document changes."""
    found, first = tree.heaviest(study, column), next(iter(study.found.values()))
    change = tree.value(first.nodes[()], column)
    what = "the answer’s log-probability" if column == 0 else "that sentence’s log-probability"
    subject = "As far as the question sees it, the document" if study.once else "The document"
    whole = f"{subject} changes {what} by {signed(change, 2)}."
    if found is None:
        return f"{whole} No part carries half of it."
    path, part = found
    text = plain(short(part.label(study.text), 90), 90)
    return f"{whole} Most of it stands on **“{text}”** ({signed(tree.value(first.nodes[path], column), 2)})."


def redundant(study: Study) -> list[str]:
    """Pairs of parts of which either is enough."""
    first, sentences = next(iter(study.found.values())), []
    if study.once:  # what is lost without a part is told by its removal alone
        return []
    for pair in first.redundant[:MOST_NAMED]:
        one, other = (plain(short(study.root.at(path).label(study.text), 60)) for path in pair.paths)
        alone, too, both = (float(np.ravel(lost)[0]) for lost in (pair.without_first, pair.without_second, pair.without_both))
        sentences.append(
            f"“{one}” and “{other}” stand for each other: without the one the answer loses {signed(alone, 2)}, without the "
            f"other {signed(too, 2)}, without both {signed(both, 2)}. Each has its share of the values."
        )
    return sentences


def _keep_place(study: Study, own: Own) -> None:
    """What one looked at, and took out, may be of another document."""
    paths = {path for path, _ in study.root.walk()} if own.at or own.out else {()}
    while own.at not in paths or own.at not in next(iter(study.found.values())).nodes:
        own.at = own.at[:-1]
    own.out = tuple(path for path in own.out if path in paths)


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
    st.html(render("tree_row", key=key, painted=painted, indent=min(level, DEEPEST)))
    label = f"{plain(row.name, 48)}  **{picture.told(row)}**"
    st.button(label, key=key, icon=f":material/{has}:", type="tertiary", on_click=lambda: setattr(own, "at", path))


def _citations(study: Study) -> None:
    """The answer's sentences by the passages: one set of evaluations serves all."""
    st.markdown("**What supports each sentence of the answer**")
    places = sorted({i for j in range(1, len(study.outputs)) for i, _, _ in tree.support(study, j)})
    names = [short(study.root.at(study.frontier[i]).label(study.text), 40) for i in places]
    all_maps = [next(iter(tree.maps(study, j).values())) for j in range(1, len(study.outputs))]
    scale = shared_scale(*all_maps)
    rows = []
    for j, shown in enumerate(all_maps, 1):
        cells = [(colour(shown.values[i], scale), signed(shown.values[i], 2)) for i in places]
        rows.append((study.outputs[j], cells, "yes" if tree.support(study, j) else "unsupported"))
    st.html(render("support", names=names, rows=rows))
    st.caption(
        "Banzhaf values of the smallest opened parts. A sentence is unsupported where no part makes it twice as likely "
        "(+0.69), beyond two standard errors."
    )
