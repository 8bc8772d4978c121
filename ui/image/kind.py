"""A picture as a kind of input: a classifier or a multimodal Gemma looks at it, and patches of it are covered."""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from ui.image import ask, run, show, source
from ui.image.picture import ImagePicture
from ui.image.request import GEMMA, PHOTOS, ImageAbout, ImageRequest, ImageState
from ui.kind import Cost, Kind, Result, Subject
from ui.runs.comparison import Comparison
from ui.shell.bench import Bench
from ui.shell.jobs import Job
from ui.shell.model_slot import model_slot

FIRST = ImageRequest(source.FIRST)


class ImageKind(Kind[ImageRequest, ImageState, ImagePicture]):
    key, Request, State = "image", ImageRequest, ImageState
    another = "an earlier picture or setting"
    title = "Swing: which patches swing the answer?"
    lead = (
        "Swing covers patches of a picture, again and again, and measures how a model’s answer swings. Take a sample "
        "or upload a photo, then press Explain."
    )

    def offer(self, state: Bench[ImageState]) -> None:
        ask.offer(state, model_slot())

    def ask(self, state: Bench[ImageState]) -> ImageRequest | None:
        request = ask.ask(state, model_slot())
        if request is None:
            return None
        if source.picture(request.source) is None:
            st.warning(source.GONE)
            return None
        return request

    def open(self, request: ImageRequest, state: Bench[ImageState], upload: bytes | None) -> None:
        if upload is not None:
            source.take(upload, "")
        ask.set_widgets(request)

    def first(self, request: ImageRequest | None = None) -> ImageRequest | None:
        return FIRST if request is None or request.model == PHOTOS else None

    def name(self, request: ImageRequest) -> str:
        """The picture, and what was asked of it."""
        asked = request.question
        if request.classifies:
            names = [run.class_name(request, i) for i in (request.wanted, request.against) if i is not None]
            asked = " rather than ".join(names) if request.wanted is not None else ""
        return ": ".join(filter(None, [source.title(request.source), asked]))

    def asks_server_model(self, request: ImageRequest) -> bool:
        return request.model == GEMMA

    def cost(self, request: ImageRequest, state: Bench[ImageState]) -> Cost:
        return run.cost(request, model_slot())

    def subject(self, request: ImageRequest, state: Bench[ImageState]) -> Callable[[Job], Subject]:
        return partial(run.subject, model_slot(), request, source.needed(request.source), source.picture(request.other))

    def fingerprint(self, request: ImageRequest) -> str:
        return run.fingerprint(request, model_slot())

    def upload(self, request: ImageRequest, state: Bench[ImageState], on_server: bool) -> bytes | None:
        own = source.upload(request.source)
        return own.data if own and (not on_server or st.session_state.get("image-keep")) else None

    def about(self, record: dict[str, Any], request: ImageRequest, comparison: Comparison, upload: bytes | None) -> ImageAbout:
        if upload is not None:
            if hashlib.sha256(upload).hexdigest() != request.source:
                raise ValueError("This holds another picture than its settings say.")
            source.take(upload, "")
        image = source.needed(request.source)
        return ImageAbout.from_record(record, request, comparison, lambda units: run.regions_of(request, image, units))

    def picture(self, result: Result) -> ImagePicture:
        at = result.request.source
        return ImagePicture(result.request, result.about, source.view(at), show.explained(result), name=source.title(at))

    view = staticmethod(show.view)
