"""From a model to its analysed graph: shapes, folded constants, aliases, and only the nodes that do work."""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from restructure import dtypes, operators
from restructure.errors import ModelError, OperatorError, WeightFileError
from restructure.graph import folding
from restructure.graph.checks import check_operators, check_opset, on_constants, ordered
from restructure.graph.dimensions import check_size, input_infos
from restructure.graph.expanding import expand
from restructure.graph.graph import Graph
from restructure.graph.lazy import SMALL, Constant, Derived, Fill, Known, Stored
from restructure.graph.names import fresh
from restructure.graph.records import Node, Role, Source, Tensor
from restructure.graph.schemas import check_node
from restructure.operators import Array, Call, TensorInfo
from restructure.operators.records import tensor_info

if TYPE_CHECKING:
    import onnx_ir as ir

__all__ = ["analyse"]

_LARGEST_LOOKED_AT = 1 << 24
"""Elements of a constant that an operator's meaning may depend on, at most."""

_ALIASES = frozenset({"Identity", "Dropout"})


def analyse(model: "ir.Model", dims: Mapping[str, int], source: Source, where: str) -> Graph:
    """Analyse a model.

    Args:
        dims: sizes of symbolic dimensions.
        where: how messages name the model, usually its path.

    Raises:
        ModelError: one of its subclasses says what is wrong.
    """
    nodes = ordered(where, list(model.graph))
    opsets = {operators.canonical_domain(domain): version for domain, version in model.opset_imports.items()}
    check_opset(where, opsets)
    run = _Analysis(model, dims, opsets, where)
    check_operators(where, nodes, run.constants)
    for original in nodes:
        run.visit(original)
    return run.finish(source)


def _attributes(node: "ir.Node") -> Mapping[str, Any]:
    return MappingProxyType(
        {name: tuple(v) if isinstance(v := a.value, (list, tuple)) else v for name, a in node.attributes.items()}
    )


class _Analysis:
    """One walk over a model. Starts with inputs and initializers, grows by a node per `visit`, ends in `finish`."""

    def __init__(self, model: "ir.Model", dims: Mapping[str, int], opsets: Mapping[str, int], where: str) -> None:
        self.model, self.dims, self.opsets, self.where = model, dims, opsets, where
        initializers = model.graph.initializers
        feeds = [value for value in model.graph.inputs if value.name not in initializers]
        self.infos: dict[str, TensorInfo] = input_infos(where, feeds, dims)
        self.inputs = tuple(self.infos)
        self.constants: dict[str, Constant] = {}
        for name, value in initializers.items():
            if value.const_value is not None:
                self._store(name, value.const_value)
        self.outputs = tuple(str(value.name) for value in model.graph.outputs)
        self.alias: dict[str, str] = {}
        self.kept: list[tuple[ir.Node, Node]] = []
        self.added: list[ir.Node] = []
        self.small: dict[str, Array | None] = {}

    def _store(self, name: str, tensor: "ir.TensorProtocol") -> None:
        try:
            self._know(name, Stored(tensor_info(tensor, f"initializer {name!r}"), tensor))
        except OperatorError as error:
            raise ModelError(f"{self.where}: {error}") from error

    def _know(self, name: str, constant: Constant) -> None:
        self.constants[name] = constant
        self.infos[name] = constant.info

    def _value(self, name: str) -> Array | None:
        """Return a small constant's value, remembered."""
        if name not in self.small:
            constant = self.constants.get(name)
            if constant is None or constant.info.elements > SMALL:
                return None
            try:
                self.small[name] = constant.evaluate()
            except WeightFileError:
                self.small[name] = None
        return self.small[name]

    def _operand(self, original: "ir.Node", name: str | None) -> str:
        name = self.alias.get(name or "", name or "")
        if name and name not in self.infos:
            raise ModelError(f"{self._at(original)}: reads {name!r}, which nothing defines")
        return name

    def _at(self, original: "ir.Node") -> str:
        name = repr(original.name) if original.name else "(unnamed)"
        return f"{self.where}: node {name} ({original.op_type})"

    def visit(self, original: "ir.Node") -> None:
        """Infer the results of one node and decide whether it is a constant, an alias or work."""
        inputs = tuple(self._operand(original, v.name if v is not None else None) for v in original.inputs)
        outputs = tuple(str(value.name or "") for value in original.outputs)
        node = Node(len(self.kept), original.name or "", original.op_type, original.domain, inputs, outputs,
                    _attributes(original))  # fmt: skip
        call = self._call(node)
        try:
            check_node(original, call.inputs, self.opsets)
            if operators.find(node.op_type, node.domain) is None and on_constants(original):
                self._compute(node, call)
                return
            spec = operators.spec(node.op_type, node.domain)
            results = spec.infer(call)
            if spec.category == "constant" or (any(inputs) and all(n in self.constants for n in inputs if n)):
                self._fold(node, call, results)
                return
            spec.check_live(call)
            if not self._aliased(node, results) and not self._expanded(original, node.inputs, call):
                self._keep(original, node, results)
        except ModelError as error:
            kind = OperatorError if isinstance(error, OperatorError) else ModelError
            raise kind(f"{self._at(original)}: {error}") from error
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            # The table trusts the types ONNX prescribes; a damaged file does not keep to them.
            raise OperatorError(f"{self._at(original)}: is malformed: {error}".split("\n")[0]) from error

    def _call(self, node: Node) -> Call:
        infos = tuple(self.infos[name] if name else None for name in node.inputs)
        opset = self.opsets.get(operators.canonical_domain(node.domain), 1)

        def value(index: int) -> Array | None:
            return self._value(node.inputs[index])

        return Call(node.op_type, node.domain, opset, node.attributes, infos, len(node.outputs), value)

    def _fold(self, node: Node, call: Call, results: Sequence[TensorInfo]) -> None:
        for info, name in zip(results, node.outputs, strict=False):
            check_size(name, info, may_be_empty=True)
        if node.op_type == "Constant":
            self._constant(node, results[0])
        elif node.op_type == "ConstantOfShape":
            fill = node.attributes.get("value")
            value = np.zeros((), np.float32) if fill is None else Stored(results[0], fill).evaluate()
            self._know(node.outputs[0], Fill(results[0], value.reshape(())))
        elif node.op_type in ("Shape", "Size"):
            self._know(node.outputs[0], Known(results[0], folding.shape_question(call)))
        elif node.op_type == "EyeLike":
            # Its operand is asked for its shape alone.
            self._know(node.outputs[0], Derived(results[0], "EyeLike", (), partial(folding.eye, call, results[0])))
        elif node.op_type in _ALIASES and node.outputs[0] not in self.outputs:
            self.alias[node.outputs[0]] = node.inputs[0]
        else:
            self._derive(node, call, results)

    def _compute(self, node: Node, call: Call) -> None:
        """Know what an operator without a row gives: even its shape is known by its value alone."""
        operands = [self.constants[name] if name else None for name in node.inputs]
        for operand in operands:
            if operand is not None and operand.info.elements > _LARGEST_LOOKED_AT:
                raise OperatorError(f"is given {operand.info.elements:,} elements, at most {_LARGEST_LOOKED_AT:,}")
        values = folding.compute_by_runtime(call, [None if one is None else one.evaluate() for one in operands])
        for name, value in zip(node.outputs, values, strict=False):
            if name:
                info = TensorInfo(value.shape, value.dtype.name)
                check_size(name, info, may_be_empty=True)
                self._know(name, Known(info, value))

    def _constant(self, node: Node, info: TensorInfo) -> None:
        tensor = node.attributes.get("value")
        if tensor is not None:
            self._know(node.outputs[0], Stored(info, tensor))
            return
        (value,) = (v for name, v in node.attributes.items() if name.startswith("value_"))
        self._know(node.outputs[0], Known(info, np.array(value, dtype=dtypes.numpy_name(info.dtype))))

    def _derive(self, node: Node, call: Call, results: Sequence[TensorInfo]) -> None:
        operands = tuple(self.constants[name] if name else None for name in node.inputs)

        def compute(arrays: Sequence[Array | None]) -> Sequence[Array]:
            return folding.compute(call, results, arrays)

        for index, (name, info) in enumerate(zip(node.outputs, results, strict=False)):
            if name:
                self._know(name, Derived(info, node.op_type, operands, compute, index))

    def _aliased(self, node: Node, results: Sequence[TensorInfo]) -> bool:
        """Drop a node that hands its operand on unchanged, unless its result must carry an output's name."""
        same = node.op_type in _ALIASES or (node.op_type == "Cast" and results[0] == self.infos[node.inputs[0]])
        if not same or node.outputs[0] in self.outputs:
            return False
        self.alias[node.outputs[0]] = node.inputs[0]
        for name, info in zip(node.outputs[1:], results[1:], strict=False):
            self._know(name, Fill(info, np.array(True)))
        return True

    def _expanded(self, original: "ir.Node", names: Sequence[str], call: Call) -> bool:
        """Take a node of operands `names` as others that say the same, if there are such."""

        def constant(index: int) -> Array | None:
            known = self.constants.get(names[index])
            if known is None or known.info.elements > _LARGEST_LOOKED_AT:
                return None
            try:
                return known.evaluate()
            except WeightFileError:
                return None

        found = expand(original, names, call, constant, lambda name: fresh(name, self.taken))
        if found is None:
            return False
        self.added += found.nodes
        for simpler in found.nodes:
            self.visit(simpler)
        return True

    @cached_property
    def taken(self) -> set[str]:
        """Names of the model's tensors."""
        graph = self.model.graph
        made = (value for node in graph for value in node.outputs)
        return {str(value.name) for values in (graph.inputs, graph.initializers.values(), made) for value in values}

    def _keep(self, original: "ir.Node", node: Node, results: Sequence[TensorInfo]) -> None:
        if len(results) < len(node.outputs):
            raise OperatorError(f"has {len(node.outputs)} results, the operator {len(results)}")
        for name, info in zip(node.outputs, results, strict=False):
            if name:
                check_size(name, info)
                self.infos[name] = info
        self.kept.append((original, node))

    def finish(self, source: Source) -> Graph:
        """Drop what no output needs, name what has no name, and return the graph."""
        outputs = tuple(self._operand_of_output(name) for name in self.outputs)
        live = self._live(outputs)
        names = _unique_names([node for _, node in live])
        nodes = [
            Node(index, names[index], node.op_type, operators.canonical_domain(node.domain), node.inputs, node.outputs,
                 node.attributes)
            for index, (_, node) in enumerate(live)
        ]  # fmt: skip
        return Graph(
            name=self.model.graph.name or "model",
            nodes=nodes,
            inputs=self.inputs,
            outputs=outputs,
            tensors=MappingProxyType(self._tensors(nodes, outputs)),
            constants=self.constants,
            opsets=MappingProxyType(dict(self.opsets)),
            model=self.model,
            originals=[original for original, _ in live],
            source=source,
            dims=MappingProxyType(dict(self.dims)),
            added=self.added,
        )

    def _operand_of_output(self, name: str) -> str:
        name = self.alias.get(name, name)
        if name not in self.infos:
            raise ModelError(f"{self.where}: output {name!r} is produced by no node")
        return name

    def _live(self, outputs: Sequence[str]) -> list[tuple["ir.Node", Node]]:
        needed, live = set(outputs), []
        for original, node in reversed(self.kept):
            if needed.intersection(node.outputs):
                needed.update(node.inputs)
                live.append((original, node))
        return live[::-1]

    def _tensors(self, nodes: Sequence[Node], outputs: Sequence[str]) -> dict[str, Tensor]:
        names = dict.fromkeys((*self.inputs, *(n for node in nodes for n in (*node.inputs, *node.outputs)), *outputs))
        names.pop("", None)
        return {name: Tensor(name, self.infos[name].shape, self.infos[name].dtype, self._role(name, outputs))
                for name in names}  # fmt: skip

    def _role(self, name: str, outputs: Sequence[str]) -> Role:
        if name in self.constants:
            return "weight"
        if name in self.inputs:
            return "input"
        return "output" if name in outputs else "activation"


def _unique_names(nodes: Sequence[Node]) -> list[str]:
    """Return a name per node: its own, else operator and position; a repeated one gets a number."""
    taken: set[str] = set()
    return [fresh(node.name or f"{node.op_type}_{index}", taken) for index, node in enumerate(nodes)]
