"""A LightGBM model's text, read as what it is: numbers. Nothing in it is executed, and every index is checked."""

import json
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.trees.file import Field, TreeFile, assembled, strict_places
from xai.trees.arrays import Tree
from xai.typing import Floats, Ints

# decision_type of a node, bit by bit (include/LightGBM/tree.h): categorical, default left, two bits of missing type.
ZERO, NAN = 1, 2
OBJECTIVES = {
    "identity": "regression regression_l1 huber fair quantile mape lambdarank rank_xendcg custom none",
    "exp": "poisson gamma tweedie",
    "logistic": "binary cross_entropy",
    "softplus": "cross_entropy_lambda",
    "softmax": "multiclass",
    "each": "multiclassova",
}
_LINKS = {name: link for link, names in OBJECTIVES.items() for name in names.split()}
_LAST = "pandas_categorical"  # the line that Python's LightGBM writes last


def read_lightgbm(text: str) -> TreeFile:
    """The model that LightGBM's `save_model` wrote; ValueError with one sentence for anything else, or for a part of it."""
    if not text.startswith(("tree\n", "tree\r\n")):
        raise ValueError("this is not a LightGBM model: its text must begin with the line 'tree'")
    try:
        return _read(text.replace("\r\n", "\n"), sizes="\r" not in text)
    except KeyError as error:
        raise ValueError(f"the LightGBM model cannot be read: the field {error} is missing") from error
    except (ValueError, IndexError, OverflowError, RecursionError) as error:
        raise ValueError(f"the LightGBM model cannot be read: {error}") from error


def _read(text: str, sizes: bool) -> TreeFile:
    body, end, rest = text.partition("\nend of trees\n")
    if not end:
        raise ValueError("it was cut short: the line 'end of trees' is missing")
    head, *blocks = body.split("\nTree=")
    fields = _fields(head)
    if sizes and "tree_sizes" in fields:
        _whole(blocks, [int(size) for size in fields["tree_sizes"].split()])
    if "\nparameters:\n" in rest and "\nend of parameters\n" not in rest:
        raise ValueError("it was cut short: the line 'end of parameters' is missing")
    levels = _levels(rest)
    outputs = int(fields["num_tree_per_iteration"])
    names = fields["feature_names"].split(" ")
    infos = fields["feature_infos"].split(" ") if fields.get("feature_infos") else ["none"] * len(names)
    if len(names) != int(fields["max_feature_idx"]) + 1 or len(infos) != len(names):
        raise ValueError("it does not name all of its columns")
    if any(int(_fields("Tree=" + block)["Tree"]) != i for i, block in enumerate(blocks)):
        raise ValueError("its trees are not numbered one after the other")
    scale = averaged(len(blocks), outputs, "average_output" in fields)
    trees = [_tree(_fields(block), i % outputs, scale) for i, block in enumerate(blocks)]
    return finished(trees, outputs, fields.get("objective"), list(map(_field, names, infos)), levels)


def averaged(trees: int, outputs: int, mean: bool) -> float:
    """By what each leaf is multiplied: forests give the mean of their rounds. ValueError for half a round."""
    if outputs < 1 or trees % outputs:
        raise ValueError(f"it has {trees} trees, which are no whole rounds of {outputs}")
    return outputs / trees if mean and trees else 1.0


def finished(
    trees: list[Tree], outputs: int, objective: str | None, fields: list[Field], levels: list[list[object]] | None
) -> TreeFile:
    """A `TreeFile` of LightGBM's trees. objective : as the file has it, None for one of the user's own"""
    words = (objective or "custom").split() or ["custom"]
    link = _LINKS.get(words[0])
    if link is None or "sqrt" in words and link != "identity":
        raise ValueError(f"its objective {objective!r} is not supported")
    if outputs > 1 and link not in ("identity", "softmax", "each"):
        raise ValueError(f"its objective {objective!r} does not give {outputs} outputs")
    link = "square" if "sqrt" in words else link
    strict_places([field.name for field in fields])
    sigmoid = next((float(word.split(":")[1]) for word in words if word.startswith("sigmoid:")), 1.0)
    return assembled(
        *(trees, outputs, 0.0, False, link), writer="lightgbm", fields=fields, slope=sigmoid, levels=levels or [], notes=[]
    )


def _whole(blocks: list[str], sizes: list[int]) -> None:
    """ValueError where a tree is missing, or is not as long as the head of the file says."""
    if len(blocks) != len(sizes):
        raise ValueError(f"it has {len(blocks)} trees and says {len(sizes)}: it was cut short")
    for i, (block, size) in enumerate(zip(blocks, sizes)):
        if len(f"Tree={block}\n".encode()) != size:
            raise ValueError(f"tree {i} is not as long as the file says: it was cut short, or changed by hand")


def _fields(block: str) -> dict[str, str]:
    """name=value lines; a line without "=" is a field that is merely there."""
    return {name: value for name, _, value in (line.partition("=") for line in block.split("\n")) if name}


def _field(name: str, info: str) -> Field:
    """A column by its line of feature_infos: [low:high] of numbers, codes between colons, or none."""
    if info.startswith("["):
        low, high = (float(end) for end in info.strip("[]").split(":"))
        return Field(name, low=low, high=high)
    if info == "none":
        return Field(name)
    return Field(name, "category", codes=frozenset(int(code) for code in info.split(":")) - {-1})


def _tree(fields: dict[str, str], output: int, scale: float) -> Tree:
    name = "leaf_value"
    if fields.get("is_linear", "0").strip() != "0":
        if _numbers(fields["num_features"], int).any():
            raise ValueError("its leaves are linear models, whose exact values are not leaf by leaf")
        name = "leaf_const"
    value = _numbers(fields[name], float) * scale
    if int(fields["num_leaves"]) != len(value):
        raise ValueError("a tree does not have as many leaves as it says")
    if len(value) == 1:
        empty = np.zeros(0, np.int64)
        return Tree(empty, np.zeros(0), empty, empty, empty, [], value, output)
    kind, threshold = _numbers(fields["decision_type"], int), _numbers(fields["threshold"], float)
    flags = flags_of(kind & 1, kind & 2, kind >> 2 & 3)
    left, right = _numbers(fields["left_child"], int), _numbers(fields["right_child"], int)
    _counted(fields, left, right)
    return Tree(
        feature=_numbers(fields["split_feature"], int),
        threshold=threshold,
        left=left,
        right=right,
        flags=flags,
        categories=_categories(fields, flags, threshold),
        value=value,
        output=output,
    )


def flags_of(category: Ints, default_left: Ints, missing: Ints) -> Ints:
    """The bits of `xai.trees.leaves`: categorical (a missing category goes right), default left, zero or NaN is missing."""
    return np.where(category != 0, 1, (default_left != 0) * 2 + 4 * (missing == ZERO) + 8 * (missing == NAN))


def _counted(fields: dict[str, str], left: Ints, right: Ints) -> None:
    """ValueError where a node was reached by far fewer rows than its two children together, or by far more.

    Learners on many machines estimate the counts, so that they need not add up to the last row.
    """
    if not fields.get("internal_count") or not fields.get("leaf_count"):
        return
    inner, leaves = _numbers(fields["internal_count"], int), _numbers(fields["leaf_count"], int)
    if len(inner) != len(left) or len(leaves) != len(left) + 1:
        raise ValueError("a tree does not have as many counts of rows as it has nodes and leaves")
    if not leaves.any() or max(left.max(), right.max()) >= len(inner) or min(left.min(), right.min()) < -len(leaves):
        return  # nothing was counted; or the structure is damaged, which is found elsewhere
    every = np.concatenate([inner, leaves[::-1]])  # leaf l, which is child −1 − l, stands at place −1 − l
    if (np.abs(every[left] + every[right] - inner) > 1 + inner / 2).any():
        raise ValueError("a tree's counts of rows do not add up: the file is damaged")


def _categories(fields: dict[str, str], flags: Ints, threshold: Floats) -> list[NDArray[np.uint32]]:
    """Each node's set of categories that go left, words of 32 bits; such a node's threshold is its set's number."""
    if not (flags & 1).any():
        return [np.zeros(0, np.uint32)] * len(flags)
    starts, words = _numbers(fields["cat_boundaries"], int), _numbers(fields["cat_threshold"], int).astype(np.uint32)
    if starts[0] != 0 or (np.diff(starts) < 0).any() or starts[-1] > len(words):
        raise ValueError("a tree's sets of categories are damaged")
    sets = []
    for flag, number in zip(flags, threshold):
        if flag & 1 and not 0 <= number < len(starts) - 1:
            raise ValueError("a tree's sets of categories are damaged")
        sets.append(words[starts[int(number)] : starts[int(number) + 1]] if flag & 1 else words[:0])
    return sets


def _numbers(text: str, kind: type[int] | type[float]) -> NDArray[Any]:
    return np.array([kind(word) for word in text.split()], dtype=np.int64 if kind is int else float)


def _levels(rest: str) -> list[list[object]] | None:
    """The last line's pandas_categorical, a JSON list of lists, or null."""
    found = re.search(rf"(?:^|\n){_LAST}:([^\n]*)", rest)
    if found is None:
        raise ValueError(
            f"it ends before the line '{_LAST}:…' that Python's LightGBM writes last: it was cut short, or another program "
            f"wrote it, and if it is whole and has no categories of pandas, add the line '{_LAST}:null'"
        )
    try:
        levels = json.loads(found.group(1))
    except ValueError:
        raise ValueError(f"it was cut short: its last line, '{_LAST}', is not whole") from None
    return checked_levels(levels)


def checked_levels(levels: object) -> list[list[object]] | None:
    if levels is not None and not (isinstance(levels, list) and all(isinstance(item, list) for item in levels)):
        raise ValueError(f"its {_LAST} is not a list of lists")
    return levels or None
