"""The loop nest of a tile as the dataflows see it: the loops of a convolution, for one tile or for many at once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Generic

import numpy as np

from accelsim.dataflows.cost import Counts, CountT

__all__ = ["LoopNest", "arrays", "matrix_product"]


@dataclass(frozen=True, slots=True)
class LoopNest(Generic[CountT]):
    """A convolution's extents; a matrix product (M×K)·(K×N) is one of 1×1 filters on a row of M positions.

    Attributes:
        batch: B, images.
        rows, columns: OY, OX, output rows and columns.
        filters: K, filters per group.
        channels: C, input channels per group.
        kernel_rows, kernel_columns: FY, FX.
        row_stride, column_stride: steps of the window.
        groups: G, independent convolutions (the channels of a depthwise one).
    """

    batch: CountT
    rows: CountT
    columns: CountT
    filters: CountT
    channels: CountT
    kernel_rows: CountT
    kernel_columns: CountT
    row_stride: CountT
    column_stride: CountT
    groups: CountT

    @property
    def m(self) -> CountT:
        """Output positions, B·OY·OX: M of the matrix product."""
        return self.batch * self.rows * self.columns

    @property
    def n(self) -> CountT:
        """Filters per group: N."""
        return self.filters

    @property
    def k(self) -> CountT:
        """Products per result, FY·FX·C: K."""
        return self.kernel_rows * self.kernel_columns * self.channels

    @property
    def macs(self) -> CountT:
        """Multiply-accumulates of all groups."""
        return self.groups * self.m * self.n * self.k


def matrix_product(m: CountT, n: CountT, k: CountT, groups: CountT | None = None) -> LoopNest[CountT]:
    """The nest of `groups` matrix products (m×k)·(k×n)."""
    one = m // m
    return LoopNest(one, one, m, n, k, one, one, one, one, one if groups is None else groups)


def arrays(nest: LoopNest[int] | LoopNest[Counts]) -> LoopNest[Counts]:
    """The nest with int64 arrays of one shape."""
    extents = (np.asarray(getattr(nest, field.name), dtype=np.int64) for field in fields(nest))
    return LoopNest(*np.broadcast_arrays(*extents))
