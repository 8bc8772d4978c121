"""The content security policy under which Swing's pages work, for a proxy to send: `python -m docs.policy` prints it.

Scripts are the server's files, and a few that stand in the page itself: each is named by its SHA-256, so that no other runs.
"""

import base64
import hashlib
import re
from pathlib import Path

import streamlit

from ui.shell.frame import SCRIPTS

PAGE = Path(streamlit.__file__).parent / "static" / "index.html"
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.S)


def policy() -> str:
    """The value of the header `Content-Security-Policy`, by the files of this Swing and this Streamlit."""
    texts = [text for file in (PAGE, *SCRIPTS) for text in _SCRIPT.findall(file.read_text(encoding="utf-8"))]
    known = [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in texts]
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' {' '.join(known)}",
            "style-src 'self' 'unsafe-inline'",  # Streamlit and Plotly write styles while they draw
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


if __name__ == "__main__":
    print(policy())
