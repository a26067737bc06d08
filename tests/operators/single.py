"""Helpers of the operator tests: small models, compiled, timed and executed beside onnxruntime."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

from accelsim import functional, machine
from accelsim.compiler import compile_network
from accelsim.hardware import Hardware, load
from accelsim.program import Instruction, Opcode, Program, hazards
from accelsim.simulation import lowered
from accelsim.workload import Layer, Workload
from restructure.graph import load as load_graph
from restructure.verify.products import with_unsigned_weights

#: Both sides compute in float32, in different orders.
TOLERANCE = 2e-5

#: A scratchpad in which most of the small layers below need several tiles.
SMALL = ("scratchpad.capacity=3 KiB", "accumulator=null", "pe_array.rows=4", "pe_array.columns=4")


@dataclass(frozen=True)
class Run:
    """A compiled, timed and executed model, with onnxruntime's outputs beside its own."""

    workload: Workload
    program: Program
    found: dict[str, np.ndarray]
    expected: dict[str, np.ndarray]

    @property
    def layers(self) -> list[Layer]:
        """The layers of the workload."""
        return list(self.workload.layers)

    @property
    def kernels(self) -> list[str]:
        """What each layer computes."""
        return [layer.kernel.operator for layer in self.workload.layers]

    def computing(self) -> list[Instruction]:
        """ARRAY and VECTOR instructions in order."""
        return [i for i in self.program.instructions if i.opcode in (Opcode.ARRAY, Opcode.VECTOR)]

    def cycles(self) -> int:
        """Cycles of all ARRAY and VECTOR instructions."""
        return sum(i.work.cycles for i in self.computing())

    def moved(self, opcode: Opcode) -> int:
        """Bytes that LOADs or STOREs move."""
        return sum(i.reads[0].bytes for i in self.program.instructions if i.opcode is opcode)


def rng_for(name: str) -> np.random.Generator:
    """A generator seeded by a name."""
    return np.random.default_rng(sum(name.encode()))


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, np.ndarray],
    weights: Mapping[str, np.ndarray],
    outputs: Sequence[str],
    opset: int,
) -> onnx.ModelProto:
    """A model whose output types and shapes are inferred."""
    domains = {node.domain for node in nodes} - {""}
    graph = helper.make_graph(
        list(nodes),
        "small",
        [
            helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
            for n, a in inputs.items()
        ],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [numpy_helper.from_array(np.array(array, order="C"), name) for name, array in weights.items()],
    )
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in sorted(domains))]
    made = helper.make_model(graph, opset_imports=imports, ir_version=10)
    session = reference_session(made)
    for value, result in zip(made.graph.output, session.get_outputs(), strict=True):
        kind = {"tensor(float)": 1, "tensor(uint8)": 2, "tensor(int8)": 3, "tensor(int32)": 6, "tensor(int64)": 7,
                "tensor(bool)": 9, "tensor(float16)": 10}[result.type]  # fmt: skip
        value.CopyFrom(helper.make_tensor_value_info(value.name, kind, result.shape))
    return made


def reference_session(made: onnx.ModelProto) -> ort.InferenceSession:
    """A session that computes what the model says on any processor (see `restructure.verify.products`)."""
    exact = onnx.ModelProto()
    exact.CopyFrom(made)
    with_unsigned_weights(exact)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(exact.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, np.ndarray],
    weights: Mapping[str, np.ndarray] | None = None,
    outputs: Sequence[str] = ("y",),
    opset: int = 17,
    hardware: Hardware | Sequence[str] = (),
) -> Run:
    """Compile, time and execute a model; onnxruntime does the same."""
    made = model(nodes, inputs, weights or {}, outputs, opset)
    described = hardware if isinstance(hardware, Hardware) else load("edge_npu", list(hardware))
    workload = lowered(load_graph(made), described)
    program = compile_network(workload, described)  # nothing is tried out: that would take sixteen times as long
    trace = machine.run(program, machine.Timing.of(described), hazards(program))
    tensors = {tensor.name: tensor for tensor in program.tensors}

    def values(name: str) -> np.ndarray:
        if name not in inputs:
            return workload.values[name]()
        tensor = tensors[name]
        axes = tensor.onnx_axes
        return inputs[name].reshape([tensor.shape[a] for a in axes]).transpose(np.argsort(axes)).astype(np.float32)

    found = functional.execute(program, values, trace)
    expected = dict(zip(outputs, reference_session(made).run(list(outputs), dict(inputs)), strict=True))
    return Run(workload, program, found, expected)


def assert_equal(result: Run, tolerance: float = TOLERANCE) -> None:
    """Every output has onnxruntime's shape and values, relative to the largest."""
    for name, expected in result.expected.items():
        found = result.found[name]
        assert found.shape == expected.shape, name
        wide = expected.astype(np.float64)
        assert np.abs(found - wide).max() <= tolerance * max(1.0, float(np.abs(wide).max())), name


def check(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, np.ndarray],
    weights: Mapping[str, np.ndarray] | None = None,
    tolerance: float = TOLERANCE,
    **options: object,
) -> Run:
    """Run with a roomy and with a tiny scratchpad; both must equal onnxruntime. Returns the roomy run."""
    assert_equal(run(nodes, inputs, weights, hardware=SMALL, **options), tolerance)  # type: ignore[arg-type]
    result = run(nodes, inputs, weights, **options)  # type: ignore[arg-type]
    assert_equal(result, tolerance)
    return result


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Seeded normal numbers, float32."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def node(op: str, inputs: str, output: str = "y", **attributes: object) -> onnx.NodeProto:
    """A node from space-separated operand names; ``-`` stands for an absent one."""
    names = ["" if name == "-" else name for name in inputs.split()]
    return helper.make_node(op, names, output.split(), **attributes)


def integers(*shape: int, low: int = -127, high: int = 128, dtype: type = np.int8, seed: int = 0) -> np.ndarray:
    """Seeded whole numbers from `low` to below `high`."""
    return np.random.default_rng(seed).integers(low, high, shape).astype(dtype)


def unsigned(*shape: int, seed: int = 0) -> np.ndarray:
    """Seeded bytes."""
    return integers(*shape, low=0, high=256, dtype=np.uint8, seed=seed)


def scale(value: float) -> np.ndarray:
    """A scale as an operand."""
    return np.array(value, dtype=np.float32)


def zero(value: int, dtype: type = np.uint8) -> np.ndarray:
    """A zero point as an operand."""
    return np.array(value, dtype=dtype)
