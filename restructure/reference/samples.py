"""Seeded random inputs of a model."""

import zlib

import numpy as np

from restructure import dtypes
from restructure.errors import ModelError
from restructure.graph import Graph, Tensor
from restructure.operators import Array

__all__ = ["sample_inputs"]

_LARGEST_INTEGER = 8


def sample_inputs(graph: Graph, seed: int) -> dict[str, Array]:
    """Return an array per network input: normal deviates, small integers, or truth values, as its type has it.

    Raises:
        ModelError: an input's element type has no numpy equivalent.
    """
    return {name: _sample(graph.tensors[name], seed) for name in graph.inputs}


def _sample(tensor: Tensor, seed: int) -> Array:
    generator = np.random.default_rng((seed, zlib.crc32(tensor.name.encode())))
    kind = dtypes.numpy_name(tensor.dtype)
    if kind is None:
        raise ModelError(f"input {tensor.name!r}: must have an element type of numpy, got {tensor.dtype}")
    if np.issubdtype(kind, np.floating):
        return generator.standard_normal(tensor.shape, dtype=np.float32).astype(kind)
    return generator.integers(0, 2 if kind == "bool" else _LARGEST_INTEGER, tensor.shape).astype(kind)
