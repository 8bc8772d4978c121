"""Long work outside Streamlit's script thread: progress to read, a cancel to set, a sentence where it failed."""

import logging
import threading
import time
from collections.abc import Callable

from xai import Cancelled

log = logging.getLogger("swing.jobs")


class Job:
    """Runs work(progress, cancel) in a thread. progress(done, total, sentence); cancel() is True once it should stop.

    `state` is "running", "done" (`result` holds what work returned), "cancelled" or "failed" (`sentence` says why).
    `alive` is asked as well: a job whose page has gone stops at the next batch.
    """

    def __init__(self, work: Callable, alive: Callable[[], bool] = lambda: True):
        self.state, self.sentence, self.result = "running", "Starting", None
        self.done, self.total = 0, 0
        self._counting_since = time.monotonic()  # moved on until the first evaluation is done
        self._stop = threading.Event()
        self._alive = alive
        self._thread = threading.Thread(target=self._run, args=(work,), name="explain", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        self._stop.set()

    @property
    def cancelling(self) -> bool:
        return self._stop.is_set() and self.state == "running"

    @property
    def eta(self) -> float | None:
        """Seconds left, from the pace so far; None before anything is known."""
        if not self.done or not self.total:
            return None
        return (time.monotonic() - self._counting_since) / self.done * (self.total - self.done)

    def join(self, timeout: float | None = None) -> None:
        self._thread.join(timeout)

    def _progress(self, done: int, total: int, sentence: str) -> None:
        if not done:
            self._counting_since = time.monotonic()
        self.done, self.total, self.sentence = done, total, sentence

    def _run(self, work) -> None:
        try:
            self.result = work(self._progress, lambda: self._stop.is_set() or not self._alive())
            self.state = "done"
        except Cancelled as stopped:
            kept = stopped.ledger.evaluations
            self.sentence = (
                f"Cancelled. {kept} evaluations are kept: Explain goes on from them." if kept else "Cancelled."
            )
            self.state = "cancelled"
        except (ValueError, TypeError, OSError) as error:
            self.sentence, self.state = str(error), "failed"
        except Exception:
            log.exception("a job failed")
            self.sentence, self.state = "Something went wrong inside Swing; the server's log has the details.", "failed"


def this_session_alive() -> Callable[[], bool]:
    """A function, for any thread, that says whether the browser session that runs this script is still there."""
    from streamlit import runtime
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    here = get_script_run_ctx().session_id
    return lambda: not runtime.exists() or runtime.get_instance().is_active_session(here)
