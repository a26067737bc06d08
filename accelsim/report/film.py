"""The PE array's cycles as a film: an HTML page that steps through them without a network, or an animated GIF."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from accelsim.dataflows.stepped import ArrayState
from accelsim.errors import ConfigurationError
from accelsim.files import write_bytes
from accelsim.report.wavefront import Gemm, cell_texts, reading

__all__ = ["film_page", "require_film", "write_film"]

_ENDINGS = (".html", ".gif")
_MILLISECONDS = 700
_BUSY, _REST = "#56B4E9", "#F1F3F5"


def require_film(path: str) -> None:
    """Refuse what cannot be written before the work that would fill it.

    Raises:
        ConfigurationError: the name has another ending, or matplotlib is not installed for a GIF.
    """
    ending = Path(path).suffix.lower()
    if ending not in _ENDINGS:
        raise ConfigurationError(f"--out: must end in .html or .gif, got {path!r}; write e.g. wave.html")
    if ending == ".gif" and find_spec("matplotlib") is None:
        rule = "a GIF needs matplotlib, which is not installed"
        raise ConfigurationError(f"--out: {rule}; pip install 'accelsim[plot]', or write a .html")


def write_film(gemm: Gemm, states: Sequence[ArrayState], path: str) -> None:
    """Write the film in the format that the name's ending says.

    Raises:
        ConfigurationError: as `require_film`, or the file cannot be written.
    """
    require_film(path)
    if Path(path).suffix.lower() == ".gif":
        write_bytes(path, _gif(gemm, states))
    else:
        write_bytes(path, film_page(gemm, states).encode())


def _frames(gemm: Gemm, states: Sequence[ArrayState]) -> list[dict[str, Any]]:
    """Per cycle its heading, and per PE two lines of text and whether it multiplies."""
    return [{"title": _heading(state), "cells": _cells(gemm, state)} for state in states]


def _heading(state: ArrayState) -> str:
    busy = f"{int(state.multiplying.sum())} of {state.multiplying.size} PEs multiply"
    return f"cycle {state.cycle}: {state.phase}, {busy}"


def _cells(gemm: Gemm, state: ArrayState) -> list[list[list[Any]]]:
    rows, columns = map(range, state.multiplying.shape)
    return [[[*cell_texts(gemm, state, r, c), bool(state.multiplying[r, c])] for c in columns] for r in rows]


def film_page(gemm: Gemm, states: Sequence[ArrayState]) -> str:
    """One HTML file: a slider, a play button, the arrow keys."""
    data = json.dumps(_frames(gemm, states), ensure_ascii=False).replace("<", "\\u003c")
    heading = f"{gemm.title}, {gemm.dataflow.replace('_', ' ')}"
    return _PAGE.replace("%TITLE%", escape(heading)).replace("%HOW%", escape(reading(gemm))).replace("%DATA%", data)


def _gif(gemm: Gemm, states: Sequence[ArrayState]) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    images = []
    for frame in _frames(gemm, states):
        rows, columns = len(frame["cells"]), len(frame["cells"][0])
        figure = Figure(figsize=(max(4.5, 0.95 * columns), 0.6 + 0.7 * rows), dpi=80)
        axes = figure.add_axes((0.02, 0.02, 0.96, 0.86))
        axes.set(xlim=(0, columns), ylim=(rows, 0), xticks=[], yticks=[])
        axes.set_title(frame["title"], fontsize=9)
        for row, cells in enumerate(frame["cells"]):
            for column, (top, low, busy) in enumerate(cells):
                colour = _BUSY if busy else _REST
                axes.fill((column, column + 1, column + 1, column), (row, row, row + 1, row + 1), colour, ec="white")
                axes.text(column + 0.5, row + 0.5, f"{top}\n{low}", ha="center", va="center", fontsize=9)
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        images.append(_image(canvas))
    content = io.BytesIO()
    images[0].save(
        content, "GIF", save_all=True, append_images=images[1:], duration=_MILLISECONDS, loop=0, optimize=False
    )
    return content.getvalue()


def _image(canvas: Any) -> Any:
    """What was drawn, in 256 colours."""
    from PIL import Image

    size = canvas.get_width_height()
    whole = Image.frombuffer("RGBA", size, bytes(canvas.buffer_rgba()), "raw", "RGBA", 0, 1)
    return whole.convert("RGB").convert("P", palette=Image.Palette.ADAPTIVE)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><title>%TITLE%</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.4 system-ui, sans-serif; margin: 16px auto; max-width: 900px; padding: 0 10px; }
table { border-collapse: collapse; } td { width: 5.2em; height: 3.4em; text-align: center; border: 1px solid #8888;
white-space: pre-line; font-variant-numeric: tabular-nums; } td.busy { background: #56B4E9; color: #000; }
.scroll { overflow-x: auto; } input { width: min(420px, 60vw); vertical-align: middle; } button { font: inherit; }
</style></head><body>
<h1>%TITLE%</h1><p>How to read this: %HOW%. Blue PEs multiply in this cycle. Arrow keys step.</p>
<p><button id="play" type="button">play</button> <input id="at" type="range" min="0" value="0" aria-label="cycle"></p>
<h2 id="title"></h2><div class="scroll"><table id="grid"></table></div>
<script type="application/json" id="data">%DATA%</script>
<script>
"use strict";
const frames = JSON.parse(document.getElementById("data").textContent), at = document.getElementById("at");
at.max = frames.length - 1;
const draw = () => {
  const frame = frames[at.value];
  document.getElementById("title").textContent = frame.title;
  document.getElementById("grid").replaceChildren(...frame.cells.map((cells) => {
    const row = document.createElement("tr");
    row.append(...cells.map(([top, low, busy]) => {
      const cell = document.createElement("td");
      cell.textContent = `${top}\\n${low}`;
      cell.className = busy ? "busy" : "";
      return cell;
    }));
    return row;
  }));
};
const go = (to) => { at.value = Math.max(0, Math.min(frames.length - 1, to)); draw(); };
let timer = null;
document.getElementById("play").addEventListener("click", (event) => {
  if (timer) { clearInterval(timer); timer = null; event.target.textContent = "play"; return; }
  event.target.textContent = "stop";
  timer = setInterval(() => go(Number(at.value) === frames.length - 1 ? 0 : Number(at.value) + 1), 700);
});
at.addEventListener("input", draw);
document.addEventListener("keydown", (event) => {
  if (event.target === at) return;
  if (event.key === "ArrowRight") go(Number(at.value) + 1);
  if (event.key === "ArrowLeft") go(Number(at.value) - 1);
});
draw();
</script></body></html>
"""
