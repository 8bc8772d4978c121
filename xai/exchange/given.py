"""Maps in the forms of other libraries: a data frame, shap's Explanation, shapiq's InteractionValues."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from xai.exchange.map import Map, WholeMap, columns, output_names

if TYPE_CHECKING:
    from pandas import DataFrame

SHAPIQ_INDICES = {"banzhaf": "BV", "shapley": "SV"}


def to_frame(shown: Map, outputs: list[str] | None = None) -> "DataFrame":
    """A row per player: label, value, standard_error; of values (n, k) value_NAME and standard_error_NAME of each output.

    outputs : names of the k outputs, their numbers by default. A standard error that is not known is NaN.
    """
    from pandas import DataFrame

    found: dict[str, Any] = {"label": shown.labels}
    for one in columns(shown, outputs):
        after = f"_{one.name}" if one.name else ""
        found[f"value{after}"] = one.values
        found[f"standard_error{after}"] = np.nan if one.standard_error is None else one.standard_error
    return DataFrame(found)


def to_shap(maps: WholeMap | Sequence[WholeMap], data: ArrayLike | None = None, outputs: list[str] | None = None) -> Any:
    """A shap.Explanation of one map, or of several of the same players, a row each, as `shap.plots.beeswarm` wants them.

    Shapley values and base_values = v(no player) add up to v(all players). Banzhaf values and v(no player) do not: plots
    that go from the base value to the model's answer (waterfall, force, decision) end at base_values + their sum instead,
    which differs from v(all players) by `gap`. Those of single values (bar, beeswarm, heatmap, text's colours) hold.

    Parameters
    ----------
    data : (n,) the players' own values, or (rows, n) of several maps, a frame too; of one map the labels by default,
        which is what `shap.plots.text` shows
    outputs : names of the k outputs of values (n, k)

    Raises
    ------
    ValueError : no map, maps of different players, outputs or indices, or data of another shape
    """
    from shap import Explanation

    from xai.exchange.explanation import BanzhafExplanation

    rows: list[WholeMap] = [*maps] if isinstance(maps, Sequence) else [maps]
    if not rows:
        raise ValueError("there is no map to make an Explanation of")
    first = rows[0]
    if any(_kind(one) != _kind(first) for one in rows):
        raise ValueError("the maps are of different players, outputs or indices; one Explanation holds maps of the same")
    names, n = output_names(first, outputs), len(first.labels)
    if data is None and rows == [maps]:
        data = first.labels
    if data is not None:
        data = np.asarray(data, dtype=object if np.asarray(data).dtype.kind in "OUS" else None)
        if data.size != len(rows) * n:
            raise ValueError(f"data has shape {data.shape}; {(len(rows), n)} or, of one map, {(n,)} is allowed")
        data = data.reshape(len(rows), n)
    made = (Explanation if first.index == "shapley" else BanzhafExplanation)(
        values=np.array([one.values for one in rows]),
        base_values=np.array([one.empty_value for one in rows]),
        data=data,
        feature_names=first.labels,
        output_names=names,
    )
    if first.index == "banzhaf":
        made.p = first.p
    return made[0] if rows == [maps] else made


def _kind(one: WholeMap) -> tuple[object, ...]:
    return one.labels, one.values.shape, one.index, one.p


def to_shapiq(shown: WholeMap) -> Any:
    """A shapiq.InteractionValues of order 1, index "BV" or "SV", with v(no player) as its baseline value.

    Standard errors and v(all players) have no place in it.

    Raises
    ------
    ValueError : several outputs, or Banzhaf values of p other than ½, which shapiq has no name for
    ImportError : shapiq is not installed
    """
    if shown.values.ndim == 2 and shown.values.shape[1] > 1:
        raise ValueError(f"shapiq holds one output, and these are {shown.values.shape[1]}: call combine(weights) first")
    if shown.p != 0.5:
        raise ValueError(f"shapiq knows Banzhaf values of p = 0.5 alone, and these are of p = {shown.p}")
    try:
        from shapiq import InteractionValues
    except ImportError as error:
        raise ImportError("this needs shapiq, which is not installed: pip install 'swing[shapiq]'") from error
    n = len(shown.labels)
    return InteractionValues(
        shown.values.reshape(n).copy(),
        index=SHAPIQ_INDICES[shown.index],
        n_players=n,
        min_order=1,
        max_order=1,
        interaction_lookup={(i,): i for i in range(n)},
        estimated=shown.method != "exact" or bool(np.any(shown.standard_error)),
        estimation_budget=shown.evaluations,
        baseline_value=float(np.ravel(shown.empty_value)[0]),
    )
