"""Synthetic weights and inputs, seeded by name: small integers that keep sums exact, or random numbers of usual size.

Integers: inputs and everything between operators lie in −15..15 (modulus 31), filters in −3..3, so a sum of n products
stays below 45·n + 15; 2²² is the limit for which the reduction behind each operator is proven exact, so filters shrink
to −1..1 beyond 90,000 products. A variance is chosen such that √(variance + ε) is exactly 1.
"""

import zlib
from math import log2, prod, sqrt

import numpy as np
import numpy.typing as npt

from restructure.operators import Array, Shape
from restructure.verify.roles import Weight

__all__ = ["LARGEST", "LIMIT", "MODULUS", "PERIOD", "Values", "feed", "integer_weight", "power_of_two", "random_weight"]

MODULUS = 31
LARGEST = MODULUS // 2
LIMIT = 2**22
_FILTER = 3
_STEPS = 32
"""Steps of a grid in a standard deviation."""

PERIOD = 1_048_583
"""Large weights repeat a pattern of this many elements, a prime: no two rows of a weight begin alike."""

Values = npt.NDArray[np.float32]


def _generator(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def integer_weight(weight: Weight, seed: int) -> Values:
    """Return small integers as float32; see `_extent` for how many."""
    generator, extent = _generator(seed, weight.name), _extent(weight)
    if weight.role == "variance":
        return np.full(extent, np.float32(_unit_variance(weight.epsilon)))
    if weight.role == "filter":
        largest = _FILTER if weight.fan_in * LARGEST * _FILTER + LARGEST < LIMIT else 1
        return _integers(generator, largest, extent)
    if weight.role in ("bias", "mean"):
        return _integers(generator, LARGEST, extent)
    signs = generator.integers(0, 2, extent, np.int8) * 2 - 1
    operands: Values = (signs * generator.integers(1, _FILTER + 1, extent, np.int8)).astype(np.float32)
    return operands


def _extent(weight: Weight) -> Shape:
    """Return the weight's own shape, or (PERIOD,) for a large one: such a pattern is to be repeated."""
    return weight.shape if prod(weight.shape) <= PERIOD else (PERIOD,)


def _integers(generator: np.random.Generator, largest: int, shape: Shape) -> Values:
    values: Values = generator.integers(-largest, largest + 1, shape, np.int8).astype(np.float32)
    return values


def _unit_variance(epsilon: float) -> float:
    """Return v such that v + ε rounds to exactly 1 in float32."""
    small = np.float32(epsilon)
    candidate = np.float32(1) - small
    for value in (candidate, np.nextafter(candidate, np.float32(2)), np.nextafter(candidate, np.float32(0))):
        if value + small == np.float32(1):
            return float(value)
    return float(candidate)


def random_weight(weight: Weight, seed: int, gain: float = 1.0, on_grid: bool = False) -> Values:
    """Return normal filters with variance gain² · 2 / fan-in, and numbers of natural size for the other roles.

    Args:
        on_grid: round them to multiples of a power of two, some hundred different numbers: with operands on such a grid
            float32 adds products exactly.
    """
    generator, extent = _generator(seed, weight.name), _extent(weight)
    if weight.role in ("filter", "bias", "mean"):
        deviation = gain * sqrt(2.0 / weight.fan_in) if weight.role == "filter" else 0.1
        values: Values = generator.standard_normal(extent, dtype=np.float32)
        values *= np.float32(deviation)
    else:
        deviation = 0.5
        values = generator.random(extent, dtype=np.float32)
        values *= np.float32(0.5)
        values += np.float32(0.75)
    if on_grid:
        step = np.float32(2.0 ** round(log2(deviation / _STEPS)))
        values = np.rint(values / step) * step
    return values


def power_of_two(values: Array) -> Values:
    """Return the powers of two that scales are nearest to, by their ratios; zeros and what is no number stay."""
    found = np.asarray(values, np.float32).copy()
    usual = np.isfinite(found) & (found > 0)
    found[usual] = np.exp2(np.rint(np.log2(found[usual])))
    return found


def feed(name: str, shape: Shape, dtype: str, seed: int, integer: bool) -> npt.NDArray[np.generic]:
    """Return a value for an input: integers or normal numbers for floats, zeros and ones for anything else."""
    generator = _generator(seed, name)
    if dtype.startswith(("float", "bfloat")):
        if integer:
            return generator.integers(-LARGEST, LARGEST + 1, shape).astype(np.float32)
        return generator.standard_normal(shape, dtype=np.float32)
    return generator.integers(0, 2, shape).astype(np.dtype(dtype))
