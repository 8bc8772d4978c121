"""The image classifier and its games, against the packaged torch network run plainly."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model import load_image_classifier, read_image
from model.image.classifier import KEPT, _network, class_names
from model.image.patches import cells, grid_labels, on_original
from xai import Ledger, explain

SAMPLES = Path(__file__).parents[3] / "assets/samples/images"


@pytest.fixture(scope="module")
def classifier():
    return load_image_classifier("cpu")


@pytest.fixture(scope="module")
def network():
    return _network().to(memory_format=torch.channels_last)


@pytest.fixture(scope="module")
def cat():
    return read_image((SAMPLES / "chelsea.jpg").read_bytes(), "chelsea.jpg")


def plain(network, pixels) -> np.ndarray:
    """Logits of uint8 (m, 224, 224, 3) by the torch network; four at a time is its best pace."""
    inputs = (torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float() - 127) / 128
    with torch.no_grad():
        return torch.cat([network(part) for part in inputs.split(4)]).double().numpy()


def squared(image) -> np.ndarray:
    return np.array(image.resize((224, 224), Image.Resampling.BICUBIC))


def log_odds(logits, k):
    p = torch.softmax(torch.from_numpy(logits), 1)[:, k]
    return (p.log() - torch.log1p(-p)).numpy()


def all_coalitions(n):
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(bool)


@pytest.mark.parametrize(("name", "answer", "probability"), [("chelsea", "Egyptian cat", 0.77), ("coffee", "espresso", 0.90)])
def test_sample_photos_are_recognised(classifier, name, answer, probability):
    image = read_image((SAMPLES / f"{name}.jpg").read_bytes())
    best = classifier.top(image)
    assert len(best) == 5 and best[0].name == answer == classifier.class_names[best[0].index]
    assert abs(best[0].probability - probability) < 0.1
    assert [g.probability for g in best] == sorted((g.probability for g in best), reverse=True)


def test_it_gives_the_torch_networks_logits(classifier, network, cat):
    pixels = np.stack([squared(cat), squared(cat)[::-1], np.zeros((224, 224, 3), np.uint8)])
    inputs = (pixels.transpose(0, 3, 1, 2).astype(np.float32) - 127) / 128
    np.testing.assert_allclose(classifier.logits(inputs), plain(network, pixels), atol=1e-4)


def test_a_thousand_different_names():
    names = class_names()
    assert len(set(names)) == len(names) == 1000
    assert names[0] == "tench" and names[285] == "Egyptian cat" and names[134] != names[517]


@pytest.mark.slow
def test_every_coalition_of_a_grid_agrees_with_plain_forwards(classifier, network, cat):
    game = classifier.game(cat, grid=(2, 3))
    z = all_coalitions(6)
    photo, where = squared(cat), np.ix_(cells(2, 224), cells(3, 224))
    mean = np.rint(photo.mean((0, 1))).astype(np.uint8)
    pixels = np.stack([np.where(row.reshape(2, 3)[where][..., None], photo, mean) for row in z])
    logits = plain(network, pixels)
    best = np.argsort(-logits[-1])[:5]
    assert game.classes == best.tolist() and game.outputs[0] == "Egyptian cat"
    table = np.stack([log_odds(logits, k) for k in best], 1)
    ledger = Ledger(game)
    exact = explain(game, method="exact", ledger=ledger)
    np.testing.assert_allclose(ledger.evaluate(z), table, atol=2e-4)
    signs = np.where(z, 1, -1)
    np.testing.assert_allclose(exact.values, signs.T @ table / 32, atol=2e-4)
    assert exact.evaluations == 64


def test_the_ways_to_be_absent(classifier, network, cat):
    photo = squared(cat)
    other = np.asarray(read_image((SAMPLES / "coffee.jpg").read_bytes()))
    z = np.random.default_rng(0).random((4, 12)) < 0.5
    z[0] = False
    from PIL import ImageFilter

    gone = {
        "mean": np.broadcast_to(np.rint(photo.mean((0, 1))).astype(np.uint8), photo.shape),
        "black": np.zeros_like(photo),
        "blur": np.asarray(Image.fromarray(photo).filter(ImageFilter.GaussianBlur(16))),
        "other": squared(Image.fromarray(other)),
    }
    for absent, background in gone.items():
        game = classifier.game(cat, 285, grid=(3, 4), absent=other if absent == "other" else absent)
        there = z.reshape(4, 3, 4)[:, cells(3, 224)][:, :, cells(4, 224)][..., None]
        pixels = np.where(there, photo, background)
        np.testing.assert_array_equal(game.picture(z[1]), pixels[1])
        np.testing.assert_allclose(game(z), log_odds(plain(network, pixels), 285), atol=2e-4)


def test_logit_and_contrast(classifier, network, cat):
    z = np.random.default_rng(1).random((3, 16)) < 0.5
    base = classifier.game(cat, 285, grid=(4, 4))
    logits = plain(network, np.stack([base.picture(row) for row in z]))
    np.testing.assert_allclose(classifier.game(cat, 285, (4, 4), value="logit")(z), logits[:, 285], atol=2e-4)
    contrast = classifier.game(cat, grid=(4, 4), against=281)
    np.testing.assert_allclose(contrast(z), logits[:, 285] - logits[:, 281], atol=2e-4)
    assert contrast.outputs == ["Egyptian cat against tabby"]
    np.testing.assert_allclose(
        classifier.game(cat, 504, (4, 4), against=281, value="logit")(z), logits[:, 504] - logits[:, 281], atol=2e-4
    )


@pytest.mark.slow
def test_one_ledger_serves_five_classes(classifier, cat):
    game = classifier.game(cat, grid=(4, 4))
    ledger = Ledger(game)
    a = explain(game, method="kernel", budget=40, ledger=ledger)
    assert a.values.shape == (16, 5) and ledger.n_outputs == 5
    one = explain(classifier.game(cat, game.classes[3], (4, 4)), method="kernel", budget=40)
    np.testing.assert_allclose(one.values, a.values[:, 3], atol=1e-4)


def test_batch_size_changes_nothing(classifier, cat, monkeypatch):
    game = classifier.game(cat, 285)
    z = np.random.default_rng(2).random((9, 49)) < 0.5
    together = game(z)
    np.testing.assert_allclose(np.concatenate([game(row[None]) for row in z]), together, atol=2e-5)
    monkeypatch.setattr("model.image.classifier_game.IMAGES_PER_CALL", 4)
    np.testing.assert_allclose(game(z), together, atol=2e-5)
    assert game(z[:0]).shape == (0,)
    assert classifier.game(cat)(z[:0]).shape == (0, 5)


def test_superpixels_cover_the_original_and_follow_its_edges(classifier):
    pixels = np.zeros((100, 200, 3), np.uint8)
    pixels[:, 100:] = 255
    game = classifier.game(pixels, 0, grid=(4, 4), segments="slic")
    assert 8 <= game.n_players <= 24 and game.grid is None
    regions = game.regions
    assert regions.shape == (100, 200)
    assert set(regions.ravel()) == set(range(game.n_players))
    assert not set(regions[:, :99].ravel()) & set(regions[:, 101:].ravel())
    shown = game.picture(np.isin(np.arange(game.n_players), regions[:, :99]))
    assert (shown[:, :108] == 0).all() and (shown[:, 116:] == 128).all()


@pytest.mark.parametrize("size", [(32, 32), (8, 8), (1, 500), (600, 2)])
def test_small_pictures_have_superpixels_of_their_own_pixels(classifier, size):
    pixels = np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8)
    game = classifier.game(pixels, 0, segments="slic")
    assert abs(game.n_players - 49) <= 9 and game.regions.shape == size
    assert set(game.regions.ravel()) == set(range(game.n_players))
    with pytest.raises(ValueError, match="room for 9 of 49 superpixels"):
        classifier.game(pixels[:3, :3] if min(size) > 3 else np.zeros((3, 3, 3), np.uint8), 0, segments="slic")


def test_regions_lie_on_the_original():
    labels = grid_labels((2, 3), 224)
    regions = on_original(labels, 50, 90)
    assert regions.dtype == np.int16
    np.testing.assert_array_equal(regions, np.kron([[0, 1, 2], [3, 4, 5]], np.ones((25, 30), int)))
    np.testing.assert_array_equal(on_original(grid_labels((7, 7), 224), 224, 224), grid_labels((7, 7), 224))


@pytest.mark.slow
@pytest.mark.parametrize("segments", [None, "slic"])
def test_an_object_in_a_corner_of_a_wide_photo_lights_up_that_corner(classifier, segments):
    """A cup of espresso at the bottom right of a grey photo three times as wide as high."""
    cup = read_image((SAMPLES / "coffee.jpg").read_bytes()).crop((100, 20, 560, 390)).resize((200, 150))
    photo = np.full((300, 900, 3), 128, np.uint8)
    photo[150:, 700:] = np.asarray(cup)
    game = classifier.game(photo, 967, grid=(4, 4), segments=segments)
    for index in ("banzhaf", "shapley"):
        a = explain(game, index=index, budget=200)
        heat = a.values[game.regions]
        inside = heat[150:, 700:].mean()
        row, column = np.argwhere(heat == heat.max()).mean(axis=0)
        assert row > 150 and column > 600
        heat[150:, 700:] = np.nan
        assert inside > 3 * np.nanmean(np.abs(heat))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"grid": (0, 4)}, "grid must be"),
        ({"grid": (17, 4)}, "from 1 to 16"),
        ({"grid": 7}, "grid must be"),
        ({"grid": (2.5, 2)}, "grid must be"),
        ({"absent": "grey"}, "absent must be"),
        ({"segments": "quickshift"}, "segments must be"),
        ({"class_index": 1000}, "from 0 to 999; got 1000"),
        ({"class_index": "cat"}, "from 0 to 999"),
        ({"value": "p"}, "value must be"),
        ({"class_index": 5, "against": 5}, "against another class"),
        ({"against": 285}, "against another class"),
    ],
)
def test_what_is_refused(classifier, cat, arguments, message):
    with pytest.raises(ValueError, match=message):
        classifier.game(cat, **arguments)


def test_a_picture_smaller_than_the_grid_is_refused_and_one_pixel_classified(classifier):
    pixel = np.full((1, 1, 3), 200, np.uint8)
    assert len(classifier.top(pixel, 3)) == 3
    with pytest.raises(ValueError, match="1 × 1 pixels has room for 1 of 49 patches"):
        classifier.game(pixel)
    with pytest.raises(ValueError, match="k must be"):
        classifier.top(pixel, 0)
    with pytest.raises(ValueError, match=r"shape \(m, 4\)"):
        classifier.game(np.zeros((9, 9, 3), np.uint8), grid=(2, 2))(np.ones((2, 5), bool))


@pytest.mark.slow
def test_converted_once_and_kept(tmp_path, monkeypatch, cat):
    monkeypatch.setenv("SWING_HOME", str(tmp_path))
    told = []
    first = load_image_classifier("cpu", lambda fraction, sentence: told.append(sentence))
    kept = tmp_path / "models" / KEPT / "model.onnx"
    written = kept.stat().st_mtime_ns
    assert "EfficientNet-Lite0 is converted" in told
    again = load_image_classifier("cpu")
    assert kept.stat().st_mtime_ns == written
    assert again.top(cat, 1) == first.top(cat, 1)
    assert again.fingerprint == first.fingerprint and len(first.fingerprint) == 32
    kept.write_bytes(kept.read_bytes()[:-10])
    assert load_image_classifier("cpu").top(cat, 1) == first.top(cat, 1)


def test_torch_gives_the_same_game(cat):
    """The form that runs on a GPU, here on the CPU's torch."""
    from model.image.classifier import ImageClassifier, _torch

    z = np.random.default_rng(3).random((5, 49)) < 0.5
    slow = ImageClassifier(_torch("cpu"), class_names())
    np.testing.assert_allclose(slow.game(cat)(z), load_image_classifier("cpu").game(cat)(z), atol=2e-4)
