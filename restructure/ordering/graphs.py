"""The order of a graph's nodes that needs the least active memory."""

from dataclasses import dataclass

from restructure.graph import Graph, Node
from restructure.ordering.exact import MOST_STATES, flattest_order
from restructure.ordering.tasks import Task, Tasks
from restructure.ordering.windows import settle
from restructure.profile import Definition, profile
from restructure.profile.definition import DTYPE_BITS

__all__ = ["Ordering", "order"]


@dataclass(frozen=True, slots=True)
class Ordering:
    """An order of a graph's nodes.

    Attributes:
        nodes: their names.
        peak_bytes: active memory in this order.
        exact: whether no order needs less; else it is the best found, no worse than the graph's own.
    """

    nodes: tuple[str, ...]
    peak_bytes: int
    exact: bool


def order(graph: Graph, definition: Definition, most_states: int = MOST_STATES) -> Ordering:
    """Return the flattest order of a graph's nodes, the graph's own if that is as good.

    Exact if best-first search ends within `most_states` sets of nodes; beyond, windows of the graph's order are.
    """
    tasks = tasks_of(graph, definition)
    given = max(tasks.curve(range(len(tasks.tasks))), default=0)
    found = flattest_order(tasks, most_states)
    best = settle(tasks) if found is None else found
    peak = max(tasks.curve(best), default=0)
    if peak >= given:
        best, peak = list(range(len(tasks.tasks))), given
    return Ordering(tuple(graph.nodes[index].name for index in best), peak, found is not None)


def flattened(graph: Graph, definition: Definition) -> tuple[Graph, tuple[str, ...]]:
    """Return the graph in its flattest order, and that order; the graph as it is, and nothing, if none is better."""
    found = order(graph, definition)
    other = graph.reordered(found.nodes)
    if profile(other, definition).peak_bytes < profile(graph, definition).peak_bytes:
        return other, found.nodes
    return graph, ()


def tasks_of(graph: Graph, definition: Definition) -> Tasks:
    """Return a graph's nodes as tasks; a tensor and its views are one buffer, named after the first."""
    buffer: dict[str, int] = {}
    sizes: list[int] = []

    def new(name: str) -> int:
        buffer[name] = len(sizes)
        sizes.append(_size(graph, name, definition))
        return buffer[name]

    inputs = [new(name) for name in graph.inputs if name in graph.tensors]
    if not definition.input_counted:
        sizes = [0] * len(sizes)
    tasks = []
    for node in graph.nodes:
        reads = tuple(dict.fromkeys(buffer[name] for name in node.inputs if name in buffer))
        results = [name for name in node.outputs if name]
        makes: list[int] = []
        if graph.spec(node).is_view and reads:
            buffer[results[0]] = reads[0]
            results = results[1:]
        makes.extend(new(name) for name in results)
        hosts = tuple(buffer[name] for name in _hosts(graph, node, definition))
        tasks.append(Task(reads, tuple(makes), hosts))
    kept = frozenset(buffer[name] for name in graph.outputs if name in buffer)
    return Tasks(tuple(tasks), sizes, frozenset(inputs), kept, frozenset(inputs))


def _hosts(graph: Graph, node: Node, definition: Definition) -> list[str]:
    """Return the operands whose buffer a node's first result may take over."""
    spec = graph.spec(node)
    operands = [name for name in dict.fromkeys(node.inputs) if name and not graph.is_constant(name)]
    allowed = definition.activation_in_place if len(operands) == 1 else definition.add_in_place
    if spec.is_view or not (allowed and spec.elementwise and spec.in_place):
        return []
    result = graph.tensors[node.outputs[0]]
    return [
        name
        for name in operands
        if graph.tensors[name].shape == result.shape and graph.tensors[name].bytes == result.bytes
    ]


def _size(graph: Graph, name: str, definition: Definition) -> int:
    tensor = graph.tensors[name]
    if definition.dtype is not None:
        return -(-tensor.elements * DTYPE_BITS[definition.dtype] // 8)
    return tensor.bytes
