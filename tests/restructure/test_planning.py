"""The search finds what brute force finds, keeps to its limits, and says what binds."""

from itertools import accumulate, combinations, pairwise, product

import onnx_ir as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st
from integer_models import analysed
from random_networks import RandomNetwork

import restructure
from restructure import zoo
from restructure.planning.borders import cut_points, far_apart
from restructure.planning.drafts import WHOLE, Draft
from restructure.planning.dynamic import flattest, measured_edges
from restructure.planning.edges import Edges
from restructure.planning.front import front_of
from restructure.planning.studio import Studio
from restructure.profile import Definition


@pytest.mark.parametrize("seed", [1, 2, 3, 5, 8, 13])
def test_dynamic_programming_finds_the_flattest_chain_that_brute_force_finds(seed: int) -> None:
    net = analysed(ir.from_proto(RandomNetwork(seed).build(layers=4)))
    studio = Studio(net, Definition())
    edges = Edges(studio, Draft())
    cuts = cut_points(edges.network, 18)
    points = [0, *cuts, len(edges.network.ops)]
    for target in (WHOLE, 0, 800):
        found = measured_edges(edges, cuts, [target], (0,), lambda: False)
        best = max(edge.peak_bytes for edge in flattest(found, points))
        brute = min(
            max(edges.measure(a, b, target).peak_bytes for a, b in pairwise(chain))
            for count in range(len(cuts) + 1)
            for chosen in combinations(cuts, count)
            for chain in [(0, *chosen, points[-1])]
        )
        assert best == brute


def test_a_u_net_is_flattened_without_a_mac_more() -> None:
    """Parts of its transposed convolutions end where one operand row's reach does."""
    plan = restructure.plan(zoo.build("unet"), max_overhead=0.0, effort=0.2)
    assert plan.mac_overhead == 0
    assert plan.saving > 0.7


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=14), st.integers(1, 6))
def test_cuts_are_thinned_as_by_looking_at_all_pairs_again_and_again(ops: list[tuple[int, int]], most: int) -> None:
    held = [0, *accumulate(step for step, _ in ops)]
    sizes = dict(enumerate(size for _, size in ops))
    kept = list(sizes)
    while len(kept) > most:
        left, right = min(pairwise(kept), key=lambda pair: held[pair[1]] - held[pair[0]])
        kept.remove(right if sizes[right] > sizes[left] else left)
    assert far_apart(list(sizes), held, sizes, most) == kept


def test_of_many_narrow_places_those_far_apart_are_kept() -> None:
    network = Studio(zoo.build("inceptionv3"), Definition()).network()
    everywhere = cut_points(network, len(network.ops))
    chosen = cut_points(network, 18)
    assert len(chosen) == 18
    assert set(chosen) < set(everywhere)
    names = {network.ops[cut].nodes[0].name for cut in chosen}
    # Where the large maps end, where the middle begins, and the narrow end, which alone has more than 18.
    assert names >= {"mixed5b.branch1x1", "mixed6b.branch1x1", "mixed7b.branch1x1"}
    few = cut_points(network, 4)
    assert len(few) == 4
    assert set(few) < set(chosen)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_plan_is_no_worse_than_every_plan_of_up_to_two_cuts(seed: int) -> None:
    net = analysed(ir.from_proto(RandomNetwork(seed).build(layers=4)))
    studio = Studio(net, Definition())
    nodes = [op.nodes[0].index for op in studio.network().ops[1:]]
    drafts = [
        Draft(cuts, targets)
        for count in range(3)
        for cuts in combinations(nodes, count)
        for targets in product((WHOLE, 0), repeat=count + 1)
    ]
    brute = min(o.peak_bytes for o in map(studio.measure, drafts) if o.macs <= net.macs)
    assert restructure.plan(net, max_overhead=0.0).peak_bytes <= brute


def test_limits_are_kept() -> None:
    net = zoo.build("tiny")
    assert restructure.plan(net, max_overhead=0.0).macs <= net.macs
    assert restructure.plan(net, max_nodes=30).nodes <= 30
    assert restructure.plan(net, max_parts=4).parts <= 4
    plan = restructure.plan(net, budget_bytes=12_000)
    assert plan.peak_bytes <= 12_000


def test_a_budget_is_met_by_the_cheapest_plan() -> None:
    net = zoo.build("tiny")
    tight, loose = (restructure.plan(net, budget_bytes=size) for size in (9_000, 20_000))
    assert loose.nodes < tight.nodes


def test_a_budget_out_of_reach_names_the_closest_plan_and_what_binds() -> None:
    with pytest.raises(
        restructure.BudgetError, match=r"^tiny: active memory must fit 1,000 B, the closest plan needs"
    ) as e:
        restructure.plan(zoo.build("tiny"), budget_bytes=1000)
    assert e.value.exit_code == 4
    assert e.value.plan.peak_bytes > 1000
    assert e.value.binding[0][1] > 0


def test_no_plan_of_the_front_beats_another() -> None:
    front = restructure.pareto(zoo.build("tiny"))
    figures = [(p.peak_bytes, p.macs, p.nodes) for p in front]
    assert figures == sorted(figures, reverse=True)
    for one, two in combinations(figures, 2):
        assert not all(a <= b for a, b in zip(one, two, strict=True))
        assert not all(a >= b for a, b in zip(one, two, strict=True))


def test_a_search_finds_the_same_plan_every_time() -> None:
    assert restructure.plan(zoo.build("tiny")) == restructure.plan(zoo.build("tiny"))


def test_an_outside_cost_chooses() -> None:
    net = zoo.build("tiny")
    assert restructure.plan(net, cost=lambda plan: plan.nodes).nodes == len(net.nodes)


def test_a_network_without_a_peak_to_flatten_stays_as_it_is() -> None:
    net = analysed(ir.from_proto(RandomNetwork(0).build(layers=0)))
    plan = restructure.plan(net)
    assert plan.regions == ()
    assert plan.saving == 0


def test_why_names_what_cannot_be_cut() -> None:
    net = zoo.build("tiny")
    reasons = restructure.why(net, restructure.plan(net))
    assert (("avgpool",), "cannot be cut by rows: it pools all rows") in reasons


def test_the_front_of_nothing_is_empty() -> None:
    assert front_of([]) == []
