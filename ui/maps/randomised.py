"""On demand: the left map beside those of models that learned nothing, a control."""

import streamlit as st

from ui.draw.markdown import said
from ui.draw.table import show_table
from ui.maps.picture import Picture
from ui.names import INDICES, method_name
from ui.runs.comparison import Comparison
from ui.shell.bench import Bench, bench, watch
from ui.shell.jobs import Job
from ui.shell.pace import duration
from xai import Attribution, Randomised, Redrawn, randomised_budget, randomised_control

Found = tuple[Attribution, tuple[float, ...], Randomised]  # of which map, weighted how


def show_randomised(comparison: Comparison, picture: Picture, weights: list[float] | None) -> None:
    """A button that has it computed, and what came of it; nothing where no model is at hand."""
    if comparison.redrawn is None or not comparison.maps:
        return
    state: Bench[None] = bench("randomised", type(None))
    state.look()
    real, weighted = comparison.maps[0], tuple(comparison.weights if weights is None else weights)
    found: Found | None = state.shown
    if found is not None and found[0] is real and found[1] == weighted:
        _show(found[2], real, picture)
        return
    stages, spent = len(comparison.redrawn.stages), randomised_budget(len(real.labels), real.budget)
    evaluations = spent[0] * (stages + spent[1] - 1)
    seconds = evaluations * comparison.ledger.cost.seconds_per_evaluation
    pressed = st.button("Control: explain a model that learned nothing", key="randomised", disabled=state.job is not None)
    length = f": {duration(seconds)}, and what it takes to draw the weights" if seconds == seconds else ""
    st.caption(f"Of the left map. This will take about {evaluations} evaluations of redrawn models{length}.")
    if pressed:
        _begin(state, comparison.redrawn, real, weighted)
        st.rerun()
    watch(state, "randomised-cancel")


def _begin(state: Bench[None], redrawn: Redrawn, real: Attribution, weighted: tuple[float, ...]) -> None:
    def work(job: Job) -> Found:
        job.tell(0, 0, "Drawing the weights of a model that learned nothing")

        def told(done: int, total: int) -> None:
            job.tell(done, total, f"Explaining redrawn models: {done} of {total}")

        return real, weighted, randomised_control(real, redrawn, weighted, real.seed, told, job.cancelled)

    state.begin(Job(work))


def _show(found: Randomised, real: Attribution, picture: Picture) -> None:
    name = f"{INDICES[real.index]} ({method_name(real.index, real.method)})"
    st.markdown(f"**{name}**: {said(found.sentence(picture.parts))}")
    rows = [
        {
            "on": stage.name,
            "Spearman": _two(stage.spearman),
            "Spearman of sizes": _two(stage.spearman_sizes),
            "Pearson": _two(stage.pearson),
            "Pearson of sizes": _two(stage.pearson_sizes),
            "p": f"{stage.p_value:.3f}",
            "foretold": _two(stage.foretold),
            "strength": f"{stage.ratio:.0%}" if stage.ratio == stage.ratio else "–",
            "no noise": f"{stage.reliable:.0%}" if stage.reliable == stage.reliable else "–",
            "models": len(stage.maps),
        }
        for stage in found.stages
    ]
    show_table(rows, "randomised-table")
    st.caption(
        "Correlations of the map with the one shown, mean over so many models drawn (Adebayo et al., 2018). p: how often "
        "the map shown, moved along its parts, is as like them. Foretold: correlation of what the map shown adds up to with "
        "the redrawn model’s answers. No noise: share of its map that is no error of sampling."
    )


def _two(value: float) -> str:
    return "–" if value != value else f"{value:.2f}"
