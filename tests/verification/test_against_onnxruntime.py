"""Verification: the timed Program equals onnxruntime, and what is wrong is caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import accelsim
from accelsim.cli import main
from accelsim.program import Opcode, Program
from accelsim.verification import verify
from accelsim.verification.records import compare
from accelsim.verification.subject import subject_of
from restructure.graph import load

MODELS = Path(__file__).parents[1] / "data" / "models"
PRESETS = ("edge_npu", "systolic_32x32", "tpu_v1")
SPILLING = ["scratchpad.capacity=3KiB"]


@pytest.mark.parametrize("hardware", PRESETS)
def test_the_tiny_network_equals_onnxruntime(hardware: str) -> None:
    found = verify("tiny", hardware, orders=2)
    assert found.passed
    assert len(found.orders) == 3


@pytest.mark.parametrize("dataflow", ["ws", "os", "is"])
def test_spilled_tensors_come_back_right(dataflow: str) -> None:
    settings = [*SPILLING, f"pe_array.dataflow={dataflow}"]
    assert accelsim.simulate("tiny", "edge_npu", overrides=settings).spills.tensors > 0
    assert verify("tiny", "edge_npu", overrides=settings, orders=3).passed


def test_a_batch_of_two_equals_onnxruntime() -> None:
    assert verify("tiny", "edge_npu", dims={"N": 2}, orders=1).passed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "hardware", "settings"),
    [
        ("mobilenetv2", "edge_npu", []),
        ("mobilenetv2", "edge_npu", ["scratchpad.capacity=96KiB"]),
        ("mobilenetv2", "systolic_32x32", ["pe_array.dataflow=os"]),
        ("squeezenet1.1", "edge_npu", ["scratchpad.capacity=64KiB"]),
        ("squeezenet1.1", "systolic_32x32", ["pe_array.dataflow=is"]),
        ("resnet18", "edge_npu", []),
        ("inceptionv3", "tpu_v1", []),
        ("vgg16", "tpu_v1", []),
        (str(MODELS / "mobilenet_v2_ts13bn.onnx"), "edge_npu", []),
        (str(MODELS / "resnet18_dyn18.onnx"), "systolic_32x32", []),
    ],
)  # fmt: skip
def test_a_real_network_equals_onnxruntime(model: str, hardware: str, settings: list[str]) -> None:
    found = verify(model, hardware, overrides=settings, orders=1)
    assert found.passed, found


Mutation = Callable[[Program], Program]


def _without_a_load(program: Program) -> Program:
    position = max(i for i, instruction in enumerate(program.instructions) if instruction.opcode is Opcode.LOAD)
    kept = (*program.instructions[:position], *program.instructions[position + 1 :])
    return replace(program, instructions=kept)


def _with_a_wrong_address(program: Program) -> Program:
    position = next(i for i, instruction in enumerate(program.instructions) if instruction.opcode is Opcode.ARRAY)
    instruction = program.instructions[position]
    first, *others = instruction.reads
    wrong = replace(instruction, reads=(replace(first, address=first.address + 1), *others))
    changed = (*program.instructions[:position], wrong, *program.instructions[position + 1 :])
    return replace(program, instructions=changed)


@pytest.mark.parametrize("mutate", [_without_a_load, _with_a_wrong_address])
def test_a_wrong_program_is_caught_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mutate: Mutation
) -> None:
    import accelsim.compiler as compiler

    right = compiler.compile_network
    monkeypatch.setattr(compiler, "compile_network", lambda *args, **options: mutate(right(*args, **options)))
    assert main(["verify", "--hw", "edge_npu", "--model", "tiny", "--orders", "0"]) == 5
    out, err = capsys.readouterr()
    assert "DIFFERENT" in out
    assert "instruction" in out
    assert err == "accelsim: error: tiny on edge_npu: must equal onnxruntime, and does not\n"


def test_one_wrong_weight_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    import accelsim.workload as workload

    right = workload.build

    def build(graph: object) -> object:
        made = right(graph)  # type: ignore[arg-type]

        def bent() -> NDArray[np.float32]:
            values = np.array(made.values["conv.weight"]())
            values[0, 0, 0, 0] += 0.01
            return values

        return replace(made, values={**made.values, "conv.weight": bent})

    monkeypatch.setattr(workload, "build", build)
    found = verify("tiny", "edge_npu", orders=0)
    assert not found.passed
    assert not found.orders[0].failure
    assert found.outputs[0].max_rel_error > found.outputs[0].tolerance


def test_a_missing_output_or_not_a_number_never_passes() -> None:
    expected = np.ones((2, 2), np.float32)
    assert compare("y", expected.copy(), expected, 1e-6).passed
    assert not compare("y", None, expected, 1e-6).passed
    assert not compare("y", expected[:1], expected, 1e-6).passed
    assert not compare("y", np.full_like(expected, np.nan), expected, 1e-6).passed
    assert compare("y", np.full_like(expected, np.nan), expected, 1e-6).to_dict()["max_abs_error"] is None


def test_a_model_with_constant_weights_is_verified_on_random_ones() -> None:
    graph = load(MODELS / "mobilenet_v2_ts13bn.onnx")
    with subject_of(graph, seed=0) as subject:
        assert subject.synthetic
        assert [node.op_type for node in subject.graph.nodes] == [node.op_type for node in graph.nodes]
        for node in subject.graph.nodes:
            if node.op_type == "BatchNormalization":
                assert subject.graph.weight(node.inputs[4]).min() > 0
            if node.op_type == "Conv":
                assert subject.graph.weight(node.inputs[1]).std() > 0


def test_a_model_with_real_weights_is_verified_on_its_own(tmp_path: Path) -> None:
    assert not verify("tiny", "edge_npu", orders=0).synthetic_weights
    assert main(["models", "export", "tiny", "--out", str(tmp_path / "tiny.onnx")]) == 0
    with subject_of(load(tmp_path / "tiny.onnx"), seed=0) as subject:
        assert not subject.synthetic
        assert subject.path == tmp_path / "tiny.onnx"


def test_integers_where_onnx_has_floats_are_verified_in_single_precision_and_said_so() -> None:
    found = verify(str(MODELS.parent / "int8_convolutions.onnx"), "edge_npu", orders=1)
    assert found.passed
    assert found.notes == ("ONNX has no such operators on int8: verified in float32",)


def test_the_verified_program_is_the_one_that_was_timed() -> None:
    model = str(MODELS / "squeezenet1_1_ts17.onnx")
    timed = accelsim.simulate(model, "edge_npu")
    with subject_of(load(model), seed=0) as subject:
        twin = accelsim.simulate(subject.graph, "edge_npu")
    assert twin.totals == timed.totals
    assert [layer.name for layer in twin.layers] == [layer.name for layer in timed.layers]
