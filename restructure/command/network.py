"""From what a user calls a model to its graph."""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from restructure import zoo
from restructure.errors import DimensionArgumentError, ModelFileError
from restructure.graph import Graph, load

__all__ = ["name_of", "open_network"]

_BATCH = "N"


def open_network(text: str, dims: Mapping[str, int]) -> tuple[Graph, tuple[str, ...]]:
    """Return the graph, and what the user should know about how it was found.

    A zoo network's name means the network, anything else a path. A bare file name that is not there but names a zoo
    network (`mobilenetv2.onnx`) means that one. The zoo's batch is the dimension `N`.

    Raises:
        RestructureError: there is no such model, or it cannot be read or analysed.
    """
    if text in zoo.names():
        return _from_zoo(text, dims), ()
    if os.path.exists(text.replace("\0", "")):
        return load(text, dims), ()
    name = zoo.resolve(text) if Path(text).name == text else None
    if name is not None:
        return _from_zoo(name, dims), (f"{text}: there is no such file here; the network {name} of the zoo is used",)
    close = get_close_matches(Path(text).stem, zoo.names(), n=1)
    remedy = f"did you mean {close[0]}?" if close else f"networks are {', '.join(zoo.names())}"
    raise ModelFileError(f"{text!r}: is neither a file nor a network of the zoo; {remedy}")


def _from_zoo(name: str, dims: Mapping[str, int]) -> Graph:
    unknown = sorted(set(dims) - {_BATCH})
    if unknown:
        rule = f"must be {_BATCH}, the batch, the one open dimension of the zoo's networks"
        raise DimensionArgumentError(f"--dim {unknown[0]}: {rule}; write e.g. --dim {_BATCH}=1")
    return zoo.build(name, dims.get(_BATCH, 1))


def name_of(graph: Graph) -> str:
    """Return what results call a model: its file's name without the ending, else the name it gives itself."""
    path = graph.source.path
    return Path(path).stem if graph.source.kind == "file" and path else graph.name
