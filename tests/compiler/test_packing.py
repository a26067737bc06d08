"""Addresses: packed without a conflict, and what finds no place in any order makes room for itself."""

from hypothesis import given
from hypothesis import strategies as st
from running import product

from accelsim.compiler.allocate import Packing
from accelsim.compiler.drafts import RangeDraft
from accelsim.compiler.residency import Planner
from accelsim.hardware import load
from accelsim.mapping import Pins
from accelsim.simulation import compile_model, simulate, time_run
from accelsim.workload import build
from restructure import zoo

MEMORY, CAPACITY = 1, 32


def drafts(entries):
    found = []
    for first, life, size in entries:
        draft = RangeDraft(MEMORY, size, 0)
        draft.first, draft.last = first, first + life - 1
        found.append(draft)
    return found


def overlap(a, b):
    lives = a.first <= b.last and b.first <= a.last
    return lives and a.address < b.address + b.size_bytes and b.address < a.address + a.size_bytes


ENTRIES = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 25), st.integers(1, CAPACITY)), max_size=14)


@given(ENTRIES)
def test_ranges_that_live_together_share_no_byte_and_lie_in_the_memory(entries):
    ranges = drafts(entries)
    packing = Packing(ranges, MEMORY, CAPACITY)
    if packing.pack():
        return
    for index, a in enumerate(ranges):
        assert 0 <= a.address <= CAPACITY - a.size_bytes
        assert not any(overlap(a, b) for b in ranges[:index])
    for draft in ranges:
        packing.extend(draft, max(draft.first - 3, 0), draft.last + 2)
    for index, a in enumerate(ranges):
        assert not any(overlap(a, b) for b in ranges[:index])


@given(ENTRIES)
def test_what_is_packed_never_needs_more_at_once_than_there_is(entries):
    ranges = drafts(entries)
    most = max((sum(r.size_bytes for r in ranges if r.first <= s <= r.last) for s in range(56)), default=0)
    if most > CAPACITY:
        assert Packing(ranges, MEMORY, CAPACITY).pack()


def test_what_no_order_packs_is_packed_by_making_room(monkeypatch):
    # Found by trying: longest life, largest and largest area first each leave one without a place.
    entries = [(7, 7, 11), (1, 7, 12), (5, 2, 8), (6, 2, 8)]
    assert Packing(drafts(entries), MEMORY, CAPACITY).pack() == []
    monkeypatch.setattr(Packing, "_make_room", lambda *_: False)
    assert Packing(drafts(entries), MEMORY, CAPACITY).pack()


@given(ENTRIES)
def test_who_could_not_make_room_left_all_others_where_they_were(entries):
    ranges = drafts(entries)
    packing = Packing(ranges, MEMORY, CAPACITY)
    packing.pack({draft: max(draft.first - 2, 0) for draft in ranges[::2]})
    placed = packing._placed.contemporaries(0, 99)
    assert len(placed) == len(set(placed))
    for index, a in enumerate(placed):
        assert 0 <= a.address <= CAPACITY - a.size_bytes
        assert not any(overlap(a, b) for b in placed[:index])


@given(ENTRIES)
def test_where_not_all_fits_every_life_is_what_it_was_before(entries):
    ranges = drafts(entries)
    born = [draft.first for draft in ranges]
    if Packing(ranges, MEMORY, CAPACITY).pack({draft: max(draft.first - 2, 0) for draft in ranges[::2]}):
        assert [draft.first for draft in ranges] == born


def test_a_layer_that_found_no_addresses_lets_go_of_what_is_beside_it_rather_than_work_in_tiny_tiles():
    planner = Planner(build(zoo.build("mobilenetv3_small")), load("edge_npu", ["scratchpad.capacity=64 KiB"]), Pins())
    before = sum(choice.cycles for choice in planner.plan().choices)
    planner.tighten([5])
    assert sum(choice.cycles for choice in planner.plan().choices) < 1.05 * before


def test_a_smaller_scratchpad_costs_what_it_spills_and_not_twice_the_time():
    graph, cycles = zoo.build("mobilenetv3_small"), {}
    for capacity in ("64 KiB", "128 KiB"):
        found = time_run(compile_model(graph, load("edge_npu", [f"scratchpad.capacity={capacity}"])))
        cycles[capacity] = found.result.totals.latency_cycles
    assert cycles["128 KiB"] <= cycles["64 KiB"] <= 1.15 * cycles["128 KiB"]


@given(ENTRIES)
def test_wishes_to_live_earlier_are_granted_or_not_and_never_refuse_what_fits(entries):
    plain, wishing = drafts(entries), drafts(entries)
    born = [draft.first for draft in wishing]
    wishes = {draft: max(draft.first - 2, 0) for draft in wishing[::2]}
    refused = Packing(wishing, MEMORY, CAPACITY).pack(wishes)
    if Packing(plain, MEMORY, CAPACITY).pack():
        return
    assert not refused
    for index, (draft, first) in enumerate(zip(wishing, born, strict=True)):
        assert draft.first in (first, wishes.get(draft, first))
        assert 0 <= draft.address <= CAPACITY - draft.size_bytes
        assert not any(overlap(draft, other) for other in wishing[:index])


def test_buffers_that_take_turns_are_told_apart_where_there_is_room_for_two():
    # Eight tiles of 12 bytes, one a slot, and 8 bytes that live throughout: 32 bytes hold two tiles beside them.
    tiles = drafts([(slot, 1, 12) for slot in range(8)])
    stays = drafts([(0, 8, 8)])
    packing = Packing([*tiles, *stays], MEMORY, CAPACITY)
    assert not packing.pack({tile: tile.first - 1 for tile in tiles[1:]})
    assert [tile.first for tile in tiles] == [0, 0, 1, 2, 3, 4, 5, 6]
    assert {tile.address for tile in tiles} == {8, 20}


def test_what_moves_to_live_longer_keeps_to_those_that_stay():
    stays, goes, moves = ranges = drafts([(0, 20, 8), (0, 4, 10), (4, 16, 6)])
    packing = Packing(ranges, MEMORY, CAPACITY)
    assert not packing.pack()
    assert (stays.address, goes.address, moves.address) == (0, 8, 8)
    # Right above `goes` it would lie alone in the middle for fourteen slots; the end of the memory stays.
    assert packing.extend(moves, 2, 19)
    assert moves.address == CAPACITY - 6


def test_what_moves_to_live_longer_takes_the_lowest_place_where_its_neighbour_stays():
    goes, stays, moves = ranges = drafts([(0, 4, 6), (0, 20, 8), (4, 16, 6)])
    packing = Packing(ranges, MEMORY, CAPACITY)
    assert not packing.pack()
    stays.address, goes.address, moves.address = 6, 0, 0
    assert packing.extend(moves, 2, 19)
    assert moves.address == 14


def test_a_matrix_vector_product_gains_from_every_step_of_bandwidth():
    # Its next input, fetched early, once settled between the buffers of weights and kept them from taking turns: with
    # 8 GB/s it took twice as long as with 12, and with 16 half as long again. (Then no loads passed a path of packets.)
    model = product(1, 2048, 1000)
    simple = ["dma.load_width=null", "dma.packets=null", "dram.burst=64B", "dram.weight_layout=tiles"]
    waits = "pe_array.instruction.products_follow_loads=false"
    cycles = [
        simulate(
            model, "gemmini_8x8", overrides=[*simple, waits, f"dram.bandwidth={bandwidth}GB/s"]
        ).totals.latency_cycles
        for bandwidth in (6, 8, 12, 16, 24, 32)
    ]
    assert cycles == sorted(cycles, reverse=True)
    # From 8 GB/s on every weight's byte arrives while the array, 8 bytes a cycle, works on others.
    assert cycles[1] < 1.05 * 2048 * 1000 / 8
