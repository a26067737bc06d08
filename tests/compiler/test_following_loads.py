"""Matrix products that go on while their operands arrive, and filters that lie in DRAM as programs hold them."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper
from random_models import random_hardware, random_network

from accelsim import simulate
from accelsim.hardware import Dataflow, Hardware, load, override
from accelsim.machine import run
from accelsim.network import open_network
from accelsim.program import ArrayWork, HazardKind, Opcode, Program, hazards
from accelsim.simulation import compile_model
from accelsim.verification import verify
from benchmarks.validation.laws import broken

#: Several tiles of the layers below; memory that is faster than the path of loads.
SMALL = ("scratchpad.capacity=4KiB", "accumulator.capacity=2KiB", "dram.bandwidth=1TB/s")


def layer(operator: str, left: tuple[int, ...], right: tuple[int, ...], **attributes: object) -> ModelProto:
    rng = np.random.default_rng(0)
    weights = [numpy_helper.from_array(rng.standard_normal(right).astype(np.float32), "w")]
    node = helper.make_node(operator, ["x", "w"], ["y"], "layer", **attributes)
    value = helper.make_tensor_value_info
    x, y = value("x", TensorProto.FLOAT, left), value("y", TensorProto.FLOAT, None)
    return helper.make_model(helper.make_graph([node], "g", [x], [y], weights), ir_version=10,
                             opset_imports=[helper.make_opsetid("", 17)])  # fmt: skip


def compiled(model: ModelProto, hardware: Hardware) -> Program:
    return compile_model(open_network(model).graph, hardware).program


PRODUCT = layer("MatMul", (3, 200), (200, 72))
CONVOLUTIONS = {
    "pointwise": layer("Conv", (1, 40, 6, 5), (24, 40, 1, 1)),
    "strided": layer("Conv", (2, 72, 9, 8), (24, 72, 1, 1), strides=[2, 3]),
    "grouped": layer("Conv", (1, 24, 6, 6), (24, 12, 3, 3), group=2, pads=[1, 1, 1, 1]),
    "depthwise": layer("Conv", (1, 24, 6, 6), (24, 1, 3, 3), group=24),
}


def test_a_product_begins_before_its_operands_are_there_and_equals_onnxruntime() -> None:
    hardware = load("gemmini_8x8", SMALL)
    program = compiled(PRODUCT, hardware)
    trace = run(program, hardware)
    early = [h for h in hazards(program) if trace.start[h.after] < trace.end[h.before]]
    assert early
    for hazard in early:
        taker = program.instructions[hazard.after]
        assert hazard.kind is HazardKind.RAW
        assert program.instructions[hazard.before].opcode is Opcode.LOAD
        assert isinstance(taker.work, ArrayWork)
        assert taker.work.blocks == -(-(taker.tile.reduction[1] - taker.tile.reduction[0]) // 8)
        assert trace.end[hazard.after] - taker.work.last_block_cycles >= trace.end[hazard.before]
    assert verify(PRODUCT, hardware).passed


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_convolution_waits_for_all_it_reads(name: str) -> None:
    hardware = load("gemmini_8x8", SMALL)
    program = compiled(CONVOLUTIONS[name], hardware)
    trace = run(program, hardware)
    assert all(trace.start[h.after] >= trace.end[h.before] for h in hazards(program))


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_filters_in_rows_are_read_as_they_lie(name: str) -> None:
    hardware = load("gemmini_8x8", SMALL)
    assert verify(CONVOLUTIONS[name], hardware).passed


def test_a_tile_of_filters_in_rows_comes_in_a_run_for_each_channel() -> None:
    program = compiled(PRODUCT, load("gemmini_8x8", SMALL))
    weights = next(n for n, tensor in enumerate(program.tensors) if tensor.name == "w")
    (home,) = [image for image in program.images if image.tensor == weights]
    assert (home.shape, home.strides) == ((72, 1, 1, 200), (1, 200 * 72, 200 * 72, 72))
    loads = [i for i in program.instructions if i.opcode is Opcode.LOAD and i.reads[0].tensor == weights]
    assert sum(i.reads[0].bytes for i in loads) == 200 * 72
    for load_ in loads:
        filters, channels = load_.reads[0].shape[0], load_.reads[0].shape[3]
        assert load_.reads[0].address - home.address == load_.reads[0].start[3] * 72 + load_.reads[0].start[0]
        box = load_.reads[0].box
        assert (box.run_bytes, box.runs) == ((filters, channels) if filters < 72 else (72 * channels, 1))


def test_a_constant_that_is_filters_and_an_operand_too_lies_in_both_ways() -> None:
    rng = np.random.default_rng(0)
    weights = [numpy_helper.from_array(rng.standard_normal((24, 24)).astype(np.float32), "w")]
    nodes = [helper.make_node("MatMul", ["x", "w"], ["p"]), helper.make_node("Mul", ["p", "w"], ["y"])]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "g", [value("x", TensorProto.FLOAT, (24, 24))],
                              [value("y", TensorProto.FLOAT, None)], weights)  # fmt: skip
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 17)])
    assert verify(model, load("gemmini_8x8", SMALL)).passed


def test_filters_in_tiles_are_one_run_each() -> None:
    program = compiled(PRODUCT, load("gemmini_8x8", (*SMALL, "dram.weight_layout=tiles")))
    weights = next(n for n, tensor in enumerate(program.tensors) if tensor.name == "w")
    loads = [i for i in program.instructions if i.opcode is Opcode.LOAD and i.reads[0].tensor == weights]
    assert all(i.reads[0].box.contiguous for i in loads)


@pytest.mark.parametrize("seed", range(25))
def test_random_networks_on_a_path_of_loads_keep_the_laws_and_equal_onnxruntime(seed: int) -> None:
    settings = ["dma.load_width=4B/cycle", "dma.packets.beat=8B", "dma.packets.largest=32B", "dram.weight_layout=rows"]
    hardware = override(random_hardware(seed), settings)
    if hardware.pe_array.dataflow is Dataflow.WEIGHT_STATIONARY:
        instruction = ("positions=4", "cycles=2", "products_follow_loads=true")
        hardware = override(hardware, [f"pe_array.instruction.{setting}" for setting in instruction])
    network = random_network(seed)
    assert broken(simulate(network, hardware)) == []
    assert verify(network, hardware, orders=1).passed
