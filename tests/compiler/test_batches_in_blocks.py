"""Tensors of many batches that stay in part: few blocks, few operands, and the same numbers."""

import numpy as np
import onnx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from running import compiled, executed, reference

from accelsim.compiler import compile as compiling
from accelsim.compiler import compile_network
from accelsim.compiler.residency import Plan
from accelsim.compiler.store import Store
from accelsim.errors import ModelUnsupportedError
from accelsim.hardware import load
from accelsim.program import TensorKind
from accelsim.workload import Storage, Workload, build
from accelsim.workload.records import Precision
from restructure.graph import load as load_graph

#: Both sides add the same nine float32 products in different orders.
TOLERANCE = 1e-5


def store_of(batches: int, height: int, kept: int, step: int) -> Store:
    shape = (batches, height, 1, 1)
    storage = Storage("t", TensorKind.ACTIVATION, shape, Precision.ACTIVATIONS, shape, (0, 1, 2, 3))
    store = Store(Workload("n", (storage,), (), (), (), {}, 0, 0, 0, 0), load("edge_npu"))
    store.follow(Plan([kept], [step]))
    return store


@given(st.data())
def test_every_row_that_is_asked_for_is_in_exactly_one_part_and_there(data):
    batches, height = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    total = batches * height
    store = store_of(batches, height, data.draw(st.integers(0, total)), data.draw(st.integers(1, total)))
    batch, row = data.draw(st.integers(0, batches - 1)), data.draw(st.integers(0, height - 1))
    count, rows = data.draw(st.integers(1, batches - batch)), data.draw(st.integers(1, height - row))
    found = []
    for part in store.parts(0, batch, row, count, rows):
        for b in range(part.batch, part.batch + part.batches):
            for y in range(part.row, part.row + part.rows):
                place = b * height + y
                found.append(place)
                resident = place >= store.resident_from(0)
                assert (part.block is not None) == resident
                if part.block is not None:
                    assert part.block.first <= place < part.block.end
    assert found == [b * height + y for b in range(batch, batch + count) for y in range(row, row + rows)]


@given(st.integers(1, 40), st.integers(1, 40), st.data())
@example(7, 3, None)
def test_blocks_hold_all_that_stays_once_and_whole_batches_where_they_go_beyond_one(batches, height, data):
    total = batches * height
    kept, step = (total, 7) if data is None else (data.draw(st.integers(0, total)), data.draw(st.integers(1, total)))
    blocks = store_of(batches, height, kept, step).blocks(0) if kept else []
    assert [row for block in blocks for row in range(block.first, block.end)] == [*range(total - kept, total)]
    for block in blocks:
        if block.first // height != (block.end - 1) // height:
            assert block.first % height == block.end % height == 0
        assert block.end - block.first <= step or len(blocks) == 1


def chain(batch: int, seed: int = 0) -> onnx.ModelProto:
    """Two convolutions whose middle tensor is four times as large as their ends."""
    rng = np.random.default_rng(seed)
    weights = {"a": rng.standard_normal((4, 1, 3, 3)), "b": rng.standard_normal((1, 4, 1, 1))}
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "a"], ["m"], pads=[1, 1, 1, 1], name="wide"),
            helper.make_node("Conv", ["m", "b"], ["y"], name="narrow"),
        ],
        "chain",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, 1, 6, 5])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, 1, 6, 5])],
        [onnx.numpy_helper.from_array(w.astype(np.float32), name) for name, w in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.mark.parametrize("capacity", [900, 1500, 2500])
def test_many_batches_kept_in_part_equal_onnxruntime(capacity):
    run = compiled(chain(40), load("edge_npu", [f"scratchpad.capacity={capacity} B"]))
    x = np.random.default_rng(1).standard_normal((40, 1, 6, 5)).astype(np.float32)
    middle = next(i for i, tensor in enumerate(run.program.tensors) if tensor.name == "m")
    several = [o for i in run.program.instructions for o in i.reads if o.tensor == middle and o.shape[0] > 1]
    assert several
    for order in (None, 3):
        assert np.abs(executed(run, x, order) - reference(chain(40), x)).max() <= TOLERANCE


def test_a_batch_of_tens_of_thousands_takes_as_many_ranges_as_tiles_not_as_batches():
    program = compile_network(build(load_graph(chain(20_000))), load("edge_npu"))
    assert len(program.ranges) < 2_000
    assert any(tensor.name == "m" and tensor.shape[0] == 20_000 for tensor in program.tensors)


def test_a_run_of_too_many_tiles_is_refused_with_the_arithmetic(monkeypatch):
    monkeypatch.setattr(compiling, "MOST_TILES", 10)
    rule = r"layer '\w+': a run has at most 10 tiles, got \d+ for its output of 4000 × 6 × 5 × \d, \d+ in all; a larger"
    with pytest.raises(ModelUnsupportedError, match=rule):
        compile_network(build(load_graph(chain(4000))), load("edge_npu", ["scratchpad.capacity=4 KiB"]))
