"""Receptive fields along the row axis: which rows of an operand a range of result rows needs, exactly.

Rows are positions of axis 2 (the first spatial axis). A tensor without that axis has one row: all of itself.
"""

from restructure.fields.maps import Padded, RowMap, Same, Scaled, Shifted, Transposed, Whole, Windowed
from restructure.fields.operators import Reach, height, reach

__all__ = [
    "Padded",
    "Reach",
    "RowMap",
    "Same",
    "Scaled",
    "Shifted",
    "Transposed",
    "Whole",
    "Windowed",
    "height",
    "reach",
]
