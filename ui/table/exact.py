"""What exact values allow: how near to them each method is on a user's own row, as in the paper; and exact pairs."""

from functools import partial

import numpy as np
import streamlit as st

from ui.draw.table import show_table
from ui.kind import Result
from ui.maps.interactions import draw_pairs, strongest
from ui.names import METHODS, PANES, Pane
from ui.shell.bench import Bench, on_demand
from ui.shell.jobs import Job
from ui.shell.widgets import one_of
from ui.table import charts as table_charts
from ui.table.picture import TablePicture, relative_error
from ui.table.request import TableRequest
from ui.table.run import Fitted, TableState, background_of, exact_values, game_of
from xai import Interactions, Ledger, explain
from xai.checks import INDICES

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
    of = result.request.same_game, tuple(weights)
    make = partial(measure, fitted, result.request, [Pane.of(key) for key in chosen], budgets, weights)
    on_demand(state, "Measure the errors against exact", "measure-errors", state.own, "errors", of, make, bool(chosen))
    found = state.own.errors
    if found is None or found[0] != of:
        return
    st.plotly_chart(table_charts.errors(found[1]), width="stretch", key="error-chart")
    rows = [
        {"method": name, "evaluations": evaluations, "relative squared error": f"{error:.2e}"}
        for name, points in found[1].items()
        for evaluations, error in points
    ]
    show_table(rows, "error-table")
    st.caption("‖φ̂ − φ‖² / ‖φ‖² of the values against the exact ones, the median of the seeds.")


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
    index = one_of("By", INDICES, "banzhaf", "pair-index", format_func=str.capitalize, label_visibility="collapsed")
    found = exact_pairs(fitted, result.request, index, weights)
    chosen = strongest(found)
    chosen = chosen[found.values[chosen] != 0]
    if not len(chosen):
        st.markdown("No two columns do more together than apart: for this row the model adds them up.")
        return
    under = "Hover or tap an arc for its interaction, a dot for the column’s own value."
    draw_pairs(found, chosen, picture, result.comparison.focused(weights), under)
