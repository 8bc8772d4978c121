"""Text of users and models inside Streamlit's Markdown: shown as it is, never obeyed."""

import re

from xai.exchange.colour import short
from xai.exchange.visible import isolated, visible

__all__ = ["plain", "said", "short"]


def plain(text: str, most: int = 60) -> str:
    """Escaped for Markdown, on one line, shortened; a lone space or line break gets a sign that can be seen, and so does what
    has no shape."""
    text = short(text, most)
    if not text.strip():
        text = text.replace("\n", "⏎").replace("\t", "⇥").replace(" ", "␣") or "∅"
    return isolated(re.sub(r"([\\`*_{}\[\]()#+\-.!:$~|<>&])", r"\\\1", visible(" ".join(text.split()))))


def said(sentence: str) -> str:
    """A sentence for the page from an error's text, in which names of a user may stand: they are not obeyed either."""
    escaped = re.sub(r"([\\`*_\[\]#$~|<>]|:(?=[\w/+-]+:))", r"\\\1", visible(" ".join(sentence.split())))
    return escaped[:1].upper() + escaped[1:]
