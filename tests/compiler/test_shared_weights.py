"""Filters that several layers read: kept between them where there is room."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from running import compiled, executed, reference

from accelsim.hardware import load
from accelsim.program import Opcode

PARTS, CHANNELS = 4, 8


def cut_in_rows() -> onnx.ModelProto:
    """One 1×1 convolution cut into four strips of rows that share its 64 weights."""
    rng = np.random.default_rng(0)
    size = 4 * PARTS
    nodes, parts = [], []
    constants = [
        numpy_helper.from_array(rng.standard_normal((CHANNELS, CHANNELS, 1, 1)).astype(np.float32), "w"),
        numpy_helper.from_array(np.array([2]), "axes"),
    ]
    for part in range(PARTS):
        low, high = f"low{part}", f"high{part}"
        constants += [
            numpy_helper.from_array(np.array([part * 4]), low),
            numpy_helper.from_array(np.array([part * 4 + 4]), high),
        ]
        nodes += [
            helper.make_node("Slice", ["x", low, high, "axes"], [f"strip{part}"]),
            helper.make_node("Conv", [f"strip{part}", "w"], [f"out{part}"], name=f"conv{part}"),
        ]
        parts.append(f"out{part}")
    nodes.append(helper.make_node("Concat", parts, ["y"], axis=2))
    shape = (1, CHANNELS, size, size)
    graph = helper.make_graph(
        nodes,
        "strips",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def weight_bytes(run) -> int:
    """Bytes of weights fetched from DRAM."""
    loads = [i for i in run.program.instructions if i.opcode is Opcode.LOAD]
    return sum(i.reads[0].bytes for i in loads if run.program.tensors[i.reads[0].tensor].kind == "weight")


@pytest.mark.parametrize(("capacity", "fetches"), [("64 KiB", 1), ("180 B", PARTS)])
def test_shared_weights_are_fetched_once_where_they_can_stay_and_once_a_part_where_not(capacity, fetches):
    run = compiled(cut_in_rows(), load("edge_npu", [f"scratchpad.capacity={capacity}"]))
    assert weight_bytes(run) == fetches * CHANNELS * CHANNELS


@pytest.mark.parametrize("capacity", ["64 KiB", "400 B", "180 B"])
def test_parts_that_share_weights_compute_what_onnxruntime_computes(capacity):
    model = cut_in_rows()
    run = compiled(model, load("edge_npu", [f"scratchpad.capacity={capacity}"]))
    x = np.random.default_rng(1).standard_normal((1, CHANNELS, 16, 16)).astype(np.float32)
    expected = reference(model, x)
    for order in (None, 0, 1):
        # Eight products a sum: both sides differ by a few units in the last place.
        assert np.abs(executed(run, x, order) - expected).max() <= 1e-6 * np.abs(expected).max()
