"""A page's result as a bundle, and back: the same for every kind of input."""

from dataclasses import replace
from typing import Any

import numpy as np

from ui.kind import Kind, Result
from ui.runs.bundle import Bundle
from ui.runs.comparison import Comparison
from xai import Attribution

_SIDES = ("left", "right")


def to_bundle(page: str, result: Result, name: str, fingerprint: str, upload: bytes | None = None) -> Bundle:
    """The bundle of a run that is over. ValueError where a run goes on: its values are not settled.

    page : key of its kind;  upload : the user's file that travels in it. Files are made outside a page's script, where
    the session is not at hand: hence all is given.
    """
    comparison = result.comparison
    if comparison.state == "preliminary":
        raise ValueError("This run is still going on; wait for its end, or cancel it.")
    return Bundle(
        page,
        name[:200],
        fingerprint,
        comparison.state,
        result.request.to_settings(),
        result.about.to_shown(),
        comparison.outputs,
        comparison.weights,
        dict(zip(_SIDES, comparison.maps)),
        *comparison.ledger.known(),
        comparison.judged,
        upload,
        comparison.judgements,
    )


def with_map(bundle: Bundle, other: Attribution) -> Bundle:
    """The bundle with a map of the same input that another library computed, as its right map: the page opens it so.

    other : of `xai.from_shap` or `xai.from_shapiq`, of the same players and outputs. What judged the two maps that were
    there is left out. ValueError where it is of others, or where its v(all players) is not known
    """
    left, own = next(iter(bundle.attributions.items()))
    if other.labels != own.labels or other.values.shape != own.values.shape:
        raise ValueError(
            f"the map has values of shape {other.values.shape} of {other.labels[:4]} …; "
            f"this bundle's are of shape {own.values.shape} of {own.labels[:4]} …, and both must be of the same"
        )
    if not np.isfinite(other.full_value).all():
        raise ValueError("v(all players) of the map is not known: give full_value where it is read")
    return replace(bundle, attributions={left: own, "right": other}, fidelity=None, judgements=())


def from_bundle(kind: Kind[Any, Any, Any], bundle: Bundle) -> Result:
    """The result that `to_bundle` was given, its ledger without a model; ValueError where it is of another kind."""
    if bundle.page != kind.key or not set(bundle.attributions) <= set(_SIDES) or "left" not in bundle.attributions:
        raise ValueError(f"This bundle is not of the {kind.key.capitalize()} page; open it on the page that it was made on.")
    request = kind.read(bundle.settings)
    maps = tuple(bundle.attributions[side] for side in _SIDES if side in bundle.attributions)
    ledger = bundle.ledger()
    judged = bundle.fidelity, bundle.state, bundle.judgements
    comparison = Comparison(request.plan, maps, bundle.outputs, bundle.weights, ledger, *judged)
    record = {**kind.record_of(bundle.shown, request), "comparison": comparison.to_record()}
    return kind.result(record, request, lambda labels: ledger, bundle.content)
