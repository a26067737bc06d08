"""Trace files, read back with their own classes: slices add up to the result's cycles, counters hold its peak."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from accelsim.cli import main
from accelsim.network import open_network
from accelsim.program import UnitKind
from accelsim.report.slices import counters, tracks
from accelsim.report.tracing import chrome_trace, perfetto_trace
from accelsim.simulation import Run, compile_model, hardware_from, time_run


@cache
def timed() -> Run:
    hardware = hardware_from("edge_npu", ["scratchpad.capacity=4KiB"])
    return time_run(compile_model(open_network("tiny").graph, hardware))


def busy_by_unit() -> dict[str, int]:
    """Sum of durations per unit, straight from Program and Trace."""
    program, trace = timed().compiled.program, timed().trace
    found: dict[str, int] = defaultdict(int)
    for i, item in enumerate(program.instructions):
        found[program.units[item.unit].name] += int(trace.end[i]) - max(int(trace.start[i]), int(trace.bus_start[i]))
    return dict(found)


def test_slices_of_a_track_do_not_overlap_and_none_is_lost() -> None:
    found = list(tracks(timed()))
    assert sum(len(track.slices) for track in found) == len(timed().compiled.program.instructions)
    for track in found:
        assert all(a.end <= b.begin for a, b in zip(track.slices, track.slices[1:], strict=False)), track.name


def test_the_perfetto_file_read_back_adds_up_to_the_cycles_of_the_result() -> None:
    pb2 = pytest.importorskip("perfetto.protos.perfetto.trace.perfetto_trace_pb2")
    trace = pb2.Trace.FromString(perfetto_trace(timed()))
    names = {p.track_descriptor.uuid: p.track_descriptor.name for p in trace.packet if p.HasField("track_descriptor")}
    spent: dict[str, int] = defaultdict(int)
    highest: dict[str, float] = defaultdict(float)
    for packet in trace.packet:
        if packet.HasField("track_event"):
            event, name = packet.track_event, names[packet.track_event.track_uuid]
            if event.type == event.TYPE_COUNTER:
                highest[name] = max(highest[name], event.double_counter_value)
            else:
                spent[name.partition(" ")[0]] += packet.timestamp * (1 if event.type == event.TYPE_SLICE_END else -1)
    assert dict(spent) == busy_by_unit()
    array = next(unit for unit in timed().compiled.program.units if unit.kind is UnitKind.ARRAY)
    issued = sum(timed().compiled.program.units[i.unit] is array for i in timed().compiled.program.instructions)
    issue = issued * timed().compiled.hardware.issue_cycles
    assert spent[array.name] == timed().result.totals.array_cycles + issue
    assert highest["scratchpad occupied"] == timed().result.scratchpad.peak_occupancy_bytes


def test_the_chrome_file_has_the_same_slices() -> None:
    document: dict[str, Any] = json.loads(json.dumps(chrome_trace(timed())))
    threads = {e["tid"]: e["args"]["name"] for e in document["traceEvents"] if e.get("name") == "thread_name"}
    spent: dict[str, float] = defaultdict(float)
    for event in document["traceEvents"]:
        if event["ph"] == "X":
            spent[threads[event["tid"]].partition(" ")[0]] += 1000 * event["dur"]
    assert {name: round(cycles) for name, cycles in spent.items()} == busy_by_unit()


def test_the_bandwidth_over_time_adds_up_to_the_bytes_and_stays_below_the_limit() -> None:
    rate = next(counter for counter in counters(timed()) if counter.name == "DRAM bandwidth")
    stretches = zip(rate.cycles, rate.cycles[1:], rate.values, strict=False)
    moved = sum((after - before) * value for before, after, value in stretches)
    assert moved == pytest.approx(timed().result.totals.dram_bytes, rel=1e-6)


@pytest.mark.parametrize(("name", "start"), [("run.pftrace", b"\n"), ("run.json", b'{"displayTimeUnit":"ns"')])
def test_run_writes_either_format(name: str, start: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if name.endswith(".pftrace"):
        pytest.importorskip("perfetto")
    assert main(["run", "--hw", "edge_npu", "--model", "tiny", "--trace", str(tmp_path / name), "--quiet"]) == 0
    assert (tmp_path / name).read_bytes().startswith(start)


def test_another_ending_is_refused_before_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--hw", "edge_npu", "--model", "tiny", "--trace", "x.txt"]) == 2
    assert "--trace: must end in .pftrace or .json, got 'x.txt'" in capsys.readouterr().err
