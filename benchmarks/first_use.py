"""What a newcomer waits for: every page's default example from a cold start, in a real Chromium.

python -m benchmarks.first_use [--pages text image …] [--first-ever] [--csv docs/first_use.csv] [--pictures docs/pictures]

Each page gets a server of its own, started for it. first paint: the title is there; first map: the one that ships with
Swing; ready: Explain can be pressed; first live map and last map: seconds after Explain was pressed, beside what the page
had promised. --promises 60: so many mixed runs instead, without a browser, and how many end within the time that was promised
(`benchmarks.parts.promises`). --first-ever: with an empty home. --pictures: what is seen at 1280 × 800, opened and explained.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.parts.command import chromium, header, options, row, write_csv
from benchmarks.parts.promises import promises

PAGES = ["text", "image", "table", "data", "document"]
MAP = ".swing-heatmap, .js-plotly-plot"
MOST = 1200_000  # ms
COLUMNS = ["page", "server up", "first paint", "first map", "ready", "first live map", "last map", "promised", "kept"]
SHIPPED = "Computed before and shipped with Swing"


def main() -> None:
    asked = options(__doc__, pages=[], first_ever=False, csv="", pictures="", promises=0)
    if asked.promises:
        promises(asked.promises, asked.csv)
        return
    header(*COLUMNS)
    records = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        for name in asked.pages or PAGES:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(MOST)
            found = measured(page, name, asked.first_ever, asked.pictures)
            page.close()
            records.append(found)
            row(*(f"{found[key]:.1f}" if isinstance(found[key], float) else found[key] for key in COLUMNS))
        browser.close()
    if asked.csv:
        write_csv(Path(asked.csv), records)


def measured(page: Page, name: str, first_ever: bool, pictures: str) -> dict:
    began, found = time.perf_counter(), {"page": name}
    home = tempfile.mkdtemp() if first_ever else os.environ.get("SWING_HOME", "")
    server, address = start(home)
    try:
        found["server up"] = time.perf_counter() - began
        began = time.perf_counter()
        page.goto(f"{address}/{name}")
        page.get_by_role("heading", name="Swing").wait_for()
        found["first paint"] = time.perf_counter() - began
        page.locator(MAP).first.wait_for()
        found["first map"] = time.perf_counter() - began
        page.locator(".st-key-explain button:enabled").wait_for()
        found["ready"] = time.perf_counter() - began
        picture(page, pictures, f"{name}-opened")
        return found | explained(page, name, pictures)
    finally:
        server.kill()
        server.wait()
        if first_ever:
            shutil.rmtree(home, ignore_errors=True)


def explained(page: Page, name: str, pictures: str) -> dict:
    promised = page.get_by_text("This will take at most").inner_text().split(": ")[1].rstrip(".")
    began = time.perf_counter()
    page.locator(".st-key-explain button:enabled").click()
    page.get_by_text(SHIPPED).wait_for(state="detached")
    first = time.perf_counter() - began
    page.locator(".st-key-explain button:enabled").wait_for()
    last = time.perf_counter() - began
    picture(page, pictures, f"{name}-explained")
    return {"first live map": first, "last map": last, "promised": promised, "kept": last <= seconds(promised)}


def seconds(promised: str) -> float:
    """The end of a range as the page says it."""
    if "a second" in promised:
        return 1.5
    number, unit = re.findall(r"[\d.]+", promised)[-1], promised.split()[-1]
    return float(number) * {"seconds": 1, "minutes": 60, "hours": 3600}[unit]


def picture(page: Page, folder: str, name: str) -> None:
    if folder:
        page.wait_for_timeout(1500)
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def start(home: str) -> tuple[subprocess.Popen, str]:
    """A server of its own, as `make run` starts it, without the browser."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = f"-m swing --host 127.0.0.1 --port {port}"
    environment = os.environ | {"STREAMLIT_SERVER_HEADLESS": "true"} | ({"SWING_HOME": home} if home else {})
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server, address = subprocess.Popen([sys.executable, *words.split()], env=environment, **quiet), f"http://127.0.0.1:{port}"
    while True:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
            return server, address
        except OSError:
            time.sleep(0.1)


if __name__ == "__main__":
    main()
