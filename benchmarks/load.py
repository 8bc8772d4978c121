"""Many sessions explaining at once on one server: how long does each wait, does any fail or see another's text, what does it
take of memory?

    python -m benchmarks.load                          1, 5 and 20 sessions on the bundled Gemma 3: a row of the table each
    python -m benchmarks.load --sessions 5 --model some/checkpoint --budget 128     of each map, one of the page's steps
    python -m benchmarks.load --sessions 20 --rounds 10     again and again on one server: does its memory grow?
    python -m benchmarks.load --idle 200               sessions that are open and ask nothing

Sessions are visitors without a browser (`benchmarks.serving.visitor`), so that the server's time is measured alone. Each
writes a text of its own, and all press Explain at once. First map: the first one with the visitor's own text; end: nothing
is at work any more. At rest: a minute after all have left. What has not ended after `--most` seconds (900) is left, and said.
The table is printed, and written to build/load.csv (`--out`) row by row.
"""

import asyncio
import datetime
import os
import platform
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from websockets.exceptions import WebSocketException

from benchmarks.parts.command import header, options, row, write_csv
from benchmarks.serving.server import Server
from benchmarks.serving.visitor import Screen, Visitor

WORDS = "the plot is slow but the acting is warm and honest"
SESSIONS = ("1", "5", "20")
COLUMNS = "sessions", "first map, median", "95 %", "end, median", "end, 95 %", "MB at start", "at most", "at rest"
AFTER = 60.0  # seconds after which what a closed session held must be given back
STARTED = 600.0  # seconds for a model to be loaded


class Told(NamedTuple):
    """Seconds from Explain to the first map and to the end, of each session;  wrong : what no session may see."""

    first: list[float]
    end: list[float]
    wrong: list[str]


def main() -> None:
    given = options(__doc__, sessions=[], model="", budget=64, rounds=1, idle=0, most=900.0, out="build/load.csv")
    wrong: list[str] = []
    print(f"{datetime.date.today()}, {os.cpu_count()} processors, {platform.platform()}", flush=True)
    if given.idle:
        idle(given.idle, given.model)
    else:
        header(*COLUMNS)
        rows: list[dict] = []
        for count in given.sessions or SESSIONS:
            wrong += table_row(int(count), given, rows)
    print("\n".join(wrong) if wrong else "none failed, none saw another's text", flush=True)
    sys.exit(bool(wrong))


def table_row(count: int, given, rows: list[dict]) -> list[str]:
    """A server, its rounds of so many sessions, and what went wrong; rows gets theirs."""
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder), given.model) as server:
        asyncio.run(loaded(server))
        for _ in range(given.rounds):
            before = server.memory()
            told = asyncio.run(visit(server, count, given.budget, given.most))
            peak = server.peak()
            time.sleep(AFTER)
            cells = [count, *waits(told, count), f"{before:.0f}", f"{peak:.0f}", f"{server.memory():.0f}"]
            row(*cells)
            rows.append(dict(zip(COLUMNS, cells)))
            Path(given.out).parent.mkdir(parents=True, exist_ok=True)
            write_csv(Path(given.out), rows)
            wrong += told.wrong
    return wrong


def waits(told: Told, count: int) -> list[str]:
    """Of the first maps and the ends the median and the 95th percentile; "more" where it had not come when all was left."""
    every = [of + [float("inf")] * (count - len(of)) for of in (told.first, told.end)]
    found = [np.percentile(of, share, method="higher") for of in every for share in (50, 95)]
    return ["more" if wait == float("inf") else f"{wait:.1f} s" for wait in found]


def idle(count: int, model: str) -> None:
    """Memory with so many sessions that look at the first map, before and after."""

    async def look() -> None:
        visitors = []
        for number in range(count):
            visitors.append(await Visitor.at(server.address))
            await visitors[-1].until(is_ready)
            if number in (0, count - 1):
                print(f"{number + 1} sessions: {server.memory():.0f} MB", flush=True)
        await asyncio.gather(*(visitor.leave() for visitor in visitors))

    with tempfile.TemporaryDirectory() as folder, Server(Path(folder), model) as server:
        asyncio.run(loaded(server))
        print(f"model loaded: {server.memory():.0f} MB", flush=True)
        asyncio.run(look())
        time.sleep(AFTER)
        print(f"a minute after all left: {server.memory():.0f} MB, at most {server.peak():.0f}", flush=True)


async def loaded(server: Server) -> None:
    """Once the model can be asked."""
    visitor = await Visitor.at(server.address)
    await visitor.until(is_ready, STARTED)
    await visitor.leave()


def is_ready(screen: Screen) -> bool:
    return not screen.busy and screen.widget("explain") is not None


async def visit(server: Server, count: int, budget: int, most: float) -> Told:
    visitors = [await Visitor.at(server.address, f"budget={budget}") for _ in range(count)]
    told = Told([], [], [])
    try:
        await asyncio.gather(*(write(visitor, number) for number, visitor in enumerate(visitors)))
        await asyncio.gather(*(explain(visitor, number, told, most) for number, visitor in enumerate(visitors)))
    finally:
        await asyncio.gather(*(visitor.leave() for visitor in visitors))
    return told


async def write(visitor: Visitor, number: int) -> None:
    await visitor.until(is_ready)
    visitor.screen.fill("text", f"{own(number)} says {WORDS}")
    await visitor.until(lambda screen: own(number) in plain(screen.fragments) and is_ready(screen))


async def explain(visitor: Visitor, number: int, told: Told, most: float) -> None:
    began = time.perf_counter()
    visitor.screen.press("explain")
    try:
        told.first.append(await visitor.until(lambda screen: own(number) in mapped(screen), most) - began)
        told.end.append(await visitor.until(is_ready, most - told.first[-1]) - began)
    except (TimeoutError, WebSocketException) as error:
        told.wrong.append(f"session {number} did not end: {error}")
    seen = {int(found) for found in re.findall(r"visitor(\d\d)x", plain(visitor.screen.fragments))} - {number}
    told.wrong.extend(f"session {number} saw the text of {other}" for other in seen)
    told.wrong.extend(f"session {number}: {error}" for error in visitor.screen.errors())


def own(number: int) -> str:
    return f"visitor{number:02d}x"


def mapped(screen: Screen) -> str:
    """The text of the maps that a page shows."""
    return plain([part for part in screen.fragments if 'class="swing-heatmap"' in part])


def plain(fragments: list[str]) -> str:
    return re.sub(r"<[^>]*>", "", " ".join(fragments))


if __name__ == "__main__":
    main()
