"""Receptive fields along a spatial axis: which rows of an operand a range of result rows needs, exactly.

Rows are positions of axis 2 (the first spatial axis), columns those of axis 3, until a Transpose or a Reshape moves
them; what is said of rows holds of columns. A tensor without that axis has one row: all of itself.
"""

from restructure.fields.axes import COLUMN_AXIS, ROW_AXIS, axes_of, extent
from restructure.fields.maps import Padded, RowMap, Same, Scaled, Shifted, Transposed, Whole, Windowed, first_needed
from restructure.fields.operators import PER_CHANNEL, Reach, reach

__all__ = [
    "COLUMN_AXIS",
    "PER_CHANNEL",
    "ROW_AXIS",
    "Padded",
    "Reach",
    "RowMap",
    "Same",
    "Scaled",
    "Shifted",
    "Transposed",
    "Whole",
    "Windowed",
    "axes_of",
    "extent",
    "first_needed",
    "reach",
]
