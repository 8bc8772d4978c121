"""A page's comparison as a bundle, and back: what every page's own bundle shares."""

import json

from ui.runs.bundle import Bundle
from ui.runs.comparison import Comparison

_SIDES = ("left", "right")


def bundle_of(
    page: str, name: str, fingerprint: str, request, comparison: Comparison, shown: dict, content: bytes | None = None
) -> Bundle:
    """The bundle of a run that is over. ValueError where a run goes on: its values are not settled.

    request : of the page, with `to_settings()`;  shown, content : as in `ui.runs.bundle.Bundle`
    """
    if comparison.state == "preliminary":
        raise ValueError("This run is still going on; wait for its end, or cancel it.")
    return Bundle(
        page,
        name,
        fingerprint,
        comparison.state,
        request.to_settings(),
        shown,
        comparison.outputs,
        comparison.weights,
        dict(zip(_SIDES, comparison.maps)),
        *comparison.ledger.known(),
        comparison.judged,
        content,
    )


def comparison_record(bundle: Bundle, page: str) -> dict:
    """What `Comparison.to_record` gave, from a bundle; ValueError where the bundle is of another page."""
    if bundle.page != page or not set(bundle.attributions) <= set(_SIDES) or "left" not in bundle.attributions:
        raise ValueError(f"This bundle is not of the {page.title()} page; open it on the page that it was made on.")
    maps = [bundle.attributions[side] for side in _SIDES if side in bundle.attributions]
    return {
        "outputs": bundle.outputs,
        "weights": bundle.weights,
        "state": bundle.state,
        "maps": [json.loads(one.to_json()) for one in maps],
        "judged": None if bundle.fidelity is None else json.loads(bundle.fidelity.to_json()),
    }
