"""A pair of towers: similarities as computed by hand and by transformers, and one sentence for what cannot be explained."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tower_graphs import (
    BESIDE,
    CHANCE,
    NAN,
    SCALED,
    TABLE,
    WORDS,
    cosine,
    image_embedding,
    image_graph,
    text_embedding,
    text_graph,
    tokenizer,
    write,
    write_directory,
)

from model import load_towers
from model.towers import game as of_game
from xai import explain

PHOTO = Image.open(Path(__file__).parents[3] / "assets/samples/images/chelsea.jpg").resize((40, 30))
TEXT = "a red  cat."
EVERY = ((np.arange(256)[:, None] >> np.arange(8)) & 1).astype(bool)


def left(row):
    """The text of one coalition, by hand."""
    return "".join(piece for piece, here in zip(("a ", "red  ", "cat", "."), row) if here)


def by_hand(game, pool=np.mean):
    return np.array([cosine(image_embedding(game.picture(row)), text_embedding(left(row[4:]), pool)) for row in EVERY])


def loaded(tmp_path, image=None, text=None, tokens=None, **given):
    return load_towers(*write(tmp_path, image, text, tokens), **{**SCALED, **given})


KINDS = {
    "free": ({}, np.mean),
    "free, no mask": ({"text": text_graph(masked=False)}, np.mean),
    "fixed": ({"text": text_graph((None, 9)), "image": image_graph((1, 3, 8, 8))}, np.mean),
    "fixed, no mask": ({"text": text_graph((2, 9), masked=False, pool="ReduceMax")}, np.max),
    "padded as the tokenizer says": ({"text": text_graph(), "tokens": tokenizer(padding=9)}, np.mean),
    "each depends on its company": ({"text": text_graph(after=BESIDE), "image": image_graph(after=BESIDE)}, np.mean),
    "the only one of two dimensions": (
        {"text": text_graph(outputs={"x": 2, "y": 3}), "image": image_graph(outputs={"x": 2})},
        np.mean,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_coalition_is_as_computed_by_hand(kind, tmp_path):
    parts, pool = KINDS[kind]
    towers = loaded(tmp_path, **parts)
    game = towers.game(PHOTO, TEXT, grid=(2, 2))
    assert game.labels == [*(f"row {r}, column {c}" for r in (1, 2) for c in (1, 2)), "a", "red", "cat", "."]
    assert game.n_patches == 4 and game.n_players == 8 and game.size == (30, 40) and game.outputs == ["similarity"]
    assert [TEXT[start:end] for start, end in game.spans] == game.labels[4:] and game.regions.max() == 3
    assert [game.read(row) for row in EVERY[::16]] == [left(row[4:]) for row in EVERY[::16]]
    np.testing.assert_allclose(game(EVERY), by_hand(game, pool), rtol=1e-4, atol=1e-3)
    assert len([note for note in towers.notes if "one by one" in note]) == 2 * ("company" in kind)
    np.testing.assert_allclose(towers.similarity(PHOTO, TEXT), game(EVERY[-1:])[0], atol=1e-4)


def test_without_words_the_text_is_whole(tmp_path):
    towers = loaded(tmp_path)
    game = towers.game(PHOTO, TEXT, grid=(2, 2), absent="black", words=False)
    assert game.n_players == 4 and game.spans == [] and game.read(np.zeros(4, bool)) == TEXT
    wanted = [cosine(image_embedding(game.picture(row)), text_embedding(TEXT)) for row in EVERY[:16, :4]]
    np.testing.assert_allclose(game(EVERY[:16, :4]), wanted, rtol=1e-4, atol=1e-3)
    found = explain(game, "banzhaf", method="exact")
    np.testing.assert_allclose(found.values[0], np.mean(game(EVERY[1:16:2, :4]) - game(EVERY[0:16:2, :4])), atol=1e-9)
    assert towers.game(PHOTO, TEXT, (2, 2), PHOTO.rotate(180)).absent == "another image"


def test_each_picture_and_each_text_is_asked_for_once(tmp_path, monkeypatch):
    towers, asked = loaded(tmp_path), {"images": 0, "texts": []}
    game = towers.game(PHOTO, "a cat a", grid=(2, 2))
    one, other = towers._images, towers._texts
    monkeypatch.setattr(towers, "_images", lambda inputs: (asked.update(images=asked["images"] + len(inputs)), one(inputs))[1])
    monkeypatch.setattr(towers, "_texts", lambda texts: (asked["texts"].extend(texts), other(texts))[1])
    values = game(EVERY[:128, :7])
    assert asked["images"] == 16 and sorted(asked["texts"]) == ["", "a", "a ", "a a", "a cat ", "cat ", "cat a"]
    np.testing.assert_array_equal(game(EVERY[:128, :7]), values)
    assert asked["images"] == 32 and len(asked["texts"]) == 7 and game(EVERY[:0, :7]).shape == (0,)
    monkeypatch.setattr(of_game, "MOST_KEPT", 3)
    np.testing.assert_allclose(game(EVERY[:128, :7]), values, atol=1e-4)


def test_a_directory_says_what_its_towers_see(tmp_path):
    towers = load_towers(write_directory(tmp_path))
    assert towers.side == 8 and towers.longest == 10 and towers.name == tmp_path.name
    game = towers.game(PHOTO, TEXT, grid=(2, 2))
    np.testing.assert_allclose(game(EVERY), by_hand(game), rtol=1e-4, atol=1e-3)
    again = json.loads((tmp_path / "preprocessor_config.json").read_text())
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({**again, "image_mean": [0.5] * 3}))
    other = load_towers(str(tmp_path))
    assert other.fingerprint != towers.fingerprint == load_towers(tmp_path, mean=SCALED["mean"]).fingerprint
    with pytest.raises(ValueError, match="is a directory"):
        load_towers(tmp_path, "words.onnx")
    for told, wrong in (({"rescale_factor": 1}, "multiplies pixels by 1"), ({"crop_size": {"height": 8, "width": 6}}, "squares")):
        (tmp_path / "preprocessor_config.json").write_text(json.dumps({**again, **told}))
        with pytest.raises(ValueError, match=wrong):
            load_towers(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text("[1]")
    with pytest.raises(ValueError, match="settings by name"):
        load_towers(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "preprocessor_config.json").write_text("{}")
    with pytest.raises(ValueError, match=r"has no tokenizer.json"):
        load_towers(tmp_path)


def test_the_files_say_how_cosines_become_logits(tmp_path):
    towers = loaded(tmp_path, image=image_graph(metadata=[("logit_scale", "50.0")]))
    assert towers.scale == 50 and "cosines times 50" in towers.notes[0]
    game = towers.game(PHOTO, TEXT, grid=(2, 2))
    np.testing.assert_allclose(game(EVERY), by_hand(game) / 2, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    "parts", [{"text": text_graph((None, 6))}, {"tokens": tokenizer(most=6)}, {"tokens": tokenizer(padding=6)}]
)
def test_a_text_that_is_too_long_is_refused_and_never_cut_off(parts, tmp_path):
    towers = loaded(tmp_path, **parts)
    assert towers.longest == 6 and towers.game(PHOTO, "a red cat.", grid=(2, 2)).n_players == 8
    with pytest.raises(ValueError, match="has 7 tokens, .* reads at most 6: shorten it"):
        towers.game(PHOTO, "a red , cat.", grid=(2, 2))
    for text, told in (("  ", "empty"), ("a\x00b", "control character")):
        with pytest.raises(ValueError, match=told):
            towers.game(PHOTO, text)


@pytest.mark.parametrize("text", [text_graph(), text_graph(masked=False)])
def test_no_token_at_all_has_a_finite_value(text, tmp_path):
    bare = json.loads(tokenizer()) | {"post_processor": None}
    game = loaded(tmp_path, text=text, tokens=json.dumps(bare).encode()).game(PHOTO, TEXT, grid=(2, 2), absent="black")
    values = game(EVERY)
    assert np.isfinite(values).all()
    np.testing.assert_allclose(values[0], cosine(image_embedding(game.picture(EVERY[0])), TABLE[0].astype(float)), atol=1e-3)


REFUSED = {
    "NaN of pictures": ({"image": image_graph(after=NAN)}, "eyes.onnx answers with nan"),
    "NaN of texts": ({"text": text_graph(after=NAN)}, "words.onnx answers with nan"),
    "no tokenizer": ({"tokens": b"{}"}, "must be a tokenizer.json"),
    "chance of pictures": ({"image": image_graph(after=CHANCE)}, "other answers to the same picture"),
    "chance of texts": ({"text": text_graph(after=CHANCE)}, "other answers to the same text"),
    "widths": ({"text": text_graph(table=TABLE[:, :3].copy())}, "4 numbers for a picture, and words.onnx 3 for a text"),
    "no embedding": ({"image": image_graph(outputs={"last_hidden_state": 3})}, "one output of two dimensions"),
    "two": ({"text": text_graph(outputs={"x": 2, "y": 2})}, "or call it text_embeds; it has the outputs x"),
    "texts for pictures": (
        {"image": text_graph()},
        "one output of two dimensions, the embedding, or call it image_embeds|has one input",
    ),
    "pictures for texts": ({"text": image_graph(outputs={"text_embeds": 2})}, "a text tower takes input_ids"),
    "floats": ({"text": text_graph(masked=False, kind=1)}, "a text tower takes input_ids"),
    "words it has no vectors of": ({"text": text_graph(table=TABLE[:3].copy())}, "cannot be run"),
    "padding": ({"text": text_graph((None, 9), masked=False)}, "looks at the padding"),
    "no scale": ({"mean": None}, "give mean= and std="),
    "another size": ({"side": 9}, "sees 8 pixels a side"),
    "no number": ({"image": image_graph(metadata=[("logit_scale", "much")])}, "logit_scale must be a number above 0"),
    "no graph": ({"text": b"GIF89a"}, "cannot be read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_explained_is_one_sentence(case, tmp_path):
    parts, told = REFUSED[case]
    with pytest.raises(ValueError, match=told) as caught:
        loaded(tmp_path, **parts)
    assert "\n" not in str(caught.value)


def test_all_three_are_needed(tmp_path):
    paths = write(tmp_path)
    with pytest.raises(ValueError, match="needs an image tower, a text tower"):
        load_towers(paths[0], paths[1])
    with pytest.raises(ValueError, match="the tokenizer .* cannot be read"):
        load_towers(*paths[:2], tmp_path / "none.json", **SCALED)


@pytest.mark.slow
def test_a_clip_of_transformers_says_the_same(tmp_path):
    """A random one, exported: logits per image of the whole model, to single precision."""
    import torch
    from transformers import CLIPConfig, CLIPModel

    text = {"vocab_size": 13, "eos_token_id": 3, "bos_token_id": 1, "pad_token_id": 0, "max_position_embeddings": 9}
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    torch.manual_seed(0)
    config = CLIPConfig(text_config=text | small, vision_config={"image_size": 16, "patch_size": 4, **small}, projection_dim=8)
    clip = CLIPModel(config).eval()

    class Tower(torch.nn.Module):
        def __init__(self, ask):
            super().__init__()
            self.clip, self.ask = clip, ask

        def forward(self, given):
            found = self.ask(given)
            return getattr(found, "pooler_output", found)

    towers = {
        "pixel_values": (Tower(lambda x: clip.get_image_features(pixel_values=x)), torch.zeros(2, 3, 16, 16)),
        "input_ids": (Tower(lambda x: clip.get_text_features(input_ids=x)), torch.ones(2, 9, dtype=torch.long)),
    }
    for name, (tower, given) in towers.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            axes = {name: {0: "n"}, "embeds": {0: "n"}}
            options = {"input_names": [name], "output_names": ["embeds"], "dynamic_axes": axes, "dynamo": False}
            torch.onnx.export(tower, (given,), str(tmp_path / f"{name}.onnx"), **options)
    (tmp_path / "tokenizer.json").write_bytes(tokenizer())
    pair = load_towers(tmp_path / "pixel_values.onnx", tmp_path / "input_ids.onnx", tmp_path / "tokenizer.json", **SCALED)
    game = pair.game(PHOTO, TEXT, grid=(2, 2))
    rows = EVERY[::17]
    ids = [[1, *(WORDS.index(word) for word in left(row[4:]).replace(".", " .").split()), 3] for row in rows]
    padded = torch.tensor([one + [0] * (9 - len(one)) for one in ids])
    pixels = torch.from_numpy(np.stack([pair.seen.normalise(game.picture(row)) for row in rows]))
    with torch.no_grad():
        logits = clip(input_ids=padded, pixel_values=pixels).logits_per_image.diagonal() / clip.logit_scale.exp()
    np.testing.assert_allclose(game(rows), 100 * logits.numpy(), atol=1e-3)
