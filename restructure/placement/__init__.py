"""Memory plans: one buffer for all activations of a graph, with an offset and a lifetime for every range of bytes.

>>> from restructure import zoo
>>> from restructure.placement import place
>>> from restructure.profile import Definition
>>> place(zoo.build("mobilenetv2"), Definition(dtype="int8")).liveness_bytes
1505280
"""

from restructure.placement.allocators import ALLOCATORS, DEFAULT
from restructure.placement.allocators.base import PlacementError
from restructure.placement.checking import plan_problems
from restructure.placement.execution import execute
from restructure.placement.header import c_header
from restructure.placement.placing import place
from restructure.placement.proof import placement_problems
from restructure.placement.records import MemoryPlan, PlacedTensor, Range, StepUse, TensorPiece
from restructure.placement.serial import plan_document

__all__ = [
    "ALLOCATORS",
    "DEFAULT",
    "MemoryPlan",
    "PlacedTensor",
    "PlacementError",
    "Range",
    "StepUse",
    "TensorPiece",
    "c_header",
    "execute",
    "place",
    "placement_problems",
    "plan_document",
    "plan_problems",
]
