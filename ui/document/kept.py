"""A study as a file: what was asked, its parts and what was paid for, from which the same trees are computed again."""

import io
import json
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from model.document.parts import parts_of
from ui.document.request import DocumentRequest
from ui.document.run import Study, explain
from ui.runs.comparison import Paid
from ui.shell.jobs import Job
from xai import Ledger

STUDY, LEDGER = "study.json", "ledger"


def to_bytes(study: Study) -> bytes:
    words = [part for _, part in study.root.walk() if part.kind == "word"]
    record = {
        "settings": study.request.to_settings(),
        "target": study.target,
        "outputs": study.outputs,
        "words": [[word.start, word.end, word.tokens] for word in words],
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file, tempfile.TemporaryDirectory() as folder:
        study.ledger.save(Path(folder) / LEDGER)
        file.writestr(STUDY, json.dumps(record, ensure_ascii=False))
        file.write(Path(folder) / LEDGER, LEDGER)
    return out.getvalue()


def from_bytes(data: bytes) -> Study:
    """A study of ours, its trees computed anew; no model is asked."""
    with zipfile.ZipFile(io.BytesIO(data)) as file, tempfile.TemporaryDirectory() as folder:
        record = json.loads(file.read(STUDY))
        request, text = DocumentRequest.from_settings(record["settings"]), record["settings"]["text"].strip()
        spans = [(start, end) for start, end, _ in record["words"]]
        path = Path(file.extract(LEDGER, folder))
        ledger = Ledger.load(path, Paid([text[start:end].strip() for start, end in spans]))
    root = parts_of(text, spans, np.array([tokens for _, _, tokens in record["words"]]))
    start = Study(request, text, root, record["target"], record["outputs"], {}, ledger)
    return explain(start, Job(lambda job: None))
