"""Element-wise operators of one operand: their attributes as numbers, and what they cost on the vector unit."""

from __future__ import annotations

from restructure.graph import Graph, Node

#: Lane operations per element. Transcendental functions count as a table look-up with linear interpolation
#: (compare, multiply, add: 3) plus what surrounds them; piecewise linear ones as their compares, products and sums.
UNARY: dict[str, int] = {
    "Abs": 1,
    "Ceil": 1,
    "Clip": 2,
    "Elu": 5,
    "Erf": 3,
    "Exp": 3,
    "Floor": 1,
    "Gelu": 5,
    "HardSigmoid": 4,
    "HardSwish": 5,
    "LeakyRelu": 2,
    "Log": 3,
    "Mish": 7,
    "Neg": 1,
    "Reciprocal": 3,
    "Relu": 1,
    "Round": 1,
    "Selu": 6,
    "Sigmoid": 3,
    "Softplus": 3,
    "Softsign": 3,
    "Sqrt": 3,
    "Tanh": 3,
}

_DEFAULTS: dict[str, tuple[tuple[str, float], ...]] = {
    "Elu": (("alpha", 1.0),),
    "HardSigmoid": (("alpha", 0.2), ("beta", 0.5)),
    "LeakyRelu": (("alpha", 0.01),),
    "Selu": (("alpha", 1.67326319217681884765625), ("gamma", 1.05070102214813232421875)),
}


def unary_attributes(graph: Graph, node: Node) -> tuple[tuple[str, float], ...]:
    """The numbers that define an element-wise step, defaults of the ONNX standard filled in."""
    if node.op_type == "Clip":
        return _clip_bounds(graph, node)
    if node.op_type == "Gelu":
        return (("tanh", float(node.attributes.get("approximate", "none") == "tanh")),)
    given = node.attributes
    return tuple((name, float(given.get(name, default))) for name, default in _DEFAULTS.get(node.op_type, ()))


def _clip_bounds(graph: Graph, node: Node) -> tuple[tuple[str, float], ...]:
    """Bounds of a Clip, from operands (opset 11 on) or attributes (before); an absent bound is left out."""
    bounds: list[tuple[str, float]] = []
    for position, name in ((1, "min"), (2, "max")):
        operand = node.inputs[position] if len(node.inputs) > position else ""
        if operand:
            value = graph.constant(operand)
            if value is not None:
                bounds.append((name, float(value.reshape(-1)[0])))
        elif name in node.attributes:
            bounds.append((name, float(node.attributes[name])))
    return tuple(bounds)
