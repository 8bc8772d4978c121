"""How long runs took beside what was foretold: a range for the next one, learned from this server's own runs."""

import threading
from collections import deque
from typing import NamedTuple

import numpy as np
import streamlit as st

REMEMBERED = 30  # runs of a line
SHARE = 0.95  # of the runs so far lie within the range
PRIOR = (0.5, 0.8, 1.0, 1.25, 2.0)  # took / foretold, before there are runs to learn from; the newest of these goes last


class Cost(NamedTuple):
    """What is foretold of a run: most evaluations, about how many seconds, and how many of these go by before the first one."""

    evaluations: int
    seconds: float
    before: float = 0.0

    def of(self, evaluations: int) -> float:
        """Seconds of a run that ended with fewer."""
        return self.before + (self.seconds - self.before) * evaluations / max(self.evaluations, 1)


class Pace:
    """Ratios of seconds, taken to foretold, by line, and by whether other lines were at work as well."""

    def __init__(self) -> None:
        self._ratios: dict[tuple[str, bool], deque[float]] = {}
        self._lock = threading.Lock()

    def learn(self, line: str, shared: bool, foretold: float, took: float) -> None:
        """Both in seconds, of the evaluations that were paid for; what is not above 0 is left out."""
        if foretold > 0 and took > 0:
            with self._lock:
                self._of(line, shared).append(took / foretold)

    def range(self, line: str, shared: bool, seconds: float) -> tuple[float, float]:
        """Between which seconds a run will take that is foretold to take `seconds`."""
        with self._lock:
            found = np.array(self._of(line, shared))
        outside = (1 - SHARE) / 2
        low, high = np.quantile(found, [outside, 1 - outside])
        spare = 1 + 1 / len(found)  # few runs know less of the extremes
        return float(low / spare) * seconds, float(high * spare) * seconds

    def _of(self, line: str, shared: bool) -> deque[float]:
        return self._ratios.setdefault((line, shared), deque(PRIOR, REMEMBERED))


@st.cache_resource(show_spinner=False)
def pace() -> Pace:
    """The server's, the same for every session."""
    return Pace()


def _unit(seconds: float) -> tuple[float, str]:
    return (1.0, "seconds") if seconds < 90 else (60.0, "minutes") if seconds < 5400 else (3600.0, "hours")


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 1.5:
        return "a second"
    unit, name = _unit(seconds)
    return f"{seconds / unit:.1f} {name}" if unit == 3600 else f"{seconds / unit:.0f} {name}"


def between(low: float, high: float) -> str:
    """A range of seconds as people say it."""
    if high < 1.5:
        return f"about {duration(high)}"
    unit, name = _unit(high)
    ends = [f"{max(end / unit, 0.1):.0f}" if end / unit >= 3 or unit == 1 else f"{end / unit:.1f}" for end in (low, high)]
    if low <= 0 or (unit == 1 and low < 1):
        return f"up to {ends[1]} {name}"
    return f"{ends[0]} to {ends[1]} {name}" if ends[0] != ends[1] else f"about {ends[1]} {name}"
