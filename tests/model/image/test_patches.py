"""Where patches lie: grids on squares, on originals of any shape, and on stretches of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.image.patches import (
    cells,
    cells_of_pixels,
    cells_touched,
    check_grid,
    check_visible,
    grid_labels,
    joined,
    on_original,
    patch_names,
    superpixels,
)


@given(parts=st.integers(1, 16), more=st.integers(0, 300))
def test_parts_of_an_edge_are_as_equal_as_they_can_be(parts, more):
    owner = cells(parts, parts + more)
    sizes = np.bincount(owner, minlength=parts)
    assert (np.diff(owner) >= 0).all() and len(sizes) == parts
    assert sizes.min() >= 1 and sizes.max() - sizes.min() <= 1


@given(rows=st.integers(1, 16), columns=st.integers(1, 16), height=st.integers(16, 120), width=st.integers(16, 120))
@settings(max_examples=50, deadline=None)
def test_every_patch_lies_at_its_place_of_the_original(rows, columns, height, width):
    labels = grid_labels((rows, columns), 224)
    assert patch_names((rows, columns))[labels.max()] == f"row {rows}, column {columns}"
    regions = on_original(labels, height, width)
    check_visible(labels, rows * columns, height, width)
    down, across = np.divmod(regions, columns)
    off_rows = down - (np.arange(height) + 0.5)[:, None] / height * rows
    off_columns = across - (np.arange(width) + 0.5) / width * columns
    for off, parts in ((off_rows, rows), (off_columns, columns)):  # within a unit of the square of the true part
        assert off.min() > -1 - parts / 224 and off.max() < parts / 224


@given(data=st.data(), side=st.integers(2, 16), length=st.integers(20, 200))
@settings(max_examples=100, deadline=None)
def test_a_stretch_touches_what_its_pixels_lie_in(data, side, length):
    parts = data.draw(st.integers(1, side))
    start = data.draw(st.integers(0, length - 2))
    end = data.draw(st.integers(start + 1, length))
    touched = cells_touched(start, end, length, parts, side)
    fine = 200 * side
    found = np.zeros((side, parts), bool)
    found[np.arange(fine) * side // fine, cells_of_pixels(start, end, length, parts, side, fine)] = True
    assert (found <= touched).all()  # a touch may be thinner than the samples are apart
    assert touched.sum() - found.sum() <= 1 + side // 4
    np.testing.assert_array_equal(cells_touched(0, length, length, parts, side), cells(parts, side)[:, None] == np.arange(parts))


@pytest.mark.parametrize("grid", [(3, 17), (0, 1), (3,), (3, 3, 3), None, "ab", (True, 2.5)])
def test_grids_that_are_none(grid):
    with pytest.raises(ValueError, match="two whole numbers from 1 to 16"):
        check_grid(grid)
    assert check_grid(np.array([4, 16])) == (4, 16)


def textures(height, width):
    noise = np.random.default_rng(0)
    yield noise.integers(0, 255, (height, width, 3), dtype=np.uint8)
    yield np.repeat(noise.integers(0, 255, (height, width, 1), dtype=np.uint8), 3, axis=2)
    yield np.full((height, width, 3), 90, np.uint8)
    yield np.broadcast_to(np.linspace(0, 255, width)[None, :, None], (height, width, 3)).astype(np.uint8)
    yield np.repeat((np.indices((height, width)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(32, 32), (8, 8), (1, 224), (224, 1), (3, 224), (7, 7), (100, 200), (224, 224)])
def test_there_are_as_many_superpixels_as_asked_for(size):
    from skimage.measure import label

    for pixels in textures(*size):
        for count in (2, 3, 9, 16, 49):
            parts = superpixels(pixels, count)
            assert parts.shape == size and abs(parts.max() + 1 - count) <= count / 5
            assert len(np.unique(parts)) == parts.max() + 1 == label(parts, connectivity=1, background=-1).max()
            np.testing.assert_array_equal(parts, superpixels(pixels, count))


def test_parts_are_joined_by_their_colours():
    pixels = np.zeros((12, 10, 3), np.uint8)
    pixels[:, 3:] = 200
    parts = joined(np.arange(120).reshape(12, 10), pixels, 2)
    np.testing.assert_array_equal(parts == parts[0, 0], pixels[:, :, 0] == 0)


@pytest.mark.parametrize(
    ("size", "count", "message"), [((3, 3), 16, "room for 9 of 16 superpixels"), ((50, 50), 1, "at least two")]
)
def test_superpixels_that_there_cannot_be(size, count, message):
    with pytest.raises(ValueError, match=message):
        superpixels(np.zeros((*size, 3), np.uint8), count)
