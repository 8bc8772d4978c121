"""Damaged files for every reader of an upload: does any end in a traceback, a hang or a growth?

    python -m benchmarks.fuzz                         ten minutes, shared by all readers
    python -m benchmarks.fuzz --minutes 1 --reader images --first 5000 --keep folder

A reader may read a damaged file, or refuse it with one sentence (a ValueError raised on purpose). Anything else is a fault:
another exception, more than 5 s of a processor, more than 500 MB. Examples are numbered and made anew by their number; the
faulty ones are written to the folder --keep. Ends with status 1 where there are faults.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from benchmarks.fuzz.readers import READERS
from benchmarks.fuzz.watch import Outcome, example, outcomes
from benchmarks.parts.command import header, options, row


def main() -> None:
    given = options(__doc__, minutes=10.0, reader="", first=0, keep="")
    chosen = [given.reader] if given.reader else list(READERS)
    header("reader", "examples", "read", "refused", "faults")
    faults = 0
    for reader in chosen:
        read, files = READERS[reader].read, READERS[reader].files()
        numbers = _until(time.monotonic() + 60 * given.minutes / len(chosen), given.first)
        faults += _report(reader, files, outcomes(reader, read, files, numbers), given.keep)
    sys.exit(faults > 0)


def _until(end: float, first: int) -> Iterator[int]:
    for number in count(first):
        if time.monotonic() > end:
            return
        yield number


def _report(reader: str, files: list[tuple[str, bytes]], found: Iterator[Outcome], keep: str) -> int:
    """A row of the table, and below it each kind of fault once; how many kinds there are."""
    counts: Counter[str] = Counter()
    faults: dict[str, Outcome] = {}
    for one in found:
        counts[one.found] += 1
        if one.found == "fault":
            faults.setdefault(one.what[0], one)
    row(reader, counts.total(), counts["read"], counts["refused"], counts["fault"])
    for kind, one in faults.items():
        print(f"\n{reader}, example {one.number}: {kind}\n{one.what[1]}", flush=True)
        if keep:
            name, data = example(reader, files, one.number)
            Path(keep).mkdir(parents=True, exist_ok=True)
            (Path(keep) / f"{reader.replace(' ', '-')}-{one.number}-{name}").write_bytes(data)
    return len(faults)


if __name__ == "__main__":
    main()
