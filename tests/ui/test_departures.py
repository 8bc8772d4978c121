"""What a session held whose browser is gone is given back within a minute, and not before it might come back."""

import asyncio
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.runtime import Runtime, RuntimeConfig
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from benchmarks.serving.visitor import Screen
from ui.shell import visitor
from ui.shell.visitor import AWAY, LOOK, Departures

TOY = Path(__file__).parents[1] / "browser" / "toy.py"
BOUND = 60.0  # seconds


class World:
    """Sessions whose browsers come and go by the test's clock."""

    def __init__(self):
        self.now, self.here, self.closed = 0.0, set(), []
        self.departures = Departures(self.here.__contains__, self.closed.extend, lambda: self.now)

    def pass_by(self, seconds):
        for _ in range(round(seconds / LOOK)):
            self.now += LOOK
            self.departures.look()


def test_a_session_is_closed_once_within_a_minute_of_its_browser_leaving():
    world = World()
    world.here.update(["stays", "leaves"])
    for session in ("stays", "leaves", "leaves"):
        world.departures.expect(session)
    world.pass_by(300)
    assert world.closed == []
    world.here.remove("leaves")
    world.pass_by(AWAY - LOOK)
    assert world.closed == []
    world.pass_by(BOUND - AWAY + LOOK)
    assert world.closed == ["leaves"] and len(world.departures) == 1
    world.pass_by(300)
    assert world.closed == ["leaves"]


@given(st.lists(st.booleans(), max_size=40))
def test_whoever_comes_back_in_time_is_never_closed_and_whoever_does_not_is(here):
    """here : whether the browser is there, at each look."""
    world, gone = World(), 0.0
    world.departures.expect("one")
    for there in here:
        world.here.add("one") if there else world.here.discard("one")
        gone = 0.0 if there else gone + LOOK
        world.pass_by(LOOK)
        if world.closed:
            assert AWAY <= gone <= BOUND
            return
        assert gone <= BOUND


class Client:
    """What a runtime takes for a browser; its screen sees what it is sent."""

    client_context = None

    def write_forward_msg(self, message):
        self.screen.take(message)


@pytest.fixture()
def runtime():
    """Streamlit's runtime with the toy's page, in this process."""
    storage, uploads = MemoryMediaFileStorage("/media"), MemoryUploadedFileManager("/upload")
    yield Runtime(RuntimeConfig(str(TOY), storage, uploads))
    Runtime._instance = None


async def explained(runtime):
    """A session that has a result, and what it shows of it."""
    client = Client()
    session = runtime.connect_session(client, {})
    client.screen = screen = Screen(lambda message: runtime.handle_backmsg(session, message))
    screen.open()
    await shown(screen, lambda: screen.widget("explain"))
    screen.press("explain")
    await shown(screen, lambda: screen.widget("explain") and "data-player" in "".join(screen.fragments))
    return session, runtime.get_app_session(session).session_state["bench-toy"].shown


async def shown(screen, what):
    for _ in range(1500):
        if not screen.busy and what():
            return
        await asyncio.sleep(0.02)
        screen.run_due()
    raise AssertionError(f"never shown; errors: {screen.errors()}")


@pytest.mark.slow
def test_nothing_holds_the_result_of_a_session_that_was_closed(slot, runtime, monkeypatch):
    now = [0.0]
    mine = Departures(runtime.is_active_session, visitor.close_sessions, lambda: now[0])
    monkeypatch.setattr(visitor, "departures", lambda: mine)

    async def live():
        await runtime.start()
        session, result = await explained(runtime)
        other, kept = await explained(runtime)
        held = [weakref.ref(one) for one in (result, result.comparison, result.comparison.ledger, result.comparison.maps[0])]
        del result
        runtime.disconnect_session(session)
        await asyncio.to_thread(mine.look)
        now[0] = AWAY - 1
        await asyncio.to_thread(mine.look)
        assert None not in [one() for one in held]  # it might come back
        now[0] = AWAY
        await asyncio.to_thread(mine.look)
        assert [one() for one in held] == [None] * 4
        assert runtime.get_app_session(other).session_state["bench-toy"].shown is kept
        runtime.stop()
        await runtime.stopped

    with ThreadPoolExecutor(1) as pool:  # browser tests before this one leave a loop running in the main thread
        pool.submit(asyncio.run, live()).result()


FIRST = """
import gc, weakref
import numpy as np
from xai import explain

class Game:
    n_players, labels = 3, list("abc")
    def __call__(self, coalitions):
        return coalitions.sum(axis=1).astype(float)

game = Game()
held = weakref.ref(game)
explain(game, "shapley", method="kernelshap", budget=8, progress=lambda done, total, game=game: None)
del game
gc.collect()
print(held() is None)
"""


@pytest.mark.slow
def test_what_imports_kernelshap_first_is_not_held_by_it():
    done = subprocess.run([sys.executable, "-c", FIRST], cwd=TOY.parents[2], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
