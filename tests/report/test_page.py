"""The HTML report: self-contained, escaped, drawn from saved documents too; what it does in a browser is elsewhere."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import accelsim
from accelsim import Comparison
from accelsim.cli import main
from accelsim.errors import ConfigurationError
from accelsim.report.page import report_page
from accelsim.report.page.charts import charts

pytest.importorskip("plotly")

SMALL = ["scratchpad.capacity=4KiB"]
NASTY = "</script><script>document.title='evil'</script><b>x</b>\x1b[31m"


@cache
def tiny() -> Comparison:
    return accelsim.compare("tiny", "edge_npu", overrides=SMALL)


def nasty() -> Comparison:
    """The comparison with names that try to break out."""
    run = tiny().original
    assert run is not None
    layers = tuple(replace(layer, name=NASTY + str(i)) for i, layer in enumerate(run.layers))
    maps = tuple(replace(kept, tensors=tuple(NASTY for _ in kept.tensors)) for kept in run.memory_maps)
    memory = replace(run.scratchpad, peak_layer=NASTY)
    odd = replace(
        run,
        model=replace(run.model, name=NASTY),
        layers=layers,
        memory_maps=maps,
        scratchpad=memory,
        memories=(memory, *run.memories[1:]),
    )
    return Comparison(odd, None, NASTY, {"restructured": NASTY})


def data_of(page: str) -> dict[str, list[dict[str, object]]]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])  # type: ignore[no-any-return]


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = report_page(tiny())
    own = page[: page.index("<script>")]
    assert "http:" not in own.replace("http-equiv", "")
    assert "https:" not in own
    assert "default-src 'none'" in own
    assert "src=" not in own.replace("-src", "")


def test_names_cannot_break_out_of_the_page() -> None:
    page = report_page(nasty())
    assert "document.title='evil'</script>" not in page
    assert "\x1b" not in page[: page.index("<script>")]
    figures = json.dumps(data_of(page)["charts"])
    assert "<b>x</b>" not in figures
    assert "&lt;b&gt;x&lt;/b&gt;" in figures


def test_every_chart_says_how_to_read_it_and_names_its_units() -> None:
    found = list(charts(tiny()))
    assert len({chart.id for chart in found}) == len(found)
    assert {"occupancy", "map-0", "map-1", "units-0", "units-1", "cycles", "dram", "roofline", "energy"} <= {
        chart.id for chart in found
    }
    for chart in found:
        assert chart.how.endswith(".")
        if chart.kind == "plotly":
            titles = [chart.layout[axis].get("title", {}).get("text", "") for axis in ("xaxis", "yaxis")]
            assert any(unit in " ".join(titles) for unit in ("cycle", "B", "µJ")), chart.id


def test_plotly_accepts_every_figure() -> None:
    go = pytest.importorskip("plotly.graph_objects")
    for chart in charts(tiny()):
        data = [{key: value for key, value in trace.items() if key != "themed"} for trace in chart.data]
        go.Figure(data=data, layout=chart.layout)


def test_the_page_holds_what_the_record_holds() -> None:
    data = data_of(report_page(tiny()))
    assert [run["name"] for run in data["runs"]] == ["original", "restructured"]
    for drawn, run in zip(data["runs"], tiny().runs.values(), strict=True):
        assert drawn["latency"] == run.totals.latency_cycles
        assert len(drawn["table"]) == len(run.layers)  # type: ignore[arg-type]
        assert drawn["map"]["address"] == list(run.memory_maps[0].address)  # type: ignore[index]


def test_a_report_of_a_saved_result_is_that_of_the_fresh_one(tmp_path: Path) -> None:
    saved, fresh, again = tmp_path / "run.json", tmp_path / "a.html", tmp_path / "b.html"
    words = ["--hw", "edge_npu", "--model", "tiny"]
    assert main(["run", *words, "--json", str(saved), "--quiet"]) == 0
    assert main(["report", *words, "--out", str(fresh)]) == 0
    assert main(["report", "--from", str(saved), "--out", str(again)]) == 0
    assert fresh.read_bytes() == again.read_bytes()


def test_compare_writes_the_story_of_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = tmp_path / "story.html"
    assert main(["compare", "--hw", "edge_npu", "--model", "tiny", "--set", SMALL[0], "--report", str(story)]) == 0
    assert tiny().sentence in story.read_text(encoding="utf-8")


def test_without_any_run_there_is_nothing_to_report() -> None:
    with pytest.raises(ConfigurationError, match=r"^report: must have a run to draw, got none: neither fits"):
        report_page(Comparison(None, None, "neither fits"))
