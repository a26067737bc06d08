"""What each weight of a model is for: decides which synthetic values may stand for it.

Weights that say *how* an operator works (clip bounds, resize scales, quantisation scales) are *kept*: they have no
role and no synthetic value.
"""

from dataclasses import dataclass
from math import prod
from typing import Literal

from restructure import operators
from restructure.graph import Graph, Node
from restructure.operators import Shape

__all__ = ["FLOATS", "Role", "Weight", "fan_in", "weights_of"]

Role = Literal["filter", "bias", "scale", "mean", "variance", "operand"]
FLOATS = frozenset({"float32", "float16", "float64", "bfloat16"})

_KEPT = {
    "Clip": (1, 2), "Resize": (1, 2), "Upsample": (1,), "Pad": (2,), "Pow": (1,), "QuantizeLinear": (1,),
    "DequantizeLinear": (1,), "Range": (0, 1, 2), "OneHot": (2,), "Dropout": (1,), "PRelu": (),
}  # fmt: skip
_NORMALISED: dict[int, Role] = {1: "scale", 2: "bias", 3: "mean", 4: "variance"}
_ROLES: dict[str, dict[int, Role]] = {
    "Conv": {1: "filter", 2: "bias"},
    "FusedConv": {1: "filter", 2: "bias"},
    "ConvTranspose": {1: "filter", 2: "bias"},
    "Gemm": {0: "filter", 1: "filter", 2: "bias"},
    "MatMul": {0: "filter", 1: "filter"},
    "Einsum": {0: "filter", 1: "filter"},
    "BatchNormalization": _NORMALISED,
    "LayerNormalization": _NORMALISED,
    "InstanceNormalization": _NORMALISED,
    "GroupNormalization": _NORMALISED,
}


@dataclass(frozen=True, slots=True)
class Weight:
    """A floating-point weight that synthetic values may replace.

    Attributes:
        fan_in: products that are summed for one result, where the role is a filter; else 1.
        epsilon: what the operator adds to a variance.
    """

    name: str
    shape: Shape
    role: Role
    fan_in: int = 1
    epsilon: float = 0.0


def fan_in(graph: Graph, node: Node) -> int:
    """Return how many products (or terms) are summed for one element of the node's result."""
    if node.op_type in ("Conv", "FusedConv", "QLinearConv", "ConvInteger", "ConvTranspose"):
        g = operators.conv_geometry(node, graph)
        return g.channels // g.groups * prod(g.kernel)
    if node.op_type in ("MatMul", "Gemm", "QLinearMatMul", "QGemm"):
        return operators.matmul_dims(node, graph)[2]
    if graph.spec(node).category == "pool":
        return prod(operators.pool_geometry(node, graph).kernel)
    operands = max((graph.tensors[name].elements for name in node.inputs if name), default=1)
    if graph.spec(node).category in ("reduce", "softmax", "matmul", "normalization"):
        return operands if not graph.spec(node).elementwise else 1
    return 1


def weights_of(graph: Graph) -> dict[str, Weight]:
    """Return the weights of a model that may be replaced, by name."""
    found: dict[str, Weight] = {}
    kept: set[str] = set()
    for node in graph.nodes:
        for index, name in enumerate(node.inputs):
            if not name or not graph.is_constant(name) or graph.tensors[name].dtype not in FLOATS:
                continue
            if node.domain or node.op_type.startswith("QLinear") or index in _KEPT.get(node.op_type, ()):
                kept.add(name)
            else:
                found.setdefault(name, _weight(graph, node, index, name))
    return {name: weight for name, weight in found.items() if name not in kept}


def _weight(graph: Graph, node: Node, index: int, name: str) -> Weight:
    role = _ROLES.get(node.op_type, {}).get(index, "operand")
    shape = graph.tensors[name].shape
    if role == "filter":
        return Weight(name, shape, role, fan_in(graph, node))
    epsilon = node.attributes.get("epsilon", 1e-5) if role == "variance" else 0.0
    return Weight(name, shape, role, epsilon=float(epsilon))
