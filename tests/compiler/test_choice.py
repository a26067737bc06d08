"""The narrowed search of the best tiling against looking at every candidate."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.compiler import residency
from accelsim.compiler.choice import Choice, Chooser, Shortfall
from accelsim.compiler.situation import Rows, Situation
from accelsim.hardware import load
from accelsim.mapping import FREE, CostTable, Machine, Pins, Tables, problem_of
from accelsim.workload import build
from restructure import zoo

HARDWARE = load("edge_npu")
MACHINE = Machine.of(HARDWARE)


@pytest.fixture(scope="module")
def tables() -> list[CostTable]:
    workload = build(zoo.build("squeezenet1.1"))
    problems = [problem_of(layer, workload.storages, HARDWARE) for layer in workload.layers]
    chosen = [p for p in dict.fromkeys(problems) if len(p.inputs) == 1][:6]
    known = Tables()
    return [known.of(p, MACHINE.tiling, FREE).at(float(MACHINE.bytes_per_cycle)) for p in chosen]


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
    resident_bytes=st.integers(0, 240_000),
    leaving=st.lists(rows, max_size=1).map(tuple),
    arriving=st.none() | rows,
    rows=st.integers(1, 60),
    capacity_bytes=st.sampled_from([8_000, 60_000, 235_000]),
)


def exhaustive(table: CostTable, situation: Situation) -> tuple[int, float] | None:
    """The first of the cheapest candidates and its score; none if nothing fits."""
    costed = Chooser(MACHINE)._costed(table, situation)
    return None if isinstance(costed, Shortfall) else (int(np.argmin(costed.score)), float(costed.score.min()))


@settings(max_examples=60, deadline=None)
@given(asked=st.lists(st.tuples(st.integers(0, 5), situations), min_size=1, max_size=12))
def test_a_narrowed_search_finds_the_first_of_the_cheapest_candidates(tables, asked):
    chooser = Chooser(MACHINE)
    for number, situation in asked:
        table = tables[number]
        found, wanted = chooser.choose(table, situation), exhaustive(table, situation)
        if wanted is None:
            assert not isinstance(found, Choice)
        else:
            assert isinstance(found, Choice)
            assert found.mapping == table.mapping(wanted[0], found.mapping.double_buffered)
            assert found.considered == len(table)


@settings(max_examples=60, deadline=None)
@given(
    number=st.integers(0, 5),
    situation=situations,
    rooms=st.lists(st.tuples(st.integers(0, 240_000), st.integers(4_000, 240_000)), min_size=4, max_size=20),
)
def test_an_answer_that_is_kept_for_less_room_is_the_answer_of_a_new_search(tables, number, situation, rooms):
    chooser, table = Chooser(MACHINE), tables[number]
    for resident, capacity in rooms:
        asked = replace(situation, resident_bytes=resident, capacity_bytes=capacity)
        assert chooser.choose(table, asked) == Chooser(MACHINE).choose(table, asked)


@settings(max_examples=60, deadline=None)
@given(number=st.integers(0, 5), situation=situations)
def test_no_candidate_scores_below_its_floor(tables, number, situation):
    chooser, table = Chooser(MACHINE), tables[number]
    costed = chooser._costed(table, situation)
    if not isinstance(costed, Shortfall):
        assert (costed.score >= chooser._floor(table)).all()


@settings(max_examples=60, deadline=None)
@given(number=st.integers(0, 5), situation=situations)
def test_no_candidate_is_cheaper_beside_more_residents(tables, number, situation):
    chooser, table = Chooser(MACHINE), tables[number].at(1 / 16)  # sixteen times slower memory
    beside, alone = chooser._costed(table, situation), chooser._costed(table, replace(situation, resident_bytes=0))
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
    monkeypatch.setattr(residency, "_fitting", lambda table, hardware: table)
    of_all = residency.Planner(workload, hardware, Pins()).plan()
    assert plan.kept_rows == of_all.kept_rows
    assert [choice.mapping for choice in plan.choices] == [choice.mapping for choice in of_all.choices]
    assert sum(c.considered for c in plan.choices) < sum(c.considered for c in of_all.choices)


def test_the_ranking_is_by_estimates_holds_what_is_chosen_and_nothing_with_a_better_score(tables):
    chooser = Chooser(MACHINE)
    found = Situation((1.0,), 1.0, 0, (), None, 56, 64 * 1024)
    for table in tables:
        ranking = chooser.ranking(table, found, 12)
        assert len(ranking) == 12
        assert ranking == chooser.ranking(table, found, 40)[:12]
        all_there_are, chosen = chooser.ranking(table, found, len(table)), chooser.choose(table, found)
        assert chosen in all_there_are
        assert min(choice.score for choice in all_there_are) == chosen.score
        costed, (traffic, _) = chooser._costed(table, found), chooser._transfers(table, found)
        estimates = np.where(costed.score < np.inf, costed.cycles + 0.05 * traffic + table.steps, np.inf)
        best = np.argsort(estimates.round(6), kind="stable")[:12]
        assert [choice.cycles for choice in ranking] == pytest.approx(costed.cycles[best], rel=1e-9)
