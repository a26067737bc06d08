"""From a graph to its network of ops."""

from restructure.fields import RowMap
from restructure.graph import Graph, Node
from restructure.profile import Definition
from restructure.streaming.bands import Banded
from restructure.streaming.building.by_bands import add_bands, bands_of
from restructure.streaming.building.by_groups import add_groups, take_apart
from restructure.streaming.building.by_sums import add_sum
from restructure.streaming.building.chains import chains_of
from restructure.streaming.building.growth import Growth
from restructure.streaming.network import Network
from restructure.streaming.settings import Cuts

__all__ = ["network_of"]


def network_of(graph: Graph, definition: Definition, cuts: Cuts = Cuts()) -> Network:  # noqa: B008
    """Return the network of a graph whose nodes are taken apart as `cuts` say.

    Args:
        definition: of active memory; gives the bytes of a row.

    Raises:
        PlanError: nodes cannot be taken apart like that.
    """
    grown = Growth(graph, definition, cuts)
    inputs = tuple(grown.tensor(name) for name in graph.inputs if name in graph.tensors)
    chains = chains_of(grown)
    banded = bands_of(grown, chains)
    shares = {cut.node: cut.parts for cut in cuts.sums}
    for chain in chains:
        _add(grown, chain, banded.get(chain[0].name), shares.get(chain[0].name))
    for name in [name for name in (*grown.parts, *grown.bands) if name in graph.outputs]:
        grown.operand(name)
    producer = [-1] * len(grown.tensors)
    for op in grown.ops:
        for tensor in op.results:
            producer[tensor] = op.index
    outputs = tuple(grown.ids[name] for name in dict.fromkeys(graph.outputs) if name in grown.ids)
    return Network(
        tuple(grown.tensors),
        tuple(grown.ops),
        tuple(producer),
        _consumers(grown),
        _goals(grown, outputs),
        inputs,
        outputs,
        cuts,
        frozenset(tensor for op in grown.ops if op.lent for tensor in op.results),
        grown.taken_apart,
        definition,
    )


def _add(grown: Growth, chain: tuple[Node, ...], banded: Banded | None, shares: int | None) -> None:
    """Add what a chain becomes: one op, or several where it is cut into bands or groups, or its sum into shares."""
    node = chain[0]
    field = grown.reach(node)
    if banded is not None:
        add_bands(grown, chain, field, banded)
        return
    if shares is not None:
        add_sum(grown, chain, field, shares)
        return
    result = chain[-1].outputs[0]
    shape = grown.graph.tensors[result].shape
    count = min(grown.groups.get(node.name, 1), shape[1] if len(shape) > 1 else 1)
    if count > 1 and node.op_type == "Concat" and len(chain) == 1:
        take_apart(grown, node)
        return
    if count > 1:
        add_groups(grown, chain, field, count)
        return
    operands = tuple((grown.operand(node.inputs[i]), field.maps[i], i) for i in sorted(field.maps))
    names = chain[-1].outputs if len(chain) > 1 else node.outputs
    grown.append(chain, field, operands, tuple(grown.tensor(name) for name in names if name), grown.rows(result))


def _consumers(grown: Growth) -> tuple[tuple[tuple[int, RowMap], ...], ...]:
    found: list[list[tuple[int, RowMap]]] = [[] for _ in grown.tensors]
    for op in grown.ops:
        for tensor, field, _ in op.operands:
            found[tensor].append((op.index, field))
    return tuple(tuple(entry) for entry in found)


def _goals(grown: Growth, outputs: tuple[int, ...]) -> tuple[int, ...]:
    """Return the rows of each tensor that somebody needs, from the outputs backwards."""
    tensors = grown.tensors
    goals = [0] * len(tensors)
    for tensor in outputs:
        goals[tensor] = tensors[tensor].height
    for op in reversed(grown.ops):
        rows = max((goals[tensor] for tensor in op.results), default=0)
        rows = max(-(-rows // op.granule) * op.granule, op.granule)
        for tensor in op.results:
            goals[tensor] = min(rows, tensors[tensor].height)
        for tensor, field, _ in op.operands:
            goals[tensor] = max(goals[tensor], field.need(0, rows)[1])
    return tuple(goals)
