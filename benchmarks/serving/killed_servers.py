"""A whole server killed in the middle of a visitor's run: does the next one open the store, and go on with the run?"""

import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.load import is_ready
from benchmarks.serving.kills import opened
from benchmarks.serving.server import ROOT, Server
from benchmarks.serving.visitor import Screen, Visitor

LONG = " ".join(f"word{number}" for number in range(60))
LATEST = 4.0  # seconds after Explain


def tried(times: int, draw: random.Random) -> int:
    """Kill so many and print what was found; how often something was not as it must be."""
    sys.path.insert(0, str(ROOT / "tests"))
    from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string
    from tiny import write_tiny_checkpoint

    wrong, kept, cookie = 0, [], generate_xsrf_token_string()
    with tempfile.TemporaryDirectory() as folder:
        model, own = write_tiny_checkpoint(Path(folder) / "model"), Path(folder) / "home"
        own.mkdir()
        with Server(own, str(model)) as server:
            for number in range(times):
                after = draw.uniform(0, LATEST)
                try:
                    kept.append(asyncio.run(one(server, own, cookie, after)))
                except (AssertionError, TimeoutError) as error:
                    wrong += 1
                    print(f"a server, kill {number} after {after:.2f} s: {error}", flush=True)
    print(f"a server: {times} kills, {kept} evaluations kept; {wrong} left something wrong", flush=True)
    return wrong


async def one(server: Server, folder: Path, cookie: str, after: float) -> int:
    """Begin a run, kill the server, start it again, and see the run go on; how many evaluations were kept."""
    visitor = await Visitor.at(server.address, "budget=4096&stop=false", cookie=cookie)
    await visitor.until(is_ready)
    visitor.screen.fill("text", f"{LONG} {after}")
    await visitor.until(lambda screen: is_ready(screen) and str(after) in "".join(screen.fragments))
    visitor.screen.press("explain")
    await visitor.until(lambda screen: "run=" in screen.query)
    query, end = visitor.screen.query, time.monotonic() + after
    while time.monotonic() < end:
        await visitor.look(end)
    server.kill()
    store = opened(folder / "runs.sqlite")
    found = store.get(run_of(query))
    store.close()
    assert found.interrupted, f"it is {found.state}"
    server.start()
    again = await Visitor.at(server.address, query, cookie=cookie)
    await again.until(at_work)
    again.screen.press("cancel")
    await again.until(is_ready)
    went_on, errors = run_of(again.screen.query), again.screen.errors()
    assert went_on == found.id and not errors, f"{went_on} went on, not {found.id}; {errors}"
    await again.leave()
    return found.evaluations


def run_of(query: str) -> str:
    return query.split("run=")[-1].split("&")[0]


def at_work(screen: Screen) -> bool:
    return screen.widget("cancel") is not None
