"""Memory plans: no byte twice, nothing overwritten early, hardly larger than what lives; on one real buffer."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strips import whole

import restructure
from restructure import graph, zoo
from restructure.command import main
from restructure.placement import (
    ALLOCATORS,
    MemoryPlan,
    PlacementError,
    c_header,
    execute,
    place,
    placement_problems,
    plan_problems,
)
from restructure.placement.allocators.base import Item, Life, check, peak_bytes
from restructure.profile import Definition, profile

PLACED = Definition(layout="placed")
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def tiny() -> tuple[graph.Graph, MemoryPlan]:
    net = zoo.build("tiny")
    model = restructure.rewrite(net, restructure.plan(net, max_overhead=0.0, definition=PLACED))
    new = restructure.load(model)
    return new, place(new, PLACED)


@st.composite
def items(draw: st.DrawFn) -> list[Item]:
    made = []
    for start in range(draw(st.integers(1, 12))):
        lives, first = [], 0
        for _ in range(draw(st.integers(1, 3))):
            size = draw(st.integers(1, 40))
            lives.append(Life(first, size, start + draw(st.integers(0, 6))))
            first += size
        made.append(Item(start, first, tuple(lives), units=(draw(st.sampled_from([1, 4])), 1)))
    return made


@pytest.mark.parametrize("name", ALLOCATORS)
@settings(max_examples=30, deadline=None)
@given(found=items(), alignment=st.sampled_from([1, 4, 16]))
def test_no_two_lives_share_a_byte_whatever_the_allocator(name: str, found: list[Item], alignment: int) -> None:
    if name == "cp-sat":
        pytest.importorskip("ortools")
        found = found[:5]
    placed = ALLOCATORS[name](found, alignment)
    assert check(found, placed, alignment) == []
    used: dict[tuple[int, int], int] = {}
    for number, (item, runs) in enumerate(zip(found, placed, strict=True)):
        for life in item.lives:
            for byte in range(life.first, life.first + life.bytes):
                at = next(run.offset + byte - run.first for run in runs if run.first <= byte < run.stop)
                for step in range(item.start, life.last + 1):
                    assert used.setdefault((step, at), number) == number
    assert max(at for _, at in used) + 1 >= peak_bytes(found)


def test_liveness_is_the_profiles_and_the_buffer_is_hardly_larger(tiny: tuple[graph.Graph, MemoryPlan]) -> None:
    new, memory = tiny
    assert memory.liveness_bytes == profile(new, PLACED).peak_bytes
    assert memory.liveness_bytes <= memory.allocated_bytes <= 1.03 * memory.liveness_bytes
    assert plan_problems(memory) == []


def test_the_plan_executed_on_one_buffer_gives_onnxruntimes_outputs(tiny: tuple[graph.Graph, MemoryPlan]) -> None:
    new, memory = tiny
    generator = np.random.default_rng(0)
    feeds = {name: generator.standard_normal(new.tensors[name].shape).astype(np.float32) for name in new.inputs}
    ours = execute(new, memory, feeds)
    proto = onnx.load_from_string(_serialised(zoo.build("tiny")))
    theirs = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, feeds)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5 * np.abs(b).max())
    assert placement_problems(new, memory) == []


def _serialised(net: graph.Graph) -> bytes:
    import onnx_ir as ir

    return ir.to_proto(net.model).SerializeToString()


def test_a_shifted_offset_is_caught_by_the_records_and_by_the_execution(tiny: tuple[graph.Graph, MemoryPlan]) -> None:
    new, memory = tiny
    caught = 0
    for number in range(0, len(memory.tensors), 7):
        name = list(memory.tensors)[number]
        tensor = memory.tensors[name]
        if not tensor.pieces:
            continue
        first = tensor.pieces[0]
        shifted = replace(first, offset=first.offset - 64 if first.offset >= 64 else first.offset + 64)
        tensors = {**memory.tensors, name: replace(tensor, pieces=(shifted, *tensor.pieces[1:]))}
        caught += bool(placement_problems(new, replace(memory, tensors=tensors)))
    assert caught > 0
    entry = memory.ranges[len(memory.ranges) // 2]
    others = (r for r in memory.ranges if r is not entry)
    other = next(r for r in others if r.first_step <= entry.last_step and entry.first_step <= r.last_step)
    ranges = tuple(replace(r, offset=other.offset) if r is entry else r for r in memory.ranges)
    assert any("live at once in the same bytes" in text for text in plan_problems(replace(memory, ranges=ranges)))


def test_a_range_let_go_too_early_changes_the_outputs(tiny: tuple[graph.Graph, MemoryPlan]) -> None:
    """Everything in one place: the smallest buffer there could be, and wrong."""
    new, memory = tiny
    widest = max(sum(np.prod(p.shape) for p in t.pieces) * t.element_bytes for t in memory.tensors.values())
    tensors = {
        name: replace(t, pieces=tuple(replace(p, offset=p.offset % max(1, int(widest) // 2)) for p in t.pieces))
        for name, t in memory.tensors.items()
    }
    generator = np.random.default_rng(1)
    feeds = {name: generator.standard_normal(new.tensors[name].shape).astype(np.float32) for name in new.inputs}
    right = execute(new, memory, feeds)
    wrong = execute(new, replace(memory, tensors=tensors, allocated_bytes=memory.allocated_bytes + int(widest)), feeds)
    assert any(a.tobytes() != b.tobytes() for a, b in zip(right, wrong, strict=True))


def test_a_plan_of_another_graph_is_refused(tiny: tuple[graph.Graph, MemoryPlan]) -> None:
    with pytest.raises(PlacementError, match="was made for another graph; make it again"):
        execute(zoo.build("tiny"), tiny[1], {})
    with pytest.raises(PlacementError, match="must be one of split, whole, cp-sat, got 'best'"):
        place(tiny[0], PLACED, allocator="best")


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no C compiler")
def test_the_header_compiles_and_says_what_the_plan_says(tiny: tuple[graph.Graph, MemoryPlan], tmp_path: Path) -> None:
    memory = tiny[1]
    (tmp_path / "plan.h").write_text(c_header(memory))
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#include "plan.h"\nint main(void) {\n'
        '  printf("%u %u %u\\n", TINY_ARENA_BYTES, TINY_STEPS, tiny_ranges[TINY_RANGES - 1].offset);\n  return 0;\n}\n'
    )
    command = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-Wno-unused-variable", "-Wno-unused-const-variable"]
    subprocess.run([*command, "main.c", "-o", "main"], cwd=tmp_path, check=True)
    said = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True).stdout.split()
    assert said == [str(memory.allocated_bytes), str(len(memory.steps)), str(memory.ranges[-1].offset)]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_the_command_writes_plan_and_header_of_what_it_shows(say: Say, tmp_path: Path) -> None:
    model, plan, header = (tmp_path / name for name in ("m.onnx", "p.json", "p.h"))
    onnx.save(whole(), model)
    code, out, _ = say("--model", model, "--placed", "--plan-out", plan, "--c-header", header)
    assert code == 0
    document = json.loads(plan.read_text())
    assert f"in a buffer of {document['allocated_bytes']:,} B" in out
    assert "executed in a buffer of that size: outputs are equal bit for bit" in out
    assert document["liveness_bytes"] <= document["allocated_bytes"] < document["baseline_bytes"]
    assert {"offset", "bytes", "first_step", "last_step", "tensor"} <= set(document["ranges"][0])
    assert f"ARENA_BYTES {document['allocated_bytes']}u" in header.read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--plan-out", "p.json"), "--plan-out: must go with --placed, got it alone; add --placed"),
        (("--c-header", "p.h"), "--c-header: must go with --placed"),
        (("--placed", "--pareto"), "--placed: must place one plan, got --pareto"),
    ],
)
def test_options_that_do_not_go_together_are_refused(say: Say, words: tuple[str, ...], message: str) -> None:
    code, _, err = say("--model", "tiny", *words)
    assert code == 2
    assert message in err
