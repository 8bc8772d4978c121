"""Games of a picture and a prompt on a tiny random multimodal Gemma 3, against its own plain forward passes."""

import numpy as np
import pytest
import torch
from PIL import Image

from model import load_gemma
from model.image.image_game import ABSENT
from xai import Ledger, explain

PROMPT, TARGET = "what is the plot", " dog"
RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 255, (30, 70, 3), dtype=np.uint8)  # wide: resized to a square
SQUARE = RNG.integers(0, 255, (48, 48, 3), dtype=np.uint8)  # as the model sees it: nothing is resized


@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    """A model with a window of 8 tokens, without a chat template."""
    from tiny import write_tiny_vision_checkpoint

    torch.manual_seed(1)
    return load_gemma(str(write_tiny_vision_checkpoint(tmp_path_factory.mktemp("narrow"), window=8, chat=False)))


@pytest.fixture(scope="module")
def scanning(tmp_path_factory):
    """A model whose processor makes Pan & Scan crops."""
    from tiny import write_tiny_vision_checkpoint

    torch.manual_seed(2)
    return load_gemma(str(write_tiny_vision_checkpoint(tmp_path_factory.mktemp("scan"), pan_and_scan=True)))


def inputs_of(gemma, image, prompt):
    """What the processor itself makes of picture and prompt."""
    processor = gemma.vision.processor
    options = {"images_kwargs": gemma.vision.pan_and_scan, "return_tensors": "pt"}
    text = f"<start_of_image>{prompt}"
    if gemma.chat:
        content = [{"type": "image"}, {"type": "text", "text": prompt}]
        text = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
        options["add_special_tokens"] = False
    return processor(images=[Image.fromarray(image)], text=text, **options)


def picked(logits, goal, at):
    """Log-probabilities of the target, its first token predicted at the given place of each row."""
    after = logits[:, -len(goal) : -1] if len(goal) > 1 else logits[:, :0]
    rows = torch.cat([logits[range(len(logits)), at][:, None], after], 1)
    return torch.log_softmax(rows.double(), -1)[:, range(len(goal)), goal].numpy()


def masks(kinds, visible, window):
    """Both masks of Gemma 3, written out: causal or within one picture; near, in local layers; what is visible."""
    n = len(visible)
    q, k = np.arange(n)[:, None], np.arange(n)
    block = np.cumsum(np.diff(kinds, prepend=0) == 1) * kinds
    full = (k <= q) | ((block[:, None] == block) & (block > 0))
    full = full & visible
    bool4 = {"full_attention": full, "sliding_attention": full & (q - k < window)}
    return {name: torch.from_numpy(mask)[None, None] for name, mask in bool4.items()}


def plain(gemma, image, hidden=((),), pixels=None, features=None):
    """Log-probabilities by plain forward passes, (m, target tokens); nobody attends to the places in hidden[row]."""
    inputs, goal = inputs_of(gemma, image, PROMPT), gemma.target_ids(TARGET)
    ids = torch.cat([inputs["input_ids"], torch.tensor([goal])], 1).expand(len(hidden), -1)
    kinds = np.append(inputs["token_type_ids"][0].numpy(), [0] * len(goal))
    visible = np.stack([~np.isin(np.arange(ids.shape[1]), list(places)) for places in hidden])
    rows = [masks(kinds, row, gemma.vision.model.config.text_config.sliding_window) for row in visible]
    seen = {"pixel_values": inputs["pixel_values"].repeat(len(hidden), 1, 1, 1) if pixels is None else pixels}
    if features is not None:
        seen = {"mm_encoder_outputs": {"image": type("Out", (), {"pooler_output": features})}}
    with torch.no_grad():
        logits = gemma.vision.model(
            input_ids=ids,
            attention_mask={name: torch.cat([row[name] for row in rows]) for name in rows[0]},
            position_ids=torch.arange(ids.shape[1])[None],
            **seen,
        ).logits
    return picked(logits, goal, [np.flatnonzero(row[: -len(goal)])[-1] for row in visible])


def tower_without(gemma, pixels, shown):
    """Soft tokens of the tower run on the patches of the shown soft tokens alone, the others taken out of its input."""
    inner, side, share = gemma.vision.model.model, 6, 2
    tower, projector = inner.vision_tower, inner.multi_modal_projector
    places = np.arange(gemma.vision.patches).reshape(side, share, side, share).transpose(0, 2, 1, 3)
    places = places.reshape(side**2, -1)[shown]
    out = torch.zeros(1, side**2, inner.config.text_config.hidden_size)
    if shown.any():
        states = tower.embeddings(pixels)[:, places.ravel()]
        states = tower.post_layernorm(tower.encoder(inputs_embeds=states).last_hidden_state)
        pooled = states.reshape(1, *places.shape, -1).mean(dim=2)
        out[:, shown] = projector.mm_soft_emb_norm(pooled) @ projector.mm_input_projection_weight
    return out


def oracle(gemma, image, absent, coalitions):
    """The values of coalitions of a 3 × 3 grid by plain forward passes, 64 of them at a time."""
    if len(coalitions) > 64:
        parts = [oracle(gemma, image, absent, coalitions[i : i + 64]) for i in range(0, len(coalitions), 64)]
        return np.concatenate(parts)
    inputs = inputs_of(gemma, image, PROMPT)
    soft, pixels = np.flatnonzero(inputs["token_type_ids"][0].numpy()), inputs["pixel_values"]
    here = np.kron(coalitions.reshape(-1, 3, 3), np.ones((2, 2))).astype(bool)  # 6 × 6 soft tokens
    if absent == "pixel":
        there = torch.from_numpy(np.kron(here, np.ones((8, 8))).astype(bool))[:, None]
        mean = pixels.mean((0, 2, 3))[:, None, None]
        return plain(gemma, image, [()] * len(here), torch.where(there, pixels, mean))
    here = here.reshape(len(here), -1)
    with torch.no_grad():
        features = torch.cat([tower_without(gemma, pixels, row) for row in here]) if absent == "strict" else None
    return plain(gemma, image, [soft[~row] for row in here], features=features)


def all_coalitions(n):
    return ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(bool)


@pytest.mark.parametrize("model", ["tiny_seeing", "narrow", "scanning"])
@pytest.mark.parametrize("absent", ABSENT)
def test_the_full_coalition_is_the_plain_forward(model, absent, request):
    gemma = request.getfixturevalue(model)
    inputs, goal = inputs_of(gemma, PHOTO, PROMPT), gemma.target_ids(TARGET)
    zeros = torch.zeros(1, len(goal), dtype=torch.long)
    logits = gemma.vision.model(
        input_ids=torch.cat([inputs["input_ids"], torch.tensor([goal])], 1),
        token_type_ids=torch.cat([inputs["token_type_ids"], zeros], 1),
        attention_mask=torch.cat([inputs["attention_mask"], zeros + 1], 1),
        pixel_values=inputs["pixel_values"],
    ).logits
    want = picked(logits, goal, [-len(goal) - 1])
    game = gemma.image_game(PHOTO, PROMPT, TARGET, (3, 3), absent, words=True)
    np.testing.assert_allclose(game(np.ones((1, game.n_players), bool)), want, atol=2e-5)
    np.testing.assert_allclose(plain(gemma, PHOTO), want, atol=2e-5)


@pytest.mark.slow
@pytest.mark.parametrize("absent", ABSENT)
def test_every_coalition_of_a_grid_agrees_with_plain_forwards(tiny_seeing, absent):
    game = tiny_seeing.image_game(PHOTO, PROMPT, TARGET, (3, 3), absent)
    z = all_coalitions(9)
    table = oracle(tiny_seeing, PHOTO, absent, z)
    np.testing.assert_allclose(game(z), table, atol=3e-5)
    assert table.std(axis=0).min() > 0.05
    exact = explain(game, method="exact")
    np.testing.assert_allclose(exact.values, np.where(z, 1, -1).T @ table / 256, atol=3e-5)


@pytest.mark.parametrize("absent", ABSENT)
def test_past_the_sliding_window(narrow, absent):
    """Places are kept there, and local layers count them; a whole window may be hidden."""
    game = narrow.image_game(PHOTO, PROMPT, TARGET, (3, 3), absent)
    z = RNG.random((12, 9)) < RNG.random((12, 1))
    z[0], z[1] = False, True
    np.testing.assert_allclose(game(z), oracle(narrow, PHOTO, absent, z), atol=3e-5)


@pytest.mark.parametrize("model", ["tiny_seeing", "narrow"])
def test_words_and_patches_in_one_game(model, request):
    gemma = request.getfixturevalue(model)
    game = gemma.image_game(PHOTO, PROMPT, TARGET, (2, 3), words=True)
    assert (game.n_players, game.n_patches) == (10, 6)
    assert game.labels[6:] == ["what", "is", "the", "plot"] and game.labels[5] == "row 2, column 3"
    assert [PROMPT[a:b] for a, b in game.spans] == game.labels[6:]
    soft = np.flatnonzero(inputs_of(gemma, PHOTO, PROMPT)["token_type_ids"][0].numpy())
    owner = places_of_words(gemma)
    assert len(owner) >= 4 and set(owner.values()) == {0, 1, 2, 3}
    z = RNG.random((10, 10)) < 0.5
    z[0], z[1, 6:], z[2, :6] = False, False, False
    here = np.kron(z[:, :6].reshape(-1, 2, 3), np.ones((3, 2))).astype(bool).reshape(10, -1)
    hidden = [[*soft[~there], *(at for at, word in owner.items() if not row[6 + word])] for row, there in zip(z, here)]
    np.testing.assert_allclose(game(z), plain(gemma, PHOTO, hidden), atol=3e-5)


def places_of_words(gemma) -> dict[int, int]:
    """For each place that holds a token of the prompt, the word it belongs to; by decoding alone."""
    ids = inputs_of(gemma, PHOTO, PROMPT)["input_ids"][0].tolist()
    start = max(at for at in range(len(ids)) if gemma.tokenizer.decode(ids[at:]).startswith(PROMPT))
    places, text = {}, ""
    for at in range(start, len(ids)):
        text += gemma.tokenizer.decode(ids[at])
        if not PROMPT.startswith(text):
            break
        places[at] = len(text.split()) - 1
    return places


def test_strict_and_pixel_absence_leak_nothing_and_soft_tokens_do(tiny_seeing):
    row = np.array([[1, 0, 1, 1, 1, 0, 0, 1, 1]], bool)
    there = np.kron(row.reshape(3, 3), np.ones((16, 16))).astype(bool)[..., None]
    other = np.where(there, SQUARE, np.roll(SQUARE, 7, axis=0)[::-1])  # a different picture where patches are absent
    moved = {}
    for absent in ABSENT:
        games = [tiny_seeing.image_game(image, PROMPT, TARGET, (3, 3), absent) for image in (SQUARE, other)]
        values = [game(row)[0] for game in games]
        moved[absent] = np.abs(values[0] - values[1]).max()
        assert np.abs(games[0](~row) - games[1](~row)).max() > 1e-3
    assert moved["strict"] < 1e-6
    assert moved["soft-token"] > 1e-3
    # Painted over in the mean colour, only that colour tells of the hidden pixels.
    level = np.where(there, SQUARE, SQUARE[~there[..., 0]].mean(axis=0).round().astype(np.uint8))
    same_mean = np.where(there, SQUARE, 2 * level.astype(int) - SQUARE).clip(0, 255).astype(np.uint8)
    games = [tiny_seeing.image_game(image, PROMPT, TARGET, (3, 3), "pixel") for image in (SQUARE, same_mean)]
    assert np.abs(games[0](row) - games[1](row)).max() < 0.02 * np.abs(games[0](row) - games[0](~row)).max()


def test_image_tokens_attend_both_ways(tiny_seeing, monkeypatch):
    """Made causal, the same game gives other values: so the agreement with plain forwards means something."""
    game = tiny_seeing.image_game(PHOTO, PROMPT, TARGET, (3, 3))
    z = np.ones((1, 9), bool)
    right, inner = game(z), tiny_seeing.vision.model.model
    forward = inner.forward
    monkeypatch.setattr(inner, "forward", lambda token_type_ids, **others: forward(**others))
    assert np.abs(game(z) - right).max() > 1e-2


@pytest.mark.parametrize("absent", ABSENT)
def test_batch_size_changes_nothing(tiny_seeing, absent, monkeypatch):
    game = tiny_seeing.image_game(PHOTO, PROMPT, TARGET, (3, 3), absent, words=True)
    z = RNG.random((20, 13)) < 0.5
    together = game(z)
    np.testing.assert_allclose(np.concatenate([game(row[None]) for row in z]), together, atol=2e-5)
    monkeypatch.setattr("model.image.seeing.vision.TOWER_PATCHES", 300)
    monkeypatch.setattr("model.text.scoring.MAX_TOKENS", 200)
    monkeypatch.setattr("model.image.image_game.AT_ONCE", 7)
    np.testing.assert_allclose(game(z), together, atol=2e-5)
    assert game(z[:0]).shape == (0, together.shape[1])


def test_the_tower_runs_once_for_soft_tokens(tiny_seeing, monkeypatch):
    game, calls = tiny_seeing.image_game(PHOTO, PROMPT, TARGET, (3, 3)), []
    look = tiny_seeing.vision.features
    monkeypatch.setattr(tiny_seeing.vision, "features", lambda *a: calls.append(len(a[0])) or look(*a))
    game(all_coalitions(9)[:200])
    game(all_coalitions(9)[200:])
    assert calls == [1]


@pytest.mark.parametrize("shape", [(48, 100), (110, 40)])
def test_pan_and_scan_crops_belong_to_the_patches_they_show(scanning, shape):
    image = RNG.integers(0, 255, (*shape, 3), dtype=np.uint8)
    seen = scanning.vision.look(image)
    inputs = inputs_of(scanning, image, PROMPT)
    assert torch.equal(seen.pixels, inputs["pixel_values"]) and len(seen.boxes) == len(seen.pixels) > 2
    covered = np.zeros(shape, int)
    for top, left, bottom, right in seen.boxes[1:]:
        covered[top:bottom, left:right] += 1
    assert (covered == 1).all()
    game = scanning.image_game(image, PROMPT, TARGET, (3, 3), "strict")
    row = np.ones((1, 9), bool)
    row[0, 4] = False
    inside = np.argwhere(game.regions == 4)
    (top, left), (bottom, right) = inside.min(0) + 6, inside.max(0) - 5  # away from where resizing mixes neighbours
    other = image.copy()
    other[top:bottom, left:right] = 255 - other[top:bottom, left:right]
    again = scanning.image_game(other, PROMPT, TARGET, (3, 3), "strict")
    assert np.abs(game(row) - again(row)).max() < 1e-6
    assert np.abs(game(~row) - again(~row)).max() > 1e-4
    pixels = scanning.image_game(other, PROMPT, TARGET, (3, 3), "pixel")
    hidden = pixels._paint(torch.from_numpy(row), seen.pixels[None])[0]
    for (top, left, bottom, right), before, after in zip(seen.boxes, seen.pixels, hidden):
        rows = np.minimum((top + (np.arange(48) + 0.5) * (bottom - top) / 48).astype(int), shape[0] - 1)
        columns = np.minimum((left + (np.arange(48) + 0.5) * (right - left) / 48).astype(int), shape[1] - 1)
        gone = game.regions[np.ix_(rows, columns)] == 4
        assert ((before != after).any(dim=0).numpy() == gone).mean() > 0.97


def test_an_object_in_a_corner_of_a_wide_photo_lights_up_that_corner(tiny_seeing):
    """Grey all over, and in the bottom right ninth a pattern whose mean is that grey: nothing else can matter."""
    photo = np.full((90, 270, 3), 128, np.uint8)
    photo[66:84, 192:258] = np.where(np.arange(18)[:, None, None] % 6 < 3, 228, 28)
    game = tiny_seeing.image_game(photo, PROMPT, TARGET, (3, 3), "pixel")
    ledger = Ledger(game)
    for index in ("banzhaf", "shapley"):
        heat = np.abs(explain(game, index=index, method="exact", ledger=ledger).values).sum(axis=1)[game.regions]
        assert heat.shape == (90, 270)
        assert heat[60:, 180:].min() > 100 * max(heat[:60].max(), heat[:, :180].max())


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (1, 40)])
def test_tiny_pictures_are_seen_or_refused(tiny_seeing, shape):
    image = RNG.integers(0, 255, (*shape, 3), dtype=np.uint8)
    assert tiny_seeing.vision.look(image).pixels.shape == (1, 3, 48, 48)
    assert isinstance(tiny_seeing.generate(PROMPT, image=image, max_new_tokens=2), str)
    assert tiny_seeing.image_game(image, PROMPT, TARGET, (1, 1)).n_players == 1
    with pytest.raises(ValueError, match="has room for"):
        tiny_seeing.image_game(image, PROMPT, TARGET, (5, 5))


def test_the_greedy_answer_is_the_models_own(tiny_seeing):
    inputs = inputs_of(tiny_seeing, PHOTO, PROMPT)
    logits = tiny_seeing.vision.model(**inputs).logits[0, -1]
    first = tiny_seeing.tokenizer.decode(int(logits.argmax()), skip_special_tokens=True)
    assert tiny_seeing.generate(PROMPT, image=PHOTO, max_new_tokens=1) == first
    assert tiny_seeing.generate(PROMPT, image=Image.fromarray(PHOTO)) != tiny_seeing.generate(PROMPT)


def test_a_seeing_checkpoint_still_reads_text(tiny_seeing):
    game = tiny_seeing.text_game(PROMPT, TARGET)
    ids, goal = tiny_seeing.encode(PROMPT).ids, tiny_seeing.target_ids(TARGET)
    logits = tiny_seeing.vision.model(input_ids=torch.tensor([ids + goal])).logits
    want = picked(logits, goal, [-len(goal) - 1])
    np.testing.assert_allclose(game(np.ones((1, game.n_players), bool)), want, atol=2e-5)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"grid": (7, 3)}, ValueError, "from 1 to 6"),
        ({"absent": "blur"}, ValueError, "absent must be"),
        ({"prompt": "see <start_of_image> here"}, ValueError, "stands for a picture"),
        ({"prompt": " "}, ValueError, "the prompt is empty"),
        ({"target": ""}, ValueError, "the target is empty"),
        ({"image": "photo.png"}, TypeError, "an image must be"),
        ({"words": "paragraph"}, ValueError, "players must be"),
        ({"prompt": "one two " * 1000}, ValueError, "at most 2048"),
    ],
)
def test_what_is_refused(tiny_seeing, arguments, error, message):
    given = {"image": PHOTO, "prompt": PROMPT, "target": TARGET, "grid": (3, 3)} | arguments
    with pytest.raises(error, match=message):
        tiny_seeing.image_game(**given)


def test_a_text_only_checkpoint_sees_nothing(tiny_gemma):
    for call in (tiny_gemma.image_game, lambda i, p, t: tiny_gemma.generate(p, image=i)):
        with pytest.raises(ValueError, match="reads text only"):
            call(PHOTO, PROMPT, TARGET)


def test_another_tower_is_another_model(tiny_seeing, tiny_seeing_checkpoint):
    again = load_gemma(str(tiny_seeing_checkpoint))
    assert again.fingerprint == tiny_seeing.fingerprint
    del again.fingerprint  # it is kept once known
    again.vision.model.model.vision_tower.post_layernorm.bias.data += 1
    assert again.fingerprint != tiny_seeing.fingerprint


def test_the_answer_of_the_full_coalition_is_the_greedy_one(tiny_seeing):
    game = tiny_seeing.image_game(PHOTO, PROMPT, TARGET, (3, 3), "soft-token", words=True)
    whole = np.ones(game.n_players, bool)
    assert game.answer(whole, 4) == tiny_seeing.generate(PROMPT, PHOTO, 4)
    assert game.answer(whole, 0) == ""


@pytest.mark.parametrize("absent", ABSENT)
def test_the_answer_of_a_coalition_is_the_likeliest_first_token(tiny_seeing, absent):
    present = np.array([True, False, False, True, True, False, True, False, True])
    answer = tiny_seeing.image_game(PHOTO, PROMPT, TARGET, (3, 3), absent).answer(present, 1)
    others = ["the", "plot", " cake", "."]
    likely = {
        text: tiny_seeing.image_game(PHOTO, PROMPT, text, (3, 3), absent)(present[None])[0, 0]
        for text in [answer, TARGET, *others]
        if text
    }
    assert likely[answer] == max(likely.values())
