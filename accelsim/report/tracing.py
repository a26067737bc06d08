"""Trace files: for ui.perfetto.dev (protobuf), and Chrome's JSON. One nanosecond shown stands for one cycle.

Fields as in Perfetto's track_event.proto and Google's "Trace Event Format".
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.errors import ConfigurationError
from accelsim.files import write_bytes
from accelsim.printable import printable
from accelsim.report.slices import Counter, Slice, counters, tracks

if TYPE_CHECKING:
    from accelsim.simulation import Run

__all__ = ["chrome_trace", "perfetto_trace", "require_traceable", "write_trace"]

_PERFETTO = (".pftrace", ".perfetto-trace")
_SEQUENCE = 1


def require_traceable(path: str) -> None:
    """Refuse what cannot be written before the work that would fill it.

    Raises:
        ConfigurationError: the name has another ending, or the package `perfetto` is not installed.
    """
    ending = Path(path).suffix.lower()
    if ending not in (*_PERFETTO, ".json"):
        raise ConfigurationError(f"--trace: must end in .pftrace or .json, got {path!r}; write e.g. run.pftrace")
    if ending in _PERFETTO and find_spec("perfetto") is None:
        rule = "a .pftrace needs the package perfetto, which is not installed"
        raise ConfigurationError(f"--trace: {rule}; pip install 'accelsim[trace]', or write a .json")


def write_trace(run: Run, path: str) -> None:
    """Write the run in the format that the name's ending says.

    Raises:
        ConfigurationError: as `require_traceable`, or the file cannot be written.
    """
    require_traceable(path)
    if Path(path).suffix.lower() == ".json":
        text = json.dumps(chrome_trace(run), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        write_bytes(path, text.encode("utf-8", errors="backslashreplace"))
    else:
        write_bytes(path, perfetto_trace(run))


def _title(run: Run) -> str:
    return printable(f"{run.result.model.name} on {run.result.hardware.name} (1 ns shown = 1 cycle)")


def chrome_trace(run: Run) -> dict[str, Any]:
    """Chrome's JSON: complete events per track, counters, and names; times in µs of which 0.001 is a cycle."""
    events: list[dict[str, Any]] = [_meta("process_name", 0, _title(run))]
    for number, track in enumerate(tracks(run), start=1):
        events.append(_meta("thread_name", number, track.name))
        events += [_complete(number, item) for item in track.slices]
    for counter in counters(run):
        name = f"{counter.name} [{counter.unit}]"
        for cycle, value in zip(counter.cycles, counter.values, strict=True):
            events.append({"ph": "C", "pid": 1, "name": name, "ts": cycle / 1000, "args": {counter.unit: value}})
    return {"displayTimeUnit": "ns", "otherData": {"title": _title(run)}, "traceEvents": events}


def _meta(what: str, thread: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "pid": 1, "tid": thread, "name": what, "args": {"name": name}}


def _complete(thread: int, item: Slice) -> dict[str, Any]:
    times = {"ts": item.begin / 1000, "dur": (item.end - item.begin) / 1000}
    return {"ph": "X", "pid": 1, "tid": thread, "name": item.name, "cat": "unit", **times, "args": dict(item.facts)}


def perfetto_trace(run: Run) -> bytes:
    """Perfetto's protobuf: a track per unit (and transfer in flight), counter tracks, one process."""
    from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace

    trace = Trace()
    top = trace.packet.add()
    top.trusted_packet_sequence_id = _SEQUENCE
    top.track_descriptor.uuid = 1
    top.track_descriptor.process.pid = 1
    top.track_descriptor.process.process_name = _title(run)
    number = 1
    for track in tracks(run):
        number += 1
        _describe(trace, number, track.name)
        for item in track.slices:
            _add_slice(trace, number, item)
    for counter in counters(run):
        number += 1
        _describe(trace, number, counter.name, counter.unit)
        _add_counter(trace, number, counter)
    return bytes(trace.SerializeToString())


def _describe(trace: Any, number: int, name: str, unit: str = "") -> None:
    packet = trace.packet.add()
    packet.trusted_packet_sequence_id = _SEQUENCE
    packet.track_descriptor.uuid = number
    packet.track_descriptor.parent_uuid = 1
    packet.track_descriptor.name = name
    if unit:
        packet.track_descriptor.counter.unit_name = unit


def _event(trace: Any, number: int, cycle: int) -> Any:
    packet = trace.packet.add()
    packet.trusted_packet_sequence_id = _SEQUENCE
    packet.timestamp = cycle
    packet.track_event.track_uuid = number
    return packet.track_event


def _add_slice(trace: Any, number: int, item: Slice) -> None:
    begin = _event(trace, number, item.begin)
    begin.type = begin.TYPE_SLICE_BEGIN
    begin.name = item.name
    for key, value in item.facts.items():
        note = begin.debug_annotations.add()
        note.name = key
        if isinstance(value, int):
            note.int_value = value
        else:
            note.string_value = value
    end = _event(trace, number, item.end)
    end.type = end.TYPE_SLICE_END


def _add_counter(trace: Any, number: int, counter: Counter) -> None:
    for cycle, value in zip(counter.cycles, counter.values, strict=True):
        event = _event(trace, number, cycle)
        event.type = event.TYPE_COUNTER
        event.double_counter_value = value
