"""The peers' side of `benchmarks.trees`, run by the interpreter of the side environment: none of ours is imported.

Lines of JSON on the standard streams, arrays in files. Tasks: {"fit", "trees", "leaves"} trains XGBoost on an .npz's
features and target, and {"model"} says where it is to be saved; {"way", "index", "model", "data"} asks a peer for the values
of an .npz's rows over its background, whose answer is {"seconds"}, of that call alone, and "out", an .npy.
"""

import json
import os
import sys
import time
import warnings
from functools import lru_cache
from importlib.metadata import version

import numpy as np


def booster(path: str):
    """LightGBM's text or XGBoost's JSON, as the library that wrote it has it."""
    if path.endswith(".txt"):
        import lightgbm

        return lightgbm.Booster(model_file=path)
    import xgboost

    return xgboost.Booster({"nthread": 1}, model_file=path)


def fit(task: dict) -> dict:
    """XGBoost's trees, grown leaf by leaf as LightGBM's are."""
    import xgboost

    data = np.load(task["fit"])
    settings = {"objective": "binary:logistic" if data["classify"] else "reg:squarederror", "tree_method": "hist", "seed": 0}
    settings |= {"max_leaves": task["leaves"], "max_depth": 0, "grow_policy": "lossguide", "eta": 0.1, "nthread": 1}
    xgboost.train(settings, xgboost.DMatrix(data["features"], data["target"]), task["trees"]).save_model(task["model"])
    return {}


@lru_cache(maxsize=1)
def of_shapiq(model: str, data: str, index: str, mode: str):
    """A call for shapiq's values; one row is explained beforehand, for its explainer is set up by the first."""
    import shapiq

    arrays = np.load(data)
    rows, more = arrays["rows"], {"reference_dataset": arrays["background"]} if mode == "interventional" else {}
    explainer = shapiq.TreeExplainer(
        booster(model), mode=mode, index={"shapley": "SV", "banzhaf": "BV"}[index], backend="shapiq", **more
    )
    explainer.explain_X(rows[:1])

    def values(few: int | None = None) -> np.ndarray:
        found = explainer.explain_X(rows[:few]).values
        nothing = np.zeros(len(rows[:few]))
        return np.column_stack([found.get((i,), nothing) for i in range(rows.shape[1])])

    return values


@lru_cache(maxsize=1)
def of_woodelf(model: str, data: str, index: str, mode: str):
    """The same of woodelf-explainer, which wants frames."""
    import pandas as pd
    from woodelf import WoodelfExplainer

    arrays = np.load(data)
    names = [f"column {i}" for i in range(arrays["rows"].shape[1])]
    rows, background = (pd.DataFrame(arrays[name], columns=names) for name in ("rows", "background"))
    explainer = WoodelfExplainer(booster(model), background if mode == "interventional" else None)
    method = {"shapley": explainer.shap_values, "banzhaf": explainer.banzhaf_values}[index]
    method(rows[:1], verbose=False)
    return lambda few=None: method(rows[:few], verbose=False)


def answer(task: dict) -> dict:
    """One call; {"slow": seconds} instead where ten rows foretell that it takes longer than `limit`."""
    name, mode = task["way"]
    call = {"shapiq": of_shapiq, "woodelf": of_woodelf}[name](task["model"], task["data"], task["index"], mode)
    if name == "shapiq":  # row by row
        started = time.perf_counter()
        call(10)
        foretold = (time.perf_counter() - started) / 10 * len(np.load(task["data"])["rows"])
        if foretold > task["limit"]:
            return {"slow": foretold}
    started = time.perf_counter()
    found = call()
    seconds = time.perf_counter() - started
    np.save(task["out"], found)
    return {"seconds": seconds}


def main() -> None:
    wire = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what libraries print is no answer
    warnings.simplefilter("ignore")
    names = ("shapiq", "woodelf-explainer", "treelite", "lightgbm", "xgboost-cpu", "numpy")
    say(wire, {"versions": {name: version(name) for name in names}})
    for line in iter(sys.stdin.buffer.readline, b""):
        task = json.loads(line)
        try:
            say(wire, fit(task) if "fit" in task else answer(task))
        except Exception as error:  # a peer's own failure is a finding
            say(wire, {"failed": f"{type(error).__name__}: {str(error)[:80]}"})


def say(wire, what: dict) -> None:
    wire.write(json.dumps(what).encode() + b"\n")
    wire.flush()


if __name__ == "__main__":
    main()
