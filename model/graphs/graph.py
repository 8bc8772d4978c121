"""What an ONNX graph says of itself, read and never executed: its inputs, its classes, and whether it may be run at all."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import onnx

MOST_BYTES = 1_000_000_000
OLDEST = 7  # opset from which onnxruntime promises to run graphs
_DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
TYPES = {1: "float32", 2: "uint8", 6: "int32", 7: "int64", 8: "text", 9: "bool", 11: "float64"}  # of cells, as ONNX numbers them


@dataclass(frozen=True)
class Port:
    """name; shape, None where it varies; type, one of `TYPES`, "map", or "" for any other."""

    name: str
    shape: tuple[int | None, ...]
    type: str


@dataclass(frozen=True)
class Graph:
    """inputs, outputs; classes, None where no node names any; metadata that its writer added"""

    inputs: list[Port]
    outputs: list[Port]
    classes: list[object] | None
    metadata: dict[str, str]


def read_graph(data: bytes) -> Graph:
    """ValueError with one sentence for what is no graph, or one that may not be run."""
    import onnx
    from google.protobuf.message import DecodeError

    if len(data) > MOST_BYTES:
        raise ValueError(f"the ONNX graph has {len(data) / 1e9:.1f} GB; at most {MOST_BYTES / 1e9:g} are read")
    try:
        model = onnx.ModelProto.FromString(data)
    except DecodeError as error:
        raise ValueError("the ONNX graph cannot be read: it is damaged, or was cut short") from error
    _check(model)
    graph = model.graph
    stored = {one.name for one in graph.initializer}
    inputs = [_port(one) for one in graph.input if one.name not in stored]
    outputs = [_port(one) for one in graph.output]
    if not inputs or not outputs:
        raise ValueError("the ONNX graph has no inputs or no outputs")
    return Graph(inputs, outputs, _classes(graph), {one.key: one.value for one in model.metadata_props})


def _check(model: "onnx.ModelProto") -> None:
    import onnx

    newest = {"ai.onnx.ml": onnx.defs.onnx_ml_opset_version()}
    own = {one.domain for one in model.functions}
    for one in model.opset_import:
        if one.domain not in _DOMAINS and one.domain not in own:
            raise ValueError(f"the ONNX graph uses operators of {one.domain!r}; those of ONNX itself are run alone")
        oldest = 1 if one.domain == "ai.onnx.ml" else OLDEST
        most = newest.get(one.domain, onnx.defs.onnx_opset_version())
        if one.domain in _DOMAINS and not oldest <= one.version <= most:
            raise ValueError(f"the ONNX graph is of opset {one.version}; {oldest} to {most} are run: export it anew")
    if not model.opset_import:
        raise ValueError("the ONNX graph cannot be read: it does not say which operators it uses")
    if any(one.data_location == onnx.TensorProto.EXTERNAL for one in _tensors(model)):
        raise ValueError("the ONNX graph keeps numbers in another file: save it as one file")


def _tensors(message: Any) -> Iterator["onnx.TensorProto"]:
    """All, wherever they stand."""
    import onnx
    from google.protobuf.message import Message

    for _, value in message.ListFields():
        parts = [value] if isinstance(value, Message) else value
        if isinstance(parts, (str, bytes, int, float)):
            continue
        for one in parts:
            if isinstance(one, onnx.TensorProto):
                yield one
            elif isinstance(one, Message):
                yield from _tensors(one)
            else:
                break


def _port(one: "onnx.ValueInfoProto") -> Port:
    if one.type.HasField("sequence_type"):
        return Port(one.name, (), "map")
    tensor = one.type.tensor_type
    shape = tuple(int(dim.dim_value) if dim.HasField("dim_value") and dim.dim_value > 0 else None for dim in tensor.shape.dim)
    return Port(one.name, shape, TYPES.get(tensor.elem_type, ""))


def _classes(graph: "onnx.GraphProto") -> list[object] | None:
    """As the nodes name them that choose one; None where they name none, or not all the same."""
    found = []
    for node in graph.node:
        for one in node.attribute:
            if one.name in ("classlabels_strings", "classlabels_ints", "classlabels_int64s"):
                listed = [label.decode("utf-8", "replace") for label in one.strings] or list(one.ints)
                if listed and listed not in found:
                    found.append(listed)
    return found[0] if len(found) == 1 else None
