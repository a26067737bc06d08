"""What a model must satisfy before its shapes are worth computing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from math import prod
from typing import TYPE_CHECKING

from restructure import dtypes, operators
from restructure.errors import ControlFlowError, ModelError, UnsupportedOperatorError, printable

if TYPE_CHECKING:
    import onnx
    import onnx_ir as ir

__all__ = ["check_operators", "check_opset", "check_proto", "ordered"]

OLDEST_OPSET = 7
_VALUE_FIELDS = ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data", "string_data")


def check_proto(where: str, proto: "onnx.ModelProto") -> None:
    """Raise ModelError for what deserialising would hide: no graph, names defined twice or never."""
    graph = proto.graph
    if not proto.HasField("graph") or not graph.node:
        raise ModelError(f"{where}: is not an ONNX model: it has no graph with nodes")
    if not proto.opset_import:
        raise ModelError(f"{where}: is not a valid ONNX model: it imports no operator set")
    _check_imports(where, proto)
    if not graph.output:
        raise ModelError(f"{where}: is not a valid ONNX model: its graph has no outputs")
    _check_names(where, graph)
    _check_data(where, graph)
    weights = Counter(tensor.name for tensor in graph.initializer)
    weights.update(tensor.values.name for tensor in graph.sparse_initializer)
    made = Counter(name for node in graph.node for name in node.output if name)
    made.update(value.name for value in graph.input)
    twice = [name for name, count in (*made.items(), *weights.items()) if count > 1]
    if twice:
        listed = ", ".join(repr(name) for name in twice[:5])
        raise ModelError(f"{where}: {len(twice)} tensor name(s) are defined more than once: {listed}")
    if "" in weights:
        raise ModelError(f"{where}: an initializer has no name")
    _check_defined(where, graph, {"", *made, *weights})


def _check_imports(where: str, proto: "onnx.ModelProto") -> None:
    imported = {(operators.canonical_domain(entry.domain), entry.version) for entry in proto.opset_import}
    for domain, count in Counter(domain for domain, _ in imported).items():
        if count > 1:
            name = printable(domain or "ai.onnx")
            raise ModelError(f"{where}: must import one version of an operator set, imports {count} of {name}")


def _check_defined(where: str, graph: "onnx.GraphProto", defined: set[str]) -> None:
    for node in graph.node:
        missing = next((name for name in node.input if name not in defined), None)
        if missing is not None:
            label = repr(node.name) if node.name else "(unnamed)"
            raise ModelError(
                f"{where}: node {label} ({printable(node.op_type)}): reads {missing!r}, which nothing defines"
            )
    for output in graph.output:
        if output.name not in defined:
            raise ModelError(f"{where}: output {output.name!r} is produced by no node")


def _check_data(where: str, graph: "onnx.GraphProto") -> None:
    """Refuse small weights whose bytes do not fit their shape; large ones are checked where they lie in the file."""
    for tensor in graph.initializer:
        filled = [name for name in _VALUE_FIELDS if getattr(tensor, name)]
        if len(filled) > 1:
            raise ModelError(f"{where}: tensor {tensor.name!r} must hold its values once, got {' and '.join(filled)}")
        dtype = dtypes.from_onnx(tensor.data_type)
        if dtype is None or not tensor.raw_data or any(size < 0 for size in tensor.dims):
            continue
        needs = dtypes.size_bytes(prod(tensor.dims), dtype)
        if len(tensor.raw_data) != needs:
            shape = ",".join(map(str, tensor.dims))
            raise ModelError(
                f"{where}: tensor {tensor.name!r} of shape [{shape}] and type {dtype} needs {needs} bytes, "
                f"has {len(tensor.raw_data)}"
            )


def _check_names(where: str, graph: "onnx.GraphProto") -> None:
    # protobuf hands out bytes where a string is no UTF-8
    for node in graph.node:
        names = (node.name, node.op_type, node.domain, *node.input, *node.output, *(a.name for a in node.attribute))
        if not all(isinstance(name, str) for name in names):
            raise ModelError(f"{where}: a name in node {node.name!r} ({node.op_type!r}) is not valid UTF-8")
    for item in (*graph.input, *graph.output, *graph.initializer, *graph.value_info):
        if not isinstance(item.name, str):
            raise ModelError(f"{where}: the tensor name {item.name!r} is not valid UTF-8")


def _qualified(op_type: str, domain: str) -> str:
    return printable(f"{domain}.{op_type}" if domain else op_type)


def on_constants(node: "ir.Node") -> bool:
    """Whether an operator without a row in the table may stand where its operands are constants."""
    return node.op_type in operators.ON_CONSTANTS and not operators.canonical_domain(node.domain)


def check_opset(where: str, opsets: Mapping[str, int]) -> None:
    """Raise ModelError if the default operator set is older than the table."""
    version = opsets.get("")
    if version is not None and version < OLDEST_OPSET:
        raise ModelError(
            f"{where}: opset {version} is older than {OLDEST_OPSET}; convert it with onnx.version_converter"
        )


def check_operators(where: str, nodes: Sequence["ir.Node"], known: Iterable[str]) -> None:
    """Raise ControlFlowError or UnsupportedOperatorError, naming every offending operator and its count.

    Args:
        where: how messages name the model.
        nodes: in topological order.
        known: tensors whose values are in the model.
    """
    constants, wrong = set(known), Counter[tuple[str, str]]()
    for node in nodes:
        spec = operators.find(node.op_type, node.domain)
        read = [str(value.name) for value in node.inputs if value is not None]
        folded = bool(read) and constants.issuperset(read)
        if spec is None and not (folded and on_constants(node)):
            wrong[node.op_type, node.domain] += 1
        if folded or (spec is not None and spec.category == "constant"):
            constants.update(str(value.name) for value in node.outputs)
    if not wrong:
        return
    flow = [f"{count} × {op}" for (op, domain), count in wrong.items() if op in operators.CONTROL_FLOW and not domain]
    if flow:
        raise ControlFlowError(
            f"{where}: control flow is not supported ({', '.join(flow)}): its schedule depends on data; "
            "export the model with the branch or the number of iterations fixed"
        )
    listed = ", ".join(f"{count} × {_qualified(op, domain)}" for (op, domain), count in sorted(wrong.items()))
    raise UnsupportedOperatorError(f"{where}: {sum(wrong.values())} node(s) with unsupported operators: {listed}")


def _pending(nodes: Sequence["ir.Node"]) -> tuple[list[int], list[list[int]]]:
    """Return per node: how many producers it waits for, and whom it releases."""
    position = {id(node): index for index, node in enumerate(nodes)}
    waits, releases = [0] * len(nodes), [[] for _ in nodes]  # type: ignore[var-annotated]
    for index, node in enumerate(nodes):
        for value in node.inputs:
            producer = value.producer() if value is not None else None
            if producer is not None and id(producer) in position:
                waits[index] += 1
                releases[position[id(producer)]].append(index)
    return waits, releases


def ordered(where: str, nodes: Sequence["ir.Node"]) -> Sequence["ir.Node"]:
    """Return the nodes in topological order, the given one wherever it is valid.

    Raises:
        ModelError: the graph has a cycle; some of its nodes are named.
    """
    waits, releases = _pending(nodes)
    ready = [index for index, count in enumerate(waits) if count == 0]
    heapify(ready)
    order: list[int] = []
    while ready:
        index = heappop(ready)
        order.append(index)
        for after in releases[index]:
            waits[after] -= 1
            if waits[after] == 0:
                heappush(ready, after)
    if len(order) < len(nodes):
        names = [repr(nodes[i].name or nodes[i].op_type) for i, count in enumerate(waits) if count][:5]
        raise ModelError(f"{where}: the graph has a cycle through or before {', '.join(names)}")
    return [nodes[index] for index in order]
