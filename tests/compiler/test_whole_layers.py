"""A layer pinned to one tile takes exactly the cycles SCALE-Sim 3.0.0 reports for it (tests/data/systolic.md)."""

import csv
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from running import compiled

from accelsim.hardware import load
from accelsim.mapping import Pin, Pins
from accelsim.program import Opcode

DATA = Path(__file__).parents[1] / "data"
DATAFLOWS = ("ws", "os", "is")
ARRAYS = ((8, 8), (16, 4), (4, 16), (32, 32), (7, 13))


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open() as file:
        return list(csv.DictReader(file))


def model(nodes: list[onnx.NodeProto], x: tuple[int, ...], y: tuple[int, ...], w: tuple[int, ...]) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, y)],
        [numpy_helper.from_array(np.zeros(w, np.float32), "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def array_cycles(network: onnx.ModelProto, hardware) -> int:
    """Cycles of the one array instruction the pinned layer becomes."""
    whole = Pin(batch=10**6, rows=10**6, columns=10**6, filters=10**6, channels=10**6, order="SKC", hold=())
    program = compiled(network, hardware, Pins((("*", whole),))).program
    (instruction,) = (i for i in program.instructions if i.opcode is Opcode.ARRAY)
    return instruction.work.cycles


def wide(dataflow: str, r: int, c: int):
    """The preset with another array and memory that never binds."""
    return load(
        "systolic_32x32",
        [f"pe_array.dataflow={dataflow}", f"pe_array.rows={r}", f"pe_array.columns={c}", "scratchpad.capacity=1 GiB"],
    )


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a[0]}x{a[1]}")
@pytest.mark.parametrize("dataflow", DATAFLOWS)
def test_matrix_products_take_the_cycles_scale_sim_reports(array, dataflow):
    hardware = wide(dataflow, *array)
    cases = [
        r
        for r in rows("systolic_cycles.csv")
        if r["dataflow"] == dataflow and (int(r["rows"]), int(r["columns"])) == array
    ]
    assert len(cases) == 29
    for case in cases:
        m, n, k = int(case["M"]), int(case["N"]), int(case["K"])
        network = model([helper.make_node("Gemm", ["x", "w"], ["y"], transB=1)], (m, k), (m, n), (n, k))
        assert array_cycles(network, hardware) == int(case["cycles"]), case


@pytest.mark.parametrize("dataflow", ["ws", "os"])
def test_resnet18_layer_by_layer_takes_the_cycles_scale_sim_reports(dataflow):
    hardware = wide(dataflow, 32, 32)
    for case in rows(f"systolic_resnet18_{dataflow}_32x32.csv"):
        h, kernel, stride = int(case["H"]), int(case["kh"]), int(case["stride"])
        c, k, pad = int(case["C"]), int(case["K"]), kernel // 2
        out = (h + 2 * pad - kernel) // stride + 1
        node = helper.make_node(
            "Conv", ["x", "w"], ["y"], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4
        )
        network = model([node], (1, c, h, h), (1, k, out, out), (k, c, kernel, kernel))
        assert out * out == int(case["M"])
        assert array_cycles(network, hardware) == int(case["compute_cycles"]), case["layer"]


def test_a_depthwise_layer_costs_one_product_per_channel_or_less_when_packed():
    node = helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[3, 3], pads=[1] * 4, group=32)
    network = model([node], (1, 32, 14, 14), (1, 32, 14, 14), (32, 1, 3, 3))
    alone = wide("ws", 32, 32)
    per_channel = 32 * (2 * 32 + 32 + 14 * 14 - 2 - 1)
    assert array_cycles(network, alone) == per_channel
    packed = load("systolic_32x32", ["pe_array.depthwise=packed", "scratchpad.capacity=1 GiB"])
    # 3 channels of 9 weights lie side by side on 32 rows: ⌈32 / 3⌉ = 11 products.
    assert array_cycles(network, packed) == 11 * (2 * 32 + 32 + 14 * 14 - 2 - 1)
