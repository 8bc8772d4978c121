"""A study's tree as rows: every part that has a value, with what its children add up to."""

import numpy as np

from model.files.spreadsheet import csv_of
from ui.document.run import Study
from xai.hierarchy.found import Node, Path

HEADER = ["output", "part", "level", "kind", "label", "start", "end", "tokens"]
OF_INDEX = ["value", "standard_error", "children", "acting_together", "sum"]


def to_csv(study: Study) -> str:
    """A row for each part and each output, the answer first.

    part : its place, "/" for the document, "/2/1" for the first part of its second;  start, end : characters of the document
    Of each index: value, standard_error; and of an opened part what its children's values add up to, what they do only
    together, and the sum of the two, which is the value again. Empty where the index has none.
    """
    paths = sorted(set().union(*(one.nodes for one in study.found.values())))
    rows: list[list[object]] = [[*HEADER, *(f"{index}_{what}" for index in study.found for what in OF_INDEX)]]
    for column, output in enumerate(study.outputs):
        for path in paths:
            part = study.root.at(path)
            label = part.label(study.text) if path else "the whole document"
            place = "/" + "/".join(str(i + 1) for i in path)
            rows.append([output, place, len(path), part.kind, label, part.start, part.end, part.tokens])
            for one in study.found.values():
                rows[-1] += _numbers(one.nodes, path, column)
    return csv_of(rows)


def _numbers(nodes: dict[Path, Node], path: Path, column: int) -> list[float | None]:
    node = nodes.get(path)
    if node is None:
        return [None] * len(OF_INDEX)
    value, error, together = (float(np.ravel(one)[column]) for one in (node.value, node.standard_error, node.together))
    if not node.opened:
        return [value, error, None, None, None]
    below, i = 0.0, 0
    while (child := nodes.get((*path, i))) is not None:
        below, i = below + float(np.ravel(child.value)[column]), i + 1
    return [value, error, below, together, below + together]
