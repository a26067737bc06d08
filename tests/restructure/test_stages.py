"""A plan's phases, run and remembered one by one, give what the plan gives as a whole."""

from dataclasses import replace

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from integer_models import analysed
from random_networks import RandomNetwork

from restructure import zoo
from restructure.planning.drafts import WHOLE, Draft
from restructure.planning.sections import sections
from restructure.planning.studio import Studio
from restructure.profile import Definition
from restructure.streaming import Abandoned, Phase, measure, run_stage
from restructure.streaming import given as received_from


def whole_run(studio: Studio, draft: Draft) -> tuple[int, int, int]:
    program = studio.program(draft)
    return measure(studio.network(draft.cut_nodes), program).peak_bytes, program.macs, program.nodes


@st.composite
def drafts(draw: st.DrawFn, studio: Studio) -> Draft:
    network = studio.network()
    nodes = [op.nodes[0].index for op in network.ops[1:] if op.nodes]
    cuts = tuple(sorted(draw(st.sets(st.sampled_from(nodes), max_size=4)))) if nodes else ()
    targets = tuple(draw(st.sampled_from([WHOLE, 0, 300, 5000, 2**40])) for _ in range(len(cuts) + 1))
    names = sorted({entry.name for entry in network.tensors})
    found = sections(studio.graph, network)
    return Draft(
        cuts,
        targets,
        recomputed=frozenset(draw(st.sets(st.sampled_from(names), max_size=6))),
        groups=tuple((name, 2) for name in found[0]) if found and draw(st.booleans()) else (),
        rows=tuple(
            (name, draw(st.integers(1, 5))) for name in sorted(draw(st.sets(st.sampled_from(names), max_size=3)))
        ),
        input_rows=draw(st.sampled_from([0, 0, 3, 8])),
        grid=draw(st.booleans()),
        restart=draw(st.sampled_from([0, 0, 500, 800])),
    )


@given(st.data(), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_random_drafts_of_random_networks(data: st.DataObject, seed: int) -> None:
    studio = Studio(analysed(ir.from_proto(RandomNetwork(seed).build(layers=8))), Definition())
    before = data.draw(drafts(studio))
    studio.measure(before)
    draft = data.draw(drafts(studio))
    outcome = studio.measure(draft)
    assert (outcome.peak_bytes, outcome.macs, outcome.nodes) == whole_run(studio, draft)
    live = [int(now) for stage in outcome.stages for now in stage.live]
    assert live == list(measure(studio.network(draft.cut_nodes), studio.program(draft)).live)


def test_phases_that_two_drafts_share_are_run_once() -> None:
    studio = Studio(zoo.build("mobilenetv2"), Definition())
    nodes = [op.nodes[0].index for op in studio.network().ops[1:] if op.nodes]
    cuts = tuple(nodes[len(nodes) * i // 4] for i in (1, 2, 3))
    one = studio.measure(Draft(cuts, (0, 0, 0, 0)))
    two = studio.measure(Draft(cuts, (0, 0, 0, 90_000)))
    assert [a is b for a, b in zip(one.stages, two.stages, strict=True)] == [True, True, True, False]


@given(st.data(), st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_nothing_above_a_limit_passes_it(data: st.DataObject, seed: int) -> None:
    net = analysed(ir.from_proto(RandomNetwork(seed).build(layers=8)))
    draft = data.draw(drafts(Studio(net, Definition())))
    peak = whole_run(Studio(net, Definition()), draft)[0]
    for limit in (peak - 1, peak // 2):
        assert Studio(net, Definition()).measure_within(draft, limit) is None


@pytest.mark.parametrize("target", [0, 100_000])
@pytest.mark.parametrize("name", ["squeezenet1.1", "resnet18", "mobilenetv2"])
def test_a_run_at_its_limit_is_not_given_up(name: str, target: int) -> None:
    net = zoo.build(name)
    nodes = [op.nodes[0].index for op in Studio(net, Definition()).network().ops[1:] if op.nodes]
    draft = Draft(
        (nodes[len(nodes) // 3],), (target, target), recomputed=frozenset(n.outputs[0] for n in net.nodes[:4])
    )
    peak = whole_run(Studio(net, Definition()), draft)[0]
    assert Studio(net, Definition()).measure_within(draft, peak) is not None


def test_results_of_one_node_are_recomputed_together() -> None:
    text = """<ir_version: 8, opset_import: ["" : 18]>
    split (float[1,2,12,8] x) => (float[1,2,12,8] y) <float[2,2,3,3] k, int64[2] halves = {1,1}> {
      a = Conv <pads: ints = [1,1,1,1]> (x, k)
      b, c = Split <axis: int = 1> (a, halves)
      d = Concat <axis: int = 1> (c, b)
      e = Conv <pads: ints = [1,1,1,1]> (d, k)
      y = Relu (e)
    }"""
    model = onnx.parser.parse_model(text)
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.ones((2, 2, 3, 3), np.float32), "k"))
    studio = Studio(analysed(ir.from_proto(model)), Definition())
    draft = Draft(targets=(0,), recomputed=frozenset({"b"}))
    both = replace(draft, recomputed=frozenset({"b", "c"}))
    assert (
        whole_run(studio, draft) == whole_run(studio, both) != whole_run(studio, replace(draft, recomputed=frozenset()))
    )


def branches_that_meet_again(count: int) -> str:
    """Return a network of `count` blocks, each of a convolution and a pool of other windows, added up."""
    blocks = "".join(
        f"""
      a{i} = Conv <pads: ints = [2,2,2,2]> (x{i}, k)
      b{i} = MaxPool <kernel_shape: ints = [3,3], pads: ints = [1,1,1,1]> (x{i})
      x{i + 1} = Add (a{i}, b{i})"""
        for i in range(count)
    )
    return f"""<ir_version: 8, opset_import: ["" : 18]>
    blocks (float[1,2,600,8] x0) => (float[1,2,600,8] y) <float[2,2,5,5] k> {{{blocks}
      y = Relu (x{count})
    }}"""


def test_recomputing_through_branches_that_meet_again_ends_soon() -> None:
    """Each block doubles the ways from the end to the start: 2^40 of them are neither followed nor computed."""
    model = onnx.parser.parse_model(branches_that_meet_again(40))
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.ones((2, 2, 5, 5), np.float32), "k"))
    network = Studio(analysed(ir.from_proto(model)), Definition()).network()
    every = frozenset(tensor for op in network.ops[:-1] for tensor in op.results)
    phase = Phase(0, len(network.ops), {network.ops[-1].results[0]: 100}, every)
    found = run_stage(network, phase, received_from(network), {}, most_steps=3000)
    assert isinstance(found, Abandoned)
    assert found.too_long
    assert found.steps <= 3001 + len(network.ops)
