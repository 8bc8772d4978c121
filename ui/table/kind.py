"""A row of a table as a kind of input: a model is fitted to a column, and cells of the row are left out."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from ui.kind import Cost, Kind, Subject
from ui.names import EXACT_PANES
from ui.runs.comparison import Plan
from ui.shell.bench import Bench
from ui.shell.jobs import Job
from ui.shell.model_slot import model_slot
from ui.table import ask, run, show
from ui.table.picture import TablePicture
from ui.table.request import TableAbout, TableRequest
from ui.table.run import TableState
from ui.table.source import FIRST, Source, sample, sample_titles, uploaded

LOST = "The table of this run was not kept: bring it again to go on with it."
OTHER = "The table above is another than that of this run; choose, or bring, its own to go on with it."


class TableKind(Kind[TableRequest, TableState, TablePicture]):
    key, Request, About, State = "table", TableRequest, TableAbout, TableState
    another = "another row, table or setting"
    title = "Swing: why did the model say that of this row?"
    lead = (
        "Swing fits a model to a table and shows which cells of a row swing its answer, exactly for trees, and what really "
        "was. Pick a sample or bring a CSV, Parquet or Excel file, then press Explain."
    )

    def offer(self, state: Bench[TableState]) -> None:
        ask.offer(state)

    def ask(self, state: Bench[TableState]) -> TableRequest:
        return ask.ask(ask.choose_table(state), state)

    def open(self, request: TableRequest, state: Bench[TableState], upload: bytes | None) -> None:
        """Find the table of a run that was kept or brought, and set the widgets to what it asked."""
        source, now = None, state.own.table
        if request.sample and request.table in sample_titles():
            source = sample(request.table)
        elif now is not None and now.digest == request.digest:
            source = now
        elif upload is not None:
            source = uploaded(request.table, upload)
        if source is None or source.digest != request.digest:
            st.warning(LOST)
        ask.set_widgets(request, source, state)

    def first(self, request: TableRequest | None = None) -> TableRequest:
        table = sample(FIRST)
        return TableRequest(table.name, table.digest, True, table.target, plan=Plan(*EXACT_PANES))

    def name(self, request: TableRequest) -> str:
        return request.name

    def asks_server_model(self, request: TableRequest) -> bool:
        return request.model == "gemma"

    def cost(self, request: TableRequest, state: Bench[TableState]) -> Cost:
        return run.cost(self._table(request, state), request, state.own.models, model_slot().seconds_per_token)

    def subject(self, request: TableRequest, state: Bench[TableState]) -> Callable[[Job], Subject]:
        own, table = state.own, self._table(request, state)
        if request.model == "file" and own.model_file[1] != request.file and run.find(request, own.models) is None:
            raise ValueError("bring the file of the model again: it is kept nowhere")
        return partial(run.subject, table, request, own=own.models, gemma=model_slot().gemma, file=own.model_file[2])

    @staticmethod
    def _table(request: TableRequest, state: Bench[TableState]) -> Source:
        """The table of a request: the one on the page, or a sample."""
        table = state.own.table
        if table is not None and table.digest == request.digest:
            return table
        if request.sample and request.table in sample_titles():
            return sample(request.table)
        raise ValueError(OTHER)

    fingerprint = staticmethod(run.fingerprint)

    def upload(self, request: TableRequest, state: Bench[TableState], on_server: bool) -> bytes | None:
        return self._table(request, state).data if on_server and request.kept else None

    picture = staticmethod(show.picture_of)
    view = staticmethod(show.view)
