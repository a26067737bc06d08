"""Every preset compiles and times networks; what does not fit a memory that cannot be written is refused."""

from functools import cache

import pytest

from accelsim import machine
from accelsim.compiler import compile_network
from accelsim.errors import DoesNotFitError
from accelsim.hardware import load, presets
from accelsim.mapping import Pin, Pins
from accelsim.program import Opcode
from accelsim.results import measure
from accelsim.workload import Workload, build
from restructure import zoo

LARGE = ("vgg16", "resnet18", "inceptionv3")


@cache
def workload(network: str) -> Workload:
    return build(zoo.build(network))


def holds_its_bounds(preset: str, network: str) -> None:
    hardware = load(preset)
    program = compile_network(workload(network), hardware)
    trace = machine.run(program, hardware)
    assert trace.latency_cycles * hardware.peak_macs_per_cycle >= workload(network).macs
    moved = sum(i.reads[0].bytes for i in program.instructions if i.opcode in (Opcode.LOAD, Opcode.STORE))
    assert trace.latency_cycles * hardware.dram.bytes_per_cycle >= moved


@pytest.mark.parametrize("preset", presets())
def test_a_small_network_runs_on_every_preset(preset: str) -> None:
    holds_its_bounds(preset, "tiny")


SPILLING = [name for name in presets() if load(name).dram.writable]
#: The row-stationary array searches longest, and runs AlexNet below.
ONE_FAST = [pytest.param(name, marks=() if name == "edge_npu" else pytest.mark.slow) for name in SPILLING]


@pytest.mark.parametrize("preset", ONE_FAST)
def test_mobilenetv2_runs_on_every_preset_that_can_spill(preset: str) -> None:
    holds_its_bounds(preset, "mobilenetv2")


@pytest.mark.slow
@pytest.mark.parametrize("network", LARGE)
@pytest.mark.parametrize("preset", SPILLING)
def test_large_networks_run_on_every_preset_that_can_spill(preset: str, network: str) -> None:
    holds_its_bounds(preset, network)


def test_mobilenetv2_does_not_fit_the_microcontroller() -> None:
    with pytest.raises(DoesNotFitError, match="restructuring the model"):
        compile_network(workload("mobilenetv2"), load("mcu_512kib"))


#: Tiles as the chip runs them (JSSC 2017): conv1 one image at a time in strips of 7 rows, conv3 four images at once.
EYERISS_TILES = Pins(
    (
        ("conv1", Pin(batch=1, rows=7, columns=55, filters=32, channels=1, order="SKC")),
        ("conv3", Pin(batch=4, rows=13, columns=13, filters=32, channels=8, order="SKC")),
    )
)


@pytest.mark.slow
def test_alexnet_on_eyeriss_with_the_chips_tiles_takes_the_silicons_time_in_the_array() -> None:
    """Measured: 16.5 ms and 21.8 ms of processing (tests/data/eyeriss.csv, batch 4)."""
    hardware = load("eyeriss")
    program = compile_network(build(zoo.build("alexnet", batch=4)), hardware, EYERISS_TILES)
    layers = measure(program, machine.run(program, hardware), hardware).layers
    milliseconds = {layer.name: 1e3 * hardware.seconds(layer.array_cycles) for layer in layers}
    assert milliseconds["conv1"] == pytest.approx(16.5, rel=0.05)
    assert milliseconds["conv3"] == pytest.approx(21.8, rel=0.05)
