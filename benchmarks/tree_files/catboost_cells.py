"""CatBoost's cells: every loss, shape of trees, way to miss and one-hot categories; statistics of categories are refused."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import catboost
import numpy as np
import pandas as pd

from benchmarks.tree_files.table import Cell, cells_of, goal_of, listed, numbers, packed, with_categories

VERSION = catboost.__version__
LOSSES = {
    "RMSE": "number",
    "MAE": "number",
    "Quantile:alpha=0.3": "number",
    "Huber:delta=1.0": "number",
    "MAPE": "positive",
    "Expectile:alpha=0.3": "number",
    "LogCosh": "number",
    "Lq:q=2.5": "number",
    "Poisson": "positive",
    "Tweedie:variance_power=1.5": "positive",
    "Logloss": "two",
    "CrossEntropy": "share",
    "MultiClass": "three",
    "MultiClassOneVsAll": "three",
}
SHAPES = ("SymmetricTree", "Depthwise", "Lossguide")


def cells() -> Iterator[Cell]:
    for loss, goal in LOSSES.items():
        frame = numbers("nan")
        yield _cell(loss, frame, goal_of(goal, frame), "nan")
    for missing, more in (("none", {}), ("nan", {"nan_mode": "Min"}), ("nan", {"nan_mode": "Max"})):
        for shape in SHAPES:
            for loss in ("RMSE", "Logloss", "MultiClass"):
                frame = numbers(missing)
                kind = f"{shape} {more.get('nan_mode', '')}".strip()
                yield _cell(loss, frame, goal_of(LOSSES[loss], frame), missing, "", kind, grow_policy=shape, **more)
    frame = numbers("nan")
    names = np.array(["low", "middle", "high"])[goal_of("three", frame)]
    yield _cell("MultiClass", frame, names, "nan", "", "classes with names")
    yield _cell("MultiClass", frame, goal_of("two", frame), "nan", "", "two classes")
    yield _cell("MultiClassOneVsAll", frame, goal_of("two", frame), "nan", "", "two classes")
    yield _cell("Logloss", frame, np.array(["no", "yes"])[goal_of("two", frame)], "nan", "", "classes with names")
    both = np.column_stack([goal_of("number", frame), goal_of("positive", frame)])
    yield _cell("MultiRMSE", frame, both, "nan", "", "two targets")
    yield _cell("RMSEWithUncertainty", frame, goal_of("number", frame), "nan", "", "", "loss")
    yield _cell("RMSE", frame, goal_of("number", frame), "nan", "", "scaled", scale=2.0)
    unnamed = pd.DataFrame(frame.to_numpy(), columns=[0, 1, 2])
    yield _cell("RMSE", unnamed, goal_of("number", frame), "nan", "", "without names")
    plain = with_categories(numbers("nan"))
    for loss in ("RMSE", "Logloss", "MultiClass"):
        for shape in SHAPES:
            y = goal_of(LOSSES[loss], plain)
            yield _cell(loss, plain, y, "nan", "one-hot", shape, grow_policy=shape, one_hot_max_size=50)
    yield _cell("RMSE", plain, goal_of("number", plain), "nan", "statistics", "", "ctr", one_hot_max_size=1)


def _cell(
    loss: str, frame: pd.DataFrame, y: Any, missing: str, categories: str = "", kind: str = "", refused: str = "", **settings: Any
) -> Cell:
    scale = settings.pop("scale", None)
    of_texts = [name for name in ("city", "size") if name in frame] if categories else []
    pool = catboost.Pool(frame, y, cat_features=of_texts)
    usual = {"iterations": 6, "depth": 3, "thread_count": 1, "verbose": False, "allow_writing_files": False, "random_seed": 1}
    fitted = catboost.CatBoost({"loss_function": loss, **usual, **settings}).fit(pool)
    if scale:
        fitted.set_scale_and_bias(scale, 0.25)
    margin, answer = fitted.predict(pool, prediction_type="RawFormulaVal"), None
    if loss.split(":")[0] in ("Logloss", "CrossEntropy", "MultiClass", "MultiClassOneVsAll"):
        answer = fitted.predict(pool, prediction_type="Probability")
    elif loss.split(":")[0] in ("Poisson", "Tweedie"):
        answer = fitted.predict(pool, prediction_type="Exponent")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        fitted.save_model(str(path), format="json", pool=pool)
        model = packed(path.read_bytes())
    told = (None, None) if refused else (listed(margin), listed(answer))
    return Cell("catboost", VERSION, loss, missing, categories, kind, "json", model, cells_of(frame), *told, refused=refused)
