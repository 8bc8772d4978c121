"""Scenes: the same for the same seed, and every question has just the answer that looking at the things gives."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model.shapes.scenes import COLOURS, NOTHING, NUMBERS, SHAPES, SIDE, UNKNOWN, draw_scene

seeds, counts = st.integers(0, 10**9), st.integers(1, 4)


def scene_of(seed, count):
    return draw_scene(np.random.default_rng(seed), count)


@settings(max_examples=25, deadline=None)
@given(seeds, counts)
def test_the_same_seed_draws_the_same_scene(seed, count):
    first, second = scene_of(seed, count), scene_of(seed, count)
    assert first.things == second.things
    np.testing.assert_array_equal(first.pixels, second.pixels)
    assert len(first.things) == count
    assert np.asarray(first.image).shape == (SIDE, SIDE, 3)


@settings(max_examples=100, deadline=None)
@given(seeds, counts)
def test_every_answer_is_the_only_one(seed, count):
    scene = scene_of(seed, count)
    for question in scene.questions():
        words = question.text.rstrip("?").split()
        if question.kind == "count":
            answers = [NUMBERS[len(scene.things)]]
        elif question.kind == "colour":
            answers = [thing.colour for thing in scene.things if thing.shape == words[-1]] or [UNKNOWN]
        elif question.kind == "shape":
            answers = [thing.shape for thing in scene.things if thing.colour == words[-1]] or [UNKNOWN]
        else:
            (anchor,) = [thing for thing in scene.things if thing.shape == words[-1]]
            answers = [thing.shape for thing in scene.things if thing.x < anchor.x] or [NOTHING]
        assert answers == [question.answer], question


@settings(max_examples=25, deadline=None)
@given(seeds, counts)
@example(17412147, 2)  # two squares, corner to corner
def test_things_lie_apart_and_their_shares_are_where_they_are_painted(seed, count):
    scene = scene_of(seed, count)
    covers = np.stack([thing.coverage() for thing in scene.things])
    assert covers.sum(axis=0).max() <= 1 + 1e-6
    np.testing.assert_allclose(scene.shares.sum(axis=1), 1, atol=1e-5)
    for thing, cover, share in zip(scene.things, covers, scene.shares):
        rows, columns = np.nonzero(cover)
        left, top, right, bottom = thing.box
        assert left - 1 < columns.min() and columns.max() < right + 1
        assert top - 1 < rows.min() and rows.max() < bottom + 1
        assert set(np.flatnonzero(share)) == set(rows // 8 * 8 + columns // 8)
        middle = scene.pixels[int(thing.y), int(thing.x)].astype(float)
        nearest = min(COLOURS, key=lambda name: np.abs(middle - COLOURS[name]).sum())
        assert nearest == thing.colour


def test_shapes_of_one_size_differ():
    from model.shapes.scenes import Thing

    covers = [Thing("red", shape, 32.0, 32.0, 10.0).coverage() for shape in SHAPES]
    for i, one in enumerate(covers):
        for other in covers[:i]:
            assert np.abs(one - other).sum() > 40  # pixels


def test_only_one_to_four_things():
    with pytest.raises(ValueError, match="1 to 4 things; got 5"):
        scene_of(0, 5)
