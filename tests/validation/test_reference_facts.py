"""The fast part of docs/validation.md: within the stated bounds of RTL and silicon, and the checks can fail."""

from __future__ import annotations

from statistics import mean

import pytest

import accelsim
import restructure
from accelsim.hardware import load
from accelsim.mapping import Pin, Pins
from benchmarks.validation import eyeriss, gemmini
from benchmarks.validation.layers import convolution, facts, product

FAST = ("ResNet18_layer2_0_downsample_0", "ResNet18_layer3_0_downsample_0", "ResNet18_layer4_0_downsample_0",
        "ResNet18_layer4_0_Conv2", "GemmWS1x2048x1000Test", "Bert_512x1024x2", "GPT_512x512x768")  # fmt: skip


@pytest.fixture(scope="module")
def cases() -> list[gemmini.Case]:
    return gemmini.cases(only=FAST)


def test_gemminis_rtl_is_met_within_four_percent_on_every_layer_and_two_on_average(cases: list[gemmini.Case]) -> None:
    assert len(cases) == len(FAST)
    for kind in ("conv", "gemm"):
        errors = [abs(case.error) for case in cases if case.kind == kind]
        assert max(errors) < 0.04
        assert mean(errors) < 0.02


def test_without_gemminis_instructions_the_rtl_is_missed() -> None:
    """What the unrollers cost is what the model gets right: a plain array is far off.

    Without banks, too: such an array would meet itself in them, which Gemmini does not, and that hides half of it.
    """
    hardware = load("gemmini_8x8", [*gemmini.FAST_MEMORY, "pe_array.instruction=null", "scratchpad.bank_layout=null"])
    tile = Pins((("*", Pin(rows=7, columns=7, channels=73, filters=40)),))
    run = accelsim.simulate(convolution(512, 512, 3, 7, 1), hardware, mapping=tile)
    measured = next(int(row["gemmini_cycles"]) for row in facts("gemmini_8x8.csv") if row["case"].endswith("4_0_Conv2"))
    assert abs(run.totals.latency_cycles / measured - 1) > 0.1


def test_alexnet_takes_the_chips_time_within_eight_percent_on_every_layer() -> None:
    for layer in eyeriss.layers("alexnet", eyeriss.TILES):
        assert abs(layer.error) < 0.08, layer.name
        assert abs(layer.error) < abs(layer.busy / layer.measured - 1) + 0.01, layer.name


def test_the_one_layer_models_are_what_the_facts_say() -> None:
    for row in facts("gemmini_8x8.csv"):
        number = {key: int(value) for key, value in row.items() if key not in ("case", "kind")}
        if row["kind"] == "conv":
            model = convolution(number["C"], number["K"], number["FY"], number["OY"], number["stride"])
            positions = number["OY"] * number["OX"]
        else:
            model, positions = product(number["N"], number["C"], number["K"]), number["N"]
        macs = positions * number["C"] * number["K"] * number["FY"] * number["FX"]
        assert restructure.load(model).macs == macs


def test_tpu_v1_has_its_published_peak_and_ridge() -> None:
    """92 TOPS and 1,350 operations per byte of weights (Jouppi et al., ISCA 2017, figure 5)."""
    hardware = load("tpu_v1")
    assert 2 * hardware.peak_macs_per_s == pytest.approx(92e12, rel=0.01)
    assert hardware.peak_macs_per_cycle / hardware.dram.bytes_per_cycle == pytest.approx(1350, rel=0.01)
