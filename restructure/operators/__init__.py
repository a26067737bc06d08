"""The one table of operators: shapes, MACs, windows, view or copy, element-wise or not, in place or not.

>>> from restructure import operators
>>> operators.spec("Relu").elementwise
True
"""

from restructure.operators.queries import (
    conv_geometry,
    matmul_dims,
    pads,
    permutation,
    pool_geometry,
    reduce_axes,
    resize_geometry,
    slices,
    softmax_axes_of,
    splits,
)
from restructure.operators.records import Array, Call, Category, OperatorSpec, Shape, TensorInfo
from restructure.operators.resize import ResizeGeometry
from restructure.operators.table import CONTROL_FLOW, ON_CONSTANTS, TABLE, canonical_domain, find, spec
from restructure.operators.windows import ConvGeometry, PoolGeometry, Window

__all__ = [
    "CONTROL_FLOW",
    "ON_CONSTANTS",
    "TABLE",
    "Array",
    "Call",
    "Category",
    "ConvGeometry",
    "OperatorSpec",
    "PoolGeometry",
    "ResizeGeometry",
    "Shape",
    "TensorInfo",
    "Window",
    "canonical_domain",
    "conv_geometry",
    "find",
    "matmul_dims",
    "pads",
    "permutation",
    "pool_geometry",
    "reduce_axes",
    "resize_geometry",
    "slices",
    "softmax_axes_of",
    "spec",
    "splits",
]
