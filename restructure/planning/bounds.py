"""What no plan can go below, whatever its cuts, parts and order: so a plan can say how far from the best it may be.

Three things are sure under every plan of the kinds searched (rows, columns, grids, channel groups, sums by parts,
recomputed or retained):

* At the first step the caller's inputs are there whole, and at the last step the outputs.
* A node that no kind of cut takes apart runs once, on whole operands, and makes its whole result.
* Any other node makes, in some part, each element of its result: then that element's receptive field is there, over as
  many input channels as one part must read.

While the first node that reads an input runs, the input is there as well; so is what that node reads and makes.
The bound does not know how many MACs may be spent: it is what remains if they cost nothing.
"""

from restructure.fields import COLUMN_AXIS, ROW_AXIS, axes_of, reach
from restructure.graph import Graph, Node
from restructure.planning.sections import keeps_channels, mixes_channels
from restructure.streaming import Network, Op
from restructure.streaming.sums import sum_of

__all__ = ["lower_bound"]


def lower_bound(graph: Graph, network: Network, reassociate: bool) -> int:
    """Return bytes of active memory that no plan of a network goes below.

    Args:
        network: with no node taken apart.
        reassociate: whether sums may be taken part by part.
    """
    if not network.ops:
        return 0
    bounds = [_inputs(network), _outputs(network)]
    if not network.placed:
        # Where views are placed they share bytes, and little can be said of what a node needs beside its operands.
        bounds += [_least(graph, network, op, reassociate) for op in network.ops]
        bounds.append(_opening(graph, network, reassociate))
    return max(bounds)


def _opening(graph: Graph, network: Network, reassociate: bool) -> int:
    """Return what is there when an input is first read, if that is by a node that runs whole."""
    readers = [op for op in network.ops if any(network.producer[tensor] < 0 for tensor, _, _ in op.operands)]
    if not network.definition.input_counted or not all(_is_whole(graph, op, reassociate) for op in readers):
        return 0
    inputs = sum(network.tensors[tensor].bytes for tensor in network.inputs if network.consumers[tensor])
    made = [0 if op.takes_over else sum(_made(network, tensor) for tensor in op.results) for op in readers]
    return inputs + min(made, default=0)


def _made(network: Network, tensor: int) -> int:
    return network.goals[tensor] * network.tensors[tensor].row_bytes


def _outputs(network: Network) -> int:
    """Return the bytes of the outputs, one that is a view of something else left out."""
    counted = network.definition.input_counted
    return sum(
        network.tensors[tensor].bytes
        for tensor in network.outputs
        if (counted if network.producer[tensor] < 0 else not network.ops[network.producer[tensor]].is_view)
    )


def _inputs(network: Network) -> int:
    if not network.definition.input_counted:
        return 0
    if network.placed:
        return sum(_made(network, tensor) for tensor in network.inputs)
    return sum(network.tensors[tensor].bytes for tensor in network.inputs)


def _least(graph: Graph, network: Network, op: Op, reassociate: bool) -> int:
    """Return the bytes that are there at some step of an op."""
    if not _is_whole(graph, op, reassociate):
        return _window(graph, network, op, reassociate)
    counted = network.definition.input_counted
    rows = network.goals[op.results[0]]
    total = 0
    for tensor in {tensor for tensor, _, _ in op.operands}:
        needs = [field.need(0, rows) for other, field, _ in op.operands if other == tensor]
        held = max(high for _, high in needs) - min(low for low, _ in needs)
        given = network.producer[tensor] < 0
        total += held * network.tensors[tensor].row_bytes if counted or not given else 0
    if not op.takes_over:
        total += sum(_made(network, tensor) for tensor in op.results)
    return total


def _is_whole(graph: Graph, op: Op, reassociate: bool) -> bool:
    """Whether no kind of cut takes an op apart."""
    node = op.nodes[0]
    if mixes_channels(graph, node) or keeps_channels(graph, node, depthwise=True) or node.op_type == "Concat":
        return False
    if reassociate and not sum_of(graph, node).reason:
        return False
    return all(_reason(graph, node, axis) for axis in (ROW_AXIS, COLUMN_AXIS))


def _reason(graph: Graph, node: Node, axis: int) -> str:
    return reach(graph, node, axis).reason


def _window(graph: Graph, network: Network, op: Op, reassociate: bool) -> int:
    """Return the bytes of the largest receptive field of one element, over the channels that a part must read."""
    node = op.nodes[0]
    if not mixes_channels(graph, node) or (reassociate and not sum_of(graph, node).reason):
        return 0
    name = node.inputs[0]
    shape = graph.tensors[name].shape
    moved = (axes_of(graph, ROW_AXIS)[name], axes_of(graph, COLUMN_AXIS)[name]) != (ROW_AXIS, COLUMN_AXIS)
    if len(shape) != 4 or moved or (graph.producer(name) is None and not network.definition.input_counted):
        return 0
    extents = [_extent(graph, node, axis) for axis in (ROW_AXIS, COLUMN_AXIS)]
    tensor = network.tensors[op.operands[0][0]]
    # A row's bytes are rounded up; so a window's are rounded down.
    return tensor.row_bytes * extents[0] * extents[1] // shape[COLUMN_AXIS]


def _extent(graph: Graph, node: Node, axis: int) -> int:
    """Return the longest stretch of the first operand that one result position reads along an axis."""
    found = reach(graph, node, axis)
    if 0 not in found.maps:
        return 1
    length = graph.tensors[node.outputs[0]].shape[axis]
    return max(high - low for low, high in (found.maps[0].need(i, i + 1) for i in range(length)))
