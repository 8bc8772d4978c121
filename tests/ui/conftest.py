"""A model slot that loads nothing, a store of the test's own, and the tiny model where one is asked."""

from functools import cache

import pytest
from pages import Slot
from streamlit.components.v2 import manifest_scanner

from ui.kind_page import first_results
from ui.runs.store import RunStore


@pytest.fixture(scope="session", autouse=True)
def components_found_once():
    """What is installed stays the same: each AppTest would read the metadata of every package anew."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def nothing_shipped(monkeypatch, tmp_path):
    """Pages begin without a result of the bundled models, for tests put others in their place."""
    monkeypatch.setattr("ui.runs.shipped.AT", tmp_path / "nothing")


@pytest.fixture(autouse=True)
def every_look_is_shown(monkeypatch):
    """What a run publishes hangs on what is paid for, not on the machine's speed."""
    monkeypatch.setattr("ui.runs.so_far.SOON", 0.0)


@pytest.fixture()
def store(monkeypatch, tmp_path):
    store = RunStore(tmp_path / "runs.sqlite")
    monkeypatch.setattr("ui.runs.kept.store", lambda: store)
    yield store
    store.close()


@pytest.fixture()
def slot(monkeypatch, store):
    first_results.clear()
    slot = Slot()
    monkeypatch.setattr("ui.shell.model_slot.the_slot", lambda: slot)
    return slot


@pytest.fixture()
def ready(slot, tiny_gemma, monkeypatch):
    """A tiny random model is loaded; its answer is given, since it has none of its own worth reading."""
    monkeypatch.setattr("ui.text.run.answer", lambda gemma, prompt: " positive")
    slot.gemma, slot.seconds_per_token = tiny_gemma, 1e-4
    return slot
