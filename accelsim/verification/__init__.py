"""Verification: the Program that was timed, executed with real numbers, against onnxruntime on the same model."""

from accelsim.verification.records import OrderCheck, OutputCheck, Verification
from accelsim.verification.verify import verify

__all__ = ["OrderCheck", "OutputCheck", "Verification", "verify"]
