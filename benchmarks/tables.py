"""Estimates on tables against exact values, and against shap.KernelExplainer at equal budgets and background.

    python -m benchmarks.tables             six tables, three budgets; the largest is about shap's default, 2n + 2048
    python -m benchmarks.tables --quick     two tables, the largest budget

Every table is fitted by `TableModel.fit` (trees); the value of a coalition is the mean margin over 100 background rows.
Error: ‖φ̂ − φ‖²/‖φ‖² against `TableModel.exact`, median over the explicands. Seconds: processor time of one explicand,
everything included (reading the row, the game, its coalitions, the solver; for shap the explainer), one thread, the
least of the explicands' times. shap is given the model twice: as a user has it, its predictions of data frames; and
stripped to LightGBM's own predictor of encoded arrays. Two ratios: seconds of each over the method's.
"""

import time
import warnings
from collections.abc import Callable

import lightgbm
import numpy as np
import pandas as pd
import shap

from benchmarks.parts.command import header, options, row, timed
from benchmarks.parts.games import scikit_table, shipped_csv
from model import TableModel
from model.files.table import read_table, samples
from xai import explain

EXPLICANDS = 5
BUDGETS = (128, 512, 2048)
OURS = [("shapley", method) for method in ("kernelshap", "leverage", "walsh", "auto")]
OURS += [("banzhaf", method) for method in ("kernel", "orthogonal", "walsh", "auto", "monte_carlo", "msr")]


def sample(name: str) -> tuple[pd.DataFrame, str]:
    found = samples()[name]
    return read_table(found.path.read_bytes(), found.path.name), found.target


def numbers(table) -> tuple[pd.DataFrame, str]:
    frame = pd.DataFrame(table.features, columns=[f"column {i + 1}" for i in range(table.features.shape[1])])
    return frame.assign(target=table.target), "target"


TABLES: dict[str, Callable[[], tuple[pd.DataFrame, str]]] = {
    "diabetes": lambda: sample("Diabetes"),
    "census": lambda: sample("Census"),
    "credit": lambda: sample("Credit"),
    "california": lambda: numbers(shipped_csv("california_housing", "MedHouseVal")),
    "bike": lambda: numbers(shipped_csv("bike", "count")),
    "cancer": lambda: numbers(scikit_table("breast_cancer", lambda target: target == 1)),
}


def on_frames(model: TableModel, frame: pd.DataFrame):
    """What shap is given by a user: predictions of rows of the frame, rows of it as background, a row's cells."""
    columns = frame.columns.drop(model.target.label)
    background = frame[columns].iloc[: len(model.background)].to_numpy(object)

    def predict(cells):
        return model.predict(pd.DataFrame(cells, columns=columns)).margin

    return predict, background, lambda row: row[columns].to_numpy(object)


def on_arrays(model: TableModel):
    """The same with everything stripped off: LightGBM's own raw margins of encoded cells."""
    booster = lightgbm.Booster(model_str=model.text)
    return lambda cells: booster.predict(cells, raw_score=True, num_threads=1), model.background, model.encode


def of_shap(peer, row, budget: int, seed: int) -> np.ndarray:
    """shap.KernelExplainer; its nsamples leaves out v(∅) and v(N), our budgets do not."""
    predict, background, cells = peer
    state = np.random.get_state()  # noqa: NPY002 (shap draws from it)
    np.random.seed(seed)  # noqa: NPY002
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            explainer = shap.KernelExplainer(predict, background)
            return explainer.shap_values(cells(row)[0], nsamples=budget - 2, l1_reg=False, silent=True)
    finally:
        np.random.set_state(state)  # noqa: NPY002


def measured(call, rows, truth) -> tuple[float, float]:
    """Median relative squared error and least seconds over the rows."""
    errors, seconds = [], []
    for i in range(len(rows)):
        took, found = timed(call, rows.iloc[[i]], i, clock=time.process_time)
        seconds.append(took)
        errors.append(np.square(found - truth[i]).sum() / np.square(truth[i]).sum())
    return float(np.median(errors)), min(seconds)


def report(name: str, budgets) -> None:
    frame, target = TABLES[name]()
    model = TableModel.fit(frame, target)
    rows = frame.iloc[np.linspace(0, len(frame) - 1, EXPLICANDS + 2).astype(int)[1:-1]]
    truth = {index: model.exact(rows, index) for index in ("banzhaf", "shapley")}
    n = len(model.labels)
    peers = [on_frames(model, frame), on_arrays(model)]
    for budget in [budget for budget in budgets if budget < 2**n]:  # from there on every method is exact
        error, arrays = measured(lambda row, i, b=budget: of_shap(peers[1], row, b, i), rows, truth["shapley"])
        # One row says how long it takes on frames; its background is another, so its error is not asked for.
        _, frames = measured(lambda row, i, b=budget: of_shap(peers[0], row, b, i), rows.iloc[:1], truth["shapley"])
        head = f"{name} ({n})", budget
        row(*head, "shapley", "shap.KernelExplainer, frames", "", f"{frames:.4f}", "", "")
        row(*head, "shapley", "shap.KernelExplainer, arrays", f"{error:.1e}", f"{arrays:.4f}", "", "")
        for index, method in OURS:
            error, seconds = measured(
                lambda row, i, b=budget, x=index, m=method: explain(model.game(row), x, m, b, seed=i).values, rows, truth[index]
            )
            ratios = f"{frames / seconds:.1f}", f"{arrays / seconds:.1f}"
            row(*head, index, method, f"{error:.1e}", f"{seconds:.4f}", *ratios)


def main() -> None:
    quick = options(__doc__, quick=False).quick
    frame, target = sample("Wine")
    warm = TableModel.fit(frame.iloc[:130], target)  # two classes; compiles, imports
    for index, method in OURS:
        explain(warm.game(frame.iloc[0]), index, method, 128)
    of_shap(on_arrays(warm), frame.iloc[0], 128, 0)
    header(*["table (columns)", "budget", "index", "method", "error", "seconds", "× shap on frames", "× shap on arrays"])
    for name in ("census", "credit") if quick else TABLES:
        report(name, BUDGETS[-1:] if quick else BUDGETS)


if __name__ == "__main__":
    main()
