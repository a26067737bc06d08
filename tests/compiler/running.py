"""Helpers of the compiler tests: compile, run and execute a model against onnxruntime."""

from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

from accelsim import functional, machine
from accelsim.compiler import compile_network
from accelsim.hardware import Hardware
from accelsim.mapping import Pins
from accelsim.program import Program, hazards
from accelsim.trace import Trace
from accelsim.workload import Workload, build
from restructure.graph import load


@dataclass(frozen=True)
class Run:
    """A compiled and timed model."""

    workload: Workload
    program: Program
    trace: Trace


def compiled(model: onnx.ModelProto, hardware: Hardware, pins: Pins | None = None) -> Run:
    """Compile and time a model."""
    workload = build(load(model))
    program = compile_network(workload, hardware, pins)
    return Run(workload, program, machine.run(program, machine.Timing.of(hardware), hazards(program)))


def executed(run: Run, x: np.ndarray, seed: int | None = None) -> np.ndarray:
    """The first output, in the order of the trace or, with a seed, in a random legal order."""
    order = run.trace if seed is None else functional.random_order(run.program, hazards(run.program), seed)

    def values(name: str) -> np.ndarray:
        return x.transpose(0, 2, 3, 1) if name == "x" else run.workload.values[name]()

    return functional.execute(run.program, values, order)[run.program.outputs[0].name]


def reference(model: onnx.ModelProto, x: np.ndarray) -> np.ndarray:
    """The first output as onnxruntime computes it, nothing optimised."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def product(rows: int, depth: int, columns: int) -> onnx.ModelProto:
    """The product of `rows` vectors with a matrix of random weights."""
    weights = np.random.default_rng(0).standard_normal((depth, columns)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [rows, depth])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [rows, columns])],
        [numpy_helper.from_array(weights, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
