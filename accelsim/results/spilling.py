"""Spills: which intermediates went to DRAM, how much came back, and what the array lost by it."""

from __future__ import annotations

import numpy as np

from accelsim.program import Program
from accelsim.results.accesses import Ints
from accelsim.results.causes import DramCause
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
    out, back = traffic.column(DramCause.SPILL), traffic.column(DramCause.SPILL_RELOAD)
    spilled = np.unique(traffic.tensor[out > 0])
    found = [_spilled(program, trace, traffic, tensor, out, back, lost_cycles) for tensor in spilled.tolist()]
    found.sort(key=lambda tensor: (-tensor.cycles_lost, -tensor.bytes_written, tensor.name))
    return Spills(
        tensors=len(found),
        bytes_written=sum(tensor.bytes_written for tensor in found),
        bytes_reloaded=sum(tensor.bytes_reloaded for tensor in found),
        cycles_lost=sum(tensor.cycles_lost for tensor in found),
        by_tensor=tuple(found),
    )


def _spilled(
    program: Program, trace: Trace, traffic: Traffic, tensor: int, out: Ints, back: Ints, lost: Ints
) -> SpilledTensor:
    mine = traffic.tensor == tensor
    written = traffic.instruction[mine & (out > 0)]
    reloaded = traffic.instruction[mine & (back > 0)]
    return SpilledTensor(
        name=program.tensors[tensor].name,
        producer=program.layers[program.instructions[int(written[0])].layer].name,
        bytes_written=int(out[mine].sum()),
        bytes_reloaded=int(back[mine].sum()),
        cycles_lost=int(lost[traffic.instruction[mine]].sum()),
        first_written_cycle=int(trace.start[written].min()),
        last_reloaded_cycle=int(trace.end[reloaded].max(initial=-1)),
    )
