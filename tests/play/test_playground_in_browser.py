"""The playground as its users have it: the command, a real browser, wrong input, several at once."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from browsing import opened_browser, watched

from accelsim.cli import main
from accelsim.hardware import load
from accelsim.play.server import address, take

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.xdist_group("browser")


class Served(NamedTuple):
    """A playground that runs: its address and its process."""

    home: str
    pid: int

    def workers(self) -> set[int]:
        """The processes that plan and simulate, as far as there are any yet.

        By their command: while a process has none of its own yet, the server waits for it, and must not wait for one
        that is suspended.
        """
        words = ["pgrep", "-P", str(self.pid), "-f", "spawn_main"]
        listed = subprocess.run(words, capture_output=True, text=True, check=False)
        return {int(pid) for pid in listed.stdout.split()}


@contextmanager
def suspended(
    playground: Served, spared: Set[int] = frozenset(), until: Callable[[], bool] = lambda: True
) -> Iterator[None]:
    """Workers that do nothing for as long as this is open: those that there are, and those that begin `until` then."""
    stopped: set[int] = set()

    def stop() -> None:
        for pid in playground.workers() - spared - stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                stopped.add(pid)

    deadline = time.monotonic() + 60
    try:
        while not until():
            assert time.monotonic() < deadline, "never came about"
            stop()
        stop()
        yield
    finally:
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextmanager
def served(ended_by: signal.Signals) -> Iterator[Served]:
    """A playground; ends on a signal, and says no more than that. None is left behind by a test that fails."""
    words = [sys.executable, "-m", "accelsim.cli", "play", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            said = process.stdout.readline()
            found = re.fullmatch(r"playground at (http://127\.0\.0\.1:\d+/) \(Ctrl-C ends it\)\n", said)
            assert found, said
            yield Served(found[1], process.pid)
            process.send_signal(ended_by)
            _, complaints = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert complaints == "accelsim: error: interrupted\n"


@pytest.fixture(scope="module")
def playground() -> Iterator[Served]:
    """A served playground; ends on an interrupt as a user would end it."""
    with served(signal.SIGINT) as found:
        yield found


@pytest.fixture(scope="module")
def home(playground: Served) -> str:
    return playground.home


def test_being_asked_to_end_leaves_nothing_behind_either() -> None:
    with served(signal.SIGTERM) as found:
        assert found.home.startswith("http://127.0.0.1:")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened_browser() as found:
        yield found


@contextmanager
def opened(browser: Browser, home: str, query: str = "", width: int = 1280, theme: str = "light") -> Iterator[Page]:
    with watched(browser, home, width, theme) as page:
        page.goto(f"{home}?{query}")
        page.wait_for_selector("html[data-drawn]")
        yield page


def slide(page: Page, key: str, share: float) -> None:
    """Click a slider at a share of its length, and wait for other numbers."""
    figures = "document.querySelector('#cards')?.innerText ?? ''"
    before = page.evaluate(figures)
    slider = page.locator(f".q-slider[data-key={key}]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box
    page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    page.wait_for_function(f"before => ({figures}) !== before", arg=before)


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), pytest.param(400, "dark", marks=pytest.mark.slow)])
def test_a_slider_moves_and_numbers_charts_and_link_follow(browser: Browser, home: str, width: int, theme: str) -> None:
    with opened(browser, home, "model=tiny&scratchpad=16", width, theme) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        first = page.evaluate("document.querySelector('#map-0').layout.images[0].source")
        slide(page, "scratchpad", 0.0)
        assert page.inner_text(".sentence").startswith("scratchpad 16 → 4 KiB: spills rose from 0 to ")
        assert page.locator(".spills tr").count() > 1
        page.wait_for_selector("html[data-drawn='2']")
        assert page.evaluate("document.querySelector('#map-0').layout.images[0].source") != first
        assert page.locator(".js-plotly-plot").count() == len(page.query_selector_all(".chart"))
        assert page.url.endswith("scratchpad=4")


@pytest.mark.slow
def test_a_link_restores_what_was_seen(browser: Browser, home: str) -> None:
    with opened(browser, home, "model=tiny&scratchpad=16") as page:
        slide(page, "scratchpad", 0.0)
        seen, link = page.inner_text("#cards"), page.url
    with opened(browser, home, link.partition("?")[2]) as page:
        assert page.inner_text("#cards") == seen
        assert page.locator("[aria-label=scratchpad]").first.input_value() == "4"


@pytest.mark.slow
def test_restructuring_shows_both_runs(browser: Browser, home: str) -> None:
    with opened(browser, home, "model=tiny&scratchpad=4&restructure=rows") as page:
        assert page.locator("#cards .who", has_text="restructured").count() > 3
        assert page.locator("#occupancy-restructured").count() == 1
        assert "latency" in page.inner_text(".verdict")
        assert page.inner_text(".command").endswith("--model tiny --restructure rows")


@pytest.mark.slow
def test_the_exported_file_runs(browser: Browser, home: str, tmp_path: Path) -> None:
    with opened(browser, home, "model=tiny&scratchpad=16&rows=8") as page:
        with page.expect_download() as download:
            page.get_by_role("button", name="export YAML").click()
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)
    assert file.name == "edge_npu_playground.yaml"
    assert (load(file).scratchpad.capacity_bytes, load(file).pe_array.rows) == (16384, 8)
    assert main(["run", "--hw", str(file), "--model", "tiny", "--quiet"]) == 0


@pytest.mark.slow
def test_nonsense_in_a_link_is_told_and_does_no_harm(browser: Browser, home: str) -> None:
    query = "model=<b>x</b>&hw=../x&scratchpad=1e99&rows=nan&parts=-3&what=ever"
    with opened(browser, home, query) as page:
        told = page.locator(".notice").all_inner_texts()
        assert len(told) == 6
        assert "scratchpad: must be a whole number from 4 to 32768 KiB, got 1e99; 32768 is used" in told
        assert page.locator(".notice b").count() == 0
        assert page.locator("#cards .card").count() > 3


def test_what_does_not_fit_is_told_and_mended_by_a_slider(browser: Browser, home: str) -> None:
    with watched(browser, home) as page:
        page.goto(f"{home}?model=tiny&hw=mcu_512kib&scratchpad=4")
        page.wait_for_selector(".problem:has-text('fit')")
        slide(page, "scratchpad", 0.5)
        assert page.inner_text(".sentence").endswith("now it fits")
        assert page.locator(".problem").inner_text() == ""


@pytest.mark.slow
def test_one_plans_for_long_while_another_moves_a_slider(browser: Browser) -> None:
    with (
        served(signal.SIGINT) as playground,
        opened(browser, playground.home, "model=tiny&scratchpad=16") as quick,
        watched(browser, playground.home) as slow,
    ):
        simulating = playground.workers()
        slow.goto(f"{playground.home}?model=inceptionv3&restructure=default", wait_until="commit")
        with suspended(playground, simulating, slow.locator(".busy :text('planning')").is_visible):
            slide(quick, "scratchpad", 0.0)
            assert "planning" in slow.inner_text(".busy")
            assert slow.locator("#cards").count() == 0
        slow.wait_for_selector("#occupancy-restructured")


@pytest.mark.slow
def test_a_connection_that_breaks_loses_no_answer_and_no_state(browser: Browser, playground: Served) -> None:
    with opened(browser, playground.home, "model=tiny") as page:
        with suspended(playground):
            page.evaluate("window.same = true")
            page.get_by_role("combobox", name="network").click()
            page.get_by_role("option", name="squeezenet1.1").click()
            page.wait_for_selector(".busy :text('simulating')")
            page.evaluate("window.socket.io.engine.close()")
        page.wait_for_selector(".sentence:has-text('model tiny → squeezenet1.1')")
        assert page.evaluate("window.same"), "the page was loaded again"


@pytest.mark.slow
def test_the_controls_stay_narrow_whatever_is_chosen(browser: Browser, home: str) -> None:
    with opened(browser, home, "model=tiny&scratchpad=4&restructure=robust") as page:
        box = page.locator(".controls").bounding_box()
        assert box
        assert box["width"] < 300


@pytest.mark.slow
def test_the_theme_changes_page_and_charts(browser: Browser, home: str) -> None:
    with opened(browser, home, "model=tiny") as page:
        look = (
            "[getComputedStyle(document.body).backgroundColor, document.querySelector('#map-0')._fullLayout.font.color]"
        )
        before = page.evaluate(look)
        page.get_by_role("button", name="light / dark").click()
        page.wait_for_function(f"before => {look}.every((colour, i) => colour !== before[i])", arg=before)


def test_a_taken_port_is_refused_with_a_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    with take("127.0.0.1", 0) as taken:
        port = address(taken).split(":")[-1].strip("/")
        assert main(["play", "--port", port]) == 2
    error = f"--port: must be a port that can be taken, got {port} on 127.0.0.1, address already in use; "
    assert capsys.readouterr().err == f"accelsim: error: {error}choose another one, or 0 for any that is free\n"


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (["--port", "70000"], "--port: must be from 0 to 65535, got 70000"),
        (["--port", "x"], "must be a whole number"),
        (["--host", "no.such.host.invalid"], "--host: must be a name or an address of this machine"),
        (["--port", "0", "--model", "resnet"], "did you mean resnet"),
        (["--port", "0", "--hw", "edge_nup"], "did you mean edge_npu"),
    ],
)
def test_wrong_options_are_refused(words: list[str], rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", *words]) == 2
    assert rule in capsys.readouterr().err
