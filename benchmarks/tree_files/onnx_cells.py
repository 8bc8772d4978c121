"""ONNX graphs of trees: scikit-learn's forests and boosting by skl2onnx, LightGBM's and XGBoost's by onnxmltools.

What is stored is what onnxruntime says of the graph, after it was compared with the library that the graph came from.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import skl2onnx
import sklearn
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from sklearn import ensemble, tree
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.tree_files.table import Cell, cells_of, goal_of, listed, numbers

VERSION = f"skl2onnx {skl2onnx.__version__}"
FEW = {"n_estimators": 5, "max_depth": 3, "random_state": 0}
MODELS: dict[str, tuple[Any, str, str]] = {
    "forest": (ensemble.RandomForestRegressor(**FEW), "number", "none"),
    "forest of two classes": (ensemble.RandomForestClassifier(**FEW), "two", "none"),
    "forest of three classes": (ensemble.RandomForestClassifier(**FEW), "three", "none"),
    "extra trees": (ensemble.ExtraTreesRegressor(**FEW), "number", "none"),
    "extra trees of two classes": (ensemble.ExtraTreesClassifier(**FEW), "two", "none"),
    "extra trees of three classes": (ensemble.ExtraTreesClassifier(**FEW), "three", "none"),
    "boosting": (ensemble.GradientBoostingRegressor(**FEW), "number", "none"),
    "boosting of two classes": (ensemble.GradientBoostingClassifier(**FEW), "two", "none"),
    "boosting of three classes": (ensemble.GradientBoostingClassifier(**FEW), "three", "none"),
    "one tree": (tree.DecisionTreeRegressor(max_depth=3), "number", "none"),
    "one tree of two classes": (tree.DecisionTreeClassifier(max_depth=3), "two", "none"),
    "one tree of three classes": (tree.DecisionTreeClassifier(max_depth=3), "three", "none"),
    "forest with missing cells": (ensemble.RandomForestRegressor(**FEW), "number", "nan"),
    "forest of two classes with missing cells": (ensemble.RandomForestClassifier(**FEW), "two", "nan"),
    "one tree with missing cells": (tree.DecisionTreeRegressor(max_depth=3), "number", "nan"),
}
for missing in ("none", "nan"):
    few = {"max_iter": 5, "max_leaf_nodes": 7, "random_state": 0}
    MODELS |= {
        f"histogram boosting {missing}": (ensemble.HistGradientBoostingRegressor(**few), "number", missing),
        f"histogram boosting of two classes {missing}": (ensemble.HistGradientBoostingClassifier(**few), "two", missing),
        f"histogram boosting of three classes {missing}": (ensemble.HistGradientBoostingClassifier(**few), "three", missing),
    }


def cells() -> Iterator[Cell]:
    for name, (model, goal, missing) in MODELS.items():
        frame = numbers(missing)
        y = goal_of(goal, frame)
        for labels in ("", "names") if goal == "three" and missing == "none" else ("",):
            y = np.array(["low", "middle", "high"])[y] if labels else y
            model.fit(frame.to_numpy(np.float32), y)
            yield from _graphs(name, model, frame, missing, labels)
    frame = numbers("none")
    several = ensemble.RandomForestRegressor(**FEW)
    several.fit(frame.to_numpy(np.float32), np.column_stack([goal_of("number", frame), goal_of("positive", frame)]))
    yield from _graphs("forest", several, frame, "none", "two targets")
    scaled = make_pipeline(StandardScaler(), ensemble.RandomForestRegressor(**FEW)).fit(
        frame.to_numpy(), goal_of("number", frame)
    )
    yield _refused("forest", to_onnx(scaled, frame.to_numpy(np.float32)[:1]), frame, "behind a scaler", "Scaler")
    odd = ensemble.IsolationForest(n_estimators=3, random_state=0).fit(frame.to_numpy(np.float32))
    try:
        graph = to_onnx(odd, frame.to_numpy(np.float32)[:1], target_opset={"": 15, "ai.onnx.ml": 3})
        yield _refused("isolation forest", graph, frame, "", "nodes")
    except Exception as error:  # a converter that does not know this version of scikit-learn
        print("isolation forest:", str(error)[:80])
    yield from _others()


def _graphs(name: str, model: Any, frame: pd.DataFrame, missing: str, kind: str) -> Iterator[Cell]:
    """With a ZipMap and without, in floats and in doubles, in one input and in one for each column."""
    options = {id(model): {"zipmap": False}} if hasattr(model, "predict_proba") else None
    asked = frame.to_numpy(np.float32)
    width = frame.shape[1]
    ways: dict[str, tuple[Any, Any]] = {"": ([("X", FloatTensorType([None, width]))], options)}
    if not kind and options:
        ways["ZipMap"] = (ways[""][0], None)
    if name in ("forest", "forest of two classes", "boosting"):
        ways["doubles"] = ([("X", DoubleTensorType([None, width]))], options)
    for way, (inputs, own) in ways.items():
        try:
            graph = to_onnx(model, initial_types=inputs, options=own)
            yield _cell(name, graph, frame, missing, f"{kind} {way}".strip(), model, asked)
        except Exception as error:  # a graph that skl2onnx cannot write, or onnxruntime not read
            print(name, way, str(error)[:80])


def _cell(name: str, graph: Any, frame: pd.DataFrame, missing: str, kind: str, model: Any, asked: Any) -> Cell:
    data = graph.SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    one = session.get_inputs()[0]
    cells = frame.to_numpy(np.float64 if "double" in one.type else np.float32)
    found = session.run(None, {one.name: cells})[-1]
    answer = np.array([list(row.values()) for row in found]) if isinstance(found, list) else np.asarray(found)
    want = model.predict_proba(asked) if hasattr(model, "predict_proba") else model.predict(asked)
    gap = np.abs(np.asarray(want).reshape(len(answer), -1) - answer.reshape(len(answer), -1)).max()
    print(f"{name} {kind}: onnxruntime and the library differ by {gap:.1e}")
    return Cell(
        "onnx",
        f"{VERSION}, scikit-learn {sklearn.__version__}",
        name,
        missing,
        "",
        kind,
        "onnx",
        _kept(data),
        cells_of(frame),
        None,
        listed(answer),
    )


def _kept(data: bytes) -> str:
    from base64 import b64encode

    return f"base64:{b64encode(data).decode()}"


def _refused(name: str, graph: Any, frame: pd.DataFrame, kind: str, word: str) -> Cell:
    return Cell("onnx", VERSION, name, "none", "", kind, "onnx", _kept(graph.SerializeToString()), cells_of(frame), refused=word)


def _others() -> Iterator[Cell]:
    """LightGBM and XGBoost by onnxmltools, where they are there."""
    try:
        import lightgbm
        import xgboost
        from onnxmltools import convert_lightgbm, convert_xgboost
        from onnxmltools.convert.common.data_types import FloatTensorType as Floats
    except ImportError as error:
        print("onnxmltools:", error)
        return
    frame = numbers("nan")
    asked = frame.to_numpy(np.float32)
    for goal in ("number", "two", "three", "positive"):
        y = goal_of(goal, frame)
        few: dict[str, Any] = {"n_estimators": 5, "n_jobs": 1}
        if goal in ("number", "positive"):
            light, extreme = lightgbm.LGBMRegressor(**few, num_leaves=7, verbose=-1), xgboost.XGBRegressor(**few, max_depth=3)
            if goal == "positive":
                light.set_params(objective="poisson")
                extreme.set_params(objective="count:poisson")
        else:
            light, extreme = lightgbm.LGBMClassifier(**few, num_leaves=7, verbose=-1), xgboost.XGBClassifier(**few, max_depth=3)
        for name, model, convert in (("LightGBM", light, convert_lightgbm), ("XGBoost", extreme, convert_xgboost)):
            model.fit(asked, y)
            for zipmap in (True, False) if goal == "two" and name == "LightGBM" else (True,):
                try:
                    more = {"zipmap": zipmap} if name == "LightGBM" else {}
                    graph = convert(model, initial_types=[("X", Floats([None, 3]))], target_opset=15, **more)
                    yield _cell(f"{name} {goal}", graph, frame, "nan", "" if zipmap else "no ZipMap", model, asked)
                except Exception as error:
                    print(name, goal, str(error)[:100])
