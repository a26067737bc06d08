"""Pictures: the plain record says what the result says, and the drawing is a file of the kind its name promises."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import accelsim
from accelsim.cli import main
from accelsim.errors import ConfigurationError
from accelsim.report.pictures import cycles_by_layer, occupancy, rectangles, roofline
from accelsim.report.pictures.drawing import save_picture
from accelsim.report.pictures.palette import BOUNDS, CYCLES, DRAM, ENERGY, KINDS
from accelsim.results import ArrayCause, BoundBy, DramCause, EnergyComponent, OccupancyKind, SimulationResult

SMALL = ["scratchpad.capacity=4KiB"]


@cache
def run(name: str = "tiny") -> SimulationResult:
    return accelsim.simulate(name, "edge_npu", overrides=SMALL)


def test_the_rectangles_of_the_map_cover_at_every_step_what_is_reserved_then() -> None:
    drawn, line = rectangles(run()), run().occupancy[0]
    assert drawn.left_out == 0
    assert line.exact
    gap = run().totals.latency_cycles // 4000 + 1
    for cycle, reserved in zip(line.cycles[:-1], line.reserved_bytes, strict=False):
        used = np.zeros(drawn.capacity_bytes, bool)
        for i, address in enumerate(drawn.address):
            if drawn.first_cycle[i] <= cycle < drawn.last_cycle[i]:
                used[address : address + drawn.size_bytes[i]] = True
        joined = [i for i in range(len(drawn.address)) if drawn.first_cycle[i] <= cycle < drawn.last_cycle[i] + gap]
        assert reserved <= used.sum() <= reserved + sum(drawn.size_bytes[i] for i in joined)


def test_units_have_a_slice_for_every_instruction_and_work_as_long_as_the_result_says() -> None:
    units = {unit.unit: unit for unit in run().units}
    assert sum(unit.instructions for unit in units.values()) == run().totals.instructions
    assert all(len(unit.begin) == unit.instructions for unit in units.values())
    array = units["array"]
    issue = array.instructions
    assert array.busy_cycles == sum(b - a for a, b in zip(array.begin, array.end, strict=True))
    assert run().totals.array_cycles <= array.busy_cycles <= run().totals.array_cycles + issue


def test_spilled_tensors_are_marked_in_the_map() -> None:
    drawn = rectangles(run())
    marked = {name for name, spilled in zip(drawn.tensors, drawn.spilled, strict=True) if spilled}
    assert marked == {tensor.name for tensor in run().spills.by_tensor}
    assert marked


def test_the_occupancy_picture_has_the_peak_of_the_result_and_kinds_that_add_up() -> None:
    area = occupancy(run(), run())
    assert max(area.bytes) == area.peak_bytes == run().scratchpad.peak_occupancy_bytes
    assert [sum(step) for step in zip(*area.bytes_by_kind.values(), strict=True)] == list(area.bytes)
    assert area.over is not None
    assert area.over.bytes == area.bytes


def test_no_dot_lies_above_the_roof() -> None:
    roof = roofline(run())
    assert len(roof.dots) + roof.left_out == len(run().layers)
    for dot in roof.dots:
        assert dot.speed <= roof.peak


def test_bars_of_all_layers_add_up_to_the_latency_and_fewer_say_what_is_missing() -> None:
    bars = cycles_by_layer(run())
    assert sum(map(sum, bars.values.values())) == run().totals.latency_cycles
    assert bars.rest == 0
    few = cycles_by_layer(run(), 1)
    shown = sum(map(sum, few.values.values()))
    assert few.rest == pytest.approx(1 - shown / run().totals.latency_cycles)


def test_every_cause_and_kind_has_a_colour() -> None:
    assert set(CYCLES) == set(ArrayCause)
    assert set(DRAM) == set(DramCause)
    assert set(ENERGY) == set(EnergyComponent)
    assert set(KINDS) == set(OccupancyKind)
    assert set(BOUNDS) == set(BoundBy)


@pytest.mark.parametrize("kind", ["occupancy", "memory-map", "roofline", "cycles", "profile"])
def test_plot_draws_every_kind_from_a_model(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    target = tmp_path / "x.png"
    assert main(["plot", kind, "--hw", "edge_npu", "--model", "tiny", "-o", str(target)]) == 0
    assert target.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_plot_draws_a_saved_comparison_as_svg_and_pdf_the_same_each_time(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    saved = tmp_path / "c.json"
    saved.write_text(accelsim.compare("tiny", "edge_npu", overrides=SMALL).to_json())
    for ending, start in (("svg", b"<?xml"), ("pdf", b"%PDF")):
        files = [tmp_path / f"{number}.{ending}" for number in (1, 2)]
        for file in files:
            assert main(["plot", "occupancy", "--from", str(saved), "--out", str(file)]) == 0
        assert files[0].read_bytes().startswith(start)
        assert files[0].read_bytes() == files[1].read_bytes()


def test_names_that_look_like_formulas_are_drawn_as_they_are(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    odd = replace(run(), model=replace(run().model, name="$\\frac{<b>\x1b[31m$"))
    for picture in (occupancy(odd), rectangles(odd), cycles_by_layer(odd), roofline(odd)):
        save_picture(picture, str(tmp_path / "odd.svg"))


def test_a_long_title_and_the_legend_of_a_map_keep_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure
    drawn: list[Any] = []
    save = figure.savefig
    monkeypatch.setattr(figure, "savefig", lambda self, *args, **kw: (drawn.append(self), save(self, *args, **kw)))
    save_picture(
        replace(rectangles(run()), title="a title that is as long as the axes are wide " * 3), str(tmp_path / "a.png")
    )
    (title, legend) = (drawn[0].axes[0].title.get_window_extent(), drawn[0].legends[0].get_window_extent())
    assert not title.overlaps(legend)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^--out: must end in \.png, \.svg, \.pdf, got 'x\.gif'; "):
        save_picture(roofline(run()), "x.gif")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["roofline"], "--hw, --model: must both be given, or --from a saved result instead"),
        (["roofline", "--from", "a.json", "--hw", "edge_npu"], "--from: must stand alone, got --hw as well"),
        (["profile"], "--model: must be given"),
        (["rofline"], "did you mean roofline?"),
        (["occupancy", "--hw", "edge_npu", "--model", "tiny", "--memory", "x"], "--memory: must be one of scratchpad"),
    ],
)
def test_wrong_words_are_refused(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plot", *words, "-o", "x.png"]) == 2
    assert message in capsys.readouterr().err
