"""What the commands share: options, tables in Markdown and as CSV, a stopwatch, a browser."""

import argparse
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd


def options(doc: str, **defaults) -> argparse.Namespace:
    """Options of the command line by their defaults: False is a switch, [] texts, all else a value of the default's type."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in defaults.items():
        kind = {"action": "store_true"} if default is False else {"nargs": "+"} if default == [] else {"type": type(default)}
        parser.add_argument("--" + name.replace("_", "-"), default=default, **kind)
    return parser.parse_args()


def row(*cells) -> None:
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def header(*names: str) -> None:
    row(*names)
    print("|" + "---|" * len(names))


def write_csv(path: Path, records: list[dict]) -> None:
    pd.DataFrame(records).to_csv(path, index=False, float_format="%.4g", na_rep="nan")


def timed(call: Callable, *arguments, clock: Callable[[], float] = time.perf_counter) -> tuple[float, Any]:
    """Seconds that a call took, and its result."""
    started = clock()
    result = call(*arguments)
    return clock() - started, result


def chromium() -> str | None:
    """Where the lightest Chromium lies, None for Playwright's own."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)
