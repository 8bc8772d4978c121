"""What is read of a study: values of parts, which lie where, what supports which sentence of the answer."""

from dataclasses import dataclass

import numpy as np

from model.document.parts import Passage
from ui.document.run import Study
from xai import Hierarchy
from xai.exchange.map import Column
from xai.hierarchy.found import Node, Path

DOUBLES = float(np.log(2.0))  # a passage that raises a sentence by so much makes it twice as likely
SURE = 2.0  # standard errors


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
    labels = [study.root.at(path).label(study.text) for path in study.frontier]

    def made(index: str, one: Hierarchy) -> Column:
        nodes = [one.nodes[path] for path in study.frontier]
        values, errors = ([read(node, column) for node in nodes] for read in (value, error))
        return Column(np.array(values), np.array(errors), labels, index, study.outputs[column])

    return {index: made(index, one) for index, one in study.found.items()}


def heaviest(study: Study, column: int) -> tuple[Path, Passage] | None:
    """The deepest part, down to a sentence, that carries at least half of what the document changes; None where none does."""
    first = next(iter(study.found.values()))
    change = value(first.nodes[()], column)
    path: Path = ()
    while path in study.opened and study.root.at(path).kind != "sentence":
        below = [(*path, i) for i in range(len(study.root.at(path).parts))]
        shares = [value(first.nodes[one], column) * np.sign(change) for one in below]
        best = int(np.argmax(shares))
        if not change or shares[best] < abs(change) / 2:
            break
        path = below[best]
    return (path, study.root.at(path)) if path else None


def support(study: Study, column: int, most: int = 3) -> list[tuple[int, float, float]]:
    """The smallest parts that make a sentence of the answer at least twice as likely, beyond chance: (place, value, error)."""
    shown = next(iter(maps(study, column).values()))
    assert shown.standard_error is not None
    order = np.argsort(-shown.values, kind="stable")[:most]
    found = [(int(i), float(shown.values[i]), float(shown.standard_error[i])) for i in order]
    return [one for one in found if one[1] >= DOUBLES and one[1] >= SURE * one[2]]
