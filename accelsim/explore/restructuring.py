"""The same network, restructured for less active memory, as something else to explore."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.errors import ConfigurationError
from accelsim.explore.goal import share
from accelsim.files import read_text
from restructure import Plan, load, plan, rewrite

if TYPE_CHECKING:
    from accelsim.hardware import Hardware
    from restructure.graph import Graph
    from restructure.profile import Dtype

__all__ = ["KINDS", "activation_dtype", "made_by", "plan_for", "read_plan", "require_plan", "restructured"]

_DTYPES: dict[int, Dtype] = {1: "int8", 2: "fp16", 4: "fp32"}
_MOST_NODES = 10
_EFFORT = 0.15
"""Share of the usual search: about two seconds, and the same plan on any machine."""


def activation_dtype(hardware: Hardware) -> Dtype:
    """The element type that plans for a description count bytes in."""
    return _DTYPES[hardware.precision.activations_bytes]


def _default(graph: Graph, **limits: Any) -> Plan:
    return plan(graph, **limits)


def _rows(graph: Graph, **limits: Any) -> Plan:
    nodes = _MOST_NODES * len(graph.nodes)
    return plan(graph, max_overhead=0.0, max_nodes=nodes, effort=_EFFORT, **limits)


def _robust(graph: Graph, **limits: Any) -> Plan:
    return plan(graph, robust=True, **limits)


KINDS: Mapping[str, Callable[..., Plan]] = {"default": _default, "rows": _rows, "robust": _robust}
"""Plans by name: the knee of the front; rows kept and nothing computed twice; overlaps computed again by each part."""


def restructured(graph: Graph, hardware: Hardware, how: str = "default") -> Graph:
    """The graph rewritten by a plan (see `plan_for`), its bytes counted in the hardware's type of activations."""
    return made_by(graph, plan_for(graph, hardware, how))


def plan_for(
    graph: Graph,
    hardware: Hardware,
    how: str = "default",
    *,
    max_parts: int | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Plan:
    """The plan that a name of `KINDS`, a share like `8.6%` (most extra MACs) or a file means.

    Args:
        graph: what is to be restructured.
        hardware: bytes are counted in its type of activations.
        how: the name, the share, or the file: it holds a plan, or a result of `accelsim restructure` or `tune`.
        max_parts: most parts that a named plan may cut any tensor into.
        progress: told the share done and what is being done.

    Raises:
        ConfigurationError: it is no such name, or a file that cannot be read.
        PlanError: the file holds no plan.
    """
    dtype = activation_dtype(hardware)
    if how in KINDS:
        return KINDS[how](graph, dtype=dtype, max_parts=max_parts, progress=progress)
    overhead = _overhead(how)
    if overhead is not None:
        return plan(graph, max_overhead=overhead, dtype=dtype, max_parts=max_parts, progress=progress)
    return read_plan(how)


def require_plan(how: str) -> None:
    """Refuse what `plan_for` would refuse, without making a plan.

    Raises:
        ConfigurationError, PlanError: as `plan_for`.
    """
    if how not in KINDS and _overhead(how) is None:
        read_plan(how)


def _overhead(how: str) -> float | None:
    """Most extra MACs, if that is what the text says."""
    if not how.endswith("%"):
        return None
    try:
        return float(share(how))
    except ConfigurationError:
        raise _unknown(how) from None


def made_by(graph: Graph, chosen: Plan) -> Graph:
    """The graph rewritten by a plan; nothing in it says so, it is run as the ordinary model it is.

    Raises:
        PlanError: the plan was made for another graph.
    """
    model = rewrite(graph, chosen)
    model.metadata_props.clear()
    sizes = (size for value in model.graph.inputs for size in value.shape or ())
    return load(model, graph.dims) if any(not isinstance(size, int) for size in sizes) else load(model)


def read_plan(path: str) -> Plan:
    """The plan that a file holds.

    Raises:
        ConfigurationError, PlanError: as `plan_for`.
    """
    if not os.path.exists(path):
        raise _unknown(path)
    import yaml

    try:
        document: Any = yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f":{where.line + 1}" if where else ""
        raise ConfigurationError(f"{path}{line}: must be YAML or JSON, got {error.__class__.__name__}") from None
    if isinstance(document, Mapping) and isinstance(document.get("plan"), Mapping):
        document = document["plan"]
    return Plan.from_dict(document)


def _unknown(text: str) -> ConfigurationError:
    from accelsim.hardware.guess import closest

    guess = closest(Path(text.replace("\0", "")).stem, KINDS)
    remedy = f"did you mean {guess}?" if guess else "write one with `accelsim restructure --json plan.json`"
    rule = f"must be {', '.join(KINDS)}, most extra MACs (8.6%) or a plan's file"
    return ConfigurationError(f"--restructure: {rule}, got {text!r}; {remedy}")
