"""A store of each test's own, and one shelf of models for all of them."""

import pytest
from pages import Slot

from ui.runs.store import RunStore
from ui.table import run as table_run


@pytest.fixture(scope="session")
def one_shelf():
    return table_run.Shelf()


@pytest.fixture(autouse=True)
def slot(monkeypatch, tmp_path, one_shelf):
    """A store of its own, no Gemma, and one shelf of models for all tests, whose fits are the slow part."""
    slot, store = Slot(), RunStore(tmp_path / "runs.sqlite")
    monkeypatch.setattr("ui.shell.model_slot.the_slot", lambda: slot)
    monkeypatch.setattr("ui.runs.kept.store", lambda: store)
    monkeypatch.setattr("ui.table.run.shelf", lambda: one_shelf)
    slot.store = store
    yield slot
    store.close()
