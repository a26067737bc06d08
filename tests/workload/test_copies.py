"""Copying layers: whatever tile of the result is asked for, its rules name a region that holds all it needs."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from test_views import numbered, regions, shapes, steps, storage, values_of

from accelsim.functional.operators import OPERATORS, Call
from accelsim.program import Tile
from accelsim.workload.arrangement import of_view
from accelsim.workload.copies import copy_kernel, copy_rules
from accelsim.workload.layouts import default_layout, onnx_axes, physical_shape
from accelsim.workload.views import whole


@settings(max_examples=150)
@given(st.data(), shapes)
def test_any_tile_of_any_rearrangement_finds_its_elements_in_the_region_of_its_rules(data, shape):
    layout = default_layout(4)
    base = numbered(physical_shape(shape, layout)).astype(np.float32)
    arrangement = of_view(whole(0, storage(base.shape)), shape, layout)
    for _ in range(data.draw(st.integers(1, 4))):
        kind, argument = data.draw(steps(arrangement.shape))
        moves = {"transpose": arrangement.permuted, "expand": arrangement.expanded, "reshape": arrangement.reshaped}
        found = arrangement.sliced(*argument) if kind == "slice" else moves[kind](argument)
        arrangement = found or arrangement
    target = default_layout(len(arrangement.shape))
    expected_shape = physical_shape(arrangement.shape, target)
    model = values_of(arrangement, base)
    axes = onnx_axes(target, arrangement.shape)
    expected = model.reshape([expected_shape[a] for a in axes]).transpose(np.argsort(axes))
    start, size = data.draw(regions(expected_shape))
    spans = [
        rule.span(*((start[rule.loop], size[rule.loop]) if rule.loop >= 0 else (0, 0)), n)
        for rule, n in zip(copy_rules(arrangement, target), base.shape, strict=True)
    ]
    operand = base[tuple(slice(*span) for span in spans)]
    origins = {"input": tuple(low for low, _ in spans)}
    call = Call(copy_kernel(arrangement, target), Tile(start, size), [operand], {"input": operand}, origins)
    region = tuple(slice(a, a + n) for a, n in zip(start, size, strict=True))
    np.testing.assert_array_equal(OPERATORS["Rearrange"](call), expected[region])
