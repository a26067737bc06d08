"""Active memory counted a second time, the obvious way: run the file's node list and keep a list of boxes.

Shares no code with `restructure.profile`, which sums intervals: here every tensor lies in a box, a box is thrown away
when the last reader of its tensors has run, and after every node somebody adds up the boxes that are there. Shapes come
from the onnx package's own inference and what works in place from the list below.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING

from restructure.errors import ModelError
from restructure.graph import Graph
from restructure.profile import Definition
from restructure.verify.count_placed import PlacedCounter
from restructure.verify.lean import lean_proto, settle_ceil_mode
from restructure.verify.widening import foreign_integers, in_float32

if TYPE_CHECKING:
    import onnx

__all__ = ["ELEMENTWISE", "Count", "CountedStep", "count"]

_VIEWS = frozenset({"Identity", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze"})
_SOURCES = frozenset({"Constant", "ConstantOfShape", "Shape", "Size", "Range"})
ELEMENTWISE = frozenset({
    "Abs", "Acos", "Acosh", "Add", "And", "Asin", "Asinh", "Atan", "Atanh", "BatchNormalization", "BiasGelu",
    "BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "Cast", "CastLike", "Ceil", "Celu", "Clip",
    "Cos", "Cosh", "DequantizeLinear", "Div", "Elu", "Equal", "Erf", "Exp", "FastGelu", "Floor", "Gelu", "Greater",
    "GreaterOrEqual", "HardSigmoid", "HardSwish", "IsInf", "IsNaN", "LeakyRelu", "Less", "LessOrEqual", "Log",
    "Max", "Mean", "Min", "Mish", "Mod", "Mul", "Neg", "Not", "Or", "PRelu", "Pow", "QLinearAdd",
    "QLinearLeakyRelu", "QLinearMul", "QLinearSigmoid", "QuantizeLinear", "QuickGelu", "Reciprocal", "Relu",
    "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Sub", "Sum",
    "Swish", "Tan", "Tanh", "ThresholdedRelu", "Where", "Xor",
})  # fmt: skip
"""Operators that may overwrite an operand of equal size that nobody reads again."""


@dataclass(frozen=True, slots=True)
class CountedStep:
    """What was there while one node ran."""

    node: str
    live_elements: int
    live_bytes: int


@dataclass(frozen=True, slots=True)
class Count:
    """The result of a count.

    Attributes:
        peak_elements, peak_bytes: the fullest moment.
        steps: one per node that works on activations, in the file's order.
    """

    peak_elements: int
    peak_bytes: int
    steps: tuple[CountedStep, ...]


@dataclass(slots=True)
class _Box:
    """Memory of one activation and of whatever takes it over; thrown away when `waiting` is 0."""

    elements: int
    octets: int
    of_caller: bool = False
    waiting: int = 0


@dataclass(slots=True)
class _Counter:
    """One pass over the nodes."""

    definition: Definition
    infos: dict[str, tuple[tuple[int, ...], int]]
    readers: Counter[str]
    boxes: dict[str, _Box] = field(default_factory=dict)
    here: list[_Box] = field(default_factory=list)
    steps: list[CountedStep] = field(default_factory=list)

    def put(self, name: str, box: _Box) -> None:
        """Say that `name` lies in `box` from now on."""
        self.boxes[name] = box
        box.waiting += self.readers[name]
        if not any(box is other for other in self.here):
            self.here.append(box)

    def new_box(self, name: str, of_caller: bool = False) -> _Box:
        shape, bits = self.infos[name]
        wanted = {"int8": 8, "fp16": 16, "fp32": 32}.get(self.definition.dtype or "", bits)
        return _Box(prod(shape), (prod(shape) * wanted + 7) // 8, of_caller)

    def run(self, node: "onnx.NodeProto") -> None:
        operands = [name for name in dict.fromkeys(node.input) if name in self.boxes]
        results = [name for name in node.output if name]
        for index, name in enumerate(results):
            taken = self.box_to_take(node, operands, name) if index == 0 else None
            self.put(name, taken or self.new_box(name))
        counted = [box for box in self.here if self.definition.input_counted or not box.of_caller]
        elements, octets = sum(b.elements for b in counted), sum(b.octets for b in counted)
        self.steps.append(CountedStep(node.name, elements, octets))
        for name in operands:
            self.boxes[name].waiting -= 1
        self.here = [box for box in self.here if box.waiting > 0]

    def box_to_take(self, node: "onnx.NodeProto", operands: list[str], result: str) -> _Box | None:
        """Return the operand's box that the first result lies in, or None if it needs one of its own."""
        if node.op_type in _VIEWS:
            return self.boxes[operands[0]]
        alone = len(operands) == 1
        if node.op_type == "Conv" and self.definition.depthwise_in_place:
            return self.box_of_depthwise(node, operands[0], result)
        allowed = self.definition.activation_in_place if alone else self.definition.add_in_place
        if not allowed or node.op_type not in ELEMENTWISE:
            return None
        for name in operands:
            box = self.boxes[name]
            last = box.waiting == sum(self.boxes[other] is box for other in operands)
            (shape, bits), (wanted_shape, wanted_bits) = self.infos[name], self.infos[result]
            if last and not box.of_caller and shape == wanted_shape and bits == wanted_bits:
                return box
        return None

    def box_of_depthwise(self, node: "onnx.NodeProto", operand: str, result: str) -> _Box | None:
        """Return the operand's box if each channel of a convolution can overwrite the one it is made from."""
        groups = next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)
        (shape, bits), (new_shape, new_bits) = self.infos[operand], self.infos[result]
        box = self.boxes[operand]
        fits = groups == shape[1] == new_shape[1] > 1 and prod(new_shape) * new_bits <= prod(shape) * bits
        return box if fits and box.waiting == 1 and not box.of_caller else None


def count(graph: Graph, definition: Definition | None = None) -> Count:
    """Count the active memory of the model behind `graph`, in the order of its file.

    Raises:
        ModelError: onnx's shape inference refuses the model.
    """
    definition = definition or Definition()
    foreign = foreign_integers(graph)
    if foreign is not None:  # onnx infers shapes in float32 only; an element takes its byte all the same
        graph, definition = in_float32(graph, foreign), replace(definition, dtype=definition.dtype or "int8")
    proto, left_out = lean_proto(graph)
    infos = _infos(proto, graph)
    nodes = _working_nodes(proto.graph, left_out)
    readers = Counter(name for node in nodes for name in set(node.input))
    readers.update(output.name for output in proto.graph.output)
    if definition.layout == "placed":
        return _placed(graph, definition, infos, nodes, [output.name for output in proto.graph.output])
    counter = _Counter(definition, infos, readers)
    for name in graph.inputs:
        counter.put(name, counter.new_box(name, of_caller=True))
    for node in nodes:
        counter.run(node)
    return Count(
        max((step.live_elements for step in counter.steps), default=0),
        max((step.live_bytes for step in counter.steps), default=0),
        tuple(counter.steps),
    )


def _placed(
    graph: Graph,
    definition: Definition,
    infos: dict[str, tuple[tuple[int, ...], int]],
    nodes: "list[onnx.NodeProto]",
    outputs: list[str],
) -> Count:
    counter = PlacedCounter(graph, definition, infos, ELEMENTWISE)
    counter.run(nodes, outputs)
    steps = tuple(CountedStep(n.name, *live) for n, live in zip(nodes, counter.steps, strict=True))
    return Count(max((s.live_elements for s in steps), default=0), max((s.live_bytes for s in steps), default=0), steps)


def _working_nodes(proto: "onnx.GraphProto", left_out: frozenset[str]) -> "list[onnx.NodeProto]":
    """Return the nodes that depend on an input and that an output depends on."""
    known = {tensor.name for tensor in proto.initializer} | left_out | {""}
    working = []
    for node in proto.node:
        if node.op_type in _SOURCES or (node.input and known.issuperset(node.input)):
            known.update(node.output)
        else:
            working.append(node)
    needed = {output.name for output in proto.output}
    kept = []
    for node in reversed(working):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    return kept[::-1]


def _infos(proto: "onnx.ModelProto", graph: Graph) -> dict[str, tuple[tuple[int, ...], int]]:
    """Return shape and bits per element of each tensor, as the onnx package infers them."""
    import onnx

    settle_ceil_mode(proto, graph)
    try:
        inferred = onnx.shape_inference.infer_shapes(proto, check_type=True, strict_mode=True, data_prop=True)
    except Exception as error:
        raise ModelError(f"{graph.name}: onnx cannot infer its shapes: {str(error).splitlines()[0]}") from error
    infos = {}
    for value in (*inferred.graph.input, *inferred.graph.value_info, *inferred.graph.output):
        tensor = value.type.tensor_type
        if all(dim.HasField("dim_value") for dim in tensor.shape.dim) and tensor.HasField("shape"):
            shape = tuple(dim.dim_value for dim in tensor.shape.dim)
            infos[value.name] = (shape, _bits(tensor.elem_type))
    # Behind computed shapes the onnx package loses track; what the graph knows stands in.
    for name, tensor in graph.tensors.items():
        infos.setdefault(name, (tensor.shape, -(-tensor.bytes * 8 // max(tensor.elements, 1))))
    return infos


def _bits(element_type: int) -> int:
    from onnx import TensorProto, helper

    name = TensorProto.DataType.Name(element_type)
    if name in ("INT4", "UINT4", "FLOAT4E2M1"):
        return 4
    return int(helper.tensor_dtype_to_np_dtype(element_type).itemsize) * 8
