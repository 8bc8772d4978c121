"""A result of the Text page as a bundle, and back."""

from ui.runs.bundle import Bundle
from ui.runs.comparison_bundle import bundle_of, comparison_record
from ui.text.run import TextResult


def to_bundle(result: TextResult, name: str, fingerprint: str) -> Bundle:
    """The bundle of a run that is over; ValueError as `bundle_of`."""
    subject, spans = result.subject, [list(span) for span in result.subject.spans]
    shown = {"prompt": result.request.prompt, "target": subject.target, "tokens": subject.tokens, "spans": spans}
    return bundle_of("text", name, fingerprint, result.request, result.comparison, shown)


def from_bundle(bundle: Bundle) -> TextResult:
    """The result that `to_bundle` was given, its ledger without a model; ValueError where a bundle is of no text."""
    comparison = comparison_record(bundle, "text")
    subject = {name: bundle.shown[name] for name in ("target", "spans", "tokens")}
    result = TextResult.from_record(
        {"subject": subject, "comparison": comparison}, bundle.settings, lambda labels: bundle.ledger()
    )
    if result.request.prompt != bundle.shown["prompt"]:
        raise ValueError("This bundle shows another prompt than its settings say.")
    return result
