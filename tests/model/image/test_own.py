"""Image classifiers of somebody's own: the same game as torch gives here, and one sentence for what cannot be explained."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from classifier_graphs import BYTE, WEIGHT, graph
from PIL import Image

from model import load_image_classifier
from model.graphs.session import Session
from model.image.classifier import converted

PHOTO = Image.open(Path(__file__).parents[3] / "assets/samples/images/chelsea.jpg").resize((40, 30))
SCALED = {"mean": (0.4, 0.5, 0.6), "std": (0.2, 0.3, 0.4)}
EVERY = ((np.arange(16)[:, None] >> np.arange(4)) & 1).astype(bool)


def file_of(tmp_path, data):
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    return path


class Module(torch.nn.Module):
    def __init__(self, softmax=False, drop=False):
        super().__init__()
        self.weight, self.softmax, self.drop = torch.nn.Parameter(torch.from_numpy(WEIGHT)), softmax, drop

    def forward(self, x):
        found = x.mean((2, 3)) @ self.weight
        found = torch.nn.functional.dropout(found) if self.drop else found
        return found.softmax(1) if self.softmax else found


def plain(pixels, raw=False):
    """Logits of uint8 (m, 8, 8, 3)."""
    seen = pixels.astype(float) if raw else (pixels / 255 - SCALED["mean"]) / SCALED["std"]
    return seen.mean((1, 2)) @ WEIGHT


def check(classifier, raw=False):
    game = classifier.game(PHOTO, grid=(2, 2), value="log-odds")
    logits = plain(np.stack([game.picture(row) for row in EVERY]), raw)
    rest = [np.logaddexp.reduce(np.delete(logits, k, axis=1), axis=1) for k in range(5)]
    want = (logits - np.stack(rest, axis=1))[:, game.classes]
    np.testing.assert_allclose(game(EVERY), want, rtol=1e-5, atol=2e-4)
    assert classifier.side == 8 and game.picture(EVERY[-1]).shape == (8, 8, 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("parts", "raw"),
    [
        ({}, False),
        ({"shape": (None, 8, 8, 3)}, False),
        ({"shape": (2, 3, 8, 8), "softmax": True}, False),
        ({"shape": (1, 8, 8, 3), "kind": BYTE}, True),
    ],
)
def test_a_file_is_asked_as_it_says(parts, raw, tmp_path):
    given = {} if raw else SCALED
    classifier = load_image_classifier(file_of(tmp_path, graph(**parts)), **given)
    check(classifier, raw)
    assert classifier.class_names == [f"class {i}" for i in range(5)]
    assert any("probabilities" in note for note in classifier.notes) == bool(parts.get("softmax"))
    if parts.get("softmax"):
        with pytest.raises(ValueError, match="no logits"):
            classifier.game(PHOTO, grid=(2, 2), value="logit")


@pytest.mark.slow
@pytest.mark.parametrize("write", [json.dumps, lambda one: " ".join(map(str, one)), lambda one: str([255 * x for x in one])])
def test_metadata_say_how_pixels_are_scaled_and_what_classes_are_called(write, tmp_path):
    told = {name: write(value) for name, value in SCALED.items()} | {"labels": json.dumps(list("abcde"))}
    classifier = load_image_classifier(str(file_of(tmp_path, graph((None, 3, None, None), metadata=told.items()))), side=8)
    check(classifier)
    assert classifier.class_names == list("abcde") and len(classifier.fingerprint) == 32


def test_a_module_is_asked_where_it_is(tmp_path):
    names = tmp_path / "labels.txt"
    names.write_text("crane\nb\nc\nd\ncrane\n", encoding="utf-8")
    classifier = load_image_classifier(Module().eval(), str(names), side=8, **SCALED)
    check(classifier)
    assert classifier.class_names == ["crane", "b", "c", "d", "crane (2)"]
    check(load_image_classifier(Module(softmax=True).eval(), side=8, **SCALED))
    other = Module().eval()
    other.pretrained_cfg = {"input_size": (3, 8, 8), **SCALED}
    check(load_image_classifier(other))
    assert load_image_classifier(other).fingerprint == classifier.fingerprint


class BesideOthers(Module):
    def forward(self, x):
        return super().forward(x) + 100 * x.mean()


def test_a_picture_whose_answer_depends_on_its_company_is_asked_alone():
    classifier = load_image_classifier(BesideOthers().eval(), side=8, **SCALED)
    assert "one by one" in classifier.notes[0]
    check(classifier)


@pytest.mark.slow
def test_the_bundled_classifiers_own_file_gives_its_game_to_the_last_bit():
    bundled, own = load_image_classifier(), load_image_classifier(converted() / "model.onnx")
    coalitions = np.random.default_rng(0).random((5, 49)) < 0.5
    np.testing.assert_array_equal(
        own.game(PHOTO.resize((300, 200)))(coalitions), bundled.game(PHOTO.resize((300, 200)))(coalitions)
    )
    assert own.fingerprint != bundled.fingerprint


REFUSED = {
    "no scale": (graph(), {}, "give mean= and std="),
    "no size": (graph((None, 3, None, None)), SCALED, "give side="),
    "another size": (graph(), {"side": 9, **SCALED}, "sees 8 pixels a side; side=9"),
    "no square": (graph((None, 3, 8, 6)), SCALED, "8 × 6 pixels"),
    "one channel": (graph((None, 1, 8, 8)), SCALED, "where its three channels are"),
    "three everywhere": (graph((None, 3, 3, 3)), SCALED, "where its three channels are"),
    "no picture": (graph((None, 3)), SCALED, "one input"),
    "no classes": (graph(outputs=3), SCALED, "one output"),
    "blue first": (graph(metadata=[("Image.BitmapPixelFormat", "Bgr8")]), SCALED, "blue before red"),
    "std 0": (graph(), {"mean": 0, "std": 0}, "std must be above 0"),
    "two means": (graph(), {"mean": (0, 1), "std": 1}, "mean must be a number"),
    "no side": (graph((None, 3, None, None)), {"side": 2.5, **SCALED}, "side must be a whole number"),
    "no graph": (b"GIF89a", SCALED, "cannot be read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_explained_is_one_sentence(case, tmp_path, monkeypatch):
    monkeypatch.setattr(Session, "check", lambda session: None)  # nothing of these is run
    data, given, told = REFUSED[case]
    with pytest.raises(ValueError, match=told) as caught:
        load_image_classifier(file_of(tmp_path, data), **given)
    assert "\n" not in str(caught.value)


ANSWERS = {
    "training": (Module(), None, "training mode"),
    "chance": (Module(drop=True).eval(), None, "other answers to the same picture"),
    "NaN": (torch.nn.Sequential(Module(), torch.nn.Threshold(1e9, float("nan"))).eval(), None, "must be finite"),
    "one class": (torch.nn.Sequential(Module(), torch.nn.Linear(5, 1)).eval(), None, "must be .pictures, classes."),
    "a map": (torch.nn.Conv2d(3, 5, 1).eval(), None, "must be .pictures, classes."),
    "no classes that exclude": (torch.nn.Sequential(Module(), torch.nn.Sigmoid()).eval(), None, "do not add up to 1"),
    "another size": (torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 5)).eval(), None, "does not take pictures of 8"),
    "few labels": (Module().eval(), ["a"], "1 labels; the model has 5"),
    "no labels": (Module().eval(), "nowhere.txt", "nowhere.txt cannot be read"),
    "a number for labels": (Module().eval(), 7, "labels must be a list"),
    "no model": (3, None, "must be the path"),
    "no file": ("nowhere.onnx", None, "nowhere.onnx cannot be read"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_what_answers_wrongly_is_one_sentence(case):
    model, labels, told = ANSWERS[case]
    with pytest.raises((ValueError, TypeError), match=told) as caught:
        load_image_classifier(model, labels, side=8, **SCALED)
    assert "\n" not in str(caught.value)


def test_what_is_of_ones_own_model_needs_one():
    with pytest.raises(ValueError, match="give its path too"):
        load_image_classifier(labels=["a"])
    with pytest.raises(ValueError, match="from 1 to 8"):
        load_image_classifier(Module().eval(), side=8, **SCALED).game(PHOTO, grid=(9, 9))


def test_external_data_is_never_read(tmp_path):
    model = onnx.ModelProto.FromString(graph())
    onnx.external_data_helper.set_external_data(model.graph.initializer[0], "w.bin")
    with pytest.raises(ValueError, match="another file"):
        load_image_classifier(file_of(tmp_path, model.SerializeToString()), **SCALED)
