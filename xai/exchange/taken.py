"""Maps that other libraries computed, as an `Attribution`: shap's Explanation, shapiq's InteractionValues."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from xai.attribution import Attribution
from xai.checks import check_whole
from xai.typing import Floats

_OF_SHAPIQ = {"SV": "shapley", "SII": "shapley", "BV": "banzhaf", "BII": "banzhaf"}  # what single players have in each


def from_shap(explanation: Any, row: int | None = None, full_value: float | Floats | None = None) -> Attribution:
    """The map of one row of a shap.Explanation: Shapley values, or the Banzhaf values that `to_shap` put into it.

    v(no player) is its base value. By the additivity that shap's explainers promise, v(all players) of Shapley values is
    base value + sum unless `full_value` says otherwise; of Banzhaf values it is NaN where `full_value` does not say it.
    There are no standard errors, for shap gives none; budget and evaluations are 0, for it does not tell them.

    Parameters
    ----------
    explanation : values (n,) or (n, k) of one row, (rows, n) or (rows, n, k) of several
    row : which of several rows, from 0; may be left out where there is one
    full_value : v(all players), float or (k,)

    Raises
    ------
    TypeError, ValueError : not an Explanation, no such row, interactions, an Explanation
        that was summed or changed, a missing base value, values that are not finite
    """
    from shap import Explanation

    from xai.exchange.explanation import BanzhafExplanation

    if not isinstance(explanation, Explanation):
        raise TypeError(
            f"from_shap reads a shap.Explanation, what an explainer gives when called; got {type(explanation).__name__}"
        )
    done = [op.name for op in explanation.op_history if op.name != "__getitem__"]
    if done:
        raise ValueError(f"the Explanation was changed by {', '.join(done)}, so its values are those of no row any more")
    if explanation.base_values is None:
        raise ValueError("the Explanation has no base_values, so v(no player) is not known")
    one = _row(explanation, row)
    values, base = _numbers(one.values, "values"), np.squeeze(_numbers(one.base_values, "base_values"))
    if values.ndim not in (1, 2) or base.shape != (values.shape[1:] if values.ndim == 1 or values.shape[1] > 1 else ()):
        raise ValueError(
            f"values of shape {values.shape} and base values of shape {base.shape} are not those of single players: "
            "interactions are not read"
        )
    base = base.reshape(values.shape[1:])
    banzhaf = isinstance(explanation, BanzhafExplanation)
    whole = np.full(base.shape, np.nan) if banzhaf else base + values.sum(axis=0)
    return _made(
        values,
        _labels(one, len(values)),
        "banzhaf" if banzhaf else "shapley",
        "shap",
        base,
        whole if full_value is None else np.asarray(full_value, dtype=np.float64),
        explanation.p if banzhaf else 0.5,
    )


def from_shapiq(values: Any, labels: Sequence[str] | None = None, full_value: float | None = None) -> Attribution:
    """The single players' values in a shapiq.InteractionValues.

    They are Shapley values where its index is "SV" or "SII", Banzhaf values where it is "BV" or "BII"; those of other indices
    change their meaning with the order, and are refused where it is above 1. v(no player) is its baseline value; v(all
    players) is baseline + sum for Shapley values, and NaN for Banzhaf values, unless `full_value` says it. Players that it
    leaves out have the value 0. There are no standard errors, for shapiq gives none.

    labels : of the n players, "player i" by default
    TypeError, ValueError : not InteractionValues, an index that is not read, no single players, another number of labels
    """
    if not all(hasattr(values, name) for name in ("index", "n_players", "baseline_value", "min_order", "max_order")):
        raise TypeError(f"from_shapiq reads shapiq.InteractionValues; got {type(values).__name__}")
    if values.index not in _OF_SHAPIQ or values.min_order > 1 or values.max_order < 1:
        raise ValueError(
            f"the interaction values are of index {values.index!r}, order {values.min_order} to {values.max_order}; "
            f"single players are read of {list(_OF_SHAPIQ)}, or of order 1 alone"
        )
    index, n = _OF_SHAPIQ[values.index], int(values.n_players)
    found = _numbers([values[(i,)] for i in range(n)], "values")
    base = _numbers(values.baseline_value, "the baseline value")
    whole = base + found.sum() if index == "shapley" else np.nan
    names = [f"player {i}" for i in range(n)] if labels is None else [*labels]
    if len(names) != n:
        raise ValueError(f"there are {len(names)} labels for {n} players; one for each is needed")
    return _made(found, names, index, "shapiq", base, whole if full_value is None else full_value, 0.5)


def _made(values: Floats, labels: list[str], index: str, method: str, empty: Floats, full: Any, p: float) -> Attribution:
    unknown = "" if np.isfinite(full).all() else " v(all players) is not known, so this map cannot be stored: give full_value."
    return Attribution(
        values=values,
        standard_error=None,
        labels=labels,
        index=index,
        method=method,
        seed=0,
        budget=0,
        evaluations=0,
        seconds=0.0,
        empty_value=empty,
        full_value=full,
        note=f"Computed by {method}, which gives no standard errors.{unknown}",
        p=p,
    )


def _row(explanation: Any, row: int | None) -> Any:
    """The Explanation of one row. Base values, one for each row and output, tell which axes are rows."""
    shape, base = explanation.shape, np.shape(explanation.base_values)
    named = explanation.output_names is not None and not isinstance(explanation.output_names, str)
    if len(shape) == 2 and shape[0] == shape[1] and not base:
        raise ValueError(f"values of shape {shape} with one base value may be rows or interactions: give a base value per row")
    if len(shape) < 2 or (len(shape) == 2 and base == (shape[1],) and (named or base != (shape[0],))):
        if row is not None:
            raise ValueError(f"this Explanation is of one row already: leave out row={row!r}")
        return explanation
    if row is None and len(explanation) != 1:
        raise ValueError(f"this Explanation is of {len(explanation)} rows: say which by row=0 … {len(explanation) - 1}")
    at = check_whole("row", 0 if row is None else row)
    if at >= len(explanation):
        raise ValueError(f"row must be below {len(explanation)}, the number of rows; got {at}")
    return explanation[at] if base else _with_base(explanation[at], explanation.base_values)


def _with_base(one: Any, base: float) -> Any:
    one.base_values = base
    return one


def _labels(one: Any, n: int) -> list[str]:
    """Names of the features, or else the texts that were explained, or else numbers."""
    for names in (one.feature_names, one.data):
        texts = None if names is None or isinstance(names, str) else [*names]
        if texts is not None and len(texts) == n and all(isinstance(text, str) for text in texts):
            return texts
    return [f"player {i}" for i in range(n)]


def _numbers(found: Any, what: str) -> Floats:
    try:
        numbers = np.asarray(found, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} are not numbers ({error})") from error
    if not np.isfinite(numbers).all():
        raise ValueError(f"{what} must be finite")
    return numbers
