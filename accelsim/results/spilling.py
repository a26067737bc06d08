"""Spills: which intermediates went to DRAM, how much came back, and what the array lost by it."""

from __future__ import annotations

import numpy as np

from accelsim.program import Program
from accelsim.results.causes import DramCause
from accelsim.results.columns import Ints
from accelsim.results.records import SpilledTensor, Spills
from accelsim.results.traffic import Traffic
from accelsim.trace import Trace

__all__ = ["spills_of"]


def spills_of(program: Program, trace: Trace, traffic: Traffic, lost_cycles: Ints) -> Spills:
    """The spilled tensors of a run, dearest first.

    Args:
        program: the Program.
        trace: its run.
        traffic: its transfers.
        lost_cycles: for every instruction the cycles that the array waited for it.
    """
    count = len(program.tensors)
    out, back = traffic.column(DramCause.SPILL), traffic.column(DramCause.SPILL_RELOAD)
    written, reloaded, lost = (np.zeros(count, np.int64) for _ in range(3))
    np.add.at(written, traffic.tensor, out)
    np.add.at(reloaded, traffic.tensor, back)
    np.add.at(lost, traffic.tensor, lost_cycles[traffic.instruction])
    first, last = np.full(count, trace.latency_cycles), np.full(count, -1)
    np.minimum.at(first, traffic.tensor[out > 0], trace.start[traffic.instruction[out > 0]])
    np.maximum.at(last, traffic.tensor[back > 0], trace.end[traffic.instruction[back > 0]])
    layer = dict(zip(traffic.tensor[out > 0][::-1].tolist(), traffic.layer[out > 0][::-1].tolist(), strict=True))
    found = [
        SpilledTensor(
            name=program.tensors[tensor].name,
            producer=program.layers[layer[tensor]].name,
            bytes_written=int(written[tensor]),
            bytes_reloaded=int(reloaded[tensor]),
            cycles_lost=int(lost[tensor]),
            first_written_cycle=int(first[tensor]),
            last_reloaded_cycle=int(last[tensor]),
        )
        for tensor in np.flatnonzero(written).tolist()
    ]
    found.sort(key=lambda tensor: (-tensor.cycles_lost, -tensor.bytes_written, tensor.name))
    return Spills(
        tensors=len(found),
        bytes_written=sum(tensor.bytes_written for tensor in found),
        bytes_reloaded=sum(tensor.bytes_reloaded for tensor in found),
        cycles_lost=sum(tensor.cycles_lost for tensor in found),
        by_tensor=tuple(found),
    )
