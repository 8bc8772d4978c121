"""Maps that other libraries computed stand beside ours on the pages and in reports; runs are logged with MLflow."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from model.assets import ASSETS
from ui.files.mlflow_run import log_run
from ui.files.report import html_report
from ui.kind_page import kind_page
from ui.runs import kept, shipped
from ui.runs.bundle import read_bundle, write_bundle
from ui.runs.comparison_bundle import from_bundle, with_map
from ui.shipping import KINDS
from xai import from_shap, from_shapiq

PAGES = Path(kind_page.__code__.co_filename).parent
BY_KEY = {kind.key: kind for kind in KINDS}


def first(key):
    return read_bundle((ASSETS / "first" / f"{key}.zip").read_bytes())


def theirs(key):
    """The first result of a page, its Shapley values by way of shap."""
    bundle = first(key)
    return bundle, with_map(bundle, from_shap(bundle.attributions["right"].to_shap()))


@pytest.mark.parametrize("key", BY_KEY)
def test_a_map_of_shap_travels_in_a_bundle(key):
    own, other = theirs(key)
    other = read_bundle(write_bundle(other))
    found = from_bundle(BY_KEY[key], other).comparison
    assert [one.method for one in found.maps] == [own.attributions["left"].method, "shap"]
    np.testing.assert_array_equal(found.maps[1].values, own.attributions["right"].values)
    assert found.maps[0].to_json() == own.attributions["left"].to_json() and found.judged is None
    page = html_report(other, BY_KEY[key].picture(from_bundle(BY_KEY[key], other)))
    assert "computed by shap" in page and "Cost: not known." in page


@pytest.mark.slow
@pytest.mark.parametrize("key", ["text", "table"])
def test_a_page_shows_it_beside_ours(key, tmp_path, monkeypatch, slot):
    (tmp_path / f"{key}.zip").write_bytes(write_bundle(theirs(key)[1]))
    monkeypatch.setattr("ui.runs.shipped.AT", tmp_path)
    shipped._results.clear()
    page = AppTest.from_file(str(PAGES / key / "page.py"), default_timeout=60).run()
    shipped._results.clear()
    assert not page.exception and not page.error
    said = " ".join(each.value for each in [*page.markdown, *page.caption])
    assert "**Shapley values** · computed by shap" in said and "neither is judged" in said
    assert page.session_state[f"bench-{key}"].shown.comparison.maps[1].method == "shap"


@pytest.mark.slow
def test_a_map_of_others_or_without_its_end_is_refused():
    bundle = first("table")
    banzhaf = bundle.attributions["left"]
    with pytest.raises(ValueError, match="v.all players. of the map is not known"):
        with_map(bundle, from_shap(banzhaf.to_shap()))
    known = from_shapiq(banzhaf.to_shapiq(), banzhaf.labels, banzhaf.full_value)
    assert read_bundle(write_bundle(with_map(bundle, known))).attributions["right"].index == "banzhaf"
    with pytest.raises(ValueError, match="both must be of the same"):
        with_map(bundle, from_shapiq(banzhaf.to_shapiq(), full_value=1.0))
    with pytest.raises(ValueError, match="both must be of the same"):
        with_map(first("text"), known)


@pytest.fixture()
def logged(monkeypatch):
    """What a run would log, by the names of the files."""
    found = {}

    def log_artifacts(place, folder):
        found.update({f"{folder}/{file.name}": file.read_bytes() for file in Path(place).iterdir()})

    monkeypatch.setitem(__import__("sys").modules, "mlflow", SimpleNamespace(log_artifacts=log_artifacts))
    return found


@pytest.mark.parametrize("given", ["bytes", "path", "bundle"])
def test_report_and_bundle_are_logged(given, logged):
    path = ASSETS / "first" / "table.zip"
    log_run({"bytes": path.read_bytes(), "path": path, "bundle": first("table")}[given])
    assert set(logged) == {"swing/swing-report.html", "swing/swing-bundle.zip"}
    assert write_bundle(read_bundle(logged["swing/swing-bundle.zip"])) == write_bundle(first("table"))
    assert b"<!doctype html>" in logged["swing/swing-report.html"] and b"Shapley values" in logged["swing/swing-report.html"]


def test_a_kept_run_is_logged_by_its_id(slot, logged):
    bundle, kind = first("table"), BY_KEY["table"]
    result = from_bundle(kind, bundle)
    run = kept.store().create("anna", "table", "mine", result.request.to_settings(), bundle.fingerprint)
    kept.finish(run, result)
    log_run(run, "maps")
    found = read_bundle(logged["maps/swing-bundle.zip"])
    assert (found.name, found.page) == ("mine", "table")
    assert [one.to_json() for one in found.attributions.values()] == [one.to_json() for one in bundle.attributions.values()]
    with pytest.raises(ValueError):
        log_run("nosuchrun")
    with pytest.raises(ValueError, match="cannot be opened as a Swing bundle"):
        log_run(b"nothing")


def test_without_mlflow_one_sentence_names_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "mlflow", None)
    with pytest.raises(ImportError, match=r"needs MLflow, which is not installed: pip install 'swing\[mlflow\]'"):
        log_run(b"")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of MLflow's own
def test_mlflow_itself_keeps_them(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    mlflow = pytest.importorskip("mlflow", reason="MLflow is not installed: pip install 'swing[mlflow]' brings it")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())
    with mlflow.start_run() as run:
        log_run(ASSETS / "first" / "table.zip")
    kept_there = {file.path for file in mlflow.MlflowClient().list_artifacts(run.info.run_id, "swing")}
    assert kept_there == {"swing/swing-report.html", "swing/swing-bundle.zip"}
