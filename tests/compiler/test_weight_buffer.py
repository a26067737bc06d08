"""A partitioned scratchpad: weights in a memory of their own, each memory with its own figures and limits."""

import numpy as np
import pytest
from random_models import random_network
from running import compiled, executed, reference

import accelsim
from accelsim import machine
from accelsim.compiler import compile_network
from accelsim.errors import DoesNotFitError
from accelsim.hardware import Hardware, load
from accelsim.program import MemoryKind, Opcode, Program
from accelsim.results import measure
from accelsim.workload import build
from restructure import zoo


def partitioned(*more: str) -> Hardware:
    return load("edge_npu", ["scratchpad.capacity=2KiB", "weight_buffer.capacity=1KiB", *more])


def kinds_in(program: Program, kind: MemoryKind) -> set[str]:
    """What tensors the ranges of a memory hold."""
    return {
        program.tensors[r.tensor].kind.value
        for r in program.ranges
        if program.memories[r.memory].kind is kind and r.first >= 0
    }


@pytest.mark.parametrize("seed", range(10))
def test_weights_lie_in_their_buffer_alone_and_outputs_equal_onnxruntime(seed: int) -> None:
    model = random_network(seed)
    run = compiled(model, partitioned())
    assert kinds_in(run.program, MemoryKind.WEIGHT_BUFFER) <= {"weight"}
    assert "weight" not in kinds_in(run.program, MemoryKind.SCRATCHPAD)
    shape = run.workload.storages[run.workload.inputs[0]].onnx_shape
    x = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    expected = reference(model, x)
    allowed = 5e-5 * max(1.0, float(np.abs(expected).max()))
    for order in (None, seed):
        assert np.abs(executed(run, x, order) - expected).max() <= allowed


def test_each_memory_is_reported_with_its_own_capacity_and_peak() -> None:
    result = accelsim.simulate("tiny", partitioned("scratchpad.capacity=16KiB"))
    found = {memory.name: memory for memory in result.memories}
    assert list(found) == ["scratchpad", "accumulator", "weight_buffer"]
    buffer = found["weight_buffer"]
    assert buffer.capacity_bytes == 1024
    assert 0 < buffer.peak_occupancy_bytes <= buffer.highest_address_bytes <= 1024
    assert all(".weight" in tensor.name or ".bias" in tensor.name for tensor in buffer.peak_tensors)


def test_a_buffer_smaller_than_a_layers_smallest_tile_is_named_with_what_it_needs() -> None:
    with pytest.raises(DoesNotFitError, match="weights of its smallest tile") as caught:
        accelsim.simulate("tiny", load("edge_npu", ["weight_buffer.capacity=8B"]))
    error = caught.value
    assert error.memory == "weight_buffer"
    assert error.have_bytes == 8
    with pytest.raises(DoesNotFitError) as again:
        accelsim.simulate("tiny", load("edge_npu", [f"weight_buffer.capacity={error.need_bytes - 1}B"]))
    assert str(error).split(":")[0] == str(again.value).split(":")[0]  # the same layer still lacks a byte


def test_a_smaller_buffer_never_fetches_fewer_weights_and_a_larger_one_all_but_once() -> None:
    fetched = []
    for capacity in ("256 B", "1 KiB", "64 KiB"):
        totals = accelsim.simulate("tiny", load("edge_npu", [f"weight_buffer.capacity={capacity}"])).totals
        causes = totals.dram_bytes_by_cause
        fetched.append(causes["compulsory_weights"] + causes["refetch_weights"])
    assert fetched == sorted(fetched, reverse=True)


def test_warm_weights_stay_in_the_buffer_and_are_not_fetched() -> None:
    hardware = load("edge_npu", ["weight_buffer.capacity=64KiB"])
    result = accelsim.simulate("tiny", hardware, warm=True)
    assert result.totals.dram_bytes_by_cause["compulsory_weights"] == 0
    program = compile_network(build(zoo.build("tiny")), hardware, warm=True)
    loaded = {program.tensors[i.reads[0].tensor].kind for i in program.instructions if i.opcode is Opcode.LOAD}
    assert loaded == {"input"}


def test_a_narrow_buffer_makes_the_array_wait_for_its_port_by_the_bytes_it_reads() -> None:
    workload = build(zoo.build("tiny"))
    totals = {}
    for width in ("null", "1 B/cycle"):
        hardware = load("edge_npu", ["weight_buffer.capacity=64KiB", f"weight_buffer.width={width}"])
        program = compile_network(workload, hardware)
        totals[width] = measure(program, machine.run(program, hardware), hardware).totals
        if width == "null":
            continue
        for instruction in program.instructions:
            if instruction.opcode is Opcode.ARRAY:
                work = instruction.work
                assert work.cycles >= work.weight_reads  # int8: a byte each, one byte a cycle
    assert totals["null"].array_cycles_by_cause["ports"] == 0 < totals["1 B/cycle"].array_cycles_by_cause["ports"]


def test_energy_of_weights_is_their_bytes_times_the_buffers_cost() -> None:
    """Every byte is written once by a LOAD; the array reads `weight_reads` of them, biases once per finished tile."""
    hardware = load("edge_npu", ["weight_buffer.capacity=64KiB", "energy.weight_buffer=1 pJ/B"])
    program = compile_network(build(zoo.build("tiny")), hardware)
    spent = measure(program, machine.run(program, hardware), hardware).totals.energy_pj_by_component
    expected = 0
    for instruction in program.instructions:
        for operand in (*instruction.reads, *instruction.writes):
            if program.memories[operand.memory].kind is not MemoryKind.WEIGHT_BUFFER:
                continue
            streamed = instruction.opcode is Opcode.ARRAY and operand.slot == "weights"
            expected += instruction.work.weight_reads * operand.element_bytes if streamed else operand.bytes
    assert spent["weight_buffer"] == expected > 0


def test_two_activations_multiplied_are_both_read_from_the_scratchpad() -> None:
    """Scores of an attention: what streams in as weights is an activation, and costs what activations cost."""
    hardware = load("edge_npu", ["weight_buffer.capacity=64KiB", "weight_buffer.width=1B/cycle"])
    workload = build(zoo.build("vit_tiny"))
    program = compile_network(workload, hardware)
    batched = {layer.index for layer in workload.layers if getattr(layer.kernel, "batched", False)}
    assert batched
    for instruction in program.instructions:
        if instruction.layer in batched and instruction.opcode is Opcode.ARRAY:
            assert instruction.work.port_stall_cycles < instruction.work.weight_reads
            break
