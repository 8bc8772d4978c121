"""Games of a picture and a prompt on a tiny random multimodal Gemma 4, against its own plain forward passes."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from tiny import IMAGE4, write_tiny_gemma4

from model import load_model
from model.image.image_game import ABSENT
from xai import explain

PROMPT, TARGET = "what is the plot", " dog"
RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 255, (40, 60, 3), dtype=np.uint8)  # becomes 6 × 10 soft tokens
WIDE = RNG.integers(0, 255, (40, 96, 3), dtype=np.uint8)  # 5 × 12 of them: as the model sees it, nothing is resized
GRID, SHARE = (2, 5), (3, 2)  # patches, and soft tokens of each
KINDS = {  # a window of 8 tokens is shorter than a picture
    "both ways": {},
    "one way": {"both_ways": False},
    "narrow, both ways": {"window": 8, "chat": False},
    "narrow, one way": {"window": 8, "both_ways": False},
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    made = {}

    def model(kind):
        if kind not in made:
            torch.manual_seed(len(made))
            made[kind] = load_model(str(write_tiny_gemma4(tmp_path_factory.mktemp("gemma4") / "tiny", **KINDS[kind])))
        return made[kind]

    return model


@pytest.fixture
def seeing(models):
    return models("both ways")


def inputs_of(gemma, image, prompt=PROMPT):
    """What transformers' own processor makes of picture and prompt; of it only what needs no torchvision is run."""
    from transformers import Gemma4Processor

    found = gemma.vision.processor([Image.fromarray(image)], return_tensors="pt")
    mark = IMAGE4["image_token"]
    text = f"{mark}{prompt}"
    if gemma.chat:
        content = [{"type": "image"}, {"type": "text", "text": prompt}]
        text = gemma.tokenizer.apply_chat_template(
            [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
        )
    assert text.count(mark) == 1
    text = text.replace(mark, Gemma4Processor.replace_image_token(SimpleNamespace(**IMAGE4), found, 0))
    ids = gemma.tokenizer(text, return_tensors="pt", add_special_tokens=not gemma.chat)["input_ids"]
    kinds = ids.eq(gemma.vision.model.config.image_token_id).long()
    seen = {key: found[key] for key in ("pixel_values", "image_position_ids")}
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "mm_token_type_ids": kinds, **seen}


def masks(kinds, visible, window, both_ways):
    """Both masks of Gemma 4, written out: soft tokens see each other in the layers with a window alone."""
    n = len(visible)
    q, k = np.arange(n)[:, None], np.arange(n)
    block = (kinds[:, None] == 1) & (kinds == 1) if both_ways else np.zeros((n, n), bool)
    bool4 = {"full_attention": (k <= q) & visible, "sliding_attention": ((k <= q) | block) & (q - k < window) & visible}
    return {name: torch.from_numpy(mask)[None, None] for name, mask in bool4.items()}


def plain(gemma, image, hidden=((),), pixels=None, features=None):
    """Log-probabilities by plain forward passes, (m, target tokens); nobody attends to the places in hidden[row]."""
    inputs, goal = inputs_of(gemma, image), gemma.target_ids(TARGET)
    ids = torch.cat([inputs["input_ids"], torch.tensor([goal])], 1)
    kinds = np.append(inputs["mm_token_type_ids"][0].numpy(), [0] * len(goal))
    config, rows = gemma.vision.model.config.text_config, []
    for row, places in enumerate(hidden):
        visible = ~np.isin(np.arange(ids.shape[1]), list(places))
        seen = {"pixel_values": inputs["pixel_values"] if pixels is None else pixels[row : row + 1]}
        seen["image_position_ids"] = inputs["image_position_ids"]
        if features is not None:
            seen = {"mm_encoder_outputs": {"image": SimpleNamespace(pooler_output=[features[row]])}}
        with torch.no_grad():
            logits = gemma.vision.model(
                input_ids=ids,
                attention_mask=masks(kinds, visible, config.sliding_window, config.use_bidirectional_attention == "vision"),
                position_ids=torch.arange(ids.shape[1])[None],
                **seen,
            ).logits[0]
        at = [np.flatnonzero(visible[: -len(goal)])[-1], *range(len(visible) - len(goal), len(visible) - 1)]
        rows.append(torch.log_softmax(logits[at].double(), -1)[range(len(goal)), goal].numpy())
    return np.array(rows)


def tower_without(gemma, image, shown):
    """Soft tokens (60, width) of the tower run on the patches of the shown ones alone, the others taken out of its input."""
    inner, inputs = gemma.vision.model.model, inputs_of(gemma, image)
    tower, out = inner.vision_tower, torch.zeros(60, inner.config.text_config.hidden_size)
    places = np.arange(240).reshape(6, 2, 10, 2).transpose(0, 2, 1, 3).reshape(60, 4)[shown]
    if shown.any():
        pixels, positions = (inputs[key][:, places.ravel()] for key in ("pixel_values", "image_position_ids"))
        nothing = torch.zeros(positions.shape[:2], dtype=torch.bool)
        states = tower.patch_embedder(pixels, positions, nothing)
        states = tower.encoder(inputs_embeds=states, attention_mask=~nothing, pixel_position_ids=positions).last_hidden_state
        pooled = states.reshape(*places.shape, -1).mean(dim=1) * 32**0.5
        out[shown] = inner.embed_vision((pooled - tower.std_bias) * tower.std_scale)
    return out


def oracle(gemma, absent, coalitions):
    """The values of coalitions of the grid on PHOTO by plain forward passes."""
    inputs = inputs_of(gemma, PHOTO)
    soft = np.flatnonzero(inputs["mm_token_type_ids"][0].numpy())
    here = np.kron(coalitions.reshape(-1, *GRID), np.ones(SHARE)).astype(bool)  # 6 × 10 soft tokens
    if absent == "pixel":
        patches = np.kron(here, np.ones((2, 2))).astype(bool).reshape(len(here), -1)
        pixels = inputs["pixel_values"].expand(len(here), -1, -1).clone()
        mean = pixels[0, :240].reshape(240, 16, 3).mean((0, 1)).repeat(16)
        for row, there in zip(pixels, patches):
            row[:240][~there] = mean
        return plain(gemma, PHOTO, [()] * len(here), pixels)
    here = here.reshape(len(here), -1)
    with torch.no_grad():
        features = [tower_without(gemma, PHOTO, row) for row in here] if absent == "strict" else None
    return plain(gemma, PHOTO, [soft[~row] for row in here], features=features)


def some(count, n):
    z = RNG.random((count, n)) < RNG.random((count, 1))
    z[0], z[1] = False, True
    return z


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("image", [PHOTO, WIDE, WIDE.transpose(1, 0, 2)[:, :7]], ids=["photo", "wide", "tall"])
def test_the_full_coalition_is_the_plain_forward(models, kind, image):
    gemma = models(kind)
    inputs, goal = inputs_of(gemma, image), gemma.target_ids(TARGET)
    more = {"input_ids": torch.tensor([goal]), "attention_mask": torch.ones(1, len(goal), dtype=torch.long)}
    more["mm_token_type_ids"] = torch.zeros_like(more["input_ids"])
    with torch.no_grad():
        whole = {key: torch.cat([value, more[key]], 1) if key in more else value for key, value in inputs.items()}
        logits = gemma.vision.model(**whole).logits[0, -len(goal) - 1 : -1]
    want = torch.log_softmax(logits.double(), -1)[range(len(goal)), goal].numpy()[None]
    np.testing.assert_allclose(plain(gemma, image), want, atol=2e-5)
    for absent in ABSENT:
        game = gemma.image_game(image, PROMPT, TARGET, (3, 1), absent, words=True)
        np.testing.assert_allclose(game(np.ones((1, game.n_players), bool)), want, atol=2e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("absent", ABSENT)
def test_coalitions_agree_with_plain_forwards(models, kind, absent):
    """Of all lengths in one batch; places are kept beyond the window, where local layers count them."""
    gemma, z = models(kind), some(16, 10)
    table = oracle(gemma, absent, z)
    np.testing.assert_allclose(gemma.image_game(PHOTO, PROMPT, TARGET, GRID, absent)(z), table, atol=1e-4)
    assert table.std(axis=0).min() > 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_words_and_patches_in_one_game(models, kind):
    gemma = models(kind)
    game = gemma.image_game(PHOTO, PROMPT, TARGET, GRID, words=True)
    assert game.labels[10:] == ["what", "is", "the", "plot"] and game.labels[9] == "row 2, column 5"
    inputs = inputs_of(gemma, PHOTO)
    soft, ids = np.flatnonzero(inputs["mm_token_type_ids"][0].numpy()), inputs["input_ids"][0].tolist()
    at = max(at for at in range(len(ids)) if gemma.tokenizer.decode(ids[at:]).startswith(PROMPT))
    owner, text = {}, ""
    while len(text) < len(PROMPT):
        text += gemma.tokenizer.decode(ids[at])
        owner[at] = len(text.split()) - 1
        at += 1
    assert text == PROMPT
    z = some(16, 14)
    z[2, 10:], z[3, :10] = False, False
    here = np.kron(z[:, :10].reshape(-1, *GRID), np.ones(SHARE)).astype(bool).reshape(len(z), -1)
    hidden = [[*soft[~there], *(place for place, word in owner.items() if not row[10 + word])] for row, there in zip(z, here)]
    np.testing.assert_allclose(game(z), plain(gemma, PHOTO, hidden), atol=1e-4)


@pytest.mark.parametrize("absent", ABSENT)
def test_batch_size_changes_nothing(seeing, absent, monkeypatch):
    game, z = seeing.image_game(PHOTO, PROMPT, TARGET, (3, 3), absent, words=True), some(12, 13)
    together = game(z)
    np.testing.assert_allclose(np.concatenate([game(row[None]) for row in z]), together, atol=1e-4)
    monkeypatch.setattr("model.image.seeing.vision.TOWER_PATCHES", 700)
    monkeypatch.setattr("model.text.scoring.MAX_TOKENS", 200)
    np.testing.assert_allclose(game(z), together, atol=1e-4)


def test_strict_absence_leaks_nothing_and_soft_tokens_do(seeing):
    row = np.array([[1, 0, 1, 1, 1, 0, 0, 1, 1]], bool)
    gone = np.isin(seeing.image_game(WIDE, PROMPT, TARGET, (3, 3)).regions, np.flatnonzero(~row[0]))
    other = np.where(gone[..., None], 255 - WIDE, WIDE)  # a different picture where patches are absent
    moved = {}
    for absent in ("strict", "soft-token"):
        games = [seeing.image_game(image, PROMPT, TARGET, (3, 3), absent) for image in (WIDE, other)]
        moved[absent] = np.abs(games[0](row) - games[1](row)).max()
        assert np.abs(games[0](~row) - games[1](~row)).max() > 1e-3
    assert moved["strict"] < 1e-6 and moved["soft-token"] > 1e-3


def test_an_object_in_a_corner_of_a_wide_photo_lights_up_that_corner(seeing):
    """Grey all over, and in the bottom right a pattern whose mean is that grey: nothing else can matter."""
    photo = np.full((90, 270, 3), 128, np.uint8)
    photo[66:84, 192:258] = np.where(np.arange(18)[:, None, None] % 6 < 3, 228, 28)
    game = seeing.image_game(photo, PROMPT, TARGET, (2, 3), "pixel")
    heat = np.abs(explain(game, index="shapley", method="exact").values).sum(axis=1)[game.regions]
    assert heat.shape == (90, 270)
    assert heat[60:, 192:].min() > 100 * max(heat[:45].max(), heat[:, :170].max())


@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_the_models_own(models, kind):
    gemma = models(kind)
    inputs = inputs_of(gemma, PHOTO)
    out = gemma.vision.model.generate(**inputs, do_sample=False, max_new_tokens=6)[0, inputs["input_ids"].shape[1] :]
    said = gemma.tokenizer.decode(out, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    game = gemma.image_game(PHOTO, PROMPT, TARGET, GRID, words=True)
    assert gemma.generate(PROMPT, PHOTO, 6) == said == game.answer(np.ones(game.n_players, bool), 6) != ""
    assert gemma.generate(PROMPT, max_new_tokens=6) != said


@pytest.mark.parametrize("shape", [(40, 60), (40, 96), (96, 40), (1, 1), (1, 40), (1, 4000), (30, 70)])
def test_pixels_are_the_processors_own(seeing, shape):
    image = RNG.integers(0, 255, (*shape, 3), dtype=np.uint8)
    found = seeing.vision.processor([image], return_tensors="pt", input_data_format="channels_last")
    seen = seeing.vision.look(image)
    rows, columns = seen.tokens
    inputs = seeing.vision.inputs(seen.pixels)
    assert rows * columns == found["num_soft_tokens_per_image"][0] and seen.patches == 4 * rows * columns
    for key, value in inputs.items():
        assert torch.equal(value, found[key][:, : seen.patches])
    assert (found["image_position_ids"][:, seen.patches :] == -1).all()
    assert seen.pixels.shape == (1, 3, rows * 8, columns * 8)


def test_a_seeing_checkpoint_still_reads_text(seeing):
    game = seeing.text_game(PROMPT, TARGET)
    ids, goal = seeing.encode(PROMPT).ids, seeing.target_ids(TARGET)
    with torch.no_grad():
        logits = seeing.vision.model(input_ids=torch.tensor([ids + goal])).logits[0, -len(goal) - 1 : -1]
    want = torch.log_softmax(logits.double(), -1)[range(len(goal)), goal].numpy()[None]
    np.testing.assert_allclose(game(np.ones((1, game.n_players), bool)), want, atol=2e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"grid": (6, 3)}, "from 1 to 5 and from 1 to 12 in a picture of this shape"),
        ({"prompt": "see <|image|> here"}, "stands for a picture"),
        ({"prompt": "see <image|> here"}, "stands for a picture"),
        ({"absent": "blur"}, "absent must be"),
    ],
)
def test_what_is_refused(seeing, arguments, message):
    given = {"image": WIDE, "prompt": PROMPT, "target": TARGET, "grid": (3, 3)} | arguments
    with pytest.raises(ValueError, match=message):
        seeing.image_game(**given)
