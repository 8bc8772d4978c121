"""An ONNX graph in a process of its own: a hostile one can ask for any memory and any time, and gets little of both."""

import contextlib
import io
import os
import selectors
import struct
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xai.threads import threads

MEMORY = 4_000_000_000  # bytes that a graph may have beside what its runtime takes
MOST_ANSWERED = 500_000_000  # bytes of one answer
SECONDS = 120.0  # that one answer may take, or the reading of the graph
_WORKER = Path(__file__).with_name("worker.py")


class Session:
    """Inputs by name → outputs by place, arrays (rows, …); started at the first question, and anew in another process.

    rows : of one run;  whole : must each run have exactly so many? The last is filled up
    """

    def __init__(
        self, graph: bytes, rows: int = 4096, whole: bool = False, memory: int = MEMORY, seconds: float = SECONDS
    ) -> None:
        self._made = (graph, rows, whole, memory, seconds)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._of = 0

    def __reduce__(self) -> tuple[Any, ...]:
        return Session, self._made

    def __call__(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """ValueError with one sentence where the graph does not take these, or exceeds its limits."""
        written = io.BytesIO()
        np.savez(written, **{name: np.asarray(array) for name, array in inputs.items()})  # type: ignore[arg-type] # see below
        with self._lock:
            if self._process is None or self._of != os.getpid():
                self._start()
            answer = self._asked(written.getvalue())
        with np.load(io.BytesIO(answer), allow_pickle=False) as arrays:
            return dict(arrays.items())

    def check(self) -> None:
        """Starts it; ValueError where onnxruntime does not take the graph."""
        with self._lock:
            self._start()

    def _start(self) -> None:
        graph, rows, whole, memory, _ = self._made
        told = [str(memory), str(threads()), str(rows), str(int(whole))]
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_WORKER), *told],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        self._of = os.getpid()
        weakref.finalize(self, _end, self._process, self._of)
        self._asked(graph)

    def _asked(self, message: bytes) -> bytes:
        """The answer to one message; the process ends where there is none in time."""
        process, seconds = self._process, self._made[4]
        assert process is not None and process.stdin is not None
        deadline = time.monotonic() + seconds
        try:
            process.stdin.write(struct.pack("<q", len(message)) + message)
            process.stdin.flush()
            size = struct.unpack("<q", self._read(8, deadline))[0]
            if not 0 < size <= MOST_ANSWERED:
                raise EOFError
            answer = self._read(size, deadline)
        except (OSError, EOFError, TimeoutError) as error:
            _end(process, self._of)
            self._process = None
            if isinstance(error, TimeoutError):
                raise ValueError(f"the ONNX graph took more than {seconds:g} seconds, and was stopped") from error
            raise ValueError(
                f"the ONNX graph broke down: it may have {self._made[3] / 1e9:g} GB of memory, and answer with 0.5"
            ) from error
        if answer[:1] == b"!":
            raise ValueError(f"the ONNX graph cannot be run: {_plain(answer[1:].decode('utf-8', 'replace'))}")
        return answer[1:]

    def _read(self, count: int, deadline: float) -> bytes:
        assert self._process is not None and self._process.stdout is not None
        pipe, found = self._process.stdout, bytearray()
        with selectors.DefaultSelector() as waiting:
            waiting.register(pipe, selectors.EVENT_READ)
            while len(found) < count:
                if not waiting.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                part = os.read(pipe.fileno(), min(count - len(found), 1 << 20))
                if not part:
                    raise EOFError
                found += part
        return bytes(found)


def _end(process: "subprocess.Popen[bytes]", of: int) -> None:
    """of : the process that started it, which alone may end it"""
    if os.getpid() == of and process.returncode is None:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was left to write has no reader
                    pipe.close()


def _plain(error: str) -> str:
    """onnxruntime's message in one line, without the code that it begins with."""
    return " ".join(error.split(" : ")[-1].split())[:300]
