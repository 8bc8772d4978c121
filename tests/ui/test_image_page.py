"""The Image page, without a browser: both bundled models, their numbers against the API, and refusals."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ui import image_run
from ui.store import RunStore
from xai import Ledger, explain

PAGE = str(Path(__file__).parents[2] / "ui" / "image_page.py")
SAMPLES = image_run.ASSETS / "samples" / "images"


@pytest.fixture()
def store(monkeypatch, tmp_path):
    store = RunStore(tmp_path / "runs.sqlite")
    monkeypatch.setattr("ui.kept.store", lambda: store)
    yield store
    store.close()


def finish(page):
    for _ in range(60):
        job = page.session_state["bench-image"].job
        if job is None:
            return page
        job.ended.wait(60)
        page.run()
    raise AssertionError("the job did not end")


def shown(page):
    return page.session_state["bench-image"].shown


@pytest.fixture()
def page(store):
    return finish(AppTest.from_file(PAGE, default_timeout=120).run())


def test_a_newcomer_sees_a_photo_explained_as_the_api_explains_it(page):
    assert not page.exception
    result = shown(page)
    assert result.answer == "Egyptian cat"
    from model.images import read_image

    image = read_image((SAMPLES / "chelsea.jpg").read_bytes(), "chelsea.jpg")
    assert result.regions.shape == (image.height, image.width)
    game = image_run.photo_model().game(image, None, (7, 7), "mean")
    ledger = Ledger(game)
    for one, (index, method) in zip(result.comparison.maps, (("banzhaf", "auto"), ("shapley", "kernelshap"))):
        expected = explain(game, index, method, 256, ledger=ledger).values
        np.testing.assert_allclose(one.values, expected, atol=1e-3)


def test_another_of_the_five_classes_costs_nothing(page):
    paid = shown(page).comparison.ledger.evaluations
    page.get("button_group")[1].set_value(1).run()
    assert not page.exception
    assert shown(page).comparison.ledger.evaluations == paid
    assert page.session_state["bench-image"].job is None


def test_a_picture_without_patches_is_asked_again(page):
    page.multiselect(key="image-hidden").set_value([0, 1, 2]).run()
    assert not page.exception
    assert any(float(share) > 0 for share in page.dataframe[-1].value["probability"])


def test_the_model_with_eyes_answers_about_shapes(page):
    page.radio(key="image-model").set_value("shapes").run()
    page.button(key="explain").click().run()
    page = finish(page)
    result = shown(page)
    assert not page.exception
    assert result.request.model == "shapes"
    assert result.comparison.maps[0].values.shape[0] == 64
    page.text_input(key="image-question").set_value("").run()
    assert page.button(key="explain").disabled


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.svg", b"<svg></svg>"),
        ("a.png", b"\x89PNG\r\n\x1a\nnothing"),
        ("a.jpg", b""),
        ("a.gif", b"GIF89a" + b"\0" * 40),
    ],
)
def test_what_is_no_picture_is_one_sentence(page, name, data):
    before = shown(page)
    page.get("file_uploader")[0].set_value((name, data, "image/png")).run()
    assert not page.exception
    assert page.error[0].value.count("\n") == 0
    assert shown(page) is before


def test_a_run_of_a_sample_is_reopened_by_its_link(page, store):
    run = page.session_state["bench-image"].run
    again = AppTest.from_file(PAGE, default_timeout=120)
    again.query_params["run"] = run
    again.run()
    assert not again.exception
    np.testing.assert_array_equal(shown(again).comparison.maps[0].values, shown(page).comparison.maps[0].values)
    settings = store.get(run).settings
    assert image_run.ImageRequest.from_settings(settings).to_settings() == settings
    with pytest.raises(ValueError, match="not the settings"):
        image_run.ImageRequest.from_settings({"source": 1})
