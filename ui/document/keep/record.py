"""The parts and the trees of a study as JSON can hold them, and back: no value is computed anew."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from model.document.parts import Passage, parts_of
from xai import Hierarchy, Judgement
from xai.checks import check_whole
from xai.hierarchy.found import Node, Path, Redundant
from xai.typing import Floats

MAX_TOKENS = 2**31
_WORDS, _TREES, _JUDGED = "words", "trees", "judgements"
_COUNTS, _ENDS = ("seed", "budget", "evaluations"), ("empty_value", "full_value")
_NODE = ("value", "standard_error", "together")
_LOST = ("without_first", "without_second", "without_both")


def record_of(root: Passage, found: Mapping[str, Hierarchy], judged: Mapping[str, Sequence[Judgement]]) -> dict[str, Any]:
    """What `parts_in`, `trees_in` and `judged_in` read."""
    words = [part for _, part in root.walk() if part.kind == "word"]
    return {
        _WORDS: {"ends": [word.end for word in words], "tokens": [word.tokens for word in words]},
        _TREES: {index: _of_tree(one) for index, one in found.items()},
        _JUDGED: {index: [json.loads(one.to_json()) for one in each] for index, each in judged.items()},
    }


def parts_in(record: dict[str, Any], text: str) -> tuple[Passage, list[str]]:
    """The parts of a text, and its words' labels."""
    ends, tokens = ([check_whole("a place", one) for one in record[_WORDS][name]] for name in ("ends", "tokens"))
    starts = [0, *ends[:-1]]
    if any(one > MAX_TOKENS for one in tokens):
        raise ValueError("a word has more tokens than any text")
    if not 2 <= len(ends) == len(tokens) or ends[-1] != len(text) or any(low >= high for low, high in zip(starts, ends)):
        raise ValueError("its words do not fill its document")
    spans = list(zip(starts, ends))
    return parts_of(text, spans, np.array(tokens)), [text[start:end].strip() for start, end in spans]


def trees_in(record: dict[str, Any], root: Passage, text: str, outputs: int) -> dict[str, Hierarchy]:
    """index → tree, the first by Banzhaf values; there may be one alone."""
    found = {index: _tree(one, index, root, text, outputs) for index, one in record[_TREES].items()}
    if list(found) not in (["banzhaf"], ["banzhaf", "shapley"]):
        raise ValueError("its trees are not by Banzhaf and Shapley values")
    return found


def judged_in(record: dict[str, Any], trees: Mapping[str, Hierarchy], outputs: int) -> dict[str, list[Judgement]]:
    """index → of each output its judgement; {} for none."""
    found = {index: [Judgement.from_json(json.dumps(one)) for one in each] for index, each in record[_JUDGED].items()}
    for index, each in found.items():
        if len(each) != outputs or any(one.index != index for one in each):
            raise ValueError("its judgements are not of its trees")
    if found and list(found) != list(trees):
        raise ValueError("its judgements are not one for each tree")
    return found


def _of_tree(one: Hierarchy) -> dict[str, Any]:
    nodes = list(one.nodes.values())
    return {
        **{name: getattr(one, name) for name in _COUNTS},
        "seconds": one.seconds,
        **{name: _plain(getattr(one, name)) for name in _ENDS},
        "paths": [list(path) for path in one.nodes],
        "opened": [node.opened for node in nodes],
        **{name: [_plain(getattr(node, name)) for node in nodes] for name in _NODE},
        "redundant": [
            {"paths": [list(path) for path in pair.paths], **{name: _plain(getattr(pair, name)) for name in _LOST}}
            for pair in one.redundant
        ],
    }


def _tree(record: dict[str, Any], index: str, root: Passage, text: str, outputs: int) -> Hierarchy:
    paths = [_path(one, root) for one in record["paths"]]
    columns = [[_numbers(one, outputs) for one in record[name]] for name in _NODE]
    opened = [bool(one) for one in record["opened"]]
    if not len(paths) == len(set(paths)) == len(opened) or any(len(column) != len(paths) for column in columns):
        raise ValueError("a tree has other parts than values")
    nodes: dict[Path, Node] = {}
    for path, is_open, value, error, together in zip(paths, opened, *columns):
        part = root.at(path)
        nodes[path] = Node(part.label(text), value, error, together, is_open, part.last - part.first)
    below = {(*path, i) for path, node in nodes.items() if node.opened for i in range(len(root.at(path).parts))}
    if set(nodes) != {(), *below} or any(np.any(np.less(node.standard_error, 0.0)) for node in nodes.values()):
        raise ValueError("the parts of a tree are not those of its document")
    seed, budget, evaluations = (check_whole(name, record[name]) for name in _COUNTS)
    empty, full = (_numbers(record[name], outputs) for name in _ENDS)
    redundant = [_pair(one, root, outputs) for one in record["redundant"]]
    return Hierarchy(nodes, redundant, index, seed, budget, evaluations, float(record["seconds"]), empty, full)


def _pair(record: dict[str, Any], root: Passage, outputs: int) -> Redundant:
    first, second = (_path(one, root) for one in record["paths"])
    return Redundant((first, second), *(_numbers(record[name], outputs) for name in _LOST))


def _path(found: Any, root: Passage) -> Path:
    path = tuple(check_whole("a place", one) for one in found)
    root.at(path)  # IndexError for one that leads out of the tree
    return path


def _numbers(found: Any, count: int) -> Floats:
    numbers = np.array(found, np.float64)
    if numbers.shape != (count,) or not np.isfinite(numbers).all():
        raise ValueError("a value of a tree is not a number for each output")
    return numbers


def _plain(value: Any) -> list[float]:
    return [float(one) for one in np.ravel(value)]
