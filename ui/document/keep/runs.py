"""What the store must know to keep a document's runs and open them again: the text stands beside the settings."""

import hashlib
from collections.abc import Callable
from typing import Any

import streamlit as st

from model.document.marks import title_of
from ui.document import ask
from ui.document.ask import Own
from ui.document.keep.record import judged_in, parts_in, trees_in
from ui.document.request import DocumentRequest
from ui.document.run import Study
from ui.draw.markdown import short
from ui.runs import kept
from ui.shell.bench import Bench
from xai import Ledger

TITLE = 40  # characters of a document's beginning in the name of its run


class DocumentRuns:
    """As `ui.runs.kept.Keeper`. The text is no setting of a kept run, for every run's are read for the list of runs."""

    key, Request = "document", DocumentRequest

    def read(self, settings: Any, upload: bytes | None = None) -> DocumentRequest:
        """upload : the text"""
        if upload is None or not isinstance(settings, dict):
            raise ValueError("this run does not hold its document")
        return DocumentRequest.from_settings({**settings, "text": upload.decode("utf-8")})

    def open(self, request: DocumentRequest, state: Bench[Own], upload: bytes | None) -> None:
        ask.set_widgets(request)

    def result(
        self, record: Any, request: DocumentRequest, ledger_of: Callable[[list[str]], Ledger], upload: bytes | None = None
    ) -> Study:
        """What `Study.to_record` gave; ValueError for anything else. ledger_of(labels) : what was paid"""
        try:
            text, outputs = request.text.strip(), [str(one) for one in record["outputs"]]
            root, labels = parts_in(record, text)
            found = trees_in(record, root, text, len(outputs))
            judged, state = judged_in(record, found, len(outputs)), record["state"]
            if state not in ("partial", "done") or (state == "done" and len(found) < 2):
                raise ValueError("its state is unknown")
            ledger = ledger_of(labels)
            if ledger.evaluations and ledger.known()[1].shape[1:] != (len(outputs),):
                raise ValueError("its outputs are not those of its values")
            own = {"model": str(record["model"]), "state": state, "judged": judged}
            return Study(request, text, root, str(record["target"]), outputs, found, ledger, **own)
        except (KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
            raise ValueError(f"this is not a study that Swing wrote ({error})") from error


RUNS = DocumentRuns()


def name_of(request: DocumentRequest) -> str:
    """What a run is called: how the document begins, and what it was asked."""
    begins = request.text.strip()[: 4 * TITLE]
    return f"{short(title_of(begins) or begins, TITLE)}: {request.question.strip()}"


def begin(request: DocumentRequest, own: Own, model: str, run: str | None) -> str | None:
    """The id of the run to work on, None where it is not kept. run : of the same game, to go on with"""
    if not may_keep(request, own):
        st.query_params.pop("run", None)
        return None
    settings = {name: value for name, value in request.to_settings().items() if name != "text"}
    return kept.begin(RUNS.key, name_of(request), settings, model, run, request.text.encode())


def same_document(text: str, runs: dict[str, str], known: dict[str, str]) -> dict[str, str]:
    """Those of some runs (id → name) that are of this text. known : id → SHA-256 of the texts that were looked up before"""
    wanted = _digest(text)
    for run in runs:
        if run not in known:
            known[run] = _digest((kept.store().content(run) or b"").decode("utf-8", "replace"))
    return {run: name for run, name in runs.items() if known[run] == wanted}


def _digest(text: str) -> str:
    return hashlib.sha256(text.strip().encode()).hexdigest()


def may_keep(request: DocumentRequest, own: Own) -> bool:
    """What was typed or pasted is kept, the text of an upload where its visitor says so."""
    uploaded = own.file is not None and own.file[1] == request.text
    return not uploaded or bool(st.session_state.get("doc-keep"))
