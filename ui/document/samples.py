"""The document with which the page opens, and a question that the bundled model answers rightly."""

from model.assets import ASSETS
from ui.document.request import DocumentRequest

FIRST = DocumentRequest(
    (ASSETS / "samples" / "documents" / "ferry.md").read_text(encoding="utf-8").strip(), "Who is the captain of the ferry?"
)
