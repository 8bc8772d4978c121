"""A result of the Table page as a bundle, and back."""

from ui.runs.bundle import Bundle
from ui.runs.comparison_bundle import bundle_of, comparison_record
from ui.table.request import TableRequest, TableResult
from ui.table.run import fingerprint


def to_bundle(result: TableResult) -> Bundle:
    """The bundle of a run that is over; ValueError as `bundle_of`."""
    request, shown = result.request, {"about": result.to_record(everything=True)["about"]}
    return bundle_of("table", request.name, fingerprint(request), request, result.comparison, shown)


def from_bundle(bundle: Bundle) -> TableResult:
    """The result that `to_bundle` was given, its ledger without a model; ValueError where a bundle is of no table."""
    comparison = comparison_record(bundle, "table")
    TableRequest.from_settings(bundle.settings)
    record = {"about": bundle.shown.get("about"), "comparison": comparison}
    return TableResult.from_record(record, bundle.settings, lambda labels: bundle.ledger())
