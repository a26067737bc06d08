"""Chains: nodes with the in-place element-wise ones that follow them."""

from restructure.graph import Graph, Node
from restructure.profile.views import view_of
from restructure.streaming.building.growth import Growth, activations, in_place

__all__ = ["chains_of"]


def chains_of(grown: Growth) -> list[tuple[Node, ...]]:
    """Return the graph's nodes in order, each with those that always overwrite its result."""
    graph = grown.graph
    followers = {node.index for node in graph.nodes if _follows(grown, node)}
    return [_chain(graph, node, followers) for node in graph.nodes if node.index not in followers]


def _chain(graph: Graph, node: Node, followers: set[int]) -> tuple[Node, ...]:
    chain = [node]
    while len(chain[-1].outputs) == 1:
        readers = graph.consumers(chain[-1].outputs[0])
        if len(readers) != 1 or readers[0].index not in followers:
            break
        chain.append(readers[0])
    return tuple(chain)


def _follows(grown: Growth, node: Node) -> bool:
    """Whether a node always overwrites the result of the one before it."""
    graph = grown.graph
    if not in_place(graph, node):
        return False
    (name,) = activations(graph, node)
    made = graph.producer(name)
    if made is None or name in graph.outputs or len(graph.consumers(name)) > 1:
        return False
    if _is_view(grown, made) or len(made.outputs) > 1 or len(node.outputs) > 1:
        return False
    return not grown.reach(node).reason or grown.rows(name) == 1


def _is_view(grown: Growth, node: Node) -> bool:
    return grown.graph.spec(node).is_view or (grown.placed and view_of(grown.graph, node) is not None)
