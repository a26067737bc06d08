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
from accelsim.verification import TOLERANCE, verify
from restructure import zoo
from restructure.graph import load
from restructure.reference import compare, run_onnxruntime, sample_inputs, with_weights

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
    assert found.outputs[0].max_rel_error > TOLERANCE


def test_a_missing_output_or_not_a_number_never_passes() -> None:
    expected = np.ones((2, 2), np.float32)
    assert compare("y", expected.copy(), expected, TOLERANCE).passed
    assert not compare("y", None, expected, TOLERANCE).passed
    assert not compare("y", expected[:1], expected, TOLERANCE).passed
    assert not compare("y", np.full_like(expected, np.nan), expected, TOLERANCE).passed
    assert compare("y", np.full_like(expected, np.nan), expected, TOLERANCE).to_dict()["max_abs_error"] is None


def test_constant_weights_become_random_and_valid() -> None:
    graph = load(MODELS / "mobilenet_v2_ts13bn.onnx")
    model, renewed = with_weights(graph)
    again = load(model)
    assert len(renewed) > 200
    assert [node.name for node in again.nodes] == [node.name for node in graph.nodes]
    for node in again.nodes:
        if node.op_type == "BatchNormalization":
            assert again.weight(node.inputs[4]).min() > 0
        if node.op_type == "Conv":
            assert again.weight(node.inputs[1]).std() > 0
    assert with_weights(zoo.build("tiny"))[1] == ()


def test_the_same_seed_gives_the_same_inputs() -> None:
    graph = zoo.build("tiny")
    assert np.array_equal(sample_inputs(graph, 3)["input"], sample_inputs(graph, 3)["input"])
    assert not np.array_equal(sample_inputs(graph, 3)["input"], sample_inputs(graph, 4)["input"])


def test_a_model_that_onnxruntime_refuses_is_told(tmp_path: Path) -> None:
    from restructure.errors import ModelError

    (tmp_path / "net.onnx").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match=r"^onnxruntime cannot run the model: .+"):
        run_onnxruntime(tmp_path / "net.onnx", {})
