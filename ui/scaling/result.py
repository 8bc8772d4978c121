"""What the Scaling page shows of a study: verdicts, curves, parameters, what is extrapolated, a ranking, files."""

import time
from collections.abc import Callable

import streamlit as st

from ui.draw.markdown import plain, said
from ui.draw.table import show_table
from ui.files.save import save
from ui.scaling import charts as scaling_charts
from ui.scaling.export import laws_of, parameter, shown, to_csv, to_html
from ui.scaling.plots import plots_png
from ui.scaling.study import LEVEL, USABLE, Study, extrapolates, predict, read_size, size_text
from xai.scaling.fit import Fit, HeldOut
from xai.scaling.runs import Runs
from xai.scaling.uploads import plain as column_name
from xai.scaling.verdict import Verdict, rank

FAR = 100  # times the largest measured size, beyond which the page warns
PERCENT = ("bleu", "sacrebleu", "spbleu", "chrf")  # scores of at most 100
_BOX = {"fits": st.success, "flat": st.info, "too few": st.info, "breaks": st.warning, "misaligned": st.error}


def show(found: Study) -> None:
    """The verdict on each set, its curves and parameters; the ranking; files."""
    if found.synthetic:
        st.info(
            "**Synthetic sample**: drawn from the two laws with noise. Nobody trained these models.", icon=":material/science:"
        )
    largest = max(float(runs.tokens.max()) for runs in found.sets)
    text = st.text_input(
        "Target size, tokens of pre-training",
        "1e12" if largest < 1e12 else f"{10 * largest:.0e}",
        key=f"target-{found.name}",
        max_chars=30,
        help="For example 1e12 or 300B: what the laws are extrapolated to.",
    )
    try:
        target = read_size(text)
    except ValueError as error:
        st.warning(said(str(error)))
        target = largest
    chosen: int | None = 0
    if len(found.sets) > 1:
        _ranked(found, target)
        names = range(len(found.sets))
        chosen = st.pills("Data set", names, default=0, format_func=lambda i: plain(found.sets[i].name), key=f"set-{found.name}")
    i = chosen or 0
    _verdict(found, i)
    _curves(found, i, target)
    _parameters(found, i)
    _extrapolated(found, i, target)
    _take_away(found, target)


def _verdict(found: Study, i: int) -> None:
    verdict = found.verdicts[i]
    st.subheader(f"Verdict: {plain(found.sets[i].name)}")
    _BOX[verdict.kind](f"**{said(verdict.title)}.** {said(verdict.text)}")
    for note in verdict.notes:
        st.caption(said(note))


def _curves(found: Study, i: int, target: float) -> None:
    runs = found.sets[i]
    laws = laws_of(found, i)
    for column, (name, values, fit, test) in zip(st.columns(2), laws):
        with column:
            st.markdown(f"**{plain(name)}** against pre-training tokens")
            holds = extrapolates(found.verdicts[i], name)
            figure = scaling_charts.law(runs.tokens, values, name, fit, test, target if holds else None)
            st.plotly_chart(figure, width="stretch", key=f"law-{found.name}-{i}-{name}")
            st.caption(_under(fit, test))
    if len(laws) < 2:
        st.caption("The table has no cross-entropy, so there is none beside the score.")


def _under(fit: Fit | None, test: HeldOut | None) -> str:
    if fit is None:
        return "Fewer than three sizes with a positive value: no law is drawn."
    parts = []
    if fit.scatter is not None:
        parts.append(f"The runs scatter by {fit.scatter:.1%} about their law.")
    if test is not None:
        parts.append(
            f"Fitted to the {test.fitted} runs with least data alone (dotted), it misses the {len(test.measured)} held "
            f"out (open diamonds) by {test.error:.1%} on average."
        )
    else:
        parts.append("A held-out test needs four sizes.")
    return " ".join(parts)


def _parameters(found: Study, i: int) -> None:
    rows = []
    for name, _, fit, _ in laws_of(found, i):
        if fit is None:
            continue
        ends = fit.intervals(LEVEL)
        for symbol, value in fit.law.parameters.items():
            low, high = ends.get(symbol, (float("nan"),) * 2)
            row = {"law of": name, "parameter": symbol, "value": parameter(value)}
            rows.append(row | {f"{LEVEL:.0%} from": parameter(low), "to": parameter(high)})
    if rows:
        st.markdown("**Parameters**")
        show_table(rows, f"parameters-{found.name}-{i}")
        st.caption(
            "Score: f(D) = (log A + α·log D)^β. Cross-entropy: L(D) = E + A/D^α, with D in tokens (arXiv 2402.04177). "
            "Single parameters are often loose, for they make up for each other; the curve and its band are what "
            "counts. E is what cross-entropy would come down to with endless data of this kind."
        )


def _extrapolated(found: Study, i: int, target: float) -> None:
    verdict, rows = found.verdicts[i], []
    for name, _, fit, _ in laws_of(found, i):
        if fit is None or not extrapolates(verdict, name):
            continue
        said_of = predict(fit, target)
        rows.append(
            {
                "quantity": name,
                "predicted": shown(said_of.value),
                f"{LEVEL:.0%} band of the law": _band(said_of.law),
                f"{LEVEL:.0%} band of one more run": _band(said_of.run),
            }
        )
    st.markdown(f"**Extrapolated to {size_text(target)}**")
    if rows:
        show_table(rows, f"extrapolated-{found.name}-{i}")
    for sentence in _far(found.sets[i], verdict, target):
        st.warning(sentence)
    if verdict.kind not in USABLE:
        st.markdown(f"{plain(found.sets[i].score_name)} is not extrapolated: its runs give no law that could be.")


def _far(runs: Runs, verdict: Verdict, target: float) -> list[str]:
    """What makes an extrapolation doubtful, in sentences."""
    said_so, largest = [], float(runs.tokens.max())
    if target > FAR * largest:
        said_so.append(
            f"That is {target / largest:,.0f} times the largest measured size. The band says how far the runs leave "
            "the law open, not whether the law still holds there."
        )
    bounded = column_name(runs.score_name).removesuffix("_score") in PERCENT and verdict.kind in USABLE
    if bounded and verdict.score is not None and float(verdict.score.law(target)) > 100:
        said_so.append(f"{plain(runs.score_name)} cannot exceed 100: the law cannot hold up to this size.")
    return said_so


def _band(ends: tuple[float | None, float | None] | None) -> str:
    return "unknown" if ends is None else f"{shown(ends[0])} to {shown(ends[1])}"


def _ranked(found: Study, target: float) -> None:
    """All data sets by predicted score, those without a law last."""
    st.subheader(f"Which data set at {size_text(target)}?")
    try:
        ranked = rank(found.sets, target, found.verdicts, LEVEL)
    except ValueError as error:
        st.warning(said(str(error)))
        return
    score = found.sets[0].score_name
    rows = [
        {
            "data set": one.name,
            "verdict": one.kind,
            f"predicted {score}": shown(one.predicted),
            f"{LEVEL:.0%} band": "–" if one.low is None else _band((one.low, one.high)),
            "comes first in": "–" if one.first is None else f"{one.first:.0%} of draws",
            "best measured": shown(one.best),
        }
        for one in ranked
    ]
    best = ranked[0]
    if best.predicted is None:
        st.markdown("No data set has a law to extrapolate; they are in the order of their best measured score.")
    else:
        sure = "" if best.first is None else f", first in {best.first:.0%} of the draws"
        st.markdown(f"Take **{plain(best.name)}**: {plain(score)} {shown(best.predicted)} predicted{sure}.")
    show_table(rows, f"ranking-{found.name}")
    st.caption(
        "A draw is the law fitted again to runs simulated with the scatter that was measured; “comes first in” counts "
        "the draws in which a data set is predicted to score highest. “–” stands where no law can be extrapolated."
    )
    fits = {runs.name: verdict.score for runs, verdict in zip(found.sets, found.verdicts)}
    drawn = [
        (one.name, predict(fit, target), one.best)
        for one in ranked
        if one.predicted is not None and (fit := fits[one.name]) is not None
    ]
    if drawn:
        figure = scaling_charts.ranking(drawn, score, size_text(target))
        st.plotly_chart(figure, width="stretch", key=f"ranked-{found.name}")


def _take_away(found: Study, target: float) -> None:
    st.markdown(
        "**Take away**: runs, fits, held-out errors, parameters and predictions of all data sets, and their plots. "
        "Upload the same table again to be back here."
    )
    made = time.strftime("Made on %d %B %Y.")
    files: list[tuple[str, str, Callable[[], str | bytes]]] = [
        ("Numbers (CSV)", "csv", lambda: to_csv(found, target)),
        ("Report (HTML)", "html", lambda: to_html(found, target, made, lambda i: plots_png(found, target, [i]))),
        ("Plots (PNG)", "png", lambda: plots_png(found, target)),
    ]
    for column, (what, kind, make) in zip(st.columns(3), files):
        save(what, make, f"swing-scaling.{kind}", f"save-scaling-{kind}", column, width="stretch")
