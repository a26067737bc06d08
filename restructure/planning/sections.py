"""Where a network can be cut by channels without touching any sum.

A section begins with a convolution over all input channels, whose filters are shared out, or with a Concat of channels,
whose operands are the groups; it goes on through operators that keep channels apart: pools (global ones too) and
depthwise convolutions. Behind it the groups are joined.
"""

from restructure import operators
from restructure.fields import COLUMN_AXIS, ROW_AXIS, axes_of
from restructure.graph import Graph, Node
from restructure.streaming import Network

__all__ = ["keeps_channels", "mixes_channels", "sections"]


def sections(graph: Graph, network: Network) -> list[tuple[str, ...]]:
    """Return the sections of at least two nodes, as the names of the nodes that start their ops."""
    found, used = [], set[int]()
    for op in network.ops:
        if op.index in used or not op.nodes or op.channels is not None or not _opens(graph, op.nodes):
            continue
        chain = [op]
        while True:
            (tensor,) = chain[-1].results
            readers = network.consumers[tensor]
            if len(readers) != 1 or network.tensors[tensor].is_output:
                break
            following = network.ops[readers[0][0]]
            if not following.nodes or not keeps_channels(graph, following.nodes[0], op.nodes[0].op_type != "Concat"):
                break
            chain.append(following)
        if len(chain) > 1:
            used.update(op.index for op in chain)
            found.append(tuple(op.nodes[0].name for op in chain))
    return found


def _opens(graph: Graph, chain: tuple[Node, ...]) -> bool:
    node = chain[0]
    if node.op_type == "Concat":
        axis = graph.call(node).integer("axis") % len(graph.tensors[node.outputs[0]].shape)
        distinct = len(set(node.inputs)) == len(node.inputs)
        lengthwise = (axes_of(graph, way)[node.outputs[0]] for way in (ROW_AXIS, COLUMN_AXIS))
        return (
            axis == 1
            and axis not in lengthwise
            and len(chain) == 1
            and distinct
            and not any(graph.is_constant(name) for name in node.inputs)
        )
    return node.op_type == "Conv" and operators.conv_geometry(node, graph).groups == 1


def mixes_channels(graph: Graph, node: Node) -> bool:
    """Whether a node is a convolution or matrix product over all channels, of weights."""
    if any(name and not graph.is_constant(name) for name in node.inputs[1:]):
        return False
    if node.op_type in ("Gemm", "MatMul"):
        turned = node.op_type == "Gemm" and graph.call(node).integer("transA", 0)
        return len(graph.tensors[node.inputs[0]].shape) == 2 and not turned
    return node.op_type == "Conv" and operators.conv_geometry(node, graph).groups == 1


def keeps_channels(graph: Graph, node: Node, depthwise: bool) -> bool:
    """Whether a node may run channel group by channel group: a pool, or a depthwise convolution if those may."""
    if node.op_type in ("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"):
        return len(node.outputs) == 1
    if node.op_type != "Conv" or not depthwise:
        return False
    g = operators.conv_geometry(node, graph)
    return g.depthwise and g.filters == g.channels
