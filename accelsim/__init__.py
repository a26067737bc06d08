"""A discrete-event simulator of DNN accelerators, from an ONNX file to cycles, bytes and joules.

>>> import accelsim
>>> accelsim.simulate("tiny", "edge_npu").totals.macs
90192
"""

from typing import TYPE_CHECKING

from accelsim.errors import (
    AccelsimError,
    ConfigurationError,
    DoesNotFitError,
    GoalMissedError,
    ModelUnsupportedError,
    VerificationError,
)
from accelsim.version import __version__
from restructure.on_demand import on_demand as _on_demand

if TYPE_CHECKING:
    from accelsim.explore import Comparison, FitResult, compare, fit
    from accelsim.hardware import Hardware
    from accelsim.results import SimulationResult
    from accelsim.simulation import simulate
    from accelsim.verification import Verification, verify

__all__ = [
    "AccelsimError",
    "Comparison",
    "ConfigurationError",
    "DoesNotFitError",
    "FitResult",
    "GoalMissedError",
    "Hardware",
    "ModelUnsupportedError",
    "SimulationResult",
    "Verification",
    "VerificationError",
    "__version__",
    "compare",
    "fit",
    "simulate",
    "verify",
]

_HOMES = {
    "Comparison": "accelsim.explore",
    "FitResult": "accelsim.explore",
    "Hardware": "accelsim.hardware",
    "SimulationResult": "accelsim.results",
    "Verification": "accelsim.verification",
    "compare": "accelsim.explore",
    "fit": "accelsim.explore",
    "simulate": "accelsim.simulation",
    "verify": "accelsim.verification",
}
# `accelsim --help` answers at once.
__getattr__, __dir__ = _on_demand(__name__, __all__, _HOMES)
