"""What a translation is made from as a kind of input: examples of a prompt, or words of a sentence, are left out."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st
from markupsafe import Markup, escape

from ui.data import ask, run, show
from ui.data.picture import ExamplesPicture
from ui.data.request import EXAMPLES, DataRequest, DataState, ExamplesAbout, ExamplesRequest, WordsAbout, WordsRequest, request_of
from ui.data.scored_runs import show_sources
from ui.draw.markdown import short
from ui.kind import Cost, Kind, Result, Subject, View
from ui.runs.comparison import Comparison
from ui.runs.completing import Size
from ui.shell.bench import Bench
from ui.shell.jobs import Job
from ui.shell.model_slot import model_slot
from ui.text.picture import TextPicture
from xai.exchange.visible import visible

WORDS = "Doubt the translation where a target word owes nothing to the source word that it should translate."


def _size(request: WordsRequest) -> Size:
    return run.words_size(model_slot().loaded, request, model_slot().seconds_per_token)


class DataKind(Kind[DataRequest, DataState, TextPicture | ExamplesPicture]):
    key, State = "data", DataState
    another = "other data or settings"
    title = "Swing: what is each example worth?"
    lead = (
        "Swing values what a translation is made from: the examples in a prompt, the data sources of training runs "
        "that you have scored, or the words of one sentence."
    )

    def offer(self, state: Bench[DataState]) -> None:
        st.session_state.setdefault("data-mode", EXAMPLES)
        ask.ask_mode(state)

    def ask(self, state: Bench[DataState]) -> DataRequest | None:
        mode = st.session_state["data-mode"]
        if mode == ask.SOURCES:
            show_sources()
            return None
        return ask.ask_examples(state) if mode == EXAMPLES else ask.ask_words(_size)

    def read(self, settings: Any, upload: bytes | None = None) -> DataRequest:
        return request_of(settings)

    def open(self, request: DataRequest, state: Bench[DataState], upload: bytes | None) -> None:
        ask.set_widgets(request, state)

    def first(self, request: DataRequest | None = None) -> DataRequest | None:
        """None for another model than the bundled one: that takes minutes, which nobody asked for."""
        if request is None or (isinstance(request, ExamplesRequest) and model_slot().source is None):
            return ask.bundled_request()
        return None

    def name(self, request: DataRequest) -> str:
        return request.name[:80]

    def asked(self, request: DataRequest) -> Markup:
        return escape(visible(short(request.name, 200)))

    def asks_server_model(self, request: DataRequest) -> bool:
        return True

    def cost(self, request: DataRequest, state: Bench[DataState]) -> Cost:
        slot = model_slot()
        key = request, slot.seconds_per_token, slot.answer_seconds
        if state.own.cost[0] != key:
            state.own.cost = key, run.cost(slot.loaded, request, slot.seconds_per_token, slot.answer_seconds)
        return state.own.cost[1]

    def subject(self, request: DataRequest, state: Bench[DataState]) -> Callable[[Job], Subject]:
        return partial(run.subject, model_slot().loaded, request)

    def look(self, request: DataRequest, state: Bench[DataState]) -> Callable[[Job], None] | None:
        slot = model_slot()
        return None if isinstance(request, WordsRequest) else partial(run.look, slot.loaded, request, slot.seconds_per_token)

    def fingerprint(self, request: DataRequest) -> str:
        return model_slot().fingerprint

    def may_keep(self, request: DataRequest) -> bool:
        """Sentences stand in a run's settings and labels: uploaded ones are kept only where the user says so."""
        return not request.uploaded or bool(st.session_state.get("data-keep"))

    def record_of(self, shown: dict[str, Any], request: DataRequest) -> dict[str, Any]:
        return dict(shown["about"])

    def about(self, record: dict[str, Any], request: DataRequest, comparison: Comparison, upload: bytes | None) -> Any:
        about: Any = WordsAbout if isinstance(request, WordsRequest) else ExamplesAbout
        return about.from_record(record, request, comparison)

    def picture(self, result: Result) -> TextPicture | ExamplesPicture:
        if isinstance(result.request, WordsRequest):
            return TextPicture(result.request, result.about.text, then=WORDS)
        return ExamplesPicture(result.request, result.about.signatures)

    def shows(self, result: Result) -> bool:
        return bool(result.request.kind == st.session_state["data-mode"])

    def view(self, result: Result, picture: TextPicture | ExamplesPicture, state: Bench[DataState]) -> View:
        return show.view_words(result, picture) if isinstance(picture, TextPicture) else show.view_examples(result, picture)
