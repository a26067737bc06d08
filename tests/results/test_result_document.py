"""The JSON document: stable names, there and back, and the schema that ships with the package."""

import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from result_examples import example

from accelsim import results
from accelsim.errors import ConfigurationError
from accelsim.results import from_dict, read_result, schema, write_json
from accelsim.results.json_schema import generate_schema

STABLE_NAMES = {
    "": "schema_version version model hardware precision totals scratchpad memories spills layers",
    "model": "name path source sha256 macs parameters operators",
    "totals": "latency_cycles latency_s compute_bound_cycles dram_bound_cycles pe_utilisation macs dram_bytes "
    "dram_bytes_by_cause burst_padding_bytes array_cycles_by_cause energy_pj energy_pj_by_component operator_coverage",
    "scratchpad": "capacity_bytes peak_occupancy_bytes peak_cycle peak_layer peak_tensors highest_address_bytes",
    "memories.0": "name capacity_bytes peak_occupancy_bytes peak_cycle peak_layer peak_tensors highest_address_bytes",
    "memories.0.peak_tensors.0": "name bytes",
    "spills": "tensors bytes_written bytes_reloaded cycles_lost by_tensor",
    "spills.by_tensor.0": "name producer bytes_written bytes_reloaded cycles_lost",
    "layers.0": "name operator fused macs latency_cycles array_cycles array_cycles_by_cause pe_utilisation dram_bytes "
    "dram_bytes_by_cause peak_occupancy_bytes bound_by mapping",
}


def at(document: Any, path: str) -> Any:
    for part in filter(None, path.split(".")):
        document = document[int(part)] if part.isdigit() else document[part]
    return document


def test_public_names_are_those_of_the_facade() -> None:
    public = {n for n, value in vars(results).items() if not n.startswith("_") and not isinstance(value, ModuleType)}
    assert public == set(results.__all__)


@pytest.mark.parametrize("path", STABLE_NAMES)
def test_the_names_that_the_design_promises_are_in_the_document(path: str) -> None:
    assert set(STABLE_NAMES[path].split()) <= set(at(example().to_dict(), path))


def test_a_result_read_back_from_its_document_equals_the_original() -> None:
    result = example()
    assert from_dict(json.loads(result.to_json())) == result
    assert type(result).from_dict(result.to_dict()) == result


def test_lists_of_numbers_stand_on_one_line_and_texts_stay_as_they_are() -> None:
    result = replace(example(), notes=("[\n1,\n2]", "[ 1, 2 ]"))
    assert '"cycles": [0, 3, 10]' in result.to_json()
    assert json.loads(result.to_json()) == result.to_dict()
    assert json.loads(result.to_json(indent=None)) == result.to_dict()


def test_a_result_written_to_a_file_is_read_back_unchanged(tmp_path: Path) -> None:
    write_json(example(), tmp_path / "run.json")
    assert read_result(tmp_path / "run.json") == example()
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_unknown_fields_of_a_newer_writer_are_ignored() -> None:
    assert from_dict({**example().to_dict(), "weather": "fine"}) == example()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 99}, r"^result: schema_version: must be 1, got 99; .*$"),
        ({"layers": 7}, r"^result: layers: .*, got 7; .*$"),
        ({"totals": {}}, r"^result: totals\.latency_cycles: field required, got nothing; "),
    ],
)
def test_a_document_that_is_none_is_refused_with_its_path(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        from_dict({**example().to_dict(), **change})


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null"])
def test_a_file_that_is_no_document_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"run\.json: "):
        read_result(path)


def test_the_schema_that_ships_is_the_one_the_records_make() -> None:
    """accelsim/results/json_schema.py says how to make it again after a change."""
    assert schema() == generate_schema()


def test_a_document_satisfies_the_schema() -> None:
    assert list(violations(schema(), example().to_dict())) == []


def test_a_document_with_a_wrong_kind_or_a_missing_name_violates_the_schema() -> None:
    document: dict[str, Any] = json.loads(example().to_json())
    document["totals"]["latency_cycles"] = "many"
    del document["layers"][0]["bound_by"]
    del document["totals"]["array_cycles_by_cause"]["idle"]
    assert list(violations(schema(), document)) == [
        "$.totals.latency_cycles: not integer",
        "$.totals.array_cycles_by_cause: no idle",
        "$.layers[0]: no bound_by",
    ]


TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def violations(rule: dict[str, Any], value: Any, path: str = "$", root: dict[str, Any] | None = None) -> Any:
    """A small JSON schema check: $ref, type, anyOf, enum, required, properties, additionalProperties, items."""
    root = root or rule
    if "$ref" in rule:
        rule = {**root["$defs"][rule["$ref"].rpartition("/")[2]], **{k: v for k, v in rule.items() if k != "$ref"}}
    if "anyOf" in rule and all(any(True for _ in violations(one, value, path, root)) for one in rule["anyOf"]):
        yield f"{path}: none of {len(rule['anyOf'])} kinds"
    if "type" in rule and not isinstance(value, TYPES[rule["type"]]):
        yield f"{path}: not {rule['type']}"
        return
    if "enum" in rule and value not in rule["enum"]:
        yield f"{path}: not one of {rule['enum']}"
    if isinstance(value, dict):
        yield from (f"{path}: no {name}" for name in rule.get("required", ()) if name not in value)
        for name, item in value.items():
            inner = rule.get("properties", {}).get(name, rule.get("additionalProperties", {}))
            yield from violations(inner if isinstance(inner, dict) else {}, item, f"{path}.{name}", root)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from violations(rule.get("items", {}), item, f"{path}[{index}]", root)
