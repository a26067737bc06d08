"""The listing of a Program: every instruction with its unit, tensors, addresses, tile and cycles."""

from __future__ import annotations

import json

import pytest

from accelsim.hardware import load
from accelsim.network import open_network
from accelsim.report import listing_document, listing_screen, to_text
from accelsim.simulation import Run, compile_model, time_run


@pytest.fixture(scope="module")
def timed() -> Run:
    return time_run(compile_model(open_network("tiny").graph, load("edge_npu", ["scratchpad.capacity=3KiB"])))


def test_every_instruction_is_listed_with_what_it_does(timed: Run) -> None:
    program, trace = timed.compiled.program, timed.trace
    shown = range(len(program.instructions))
    text = to_text(lambda width: listing_screen(program, trace, shown, len(shown), width), 200)
    for position, instruction in enumerate(program.instructions):
        head = f"{position:>6}  {program.units[instruction.unit].name:<7} {instruction.opcode}"
        assert head in text
        assert f"cycles  {trace.start[position]:,}–{trace.end[position]:,}" in text
        for operand in (*instruction.reads, *instruction.writes):
            assert f"at {program.memories[operand.memory].name} {operand.address}–{operand.box.end - 1}, " in text


def test_a_limited_listing_says_what_it_leaves_out(timed: Run) -> None:
    program, trace = timed.compiled.program, timed.trace
    text = to_text(lambda width: listing_screen(program, trace, [0, 1], 7, width), 80)
    assert text.endswith("2 of 7 instructions listed; --limit all lists every one\n")
    assert max(map(len, text.splitlines())) <= 80


def test_the_json_listing_holds_plain_values(timed: Run) -> None:
    program, trace = timed.compiled.program, timed.trace
    document = json.loads(json.dumps(listing_document(program, trace, range(len(program.instructions)))))
    assert document["latency_cycles"] == trace.latency_cycles
    assert len(document["instructions"]) == len(program.instructions)
    first = document["instructions"][0]
    assert first["opcode"] == "LOAD"
    assert first["reads"][0]["memory"] == "dram"
    assert first["reads"][0]["bytes"] > 0
