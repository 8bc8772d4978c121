"""A result of the Image page as a bundle, and back: an uploaded picture travels in it, a bundled one by its name."""

import hashlib

from ui.image import source as image_source
from ui.image.request import ImageRequest, ImageResult
from ui.image.run import regions_of
from ui.runs.bundle import Bundle
from ui.runs.comparison_bundle import bundle_of, comparison_record


def to_bundle(result: ImageResult, fingerprint: str, name: str, content: bytes | None = None) -> Bundle:
    """The bundle of a run that is over; content : the file that was uploaded. ValueError as `bundle_of`.

    Files are made outside a page's script, where the session is not at hand: hence name and content are given.
    """
    about = {name: value for name, value in result.to_record().items() if name != "comparison"}
    return bundle_of("image", name[:200], fingerprint, result.request, result.comparison, about, content)


def from_bundle(bundle: Bundle) -> ImageResult:
    """The result that `to_bundle` was given, its ledger without a model; its picture is this session's from now on.

    ValueError where a bundle is of no picture, or holds another one than its settings say.
    """
    comparison = comparison_record(bundle, "image")
    request = ImageRequest.from_settings(bundle.settings)
    if bundle.content is not None:
        if hashlib.sha256(bundle.content).hexdigest() != request.source:
            raise ValueError("This bundle holds another picture than its settings say.")
        image_source.take(bundle.content, "")
    image = image_source.picture(request.source)
    if image is None:
        raise ValueError("This bundle does not hold its picture.")
    return ImageResult.from_record(
        {**bundle.shown, "comparison": comparison},
        bundle.settings,
        lambda labels: bundle.ledger(),
        lambda request, side: regions_of(request, image, side),
    )
