"""The mapper's bytes against the Program that the compiler makes of the same tiling.

One convolution between DRAM and DRAM, bursts of one byte, every tiling pinned in turn. Where no window is clipped by
the map's edge the estimate is exact; elsewhere it counts full tiles, so it may only be too high.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from accelsim.compiler import compile_network
from accelsim.hardware import Hardware, load
from accelsim.mapping import ORDERS, Machine, Pin, Pins, candidates, cost_grid, problem_of
from accelsim.program import Opcode, Program, TensorKind
from accelsim.workload import Workload, build
from restructure.graph import load as load_graph


@pytest.fixture(scope="module")
def hardware() -> Hardware:
    return load("edge_npu", ["dram.burst=1B", "dram.bandwidth=0.8 GB/s", "scratchpad.capacity=1MiB"])


def convolution(c: int, k: int, size: int, kernel: int, stride: int, groups: int) -> Workload:
    pad = kernel // 2
    out = (size + 2 * pad - kernel) // stride + 1
    node = helper.make_node(
        "Conv",
        ["x", "w"],
        ["y"],
        kernel_shape=[kernel] * 2,
        strides=[stride] * 2,
        pads=[pad] * 4,
        group=groups,
        name="n",
    )
    graph = helper.make_graph(
        [node],
        "layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, c, size, size))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, k, out, out))],
        [numpy_helper.from_array(np.zeros((k, c // groups, kernel, kernel), np.float32), "w")],
    )
    return build(load_graph(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)))


def moved(program: Program, opcode: Opcode, kind: TensorKind) -> int:
    """Bytes that instructions of an opcode move of tensors of a kind."""
    return sum(
        i.reads[0].bytes
        for i in program.instructions
        if i.opcode is opcode and program.tensors[i.reads[0].tensor].kind is kind
    )


def check(hardware: Hardware, workload: Workload, pin: Pin, exact: bool) -> None:
    program = compile_network(workload, hardware, Pins((("*", pin),)))
    machine = Machine.of(hardware)
    problem = problem_of(workload.layers[0], workload.storages, hardware)
    grid = cost_grid(problem, candidates(problem, 16, 16, pin), machine)
    table = grid.table(grid.places)
    assert len(table) == 1
    # One byte per cycle: DRAM cycles are bytes.
    weights, inputs = table.weight_cycles[0], table.input_cycles[0][0]
    assert weights == moved(program, Opcode.LOAD, TensorKind.WEIGHT)
    assert table.output_cycles[0] == moved(program, Opcode.STORE, TensorKind.OUTPUT)
    actual = moved(program, Opcode.LOAD, TensorKind.INPUT)
    assert inputs == actual if exact else actual <= inputs
    assert table.steps[0] == sum(i.opcode is Opcode.ARRAY for i in program.instructions)


pins = st.builds(
    Pin,
    rows=st.sampled_from([1, 2, 4, 8]),
    columns=st.sampled_from([1, 2, 4, 8]),
    filters=st.sampled_from([1, 2, 3, 6, 12]),
    channels=st.sampled_from([1, 2, 4, 8]),
    order=st.sampled_from(ORDERS),
    hold=st.sampled_from([(), ("input",), ("weights",), ("input", "weights")]),
)


@settings(max_examples=6, deadline=None)
@given(pin=pins)
def test_a_pointwise_convolution_moves_exactly_the_bytes_the_mapper_expects(hardware, pin):
    check(hardware, convolution(8, 12, 8, 1, 1, 1), pin, exact=True)


@settings(max_examples=4, deadline=None)
@given(pin=pins, groups=st.sampled_from([2, 4]))
def test_a_grouped_pointwise_convolution_moves_exactly_the_bytes_the_mapper_expects(hardware, pin, groups):
    """Channels of one group are cut where the filters of a tile belong to it alone."""
    check(hardware, convolution(8 * groups, 12 * groups, 8, 1, 1, groups), pin, exact=True)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.sampled_from([1, 2, 4, 8]),
    columns=st.sampled_from([2, 4, 8]),
    filters=st.sampled_from([2, 4]),
    channels=st.sampled_from([2, 4]),
    order=st.sampled_from(ORDERS),
    hold=st.sampled_from([(), ("weights",)]),
    stride=st.sampled_from([1, 2]),
)
def test_a_windowed_convolution_never_moves_more_than_the_mapper_expects(
    hardware, rows, columns, filters, channels, order, hold, stride
):
    pin = Pin(rows=rows, columns=columns, filters=filters, channels=channels, order=order, hold=hold)
    check(hardware, convolution(4, 4, 8 * stride, 3, stride, 1), pin, exact=False)
