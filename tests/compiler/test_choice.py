"""The narrowed search of the best tiling against looking at every candidate."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.compiler import residency
from accelsim.compiler.choice import Choice, Chooser, Shortfall
from accelsim.compiler.ranked import Ranked
from accelsim.compiler.situation import Rows, Situation
from accelsim.hardware import load
from accelsim.mapping import FREE, CostGrid, CostTable, Machine, Pins, Tables, problem_of
from accelsim.workload import build
from restructure import zoo

HARDWARE = load("edge_npu")
MACHINE = Machine.of(HARDWARE)


def ranked(grid: CostGrid, machine: Machine = MACHINE) -> Ranked:
    return Ranked(grid, grid.places, machine)


def table_of(candidates: Ranked) -> CostTable:
    """All of them."""
    return candidates.first(len(candidates))


@pytest.fixture(scope="module")
def grids() -> list[CostGrid]:
    workload = build(zoo.build("squeezenet1.1"))
    problems = [problem_of(layer, workload.storages, HARDWARE) for layer in workload.layers]
    chosen = [p for p in dict.fromkeys(problems) if len(p.inputs) == 1][:6]
    known = Tables()
    return [known.of(p, MACHINE.tiling, FREE) for p in chosen]


rows = st.builds(
    Rows,
    kept=st.integers(1, 50),
    total=st.just(60),
    row_bytes=st.sampled_from([64, 1000, 4096]),
    block=st.sampled_from([1, 5]),
    stride=st.sampled_from([1, 2]),
    pad=st.sampled_from([0, 1]),
)
situations = st.builds(
    Situation,
    input_shares=st.sampled_from([(0.0,), (0.3,), (1.0,)]),
    output_share=st.sampled_from([0.0, 0.5, 1.0]),
    leaving=st.lists(rows, max_size=1).map(tuple),
    arriving=st.none() | rows,
    rows=st.integers(1, 60),
    capacity_bytes=st.sampled_from([8_000, 60_000, 235_000]),
)


residents = st.integers(0, 240_000)


def exhaustive(table: CostTable, situation: Situation, resident: int) -> tuple[int, float] | None:
    """The first of the cheapest candidates and its score; none if nothing fits."""
    costed = Chooser(MACHINE)._costed(table, situation, resident)
    return None if isinstance(costed, Shortfall) else (int(np.argmin(costed.score)), float(costed.score.min()))


@settings(max_examples=60, deadline=None)
@given(asked=st.lists(st.tuples(st.integers(0, 5), situations, residents), min_size=1, max_size=12))
def test_a_narrowed_search_finds_the_first_of_the_cheapest_candidates(grids, asked):
    chooser, candidates = Chooser(MACHINE), [ranked(grid) for grid in grids]
    for number, situation, resident in asked:
        table = grids[number].table(grids[number].places, float(MACHINE.bytes_per_cycle))
        found, wanted = chooser.choose(candidates[number], situation, resident), exhaustive(table, situation, resident)
        if wanted is None:
            assert not isinstance(found, Choice)
        else:
            assert isinstance(found, Choice)
            assert found.mapping == table.mapping(wanted[0], found.mapping.double_buffered)
            assert found.score == wanted[1]
            assert found.considered == len(table)


@settings(max_examples=60, deadline=None)
@given(
    number=st.integers(0, 5),
    situation=situations,
    rooms=st.lists(st.tuples(st.integers(0, 240_000), st.integers(4_000, 240_000)), min_size=4, max_size=20),
)
def test_an_answer_that_is_kept_for_less_room_is_the_answer_of_a_new_search(grids, number, situation, rooms):
    chooser, candidates = Chooser(MACHINE), ranked(grids[number])
    for resident, capacity in rooms:
        asked = replace(situation, capacity_bytes=capacity)
        assert chooser.choose(candidates, asked, resident) == Chooser(MACHINE).choose(candidates, asked, resident)


@settings(max_examples=60, deadline=None)
@given(number=st.integers(0, 5), situation=situations, resident=residents)
def test_no_candidate_scores_below_its_floor_and_floors_ascend(grids, number, situation, resident):
    candidates = ranked(grids[number])
    assert (np.diff(candidates.floor) >= 0).all()
    costed = Chooser(MACHINE)._costed(table_of(candidates), situation, resident)
    if not isinstance(costed, Shortfall):
        assert (costed.score >= candidates.floor).all()


@settings(max_examples=60, deadline=None)
@given(number=st.integers(0, 5), situation=situations, resident=residents)
def test_no_candidate_is_cheaper_beside_more_residents(grids, number, situation, resident):
    chooser, table = Chooser(MACHINE), grids[number].table(grids[number].places, 1 / 16)  # slow memory
    beside, alone = chooser._costed(table, situation, resident), chooser._costed(table, situation, 0)
    if not isinstance(beside, Shortfall):
        assert (alone.score <= beside.score).all()


@pytest.mark.parametrize(
    ("preset", "capacity"),
    [
        ("edge_npu", "48KiB"),
        ("gemmini_8x8", "64KiB"),
        ("tpu_like", "96KiB"),
        pytest.param("eyeriss", "40KiB", marks=pytest.mark.slow),
    ],
)
def test_tilings_left_out_because_they_never_fit_change_no_choice(preset, capacity, monkeypatch):
    workload, hardware = build(zoo.build("mobilenetv3_small")), load(preset, [f"scratchpad.capacity={capacity}"])
    plan = residency.Planner(workload, hardware, Pins()).plan()
    monkeypatch.setattr(residency, "_fitting", lambda grid, hardware: grid.places)
    of_all = residency.Planner(workload, hardware, Pins()).plan()
    assert plan.kept_rows == of_all.kept_rows
    assert [choice.mapping for choice in plan.choices] == [choice.mapping for choice in of_all.choices]
    assert sum(c.considered for c in plan.choices) < sum(c.considered for c in of_all.choices)


def test_the_ranking_is_by_estimates_holds_what_is_chosen_and_nothing_with_a_better_score(grids):
    chooser = Chooser(MACHINE)
    found = Situation((1.0,), 1.0, (), None, 56, 64 * 1024)
    for grid in grids:
        candidates, table = ranked(grid), grid.table(grid.places, float(MACHINE.bytes_per_cycle))
        ranking = chooser.ranking(candidates, found, 0, 12)
        assert len(ranking) == 12
        assert ranking == chooser.ranking(candidates, found, 0, 40)[:12]
        all_there_are, chosen = chooser.ranking(candidates, found, 0, len(table)), chooser.choose(candidates, found, 0)
        assert chosen in all_there_are
        assert min(choice.score for choice in all_there_are) == chosen.score
        costed, (traffic, _) = chooser._costed(table, found, 0), chooser._transfers(table, found)
        estimates = np.where(costed.score < np.inf, costed.cycles + 0.05 * traffic + table.steps, np.inf)
        best = np.argsort(estimates.round(6), kind="stable")[:12]
        assert [choice.cycles for choice in ranking] == pytest.approx(costed.cycles[best], rel=1e-9)


def test_the_columns_of_the_first_few_are_those_of_all():
    workload = build(zoo.build("tiny"))
    grid = Tables().of(problem_of(workload.layers[0], workload.storages, HARDWARE), MACHINE.tiling, FREE)
    candidates = ranked(grid)
    for count in (1, 3, 600, 40, len(grid), len(grid) + 9):
        few, everything = candidates.first(count), table_of(ranked(grid))
        assert len(few) == min(count, len(grid))
        assert (few.array_cycles == everything.array_cycles[:count]).all()
        assert (few.input_bytes == everything.input_bytes[:, :count]).all()
        assert candidates.reach(float(candidates.floor[len(few) - 1])) >= len(few)


@pytest.mark.parametrize(
    ("overrides", "slivers"),
    [
        ([], False),
        (["dram.writable=false"], True),  # whatever fits is wanted
        (["scratchpad.capacity=16KiB"], True),
        (["accumulator.capacity=256 B"], True),
        (["weight_buffer.capacity=8KiB"], True),
        (["weight_buffer.capacity=64KiB"], False),
    ],
)
def test_tiles_that_leave_the_array_idle_are_candidates_where_some_memory_is_small_or_nothing_may_be_spilled(
    overrides, slivers
):
    workload = build(zoo.build("squeezenet1.1"))
    layer = next(each for each in workload.layers if each.kernel.window.kernel == (3, 3) and each.reduction >= 32)
    planner = residency.Planner(workload, load("edge_npu", overrides), Pins())
    table = table_of(planner.ranked[layer.index])
    assert slivers == any(table.mapping(i, True).tile.filters == 1 for i in range(len(table)))
