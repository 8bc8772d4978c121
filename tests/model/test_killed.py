"""What a process leaves that is killed while it converts is never taken for good, and the next start removes it."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from model import cache as kept
from model import load_image_classifier
from model.image import classifier
from ui.shell.model_slot import ModelSlot

ROOT = Path(__file__).parents[2]
DEADLINE = 60  # seconds, for what takes a second or two
CLASSIFIER = """
import time
from model.image import classifier
def convert(directory, tell):
    (directory / "model.onnx").write_bytes(b"half")
    print("written", flush=True)
    time.sleep(100)
classifier._convert = convert
classifier.load_image_classifier("cpu")
"""


class Server:
    """A process that converts the classifier for as long as one lets it."""

    def __init__(self, environment: dict):
        command, pipe = [sys.executable, "-c", CLASSIFIER], subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True)
        said = next((line for line in self.process.stdout if line.startswith("written")), None)
        assert said, self.process.stderr.read()

    def end(self, how: int = signal.SIGKILL) -> None:
        self.process.send_signal(how)
        self.process.communicate(timeout=DEADLINE)


@pytest.fixture()
def environment(tmp_path, monkeypatch):
    """Of a process that converts into a cache of its own; this process has the same cache."""
    monkeypatch.setenv("SWING_HOME", str(tmp_path / "home"))
    return {"SWING_HOME": str(tmp_path / "home"), "PATH": os.environ.get("PATH", "")}


@pytest.fixture()
def serve(environment):
    """Starts a `Server`, which has written something when it is returned."""
    servers = []

    def start():
        servers.append(Server(environment))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


def write(work, tell):
    (work / "model.onnx").write_text("{}")


def work_folders():
    return list((kept.home() / "models").glob(".*-*"))


def stale(name):
    folder = kept.home() / "models" / f".{name}-killed"
    folder.mkdir(parents=True)
    (folder / "half").write_bytes(b"half")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_killed_conversion_is_swept_by_the_next_start(serve, how):
    server = serve()
    assert work_folders()
    server.end(how)
    load_image_classifier("cpu")
    assert work_folders() == []


def test_another_process_waits_for_the_one_that_is_still_writing(serve):
    server = serve()
    waiting = threading.Thread(target=kept.keep, args=(classifier.KEPT, "it", 0, write))
    waiting.start()
    try:
        waiting.join(0.5)
        assert waiting.is_alive() and work_folders()
    finally:
        server.end()
        waiting.join(DEADLINE)
    assert (kept.home() / "models" / classifier.KEPT / "model.onnx").read_text() == "{}"
    assert work_folders() == []


def test_stale_folders_go_though_the_checkpoint_is_there(environment):
    def start():
        return kept.keep("it", "it", 0, write)

    start()
    folder = stale("it")
    start()
    assert not folder.exists()


def test_a_server_sweeps_whatever_it_loads_but_not_what_is_being_written(serve, tmp_path):
    server = serve()
    running = work_folders()
    left = stale("other")
    (left.parent / "other.lock").touch()
    slot = ModelSlot(str(tmp_path))
    slot._load()
    assert slot.error and work_folders() == running
    server.end()
    slot._load()
    assert work_folders() == []
