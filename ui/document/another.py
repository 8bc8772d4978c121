"""Two runs of one document beside each other: another question, another answer, another model, another budget."""

import numpy as np
import streamlit as st

from ui.document import picture, tree
from ui.document.run import Study
from ui.document.sentences import bold
from ui.draw.colour import LIKELIHOOD, legend, shared_scale, signed
from ui.draw.markdown import plain, said, short
from ui.maps.side_by_side import show_most
from ui.names import INDICES
from xai import Agreement, agreement
from xai.exchange.map import Column
from xai.hierarchy.found import Path

THIS, OTHER = "this run", "the other run"
Pair = tuple[Column, Column]


def show(study: Study, other: Study, column: int) -> None:
    """Both maps on one scale, how far they agree, and the difference of each part that both opened.

    column : which output of this run is shown; of another answer the whole is compared
    """
    index = _index(study, other)
    mine, theirs = (column, column) if study.outputs == other.outputs else (0, 0)
    st.markdown("  \n".join(differs(study, other, column != mine)))
    paths = tree.shared(study, other)
    wholes = tree.maps(study, mine)[index], tree.maps(other, theirs)[index]
    pair = pair_of(study, other, index, paths, (mine, theirs))
    found, names = agreement(*pair), [THIS, OTHER]
    change = Column(found.difference, found.standard_error, pair[0].labels, index, pair[0].name)
    scale = shared_scale(*wholes, change)
    for title, one, shown in zip(("This run", "The other run"), (study, other), wholes):
        st.caption(f"{title}: {INDICES[index]}, the whole document")
        st.html(picture.minimap(one, shown, scale, ()))
    own = [path for path, _ in paths]
    st.caption(f"This run minus the other, in the {len(paths)} parts that both have")
    st.html(picture.minimap(study, change, scale, (), own))
    st.markdown(agreed(pair, found))
    sides = zip(st.columns(3), ("This run", "The other run", "This run minus the other"), (*pair, change))
    for number, (place, title, shown) in enumerate(sides):
        with place:
            st.markdown(f"**{title}**")
            st.html(picture.section(study, shown, scale, (), paths=own, pane=f"another-{number}"))
    st.html(legend(scale, LIKELIHOOD))
    show_most(found, pair, [short(label, 60) for label in pair[0].labels], names)


def _index(study: Study, other: Study) -> str:
    """Which values are compared; ValueError where the runs have none in common."""
    both = [index for index in study.found if index in other.found]
    if not both:
        raise ValueError("they have values by different indices")
    chosen = st.segmented_control("Values", both, default=both[0], format_func=INDICES.__getitem__, key="another-index")
    return chosen or both[0]


def differs(study: Study, other: Study, whole: bool) -> list[str]:
    """What the other run asked otherwise, a sentence each, in Markdown. whole : compared are the whole answers instead"""
    found, mine, theirs = [], study.request, other.request
    if theirs.question.strip() != mine.question.strip():
        found.append(f"The other run asks another question: “{plain(theirs.question.strip(), 200)}”")
    if other.target != study.target:
        found.append(
            f"Its values are of the answer “{plain(other.target.strip(), 90)}”, those of this run of "
            f"“{plain(study.target.strip(), 90)}”."
        )
    if other.model != study.model:
        found.append("It asked another model.")
    if not found:
        asked = theirs.budget, theirs.seed, theirs.opened
        same = asked == (mine.budget, mine.seed, mine.opened)
        found.append(
            "Both runs asked the same."
            if same
            else f"Both runs asked the same game: this one with at most {mine.budget} evaluations per index and seed "
            f"{mine.seed}, the other with {theirs.budget} and {theirs.seed}."
        )
    if whole:
        found.append("They have other sentences, so that the whole answers are compared.")
    return found


def pair_of(study: Study, other: Study, index: str, paths: list[tuple[Path, Path]], columns: tuple[int, int]) -> Pair:
    """Both runs' values of the parts that both have, called alike."""
    mine, theirs = (list(each) for each in zip(*paths))
    one = tree.map_of(study, study.found[index], mine, columns[0])
    two = tree.map_of(other, other.found[index], theirs, columns[1])
    return one, Column(two.values, two.standard_error, one.labels, index, two.name)


def agreed(pair: Pair, found: Agreement) -> str:
    """How far two maps agree, in a sentence of Markdown."""
    count = len(pair[0].labels)
    first = [int(np.argmax(np.abs(one.values))) for one in pair]
    names = [bold(short(one.labels[i], 60)) for one, i in zip(pair, first)]
    heaviest = f"both have {names[0]} first" if first[0] == first[1] else f"this run has {names[0]} first, the other {names[1]}"
    if count == 1:
        return "Neither opened what the other did: only the whole document can be compared."
    if np.isnan(found.spearman):
        return said(f"Of {count} parts that both have, one run gives all the same value; ") + heaviest + "."
    return f"Of {count} parts that both have, the ranks correlate by {signed(found.spearman, 2)} (Spearman); {heaviest}."
