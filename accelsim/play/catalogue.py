"""What the page lets one choose: networks, hardware descriptions, dataflows. A link can name nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from accelsim.hardware import Dataflow, Hardware, load, load_with_notices, presets
from accelsim.network import name_of, open_network
from restructure import zoo

__all__ = ["Catalogue", "catalogue"]

_MODEL, _HARDWARE = "mobilenetv2", "edge_npu"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What may be chosen.

    Attributes:
        models: a network's name on the page → where it is: a name of the zoo, or a file.
        hardware: a description's name on the page → the description.
        dataflows: name → what the page calls it.
        first_model, first_hardware: chosen where a link says nothing.
    """

    models: Mapping[str, str]
    hardware: Mapping[str, Hardware]
    dataflows: Mapping[str, str]
    first_model: str
    first_hardware: str


def catalogue(model: str | None = None, hardware: str | None = None) -> Catalogue:
    """All networks of the zoo and all presets, with a model and a description of the user's own in front.

    Args:
        model: a file or a name of the zoo; chosen at first.
        hardware: a file or a preset's name; chosen at first.

    Raises:
        ConfigurationError, RestructureError: one of them cannot be read.
    """
    models = {name: name for name in zoo.names()}
    described = {name: load(name) for name in presets()}
    first_model, first_hardware = model or _MODEL, hardware or _HARDWARE
    if first_model not in models:
        graph = open_network(first_model).graph
        name = graph.name if graph.source.kind == "zoo" else _free(name_of(graph), models)
        models, first_model = {name: first_model} | models, name
    if first_hardware not in described:
        own = load_with_notices(first_hardware)
        name = own.origin if own.origin in described else _free(own.hardware.name, described)
        described, first_hardware = {name: own.hardware} | described, name
    dataflows = {flow.value: flow.value.replace("_", "-") for flow in Dataflow}
    return Catalogue(models, described, dataflows, first_model, first_hardware)


def _free(name: str, taken: Mapping[str, object]) -> str:
    return f"{name} (file)" if name in taken else name
