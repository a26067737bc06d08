"""The residency planner beside its relaxed bound: how much of what it spills nobody could have kept?

Relaxation: rows may be kept in any fraction, a layer needs no working bytes and no addresses, and bytes compete only
between layers (inside one, its input may leave as its output arrives). What is then spilled and read back at least is a
linear program over intervals; no plan moves fewer bytes of intermediates.

    python -m benchmarks.planner_bound [--networks mobilenetv2 …] [--capacities 128 256 512]     (needs scipy)
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import lil_matrix

import accelsim
from accelsim.compiler.lifetimes import lifetimes, may_stay
from accelsim.hardware import Hardware, load
from accelsim.workload import Workload, build
from restructure import zoo

NETWORKS = ("squeezenet1.1", "mobilenetv2", "resnet18", "inceptionv3", "vgg16")


def relaxed_bytes(workload: Workload, capacity_bytes: int, element_bytes: int) -> int:
    """Bytes of intermediates that cross the DRAM bus at least, out and back."""
    lives = lifetimes(workload)
    tensors = [s for s in range(len(workload.storages)) if may_stay(workload, s) and lives[s].readers]
    sizes = np.array([int(np.prod(workload.storages[s].shape)) * element_bytes for s in tensors], dtype=float)
    prices = np.array([1 + len(set(lives[s].readers)) for s in tensors], dtype=float)
    borders = lil_matrix((len(workload.layers), len(tensors)))
    for column, storage in enumerate(tensors):
        for layer in range(lives[storage].producer + 1, lives[storage].last + 1):
            borders[layer, column] = sizes[column]
    capacity = np.full(len(workload.layers), float(capacity_bytes))
    kept = linprog(-prices * sizes, A_ub=borders.tocsr(), b_ub=capacity, bounds=(0, 1), method="highs")
    return round(float(np.sum(prices * sizes)) + kept.fun)


def row(network: str, hardware: Hardware) -> str:
    """One line of the table."""
    graph = zoo.build(network)
    bound = relaxed_bytes(build(graph), hardware.scratchpad.capacity_bytes, hardware.precision.activations_bytes)
    result = accelsim.simulate(graph, hardware)
    moved = result.spills.bytes_written + result.spills.bytes_reloaded
    factor = f"{moved / bound:.2f}" if bound else ("1.00" if moved == 0 else "–")
    capacity = f"{hardware.scratchpad.capacity_bytes // 1024} KiB"
    return f"| {network} | {hardware.name} | {capacity} | {moved:,} | {bound:,} | {factor} |"


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--capacities", nargs="+", type=int, default=[128, 256, 512], help="KiB")
    parser.add_argument("--hw", default="edge_npu")
    options = parser.parse_args()
    print("| network | hardware | scratchpad | spilled and reloaded, B | relaxed bound, B | factor |")
    print("|---|---|---|---|---|---|")
    for network in options.networks:
        for capacity in options.capacities:
            print(row(network, load(options.hw, [f"scratchpad.capacity={capacity}KiB"])), flush=True)


if __name__ == "__main__":
    main()
