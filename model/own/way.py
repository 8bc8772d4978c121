"""How a model of somebody's own is asked for answers to rows of a table: by a scikit-learn interface, or as a function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

_METHODS = ("predict_proba", "decision_function", "predict")  # the first that an estimator has is asked
Ask = Callable[[Any], Any]  # of a frame, or of an array where a model was fitted to one


@dataclass(frozen=True)
class Way:
    """ask(frame) → answers, as the model gives them.

    name : of model and method, in sentences
    says : "probabilities", "scores" (the class with the largest is chosen), "labels", "numbers"; "" where the answers tell
    classes : in the order of the answers' columns, None where the model names none
    columns : names of those that the model reads, None for all;  width : how many they are, None where it does not say
    labels : of "scores", what chooses the class, where the model has it;  notes : sentences
    """

    ask: Ask
    name: str
    says: str = ""
    classes: list[object] | None = None
    columns: list[object] | None = None
    width: int | None = None
    labels: Ask | None = None
    notes: tuple[str, ...] = ()


def way_of(model: object) -> Way:
    """The way to ask a fitted estimator of scikit-learn's interface, or any callable; TypeError or ValueError for others."""
    name = getattr(model, "__name__", type(model).__name__).replace("<lambda>", "the function")
    if isinstance(model, type):
        raise TypeError(f"{name} is a class, not a model: give a fitted {name}")
    owner = getattr(model, "__self__", None)
    if name in _METHODS and owner is not None:  # model.predict_proba, given as a function
        return _of_estimator(owner, type(owner).__name__, [name])
    methods = [method for method in _METHODS if callable(getattr(model, method, None))]
    if methods:
        return _of_estimator(model, name, methods)
    if callable(model):
        return Way(model, name)
    raise TypeError(f"a model must be a function of a DataFrame, or have predict or predict_proba; got {name}")


def _of_estimator(model: Any, name: str, methods: list[str]) -> Way:
    kind = _kind(model)
    if kind in ("clusterer", "density_estimator"):
        raise ValueError(f"{name} groups rows and predicts nothing: give a function that answers with a number for each row")
    classes = None if kind == "regressor" else _listed(getattr(model, "classes_", None))
    if classes is not None:
        _check_classes(name, classes)
    if classes is not None or kind == "classifier" or "predict_proba" in methods and kind != "regressor":
        method = methods[0]
    else:
        method = "decision_function" if kind == "outlier_detector" and "decision_function" in methods else "predict"
    if method not in methods:
        raise ValueError(f"{name} has no predict: give a function that answers with a number for each row")
    if classes is None and kind == "classifier" and method == "predict":
        raise ValueError(f"{name} does not name its classes in classes_: give a function that answers with their probabilities")
    says = {"predict_proba": "probabilities", "decision_function": "scores", "predict": "labels"}[method]
    if classes is None and method != "predict_proba":
        says = "numbers" if kind else ""
    names, width = _columns(model)
    ask, chosen = getattr(model, method), getattr(model, "predict", None) if says == "scores" else None
    if names is None and width is not None:
        ask, chosen = _with_arrays(ask), chosen and _with_arrays(chosen)
    return Way(ask, f"{name}.{method}", says, classes, names, width, chosen)


def _check_classes(name: str, classes: list[object]) -> None:
    if any(isinstance(one, (list, tuple, np.ndarray)) for one in classes):
        raise ValueError(
            f"{name} predicts {len(classes)} columns at once: give a function that answers for one of them, such as "
            "lambda frame: model.predict_proba(frame)[0]"
        )
    if len(classes) < 2:
        raise ValueError(f"{name} knows one class only, {', '.join(map(repr, classes))}: there is nothing to explain")


def _kind(model: Any) -> str:
    """ "classifier", "regressor", "clusterer", "outlier_detector", or "" where it does not say."""
    from sklearn.utils import get_tags

    try:
        return str(get_tags(model).estimator_type or "")
    except Exception:  # not of scikit-learn's classes, or of an older interface
        return str(getattr(model, "_estimator_type", None) or "")


def _columns(model: Any) -> tuple[list[object] | None, int | None]:
    """(names, number) of the columns that it was fitted to, None each where it does not say."""
    names, width = (getattr(model, name, None) for name in ("feature_names_in_", "n_features_in_"))
    return _listed(names), None if width is None else int(width)


def _with_arrays(ask: Ask) -> Ask:
    """For a model that was fitted to an array."""
    return lambda frame: ask(as_array(frame))


def as_array(frame: pd.DataFrame) -> "np.typing.NDArray[Any]":
    """float64 where every column is of numbers, else objects; missing cells of numbers are NaN."""
    if all(pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes):
        return frame.to_numpy(dtype=float, na_value=np.nan)
    return frame.to_numpy(dtype=object)


def _listed(found: Any) -> list[object] | None:
    """As Python's own values; None for none."""
    if found is None:
        return None
    return [one.item() if isinstance(one, np.generic) else one for one in found]
