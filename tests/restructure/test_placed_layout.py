"""Under the placed layout views share bytes and ranges go when last read; plan, profile and a second count agree."""

from dataclasses import replace

import onnx_ir as ir
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from integer_models import analysed
from random_graphs import Network, networks
from random_networks import RandomNetwork, random_draft
from test_profile import live, net_of

import restructure
from restructure import graph, zoo
from restructure.errors import PlanError
from restructure.planning.studio import Studio
from restructure.profile import Definition, profile
from restructure.streaming import occupancy
from restructure.streaming.cellwise import placed_by_cell
from restructure.verify import count

PLACED = Definition(layout="placed")
OUTSIDE = Definition(layout="placed", input_counted=False, dtype="int8")


def agreed(net: graph.Graph, definition: Definition = PLACED) -> int:
    """Assert that profile and count agree at every step; return the peak."""
    found, counted = profile(net, definition), count(net, definition)
    by_name = {step.node: step for step in counted.steps}
    for step in found.steps:
        other = by_name[step.node]
        assert (step.live_elements, step.live_bytes) == (other.live_elements, other.live_bytes)
    assert (found.peak_bytes, found.peak_elements) == (counted.peak_bytes, counted.peak_elements)
    return found.peak_bytes


def test_a_concat_is_a_tensor_its_parts_lie_in() -> None:
    net = net_of(("AveragePool", "x", "a"), ("AveragePool", "x", "b"), ("Concat", "a b", "y"))
    assert live(net) == [64, 96, 128]
    assert live(net, PLACED) == [64, 96, 64]


def test_an_original_without_views_needs_the_same_placed_or_copied() -> None:
    net = zoo.build("mobilenetv2")
    assert profile(net, PLACED).peak_elements == profile(net).peak_elements == 1_505_280


def test_depthwise_in_place_gives_mcunetv2s_figure_of_mobilenetv2() -> None:
    # arXiv 2110.15352: 1372 kB, int8
    net, definition = zoo.build("mobilenetv2"), Definition(dtype="int8", depthwise_in_place=True)
    assert profile(net, definition).peak_bytes == count(net, definition).peak_bytes == 1372 * 1024


@pytest.mark.parametrize("seed", [*range(10), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(10, 40))])
def test_any_plan_of_a_random_network_meets_its_prediction(seed: int) -> None:
    net = analysed(ir.from_proto(RandomNetwork(seed).build()))
    for number, definition in enumerate((PLACED, PLACED, OUTSIDE)):
        studio = Studio(net, definition, None)
        plan = studio.plan(random_draft(studio, 100 * seed + number))
        emitted = analysed(restructure.rewrite(net, plan))
        found = profile(emitted, definition)
        assert (found.peak_bytes, found.peak_elements) == (plan.peak_bytes, plan.peak_elements)
        assert agreed(emitted, definition) == plan.peak_bytes


@pytest.mark.parametrize("seed", range(0, 40, 2))
def test_rows_and_single_cells_give_the_same_lives(seed: int) -> None:
    studio = Studio(analysed(ir.from_proto(RandomNetwork(seed).build())), PLACED, None)
    draft = random_draft(studio, seed)
    network, program = studio.network(draft.cut_nodes), studio.program(draft)
    by_cell, by_row = placed_by_cell(network, program), occupancy(network, program)
    assert (by_cell.octets(), by_cell.elements()) == (by_row.octets(), by_row.elements())
    assert all(by_cell.at(step) == by_row.at(step) for step in range(0, len(program.steps), 5))


@given(networks())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_profile_and_count_agree_on_any_graph(case: Network) -> None:
    net = graph.load(case.model)
    for definition in (PLACED, OUTSIDE, Definition(layout="placed", add_in_place=True, depthwise_in_place=True)):
        agreed(net, definition)


@given(networks(), st.integers(0, 1000))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_any_plan_of_any_graph_meets_its_prediction(case: Network, seed: int) -> None:
    net = graph.load(case.model)
    studio = Studio(net, PLACED, None)
    draft = random_draft(studio, seed)
    # Many layers that are recomputed for each of two readers make for more nodes than anybody can count.
    plan = studio.plan(replace(draft, recomputed=frozenset(sorted(draft.recomputed)[:2])))
    assert agreed(graph.load(restructure.rewrite(net, plan))) == plan.peak_bytes


def test_planning_refuses_a_definition_it_cannot_predict() -> None:
    with pytest.raises(PlanError, match=r"^definition: BatchNorm .* must not, got .*; profile the graph under it inst"):
        restructure.plan(zoo.build("tiny"), definition=Definition(add_in_place=True))
