"""What exact values allow: how near to them each method is on a user's own row, as in the paper; and exact pairs."""

import numpy as np
import streamlit as st

from ui.draw.colour import signed
from ui.kind import Result
from ui.maps.interactions import STRONGEST
from ui.names import METHODS, PANES, Pane
from ui.shell.bench import Bench
from ui.shell.jobs import Job
from ui.table import charts as table_charts
from ui.table.picture import TablePicture, relative_error
from ui.table.request import TableRequest
from ui.table.run import INDICES, Fitted, TableState, background_of, exact_values, game_of
from xai import Interactions, Ledger, explain

BUDGETS = (32, 64, 128, 256, 512, 1024, 2048)
REPEATS = 3  # seeds; the median of the errors is shown
USUAL = ("banzhaf-kernel", "banzhaf-orthogonal", "banzhaf-msr", "shapley-kernelshap", "shapley-leverage", "shapley-permutation")


def show_errors(result: Result, fitted: Fitted | None, weights: list[float], state: Bench[TableState]) -> None:
    """Relative squared error against evaluations of the chosen methods, on demand."""
    if not result.about.exact:
        st.markdown("Exact values exist for trees and linear models; choose one of these to see each method's error.")
        return
    if fitted is None:
        st.markdown("Press Explain to fit the model again; then each method can be measured.")
        return
    names = {pane.key: str(pane) for pane in PANES}
    chosen = st.multiselect("Methods", list(names), list(USUAL), format_func=names.__getitem__, key="error-methods")
    n = len(result.comparison.ledger.labels)
    budgets = [budget for budget in BUDGETS if n >= 63 or budget < 2**n] or [2**n]
    st.caption(
        f"Each method explains this row with {', '.join(map(str, budgets))} evaluations, {REPEATS} seeds each, and "
        "pays for its own coalitions. A method that needs more than a budget is left out there."
    )
    disabled = state.job is not None or not chosen
    if st.button("Measure the errors against exact", key="measure-errors", disabled=disabled):
        _start(result, fitted, [Pane.of(key) for key in chosen], budgets, weights, state)
        st.rerun()
    found = state.own.errors
    if found is None or found[0] != (result.request.same_game, tuple(weights)):
        return
    st.plotly_chart(table_charts.errors(found[1]), width="stretch", key="error-chart")
    rows = [
        {"method": name, "evaluations": evaluations, "relative squared error": f"{error:.2e}"}
        for name, points in found[1].items()
        for evaluations, error in points
    ]
    st.dataframe(rows, hide_index=True, key="error-table")
    st.caption("‖φ̂ − φ‖² / ‖φ‖² of the values against the exact ones, the median of the seeds.")


def _start(
    result: Result, fitted: Fitted, panes: list[Pane], budgets: list[int], weights: list[float], state: Bench[TableState]
) -> None:
    def work(job: Job) -> Result:
        found = measure(fitted, result.request, panes, budgets, weights, job)
        state.own.errors = ((result.request.same_game, tuple(weights)), found)
        return result

    state.begin(Job(work))


def measure(
    fitted: Fitted, request: TableRequest, panes: list[Pane], budgets: list[int], weights: list[float], job: Job
) -> dict[str, list[tuple[int, float]]]:
    """Name of each method → [(evaluations, median relative squared error)], one per budget that is enough for it."""
    game, _, _ = game_of(fitted, request)
    exact = exact_values(fitted, request, fitted.frame.iloc[[request.row]])
    truth = {index: values[0] @ np.asarray(weights) for index, values in exact.items()}
    found: dict[str, list[tuple[int, float]]] = {str(pane): [] for pane in panes}
    total, done = len(panes) * len(budgets), 0
    for pane in panes:
        for budget in budgets:
            job.tell(done, total, f"{METHODS[pane.index][pane.method]}, {budget} evaluations")
            done += 1
            paid, errors = [], []
            for seed in range(REPEATS):
                ledger = Ledger(game)
                job.check()
                try:
                    one = explain(game, pane.index, pane.method, budget, seed, ledger).combine(weights)
                except ValueError:  # this budget is too small for this method
                    break
                paid.append(ledger.evaluations)
                errors.append(relative_error(one.values, truth[pane.index]))
            if errors:
                found[str(pane)].append((int(np.median(paid)), float(np.median(errors))))
    return {name: points for name, points in found.items() if points}


def exact_pairs(fitted: Fitted, request: TableRequest, index: str, weights: list[float]) -> Interactions:
    """Exact interactions of every two columns for the request's row."""
    model = fitted.table_model
    found = model.interactions(fitted.frame.iloc[[request.row]], index, background_of(fitted, request))
    matrix = found.reshape(*found.shape[:2], -1) @ np.asarray(weights)
    pairs = np.column_stack(np.triu_indices(len(matrix), 1))
    values = matrix[tuple(pairs.T)]
    return Interactions(pairs, values, np.zeros_like(values), model.labels, index, 0, "Exact, from the model's own form.")


def show_exact_pairs(result: Result, fitted: Fitted, picture: TablePicture, weights: list[float]) -> None:
    """The strongest exact interactions of the row, by either index."""
    index = st.segmented_control(
        "By", INDICES, default="banzhaf", format_func=str.capitalize, key="pair-index", label_visibility="collapsed"
    )
    found = exact_pairs(fitted, result.request, index or "banzhaf", weights)
    chosen = np.argsort(-np.abs(found.values), kind="stable")[:STRONGEST]
    chosen = chosen[found.values[chosen] != 0]
    if not len(chosen):
        st.markdown("No two columns do more together than apart: for this row the model adds them up.")
        return
    st.markdown(
        f"**The {len(chosen)} strongest pairs** by {found.index.capitalize()} interaction, exact: how much more "
        f"(vermillion) or less (blue) two {picture.parts} do together than each alone."
    )
    maps = result.comparison.focused(weights)
    own = next((one for one in maps if one.index == found.index), maps[0])
    st.plotly_chart(picture.links(found, chosen, own), width="stretch", key="pairs")
    st.caption("Hover or tap an arc for its interaction, a dot for the column’s own value.")
    st.dataframe(
        [
            {"pair": " + ".join(found.labels[i] for i in found.pairs[row]), "together": signed(found.values[row])}
            for row in chosen
        ],
        hide_index=True,
        key="pair-table",
    )
