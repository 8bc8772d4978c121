"""What the Data page shows of a result: two measures of examples, or the matrix of a sentence's words."""

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from ui.data.files import matrix_csv, measures_csv
from ui.data.picture import ExamplesPicture, matrix, quantity
from ui.data.request import MEASURES, matrices, measure_weights, measured
from ui.draw import charts
from ui.draw.html import render
from ui.draw.markdown import plain, said
from ui.draw.table import show_table
from ui.files.save import save
from ui.kind import Result, View
from ui.maps.judging import title_of
from ui.names import ABSENT, INDICES
from ui.shell.widgets import one_of, some_of
from ui.text.picture import TextPicture
from xai import Attribution
from xai.compare.disagreement import disagreement


def view_examples(result: Result, picture: ExamplesPicture) -> View:
    """Both value functions beside each other, whether they agree, and both indices by one of them."""
    comparison, request, first = result.comparison, result.request, result.comparison.maps[0]
    label = "By which measure? It costs nothing."
    told: dict[str, Any] = {"required": True, "label_visibility": "collapsed", "width": "content"}
    with st.container(horizontal=True, vertical_alignment="center"):
        if result.about.written or comparison.state != "preliminary":
            measure = one_of(label, list(MEASURES), "cross-entropy", "data-measure", **told)
        else:
            measure = "cross-entropy"
            st.caption(_so_far(result.about.read, len(request.evaluation)), width="content")
        weights = None if measure == "cross-entropy" else measure_weights(len(request.evaluation), measure)
        one = first.combine(weights or comparison.weights)
        st.markdown(f"**{quantity(measure)}**: {_ends(one)} More is better.", width="stretch")

    def below() -> None:
        if comparison.ledger.evaluations:
            st.caption(f"Paid for so far: {comparison.ledger.evaluations} evaluations, which serve every measure.")

    return View(
        replace(picture, measure=measure),
        weights,
        {"Two measures": lambda: _two_measures(result)},
        lambda: save("All measures (CSV)", lambda: measures_csv(result), "swing-measures.csv", "save-measures"),
        below,
    )


def _so_far(read: int, sentences: int) -> str:
    """What a run that has only begun shows."""
    follow = "chrF and BLEU follow when translations are written."
    return follow if read in (0, sentences) else f"So far of the first {read} of {sentences} sentences. {follow}"


def _ends(one: Attribution) -> str:
    """The value without and with all that is valued."""
    return f"From {one.empty_value:.2f} with no example to {one.full_value:.2f} with all.".replace("-", "−")


def _two_measures(result: Result) -> None:
    """What examples are worth by two measures, and whether these agree."""
    second = one_of("Beside cross-entropy", ["BLEU", "chrF"], "BLEU", "data-second", required=True)
    pairs = list(zip(measured(result, "cross-entropy"), measured(result, second)))
    measures = "cross-entropy", second
    for column, measure, one in zip(st.columns(2), measures, pairs[0]):
        with column:
            st.markdown(f"**{INDICES[one.index]}** by **{quantity(measure)}**")
            st.plotly_chart(charts.bars(one, quantity(measure), charts.reach_of([one])), width="stretch", key=f"two-{measure}")
            st.caption(f"{_ends(one)} More is better.")
    for one, other in pairs:
        found = disagreement(one, other, measures)
        box = st.warning if found.opposite else st.info
        box(f"**{INDICES[one.index]}:** {said(found.text)}")
    st.caption(
        "“Helps” and “harms” are said where the 95 % interval of the value leaves zero out. Intervals are of the "
        f"values on {_sentences(len(result.request.evaluation))}; other sentences would move them, BLEU most."
    )
    _written(result)


def _sentences(count: int) -> str:
    return "this one sentence" if count == 1 else f"these {count} sentences"


def _written(result: Result) -> None:
    if not result.about.written:
        return
    with st.expander("What the model writes with no example, and with all of them"):
        rows = [
            {"sentence": pair.source, "reference": pair.target, "no example": without, "all examples": with_all}
            for pair, (without, with_all) in zip(result.request.evaluation, result.about.written)
        ]
        show_table(rows, "data-written")


_WHOLE = "What stands under a matrix’s name is of the whole translation. "


def view_words(result: Result, picture: TextPicture) -> View:
    """The translation, whose words can be chosen, and the matrix of source words by target words for both indices."""
    about, comparison = result.about, result.comparison
    said_by = "The model translates" if result.request.target is None else "The translation you typed"
    st.html(render("answer", said=said_by, answer=about.text.target.strip(), rather=None))
    found = matrices(result)
    scale = max(float(np.abs(values).max()) for _, values, _ in found) or 1.0
    judgements = comparison.judgements_of(None) or (None, None)
    for side, column, (one, values, errors), judgement in zip(
        "lr", st.columns(2, vertical_alignment="bottom"), found, judgements
    ):
        with column:
            st.markdown(title_of(one, judgement))
            figure = matrix(one.labels, about.words, values, errors, scale)
            st.plotly_chart(figure, width="stretch", key=f"matrix-{side}", config={"displayModeBar": False})
    st.html(picture.legend(scale))
    st.caption(
        "Each cell: the change of the target word’s natural log-probability by the source word, +0.69 doubles its "
        "probability. Both matrices come from one set of evaluations and have one colour scale. Words of the target "
        "that stand before it are always present. Absent words are "
        f"{ABSENT[result.request.absent]}. {_WHOLE if judgements != (None, None) else ''}"
        f"Paid for so far: {comparison.ledger.evaluations} evaluations."
    )
    st.markdown(_strongest(about.words, found))
    label = "Look closer at words of the translation. It costs nothing."
    chosen = some_of(label, about.words, f"words-{about.text.target}")
    weights = about.weights(chosen) if chosen else None

    def files() -> None:
        save("Matrix of words (CSV)", lambda: matrix_csv(result), "swing-words.csv", "save-matrix")

    return View(replace(picture, chosen=len(chosen)), weights, files=files)


def _strongest(words: list[str], found: Any) -> str:
    """For each target word the source word that raises it most, by the first map."""
    one, values, _ = found[0]
    pairs = [
        f"{plain(word)} ← **{plain(one.labels[int(np.argmax(column))])}**"
        for word, column in zip(words, values.T)
        if column.max() > 0
    ]
    return f"By {INDICES[one.index]}, each target word owes most to: {', '.join(pairs)}." if pairs else ""
