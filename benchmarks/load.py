"""Many sessions explaining at once on one server: does any fail, see another's text, or does memory grow?

    python -m benchmarks.load                 20 sessions in one Chromium, a real server on the bundled Gemma 3
    python -m benchmarks.load --sessions 5 --model some/checkpoint --budget 128     of each map, one of the page's steps

Each session writes a text of its own and presses Explain; the line takes one after the other. Prints what each waited,
what was wrong, and the server's memory before, at most, and after.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.parts.command import chromium, options
from model.cache import home

WORDS = "the plot is slow but the acting is warm and honest"


def main() -> None:
    given = options(__doc__, sessions=20, model="", budget=64)
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        with subprocess.Popen(serve(Path(folder), port, given.model), stdout=subprocess.DEVNULL) as server:
            try:
                visit(f"http://127.0.0.1:{port}", server, given)
            finally:
                server.terminate()


def serve(folder: Path, port: int, model: str) -> list[str]:
    if (home() / "models").exists():
        (folder / "models").symlink_to(home() / "models")
    os.environ["SWING_HOME"] = str(folder)
    if model:
        os.environ["SWING_MODEL"] = model
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.address", "127.0.0.1"]
    return [*command, "--server.port", str(port), "--server.headless", "true"]


def visit(address: str, server, given) -> None:
    time.sleep(5)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        pages = []
        for number in range(given.sessions):
            page = browser.new_context(viewport={"width": 1000, "height": 1000}).new_page()
            page.goto(f"{address}/?budget={given.budget}")
            page.locator(".st-key-explain button:enabled").wait_for(timeout=300_000)
            pages.append(page)
            print(f"session {number + 1} is there; server {memory(server):.0f} MB", flush=True)
        before, started = memory(server), time.perf_counter()
        for number, page in enumerate(pages):
            prepare(page, number)
        for page in pages:
            page.locator(".st-key-explain button:enabled").click()
        waiting, peak, waits, wrong = dict(enumerate(pages)), before, {}, []
        while waiting and time.perf_counter() - started < 1800:
            for number, page in list(waiting.items()):
                peak = max(peak, memory(server))
                if own(number) in page.locator(".swing-heatmap").first.inner_text() and not busy(page):
                    waits[number] = time.perf_counter() - started
                    del waiting[number]
            time.sleep(0.5)
        for number, page in enumerate(pages):
            wrong += complaints(page, number, given.sessions)
        browser.close()
    wrong += [f"session {number} did not end" for number in waiting]
    told = sorted(waits.values()) or [float("nan")]
    print(f"{len(waits)} of {given.sessions} sessions were answered, after {told[0]:.0f} to {told[-1]:.0f} s")
    print(f"server memory: {before:.0f} MB with all sessions open, {peak:.0f} at most, {memory(server):.0f} after")
    print("\n".join(wrong) if wrong else "none failed, none saw another's text")
    sys.exit(bool(wrong))


def own(number: int) -> str:
    return f"visitor{number:02d}x"


def prepare(page, number: int) -> None:
    page.locator(".st-key-text textarea").fill(f"{own(number)} says {WORDS}")
    page.keyboard.press("Control+Enter")
    page.locator(".swing-preview", has_text=own(number)).wait_for(timeout=120_000)


def busy(page) -> bool:
    return page.locator(".st-key-cancel button").count() > 0


def complaints(page, number: int, sessions: int) -> list[str]:
    text = page.locator("body").inner_text()
    seen = {int(found) for found in re.findall(r"visitor(\d\d)x", text)} - {number}
    errors = page.locator('[data-testid="stException"], [data-testid="stAlertContentError"]').all_inner_texts()
    return [f"session {number} saw the text of {other}" for other in seen] + [
        f"session {number} of {sessions}: {error}" for error in errors
    ]


def memory(server) -> float:
    """MB of the server's resident memory."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


if __name__ == "__main__":
    main()
