"""Verification: the Program that was timed, executed with real numbers, against onnxruntime on the same model."""

from accelsim.verification.records import OrderCheck, Verification
from accelsim.verification.verify import TOLERANCE, verify

__all__ = ["TOLERANCE", "OrderCheck", "Verification", "verify"]
