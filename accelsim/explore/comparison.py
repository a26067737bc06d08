"""A network and its restructured twin on the same hardware: two runs, and what changed between them.

Either may be refused because it does not fit; then the other stands alone and the reason is kept.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from accelsim.errors import ConfigurationError, DoesNotFitError
from accelsim.explore.change import changes
from accelsim.explore.restructuring import made_by, plan_for
from accelsim.explore.verdict import verdict
from accelsim.network import Model, open_network
from accelsim.results import SCHEMA_VERSION, SimulationResult
from accelsim.simulation import Stage, compile_model, hardware_from, time_run

if TYPE_CHECKING:
    from accelsim.hardware import Hardware
    from restructure.graph import Graph
    from restructure.plans import Plan

__all__ = ["Comparison", "PlanInfo", "compare"]


@dataclass(frozen=True, slots=True)
class PlanInfo:
    """What a plan predicts, hardware left aside.

    Attributes:
        how: `default`, `rows`, `robust`, or the plan's file.
        baseline_bytes, peak_bytes: active memory of the original and of the restructured graph.
        saving: share of active memory saved, 0..1.
        mac_overhead: extra multiply-accumulates, as a fraction of the original's.
        nodes: of the restructured graph.
        regions: how many regions are cut.
        parts: of the most finely cut tensor.
    """

    how: str
    baseline_bytes: int
    peak_bytes: int
    saving: float
    mac_overhead: float
    nodes: int
    regions: int
    parts: int

    @classmethod
    def of(cls, how: str, chosen: Plan) -> PlanInfo:
        """What that plan predicts."""
        return cls(
            how=how,
            baseline_bytes=chosen.baseline_bytes,
            peak_bytes=chosen.peak_bytes,
            saving=chosen.saving,
            mac_overhead=chosen.mac_overhead,
            nodes=chosen.nodes,
            regions=len(chosen.regions),
            parts=chosen.parts,
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side.

    Attributes:
        original, restructured: the runs; none where the network does not fit.
        refused: `original` or `restructured` → why it does not fit.
        change: quantity → (restructured - original) / original; none where the original's is zero and the other's
            is not. Empty if one of them does not fit. Names are those of `explore.change`.
        sentence: what happened, in plain words.
        plan: none if another model was compared with.
        against: that other model, as the user named it.
    """

    original: SimulationResult | None
    restructured: SimulationResult | None
    sentence: str
    refused: Mapping[str, str] = field(default_factory=dict)
    change: Mapping[str, float | None] = field(default_factory=dict)
    plan: PlanInfo | None = None
    against: str = ""

    @property
    def runs(self) -> dict[str, SimulationResult]:
        """The runs there are, by name: `original`, `restructured`."""
        both = {"original": self.original, "restructured": self.restructured}
        return {name: run for name, run in both.items() if run is not None}

    @classmethod
    def of(
        cls,
        runs: Mapping[str, SimulationResult],
        refused: Mapping[str, str],
        plan: PlanInfo | None = None,
        against: str = "",
    ) -> Comparison:
        """The comparison of runs by name, `original` and `restructured`; why a run is missing is in `refused`."""
        original, restructured = runs.get("original"), runs.get("restructured")
        return cls(
            original,
            restructured,
            verdict(original, restructured, refused, uncut=plan is not None and not plan.regions),
            refused,
            changes(original, restructured) if original and restructured else {},
            plan,
            against,
        )

    def to_dict(self) -> dict[str, object]:
        """The JSON document as plain dictionaries, lists, numbers and texts."""
        return {
            "schema_version": SCHEMA_VERSION,
            "sentence": self.sentence,
            "plan": asdict(self.plan) if self.plan else None,
            "against": self.against,
            "original": self.original.to_dict() if self.original else None,
            "restructured": self.restructured.to_dict() if self.restructured else None,
            "refused": dict(self.refused),
            "change": dict(self.change),
        }

    def to_json(self) -> str:
        """The JSON document as text."""
        from accelsim.results.document import as_text

        return as_text(self.to_dict())

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], origin: str = "comparison") -> Comparison:
        """The comparison that `to_dict` made the document from.

        Raises:
            ConfigurationError: it is no such document.
        """
        from accelsim.results import from_dict

        def run(name: str) -> SimulationResult | None:
            return from_dict(document[name], f"{origin}: {name}") if document[name] is not None else None

        try:
            plan = PlanInfo(**document["plan"]) if document["plan"] else None
            kept = {name: document[name] for name in ("sentence", "refused", "change", "against")}
            return cls(original=run("original"), restructured=run("restructured"), plan=plan, **kept)
        except (KeyError, TypeError) as error:
            rule = f"must be a document of `accelsim compare --json`, got trouble with {error}"
            raise ConfigurationError(f"{origin}: {rule}; write it again with this version") from None


def compare(
    model: Model,
    hardware: str | os.PathLike[str] | Hardware,
    *,
    restructure: str = "default",
    against: Model | None = None,
    overrides: Iterable[str] = (),
    dims: Mapping[str, int] | None = None,
    warm: bool = False,
    stage: Stage = lambda name: None,
) -> Comparison:
    """Run a network as it is and restructured on the same hardware.

    Args:
        model: an ONNX file's path, a zoo network's name, or a model in memory.
        hardware: a description's path, a preset's name, or a description.
        restructure: `default`, `rows`, `robust`, or a plan's file.
        against: another model to compare with, instead of restructuring this one.
        overrides: fields set on top of the description, each `path=value`.
        dims: sizes of the models' symbolic dimensions.
        warm: steady state, in which weights that fit are resident already.
        stage: told the name of each stage when it begins.

    Raises:
        ConfigurationError, RestructureError, ModelUnsupportedError: as `simulate`. A model that does not fit is no
            error but part of the answer.

    >>> compare("tiny", "edge_npu").change["macs"]
    0.0
    """
    described = hardware_from(hardware, overrides)
    graph = open_network(model, dims).graph
    if against is not None:
        named = os.fspath(against) if isinstance(against, (str, os.PathLike)) else "the other model"
        return _compared(graph, open_network(against, dims).graph, described, warm, stage, against=named)
    stage("planning")
    chosen = plan_for(graph, described, restructure)
    stage("rewriting")
    return _compared(graph, made_by(graph, chosen), described, warm, stage, plan=PlanInfo.of(restructure, chosen))


def _compared(
    before: Graph,
    after: Graph,
    hardware: Hardware,
    warm: bool,
    stage: Stage,
    *,
    plan: PlanInfo | None = None,
    against: str = "",
) -> Comparison:
    runs: dict[str, SimulationResult] = {}
    refused: dict[str, str] = {}
    for name, graph in (("original", before), ("restructured", after)):

        def say(what: str, name: str = name) -> None:
            stage(f"{name}: {what}")

        try:
            runs[name] = time_run(compile_model(graph, hardware, None, warm, say), warm, say).result
        except DoesNotFitError as error:
            refused[name] = str(error)
    return Comparison.of(runs, refused, plan, against)
