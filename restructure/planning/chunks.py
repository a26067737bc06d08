"""How many rows a part of each tensor gets.

The *working set* of an op that makes h rows is what it reads and makes: its windows and its result. A part is as high
as a target for the working set allows, and never less than one row (one granule).
"""

from restructure.streaming import Network, Op

__all__ = ["part_rows", "working_set"]


def working_set(network: Network, op: Op, rows: int) -> int:
    """Return the bytes of the windows and the result of `rows` rows, away from the borders."""
    total = sum(network.tensors[tensor].row_bytes * rows for tensor in op.results)
    for tensor, field, _ in op.operands:
        entry = network.tensors[tensor]
        middle = max((network.tensors[op.results[0]].height - rows) // 2 // op.granule * op.granule, 0)
        low, high = field.need(middle, middle + rows)
        total += (high - low) * entry.row_bytes
    return total


def part_rows(
    network: Network, start: int, stop: int, target_bytes: int, max_parts: int | None, fits: dict[int, int]
) -> dict[int, int]:
    """Return tensor → rows of one part for the results of ops start..stop−1.

    Args:
        target_bytes: most bytes of any op's working set, where one row fits.
        max_parts: most parts of any tensor; wins over the target.
        fits: op → rows that fit the target, as far as known; filled here.
    """
    rows: dict[int, int] = {}
    for op in network.ops[start:stop]:
        height = network.goals[op.results[0]]
        least = op.granule if max_parts is None else max(-(-height // max_parts), op.granule)
        if op.index not in fits:
            fits[op.index] = _largest(network, op, height, target_bytes)
        most = height if _is_last_of_bands(network, op, start) else fits[op.index]
        for tensor in op.results:
            rows[tensor] = max(min(most, height), least)
    return rows


def _is_last_of_bands(network: Network, op: Op, start: int) -> bool:
    """Whether an op joins bands that are made one after another from `start` on: none of its rows is there before."""
    if op.kind != "join" or op.joins != network.tensors[op.results[0]].across:
        return False
    for tensor, _, _ in op.operands:
        maker = network.producer[tensor]
        while network.ops[maker].kind == "crop":
            maker = network.producer[network.ops[maker].operands[0][0]]
        if network.ops[maker].band and maker >= start:
            return True
    return False


def _largest(network: Network, op: Op, height: int, target_bytes: int) -> int:
    low, high = 1, -(-height // op.granule)
    while low < high:
        middle = (low + high + 1) // 2
        if working_set(network, op, min(middle * op.granule, height)) <= target_bytes:
            low = middle
        else:
            high = middle - 1
    return low * op.granule
