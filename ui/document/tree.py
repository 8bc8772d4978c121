"""What is read of a study: values of parts, which lie where, what supports which sentence of the answer."""

from dataclasses import dataclass

import numpy as np

from ui.document.run import Study
from xai import Hierarchy
from xai.exchange.map import Column
from xai.hierarchy.found import Node, Path

DOUBLES = float(np.log(2.0))  # a passage that raises a sentence by so much makes it twice as likely
SURE = 2.0  # standard errors
CARRIES = 1 / 3  # of what the document changes: a text of the same kind makes a sentence likelier by many small shares
MOST_EVIDENCE = 8  # parts in the matrix


@dataclass(frozen=True)
class Row:
    """A line of the tree. values, errors : one for each index;  path : None for what children do together, and for sums"""

    name: str
    values: list[float]
    errors: list[float]
    path: Path | None = None


def value(node: Node, column: int) -> float:
    return float(np.ravel(node.value)[column])


def error(node: Node, column: int) -> float:
    return float(np.ravel(node.standard_error)[column])


def row_of(study: Study, path: Path, column: int) -> Row:
    nodes = [one.nodes[path] for one in study.found.values()]
    name = study.root.at(path).label(study.text) if path else "The whole document"
    return Row(name, [value(node, column) for node in nodes], [error(node, column) for node in nodes], path)


def rows_below(study: Study, path: Path, column: int) -> tuple[list[Row], list[Row]]:
    """The children of an opened part; and what adds up: what they do together where that is not nothing, their sum."""
    nodes = [one.nodes[path] for one in study.found.values()]
    children = [row_of(study, (*path, i), column) for i in range(len(study.root.at(path).parts))]
    together = [float(np.ravel(node.together)[column]) for node in nodes]
    total = list(np.sum([child.values for child in children], axis=0) + together)
    below = [Row("acting together", together, [])] if any(together) else []
    return children, [*below, Row("sum", total, [])]


def maps(study: Study, column: int) -> dict[str, Column]:
    """Of each index the values of the smallest parts that have one, in their order."""
    return {index: map_of(study, one, study.frontier, column) for index, one in study.found.items()}


def map_of(study: Study, one: Hierarchy, paths: list[Path], column: int) -> Column:
    """The values of some parts."""
    nodes = [one.nodes[path] for path in paths]
    values, errors = ([read(node, column) for node in nodes] for read in (value, error))
    labels = [study.root.at(path).label(study.text) for path in paths]
    return Column(np.array(values), np.array(errors), labels, one.index, study.outputs[column])


def shared(one: Study, other: Study) -> list[tuple[Path, Path]]:
    """The smallest parts that have values in two studies of one text, in their order, by their paths in both.

    Where other models cut the text into other parts, what they have in common is the part above.
    """
    found: list[tuple[Path, Path]] = []
    stack: list[tuple[Path, Path]] = [((), ())]
    while stack:
        mine, theirs = stack.pop()
        spans = [[(part.start, part.end) for part in each.root.at(path).parts] for each, path in ((one, mine), (other, theirs))]
        count = len(spans[0])
        if mine in one.opened and theirs in other.opened and count and spans[0] == spans[1]:
            stack += [((*mine, i), (*theirs, i)) for i in reversed(range(count))]
        else:
            found.append((mine, theirs))
    return found


def heaviest(study: Study, column: int) -> list[Path]:
    """The deepest parts, down to sentences, that carry at least half of what the document changes, the heaviest first.

    There may be several, where either of two is enough.
    """
    nodes = next(iter(study.found.values())).nodes
    change = value(nodes[()], column)

    def share(path: Path) -> float:
        return value(nodes[path], column) * float(np.sign(change))

    found: list[Path] = []
    stack: list[Path] = [()] if change else []
    while stack:
        path, below = stack.pop(), list[Path]()
        if path in study.opened and study.root.at(path).kind != "sentence":
            below = [(*path, i) for i in range(len(study.root.at(path).parts))]
        rivals = [one for one in below if share(one) >= abs(change) / 2]
        stack += reversed(rivals)
        found += [path] * (not rivals and path != ())
    return sorted(found, key=lambda path: -share(path))


def evidence(study: Study) -> list[Path]:
    """The parts that evidence is told by, which together are the document: passages, where it has some, else the smallest
    that have values, sentences whole."""
    found: dict[Path, None] = {}
    for path in study.frontier:
        above = (path[:level] for level in range(1, len(path)))
        found[next((one for one in above if study.root.at(one).kind in ("passage", "sentence")), path)] = None
    return list(found)


def support(study: Study, column: int, most: int = 3) -> list[tuple[Path, float, float]]:
    """The parts of `evidence` that carry a sentence of the answer, the heaviest first: (path, value, error).

    Such a part makes it at least twice as likely, beyond two standard errors, and by a third of what the document does.
    """
    nodes = next(iter(study.found.values())).nodes
    least = max(DOUBLES, CARRIES * value(nodes[()], column))
    told = [(path, value(nodes[path], column), error(nodes[path], column)) for path in evidence(study)]
    found = [one for one in told if one[1] >= least and one[1] >= SURE * one[2]]
    return sorted(found, key=lambda one: -one[1])[:most]


def matrix(study: Study) -> tuple[list[Path], list[list[float]], list[bool]]:
    """Parts, at most `MOST_EVIDENCE`; of each sentence of the answer its values (parts,), and whether any part carries it."""
    nodes = next(iter(study.found.values())).nodes
    carried = [support(study, column) for column in range(1, len(study.outputs))]
    heaviest = sorted((-size, path) for each in carried for path, size, _ in each)
    chosen = sorted(list(dict.fromkeys(path for _, path in heaviest))[:MOST_EVIDENCE])
    values = [[value(nodes[path], column) for path in chosen] for column in range(1, len(study.outputs))]
    return chosen, values, [bool(each) for each in carried]
