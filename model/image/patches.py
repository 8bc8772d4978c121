"""Where the players of a picture lie: patches of a grid or superpixels, in what the model sees and on the original.

Every model resizes the whole picture, most to a square, so a position is a fraction of width and height: a patch keeps
its place however wide the photo was.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from xai.typing import Bools, Bytes, Ints

MAX_SIDE = 16


def check_grid(grid: Iterable[int], down: int = MAX_SIDE, across: int | None = None) -> tuple[int, int]:
    """(rows, columns) of a grid; ValueError for anything else, or more than `down` rows or `across` columns (`down`), or 16."""
    down, across = min(down, MAX_SIDE), min(down if across is None else across, MAX_SIDE)
    try:
        rows, columns = (int(side) for side in grid)
        whole = (rows, columns) == tuple(grid)
    except (TypeError, ValueError):
        whole = False
    if not whole or not (1 <= rows <= down and 1 <= columns <= across):
        most = f"from 1 to {down}" if down == across else f"from 1 to {down} and from 1 to {across} in a picture of this shape"
        raise ValueError(f"grid must be two whole numbers {most}, (rows, columns); got {grid!r}")
    return rows, columns


def cells(parts: int, side: int) -> Ints:
    """int (side,): for each of `side` equal steps along an edge, which of `parts` equal parts its middle lies in."""
    return ((2 * np.arange(side) + 1) * parts) // (2 * side)


def grid_labels(grid: tuple[int, int], down: int, across: int | None = None) -> Ints:
    """int (down, across): the player of each unit that a grid divides, row by row from the top left; a square by default."""
    rows, columns = grid
    return cells(rows, down)[:, None] * columns + cells(columns, down if across is None else across)


def patch_names(grid: tuple[int, int]) -> list[str]:
    rows, columns = grid
    return [f"row {row + 1}, column {column + 1}" for row in range(rows) for column in range(columns)]


def slic(pixels: Bytes, count: int, compactness: float = 10.0) -> Ints:
    """int (height, width): what scikit-image's SLIC leaves of `count` superpixels of uint8 (height, width, 3), from 0."""
    from skimage.segmentation import slic

    labels = slic(pixels, n_segments=count, compactness=compactness, start_label=0, channel_axis=-1)
    return np.unique(labels, return_inverse=True)[1].reshape(labels.shape)


def superpixels(pixels: Bytes, count: int) -> Ints:
    """int (height, width): SLIC superpixels of uint8 (height, width, 3), numbered from 0: `count`, a fifth more or less.

    Achanta et al., "SLIC Superpixels Compared to State-of-the-Art Superpixel Methods", PAMI 2012; by scikit-image. Where
    colours alone would leave too few (noise, tiny pictures), place counts for more, up to the tenth doubling; of too many
    the smallest join the neighbour of the most similar colour. ValueError where the picture has fewer
    pixels than parts are asked for, or where only one is.
    """
    if count < 2:
        raise ValueError("one superpixel would be the whole picture: ask for a grid of at least two patches")
    height, width = pixels.shape[:2]
    if height * width < count:
        raise ValueError(
            f"of this picture the model sees {width} × {height} pixels, which have room for {height * width} of {count} "
            "superpixels: use a larger picture or a coarser grid"
        )
    for doubling in range(11):
        labels = slic(pixels, count, 10.0 * 2**doubling)
        if 5 * (labels.max() + 1) >= 4 * count and labels.max() > 0:
            return labels if 5 * (labels.max() + 1) <= 6 * count else joined(labels, pixels, count)
    rows, columns = (min(side, max(16, int(side * (16 * count / (height * width)) ** 0.5))) for side in (height, width))
    return joined(cells(rows, height)[:, None] * columns + cells(columns, width), pixels, count)


def joined(labels: Ints, pixels: Bytes, count: int) -> Ints:
    """The parts of a picture, the smallest joined with its neighbour of the most similar mean colour until `count` remain."""
    sizes = np.bincount(labels.ravel()).astype(float)
    sums = np.stack([np.bincount(labels.ravel(), channel.ravel()) for channel in np.moveaxis(pixels.astype(float), 2, 0)], axis=1)
    pairs = [(labels[:-1], labels[1:]), (labels[:, :-1], labels[:, 1:])]
    near: list[set[int]] = [set() for _ in sizes]
    for one, other in {(int(a), int(b)) for left, right in pairs for a, b in zip(left.ravel(), right.ravel()) if a != b}:
        near[one].add(other)
        near[other].add(one)
    into = np.arange(len(sizes))
    for _ in range(len(sizes) - count):
        small = int(np.argmin(sizes))
        around = sorted(near[small])
        apart = np.abs(sums[around] / sizes[around, None] - sums[small] / sizes[small]).sum(axis=1)
        chosen = around[int(np.argmin(apart))]
        sums[chosen] += sums[small]
        sizes[chosen], sizes[small] = sizes[chosen] + sizes[small], np.inf
        for other in near[small]:
            near[other].remove(small)
        near[chosen] |= near[small] - {chosen}
        for other in near[chosen]:
            near[other].add(chosen)
        into[into == small] = chosen
    joined: Ints = np.unique(into[labels], return_inverse=True)[1].reshape(labels.shape)
    return joined


def on_original(labels: Ints, height: int, width: int) -> NDArray[np.int16]:
    """int16 (height, width): the player of each pixel of the original, from those of what the model sees."""
    rows, columns = cells(labels.shape[0], height), cells(labels.shape[1], width)
    return labels.astype(np.int16)[np.ix_(rows, columns)]


def check_visible(labels: Ints, n_players: int, height: int, width: int) -> None:
    """ValueError if the original has so few pixels that a player has none."""
    rows, columns = np.unique(cells(labels.shape[0], height)), np.unique(cells(labels.shape[1], width))
    found = len(np.unique(labels[np.ix_(rows, columns)]))
    if found < n_players:
        raise ValueError(
            f"the picture of {width} × {height} pixels has room for {found} of {n_players} patches: "
            "use a larger picture or a coarser grid"
        )


def cells_touched(start: int, end: int, length: int, parts: int, side: int) -> Bools:
    """bool (side, parts): which parts of an edge each of `side` equal steps of the stretch start–end touches.

    The edge has `length` pixels and `side` units, which `parts` share as `cells` says; a Pan & Scan crop is a stretch.
    """
    edges = (start + (end - start) * np.arange(side + 1) / side) * side / length
    first, last = np.floor(edges[:-1] + 1e-6), np.ceil(edges[1:] - 1e-6)  # the same edge, rounded either way
    units = (np.arange(side) >= first[:, None]) & (np.arange(side) < last[:, None])
    touched: Bools = (units[:, :, None] & (cells(parts, side)[:, None] == np.arange(parts))).any(axis=1)
    return touched


def cells_of_pixels(start: int, end: int, length: int, parts: int, side: int, pixels: int) -> Ints:
    """int (pixels,): which part of the edge the middle of each of `pixels` equal steps of the stretch lies in."""
    middles = (start + (end - start) * (np.arange(pixels) + 0.5) / pixels) * side / length
    owners: Ints = cells(parts, side)[middles.astype(int)]
    return owners
