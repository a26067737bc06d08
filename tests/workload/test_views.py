"""The algebra of views and arrangements against numpy: nothing moves, and every element is where numpy puts it."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.program import TensorKind
from accelsim.workload.arrangement import Arrangement, of_view
from accelsim.workload.layouts import default_layout, is_plain, onnx_axes, physical_shape
from accelsim.workload.pieces import free_layout, laid_out
from accelsim.workload.records import Precision, Storage, View
from accelsim.workload.views import crop, cut, every_column, every_row, join, whole

sizes = st.integers(1, 5)
shapes = st.tuples(sizes, sizes, sizes, sizes)


def storage(shape: tuple[int, ...]) -> Storage:
    return Storage("s", TensorKind.ACTIVATION, shape, Precision.ACTIVATIONS, shape, (0, 1, 2, 3))


def numbered(shape: tuple[int, ...], first: int = 0) -> np.ndarray:
    return np.arange(first, first + int(np.prod(shape))).reshape(shape)


def assembled(view: View, arrays: list[np.ndarray]) -> np.ndarray:
    """What a reader of the view sees; fails unless its pieces are disjoint and cover it."""
    result, seen = np.full(view.shape, -1), np.zeros(view.shape, dtype=int)
    for piece in view.pieces:
        here = tuple(slice(a, a + n) for a, n in zip(piece.at, piece.shape, strict=True))
        steps = (1, 1, piece.column_step, 1)
        there = tuple(slice(a, a + n * s, s) for a, n, s in zip(piece.start, piece.shape, steps, strict=True))
        result[here] = arrays[piece.storage][there]
        seen[here] += 1
    assert (seen == 1).all()
    return result


@st.composite
def regions(draw, shape):
    start = tuple(draw(st.integers(0, n - 1)) for n in shape)
    return start, tuple(draw(st.integers(1, n - s)) for n, s in zip(shape, start, strict=True))


def picked(array: np.ndarray, start: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    return array[tuple(slice(a, a + n) for a, n in zip(start, shape, strict=True))]


@given(st.data(), shapes, st.integers(0, 3), st.integers(1, 3))
def test_a_cut_of_a_join_is_the_slice_of_the_concatenation(data, shape, axis, parts):
    all_shapes = [tuple(data.draw(sizes) if a == axis else n for a, n in enumerate(shape)) for _ in range(parts)]
    arrays = [numbered(s, 1000 * i) for i, s in enumerate(all_shapes)]
    joined = join([whole(i, storage(s)) for i, s in enumerate(all_shapes)], axis)
    expected = np.concatenate(arrays, axis)
    assert (assembled(joined, arrays) == expected).all()
    start, size = data.draw(regions(joined.shape))
    assert (assembled(cut(joined, start, size), arrays) == picked(expected, start, size)).all()


@given(st.data(), shapes)
def test_cropping_keeps_the_coordinates_of_the_view(data, shape):
    view = cut(whole(0, storage(shape)), *data.draw(regions(shape)))
    start, size = data.draw(regions(view.shape))
    array = numbered(shape)
    for piece in crop(view, start, size):
        inside = assembled(view, [array])
        assert (picked(inside, piece.at, piece.shape) == picked(array, piece.start, piece.shape)).all()


def values_of(arrangement: Arrangement, base: np.ndarray) -> np.ndarray:
    """The tensor an arrangement stands for, element by element."""
    result = np.empty(arrangement.shape, dtype=int)
    for index in np.ndindex(*arrangement.shape):
        place = list(arrangement.start)
        for position, factors in zip(index, arrangement.axes, strict=True):
            for factor in reversed(factors):
                position, digit = divmod(position, factor.size)
                place[factor.axis] += digit * factor.step
        result[index] = base[tuple(place)]
    return result


def primes(n: int) -> list[int]:
    """Prime factors of a number, in order."""
    p = next((p for p in range(2, n + 1) if n % p == 0), 0)
    return [p, *primes(n // p)] if p else []


@st.composite
def steps(draw, shape):
    """One Reshape, Transpose, Slice or Expand that fits the shape: (name, argument)."""
    kind = draw(st.sampled_from(["reshape", "transpose", "slice", "expand"]))
    if kind == "transpose":
        return kind, tuple(draw(st.permutations(range(len(shape)))))
    if kind == "slice":
        axis = draw(st.integers(0, len(shape) - 1))
        step = draw(st.sampled_from([1, 1, 2, -1]))
        chosen = range(shape[axis])[draw(st.integers(0, shape[axis] - 1)) :][::step]
        return kind, (axis, chosen)
    if kind == "expand":
        return kind, tuple(2 if n == 1 else n for n in shape)
    factors = [p for n in shape for p in primes(n)]
    target: list[int] = [1]
    for factor in factors:
        if draw(st.booleans()):
            target.append(factor)
        else:
            target[-1] *= factor
    return kind, tuple(target)


@settings(max_examples=150)
@given(st.data(), shapes)
def test_any_chain_of_moves_without_copies_is_what_numpy_does(data, shape):
    layout = default_layout(4)
    base = numbered(physical_shape(shape, layout))
    arrangement = of_view(whole(0, storage(base.shape)), shape, layout)
    array = base.transpose(onnx_axes(layout, shape)).reshape(shape)
    for _ in range(data.draw(st.integers(1, 5))):
        kind, argument = data.draw(steps(array.shape))
        if kind == "transpose":
            arrangement, array = arrangement.permuted(argument), array.transpose(argument)
        elif kind == "slice":
            axis, positions = argument
            found = arrangement.sliced(axis, positions)
            if found is not None:
                arrangement, array = found, array.take(list(positions), axis)
        elif kind == "expand":
            arrangement, array = arrangement.expanded(argument), np.broadcast_to(array, argument)
        else:
            found = arrangement.reshaped(argument)
            if found is not None:
                arrangement, array = found, array.reshape(argument)
        assert arrangement.shape == array.shape
    assert (values_of(arrangement, base) == array).all()
    for wanted in (default_layout(array.ndim), free_layout(arrangement)):
        view = laid_out(arrangement, wanted) if wanted is not None else None
        if view is not None and is_plain(wanted, array.shape):
            physical = assembled(view, [base])
            assert (physical.transpose(onnx_axes(wanted, array.shape)).reshape(array.shape) == array).all()


def test_a_reshape_that_no_factors_express_is_refused():
    layout = default_layout(4)
    base = whole(0, storage((1, 3, 4, 2)))
    assert of_view(base, (1, 2, 3, 4), layout).permuted((0, 2, 1, 3)).reshaped((1, 8, 3)) is None


@given(data=st.data(), shape=shapes, down=st.integers(1, 4), right=st.integers(1, 4), tall=st.booleans())
def test_every_so_many_rows_and_columns_are_numpys_steps(data, shape, down, right, tall) -> None:
    several = [whole(0, storage(shape)), whole(1, storage(shape))]
    arrays = [numbered(shape), numbered(shape, 1000)]
    axis = 1 if tall else 3
    seen, expected = join(several, axis), np.concatenate(arrays, axis)
    view = every_column(every_row(seen, down), right)
    assert view is not None
    expected = expected[:, ::down, ::right]
    np.testing.assert_array_equal(assembled(view, arrays), expected)
    start, size = data.draw(regions(view.shape))
    np.testing.assert_array_equal(assembled(cut(view, start, size), arrays), picked(expected, start, size))
    assert view.skips_columns == (right > 1)


def test_columns_of_pieces_side_by_side_are_not_stepped_over() -> None:
    assert every_column(join([whole(0, storage((1, 2, 3, 4))), whole(1, storage((1, 2, 3, 4)))], 2), 2) is None
