"""The description's fields as a JSON schema and as the page docs/hardware.md, both made from the models."""

from collections.abc import Iterator
from typing import Any

from accelsim.hardware.description import Hardware
from accelsim.hardware.device_pages import bank_page, device_pages, load_page
from accelsim.hardware.energy import ADDITION_PJ, DRAM_PJ_PER_BYTE, MULTIPLICATION_PJ, SRAM_PJ_PER_ACCESS
from accelsim.hardware.fields import FieldFacts, defaults_of, fields_of
from accelsim.hardware.loading import load, presets
from accelsim.hardware.parts import Section
from accelsim.hardware.problems import quote
from accelsim.hardware.units import (
    BANDWIDTH,
    ENERGY,
    ENERGY_PER_BYTE,
    FREQUENCY,
    POWER,
    SIZE,
    TIME,
    WIDTH,
    format_quantity,
)

__all__ = ["manual", "schema"]

_DIMENSIONS = (SIZE, FREQUENCY, BANDWIDTH, TIME, WIDTH, ENERGY, ENERGY_PER_BYTE, POWER)

_HEAD = """# Describing hardware

<!-- Made by `accelsim hw schema --markdown > docs/hardware.md`; a test compares. Do not edit. -->

An accelerator is a YAML file. `accelsim hw list` names those that come with the package, `accelsim hw show NAME` prints
one with every default and derived value, `accelsim hw check FILE` says what is wrong with one, all at once.
`--set path=value` sets single fields on top (`--set scratchpad.capacity=128KiB --set pe_array.dataflow=os`).

The YAML is plain: one document, no anchors, aliases or tags. Unknown fields and duplicate keys are refused.
"""

_UNITS = """
## Units

A quantity is a number and a unit. `KiB`, `MiB`, `GiB` are binary (1 KiB = 1024 B), `KB`, `MB`, `GB` decimal (1 KB =
1000 B). A missing or wrong unit is an error. Nothing is rounded: sizes, frequencies, bandwidths and latencies must be
whole bytes, hertz, bytes per second and picoseconds. The bandwidth in bytes per cycle is an exact fraction; the DRAM
latency in cycles is rounded up.

| quantity | units | example |
|---|---|---|
"""

_ENERGY = """
## Energy per action: the defaults

All for 45 nm at 0.9 V. Sources: M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014,
figure 1.1.9; 16-bit integers are the geometric mean of 8 and 32 bit; bf16 is fp16 scaled by the 7 nm ratio of
N. Jouppi et al., "Ten Lessons From Three Generations Shaped Google's TPUv4i", ISCA 2021, table 2. Another technology
wants its own numbers under `energy:`.

* `mac` = multiplication in the costlier of the weights' and activations' formats, plus addition in the accumulators'
  format.
* `vector_op` = addition in the accumulators' format.
* `scratchpad_read` from the capacity: a straight line in log-log through {sram}
  for 64 bits, the outer pieces prolonged, divided by 8 B. `scratchpad_write` = `scratchpad_read`. `accumulator`
  and
  `weight_buffer` likewise from the capacity of that memory, or the scratchpad's where there is no such memory.
* `dram` = {dram:g} pJ/B, the low end of 1.3 to 2.6 nJ for 64 bits. That is a DDR3 interface; LPDDR costs less.
* `leakage` = 0 mW: not modelled unless given.

| format | addition | multiplication |
|---|---|---|
"""


def schema() -> dict[str, Any]:
    """The JSON schema of a description, as the YAML file holds it."""
    document = Hardware.model_json_schema(by_alias=True, mode="validation")
    sections = {"Hardware": document, **document["$defs"]}
    models: tuple[type[Section], ...] = (Hardware, *Section.__subclasses__())
    for section in models:
        for field, rule, default in defaults_of(section):
            sections[section.__name__]["properties"][field]["default"] = rule.write(default)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}


def manual() -> str:
    """The page docs/hardware.md."""
    parts = (*_unit_rows(), *_sections(), bank_page(), load_page(), *_energy_defaults(), *device_pages(), *_presets())
    return "".join((_HEAD, _UNITS, *parts))


def _unit_rows() -> Iterator[str]:
    for dimension in _DIMENSIONS:
        units = ", ".join(f"`{unit}`" for unit in dimension.units)
        yield f"| {dimension.what.split(' ', 1)[1]} | {units} | `{dimension.example}` |\n"


def _sections() -> Iterator[str]:
    fields = list(fields_of(Hardware))
    yield "\n## The top level\n\n" + _HEADER
    yield from (_row(facts) for facts in fields if "." not in facts.path)
    for section in (facts for facts in fields if facts.rule is None):
        yield f"\n## `{section.path}`\n\n{section.meaning}\n\n" + _HEADER
        yield from (_row(facts) for facts in fields if facts.path.startswith(f"{section.path}."))


_HEADER = "| field | value | default | meaning |\n|---|---|---|---|\n"


def _row(facts: FieldFacts) -> str:
    value = facts.rule.summary if facts.rule else "section"
    return f"| `{facts.path}` | {value} | {_default(facts)} | {facts.meaning} |\n"


def _default(facts: FieldFacts) -> str:
    if facts.required:
        return "must be given"
    if facts.rule is None or facts.default in ("", []):
        return "–"
    if facts.path.startswith("energy.") or (facts.path.startswith("dram.") and facts.default is None):
        return "derived"
    return f"`{'null' if facts.default is None else quote(facts.default)}`"


def _energy_defaults() -> Iterator[str]:
    points = ", ".join(f"{energy:g} pJ at {format_quantity(size, SIZE)}" for size, energy in SRAM_PJ_PER_ACCESS)
    yield _ENERGY.format(sram=points, dram=DRAM_PJ_PER_BYTE)
    for kind, addition in ADDITION_PJ.items():
        yield f"| {kind} | {addition:g} pJ | {MULTIPLICATION_PJ[kind]:g} pJ |\n"


def _presets() -> Iterator[str]:
    yield "\n## Presets and where their numbers are from\n"
    for name, description in presets().items():
        yield f"\n### `{name}`\n\n{description}.\n\n"
        yield from (f"* {source}\n" for source in load(name).sources)
