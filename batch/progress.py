"""What a run says while it goes on: rows done, their rate, and the time that is left."""

import json
import sys
import time
from collections.abc import Callable
from typing import IO, Any

EVERY = {"terminal": 0.2, "log": 60.0, "json": 10.0}  # seconds between two words
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


class Quiet:
    """Says nothing: what every reporter is."""

    def begin(self, done: int, total: int) -> None:
        """done : rows that were there before, of `total`"""

    def rows(self, count: int) -> None:
        """So many more are computed; fewer where a process died."""

    def end(self, **found: Any) -> None:
        """The run is over."""


class Reporter(Quiet):
    """One line over itself on a terminal, a line a minute in a log, an object a line as JSON; or every so many seconds."""

    def __init__(
        self,
        stream: IO[str] | None = None,
        as_json: bool = False,
        clock: Callable[[], float] = time.monotonic,
        every: float | None = None,
    ) -> None:
        self._stream, self._clock = stream or sys.stderr, clock
        terminal = not as_json and self._stream.isatty()
        self._how = "json" if as_json else "terminal" if terminal else "log"
        self._every = EVERY[self._how] if every is None else every
        self._done = self._before = self._total = 0
        self._began = self._last = clock()
        self._width = 0

    def begin(self, done: int, total: int) -> None:
        self._done = self._before = done
        self._total = total
        self._began = self._last = self._clock()
        if self._how == "json":
            self._write({"event": "begin", "done": done, "rows": total})
        elif done:
            self._line(f"{done:,} of {total:,} rows are there; going on", last=True)

    def rows(self, count: int) -> None:
        self._done += count
        now = self._clock()
        if now - self._last >= self._every:
            self._last = now
            self._say(now)

    def _say(self, now: float) -> None:
        new, seconds = self._done - self._before, now - self._began
        rate = new / seconds if seconds > 0 else 0.0
        left = (self._total - self._done) / rate if rate > 0 else None
        if self._how == "json":
            word = {"event": "rows", "done": self._done, "rows": self._total, "per_second": rate, "seconds_left": left}
            self._write(word)
        else:
            share = f"{100 * self._done / max(self._total, 1):.0f} %"
            ahead = "" if left is None else f", {duration(left)} left"
            self._line(f"{self._done:,} of {self._total:,} rows ({share}), {pace(rate)}{ahead}")

    def end(self, **found: Any) -> None:
        if self._how == "json":
            self._write({"event": "end", **found})
        elif self._how == "terminal" and self._width:
            self._stream.write("\n")

    def _line(self, text: str, last: bool = False) -> None:
        if self._how == "terminal":
            self._stream.write(f"\r{text.ljust(self._width)}" + ("\n" if last else ""))
            self._width = 0 if last else len(text)
        else:
            self._stream.write(f"{text}\n")
        self._stream.flush()

    def _write(self, word: dict[str, Any]) -> None:
        self._stream.write(json.dumps(word) + "\n")
        self._stream.flush()


def pace(rate: float) -> str:
    """Rows a second, or seconds a row where that is the larger number."""
    return f"{rate:,.1f} rows/s" if rate >= 1 or rate == 0 else f"{1 / rate:,.1f} s/row"


def duration(seconds: float) -> str:
    """The two largest units: 3 h 20 min."""
    left, said = int(max(seconds, 0) + 0.5), []
    for size, name in _UNITS:
        if left >= size:
            said.append(f"{left // size} {name}")
            left %= size
    return " ".join(said[:2]) or "0 s"
