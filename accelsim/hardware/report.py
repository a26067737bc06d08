"""A description as plain data: for the JSON document of a run, and as rows for `accelsim hw show`."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from accelsim.hardware.description import Hardware
from accelsim.hardware.dram import BANK_FIELDS
from accelsim.hardware.energy import Energy
from accelsim.hardware.fields import fields_of
from accelsim.hardware.parts import EnergyDescription, Section
from accelsim.hardware.problems import quote
from accelsim.hardware.units import BANDWIDTH, format_quantity

__all__ = ["Fact", "describe", "to_dict"]

_OPTIONAL = {"accumulator": "partial sums", "weight_buffer": "weights"}
_ENERGY_UNITS = {"_pj_per_byte": "pJ/B", "_pj": "pJ", "_mw": "mW"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of `accelsim hw show`.

    Attributes:
        path: the field's dotted path, as `--set` takes it; for derived facts a name.
        value: its value with its unit.
        origin: `given` in the description, its `default`, or `derived` from other fields.
    """

    path: str
    value: str
    origin: str


def to_dict(hardware: Hardware) -> dict[str, Any]:
    """The resolved description: plain JSON values, the unit in each name, defaults and derived values included."""
    values = _plain(hardware)
    del values["energy_description"]
    for operand in ("weights", "activations", "accumulators"):
        values["precision"][f"{operand}_bytes"] = getattr(hardware.precision, f"{operand}_bytes")
    dram = hardware.dram
    values["dram"] = {
        name: value for name, value in values["dram"].items() if dram.is_banked or name not in BANK_FIELDS
    }
    values["dram"] |= {"bytes_per_cycle": float(dram.bytes_per_cycle), "latency_cycles": dram.latency_cycles}
    values["energy"] = asdict(hardware.energy) | {"derived": list(hardware.energy.derived)}
    values["peak_macs_per_cycle"] = hardware.peak_macs_per_cycle
    return values


def _plain(section: Section) -> dict[str, Any]:
    return {name: _plain_value(getattr(section, name)) for name in type(section).model_fields}


def _plain_value(value: object) -> object:
    if isinstance(value, Section):
        return _plain(value)
    if isinstance(value, str):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def describe(hardware: Hardware) -> tuple[Fact, ...]:
    """Every field that holds a value, with what follows from it, as rows."""
    return (*_fields(hardware), *_energies(hardware.energy), *_derived(hardware))


def _fields(hardware: Hardware) -> Iterator[Fact]:
    for facts in fields_of(Hardware):
        *sections, name = facts.attribute.split(".")
        owner: Any = hardware
        for section in sections:
            owner = getattr(owner, section, None)
        if facts.path in _OPTIONAL and getattr(hardware, facts.path) is None:
            yield Fact(facts.path, f"none: {_OPTIONAL[facts.path]} live in the scratchpad", "default")
        if facts.rule is None or owner is None or isinstance(owner, EnergyDescription):
            continue
        if facts.path in ("name", "description", "sources") or _of_banks(facts.attribute, hardware):
            continue
        origin = "given" if name in owner.model_fields_set else "default"
        yield Fact(facts.path, _shown(facts.rule.write(getattr(owner, name))), origin)


def _of_banks(attribute: str, hardware: Hardware) -> bool:
    """Whether the field only means something where banks are modelled, and they are not."""
    section, _, name = attribute.rpartition(".")
    return section == "dram" and name in BANK_FIELDS and not hardware.dram.is_banked


def _shown(value: object) -> str:
    return "none" if value is None else quote(value)


def _energies(energy: Energy) -> Iterator[Fact]:
    for name, info in EnergyDescription.model_fields.items():
        unit = next(unit for ending, unit in _ENERGY_UNITS.items() if name.endswith(ending))
        origin = "derived" if name in energy.derived else "given"
        yield Fact(f"energy.{info.alias}", f"{getattr(energy, name):g} {unit}", origin)


def _derived(hardware: Hardware) -> Iterator[Fact]:
    dram, peak = hardware.dram, hardware.peak_macs_per_cycle
    balance = float(peak / dram.bytes_per_cycle)
    facts = {
        "peak": f"{peak:,} MACs/cycle, {2 * hardware.peak_macs_per_s / 1e12:.4g} TOPS (a MAC is two operations)",
        "DRAM per cycle": f"{float(dram.bytes_per_cycle):.4g} B/cycle ({_bandwidth(hardware)})",
        "DRAM latency": f"{dram.latency_cycles:,} cycles",
        "balance": f"{balance:.4g} MACs per DRAM byte keep the array busy",
    }
    return (Fact(name, value, "derived") for name, value in facts.items())


def _bandwidth(hardware: Hardware) -> str:
    return format_quantity(hardware.dram.bandwidth_bytes_per_s, BANDWIDTH)
