"""The Program: what the compiler makes and every executor reads. A leaf room of plain records."""

from accelsim.program.box import Box, normalise
from accelsim.program.check import check
from accelsim.program.errors import ProgramError
from accelsim.program.hazards import Hazard, HazardKind, hazards, predecessors
from accelsim.program.kernels import Kernel, MatrixKernel, PostOperation, VectorKernel, Window
from accelsim.program.records import (
    ArrayWork,
    Instruction,
    Layer,
    Memory,
    MemoryKind,
    NetworkOutput,
    Opcode,
    Operand,
    OutputPiece,
    Program,
    Range,
    Tensor,
    TensorKind,
    Tile,
    Unit,
    UnitKind,
    VectorWork,
)

__all__ = [
    "ArrayWork",
    "Box",
    "Hazard",
    "HazardKind",
    "Instruction",
    "Kernel",
    "Layer",
    "MatrixKernel",
    "Memory",
    "MemoryKind",
    "NetworkOutput",
    "Opcode",
    "Operand",
    "OutputPiece",
    "PostOperation",
    "Program",
    "ProgramError",
    "Range",
    "Tensor",
    "TensorKind",
    "Tile",
    "Unit",
    "UnitKind",
    "VectorKernel",
    "VectorWork",
    "Window",
    "check",
    "hazards",
    "normalise",
    "predecessors",
]
