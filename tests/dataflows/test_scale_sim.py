"""The closed forms give SCALE-Sim's numbers (data and their source: tests/data/systolic.md)."""

import csv
from pathlib import Path

import pytest

from accelsim.dataflows import ArrayShape, TileCost, dataflow, matrix_product

DATA = Path(__file__).parents[1] / "data"
NAMES = {"ws": "weight_stationary", "os": "output_stationary", "is": "input_stationary"}
MOBILENETV2_STAGES = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
]


def rows(file: str) -> list[dict[str, str]]:
    with (DATA / file).open() as lines:
        return list(csv.DictReader(lines))


def cost_of(row: dict[str, str]) -> TileCost[int, float]:
    array = ArrayShape(rows=int(row["rows"]), columns=int(row["columns"]))
    return dataflow(NAMES[row["dataflow"]]).cost(array, matrix_product(int(row["M"]), int(row["N"]), int(row["K"])))


def overall_utilisation_pct(cost: TileCost[int, float], pes: int) -> float:
    return 100 * cost.macs / (cost.total_cycles * pes)


def agrees_to_the_printed_digits(value: float, printed: str) -> bool:
    return abs(value - float(printed)) <= 0.5001e-4


def test_all_435_products_have_scale_sims_cycles_folds_reads_and_utilisation() -> None:
    cases = rows("systolic_cycles.csv")
    assert len(cases) == 435
    for row in cases:
        cost = cost_of(row)
        counts = (cost.total_cycles, cost.folds, cost.input_reads, cost.weight_reads)
        expected = tuple(int(row[c]) for c in ("cycles", "folds", "sram_ifmap_reads", "sram_filter_reads"))
        assert counts == expected, row
        pes = int(row["rows"]) * int(row["columns"])
        assert agrees_to_the_printed_digits(overall_utilisation_pct(cost, pes), row["overall_utilisation_pct"]), row
        assert agrees_to_the_printed_digits(100 * cost.active_pe_fraction, row["mapping_efficiency_pct"]), row


@pytest.mark.parametrize("short", ["ws", "os"])
def test_resnet18_layer_by_layer_has_scale_sims_cycles_and_utilisation(short: str) -> None:
    array = ArrayShape(rows=32, columns=32)
    for row in rows(f"systolic_resnet18_{short}_32x32.csv"):
        cost = dataflow(NAMES[short]).cost(array, matrix_product(int(row["M"]), int(row["N"]), int(row["K_gemm"])))
        assert cost.macs == int(row["macs"])
        assert cost.total_cycles == int(row["compute_cycles"]), row
        assert agrees_to_the_printed_digits(overall_utilisation_pct(cost, 1024), row["overall_utilisation_pct"]), row


def mobilenetv2() -> list[tuple[int, int, int, int]]:
    """(M, N, K, groups) of the 52 convolutions and the classifier at 224×224."""
    layers, side, channels = [(112 * 112, 32, 27, 1)], 112, 32
    for expansion, out, repeats, first_stride in MOBILENETV2_STAGES:
        for stride in [first_stride] + [1] * (repeats - 1):
            hidden = expansion * channels
            if expansion != 1:
                layers.append((side * side, hidden, channels, 1))
            side //= stride
            layers += [(side * side, 1, 9, hidden), (side * side, out, hidden, 1)]
            channels = out
    return [*layers, (49, 1280, 320, 1), (1, 1000, 1280, 1)]


def test_mobilenetv2_has_scale_sims_total_of_3600256_cycles_when_each_depthwise_channel_is_a_product() -> None:
    layers = mobilenetv2()
    ws, array = dataflow("weight_stationary"), ArrayShape(rows=32, columns=32)
    costs = [ws.cost(array, matrix_product(*layer)) for layer in layers]
    depthwise = [cost.total_cycles for cost, layer in zip(costs, layers, strict=True) if layer[3] > 1]
    assert len(layers) == 53
    assert sum(cost.macs for cost in costs) == 300_774_272
    assert sum(cost.total_cycles for cost in costs) == 3_600_256
    assert sum(depthwise) / 3_600_256 == pytest.approx(0.82, abs=0.005)
