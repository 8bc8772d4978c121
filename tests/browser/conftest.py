"""A real server on the bundled Gemma 3, and a real Chromium."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from clicks import PATIENCE
from playwright.sync_api import expect, sync_playwright

from benchmarks.parts.command import chromium as chromium_path

ROOT = Path(__file__).parents[2]
QUIET = [f"--disable-{what}" for what in ("gpu", "quic", "background-networking", "component-update", "sync")]
QUIET += ["--no-sandbox", "--no-first-run"]
expect.set_options(timeout=PATIENCE)


class Server:
    """A running app in a process of its own; `kill` it as a crash would, `start` it again at the same address."""

    def __init__(self, script="app.py", **environment):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._script, self.address = script, f"http://127.0.0.1:{self.port}"
        self._environment = os.environ | environment
        self.start()

    def start(self):
        words = f"-m streamlit run {self._script} --server.address 127.0.0.1 --server.port {self.port} --server.headless true"
        command = [sys.executable, *words.split()]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL)
        _wait_until_healthy(self.address, self.process)

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def server(gemma, tmp_path_factory):
    """The app on the bundled Gemma 3. Its runs are its own; the classifier, once converted, is not converted again."""
    from model.cache import home

    own, models = tmp_path_factory.mktemp("home"), home() / "models"
    models.mkdir(parents=True, exist_ok=True)
    (own / "models").symlink_to(models)
    running = Server(SWING_HOME=str(own))
    yield running.address
    running.kill()


@pytest.fixture(scope="session")
def tiny_server(tiny_checkpoint, tmp_path_factory):
    """The app on the tiny random Gemma 3: up in seconds, for what does not depend on what a model says."""
    running = Server(SWING_HOME=str(tmp_path_factory.mktemp("home")), SWING_MODEL=str(tiny_checkpoint))
    yield running
    running.kill()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture()
def open_tab(browser, server):
    """A function that opens the app in a tab with a session of its own, waiting for the first heatmap."""
    yield from _tabs(browser, server)


@pytest.fixture()
def open_tiny(browser, tiny_server):
    """As `open_tab`, of the app on the tiny model."""
    yield from _tabs(browser, tiny_server.address)


@pytest.fixture()
def open_toy(browser, tmp_path_factory):
    """As `open_tab`, of an app whose one page is of the toy kind."""
    running = Server("tests/browser/toy.py", SWING_HOME=str(tmp_path_factory.mktemp("home")))
    yield from _tabs(browser, running.address)
    running.kill()


def _tabs(browser, address):
    contexts = []

    def tab(width=1280, height=1600, scheme="light", ready=True, path=""):
        still = {"color_scheme": scheme, "reduced_motion": "reduce"}  # what moves costs half of a page, drawn without a GPU
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, **still))
        contexts[-1].set_default_timeout(PATIENCE)
        page = contexts[-1].new_page()
        page.goto(address + path)
        page.get_by_role("heading", name="Swing").wait_for()
        if ready:
            page.locator(".swing-heatmap").nth(1).wait_for()
            page.locator(".st-key-explain button:enabled").wait_for()
        return page

    yield tab
    for context in contexts:
        context.close()


def _wait_until_healthy(address, process):
    for _ in range(PATIENCE // 200):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the server did not come up")
