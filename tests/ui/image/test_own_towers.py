"""A pair of towers of the visitor's own on the Image page: brought as files, compared with a text, kept and taken along."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pages
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest
from tower_graphs import SCALED, image_graph, text_graph, tokenizer, write

from model import load_towers
from ui.image import pair, run, source
from ui.image.kind import ImageKind
from ui.image.request import ANOTHER, TOWERS, ImageRequest
from ui.runs.bundle import read_bundle, write_bundle
from ui.runs.comparison_bundle import from_bundle, to_bundle
from ui.shell import access

PAGE = str(Path(__file__).parents[3] / "ui" / "image" / "page.py")
TYPED = {name: " ".join(map(str, numbers)) for name, numbers in SCALED.items()}
finish = partial(pages.finish, kind="image")


@pytest.fixture()
def page(slot):
    pair.pairs().clear()
    page = finish(AppTest.from_file(PAGE, default_timeout=60).run())
    page.radio(key="model").set_value(TOWERS).run()
    assert not page.exception and "explain" not in [button.key for button in page.button]
    return page


def bring(page, image=None, text=None, tokens=None, **typed):
    for key, value in typed.items():
        page.text_input(key=f"pair-{key}").set_value(value)
    files = {"image": image or image_graph(), "text": text or text_graph(), "tokenizer": tokens or tokenizer()}
    for name, data in files.items():
        page.file_uploader(key=f"pair-{name}").set_value(
            (f"{name}.{'json' if name == 'tokenizer' else 'onnx'}", data, "application/octet-stream")
        )
    page.run()
    assert not page.exception
    return page


def texts(page):
    found = [*page.caption, *page.markdown, *page.info]
    return " ".join(one.value for one in found).replace("\\", "")


def explained(page, text="a red cat"):
    bring(page, **TYPED)
    page.select_slider(key="budget").set_value(64)
    page.text_input(key=f"image-question-{TOWERS}").set_value(text)
    page.selectbox(key=f"grid-{TOWERS}").set_value(4).run()
    assert not page.error
    page.button(key="explain").click().run()
    finish(page)
    assert not page.exception and not page.error
    return pages.bench(page, "image").shown


@pytest.mark.slow
def test_it_is_explained_as_from_python(page, tmp_path):
    result = explained(page)
    game = load_towers(*write(tmp_path), **SCALED).game(source.picture(result.request.source), "a red cat", grid=(4, 4))
    coalitions, values = result.comparison.ledger.known()
    np.testing.assert_allclose(values[:, 0], game(coalitions), atol=1e-3)
    assert result.comparison.ledger.labels == game.labels and result.comparison.ledger.labels[16:] == ["a", "red", "cat"]
    assert result.request.words and result.request.own in pair.pairs()
    told = texts(page)
    assert "the text **a red cat**" in told and "hundredths of the cosine" in told
    assert "the similarity of picture and text" in told and "likel" not in told.replace("likely as not", "")
    hidden = next(key for key in (one.key for one in page.multiselect) if key and key.startswith("image-hidden-"))
    page.multiselect(key=hidden).set_value([0, 17]).run()
    assert not page.exception
    present = ~np.isin(np.arange(19), [0, 17])
    whole, now = (pair.number(value, 2) for value in game(np.stack([np.ones(19, bool), present])))
    told = texts(page)
    assert f"The similarity is now **{now}** instead of {whole}." in told and "The text that is left: **a cat**" in told


@pytest.mark.slow
def test_its_run_opens_again_from_a_bundle_also_without_its_files(page):
    result = explained(page)
    data = write_bundle(to_bundle("image", result, "chelsea", result.request.own))
    again = from_bundle(ImageKind(), read_bundle(data))
    assert again.request == result.request and again.about.answer == "a red cat" and again.about.patches == 16
    np.testing.assert_array_equal(again.comparison.maps[0].values, result.comparison.maps[0].values)
    assert ImageKind().name(again.request) == "chelsea: a red cat"
    assert ImageKind().picture(again).text(again.comparison.ledger.labels)[0] == "a red cat"
    pair.pairs().clear()
    page.file_uploader(key="pair-image").set_value(None).run()
    assert not page.exception and pair.GONE in texts(page)
    with pytest.raises(ValueError, match="choose its files again"):
        run.check(again.request)


@pytest.mark.slow
def test_its_kept_run_opens_by_its_link(store, page):
    result = explained(page)
    run = pages.shared(page, "image")
    for told in ("The similarity is", pair.GONE):
        opened = AppTest.from_file(PAGE, default_timeout=60)
        opened.query_params["run"] = run
        finish(opened.run())
        assert not opened.exception and told in texts(opened)
        assert pages.bench(opened, "image").shown.request == result.request
        assert opened.radio(key="model").value == TOWERS
        pair.pairs().clear()


@pytest.mark.slow
def test_what_is_wrong_is_said(page):
    bring(page)
    assert "does not say how its pixels are scaled" in page.error[0].value
    bring(page, **TYPED, tokens=b"{}")
    assert "must be a tokenizer.json" in page.error[0].value
    bring(page, side="many", tokens=tokenizer(most=6))
    assert "must be a whole number; got 'many'" in page.error[0].value
    bring(page, side="", tokens=tokenizer(most=6))
    assert not page.error and page.button(key="explain")
    page.text_input(key=f"image-question-{TOWERS}").set_value("a photo of a red cat").run()
    page.button(key="explain").click().run()
    finish(page)
    assert not page.exception and any("reads at most 6: shorten it" in error.value for error in page.error)
    page.text_input(key=f"image-question-{TOWERS}").set_value(" ").run()
    assert not page.exception and "Write the text first" in texts(page) + " ".join(
        one.value for one in [*page.error, *page.warning]
    )


def test_the_page_shows_what_it_sees(monkeypatch, tmp_path):
    towers, shown = load_towers(*write(tmp_path, tokens=tokenizer(most=6)), **SCALED), []
    monkeypatch.setattr(pair, "pairs", lambda: {"it": towers})
    monkeypatch.setattr("ui.image.brought.st.image", lambda picture, width, caption: shown.append((picture, caption)))
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8))
    pair.show_seen("it", picture)
    np.testing.assert_array_equal(np.asarray(shown[0][0]), towers.pixels(picture))
    assert "8 × 8 pixels" in shown[0][1] and "4 numbers" in shown[0][1] and "at most 6 tokens" in shown[0][1]
    request = ImageRequest("chelsea.jpg", TOWERS, question="a cat", own="it", words=True)
    assert run.here(request) and run.size(request, None).players == 51
    with pytest.raises(ValueError, match="Choose the other picture"):
        run.check(replace(request, absent=ANOTHER))


def test_a_public_server_runs_no_graphs_of_strangers(slot, monkeypatch):
    monkeypatch.setenv(access.VARIABLE, access.ANONYMOUS)
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    assert not page.exception and not [name for name in page.radio(key="model").options if "of your own" in name]
