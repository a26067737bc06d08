"""Numpy-style broadcasting of shapes."""

from collections.abc import Sequence

from restructure.errors import OperatorError
from restructure.operators.records import Shape

__all__ = ["broadcast"]


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """Return the common shape of `shapes` under numpy's rules.

    Raises:
        OperatorError: two extents differ and neither is 1.

    >>> broadcast([(1, 8, 4, 4), (8, 1, 1)])
    (1, 8, 4, 4)
    """
    first = shapes[0]
    if all(shape == first for shape in shapes):
        return first
    rank = max(len(shape) for shape in shapes)
    result = [1] * rank
    for shape in shapes:
        for axis, size in enumerate(shape, start=rank - len(shape)):
            if size != 1 and result[axis] not in (1, size):
                raise OperatorError("shapes do not broadcast: " + ", ".join(str(list(s)) for s in shapes))
            result[axis] = result[axis] if size == 1 else size
    return tuple(result)
