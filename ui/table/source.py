"""Which table is on the page: a bundled sample, or a file that somebody brought."""

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    import pandas as pd

FIRST = "Diabetes"


@dataclass(frozen=True, eq=False)
class Source:
    """A table and where it came from.

    name : of the file or the sample;  digest : SHA-256 of its bytes;  frame : what was read
    sample : whether it is bundled;  target : the column one would predict;  data : an upload's bytes, else None
    """

    name: str
    digest: str
    frame: "pd.DataFrame" = field(repr=False)
    sample: bool
    target: str
    about: str = ""
    data: bytes | None = field(default=None, repr=False)


@st.cache_resource(show_spinner=False)
def sample(title: str) -> Source:
    """A bundled table, read once for all sessions; KeyError for another title."""
    from model.files.table import read_table, samples

    found = samples()[title]
    data = found.path.read_bytes()
    return Source(title, digest_of(data), read_table(data, found.path.name), True, found.target, found.about)


def sample_titles() -> list[str]:
    from model.files.table import samples

    return list(samples())


def uploaded(name: str, data: bytes) -> Source:
    """The table of an upload; ValueError with one sentence where it is none."""
    from model.files.table import read_table

    name = " ".join(name.split())[-80:] or "table"
    frame = read_table(data, name)
    return Source(name, digest_of(data), frame, False, str(frame.columns[-1]), str(frame.attrs["read_as"]), data)


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
