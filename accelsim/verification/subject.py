"""What is verified: a model whose weights hide nothing, in a file that both executions read.

Exporters often fill weights with one constant, and files of other tools point to weights that are not there. Then
swapped channels, shifted windows and stale tiles go unnoticed, so such a model is verified with seeded random weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from restructure.graph import Graph, load, save
from restructure.verify.roles import FLOATS, weights_of
from restructure.verify.store import WeightStore
from restructure.verify.twin import make_twin
from restructure.verify.values import random_weight
from restructure.verify.widening import foreign_integers, in_float32

__all__ = ["Subject", "subject_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """The model as both executions see it.

    Attributes:
        graph: the analysed model.
        path: the file onnxruntime reads.
        synthetic: whether its weights are random ones instead of the model's own.
        notes: what else was changed, a sentence each.
    """

    graph: Graph
    path: Path
    synthetic: bool
    notes: tuple[str, ...] = ()


@contextmanager
def subject_of(graph: Graph, seed: int) -> Iterator[Subject]:
    """The model itself where its weights are real, else its twin on random weights; files live as long as the block.

    A model that computes in another float type than float32 gets a float32 twin, for the executor has no other, and so
    does one that computes in integers where ONNX has floating point only.
    """
    foreign = foreign_integers(graph)
    notes = () if foreign is None else (f"ONNX has no such operators on {foreign}: verified in float32",)
    graph = graph if foreign is None else in_float32(graph, foreign)
    other = foreign is not None or any(t.dtype in FLOATS - {"float32"} for t in graph.tensors.values())
    synthetic = other or _weights_hide_mistakes(graph)
    if not synthetic and graph.source.kind == "file" and graph.source.path:
        yield Subject(graph, Path(graph.source.path), synthetic=False)
        return
    with TemporaryDirectory(prefix="accelsim-verify-") as folder:
        path = Path(folder) / "model.onnx"
        if synthetic:
            store = WeightStore(Path(folder), weights_of(graph), partial(random_weight, seed=seed))
            save(make_twin(graph, store, integer=False), path)
        else:
            save(graph, path)
        yield Subject(load(path, {} if synthetic else graph.dims), path, synthetic, notes)


def _weights_hide_mistakes(graph: Graph) -> bool:
    """Whether some weight is a constant fill, or lies in an external file that is not there."""
    import onnx_ir as ir

    model = graph.model.graph
    fills = (node.outputs[0].name for node in model if node.op_type == "ConstantOfShape")
    stored = (value.const_value for value in model.initializers.values())
    missing = (tensor for tensor in stored if isinstance(tensor, ir.ExternalTensor) and not Path(tensor.path).is_file())
    return any(graph.is_constant(str(name)) for name in fills) or any(True for _ in missing)
