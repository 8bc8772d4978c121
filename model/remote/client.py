"""Requests to an OpenAI-compatible server: many at a time, but not too many, tried again where it is busy."""

import asyncio
import functools
import os
import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from httpx2 import AsyncClient, Response

KEY = "SWING_SERVER_KEY"  # the environment variable with the key; it comes from nowhere else, and is shown nowhere
AT_ONCE = 16  # requests in flight
CONNECT, ANSWER = 10.0, 120.0  # seconds
TRIES, FIRST_WAIT, LONGEST_WAIT = 5, 0.5, 20.0  # seconds between tries double, and are jittered
BUSY = {408, 425, 429, 500, 502, 503, 504}
LOCAL = {"localhost", "127.0.0.1", "::1"}
MOST_BYTES = 64 << 20  # of an answer


class Unanswered(ValueError):
    """A server did not answer a question. status : of HTTP, 0 where there was none"""

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence)
        self.status = status


class Client:
    """url : of the API, such as "http://host:8000/v1". ValueError for one that cannot be, or that would tell the key."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r:.80} is no address of a server: give one such as http://localhost:8000/v1")
        if parts.username or parts.password:
            raise ValueError(f"a server's address must hold no password: set the environment variable {KEY} instead")
        self.url = url.rstrip("/")
        self.root = self.url.removesuffix("/v1")
        self._key = os.environ.get(KEY, "")
        if self._key and parts.scheme == "http" and parts.hostname not in LOCAL:
            raise ValueError(f"the key in {KEY} would be sent unencrypted to {parts.hostname}: give an address with https")

    @functools.cached_property
    def _trusted(self) -> Any:
        """The authorities that certificates are checked by; read once, for it takes longer than a question."""
        import httpx2

        return httpx2.create_ssl_context(trust_env=False)

    def get(self, path: str) -> Any:
        return self._run([("GET", self.url + path, None)])[0]

    def post(self, path: str, bodies: Iterable[dict[str, Any]], at_root: bool = False) -> list[Any]:
        """The JSON answers to some questions, in their order; `Unanswered` where one has none."""
        where = (self.root if at_root else self.url) + path
        return self._run([("POST", where, body) for body in bodies])

    def _run(self, requests: list[tuple[str, str, dict[str, Any] | None]]) -> list[Any]:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(self._all(requests))
        with ThreadPoolExecutor(1) as apart:  # a notebook's thread, say, runs a loop of its own
            return apart.submit(asyncio.run, self._all(requests)).result()

    async def _all(self, requests: list[tuple[str, str, dict[str, Any] | None]]) -> list[Any]:
        import httpx2

        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        limits = httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
        timeout = httpx2.Timeout(ANSWER, connect=CONNECT, pool=None)
        turn = asyncio.Semaphore(AT_ONCE)
        own: dict[str, Any] = {
            "headers": headers,
            "limits": limits,
            "timeout": timeout,
            "verify": self._trusted,
            "trust_env": False,
        }
        async with httpx2.AsyncClient(**own) as client:
            try:
                async with asyncio.TaskGroup() as group:  # the first that fails ends the others
                    tasks = [group.create_task(self._one(client, turn, *request)) for request in requests]
            except BaseExceptionGroup as failed:
                raise failed.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _one(self, client: "AsyncClient", turn: asyncio.Semaphore, method: str, url: str, body: Any) -> Any:
        import httpx2

        for number in range(TRIES):
            async with turn:
                try:
                    status, content, wait = await _asked(client, method, url, body)
                except httpx2.HTTPError as error:
                    status, content, wait = 0, type(error).__name__.encode(), None
            if 200 <= status < 300:
                return _json(self.url, content)
            if status and status not in BUSY:
                raise Unanswered(f"the server at {self.url} refuses the question (HTTP {status}{_why(content)})", status)
            if number < TRIES - 1:
                await asyncio.sleep(min(LONGEST_WAIT, wait or FIRST_WAIT * 2**number * (1 + random.random() / 4)))
        why = f"HTTP {status}{_why(content)}" if status else content.decode()
        raise Unanswered(f"the server at {self.url} does not answer, after {TRIES} tries ({why})", status)


async def _asked(client: "AsyncClient", method: str, url: str, body: Any) -> tuple[int, bytes, float | None]:
    """Status, content, and for how many seconds the server asks to wait."""
    async with client.stream(method, url, json=body) as answer:
        content = bytearray()
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > MOST_BYTES:
                raise Unanswered(f"the server at {url} answers with more than {MOST_BYTES >> 20} MiB")
        return answer.status_code, bytes(content), _wait(answer)


def _wait(answer: "Response") -> float | None:
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isdecimal() else None


def _json(url: str, content: bytes) -> Any:
    import json

    try:
        return json.loads(content)
    except ValueError:
        raise Unanswered(f"the server at {url} answers with what is no JSON: is this the address of its API?") from None


def _why(content: bytes) -> str:
    """The server's own words, shortened to one line."""
    words = " ".join(content[:400].decode(errors="replace").split())
    return f": {words[:160]}" if words else ""
