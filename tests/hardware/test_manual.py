"""The schema, the manual page and the facade say what the models say."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from descriptions import with_value

import accelsim.hardware
from accelsim.hardware import describe, from_description, load, manual, presets, schema, to_dict
from accelsim.hardware.description import Hardware
from accelsim.hardware.fields import fields_of

ROOT = Path(__file__).parents[2]


def test_the_manual_page_is_up_to_date() -> None:
    assert (ROOT / "docs" / "hardware.md").read_text(encoding="utf-8") == manual()


def test_every_field_says_what_it_means() -> None:
    assert [facts.path for facts in fields_of(Hardware) if not facts.meaning.endswith(".")] == []


def test_the_facade_exports_what_it_imports_and_nothing_else() -> None:
    exported = accelsim.hardware.__all__
    assert sorted(exported) == sorted(set(exported))
    assert all(hasattr(accelsim.hardware, name) for name in exported)


def test_the_schema_writes_defaults_as_a_description_would() -> None:
    document = schema()
    assert document["$defs"]["Dram"]["properties"]["burst"]["default"] == "64 B"
    assert document["$defs"]["PeArray"]["properties"]["dataflow"]["default"] == "weight_stationary"
    assert document["required"] == ["name", "frequency", "pe_array", "scratchpad", "dram"]
    assert json.loads(json.dumps(document)) == document


def conforms(value: Any, rule: dict[str, Any], document: dict[str, Any]) -> bool:
    """A small reading of the JSON schema, as far as ours goes."""
    if "$ref" in rule:
        return conforms(value, document["$defs"][rule["$ref"].rpartition("/")[2]], document)
    if "anyOf" in rule:
        return any(conforms(value, choice, document) for choice in rule["anyOf"])
    if rule["type"] == "object":
        known = rule["properties"]
        return (
            isinstance(value, dict)
            and set(rule.get("required", [])) <= set(value) <= set(known)
            and all(conforms(item, known[key], document) for key, item in value.items())
        )
    if rule["type"] == "array":
        return isinstance(value, list) and all(conforms(item, rule["items"], document) for item in value)
    kind = {"string": str, "integer": int, "boolean": bool, "null": type(None)}[rule["type"]]
    fits_pattern = "pattern" not in rule or (isinstance(value, str) and re.search(rule["pattern"], value) is not None)
    return isinstance(value, kind) and fits_pattern and value in rule.get("enum", [value])


@pytest.mark.parametrize("name", presets())
def test_every_preset_conforms_to_the_schema(name: str) -> None:
    document = schema()
    text = (ROOT / "hw_configs" / f"{name}.yaml").read_text(encoding="utf-8")
    assert conforms(yaml.safe_load(text), document, document)
    assert conforms(load(name).to_description(), document, document)


def test_the_schema_refuses_a_missing_unit() -> None:
    document = schema()
    assert not conforms(with_value("frequency", "800"), document, document)


def test_resolved_values_are_plain_json_with_units_in_their_names() -> None:
    values = to_dict(from_description(with_value("accumulator.capacity", "1 KiB")))
    assert json.loads(json.dumps(values)) == values
    assert values["accumulator"] == {"capacity_bytes": 1024, "bytes_per_cycle": None}
    assert values["dram"] == {
        "model": "bandwidth",
        "device": None,
        "bandwidth_bytes_per_s": 1_000_000_000,
        "latency_ps": 10_000,
        "burst_bytes": 64,
        "writable": True,
        "weight_layout": "tiles",
        "bytes_per_cycle": 2.0,
        "latency_cycles": 5,
    }
    assert values["precision"]["accumulators_bytes"] == 4
    assert values["energy"]["mac_pj"] == 0.3
    assert values["peak_macs_per_cycle"] == 32


def test_the_rows_tell_given_values_from_defaults_and_from_what_follows() -> None:
    rows = {fact.path: (fact.value, fact.origin) for fact in describe(from_description(with_value("name", "x")))}
    assert rows["scratchpad.capacity"] == ("32 KiB", "given")
    assert rows["dma.channels"] == ("2", "default")
    assert rows["accumulator"] == ("none: partial sums live in the scratchpad", "default")
    assert rows["energy.mac"] == ("0.3 pJ", "derived")
    assert rows["peak"] == ("32 MACs/cycle, 0.032 TOPS (a MAC is two operations)", "derived")
    assert rows["balance"] == ("16 MACs per DRAM byte keep the array busy", "derived")
