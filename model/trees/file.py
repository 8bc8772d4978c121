"""What a file of trees says: its trees, the columns they read, and how their sums become an answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xai.trees.arrays import Tree
from xai.trees.exact import TreeEnsemble
from xai.typing import Bools, Floats, Ints

MOST_TREES, MOST_COLUMNS, MOST_OUTPUTS, MOST_CATEGORIES = 100_000, 100_000, 1_000, 1 << 20
MOST_WORDS = 64_000_000  # of all sets of categories of a file, 256 MB; a few bytes of it can ask for 130 kB
_left: ContextVar[list[int]] = ContextVar("_left")
NONE: NDArray[np.uint32] = np.zeros(0, np.uint32)  # the categories of a node that splits none


@dataclass(frozen=True)
class Field:
    """One column as the file knows it.

    name : "" where it has none;  kind : "number" or "category"
    levels : of a category, what its codes 0, 1, … stand for; None where its cells are the codes themselves
    codes : the codes that the model was trained on; None where the file does not say
    low, high : the numbers that it was trained on lie between these; NaN where the file does not say
    most : a code from here on counts as missing
    """

    name: str = ""
    kind: str = "number"
    levels: tuple[object, ...] | None = None
    codes: frozenset[int] | None = None
    low: float = float("nan")
    high: float = float("nan")
    most: float = float("inf")


@dataclass(frozen=True)
class TreeFile:
    """A model of trees from a file.

    writer : "lightgbm", "xgboost", "catboost", "onnx", or "sklearn" (no file, but a fitted estimator)
    ensemble : its trees;  fields : its columns
    link : from raw margin to answer, one of `model.table.links.LINKS`;  slope : of the logistic
    classes : names of the classes as the file has them, None where it names none
    levels : lists of levels whose columns the file does not name (LightGBM), in the order of these columns
    missing : a number that counts as missing;  sorts_missing : does it say, node by node, where missing cells go?
    notes : what a user should know, sentences
    """

    writer: str
    ensemble: TreeEnsemble
    fields: list[Field]
    link: str
    slope: float = 1.0
    classes: list[object] | None = None
    levels: list[list[object]] = field(default_factory=list)
    missing: float = float("nan")
    sorts_missing: bool = True
    notes: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str] | None:
        """Of its columns; None where they have none."""
        names = [one.name for one in self.fields]
        return names if any(names) else None


def assembled(trees: list[Tree], outputs: int, offset: ArrayLike, single: bool, link: str, **said: object) -> TreeFile:
    """A `TreeFile`; the two scores of a softmax of two classes become their difference, the log-odds of the second."""
    if not trees:
        raise ValueError("it has no trees")
    if len(trees) > MOST_TREES or outputs > MOST_OUTPUTS:
        raise ValueError(
            f"it has {len(trees):,} trees of {outputs:,} outputs; at most {MOST_TREES:,} and {MOST_OUTPUTS:,} are read"
        )
    base: Floats = np.broadcast_to(np.asarray(offset, float), (outputs,))
    if not np.isfinite(base).all():
        raise ValueError("its base score is not a number")
    if link in ("softmax", "each") and outputs == 1:
        raise ValueError("it is a model of several classes with the scores of one")
    if link == "softmax" and outputs == 2:
        trees = [replace(tree, output=0, value=tree.value if tree.output else -tree.value) for tree in trees]
        link, outputs, base = "logistic", 1, base[1:] - base[:1]
    fields = said["fields"]
    assert isinstance(fields, list)
    if len(fields) > MOST_COLUMNS:
        raise ValueError(f"it reads {len(fields):,} columns; at most {MOST_COLUMNS:,} are read")
    ensemble = TreeEnsemble(trees, len(fields), outputs, base, single)
    return TreeFile(ensemble=ensemble, link=link, **said)  # type: ignore[arg-type]  # checked by who calls


def grown(
    left: Ints,
    right: Ints,
    is_leaf: Bools,
    feature: Ints,
    threshold: Floats,
    flags: Ints,
    sets: list[NDArray[np.uint32]],
    values: Floats,
    outputs: Ints | list[int],
) -> list[Tree]:
    """Trees of one structure, one for each column of values (nodes, k), from nodes and leaves that are numbered together.

    Only what the root, node 0, reaches is read: pruning leaves nodes behind that belong to no tree. A swapped node of
    categories, whose members go right, is the caller's to turn. ValueError for a child that does not exist or is reached twice.
    """
    count = len(left)
    place, seen = np.full(count, -1 - count), np.zeros(count, bool)
    inner: list[int] = []
    leaves: list[int] = []
    waiting = [0]
    while waiting:
        node = waiting.pop()
        if not 0 <= node < count or seen[node]:
            raise ValueError("a tree is damaged: a node's child does not exist, or has two parents")
        seen[node] = True
        if is_leaf[node]:
            place[node] = -1 - len(leaves)
            leaves.append(node)
        else:
            place[node] = len(inner)
            inner.append(node)
            waiting += [int(right[node]), int(left[node])]
    at = np.array(inner, np.int64)
    parts = (feature[at], threshold[at], place[left[at]], place[right[at]], flags[at], [sets[node] for node in inner])
    return [Tree(*parts, values[leaves, k], int(output)) for k, output in enumerate(outputs)]


def bits(members: Ints) -> NDArray[np.uint32]:
    """A set of categories as words of 32 bits."""
    words = empty_set(int(members.max(initial=0)) // 32 + 1)
    np.bitwise_or.at(words, members // 32, np.uint32(1) << (members % 32).astype(np.uint32))
    return words


@contextmanager
def limited() -> Iterator[None]:
    """Within it, sets of categories have `MOST_WORDS` together."""
    token = _left.set([MOST_WORDS])
    try:
        yield
    finally:
        _left.reset(token)


def empty_set(words: int) -> NDArray[np.uint32]:
    """ValueError where the sets of a file are too large together."""
    left = _left.get([MOST_WORDS])
    left[0] -= words
    if left[0] < 0:
        raise ValueError(f"its sets of categories are too large: at most {4 * MOST_WORDS // 10**6} MB are read")
    return np.zeros(words, np.uint32)


def below(threshold: ArrayLike) -> Floats:
    """value < threshold in float32 as value ≤ the float32 before it."""
    return np.nextafter(np.asarray(threshold, np.float32), np.float32(-np.inf)).astype(float)


def strict_places(names: list[str]) -> None:
    """ValueError where two columns of a file have one name."""
    twice = next((name for i, name in enumerate(names) if name in set(names[:i])), None) if len(set(names)) < len(names) else None
    if twice is not None:
        raise ValueError(f"two of its columns are called {twice!r}")
