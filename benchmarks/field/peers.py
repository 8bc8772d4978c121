"""The peers' side of `benchmarks.field`, run by the interpreter of the side environment: numpy and one library, none of ours.

Lines of JSON on the standard streams. In comes a task: {"kind", "answer", "n", "budget", "seed", "seconds", "options"}. Out
goes {"ask": m} and m·n bytes, a row of 0 and 1 for each coalition, whose m float64 come back; in the end {"values": [n],
"seconds": processor seconds spent here} or {"failed": a sentence, "seconds"}.
"""

import importlib
import json
import os
import signal
import sys
import time
import warnings
from importlib.metadata import version

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
    library, clock = sys.argv[1], Clock()
    say(wire, {"version": version(library)})
    for line in iter(sys.stdin.buffer.readline, b""):
        task, started = json.loads(line), time.process_time()
        try:
            clock.start(task["seconds"])
            try:
                said = {"values": LIBRARIES[library](task, asking(task["n"], wire, clock))}
            except Exception as error:  # a peer's own failure is a finding
                said = {"failed": f"{type(error).__name__}: {str(error)[:60]}"}
            clock.stop()
        except TooSlow:
            said = {"slow": True}
        say(wire, said | {"seconds": time.process_time() - started})


def asking(n: int, wire, clock: Clock):
    """The game of n players that is played over there."""

    def game(coalitions) -> np.ndarray:
        rows = np.ascontiguousarray(np.asarray(coalitions).reshape(-1, n), dtype=np.uint8)
        with clock:
            wire.write(json.dumps({"ask": len(rows)}).encode() + b"\n" + rows.tobytes())
            wire.flush()
            return np.frombuffer(sys.stdin.buffer.read(8 * len(rows))).copy()

    return game


def of_shapiq(task: dict, game) -> list[float]:
    import shapiq.approximator as approximator

    kind = getattr(approximator, task["kind"])
    found = kind(n=task["n"], random_state=task["seed"], **task["options"]).approximate(task["budget"], game)
    if found.index != task["answer"]:
        raise ValueError(f"shapiq returned {found.index!r}, not {task['answer']!r}")
    return [float(found[(i,)]) for i in range(task["n"])]


def of_mllm_shap(task: dict, game) -> list[float]:
    """As its pipeline does: masks of a budget, their payoffs, for some a second round of masks, then the values."""
    from mllm_shap import estimation
    from mllm_shap.domain.players import PlayerSet
    from mllm_shap.estimation._shared import budget_fraction

    n, seed = task["n"], task["seed"]
    kind = {"ProxyEstimator": "estimation.proxy"}.get(task["kind"], "estimation")
    estimator = getattr(importlib.import_module(f"mllm_shap.{kind}"), task["kind"])(**task["options"])
    aggregator = getattr(estimation, f"{task['answer']}Aggregator")()
    players = PlayerSet(tuple(f"player {i}" for i in range(n)))
    masks = list(estimator.sample_masks(players, budget_fraction(n, None, task["budget"]), False, seed))
    payoffs = game([mask.present for mask in masks]).tolist()
    if hasattr(estimator, "begin_allocation"):
        estimator.begin_allocation(masks, payoffs)
        more = list(estimator.sample_allocation_masks())
        masks, payoffs = masks + more, payoffs + (game([mask.present for mask in more]).tolist() if more else [])
    return estimator.estimate_attributions(masks, payoffs, aggregator)


LIBRARIES = {"shapiq": of_shapiq, "mllm_shap": of_mllm_shap}


def say(wire, what: dict) -> None:
    wire.write(json.dumps(what).encode() + b"\n")
    wire.flush()


if __name__ == "__main__":
    main()
