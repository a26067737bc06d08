"""Element-wise operators: the attributes of those of one operand as numbers, and what all cost on the vector unit."""

from __future__ import annotations

from restructure.graph import Graph, Node

#: Lane operations per element. Transcendental functions count as a table look-up with linear interpolation
#: (compare, multiply, add: 3) plus what surrounds them; piecewise linear ones as their compares, products and sums.
UNARY: dict[str, int] = {
    "Abs": 1,
    "Acos": 3,
    "Acosh": 3,
    "Asin": 3,
    "Asinh": 3,
    "Atan": 3,
    "Atanh": 3,
    "BitwiseNot": 1,
    "Cast": 1,
    "Ceil": 1,
    "Celu": 6,
    "Clip": 2,
    "Cos": 3,
    "Cosh": 3,
    "DequantizeLinear": 2,
    "Elu": 5,
    "Erf": 3,
    "Exp": 3,
    "FakeQuantize": 4,
    "FastGelu": 5,
    "Floor": 1,
    "Gelu": 5,
    "HardSigmoid": 4,
    "HardSwish": 5,
    "Identity": 0,
    "IsInf": 1,
    "IsNaN": 1,
    "LeakyRelu": 2,
    "Log": 3,
    "Mish": 7,
    "Neg": 1,
    "Not": 1,
    "QuantizeLinear": 4,
    "QuickGelu": 5,
    "Reciprocal": 3,
    "Relu": 1,
    "Round": 1,
    "Selu": 6,
    "Shrink": 3,
    "Sigmoid": 3,
    "Sign": 2,
    "Sin": 3,
    "Sinh": 3,
    "Softplus": 3,
    "Softsign": 3,
    "Sqrt": 3,
    "Swish": 4,
    "Tan": 3,
    "Tanh": 3,
    "ThresholdedRelu": 1,
}

#: Lane operations per element and further operand. A quotient is a reciprocal and a product, a power a logarithm, a
#: product and an exponential.
BINARY: dict[str, int] = {
    "Add": 1,
    "And": 1,
    "BitShift": 1,
    "BitwiseAnd": 1,
    "BitwiseOr": 1,
    "BitwiseXor": 1,
    "Div": 3,
    "Equal": 1,
    "Greater": 1,
    "GreaterOrEqual": 1,
    "Less": 1,
    "LessOrEqual": 1,
    "Max": 1,
    "Mean": 1,
    "Min": 1,
    "Mod": 4,
    "Mul": 1,
    "Or": 1,
    "PRelu": 2,
    "Pow": 7,
    "Sub": 1,
    "Sum": 1,
    "Xor": 1,
}

_INTEGERS = frozenset({"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})

_DEFAULTS: dict[str, tuple[tuple[str, float], ...]] = {
    "Celu": (("alpha", 1.0),),
    "Elu": (("alpha", 1.0),),
    "HardSigmoid": (("alpha", 0.2), ("beta", 0.5)),
    "LeakyRelu": (("alpha", 0.01),),
    "QuickGelu": (("alpha", 1.702),),
    "Selu": (("alpha", 1.67326319217681884765625), ("gamma", 1.05070102214813232421875)),
    "Shrink": (("bias", 0.0), ("lambd", 0.5)),
    "Swish": (("alpha", 1.0),),
    "ThresholdedRelu": (("alpha", 1.0),),
}


def unary_attributes(graph: Graph, node: Node) -> tuple[tuple[str, float], ...]:
    """The numbers that define an element-wise step, defaults of the ONNX standard filled in."""
    if node.op_type == "Clip":
        return _clip_bounds(graph, node)
    if node.op_type == "Gelu":
        return (("tanh", float(node.attributes.get("approximate", "none") == "tanh")),)
    if node.op_type == "Cast":
        return (("integer", float(graph.tensors[node.outputs[0]].dtype in _INTEGERS)),)
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
