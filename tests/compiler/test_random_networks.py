"""Random networks on random accelerators: the compiled Program computes what onnxruntime computes."""

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_graphs import networks
from random_models import random_hardware, random_network
from running import compiled, executed, reference

from accelsim import simulate
from accelsim.hardware import load
from accelsim.program import MemoryKind, Opcode
from accelsim.verification import verify
from benchmarks.validation.laws import broken

#: Both sides add the same float32 products in different orders: relative to the largest output, a few hundred
#: additions differ by at most about 1e-5; a wrong element differs by 0.1 and more.
TOLERANCE = 5e-5


def check(seed: int) -> None:
    model = random_network(seed)
    run = compiled(model, random_hardware(seed))
    shape = run.workload.storages[run.workload.inputs[0]].onnx_shape
    x = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    expected = reference(model, x)
    allowed = TOLERANCE * max(1.0, float(np.abs(expected).max()))
    for order in (None, seed):
        assert np.abs(executed(run, x, order) - expected).max() <= allowed


@pytest.mark.parametrize("seed", range(20))
def test_a_random_network_on_a_random_accelerator_equals_onnxruntime(seed):
    check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(100, 1100, 50))
def test_a_thousand_random_networks_on_random_accelerators_equal_onnxruntime(first):
    for seed in range(first, first + 50):
        check(seed)


@settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(networks(), st.integers(0, 10**6), st.booleans())
def test_every_operator_in_any_company_equals_onnxruntime_and_keeps_the_laws(network, seed, shared):
    hardware = random_hardware(seed)
    model = with_shared_constants(network.model) if shared else network.model
    assert verify(model, hardware, orders=1, seed=seed).passed
    assert broken(simulate(model, hardware)) == []


#: Operators to which a constant is numbers and nothing else.
NUMBERS = ("Conv", "ConvTranspose", "Gemm", "MatMul", "Add", "Sub", "Mul", "PRelu")


def with_shared_constants(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same with filters, summands and factors replaced by the first array of their shape."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    read = {name for node in model.graph.node if node.op_type in NUMBERS for name in node.input}
    floats = [w for w in model.graph.initializer if w.name in read and w.data_type == onnx.TensorProto.FLOAT and w.dims]
    first = {tuple(weight.dims): weight.name for weight in reversed(floats)}
    instead = {weight.name: first[tuple(weight.dims)] for weight in floats}
    for node in changed.graph.node:
        node.input[:] = [instead.get(name, name) for name in node.input]
    return changed


@pytest.mark.parametrize("seed", range(8))
def test_no_address_lies_outside_its_memory_and_no_two_living_ranges_share_a_byte(seed):
    program = compiled(random_network(seed), random_hardware(seed)).program
    for index, memory in enumerate(program.memories):
        ranges = [r for r in program.ranges if r.memory == index and r.first >= 0]
        assert all(r.address >= 0 and r.address + r.size_bytes <= memory.capacity_bytes for r in ranges)
        if memory.kind is MemoryKind.DRAM:
            continue
        for a in ranges:
            for b in ranges:
                apart = a.last < b.first or b.last < a.first
                disjoint = a.address + a.size_bytes <= b.address or b.address + b.size_bytes <= a.address
                assert a is b or apart or disjoint


def test_a_smaller_scratchpad_spills_and_a_larger_one_does_not():
    model = random_network(5)
    spilled = {}
    for capacity in ("300 B", "64 KiB"):
        program = compiled(model, load("edge_npu", [f"scratchpad.capacity={capacity}"])).program
        stores = [i for i in program.instructions if i.opcode is Opcode.STORE]
        spilled[capacity] = sum(program.tensors[i.reads[0].tensor].kind == "activation" for i in stores)
    assert spilled["64 KiB"] == 0
    assert spilled["300 B"] > 0
