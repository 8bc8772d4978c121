"""The widgets of the Document page, and the request that they make."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from model.document.game import AFTER, BEFORE
from model.document.reading import KINDS, MOST_MB, read_document
from ui.document.request import DocumentRequest
from ui.document.run import Desk
from ui.document.samples import FIRST
from ui.draw.markdown import plain, said
from ui.settings import allowed
from ui.shell.budget import moving
from ui.shell.frame import held, linked, preset, uploader
from ui.shell.widgets import number_input, selectbox, text_input
from xai.hierarchy.found import Path

BUDGETS = [64, 100, 150, 200, 300, 500, 1000, 2000, 5000, 10_000]
OWN, TYPED = "The model's own answer", "An answer I type"


@dataclass
class Own:
    """What the page remembers.

    at : the part one looks at;  out : parts that are taken out;  desk : the game that is worked at
    file : (SHA-256, text) of the upload that was read last;  sized : (game, its words, what an evaluation costs)
    anew : (what it is of, the answer without the parts, what the first answer's log-probability is then)
    documents : of kept runs that were looked up, by their ids, the SHA-256 of their texts
    """

    at: Path = ()
    out: tuple[Path, ...] = ()
    desk: Desk | None = None
    file: tuple[str, str] | None = None
    sized: tuple[Any, int, float, float] | None = None
    anew: tuple[Any, tuple[str, float]] | None = None
    documents: dict[str, str] = field(default_factory=dict)


def ask(own: Own) -> DocumentRequest | None:
    """What is asked; None, with a sentence, where an upload cannot be read."""
    titles = {name: one.title for name, one in allowed(DocumentRequest).items()}
    with st.expander("The document: paste a text, or bring a file"):
        file = uploader(
            f"A file: .{', .'.join(KINDS)}; at most {MOST_MB} MB. It stays in this session.", "doc-file", MOST_MB, type=KINDS
        )
        text = st.text_area(titles["text"], height=260, disabled=file is not None, **held("doc-text", value=FIRST.text))
        if file is not None:
            brought = _read(own, file)
            if brought is None:
                return None
            text = brought
            st.caption(f"Read {plain(file.name)}: {len(text):,} characters. Take the file away to go back to the text above.")
            st.checkbox("Keep its text on this server with the run, so that its link can show it again", key="doc-keep")
    question = text_input(st, DocumentRequest, "question", **held("doc-question", value=FIRST.question))
    with st.expander("Settings: answer, budget"):
        own_answer = (
            st.radio("What should be explained?", [OWN, TYPED], horizontal=True, **held("doc-whose", [OWN, TYPED])) == OWN
        )
        target = None
        if not own_answer:
            target = text_input(st, DocumentRequest, "target", placeholder=" Ingrid Solberg", **held("doc-target", value=""))
        one, two, three, four = st.columns(4)
        ends = allowed(DocumentRequest)["until"].options
        until = selectbox(one, DocumentRequest, "until", disabled=not own_answer, **held("doc-until", ends, index=1))
        longest = number_input(two, DocumentRequest, "longest", disabled=not own_answer, **held("doc-longest", value=40))
        now, more = moving("doc-budget", FIRST.budget, _of_link)
        budget = three.select_slider(titles["budget"], sorted({*BUDGETS, now}), **more)
        seed = number_input(four, DocumentRequest, "seed", **linked("doc-seed", value=0))
        after = plain(AFTER.format(question=question), 200)
        st.caption(f"The model reads: “{plain(BEFORE)}” document “{after}”. An absent part is removed.")
    return DocumentRequest(text, question, target, until, longest, int(budget), seed)


def _read(own: Own, file: Any) -> str | None:
    """The text of an upload, read once."""
    data = file.getvalue()
    digest = hashlib.sha256(data).hexdigest()
    if own.file is None or own.file[0] != digest:
        try:
            own.file = digest, read_document(data, " ".join(file.name.split())[-80:])
        except ValueError as error:
            st.error(said(str(error)))
            return None
    return own.file[1]


def _of_link(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and BUDGETS[0] <= int(text) <= BUDGETS[-1] else None


def set_widgets(request: DocumentRequest) -> None:
    """Set the widgets to what a kept run asked."""
    texts = {"doc-text": request.text, "doc-question": request.question, "doc-target": request.target or ""}
    numbers = {"doc-longest": request.longest, "doc-budget": request.budget, "doc-seed": request.seed}
    whose = OWN if request.target is None else TYPED
    preset(**texts, **numbers, **{"doc-whose": whose, "doc-until": request.until})
