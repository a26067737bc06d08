"""The standard networks, built in code; weights seeded and lazy.

>>> from restructure import zoo
>>> zoo.resolve("MobileNetV2.onnx")
'mobilenetv2'
"""

from restructure.zoo.catalogue import Entry, build, describe, export, model, names, resolve

__all__ = ["Entry", "build", "describe", "export", "model", "names", "resolve"]
