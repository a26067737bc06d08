"""Mapping files: what they say, and how a wrong one is refused."""

import pytest

from accelsim.errors import ConfigurationError
from accelsim.mapping import FREE, Pin, load_pins


def write(tmp_path, text: str):
    path = tmp_path / "pins.yaml"
    path.write_text(text)
    return path


def test_a_pattern_pins_the_layers_it_matches_and_leaves_the_others_free(tmp_path):
    path = write(tmp_path, "layers:\n  conv*:\n    tile: {K: 16, OY: 8}\n    order: KSC\n    hold: [weights]\n")
    pins = load_pins(path)
    assert pins.of("conv7") == Pin(rows=8, filters=16, order="KSC", hold=("weights",))
    assert pins.of("pool") == FREE


def test_the_first_pattern_that_matches_counts(tmp_path):
    path = write(tmp_path, "layers:\n  conv1: {tile: {K: 1}}\n  conv*: {tile: {K: 2}}\n")
    pins = load_pins(path)
    assert pins.of("conv1").filters == 1
    assert pins.of("conv2").filters == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layers: {a: {tile: {Q: 1}}}", r"layers\.a\.tile: unknown key 'Q'; known: B, OY, OX, K, C$"),
        ("layers: {a: {tiles: {K: 1}}}", r"layers\.a: unknown key 'tiles'; did you mean 'tile'\?$"),
        ("layers: {a: {tile: {K: 0}}}", r"layers\.a\.tile\.K: must be a whole number >= 1, got 0$"),
        ("layers: {a: {tile: {K: true}}}", r"layers\.a\.tile\.K: must be a whole number >= 1, got True$"),
        ("layers: {a: {order: CKS}}", r"layers\.a\.order: must be one of SKC, KSC, KCS, SCK, got 'CKS'$"),
        ("layers: {a: {hold: output}}", r"layers\.a\.hold: must be a list of 'input' and 'weights', got 'output'$"),
        ("layers: {a: 3}", r"layers\.a: must be a mapping with any of tile, order, hold, got 3$"),
        ("conv1: {}", r"must hold one key 'layers' with layer names below it"),
        ("", r"pins\.yaml: must describe layers, got an empty file; write .+"),
        ("layers: {a: {}}\nlayers: {}", r"pins\.yaml:2: layers: must be given once, got lines 1 and 2; .+"),
        ("layers: {a: {hold: [[]]}}", r"layers\.a\.hold: must be a list of 'input' and 'weights', got \[\[\]\]$"),
        ("layers: [", r"pins\.yaml:1: must be valid YAML, got .+; mend the line$"),
    ],
)
def test_a_wrong_mapping_file_is_refused_with_path_rule_and_value(tmp_path, text, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        load_pins(write(tmp_path, text))
    assert "pins.yaml" in str(caught.value)


def test_all_problems_of_a_mapping_file_are_told_at_once(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        load_pins(write(tmp_path, "layers: {a: {order: X, tile: {K: -1}}, b: {hold: 1}}"))
    assert len(caught.value.problems) == 3


def test_a_missing_mapping_file_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"none\.yaml: must be a readable file, got no such file"):
        load_pins(tmp_path / "none.yaml")
