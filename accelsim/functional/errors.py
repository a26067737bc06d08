"""What a wrong Program looks like when it is executed."""

from __future__ import annotations

from accelsim.errors import VerificationError


class ExecutionError(VerificationError):
    """An instruction met bytes that do not hold what it should read, or shapes that do not belong together.

    The text names the instruction, its opcode, the tensor and element, the address and what was found there.
    """
