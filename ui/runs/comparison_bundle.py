"""A page's result as a bundle, and back: the same for every kind of input."""

from typing import Any

from ui.kind import Kind, Result
from ui.runs.bundle import Bundle
from ui.runs.comparison import Comparison

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
