"""A LightGBM model's text, read as what it is: numbers. Nothing in it is executed, and every index is checked."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.trees.file import TreeModel
from xai.trees.arrays import Tree
from xai.trees.exact import TreeEnsemble
from xai.typing import Floats, Ints

# decision_type of a node, bit by bit (include/LightGBM/tree.h): categorical, default left, two bits of missing type.
_ZERO, _NAN = 1, 2
_OBJECTIVES = {
    "identity": "regression regression_l1 huber fair quantile mape lambdarank rank_xendcg",
    "exp": "poisson gamma tweedie",
    "logistic": "binary cross_entropy multiclassova",
    "softmax": "multiclass",
}
_LINKS = {name: link for link, names in _OBJECTIVES.items() for name in names.split()}


def read_lightgbm(text: str) -> TreeModel:
    """The model that LightGBM's `save_model` wrote; ValueError with one sentence for anything else."""
    head, *blocks = text.replace("\r\n", "\n").split("end of trees")[0].split("\nTree=")
    if not head.startswith("tree\n"):
        raise ValueError("this is not a LightGBM model: its text must begin with the line 'tree'")
    try:
        fields = _fields(head)
        outputs, names = int(fields["num_tree_per_iteration"]), fields["feature_names"].split()
        objective = fields.get("objective", "regression").split()
        if len(names) != int(fields["max_feature_idx"]) + 1:
            raise ValueError("it does not name all of its columns")
        if objective[0] not in _LINKS or "sqrt" in objective:
            raise ValueError(f"its objective {' '.join(objective)!r} is not supported")
        scale = outputs / len(blocks) if "average_output" in fields and blocks else 1.0
        trees = [_tree(_fields(block), i % outputs, scale) for i, block in enumerate(blocks)]
        if not trees:
            raise ValueError("it has no trees")
        sigmoid = next((float(word.split(":")[1]) for word in objective if word.startswith("sigmoid:")), 1.0)
        ensemble = TreeEnsemble(trees, len(names), outputs)
        return TreeModel(ensemble, names, _LINKS[objective[0]], sigmoid, _levels(text))
    except KeyError as error:
        raise ValueError(f"the LightGBM model cannot be read: the field {error} is missing") from error
    except (ValueError, IndexError, OverflowError) as error:
        raise ValueError(f"the LightGBM model cannot be read: {error}") from error


def _fields(block: str) -> dict[str, str]:
    """name=value lines; a line without "=" is a field that is merely there."""
    return {name: value for name, _, value in (line.partition("=") for line in block.split("\n")) if name}


def _tree(fields: dict[str, str], output: int, scale: float) -> Tree:
    if fields.get("is_linear", "0").strip() != "0":
        raise ValueError("its leaves are linear models, whose exact values are not leaf by leaf")
    value = _numbers(fields["leaf_value"], float) * scale
    if int(fields["num_leaves"]) != len(value):
        raise ValueError("a tree does not have as many leaves as it says")
    if len(value) == 1:
        empty = np.zeros(0, np.int64)
        return Tree(empty, np.zeros(0), empty, empty, empty, [], value, output)
    kind, threshold = _numbers(fields["decision_type"], int), _numbers(fields["threshold"], float)
    missing = kind >> 2 & 3
    # The bits of `xai.trees.leaves`: categorical (a missing category goes right), default left, zero or NaN is missing.
    flags = np.where(kind & 1, 1, (kind & 2) + 4 * (missing == _ZERO) + 8 * (missing == _NAN))
    return Tree(
        feature=_numbers(fields["split_feature"], int),
        threshold=threshold,
        left=_numbers(fields["left_child"], int),
        right=_numbers(fields["right_child"], int),
        flags=flags,
        categories=_categories(fields, flags, threshold),
        value=value,
        output=output,
    )


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


def _levels(text: str) -> list[list[object]] | None:
    """The last lines' pandas_categorical, a JSON list of lists; None without one."""
    line = text.rpartition("\npandas_categorical:")[2].split("\n")[0] if "\npandas_categorical:" in text else "null"
    levels = json.loads(line)
    if levels is not None and not (isinstance(levels, list) and all(isinstance(item, list) for item in levels)):
        raise ValueError("its pandas_categorical is not a list of lists")
    return levels or None
