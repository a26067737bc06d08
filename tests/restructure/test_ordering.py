"""Orders of nodes: the exact search against all orders, windows against the given order, both against the profile."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace

import onnx
import onnx_ir as ir
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from integer_models import analysed
from random_networks import RandomNetwork

import restructure
from restructure import zoo
from restructure.graph import Graph
from restructure.ordering import Task, Tasks, flattest_order, order, settle
from restructure.ordering.graphs import tasks_of
from restructure.planning.drafts import Draft
from restructure.planning.studio import Studio
from restructure.profile import Definition, profile
from restructure.streaming import measure
from restructure.streaming.settling import settled
from restructure.streaming.settling import tasks_of as program_tasks
from restructure.verify import verify


def all_orders(tasks: Tasks) -> Iterator[list[int]]:
    """Yield every order in which each task comes after those whose results it reads."""

    def extend(done: list[int]) -> Iterator[list[int]]:
        if len(done) == len(tasks.tasks):
            yield list(done)
        for index, task in enumerate(tasks.tasks):
            makers = {tasks.maker[b] for b in task.reads if b in tasks.maker}
            if index not in done and makers <= set(done):
                yield from extend([*done, index])

    return extend([])


def random_tasks(seed: int, count: int) -> Tasks:
    rng = random.Random(seed)
    sizes, tasks, there = [rng.randint(1, 9)], [], [0]
    for _ in range(count):
        reads = tuple(rng.sample(there, rng.randint(1, min(2, len(there)))))
        made = range(len(sizes), len(sizes) + rng.choice([0, 1, 1, 1, 2]))
        sizes += [sizes[reads[0]] if rng.random() < 0.5 else rng.randint(1, 9) for _ in made]
        hosts = tuple(b for b in reads if made and sizes[b] == sizes[made[0]] and rng.random() < 0.6)
        tasks.append(Task(reads, tuple(made), hosts))
        there += made
    kept = frozenset(rng.sample(range(len(sizes)), min(2, len(sizes))))
    return Tasks(tuple(tasks), sizes, frozenset({0}), kept, frozenset({0}))


@given(st.integers(0, 10_000), st.integers(1, 7))
@settings(max_examples=80, deadline=None)
def test_the_exact_search_finds_what_trying_all_orders_finds(seed: int, count: int) -> None:
    tasks = random_tasks(seed, count)
    found = flattest_order(tasks)
    assert found is not None
    peaks = [max(tasks.curve(candidate)) for candidate in all_orders(tasks)]
    assert max(tasks.curve(found)) == min(peaks)


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_what_is_live_after_some_tasks_is_counted_alike_step_by_step_and_in_one_go(seed: int) -> None:
    tasks = random_tasks(seed, 7)
    for candidate in list(all_orders(tasks))[:20]:
        done, live, steps = 0, tasks.start, []
        for index in candidate:
            step, live = tasks.cost(index, done, live)
            done |= 1 << index
            steps.append(step)
        curve = tasks.curve(candidate)
        assert steps[1:] == curve[1:]


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_windows_never_make_an_order_worse_and_never_beat_the_exact_one(seed: int) -> None:
    tasks = random_tasks(seed, 14)
    settled = settle(tasks)
    seen: set[int] = set()
    for index in settled:
        assert {tasks.maker[b] for b in tasks.tasks[index].reads if b in tasks.maker} <= seen
        seen.add(index)
    assert seen == set(range(14))
    exact = flattest_order(tasks)
    assert exact is not None
    given_peak = max(tasks.curve(range(14)))
    assert max(tasks.curve(exact)) <= max(tasks.curve(settled)) <= given_peak


@pytest.mark.parametrize(
    "definition", [Definition(), Definition(activation_in_place=False), Definition(add_in_place=True)]
)
@pytest.mark.parametrize("name", [*zoo.names()])
def test_tasks_need_what_the_profile_counts(name: str, definition: Definition) -> None:
    net = zoo.build(name)
    tasks = tasks_of(net, definition)
    counted = [step.live_bytes for step in profile(net, definition).steps]
    assert tasks.curve(range(len(tasks.tasks))) == counted


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_a_reordered_graph_has_the_profile_that_was_promised(seed: int) -> None:
    net = analysed(ir.from_proto(RandomNetwork(seed).build(layers=10)))
    found = order(net, Definition())
    assert found.exact
    assert profile(net.reordered(found.nodes)).peak_bytes == found.peak_bytes <= profile(net).peak_bytes


def test_beyond_the_exact_search_an_order_is_no_worse_than_the_given_one() -> None:
    net = zoo.build("inceptionv3")
    found = order(net, Definition(), most_states=3)
    assert not found.exact
    assert found.peak_bytes <= profile(net).peak_bytes


@pytest.mark.parametrize("name", ["tiny", "squeezenet1.1", "unet"])
def test_a_programs_tasks_need_what_the_program_needs(name: str) -> None:
    studio = Studio(zoo.build(name), Definition())
    network = studio.network()
    for draft in (Draft(), Draft((), (0,)), Draft((), (100_000,), input_rows=8)):
        program = studio.program(draft)
        live = measure(network, program).live
        tasks = program_tasks(network, program)
        assert tasks.curve(range(len(live))) == list(live)
        assert measure(network, settled(network, program, Definition())).peak_bytes <= max(live)


def branches_in_a_bad_order() -> Graph:
    """Return a graph whose two branches both start before either ends."""
    nodes = [
        onnx.helper.make_node("Tanh", ["x"], ["a"]),
        onnx.helper.make_node("Sigmoid", ["x"], ["b"]),
        onnx.helper.make_node("Concat", ["x", "a"], ["wide"], axis=1),
        onnx.helper.make_node("MaxPool", ["wide"], ["small"], kernel_shape=[4, 4], strides=[4, 4]),
        onnx.helper.make_node("MaxPool", ["b"], ["c"], kernel_shape=[4, 4], strides=[4, 4]),
        onnx.helper.make_node("Concat", ["small", "c"], ["y"], axis=1),
    ]
    value = onnx.helper.make_tensor_value_info
    body = onnx.helper.make_graph(nodes, "branches", [value("x", 1, [1, 4, 16, 16])], [value("y", 1, [1, 12, 4, 4])])
    return analysed(ir.from_proto(onnx.helper.make_model(body, opset_imports=[onnx.helper.make_opsetid("", 17)])))


def test_a_plan_starts_from_the_flattest_order_and_its_model_verifies() -> None:
    net = branches_in_a_bad_order()
    assert order(net, Definition()).peak_bytes < profile(net).peak_bytes
    plan = restructure.plan(net, max_nodes=len(net.nodes))
    assert plan.order
    assert plan.baseline_bytes == profile(net).peak_bytes
    again = restructure.Plan.from_dict(json.loads(json.dumps(plan.to_dict())))
    report = verify(net, restructure.load(restructure.rewrite(net, again)), plan=again)
    assert report.passed, report.problems


def test_an_order_of_other_nodes_is_refused() -> None:
    net = branches_in_a_bad_order()
    plan = replace(restructure.plan(net), order=("one", "two"))
    with pytest.raises(restructure.PlanError, match="was made for another graph"):
        restructure.rewrite(net, plan)
