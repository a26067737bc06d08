"""What holds between the fields of `dram`: which must be given, which must divide which."""

from collections.abc import Callable, Iterator

from accelsim.hardware.document import Document
from accelsim.hardware.dram import DEVICE_FIELDS, Dram
from accelsim.hardware.problems import Path, Problem

__all__ = ["dram_contradictions", "missing_in_dram"]


def missing_in_dram(document: Document, missing: Callable[[Path, Document], Problem]) -> Iterator[Problem]:
    """Fields that must be given because no device says them; `missing` makes the message of a field."""
    given = document.tree.get("dram")
    if not isinstance(given, dict) or given.get("device") is not None:
        return
    for name in ("bandwidth", "latency"):
        if given.get(name) is None:
            yield missing(("dram", name), document)
    fields = [Dram.model_fields[name].alias or name for name in DEVICE_FIELDS]
    left_out = [name for name in fields if given.get(name) is None]
    if str(given.get("model")).lower() == "banks" and left_out:
        place = document.place(("dram",))
        remedy = f"add `device: LPDDR4-3200` or {', '.join(left_out)}"
        yield Problem(place.where, ("dram", "device"), "must be given for banks", "nothing", remedy, place.line)


def dram_contradictions(dram: Dram, document: Document) -> Iterator[Problem]:
    """Sizes that do not divide one another, and refreshes that leave no time."""
    if not dram.is_banked or None in (dram.row_bytes, dram.interleave_bytes):
        return
    for name, larger, unit, smaller in (
        ("row", dram.row_bytes, "burst", dram.burst_bytes),
        ("row", dram.row_bytes, "interleave", dram.interleave_bytes),
        ("interleave", dram.interleave_bytes, "burst", dram.burst_bytes),
    ):
        if larger % smaller:
            place = document.place(("dram", name))
            rule, got = f"must be a multiple of dram.{unit} ({smaller} B)", f"{larger} B"
            yield Problem(place.where, ("dram", name), rule, got, f"write e.g. {smaller} B", place.line)
    if None in (dram.t_refi_ps, dram.t_rfc_ps, dram.t_rcd_ps, dram.t_cl_ps):
        return
    burst_ps = -(-(10**12) * dram.burst_bytes * dram.channels // dram.bandwidth_bytes_per_s)
    busy_ps = dram.t_rfc_ps + dram.t_rcd_ps + dram.t_cl_ps + burst_ps
    if 0 < dram.t_refi_ps <= busy_ps:
        place = document.place(("dram", "tREFI"))
        rule = f"must be longer than tRFC + tRCD + tCL + a burst ({busy_ps} ps), or 0"
        yield Problem(place.where, ("dram", "tREFI"), rule, f"{dram.t_refi_ps} ps", "lengthen it", place.line)
