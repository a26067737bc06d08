"""From what a user calls a model to an analysed graph: a path, a name of the zoo, or an object in memory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Union

from accelsim.errors import ConfigurationError
from restructure import zoo
from restructure.graph import Graph, load

if TYPE_CHECKING:
    import onnx
    import onnx_ir as ir

__all__ = ["Model", "Network", "name_of", "open_network", "require_model"]

Model: TypeAlias = Union[str, "os.PathLike[str]", Graph, "onnx.ModelProto", "ir.Model"]
"""A path or a zoo network's name; or a model that is in memory already."""

_BATCH = "N"


@dataclass(frozen=True, slots=True)
class Network:
    """An analysed model, and what the user should know about how it was found."""

    graph: Graph
    notices: tuple[str, ...] = ()


def name_of(graph: Graph) -> str:
    """What results call a model: its file's name without the ending, else the name it gives itself."""
    return Path(graph.source.path).stem if graph.source.kind == "file" and graph.source.path else graph.name


def open_network(model: Model, dims: Mapping[str, int] | None = None) -> Network:
    """Find and analyse a model; its weights stay where they are.

    A zoo network's name means the network; anything else is a path. A bare file name that is not there but names a
    zoo network (`mobilenetv2.onnx`) means that one, with a notice. The zoo's batch is the dimension `N`.

    Args:
        model: see Model.
        dims: sizes of symbolic dimensions.

    Raises:
        ConfigurationError: there is neither such a file nor such a network.
        RestructureError: the file cannot be read, is no model, or cannot be analysed.
    """
    if isinstance(model, Graph):
        if dims:
            raise ConfigurationError("dims: must be given when a graph is made, got a graph that is already analysed")
        return Network(model)
    if not isinstance(model, (str, os.PathLike)):
        return Network(load(model, dims))
    text = os.fspath(model)
    found = require_model(text)
    if found not in zoo.names():
        return Network(load(found, dims))
    notice = f"{text}: there is no such file here; the network {found} of the zoo is used"
    return Network(_from_zoo(found, dims), () if text == found else (notice,))


def require_model(text: str) -> str:
    """What a text means as a model, without opening it: the name of a network of the zoo, else the path of a file.

    Raises:
        ConfigurationError: there is neither such a file nor such a network.
    """
    if text in zoo.names() or _exists(text):
        return text
    name = zoo.resolve(text) if Path(text).name == text else None
    if name is None:
        raise _unknown(text)
    return name


def _from_zoo(name: str, dims: Mapping[str, int] | None) -> Graph:
    unknown = sorted(set(dims or ()) - {_BATCH})
    if unknown:
        rule = f"must be {_BATCH}, the batch, the one open dimension of the zoo's networks"
        raise ConfigurationError(f"--dim {unknown[0]}: {rule}; write e.g. --dim {_BATCH}=1")
    return zoo.build(name, (dims or {}).get(_BATCH, 1))


def _exists(text: str) -> bool:
    try:
        return os.path.exists(text)
    except (OSError, ValueError):
        return False


def _unknown(text: str) -> ConfigurationError:
    from accelsim.hardware.guess import closest

    guess = closest(Path(text.replace("\0", "")).stem, zoo.names())
    remedy = f"did you mean {guess}?" if guess else f"networks are {', '.join(zoo.names())}"
    rule = "must be a readable ONNX file or the name of a network of the zoo"
    return ConfigurationError(f"{text!r}: {rule}, got neither; {remedy}")
