"""An ONNX graph as the model of a table: columns of a frame become its inputs."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.graphs.graph import Graph, Port, read_graph
from model.graphs.session import Session
from model.own.places import checked
from model.own.way import Way
from model.table.columns import cell_text

_NAME = "the ONNX graph"
_WHOLE = ("uint8", "int32", "int64")


def way_of_graph(data: bytes, frame: pd.DataFrame) -> Way:
    """The way to ask a graph over the columns of a frame; ValueError where it cannot be asked."""
    names, graph = {str(name): name for name in checked(frame).columns}, read_graph(data)
    for one in graph.inputs:
        if not one.type or one.type == "map" or len(one.shape) > 2:
            raise ValueError(f"the ONNX graph's input {one.name!r} is no column of numbers or texts")
    by_name = len(graph.inputs) > 1 or graph.inputs[0].name in names and graph.inputs[0].shape[1:] in ((1,), ())
    if by_name:
        wide = next((one for one in graph.inputs if one.shape[1:] not in ((1,), (None,), ())), None)
        if wide is not None:
            raise ValueError(
                f"the ONNX graph's input {wide.name!r} has {wide.shape[1]} columns beside other inputs, and does not name them: "
                "export it with an input for each column"
            )
        columns: list[object] | None = [names.get(one.name, one.name) for one in graph.inputs]
        width: int | None = len(graph.inputs)
    else:
        columns, width = None, graph.inputs[0].shape[1] if len(graph.inputs[0].shape) > 1 else 1
    place, label = _answers(graph)
    batches = [one.shape[0] for one in graph.inputs if one.shape and one.shape[0] is not None]
    session = Session(data, max(batches), True) if batches else Session(data)
    session.check()
    named = label is not None and graph.classes is not None
    return Way(
        GraphAsker(session, graph, by_name, place),
        _NAME,
        classes=graph.classes if named else None,
        columns=columns,
        width=width,
        labels=GraphAsker(session, graph, by_name, label) if named and label is not None else None,
        notes=() if by_name else ("The model's columns have no names: those of the table are taken in their order.",),
    )


def _answers(graph: Graph) -> tuple[int, int | None]:
    """Places of the outputs of numbers, and of the class that is chosen, None where there is none."""
    numbers = [i for i, one in enumerate(graph.outputs) if one.type in ("float32", "float64", "map")]
    labels = [i for i, one in enumerate(graph.outputs) if one.type in (*_WHOLE, "text", "bool")]
    if len(numbers) != 1 or len(labels) > 1:
        told = ", ".join(one.name for one in graph.outputs[:8])
        raise ValueError(
            f"the ONNX graph has the outputs {told}: one of numbers is explained, or a class and the numbers of all classes"
        )
    return numbers[0], labels[0] if labels else None


class GraphAsker:
    """frame → one output of a graph, (rows, …). by_name : is each column an input, or do all stand in one?"""

    def __init__(self, session: Session, graph: Graph, by_name: bool, place: int) -> None:
        self._session, self._graph, self._by_name, self._place = session, graph, by_name, place

    def __call__(self, frame: pd.DataFrame) -> NDArray[Any]:
        inputs, columns = self._graph.inputs, [frame.iloc[:, i] for i in range(frame.shape[1])]
        if self._by_name:
            found = {one.name: _cells(column, one).reshape(-1, *one.shape[1:] and (1,)) for one, column in zip(inputs, columns)}
        else:
            found = {inputs[0].name: np.column_stack([_cells(column, inputs[0]) for column in columns])}
            if len(inputs[0].shape) == 1:
                found[inputs[0].name] = found[inputs[0].name][:, 0]
        answer = self._session(found)
        values, keys = answer[str(self._place)], answer.get(f"keys {self._place}")
        if keys is None or self._graph.classes is None:
            return values
        places = {cell_text(key): i for i, key in enumerate(keys.tolist())}
        return values[:, [places[cell_text(one)] for one in self._graph.classes]]


def _cells(column: pd.Series, port: Port) -> NDArray[Any]:
    """A column as the graph takes it, (rows,); ValueError where its cells are of another kind, or may not be missing."""
    known, kind = column.notna().to_numpy(), port.type
    of_texts = all(isinstance(cell, str) for cell in column[known]) if not pd.api.types.is_numeric_dtype(column.dtype) else False
    if kind == "text":
        if known.any() and not of_texts:
            raise ValueError(f"the column {column.name!r} holds {column.dtype}, and the model reads texts")
        _check_known(column, known)
        return np.array(column.tolist(), dtype=str)
    if isinstance(column.dtype, pd.CategoricalDtype) or known.any() and not _of_numbers(column[known]):
        raise ValueError(f"the column {column.name!r} holds {'texts' if of_texts else column.dtype}, and the model reads numbers")
    values = column.astype(object).where(known, np.nan).to_numpy(float)
    if kind in (*_WHOLE, "bool"):
        _check_known(column, known)
        if (values % 1 != 0).any() or kind == "bool" and not np.isin(values, (0, 1)).all():
            raise ValueError(f"the column {column.name!r} holds other numbers than the model reads: they are of type {kind}")
    return values.astype(kind)


def _of_numbers(cells: pd.Series) -> bool:
    if cells.dtype == object:
        return all(isinstance(cell, (bool, int, float, np.number, np.bool_)) for cell in cells)
    return bool(pd.api.types.is_numeric_dtype(cells.dtype)) and not pd.api.types.is_complex_dtype(cells.dtype)


def _check_known(column: pd.Series, known: NDArray[np.bool_]) -> None:
    if not known.all():
        raise ValueError(f"the column {column.name!r} has missing cells, which the graph's type of it cannot hold")
