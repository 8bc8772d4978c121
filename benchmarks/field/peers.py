"""The peers' side of `benchmarks.field`, run by the interpreter of the side environment: numpy and shapiq, none of ours.

Lines of JSON on the standard streams. In comes a task: {"kind", "answer", "n", "budget", "seed", "seconds", "options"}. Out
goes {"ask": m} and m·n bytes, a row of 0 and 1 for each coalition, whose m float64 come back; in the end {"values": [n],
"seconds": processor seconds spent here} or {"failed": a sentence, "seconds"}.
"""

import json
import os
import signal
import sys
import time
import warnings

import numpy as np


class TooSlow(BaseException):
    """No Exception: searches over parameters swallow those."""


class Clock:
    """Ends what takes more than its seconds of a processor by TooSlow, but in no answer's midst: what is left of half-read
    bytes would be taken for the next task."""

    def __init__(self) -> None:
        self.held, self.over = True, False
        signal.signal(signal.SIGPROF, self._rings)

    def start(self, seconds: float) -> None:
        self.held = self.over = False
        signal.setitimer(signal.ITIMER_PROF, seconds)

    def stop(self) -> None:
        self.held = True
        signal.setitimer(signal.ITIMER_PROF, 0)

    def __enter__(self) -> None:
        """From here on an answer is waited for."""
        self.held = True

    def __exit__(self, *_) -> None:
        self.held = False
        if self.over:
            raise TooSlow

    def _rings(self, *_) -> None:
        self.over = True
        if not self.held:
            raise TooSlow


def main() -> None:
    wire = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what libraries print is no answer
    warnings.simplefilter("ignore")
    import shapiq.approximator as approximator

    clock = Clock()
    say(wire, {"version": sys.modules["shapiq"].__version__})
    for line in iter(sys.stdin.buffer.readline, b""):
        task, started = json.loads(line), time.process_time()
        try:
            clock.start(task["seconds"])
            try:
                said = {"values": approximated(approximator, task, wire, clock)}
            except Exception as error:  # a peer's own failure is a finding
                said = {"failed": f"{type(error).__name__}: {str(error)[:60]}"}
            clock.stop()
        except TooSlow:
            said = {"slow": True}
        say(wire, said | {"seconds": time.process_time() - started})


def approximated(approximator, task: dict, wire, clock: Clock) -> list[float]:
    n = task["n"]

    def game(coalitions) -> np.ndarray:
        rows = np.ascontiguousarray(np.asarray(coalitions).reshape(-1, n), dtype=np.uint8)
        with clock:
            wire.write(json.dumps({"ask": len(rows)}).encode() + b"\n" + rows.tobytes())
            wire.flush()
            return np.frombuffer(sys.stdin.buffer.read(8 * len(rows))).copy()

    found = getattr(approximator, task["kind"])(n=n, random_state=task["seed"], **task["options"]).approximate(
        task["budget"], game
    )
    if found.index != task["answer"]:
        raise ValueError(f"shapiq returned {found.index!r}, not {task['answer']!r}")
    return [float(found[(i,)]) for i in range(n)]


def say(wire, what: dict) -> None:
    wire.write(json.dumps(what).encode() + b"\n")
    wire.flush()


if __name__ == "__main__":
    main()
