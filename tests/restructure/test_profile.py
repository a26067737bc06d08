"""Active memory: by hand on small graphs, and against a slow count that keeps every tensor's fate in sets."""

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper
from onnx_nodes import model_of, random_array

from restructure import graph, zoo
from restructure.graph import Graph
from restructure.profile import Definition, profile

X = {"x": random_array((1, 2, 4, 4))}  # 32 elements
PLAIN = Definition(activation_in_place=False)
GREEDY = Definition(add_in_place=True)


def net_of(*nodes: tuple[str, str, str], outputs: tuple[str, ...] = ("y",)) -> Graph:
    """Return a graph of (operator, operands, results) triples, all on 32 elements but for Concat."""
    attributes = {"Concat": {"axis": 1}, "Flatten": {"axis": 1}, "AveragePool": {"kernel_shape": [1, 1]}}
    made = [
        helper.make_node(op, operands.split(), results.split(), name=results.split()[0], **attributes.get(op, {}))
        for op, operands, results in nodes
    ]
    return graph.load(model_of(made, X, list(outputs)))


def live(net: Graph, definition: Definition | None = None) -> list[int]:
    return [step.live_elements for step in profile(net, definition).steps]


def test_an_operator_holds_its_operands_and_its_result() -> None:
    assert live(net_of(("AveragePool", "x", "a"), ("AveragePool", "a", "y"))) == [64, 64]


def test_the_input_is_counted_until_it_was_last_read_or_not_at_all() -> None:
    net = net_of(("AveragePool", "x", "a"), ("AveragePool", "a", "b"), ("Add", "b x", "y"))
    assert live(net) == [64, 96, 96]
    assert live(net, Definition(input_counted=False)) == [32, 64, 64]


def test_an_activation_overwrites_its_operand_when_nobody_reads_it_again() -> None:
    net = net_of(("AveragePool", "x", "a"), ("Relu", "a", "b"), ("AveragePool", "b", "y"))
    assert live(net) == [64, 32, 64]
    assert live(net, PLAIN) == [64, 64, 64]


def test_an_activation_does_not_overwrite_what_is_read_later() -> None:
    net = net_of(("AveragePool", "x", "a"), ("Sigmoid", "a", "b"), ("Mul", "a b", "y"))
    assert live(net) == [64, 64, 96]


def test_an_activation_does_not_overwrite_the_callers_input_nor_an_output() -> None:
    assert live(net_of(("Relu", "x", "y"))) == [64]
    assert live(net_of(("AveragePool", "x", "a"), ("Relu", "a", "y"), outputs=("a", "y"))) == [64, 64]


def test_an_activation_does_not_overwrite_a_tensor_that_a_view_still_shows() -> None:
    net = net_of(("AveragePool", "x", "a"), ("Flatten", "a", "v"), ("Relu", "a", "b"), ("Flatten", "b", "w"),
                 ("Add", "v w", "y"))  # fmt: skip
    assert live(net) == [64, 32, 64, 64, 96]


def test_add_overwrites_an_operand_only_on_request() -> None:
    net = net_of(("AveragePool", "x", "a"), ("AveragePool", "x", "b"), ("Add", "a b", "y"))
    assert live(net) == [64, 96, 96]
    assert live(net, GREEDY) == [64, 96, 64]


def test_a_concat_holds_everything_twice() -> None:
    net = net_of(("AveragePool", "x", "a"), ("AveragePool", "x", "b"), ("Concat", "a b", "y"))
    assert live(net) == [64, 96, 128]


def test_views_cost_nothing_and_keep_their_bytes_alive() -> None:
    net = net_of(("AveragePool", "x", "a"), ("Flatten", "a", "v"), ("Exp", "v", "w"), ("Add", "w v", "y"))
    assert live(net) == [64, 32, 64, 96]


def test_outputs_stay_to_the_end() -> None:
    net = net_of(("AveragePool", "x", "a"), ("AveragePool", "x", "y"), ("AveragePool", "x", "z"), outputs=("y", "z"))
    assert [node.name for node in net.nodes] == ["y", "z"]
    assert live(net) == [64, 96]


def test_the_peak_names_its_step_and_its_tensors_largest_first() -> None:
    result = profile(net_of(("AveragePool", "x", "a"), ("Relu", "a", "b"), ("Concat", "b x", "y")))
    assert (result.peak_step, result.peak_elements, result.peak_bytes) == (2, 128, 512)
    assert [(held.name, held.bytes) for held in result.peak_tensors] == [("y", 256), ("b", 128), ("x", 128)]


def test_the_json_has_the_documented_names() -> None:
    document = profile(zoo.build("tiny")).to_dict()
    assert list(document) == ["definition", "peak_elements", "peak_bytes", "peak_step", "peak_tensors", "steps"]
    assert document["definition"] == {
        "input_counted": True,
        "activation_in_place": True,
        "add_in_place": False,
        "layout": "copied",
        "allocation": "liveness",
        "dtype": None,
        "depthwise_in_place": False,
    }
    assert document["steps"][0] == {"node": "conv", "live_elements": 2816, "live_bytes": 11264}  # type: ignore[index]


def test_tiny_by_hand() -> None:
    image, half, quarter = 3 * 16 * 16, 8 * 16 * 16, 8 * 8 * 8
    expected = [
        image + half,  # conv
        half,  # relu, in place
        2 * half,  # depthwise, beside the shortcut
        2 * half,  # relu
        3 * half,  # pointwise
        3 * half,  # add
        half,  # relu
        half + quarter,  # maxpool
        quarter + 8,  # avgpool
        8,  # flatten, a view
        8 + 10,  # fc
    ]
    assert live(zoo.build("tiny")) == expected


KINDS = {"Relu": 1, "AveragePool": 1, "Flatten": 1, "Add": 2, "Mul": 2, "Concat": 2, "Sigmoid": 1, "Identity": 1}


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Random networks of 1 to 12 nodes with fan-out, views, joins and several outputs."""
    shapes = {"x": (1, 2, 4, 4)}
    nodes = []
    for index in range(draw(st.integers(1, 12))):
        op = draw(st.sampled_from(sorted(KINDS)))
        four = [name for name, shape in shapes.items() if len(shape) == 4 or op == "Identity"]
        first = draw(st.sampled_from(four))
        same = [name for name in four if shapes[name] == shapes[first]]
        operands = [first, draw(st.sampled_from(same))][: KINDS[op]]
        shape = shapes[first]
        if op == "Concat":
            shape = (1, 2 * shape[1], 4, 4)
        if op == "Flatten":
            shape = (1, int(np.prod(shape)))
        shapes[f"t{index}"] = shape
        nodes.append((op, operands, f"t{index}"))
    names = [name for _, _, name in nodes]
    outputs = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
    attributes = {"Concat": {"axis": 1}, "Flatten": {"axis": 1}, "AveragePool": {"kernel_shape": [1, 1]}}
    made = [helper.make_node(op, operands, [name], **attributes.get(op, {})) for op, operands, name in nodes]
    return graph.load(model_of(made, X, outputs))


def slow_live(net: Graph, definition: Definition) -> list[int]:
    """Walk the nodes, keeping for each piece of memory the set of tensors it holds; quadratic."""

    def wanted(name: str, step: int) -> bool:
        """Whether someone reads the tensor at `step` or later."""
        return name in net.outputs or any(name in node.inputs for node in net.nodes[step:])

    memory: list[tuple[int, set[str]]] = [(net.tensors[name].elements, {name}) for name in net.inputs]
    totals = []
    for step, node in enumerate(net.nodes):
        result = node.outputs[0]
        operands = sorted(set(node.inputs), key=node.inputs.index)
        view = node.op_type in ("Flatten", "Identity")
        kind = {"Relu": 1, "Sigmoid": 1, "Add": 2, "Mul": 2}.get(node.op_type, 0)
        allowed = kind and (definition.activation_in_place if len(operands) == 1 else definition.add_in_place)
        place = None
        for operand in operands:
            candidate = next(held for _, held in memory if operand in held)
            free = not any(wanted(name, step + 1) for name in candidate) and not candidate & set(net.inputs)
            if place is None and (view or (allowed and free)):
                place = candidate
        if place is None:
            memory.append((net.tensors[result].elements, {result}))
        else:
            place.add(result)
        totals.append(
            sum(
                size
                for size, held in memory
                if (definition.input_counted or not held & set(net.inputs))
                and (any(wanted(name, step) for name in held) or result in held)
            )
        )
        # memory that nobody wants any more is gone for good
        memory = [(size, held) for size, held in memory if any(wanted(name, step + 1) for name in held)]
    return totals


@pytest.mark.parametrize("definition", [Definition(), PLAIN, GREEDY, Definition(input_counted=False)], ids=repr)
@settings(max_examples=50, deadline=None)
@given(net=graphs())
def test_the_profile_equals_the_slow_count(definition: Definition, net: Graph) -> None:
    fast = profile(net, definition)
    slow = slow_live(net, definition)
    assert [step.live_elements for step in fast.steps] == slow
    assert fast.peak_elements == max(slow)
    assert fast.peak_bytes == 4 * max(slow) == sum(held.bytes for held in fast.peak_tensors)
    assert slow[fast.peak_step] == max(slow)


def test_mixed_element_types_count_their_own_bytes() -> None:
    nodes = [
        helper.make_node("Cast", ["x"], ["h"], to=onnx.TensorProto.FLOAT16),
        helper.make_node("AveragePool", ["h"], ["y"], kernel_shape=[1, 1]),
    ]
    net = graph.load(model_of(nodes, X, ["y"]))
    assert [step.live_bytes for step in profile(net).steps] == [128 + 64, 64 + 64]
    assert [step.live_bytes for step in profile(net, Definition(dtype="int8")).steps] == [64, 64]
