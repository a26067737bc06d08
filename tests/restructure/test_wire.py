"""The wire-format reader agrees with protobuf's own, and cuts out exactly the large tensors."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from restructure.graph.wire import INLINE, WireError, encode_varint, skeleton


def model_with(arrays: list[np.ndarray], in_nodes: bool) -> onnx.ModelProto:
    """Return a model with the arrays as initializers, or in Constant nodes."""
    tensors = [numpy_helper.from_array(array, f"t{index}") for index, array in enumerate(arrays)]
    nodes = [helper.make_node("Constant", [], [t.name], value=t) for t in tensors] if in_nodes else []
    graph = helper.make_graph(nodes, "g", [], [], [] if in_nodes else tensors)
    return helper.make_model(graph)


def tensors_of(model: onnx.ModelProto) -> list[onnx.TensorProto]:
    return [*model.graph.initializer, *(a.t for node in model.graph.node for a in node.attribute)]


SIZES = st.lists(st.integers(0, 400), max_size=6)


@settings(max_examples=100, deadline=None)
@given(sizes=SIZES, in_nodes=st.booleans(), threshold=st.integers(1, 500), typed=st.booleans())
def test_a_skeleton_refers_to_the_bytes_of_large_tensors_and_keeps_the_rest(
    sizes: list[int], in_nodes: bool, threshold: int, typed: bool
) -> None:
    model = model_with([np.arange(size, dtype=np.float32) for size in sizes], in_nodes)
    if typed:  # the data in float_data, not in raw_data
        for tensor in tensors_of(model):
            tensor.float_data.extend(numpy_helper.to_array(tensor).tolist())
            tensor.ClearField("raw_data")
    data = model.SerializeToString()
    small = onnx.ModelProto.FromString(skeleton(memoryview(data), threshold))
    for tensor, original in zip(tensors_of(small), tensors_of(model), strict=True):
        if 4 * original.dims[0] >= threshold:
            entries = {entry.key: entry.value for entry in tensor.external_data}
            assert entries["location"] == INLINE
            offset, length = int(entries["offset"]), int(entries["length"])
            assert data[offset : offset + length] == np.arange(original.dims[0], dtype="<f4").tobytes()
            tensor.CopyFrom(original)
    assert small == model


@given(st.integers(0, 2**63 - 1))
def test_numbers_are_written_as_protobuf_writes_them(value: int) -> None:
    assert onnx.ModelProto(ir_version=value).SerializeToString() == b"\x08" + encode_varint(value)


def test_a_tensor_that_is_external_already_is_left_alone() -> None:
    model = model_with([np.zeros(100, dtype=np.float32)], in_nodes=False)
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="elsewhere")
    data = model.SerializeToString()
    assert skeleton(memoryview(data), 1) == data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x08", "a number is cut short at byte 1"),
        (b"\x08" + b"\xff" * 12, "a number is cut short"),
        (b"\x3a\x05\x0a", "a field that starts at byte 0 is cut short"),
        (b"\x0b", r"there is no field of type 3 \(byte 0\)"),
        (b"\x02\x00", "or has no number"),
    ],
)
def test_damaged_bytes_say_where_they_stop_making_sense(data: bytes, message: str) -> None:
    with pytest.raises(WireError, match=message):
        skeleton(memoryview(data), 1)
