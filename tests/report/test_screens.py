"""Screens: what the record says, readable at 80 columns, in a pipe without colours, whatever the names are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from results.result_examples import example

import accelsim
from accelsim.report import layer_screen, profile_screen, run_screen, show, to_text
from accelsim.results import SimulationResult
from restructure import zoo
from restructure.profile import Definition, profile

NASTY = "[red]x[/red]\x1b[31m\nevil"


def screen(result: SimulationResult, width: int = 80, layers: int | None = 8) -> str:
    return to_text(lambda columns: run_screen(result, columns, layers), width)


def flat(text: str) -> str:
    return " ".join(text.split())


def test_the_run_screen_says_what_the_record_holds() -> None:
    text = flat(screen(example()))
    for said in (
        "tiny on toy cold: the first inference, batch 1",
        "network of the zoo: 16 parameters, 24 MACs",
        "100.0% of 3 operators costed",
        "int8 weights, int8 activations, int32 sums (the model's file: float32)",
        "latency 10 cycles = 0.00001000 ms",
        "compute bound 6 cycles, 60.0% of the latency",
        "DRAM bound 8 cycles, 80.0% of the latency (this one binds)",
        "utilisation 60.0% of 4 MACs/cycle",
        "scratchpad peak 40 B, 62.5% of 64 B at cycle 3 in conv holding x 40 B",
        "spills 1 tensor: 8 B out, 8 B back lost 2 cycles, 20.0% of the latency",
        "weights, first read 16 B 50.0%",
        "total 32 B, and 4 B of burst padding",
        "compute 6 cycles 60.0%",
        "at work 6 cycles, 60.0%",
        "MACs 1.000 pJ 66.7%",
        "layers all 1 layer in order",
    ):
        assert said in text, said


def test_a_warm_run_says_so_with_its_rate() -> None:
    cold = example()
    warm = replace(cold, state="warm", totals=replace(cold.totals, inferences_per_s=1234.5))
    assert "warm: weights that fit are resident already" in screen(warm)
    assert "1,234 inferences/s" in screen(warm)


def test_operators_without_cost_are_named() -> None:
    result = example()
    partial = replace(result, totals=replace(result.totals, operator_coverage=0.5), uncosted_operators=("Odd (2×)",))
    assert "50.0% of 3 operators costed; without cost: Odd (2×)" in flat(screen(partial))


def test_a_run_without_spills_says_so() -> None:
    result = replace(example(), spills=replace(example().spills, tensors=0, by_tensor=()))
    assert "0 tensors: no intermediate activation leaves the chip" in screen(result)
    assert "worst" not in screen(result)


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    result = accelsim.simulate("tiny", "edge_npu", overrides=["scratchpad.capacity=3KiB"])
    layers = tuple(replace(layer, name=f"/{layer.name}" * 12) for layer in result.layers)
    for limit in (None, 3):
        assert max(map(len, screen(replace(result, layers=layers), width, limit).splitlines())) <= width


def test_names_from_models_are_shown_and_not_obeyed() -> None:
    text = screen(example(NASTY))
    assert "\x1b" not in text
    assert "[red]x[/red]\\x1b[31m\\nevil" in text


def test_a_pipe_gets_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    show(lambda width: run_screen(example(), width))
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert all(line == line.rstrip() for line in out.splitlines())


def test_the_layers_listed_are_the_slowest_first_or_all_in_order() -> None:
    result = accelsim.simulate("tiny", "edge_npu")
    ranked = sorted(result.layers, key=lambda layer: -layer.latency_cycles)[:2]
    listed = screen(result, layers=2).split("bound by\n")[1].splitlines()
    assert [line.split()[0] for line in listed] == [layer.name for layer in ranked]
    everything = screen(result, layers=None).split("bound by\n")[1].splitlines()
    assert [line.split()[0] for line in everything] == [layer.name for layer in result.layers]
    assert "bound by\n" not in screen(result, layers=0)


def test_a_layer_is_explained_with_its_loops_and_its_costs() -> None:
    result = accelsim.simulate("tiny", "edge_npu")
    position = [layer.name for layer in result.layers].index("pointwise")
    text = to_text(lambda width: layer_screen(result, position, width), 80)
    assert text.startswith(f"pointwise  layer {position} of {len(result.layers)} of tiny on edge_npu\n")
    assert "with add, add.relu fused into it" in text
    assert "parfor" in text
    for line in result.layers[position].mapping.splitlines():
        assert flat(line) in flat(text)


def test_a_profile_stands_with_its_definition() -> None:
    found = profile(zoo.build("mobilenetv2"), Definition(dtype="int8"))
    text = to_text(lambda width: profile_screen("mobilenetv2", found, width), 80)
    assert flat(found.definition.describe()) in flat(text)
    assert "peak 1,505,280 B (1,505,280 elements)" in flat(text)
    assert "step 7 of 100: block2.depthwise" in text
    assert "block2.expand.relu6 1,204,224 B" in flat(text)
    assert max(map(len, text.splitlines())) <= 80
