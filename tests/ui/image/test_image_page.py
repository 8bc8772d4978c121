"""The Image page, without a browser: both bundled models, their numbers against the API, and refusals."""

import io
from copy import copy
from functools import partial
from pathlib import Path

import numpy as np
import pages
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from model.assets import ASSETS
from model.image.images import read_image
from ui.image import run as image_run
from ui.image.kind import ImageKind
from ui.image.picture import ImagePicture, overlay, without, words_of
from ui.image.request import ImageRequest
from ui.kind_page import QUICK
from ui.runs.bundle import read_bundle, write_bundle
from ui.runs.comparison_bundle import from_bundle, to_bundle
from xai import Ledger, explain

PAGE = str(Path(__file__).parents[3] / "ui" / "image" / "page.py")
SAMPLES = ASSETS / "samples" / "images"
finish = partial(pages.finish, kind="image")


def shown(page):
    return page.session_state["bench-image"].shown


def run(page):
    """Press Explain and wait; the page must not have failed."""
    page.button(key="explain").click().run()
    page = finish(page)
    assert not page.exception
    assert not page.error
    return page


def find(page, kind, start):
    return next(e for e in page.get(kind) if (e.key or "").startswith(start))


def small(page):
    """The smallest run there is, for what does not hang on the budget."""
    page.select_slider(key="budget").set_value(64)
    page.selectbox(key="grid-photos").set_value(4)
    return page


def sample(name):
    return read_image((SAMPLES / name).read_bytes(), name)


@pytest.fixture()
def page(store):
    return finish(AppTest.from_file(PAGE, default_timeout=120).run())


@pytest.mark.slow
def test_the_budgets_of_a_grid(page):
    assert "**514**" not in " ".join(caption.value for caption in page.caption)
    for side, more, usual in ((4, [34, 514], 514), (7, [112], 256), (10, [208], 256), (16, [514], 514)):
        page.selectbox(key="grid-photos").set_value(side).run()
        slider = page.select_slider(key="budget")
        assert sorted({int(option) for option in slider.options} - {2**i for i in range(6, 12)}) == more
        assert slider.value == usual
    page.selectbox(key="grid-photos").set_value(4).run()
    assert "**514**: left map exact up to four patches acting together" in " ".join(caption.value for caption in page.caption)
    page.checkbox(key="superpixels").check().run()  # how many there are is known only when the picture is divided
    assert page.select_slider(key="budget").value == 256
    assert "acting together" not in " ".join(caption.value for caption in page.caption)


def test_a_newcomer_sees_a_photo_explained_as_the_api_explains_it(real_classifier, page):
    assert not page.exception
    result, image = shown(page), sample("chelsea.jpg")
    assert result.about.answer == "Egyptian cat"
    assert result.about.regions.shape == (image.height, image.width)
    game = image_run.photo_model().game(image, None, (7, 7), "mean")
    ledger = Ledger(game)
    for one, (index, method) in zip(result.comparison.maps, (("banzhaf", "auto"), ("shapley", "kernelshap"))):
        expected = explain(game, index, method, QUICK, ledger=ledger).values
        np.testing.assert_allclose(one.values, expected, atol=1e-3)


def test_another_of_the_five_classes_costs_nothing(page):
    paid = shown(page).comparison.ledger.evaluations
    find(page, "button_group", "class-").set_value(1).run()
    assert not page.exception
    assert shown(page).comparison.ledger.evaluations == paid
    assert page.session_state["bench-image"].job is None


def test_a_picture_without_patches_is_asked_again(page):
    find(page, "multiselect", "image-hidden").set_value([16, 17, 23, 24]).run()
    assert not page.exception
    game = image_run.photo_model().game(sample("chelsea.jpg"), None, (7, 7), "mean")
    present = np.ones(49, bool)
    present[[16, 17, 23, 24]] = False
    expected = {g.name: f"{g.probability:.1%}" for g in image_run.photo_model().top(game.picture(present), 1000)}
    table = page.dataframe[0].value
    assert len(table) >= 5
    for name, share in zip(table["class"], table["without"]):
        assert share == expected[name]
    best = next(iter(expected))
    assert any(best in said.value for said in page.markdown if said.value.startswith("It "))


@pytest.mark.slow
def test_any_class_against_any_other_in_any_unit(page):
    page = small(page)
    page.selectbox(key="image-wanted").set_value(281)
    page.selectbox(key="image-against").set_value(285).run()
    result, image = shown(run(page)), sample("chelsea.jpg")
    game = image_run.photo_model().game(image, 281, (4, 4), against=285)
    assert result.comparison.outputs == game.outputs
    both = game(np.array([[False] * 16, [True] * 16]))
    assert [result.comparison.maps[0].empty_value, result.comparison.maps[0].full_value] == pytest.approx(both[:, None])
    page.selectbox(key="image-against").set_value(281).run()
    assert "held against itself" in page.warning[0].value
    assert page.button(key="explain").disabled
    assert page.selectbox(key="value").disabled
    page.selectbox(key="image-against").set_value(None).run()
    page.selectbox(key="value").set_value("logit").run()
    logit = image_run.photo_model().game(image, 281, (4, 4), value="logit")(np.ones((1, 16), bool))
    assert shown(run(page)).comparison.maps[0].full_value == pytest.approx(logit)


@pytest.mark.slow
def test_another_picture_lends_its_patches(page):
    page = small(page)
    page.selectbox(key="absent-photos").set_value("another").run()
    page.selectbox(key="image-other").set_value("coffee.jpg").run()
    result = shown(run(page))
    game = image_run.photo_model().game(sample("chelsea.jpg"), None, (4, 4), sample("coffee.jpg"))
    np.testing.assert_allclose(result.comparison.maps[0].empty_value, game(np.zeros((1, 16), bool))[0], atol=1e-6)


@pytest.mark.slow
def test_superpixels_are_drawn_where_they_lie(page):
    page = small(page)
    page.checkbox(key="superpixels").check().run()
    result = shown(run(page))
    game = image_run.photo_model().game(sample("chelsea.jpg"), None, (4, 4), segments="slic")
    np.testing.assert_array_equal(result.about.regions, game.regions)


@pytest.mark.slow
def test_the_other_ways_of_absence_are_compared(page):
    page = run(small(page))
    page.button(key="policies").click().run()
    page = finish(page)
    assert not page.exception
    table = next(one.value for one in page.dataframe if "ways" in one.value)
    assert len(table) == 3
    assert table["Spearman"].nunique() > 1


@pytest.mark.slow
def test_the_model_with_eyes_answers_about_shapes(page):
    page.radio(key="model").set_value("shapes").run()
    page.select_slider(key="budget").set_value(128)
    page.checkbox(key="words").check().run()
    result = shown(run(page))
    assert result.request.model == "shapes"
    assert result.request.question == "what colour is the cross?"
    assert result.about.answer == "blue"
    assert result.comparison.ledger.labels[64:] == ["what", "colour", "is", "the", "cross", "?"]
    question, spans = words_of(result.request, result.about, result.comparison.ledger.labels)
    assert [question[a:b] for a, b in spans[64:]] == result.comparison.ledger.labels[64:]
    heaviest = int(np.argmax(result.comparison.focused()[0].values[:64]))
    find(page, "multiselect", "image-hidden").set_value([heaviest]).run()
    assert not page.exception
    assert any(said.value.startswith("It ") for said in page.markdown)
    page.text_input(key="image-question-shapes").set_value("").run()
    assert page.button(key="explain").disabled


@pytest.mark.slow
def test_one_answer_rather_than_another(page):
    page.radio(key="model").set_value("shapes").run()
    page.select_slider(key="budget").set_value(64)
    page.selectbox(key="grid-shapes").set_value(4)
    page.text_input(key="image-target").set_value("red")
    page.text_input(key="image-rather").set_value("blue").run()
    result = shown(run(page))
    whole = np.ones((1, 16), bool)
    gemma, image = image_run.shapes_model(), page.session_state["bench-image"].shown.request.source
    assert image == "scene 1"
    from ui.image.source import picture

    picture = picture(image)
    values = [gemma.image_game(picture, result.request.question, word, (4, 4), "strict")(whole).sum() for word in ("red", "blue")]
    combined = result.comparison.focused()[0]
    assert combined.full_value == pytest.approx(values[0] - values[1], abs=1e-4)


def phone_photo():
    """A wide JPEG that stands upright by its EXIF data."""
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    sample("coffee.jpg").resize((300, 200)).save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.mark.slow
def test_an_upload_is_explained_upright_and_its_bundle_brings_it_back(page):
    page = small(page)
    page.file_uploader(key="image-file").set_value(("phone.jpg", phone_photo(), "image/jpeg")).run()
    result = shown(run(page))
    assert result.about.regions.shape == (300, 200)
    data = write_bundle(to_bundle("image", result, "phone.jpg", "x", phone_photo()))
    uploads = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("ui.image.source._uploads", lambda: uploads)
        again = from_bundle(ImageKind(), read_bundle(data))
    assert list(uploads) == [result.request.source]
    np.testing.assert_array_equal(again.about.regions, result.about.regions)
    for one, other in zip(again.comparison.maps, result.comparison.maps):
        np.testing.assert_array_equal(one.values, other.values)


def test_a_bundle_with_another_picture_is_refused(page):
    from dataclasses import replace

    bundle = to_bundle("image", shown(page), "chelsea", "x")
    with pytest.raises(ValueError, match="another picture"):
        from_bundle(ImageKind(), replace(bundle, content=phone_photo()))
    with pytest.raises(ValueError, match="does not hold its picture"):
        from_bundle(ImageKind(), replace(bundle, settings={**bundle.settings, "source": "../../etc/passwd"}))


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.svg", b"<svg></svg>"), ("a.png", b"\x89PNG\r\n\x1a\nnothing"), ("a.jpg", b""), ("a.gif", b"GIF89a" + b"\0" * 40)],
)
def test_what_is_no_picture_is_one_sentence(page, name, data):
    before = shown(page)
    page.file_uploader(key="image-file").set_value((name, data, "image/png")).run()
    assert not page.exception
    assert len(page.error) == 1
    assert page.error[0].value.count("\n") == 0
    assert shown(page) is before


def test_no_name_of_a_picture_turns_the_page_around(page):
    page.file_uploader(key="image-file").set_value((f"{pages.TURNED}.jpg", phone_photo(), "image/jpeg")).run()
    assert not page.exception and pages.turned(page) == [] and r"a\u202eb\u200bc.jpg" in pages.html(page)
    page.file_uploader(key="image-file").set_value((f"{pages.TURNED}.gif", b"GIF89a", "image/gif")).run()
    assert len(page.error) == 1 and pages.turned(page) == []


@pytest.mark.slow
def test_a_run_of_a_sample_is_reopened_by_its_link(page, store):
    page = run(small(page))
    kept = pages.shared(page, "image")
    again = AppTest.from_file(PAGE, default_timeout=120)
    again.query_params["run"] = kept
    again.run()
    assert not again.exception
    np.testing.assert_array_equal(shown(again).comparison.maps[0].values, shown(page).comparison.maps[0].values)
    settings = store.get(kept).settings
    assert ImageRequest.from_settings(settings).to_settings() == settings
    for wrong in ({"source": 1}, {**settings, "grid": 100}, {**settings, "absent": "strict"}):
        with pytest.raises(ValueError, match="not the settings"):
            ImageRequest.from_settings(wrong)


@pytest.mark.slow
def test_a_picture_that_was_not_kept_is_said(page, store):
    page = small(page)
    page.file_uploader(key="image-file").set_value(("phone.jpg", phone_photo(), "image/jpeg")).run()
    kept = pages.shared(run(page), "image")
    again = AppTest.from_file(PAGE, default_timeout=120)
    again.query_params["run"] = kept
    again.run()
    assert not again.exception
    assert "not kept" in again.warning[0].value


@pytest.mark.slow
@pytest.mark.parametrize("size", [(100, 3000), (3000, 100), (16, 16)])
def test_pictures_of_any_shape_are_drawn_whole(page, size):
    out = io.BytesIO()
    sample("coffee.jpg").resize(size).save(out, "PNG")
    page = small(page)
    page.selectbox(key="grid-photos").set_value(16)
    page.file_uploader(key="image-file").set_value(("odd.png", out.getvalue(), "image/png")).run()
    result = shown(run(page))
    _, _, players = ImagePicture(result.request, result.about, sample("coffee.jpg").resize(size), "")._cells
    np.testing.assert_array_equal(np.unique(players), np.arange(256))


def test_a_picture_too_small_for_its_patches_is_refused(page):
    out = io.BytesIO()
    Image.new("RGB", (3, 3)).save(out, "PNG")
    page.file_uploader(key="image-file").set_value(("dot.png", out.getvalue(), "image/png")).run()
    page.button(key="explain").click().run()
    page = finish(page)
    assert not page.exception
    assert "room for 9 of 49 patches" in page.error[0].value


def test_pictures_show_what_the_values_say():
    image = Image.new("RGB", (60, 20), (200, 200, 200))
    regions = np.repeat(np.arange(3), 20)[None].repeat(20, axis=0)
    drawn = np.asarray(overlay(image, regions, [1.0, 0.0, -2.0], 2.0, 0.5)).astype(int)
    np.testing.assert_array_equal(drawn[5, 25], [200, 200, 200])
    np.testing.assert_array_equal(drawn[5, 45], np.rint(0.5 * 200 + 0.5 * np.array((0, 114, 178))))
    np.testing.assert_array_equal(drawn[5, 5], np.rint(0.75 * 200 + 0.25 * np.array((213, 94, 0))))
    two = Image.fromarray(np.where(regions[..., None] == 0, 0, 90).repeat(3, axis=2).astype(np.uint8))
    np.testing.assert_array_equal(np.asarray(without(two, regions, [True, True, False]))[5, ::20, 0], [0, 90, 60])


@pytest.mark.slow
def test_the_servers_own_gemma_is_asked_about_photos(store, monkeypatch):
    from ui.shell.model_slot import ModelSlot

    slot = ModelSlot("a multimodal checkpoint")
    slot.gemma, slot.seconds_per_token = image_run.shapes_model(), 0.001
    monkeypatch.setattr("ui.shell.model_slot.the_slot", lambda: slot)
    page = finish(AppTest.from_file(PAGE, default_timeout=120).run())
    page.radio(key="model").set_value("gemma").run()
    assert page.text_input(key="image-question-gemma").value.endswith("Answer in one word.")
    page.text_input(key="image-question-gemma").set_value("how many shapes?")
    page.selectbox(key="grid-gemma").set_value(4)
    page.selectbox(key="absent-gemma").set_value("pixel")
    page.select_slider(key="budget").set_value(64).run()
    result, image = shown(run(page)), sample("chelsea.jpg")
    assert result.about.answer == slot.gemma.generate("how many shapes?", image, image_run.ANSWER_TOKENS).strip()
    game = slot.gemma.image_game(image, "how many shapes?", result.about.answer, (4, 4), "pixel")
    expected = explain(game, "banzhaf", "auto", 64).values
    np.testing.assert_allclose(result.comparison.maps[0].values, expected, atol=1e-4)
    np.testing.assert_array_equal(result.about.regions, game.regions)
    slot.gemma = copy(slot.gemma)
    slot.gemma.vision = None
    page.run()
    assert not page.exception
    assert "reads text only" in page.warning[0].value


def test_a_word_that_the_model_with_eyes_lacks_is_named(page):
    page.radio(key="model").set_value("shapes").run()
    page.text_input(key="image-target").set_value("banana").run()
    page.button(key="explain").click().run()
    page = finish(page)
    assert not page.exception
    assert "This model has no word “banana”" in page.error[0].value
    page.pills(key="image-sample-shapes").set_value("scene 2").run()
    assert not page.error


@pytest.mark.slow
def test_of_a_gif_that_moves_the_first_frame_is_explained_and_said(page):
    out = io.BytesIO()
    frames = [sample(name).resize((64, 64)) for name in ("coffee.jpg", "chelsea.jpg")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    page = small(page)
    page.file_uploader(key="image-file").set_value(("a.gif", out.getvalue(), "image/gif")).run()
    assert page.info[0].value == "Of a.gif, which moves, the first frame is read."
    page = run(page)
    assert shown(page).about.answer == image_run.photo_model().top(read_image(out.getvalue()))[0].name
    assert "Of a.gif, which moves, the first frame is read." in [caption.value for caption in page.caption]
