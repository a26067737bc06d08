"""The playground beside a slider, in Chromium: from the click that moves it to the numbers and the charts."""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.helpers import of_tests
from benchmarks.rows import Row

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["rows"]

_MOST_S = 0.5
_NEAR, _FAR = (-1, -1, 1, 1), (-4, 8, -4)
"""Notches that a dial is moved by, back to where it stood."""

_DIALS = ("scratchpad", "dram", "rows")
_LOOK_S = 2.0
"""How long a person looks at what was shown before moving on."""

_SHOWN = {"numbers": ("numbers",), "and charts": ("occupancy-original", "occupancy-restructured", "map-0", "map-1")}
"""What is waited for, by the marks that the page sets; a page that shows one run has no chart of the other."""

_PRESSED = "addEventListener('mousedown', () => { window.pressed = performance.now(); }, true)"
_MARKS = "performance.getEntriesByType('mark').map(mark => [mark.name, mark.startTime - window.pressed])"


def rows() -> Iterator[Row]:
    """Seconds until the last of the numbers, the occupancy and the memory map is there, MobileNetV2 on edge_npu."""
    opened_browser = of_tests("browsing").opened_browser
    words = [sys.executable, "-m", "accelsim", "play", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as served:
        assert served.stdout
        home = served.stdout.readline().split()[2]
        try:
            with opened_browser() as browser:
                for restructure in ("off", "rows", "default"):
                    page = browser.new_page()
                    page.goto(f"{home}?model=mobilenetv2&restructure={restructure}")
                    page.wait_for_selector("html[data-drawn]", timeout=120_000)
                    page.evaluate(_PRESSED)
                    for name, steps in (("the next notch", _NEAR), ("a far one", _FAR)):
                        moves = [move for dial in _DIALS for move in _moves(page, dial, steps)]
                        for what, marks in _SHOWN.items():
                            seconds = [max(move[mark] for mark in marks if mark in move) for move in moves]
                            title = f"{restructure}, to {name}: {what}"
                            yield Row(f"{title}, median", statistics.median(seconds), _MOST_S, "s")
                            yield Row(f"{title}, worst", max(seconds), _MOST_S, "s")
                    page.close()
        finally:
            served.send_signal(signal.SIGINT)


def _moves(page: Page, dial: str, steps: tuple[int, ...]) -> Iterator[dict[str, float]]:
    """Seconds from each click to each mark."""
    slider = page.locator(f".q-slider[data-key={dial}]")
    for step in steps:
        page.wait_for_timeout(_LOOK_S * 1000)
        drawn = page.evaluate("document.documentElement.dataset.drawn")
        now, most = (int(slider.get_attribute(f"aria-value{name}") or 0) for name in ("now", "max"))
        to = min(max(now + step, 0), most)
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] * to / most, box["y"] + box["height"] / 2)
        page.wait_for_function("drawn => document.documentElement.dataset.drawn !== drawn", arg=drawn, timeout=60_000)
        found: list[tuple[str, float]] = page.evaluate(_MARKS)
        yield {name: ms / 1000 for name, ms in found}
