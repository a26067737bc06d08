"""The ONNX layer: load, static shapes, constant folding without materialising weights, save.

>>> from restructure import graph
>>> net = graph.load("model.onnx", dims={"N": 1})  # doctest: +SKIP
"""

from restructure.graph.graph import Graph
from restructure.graph.reading import load
from restructure.graph.records import Node, Role, Source, Tensor
from restructure.graph.writing import save

__all__ = ["Graph", "Node", "Role", "Source", "Tensor", "load", "save"]
