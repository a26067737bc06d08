"""The analysed, immutable view of a model: what does work, in which order, on tensors of which shape."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from restructure import operators
from restructure.errors import ModelError, WeightFileError
from restructure.graph.lazy import SMALL, Constant, stored_dtype
from restructure.graph.records import Node, Source, Tensor
from restructure.operators import Array, Call, OperatorSpec, TensorInfo

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["Graph"]

_NOT_LEARNED = frozenset({"int64", "bool", "string"})


class Graph:
    """An analysed model; facts only, built by `load` or the zoo.

    Nodes that vanish at inference (constants, shape arithmetic, Identity, Dropout) are not listed, nor is what no
    output needs. Weights are lazy: no method but `weight` makes a large one.

    Attributes:
        nodes: in topological order, the file's own where that is valid.
        inputs: names the caller must feed; initializers are not among them.
        tensors: every tensor that a node or an output names.
        model: the model as it was given, unfolded; its weights are lazy too.
        dims: symbolic dimensions and the sizes they were pinned to.
        added: nodes that stand for nodes of `model` which say several things at once.
    """

    def __init__(
        self,
        name: str,
        nodes: Sequence[Node],
        inputs: Sequence[str],
        outputs: Sequence[str],
        tensors: Mapping[str, Tensor],
        constants: Mapping[str, Constant],
        opsets: Mapping[str, int],
        model: "ir.Model",
        originals: Sequence["ir.Node"],
        source: Source,
        dims: Mapping[str, int],
        added: Sequence["ir.Node"] = (),
    ) -> None:
        self.name = name
        self.nodes = tuple(nodes)
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.tensors = tensors
        self.opsets = opsets
        self.model = model
        self.source = source
        self.dims = dims
        self.added = tuple(added)
        self._constants = constants
        self._originals = tuple(originals)
        self._small: dict[str, Array | None] = {}

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name}: {list(self.tensors[name].shape)}" for name in self.inputs)
        return f"<Graph {self.name!r} ({shapes}), {len(self.nodes)} nodes>"

    @cached_property
    def _producers(self) -> dict[str, Node]:
        return {name: node for node in self.nodes for name in node.outputs if name}

    @cached_property
    def _consumers(self) -> dict[str, tuple[Node, ...]]:
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                found.setdefault(name, []).append(node)
        return {name: tuple(nodes) for name, nodes in found.items()}

    def producer(self, name: str) -> Node | None:
        """Return the node that makes tensor `name`, or None for inputs and weights."""
        return self._producers.get(name)

    def consumers(self, name: str) -> tuple[Node, ...]:
        """Return the nodes that read tensor `name`, in order, each once."""
        return self._consumers.get(name, ())

    def original(self, node: Node) -> "ir.Node":
        """Return the node of `model`, or among those added, that `node` describes."""
        return self._originals[node.index]

    def reordered(self, names: Sequence[str]) -> "Graph":
        """Return the same graph with its nodes, given by name, in another order that works."""
        named = {node.name: node for node in self.nodes}
        nodes = [replace(named[name], index=index) for index, name in enumerate(names)]
        originals = [self._originals[named[name].index] for name in names]
        return Graph(
            self.name, nodes, self.inputs, self.outputs, self.tensors, self._constants, self.opsets, self.model,
            originals, self.source, self.dims, self.added,
        )  # fmt: skip

    def is_constant(self, name: str) -> bool:
        """Whether tensor `name` is known before the model runs."""
        return name in self._constants

    def constant(self, name: str) -> Array | None:
        """Return the value of a small constant (at most 4096 elements) that needs no missing file, else None."""
        if name not in self._small:
            self._small[name] = self._evaluate_small(name)
        return self._small[name]

    def _evaluate_small(self, name: str) -> Array | None:
        constant = self._constants.get(name)
        if constant is None or constant.info.elements > SMALL:
            return None
        try:
            return constant.evaluate()
        except WeightFileError:
            return None

    def weight(self, name: str) -> Array:
        """Return the values of one constant, whatever its size; nothing is kept.

        Raises:
            WeightFileError: they lie in an external file that is missing, too short or outside the model's folder.
            ModelError: `name` is no constant of this graph.
        """
        constant = self._constants.get(name)
        where = self.source.path or self.name
        if constant is None:
            raise ModelError(f"{where}: {name!r} is no weight")
        try:
            return constant.evaluate()
        except WeightFileError as error:
            raise WeightFileError(f"{where}: {error}") from error
        except ModelError as error:
            raise ModelError(f"{where}: {error}") from error

    def stored_dtype(self, name: str) -> str:
        """Return the element type a tensor's values are stored in: a weight behind a DequantizeLinear is int8, say."""
        constant = self._constants.get(name)
        return self.tensors[name].dtype if constant is None else stored_dtype(constant)

    def spec(self, node: Node) -> OperatorSpec:
        """Return the node's row in the operator table."""
        return operators.spec(node.op_type, node.domain)

    def call(self, node: Node) -> Call:
        """Return the node as an operator call: operand shapes, attributes, small constants."""

        def value(index: int) -> Array | None:
            return self.constant(node.inputs[index])

        infos = tuple(self._info(name) for name in node.inputs)
        opset = self.opsets.get(operators.canonical_domain(node.domain), 1)
        return Call(node.op_type, node.domain, opset, node.attributes, infos, len(node.outputs), value)

    def _info(self, name: str) -> TensorInfo | None:
        tensor = self.tensors.get(name)
        return None if tensor is None else TensorInfo(tensor.shape, tensor.dtype)

    @cached_property
    def _macs(self) -> tuple[int, ...]:
        return tuple(self._count_macs(node) for node in self.nodes)

    def _count_macs(self, node: Node) -> int:
        results = [info for name in node.outputs if (info := self._info(name)) is not None]
        return self.spec(node).macs(self.call(node), results)

    def macs_of(self, node: Node) -> int:
        """Return the multiply-accumulates of one node (bias adds not counted)."""
        return self._macs[node.index]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of convolutions and matrix products (bias adds not counted)."""
        return sum(self._macs)

    @cached_property
    def parameter_count(self) -> int:
        """Learned values: weights and biases, not running statistics, bounds, scales, axes or scalars."""
        return sum(self.tensors[name].elements for name in self._parameters())

    def _parameters(self) -> dict[str, None]:
        names: dict[str, None] = {}
        for node in self.nodes:
            learned = self.spec(node).parameters
            for index, name in enumerate(node.inputs):
                if name in self._constants and (learned is None or index in learned):
                    tensor = self.tensors[name]
                    if tensor.shape and tensor.dtype not in _NOT_LEARNED:
                        names[name] = None
        return names
