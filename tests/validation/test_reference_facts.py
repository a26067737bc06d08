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

#: Largest and mean error of each kind of layer, over all that were published.
BOUNDS = {"conv": (0.04, 0.02), "gemm": (0.01, 0.003)}


@pytest.fixture(scope="module")
def cases() -> list[gemmini.Case]:
    return gemmini.cases()


@pytest.mark.parametrize("kind", BOUNDS)
def test_gemminis_rtl_is_met_on_every_layer_and_on_average(cases: list[gemmini.Case], kind: str) -> None:
    errors = [abs(case.error) for case in cases if case.kind == kind]
    assert len(errors) == 8
    assert max(errors) < BOUNDS[kind][0]
    assert mean(errors) < BOUNDS[kind][1]


@pytest.mark.parametrize(
    ("without", "case", "least"),
    [
        ("dma.packets=null", "GemmWS1x2048x1000Test", 0.03),
        ("pe_array.instruction.products_follow_loads=false", "GemmWS1x2048x1000Test", 0.03),
        ("pe_array.instruction.products_follow_loads=false", "Bert_512x1024x2", 0.03),
    ],
)
def test_what_a_product_misses_without_the_way_of_its_loads(without: str, case: str, least: float) -> None:
    (found,) = gemmini.cases(only=[case], settings=(without,))
    assert abs(found.error) > least


def test_without_gemminis_instructions_the_rtl_is_missed() -> None:
    """What the unrollers cost is what the model gets right: a plain array is far off.

    Without banks, too: such an array would meet itself in them, which Gemmini does not, and that hides half of it. And
    with loads as fast as the memory, since waiting for them hides some more.
    """
    plain = ("pe_array.instruction=null", "scratchpad.bank_layout=null", "dma.packets=null", "dma.load_width=null")
    hardware = load("gemmini_8x8", [*gemmini.FAST_MEMORY, *plain])
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
