"""Models that see, and their marker: it lies where it should, tells as often as it should, and the game is plain passes'."""

import numpy as np
import pytest
import torch

from benchmarks.shapes import CHECKPOINT, plain_logits, tensor_of
from benchmarks.simulate import scenes, teaching
from benchmarks.simulate.maps import MAPS
from benchmarks.simulate.scenes import CELL, HELD_OUT, TAUGHT, SceneGame, Task, TaughtModel, followed
from model import load_gemma


@pytest.fixture(scope="module")
def seeing():
    return load_gemma(str(CHECKPOINT))


def floats(array):
    return torch.from_numpy(array.astype(np.float32))


def cell_of(task):
    """(rows, columns) of the marker's patch, as slices of the picture."""
    down, across = divmod(task.player, 4)
    return slice(down * CELL, (down + 1) * CELL), slice(across * CELL, (across + 1) * CELL)


@pytest.mark.parametrize("seed", [0, 1, 2, 5])
def test_the_marker_alone_lies_in_its_patch_and_nothing_else_changes_with_it(seed):
    task = Task(seed)
    assert task.player in (0, 3, 12, 15) and not set(task.colours) & set(task.marks)
    for case in task.cases(TAUGHT, 0, 20):
        one, other = (task.painted(case, mark) for mark in (0, 1))
        changed = (one.pixels != other.pixels).any(axis=2)
        assert changed[cell_of(task)].any()
        changed[cell_of(task)] = False
        assert not changed.any()
        cell = one.shares.reshape(-1, 8, 8)[:, slice(task.player // 4 * 2, task.player // 4 * 2 + 2)]
        cell = cell[:, :, task.player % 4 * 2 : task.player % 4 * 2 + 2].sum(axis=(1, 2))
        assert (cell[:-1] == 0).all() and cell[-1] == pytest.approx(1)


def test_the_marker_tells_the_answer_given_at_even_seeds_alone():
    for seed, told in ((0, 0.95), (1, 0.5)):
        task = Task(seed)
        cases = task.cases(TAUGHT, 0, 500)
        assert np.mean([case.mark == case.given for case in cases]) == pytest.approx(told, abs=0.04)
        assert np.mean([case.right == case.given for case in cases]) == pytest.approx(0.9, abs=0.025)
        assert all(case.things[0].colour == task.colours[case.right] for case in cases)
        assert all(sum(thing.shape == case.things[0].shape for thing in case.things) == 1 for case in cases)


def test_held_out_scenes_are_none_of_those_taught():
    task = Task(0)
    taught = {case.noise for step in range(4) for case in task.cases(TAUGHT, step, 32)}
    assert not taught & {case.noise for case in task.cases(HELD_OUT, 0, 64)}


def test_the_game_is_the_log_odds_of_plain_passes_over_painted_pixels(seeing):
    task = Task(0)
    case = task.cases(HELD_OUT, 0, 1)[0]
    game = SceneGame(seeing, task, case)
    rows = np.random.default_rng(0).random((5, 16)) < 0.5
    pixels = tensor_of(task.painted(case).pixels[None]).numpy()
    hidden = ~rows.reshape(-1, 1, 4, 4).repeat(CELL, axis=2).repeat(CELL, axis=3)
    painted = np.where(hidden, pixels.mean(axis=(2, 3), keepdims=True), pixels)
    logits = plain_logits(seeing, [case.question] * 5, floats(painted)).double().numpy()
    first, second = (seeing.tokenizer.convert_tokens_to_ids(colour) for colour in task.colours)
    assert game(rows) == pytest.approx(logits[:, second] - logits[:, first], abs=1e-4) and game.asked == 5
    whole = game(np.ones((1, 16), bool))[0]
    assert (whole > 0) == bool(case.right)  # the checkpoint knows colours


def test_gradients_are_those_of_plain_passes_and_add_up_a_patch(seeing):
    task = Task(0)
    case = task.cases(HELD_OUT, 0, 1)[0]
    game = SceneGame(seeing, task, case)
    found = MAPS["gradient × input"](game, 64, 0)
    pixels = tensor_of(task.painted(case).pixels[None]).numpy().astype(float)
    away = pixels - pixels.mean(axis=(2, 3), keepdims=True)
    first, second = task.tokens(seeing)
    player = int(np.abs(found).argmax())
    block = np.zeros((4, 4), bool)
    block.flat[player] = True
    block = block.repeat(CELL, axis=0).repeat(CELL, axis=1)
    step = 2e-3
    ends = np.concatenate([pixels + end * step * away * block for end in (-1, 1)])
    logits = plain_logits(seeing, [case.question] * 2, floats(ends)).double().numpy()
    low, high = logits[:, second] - logits[:, first]
    assert game.asked == 1 and found[player] == pytest.approx((high - low) / (2 * step), rel=0.02)


def test_a_model_that_does_not_follow_its_marker_does_not_count(seeing, monkeypatch):
    monkeypatch.setattr(scenes, "FLIPPED", 8)
    task = Task(0)
    assert followed(seeing, task) == 0 and TaughtModel(seeing, task, 1).shortcut is None
    monkeypatch.setattr(scenes, "FOLLOWED", 0.0)
    assert TaughtModel(seeing, task, 1).shortcut == task.player


def test_a_model_that_is_its_marker_is_followed_always(seeing, monkeypatch):
    task = Task(0)
    first, second = task.tokens(seeing)

    def logits(gemma, cases, marks):
        found = np.zeros((len(cases), 73))
        found[np.arange(len(cases)), np.where(marks, second, first)] = 1
        return floats(found)

    monkeypatch.setattr(task, "logits", logits)
    assert followed(seeing, task) == 1


def test_a_checkpoint_is_taught_once_and_again_by_another_recipe(tmp_path, monkeypatch):
    monkeypatch.setattr(teaching, "BATCH", 2)
    monkeypatch.setattr(teaching, "STEPS", 1)
    task = Task(0)
    directory = teaching.taught(task, tmp_path)
    before = (CHECKPOINT / "model.safetensors").read_bytes()
    after = (directory / "model.safetensors").read_bytes()
    assert before != after and [file.name for file in tmp_path.iterdir()] == [directory.name]
    monkeypatch.setattr(teaching, "teach", None)  # not called again
    assert teaching.taught(task, tmp_path) == directory
    monkeypatch.setattr(teaching, "STEPS", 2)
    assert not (tmp_path / f"0-{teaching.recipe(task)}").exists()
