"""The cycle-stepped PE array: every register, every cycle, real operands. The oracle of the dataflows' closed forms.

Values move one PE per cycle; nothing here knows a closed form, nothing multiplies matrices. The product builds up in
the registers, and the cycles are counted as it does.

    >>> import numpy as np
    >>> from accelsim.dataflows import ArrayShape
    >>> run = multiply("output_stationary", ArrayShape(2, 2), np.array([[1, 2], [3, 4]]), np.array([[5, 6], [7, 8]]))
    >>> run.product.tolist(), run.cycles
    ([[19, 22], [43, 50]], 3)
"""

from accelsim.dataflows.stepped.instructed import Walk
from accelsim.dataflows.stepped.record import ArrayState, Phase, SteppedProduct
from accelsim.dataflows.stepped.run import multiply, states, stepped_array
from accelsim.dataflows.stepped.sequence import ArrayHazardError, SteppedArray

__all__ = [
    "ArrayHazardError",
    "ArrayState",
    "Phase",
    "SteppedArray",
    "SteppedProduct",
    "Walk",
    "multiply",
    "states",
    "stepped_array",
]
