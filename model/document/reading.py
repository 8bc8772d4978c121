"""A document that somebody brings: bytes → text. What is no plain text is read in a process with limits."""

import contextlib
import subprocess
import sys
import unicodedata
from pathlib import Path

from model.document.game import MAX_DOCUMENT
from model.files.decoding import decoded
from model.files.kinds import known

MOST_MB = 20  # of a file
KINDS = ["txt", "md", "html", "htm", "pdf"]
MEMORY = 1_500_000_000  # bytes that the process may have
SECONDS = 60
_WORKER = Path(__file__).with_name("worker.py")
_HTML = ("<!doctype html", "<html")


def read_document(data: bytes, name: str) -> str:
    """The text of a .txt, .md, .html or .pdf file, told apart by their content, then by name; headings as in Markdown.

    ValueError with one sentence where it is none, or has more than `MAX_DOCUMENT` characters.
    """
    if len(data) > MOST_MB * 1_000_000:
        raise ValueError(f"{name} has {len(data) / 1e6:.0f} MB; at most {MOST_MB} MB are read: save its text alone")
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return _checked(_outside("pdf", data, name), name)
    if data.startswith(b"PK\x03\x04") or known(data):
        raise ValueError(f"{name} is no text: save it as .txt, .md, .html or .pdf")
    found = decoded(data, name)
    if found is None or "\0" in found[0]:
        raise ValueError(f"{name} is no text that can be read: save it as UTF-8")
    text = found[0]
    head = text[:1024].lstrip("\ufeff \t\r\n").lower()
    if name.lower().endswith((".html", ".htm")) or head.startswith(_HTML):
        text = _outside("html", text.encode("utf-8", "replace"), name)
    return _checked(text, name)


def _checked(text: str, name: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n").lstrip("\ufeff")
    text = "".join(c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs") else " " for c in lines).strip()
    if not text:
        raise ValueError(f"{name} has no text")
    if len(text) > MAX_DOCUMENT:
        raise ValueError(f"{name} has more than {MAX_DOCUMENT:,} characters of text: take out a part")
    return text


def _outside(kind: str, data: bytes, name: str) -> str:
    """The text of a file, by a process that a hostile one can only stop."""
    command = [sys.executable, "-P", str(_WORKER), kind, str(MAX_DOCUMENT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        _limit(process.pid)
        try:
            answer = process.communicate(data, SECONDS)[0].decode("utf-8", "replace")
        except subprocess.TimeoutExpired:
            process.kill()
            raise ValueError(f"{name} took more than {SECONDS} seconds to read, and was stopped: save its text alone") from None
    if answer[:1] != ".":
        told = answer[1:] or "the program that read it broke down"
        raise ValueError(f"{name} cannot be read: {told}")
    return answer[1:]


def _limit(process: int) -> None:
    """Where the system can: the process's memory ends there, and it writes no file."""
    with contextlib.suppress(ImportError, OSError, AttributeError, ValueError):
        import resource

        resource.prlimit(process, resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.prlimit(process, resource.RLIMIT_FSIZE, (0, 0))
