"""One DRAM channel: a data bus, banks with an open row each, refresh. All times are ticks.

Rules for a visit of n bursts to row r of bank b, asked for at time `ready`:

* r open: read or write commands from `ready` on (not before tRCD after its activation).
* another row open: precharge first (tRAS after its activation, tRTP after its last read command, tWR after its last
  written data), activate tRP later; no row open (after a refresh): activate.
* activations of a channel keep tRRD, and at most four lie in a window of tFAW.
* a read command waits for tWTR after the last written data of the channel.
* data begin tCL after the command, when the bus is free, and move without a gap.
* every tREFI a refresh is due: data that would end later wait; it begins when all banks are precharged and lasts tRFC.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from accelsim.machine.dram.addresses import Visit
from accelsim.machine.dram.timing import BankTiming

_NEVER = -(10**30)


class _Open(NamedTuple):
    """What opening a row (or finding it open) means: when it was activated, when columns may be asked for."""

    activated: int
    column: int
    is_new: bool


class Channel:
    """The state of a channel; `serve` advances it by one transfer."""

    def __init__(self, timing: BankTiming) -> None:
        t = timing.ticks
        self._rcd, self._rp, self._cl, self._ras = (
            t(timing.t_rcd_ps),
            t(timing.t_rp_ps),
            t(timing.t_cl_ps),
            t(timing.t_ras_ps),
        )
        self._rrd, self._faw = t(timing.t_rrd_ps), t(timing.t_faw_ps)
        self._rtp, self._wr, self._wtr = t(timing.t_rtp_ps), t(timing.t_wr_ps), t(timing.t_wtr_ps)
        self._refi, self._rfc = t(timing.t_refi_ps), t(timing.t_rfc_ps)
        self._burst = timing.burst_ticks
        self._row = [-1] * timing.banks
        self._activated = [_NEVER] * timing.banks
        self._precharge = [_NEVER] * timing.banks
        self._recent = deque([_NEVER] * 4, maxlen=4)
        self._usable = 0  # no activation before: end of the last refresh
        self._written = _NEVER  # end of the last written data
        self._due = self._refi
        self.free = 0
        self.last = -1

    def serve(self, visits: list[Visit], ready: int, write: bool) -> tuple[int, int, bool]:
        """Move a transfer's bursts: time of the first data, of the last, and whether the bus held the first up."""
        self._refresh_while_idle(ready)
        busy_until = self.free
        first = -1
        for visit in visits:
            begin = self._visit(visit, ready, write)
            if first < 0:
                first = begin
        return first, self.free, first == busy_until > ready

    def _visit(self, visit: Visit, ready: int, write: bool) -> int:
        """Move a visit's bursts, interrupted by refreshes; the time of its first data."""
        first, left = -1, visit.bursts
        while True:
            opened = self._open(visit.bank, visit.row, ready)
            begin = self._data(opened.column, write)
            fits = (self._due - begin) // self._burst if self._refi else left
            if fits > 0:
                now = min(fits, left)
                self._move(visit, opened, begin, now, write)
                left -= now
                first = begin if first < 0 else first
                if not left:
                    return first
            self._refresh()

    def _open(self, bank: int, row: int, ready: int) -> _Open:
        if self._row[bank] == row:
            return _Open(self._activated[bank], max(ready, self._activated[bank] + self._rcd), False)
        activate = max(ready, self._usable)
        if self._row[bank] >= 0:
            activate = max(max(ready, self._precharge[bank]) + self._rp, activate)
        activate = max(activate, self._recent[-1] + self._rrd, self._recent[0] + self._faw)
        return _Open(activate, activate + self._rcd, True)

    def _data(self, column: int, write: bool) -> int:
        """When data can begin whose row may be asked for from `column` on."""
        if not write:
            column = max(column, self._written + self._wtr)
        return max(column + self._cl, self.free)

    def _move(self, visit: Visit, opened: _Open, begin: int, bursts: int, write: bool) -> None:
        bank = visit.bank
        if opened.is_new:
            self._row[bank], self._activated[bank] = visit.row, opened.activated
            self._precharge[bank] = opened.activated + self._ras
            self._recent.append(opened.activated)
        self.free = end = begin + bursts * self._burst
        if write:
            self._written = end
        after = end + self._wr if write else end - self._burst - self._cl + self._rtp
        self._precharge[bank] = max(self._precharge[bank], after)

    def _refresh(self) -> None:
        """The refresh that is due: when the last data have moved and all rows are closed."""
        closed = [time + self._rp for row, time in zip(self._row, self._precharge, strict=True) if row >= 0]
        begin = max([self._due, self.free, self._usable, *closed])
        self._usable = begin + self._rfc
        self._row = [-1] * len(self._row)
        self._due += self._refi

    def _refresh_while_idle(self, ready: int) -> None:
        """Refreshes that came due before a request, in one go: only the last one can still be under way."""
        if self._refi and self._due <= ready:
            self._refresh()
            missed = (ready - self._due) // self._refi + 1 if self._due <= ready else 0
            if missed:
                self._due += missed * self._refi
                self._usable = max(self._usable, self._due - self._refi + self._rfc)
