"""A result of the Table page as a bundle, and back."""

import json

from ui.bundle import Bundle
from ui.table_request import TableRequest, TableResult
from ui.table_run import fingerprint

_SIDES = ("left", "right")


def to_bundle(result: TableResult) -> Bundle:
    """The bundle of a run that is over. ValueError where a run goes on: its values are not settled."""
    comparison = result.comparison
    if comparison.state == "preliminary":
        raise ValueError("This run is still going on; wait for its end, or cancel it.")
    return Bundle(
        "table",
        result.request.name,
        fingerprint(result.request),
        comparison.state,
        result.request.to_settings(),
        {"about": result.to_record(everything=True)["about"]},
        comparison.outputs,
        comparison.weights,
        dict(zip(_SIDES, comparison.maps)),
        *comparison.ledger.known(),
        comparison.judged,
    )


def from_bundle(bundle: Bundle) -> TableResult:
    """The result that `to_bundle` was given, its ledger without a model; ValueError where a bundle is of no table."""
    if bundle.page != "table" or not set(bundle.attributions) <= set(_SIDES) or "left" not in bundle.attributions:
        raise ValueError("This bundle is not of the Table page; open it on the page that it was made on.")
    TableRequest.from_settings(bundle.settings)
    maps = [bundle.attributions[side] for side in _SIDES if side in bundle.attributions]
    comparison = {"outputs": bundle.outputs, "weights": bundle.weights, "state": bundle.state}
    comparison["maps"] = [json.loads(one.to_json()) for one in maps]
    comparison["judged"] = None if bundle.fidelity is None else json.loads(bundle.fidelity.to_json())
    record = {"about": bundle.shown.get("about"), "comparison": comparison}
    return TableResult.from_record(record, bundle.settings, lambda labels: bundle.ledger())
