"""A visitor without a browser: Streamlit's protocol from the browser's side, so that a server alone is measured.

A `Screen` holds what a page shows and says what is sent to the server; a `Visitor` has one at the end of a web socket.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import connect

DONE = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
PATIENCE = 300.0  # seconds


class Screen:
    """What a page shows, its widgets, and when its fragments want to run again.

    send(message) takes a BackMsg to the server;  query : of the page's address, which the server changes
    """

    def __init__(self, send: Callable[[BackMsg], None], query: str = "", page: str = ""):
        self._send, self.query, self._page = send, query, page
        self._hash, self._run, self.busy = "", "", False
        self._elements: dict[tuple[int, ...], tuple[Any, str, str]] = {}  # path → element, its run, its fragment
        self._widgets: dict[str, WidgetState] = {}
        self._due: dict[str, tuple[float, float]] = {}  # fragment → seconds between two runs, when the next is due

    @property
    def fragments(self) -> list[str]:
        """Of HTML."""
        return [one.html.body for one, *_ in self._elements.values() if one.WhichOneof("type") == "html"]

    def errors(self) -> list[str]:
        """What stands in red boxes."""
        shown = [one for one, *_ in self._elements.values()]
        boxes = [one.alert.body for one in shown if one.WhichOneof("type") == "alert" and one.alert.format == one.alert.ERROR]
        return boxes + [one.exception.message for one in shown if one.WhichOneof("type") == "exception"]

    def widget(self, key: str) -> Any:
        """The widget of this key, where it is there and can be used, else None."""
        for one, *_ in self._elements.values():
            widget = getattr(one, one.WhichOneof("type"))
            if getattr(widget, "id", "").endswith(f"-{key}"):
                return None if widget.disabled else widget
        return None

    def open(self) -> None:
        self._rerun()

    def fill(self, key: str, text: str) -> None:
        self._widgets[key] = WidgetState(id=self.widget(key).id, string_value=text)
        self._rerun()

    def press(self, key: str) -> None:
        self._rerun(pressed=WidgetState(id=self.widget(key).id, trigger_value=True))

    def next_due(self) -> float:
        """When a fragment wants to run again, on the clock of `time.monotonic`; endless for never."""
        return min((due for _, due in self._due.values()), default=float("inf"))

    def run_due(self) -> None:
        now = time.monotonic()
        for fragment, (interval, due) in list(self._due.items()):
            if due <= now:
                self._due[fragment] = interval, now + interval
                self._rerun(fragment)

    def take(self, message: ForwardMsg) -> None:
        """What the server says."""
        kind, run = message.WhichOneof("type"), message.metadata.run
        if kind == "new_session":
            self._hash, self._run, self.busy = message.new_session.page_script_hash, run.script_run_id, True
            if not run.fragment_ids:
                self._due.clear()
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            interval = message.auto_rerun.interval
            self._due[message.auto_rerun.fragment_id] = interval, time.monotonic() + interval
        elif kind == "delta":
            path = tuple(message.metadata.delta_path)
            if message.delta.WhichOneof("type") == "new_element":
                self._elements[path] = message.delta.new_element, self._run, message.delta.fragment_id
            else:
                self._elements.pop(path, None)
        elif kind == "script_finished" and message.script_finished in DONE:
            self._drop_old(run.script_run_id, set(run.fragment_ids))
            self.busy = False

    def _drop_old(self, run: str, fragments: set[str]) -> None:
        """What a run has not drawn again is gone: of its fragments, or of the whole page."""
        self._elements = {
            path: (one, of, fragment)
            for path, (one, of, fragment) in self._elements.items()
            if of == run or (fragments and fragment not in fragments)
        }

    def _rerun(self, fragment: str = "", pressed: WidgetState | None = None) -> None:
        message = BackMsg()
        self.busy = self.busy or not fragment  # a fragment that is gone meanwhile is not run, and nothing says so
        state = message.rerun_script
        state.query_string, state.page_script_hash, state.fragment_id = self.query, self._hash, fragment
        state.page_name = "" if self._hash else self._page
        state.is_auto_rerun = bool(fragment)
        state.widget_states.widgets.extend([*self._widgets.values(), *([pressed] if pressed else [])])
        self._send(message)


class Visitor:
    """A screen at the end of a web socket: `await Visitor.at(address)`, then `until` it shows something."""

    def __init__(self, socket: Any, query: str, page: str):
        self._socket = socket
        self._out: list[BackMsg] = []
        self.screen = Screen(self._out.append, query, page)

    @classmethod
    async def at(cls, address: str, query: str = "", page: str = "", cookie: str = "") -> "Visitor":
        """address : host and port;  cookie : Streamlit's against forged requests, which says who the visitor is"""
        who = {"Cookie": f"_streamlit_xsrf={cookie}"} if cookie else {}
        unread = {"max_size": None, "max_queue": None, "close_timeout": 1}  # what comes while nobody looks waits for its turn
        url = f"ws://{address}/_stcore/stream"
        socket = await connect(url, subprotocols=["streamlit"], additional_headers=who, compression=None, **unread)
        visitor = cls(socket, query, page)
        visitor.screen.open()
        return visitor

    async def until(self, shows: Callable[[Screen], Any], seconds: float = PATIENCE) -> float:
        """Look until the screen shows it; the moment, on the clock of `time.perf_counter`. TimeoutError where it does not."""
        end = time.monotonic() + seconds
        while not shows(self.screen):
            await self.look(end)
            if time.monotonic() > end:
                raise TimeoutError(f"not shown within {seconds:.0f} s; errors: {self.screen.errors()}")
        return time.perf_counter()

    async def look(self, end: float) -> None:
        """Take the next message, or have the page run where it wants to, at the latest at `end` of `time.monotonic`."""
        while self._out:
            await self._socket.send(self._out.pop(0).SerializeToString())
        wait = max(0.0, min(end, self.screen.next_due()) - time.monotonic())
        try:
            self.screen.take(ForwardMsg.FromString(await asyncio.wait_for(self._socket.recv(), wait)))
        except TimeoutError:
            self.screen.run_due()

    async def leave(self) -> None:
        await self._socket.close()
