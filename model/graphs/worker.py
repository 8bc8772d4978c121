"""Runs an ONNX graph in a process of its own, within limits. A script: `model.graphs.session` starts it, nobody imports it.

Messages on both sides are 8 bytes of length and that many bytes: first the graph, answered with "."; then arrays by name
as `numpy.savez` writes them, answered with those of the outputs after a ".", or with a sentence after a "!".
"""

import io
import os
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import onnxruntime


def main(memory: int, threads: int, rows: int, whole: int) -> None:
    """memory : bytes beyond those in use;  rows : of a run;  whole : must each run have so many?"""
    asked, told = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    graph = read(asked)
    limit(memory)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # runs are shared out between threads
    options.log_severity_level = 4
    pool = ThreadPoolExecutor(threads)
    session = None
    while graph or (message := read(asked)):
        try:
            if graph:
                session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
                graph, answer = b"", b"."
            else:
                answer = b"." + run(session, pool, loaded(message), rows, whole)
        except MemoryError:
            graph, answer = b"", b"!it needs more memory than it may have"
        except Exception as error:  # whatever onnxruntime raises
            graph, answer = b"", b"!" + str(error).encode("utf-8", "replace")[:2000]
        told.write(struct.pack("<q", len(answer)) + answer)
        told.flush()


def read(stream: Any) -> bytes:
    """One message; nothing at the end."""
    head = stream.read(8)
    return stream.read(struct.unpack("<q", head)[0]) if len(head) == 8 else b""


def limit(memory: int) -> None:
    """Where the system can: the address space ends there, and to ask for more is an error."""
    try:
        import resource

        with open("/proc/self/statm") as status:
            used = int(status.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))
    except (ImportError, OSError, ValueError):
        pass


def loaded(message: bytes) -> dict[str, Any]:
    with np.load(io.BytesIO(message), allow_pickle=False) as arrays:
        return {name: array.astype(object) if array.dtype.kind == "U" else array for name, array in arrays.items()}


def run(session: Any, pool: ThreadPoolExecutor, inputs: dict[str, Any], rows: int, whole: int) -> bytes:
    """Outputs by their places; classes that a map has as keys by "keys " and the place."""
    count = len(next(iter(inputs.values())))
    short = -count % rows if whole else 0
    if short:
        inputs = {name: np.concatenate([array, np.repeat(array[-1:], short, axis=0)]) for name, array in inputs.items()}
    parts = [{name: array[i : i + rows] for name, array in inputs.items()} for i in range(0, count, rows)]
    found = list(pool.map(lambda part: session.run(None, part), parts))
    arrays = {}
    for place, outputs in enumerate(zip(*found)):
        if isinstance(outputs[0], list):
            maps = [one for part in outputs for one in part]
            arrays[f"keys {place}"] = np.array(list(maps[0]))
            arrays[str(place)] = np.array([[one[key] for key in maps[0]] for one in maps])[:count]
        else:
            whole_output = np.concatenate(outputs)
            arrays[str(place)] = (whole_output.astype(str) if whole_output.dtype == object else whole_output)[:count]
    written = io.BytesIO()
    np.savez(written, **arrays)  # type: ignore[arg-type] # no name is an option's
    return written.getvalue()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:5]))
