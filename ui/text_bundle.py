"""A result of the Text page as a bundle, and back."""

import json

from ui.bundle import Bundle
from ui.text_run import TextResult

_SIDES = ("left", "right")


def to_bundle(result: TextResult, name: str, fingerprint: str) -> Bundle:
    """The bundle of a run that is over. ValueError where a run goes on: its values are not settled."""
    subject, comparison = result.subject, result.comparison
    if comparison.state == "preliminary":
        raise ValueError("This run is still going on; wait for its end, or cancel it.")
    spans = [list(span) for span in subject.spans]
    shown = {"prompt": result.request.prompt, "target": subject.target, "tokens": subject.tokens, "spans": spans}
    return Bundle(
        "text",
        name,
        fingerprint,
        comparison.state,
        result.request.to_settings(),
        shown,
        comparison.outputs,
        comparison.weights,
        dict(zip(_SIDES, comparison.maps)),
        *comparison.ledger.known(),
        comparison.judged,
    )


def from_bundle(bundle: Bundle) -> TextResult:
    """The result that `to_bundle` was given, its ledger without a model; ValueError where a bundle is of no text."""
    if bundle.page != "text" or not set(bundle.attributions) <= set(_SIDES) or "left" not in bundle.attributions:
        raise ValueError("This bundle is not of the Text page; open it on the page that it was made on.")
    maps = [bundle.attributions[side] for side in _SIDES if side in bundle.attributions]
    comparison = {"outputs": bundle.outputs, "weights": bundle.weights, "state": bundle.state}
    comparison["maps"] = [json.loads(one.to_json()) for one in maps]
    comparison["judged"] = None if bundle.fidelity is None else json.loads(bundle.fidelity.to_json())
    subject = {name: bundle.shown[name] for name in ("target", "spans", "tokens")}
    result = TextResult.from_record(
        {"subject": subject, "comparison": comparison}, bundle.settings, lambda labels: bundle.ledger()
    )
    if result.request.prompt != bundle.shown["prompt"]:
        raise ValueError("This bundle shows another prompt than its settings say.")
    return result
