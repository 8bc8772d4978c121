"""Bundles and kept runs that were written before the pages moved still open, and say what they said."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from before.values import (
    CHEAP,
    KEPT,
    OWNER,
    PAGE,
    ROOT,
    SETTINGS,
    SLOT,
    STORE,
    RunStore,
    bundled,
    differences,
    explained,
    number,
    of_maps,
    opened,
    recorded,
)
from pages import Slot
from streamlit.testing.v1 import AppTest

BEFORE = Path(__file__).parents[1] / "data" / "before"
MAPS, NOW = (json.loads((BEFORE / f"{name}.json").read_text()) for name in ("maps", "now"))
KEPT_RUNS = [(kind, name) for kind, names in KEPT.items() for name in names]
TOLD = ("values", "empty_value", "full_value", "standard_error")
NEAR = 1e-6  # of the largest number of a map; without AVX2 the models' float32 gives 2e-7
CLOSE = 1e-4  # of any other number: fidelity divides by small ones; 1e-5 there


@pytest.fixture()
def store(monkeypatch, tmp_path):
    shutil.copyfile(BEFORE / "runs.sqlite", tmp_path / "runs.sqlite")
    store, slot = RunStore(tmp_path / "runs.sqlite"), Slot()
    monkeypatch.setattr(STORE, lambda: store)
    monkeypatch.setattr(SLOT, lambda: slot)
    yield store
    store.close()


def unpacked(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(("kind", "name"), KEPT_RUNS)
def test_a_bundle_says_what_it_said(kind, name):
    file = BEFORE / f"{kind if name == KEPT[kind][0] else f'{kind}-{name}'}.zip"
    page, settings, result = opened(file)
    assert (page, settings) == (kind, SETTINGS[kind][name])
    assert list(differences(MAPS[kind][name], recorded(result))) == []
    assert unpacked(bundled(kind, name, result)) == unpacked(file.read_bytes())


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), KEPT_RUNS)
def test_a_kept_run_says_what_it_said(store, kind, name):
    assert not store.notice
    run = next(run for run in store.runs(OWNER) if (run.page, run.name) == (kind, name))
    assert (run.state, run.settings, run.has_content) == ("done", SETTINGS[kind][name], name == "upload")
    page = AppTest.from_file(str(ROOT / PAGE.format(kind)), default_timeout=60)
    page.query_params["run"] = run.id
    page.session_state["owner"] = OWNER
    page.run()
    assert not page.exception and not page.error and not page.warning
    bench = page.session_state[f"bench-{kind}"]
    assert bench.run == run.id and bench.job is None
    assert list(differences(MAPS[kind][name], recorded(bench.shown))) == []


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), CHEAP.items())
def test_a_run_of_now_agrees_on_any_machine(kind, name):
    before, after = NOW[kind], recorded(explained(kind, SETTINGS[kind][name]))
    sizes = dict(differences(of_maps(before), of_maps(after)))
    assert [place for place, size in sizes.items() if not size < CLOSE] == []
    for one, other in zip(maps_of(before), maps_of(after)):
        mine, its = (np.concatenate([numbers(each[what]).ravel() for what in TOLD]) for each in (one, other))
        np.testing.assert_allclose(its, mine, rtol=0, atol=NEAR * np.nanmax(np.abs(mine)))


def test_one_bit_is_seen():
    before = MAPS["text"]["words"]
    after = json.loads(json.dumps(before))
    row = maps_of(after)[0]["values"][3]
    row[0] = np.nextafter(number(row[0]), np.inf).item().hex()
    assert [place for place, _ in differences(before, after)] == ["/record/comparison/maps/0/values/3/0"]


def maps_of(entry):
    return entry["record"]["comparison"]["maps"]


def numbers(cells):
    """An array of what `recorded` wrote; NaN where there is none."""
    if isinstance(cells, list):
        return np.array([numbers(cell) for cell in cells])
    return np.array(np.nan if cells is None else number(cells))
