"""An external memory that cannot be written: everything stays on chip, network outputs too, or the model is refused."""

import numpy as np
import pytest
from random_models import random_network
from running import compiled, executed, reference

from accelsim.errors import DoesNotFitError
from accelsim.hardware import Hardware, load
from accelsim.program import MemoryKind, Opcode, Program


def read_only(capacity: str) -> Hardware:
    return load("edge_npu", ["dram.writable=false", f"scratchpad.capacity={capacity}"])


def output_memories(program: Program) -> set[MemoryKind]:
    return {program.memories[p.operand.memory].kind for output in program.outputs for p in output.pieces}


@pytest.mark.parametrize("seed", range(12))
def test_outputs_stay_in_the_scratchpad_and_equal_onnxruntime(seed: int) -> None:
    model = random_network(seed)
    run = compiled(model, read_only("256 KiB"))
    assert Opcode.STORE not in {i.opcode for i in run.program.instructions}
    assert output_memories(run.program) == {MemoryKind.SCRATCHPAD}
    shape = run.workload.storages[run.workload.inputs[0]].onnx_shape
    x = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    expected = reference(model, x)
    allowed = 5e-5 * max(1.0, float(np.abs(expected).max()))
    for order in (None, seed):
        assert np.abs(executed(run, x, order) - expected).max() <= allowed


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_written_over_an_output_that_is_kept(seed: int) -> None:
    program = compiled(random_network(seed), read_only("16 KiB")).program
    kept = {p.operand.range for output in program.outputs for p in output.pieces}
    for place in kept:
        mine = program.ranges[place]
        assert mine.last == len(program.instructions) - 1
        for other in program.ranges:
            together = other is not mine and other.memory == mine.memory and other.last >= mine.first
            disjoint = (
                other.address >= mine.address + mine.size_bytes or mine.address >= other.address + other.size_bytes
            )
            assert not together or disjoint


def test_a_network_too_large_is_refused_and_told_what_would_help() -> None:
    with pytest.raises(DoesNotFitError, match=r"restructuring the model.*--set dram.writable=true"):
        compiled(random_network(5), read_only("300 B"))


def test_a_writable_memory_takes_the_outputs() -> None:
    program = compiled(random_network(3), load("edge_npu")).program
    assert output_memories(program) == {MemoryKind.DRAM}
