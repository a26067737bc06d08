"""From a plan to an ordinary ONNX model."""

from restructure.rewriting.model import rewrite

__all__ = ["rewrite"]
