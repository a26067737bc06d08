"""Which tensors share a buffer, and when each buffer lives.

A *buffer* holds one activation and whatever overwrites it in place or is a view of it. Its life runs from the step that
first writes it to the last step that reads any of its tensors; a buffer with a network output lives to the end. Steps
are positions in the graph's order; the network input lives from step 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from restructure import operators
from restructure.graph import Graph, Node
from restructure.profile.definition import Definition

__all__ = ["Buffer", "buffers_of", "last_reads", "may_overwrite"]


@dataclass(frozen=True, slots=True)
class Buffer:
    """Memory that one or more tensors occupy one after another.

    Attributes:
        name: its first tensor.
        start, stop: first and last step of its life, both included.
        writes: step → tensor it holds from that step on.
    """

    name: str
    elements: int
    start: int
    stop: int
    writes: Mapping[int, str]

    def tensor_at(self, step: int) -> str:
        """Return the tensor the buffer holds after `step`."""
        return self.writes[max(s for s in self.writes if s <= step)]


def last_reads(graph: Graph) -> dict[str, int]:
    """Return the step that last reads each activation; outputs are read after the last step."""
    reads = {name: len(graph.nodes) for name in graph.outputs}
    for node in reversed(graph.nodes):
        for name in node.inputs:
            reads.setdefault(name, node.index)
    return reads


def buffers_of(graph: Graph, definition: Definition) -> list[Buffer]:
    """Return the buffers of a graph in the order they are first written."""
    reads = last_reads(graph)
    owner = {name: name for name in graph.inputs}
    writes: dict[str, dict[int, str]] = {name: {0: name} for name in graph.inputs}
    busy = {name: reads.get(name, 0) for name in graph.inputs}
    for node in graph.nodes:
        host = _host(graph, node, definition, {name: busy[owner[name]] for name in node.inputs if name in owner})
        for index, name in enumerate(name for name in node.outputs if name):
            root = owner[name] = owner[host] if host is not None and index == 0 else name
            writes.setdefault(root, {})[node.index] = name
            # A result nobody reads still occupies memory while it is made.
            busy[root] = max(busy.get(root, 0), reads.get(name, node.index))
    last = len(graph.nodes) - 1
    return [Buffer(root, graph.tensors[root].elements, min(w), min(busy[root], last), w) for root, w in writes.items()]


def _host(graph: Graph, node: Node, definition: Definition, busy: Mapping[str, int]) -> str | None:
    """Return the operand whose buffer the node's first result takes over, or None.

    `busy` holds, per activation operand, the last step so far that reads anything in its buffer (views included).
    """
    spec = graph.spec(node)
    operands = [name for name in dict.fromkeys(node.inputs) if name and not graph.is_constant(name)]
    if spec.is_view:
        return operands[0] if operands else None
    if not may_overwrite(graph, node, definition):
        return None
    result = graph.tensors[node.outputs[0]]
    for name in operands:
        operand = graph.tensors[name]
        # The network's input belongs to the caller and is not overwritten.
        dead = busy[name] <= node.index and _root(graph, name) not in graph.inputs
        fits = operand.shape == result.shape and operand.bytes == result.bytes
        if dead and (fits or (spec.category == "conv" and operand.bytes >= result.bytes)):
            return name
    return None


def may_overwrite(graph: Graph, node: Node, definition: Definition) -> bool:
    """Whether a node's operator may overwrite an operand under a definition, if the operand allows it."""
    spec = graph.spec(node)
    if spec.category == "conv":
        g = operators.conv_geometry(node, graph)
        return definition.depthwise_in_place and g.depthwise and g.filters == g.channels
    count = len({name for name in node.inputs if name and not graph.is_constant(name)})
    allowed = definition.activation_in_place if count == 1 else definition.add_in_place
    return allowed and spec.elementwise and spec.in_place


def _root(graph: Graph, name: str) -> str:
    """Return the tensor that `name` is a view of, through any number of views."""
    made = graph.producer(name)
    while made is not None and graph.spec(made).is_view:
        name = made.inputs[0]
        made = graph.producer(name)
    return name
