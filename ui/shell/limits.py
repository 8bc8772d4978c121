"""How often one visitor of a public server may begin a run, and upload a file."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable

import streamlit as st

from ui.shell.access import public
from ui.shell.pace import duration

WINDOW = 600.0  # seconds
RUNS, UPLOADS = 30, 30  # of a visitor within a window


class Allowance:
    """So many within any so many seconds, for each visitor. what : is counted;  clock : seconds that never go back"""

    def __init__(self, what: str, most: int, seconds: float = WINDOW, clock: Callable[[], float] = time.monotonic):
        self._what, self._most, self._seconds, self._clock = what, most, seconds, clock
        self._taken: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def take(self, who: str) -> None:
        """Count one more; ValueError that says when to try again where it would be one too many."""
        with self._lock:
            now = self._clock()
            for other, times in list(self._taken.items()):
                while times and now - times[0] >= self._seconds:
                    times.popleft()
                if not times:
                    del self._taken[other]
            times = self._taken.setdefault(who, deque())
            if len(times) >= self._most:
                wait = duration(math.ceil(times[0] + self._seconds - now))
                most = f"{self._most} {self._what} within {duration(self._seconds)}"
                raise ValueError(f"{most} are the most for one visitor: try again in {wait}.")
            times.append(now)


@st.cache_resource(show_spinner=False)
def allowances() -> dict[str, Allowance]:
    """The server's, the same for every session."""
    return {"run": Allowance("runs", RUNS), "upload": Allowance("uploads", UPLOADS)}


def admit(what: str, who: str) -> None:
    """Count a "run" or an "upload" of a visitor; ValueError where a public server takes no more of them now."""
    if public():
        allowances()[what].take(who)
