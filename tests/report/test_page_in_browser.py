"""The report in a real browser: it draws, hovers, zooms, sorts, filters and changes theme without one complaint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from browsing import opened_browser, watched
from test_page import nasty, tiny

from accelsim.report.page import report_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened_browser() as found:
        yield found


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, comparison in (("story", tiny()), ("nasty", nasty())):
        found[name] = folder / f"{name}.html"
        found[name].write_text(report_page(comparison), encoding="utf-8")
    return found


@contextmanager
def opened(browser: Browser, path: Path, width: int = 1280, theme: str = "light") -> Iterator[Page]:
    """A drawn page that may ask for nothing but itself."""
    with watched(browser, path.as_uri(), width, theme) as page:
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-drawn=true]")
        yield page


def middle(page: Page, element: str) -> tuple[float, float]:
    """The middle of a chart's plotting area, scrolled into view."""
    page.locator(f"#{element}").scroll_into_view_if_needed()
    box = page.locator(f"#{element} .nsewdrag").first.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def ends(page: Page, element: str) -> list[float]:
    return list(page.evaluate(f"document.getElementById('{element}')._fullLayout.xaxis.range"))


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), pytest.param(400, "dark", marks=pytest.mark.slow)])
def test_it_draws_in_any_width_and_theme_without_a_complaint(
    browser: Browser, files: dict[str, Path], width: int, theme: str
) -> None:
    with opened(browser, files["story"], width, theme) as page:
        assert page.locator(".js-plotly-plot").count() == len(page.query_selector_all(".chart"))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.documentElement.dataset.theme") == theme


@pytest.mark.slow
def test_hovering_tells_what_is_there(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["story"]) as page:
        x, y = middle(page, "occupancy")
        page.mouse.move(x, y)
        page.wait_for_selector("#occupancy .hoverlayer .legend, #occupancy .hoverlayer .hovertext")
        assert " B" in str(page.locator("#occupancy .hoverlayer").text_content())
        for element in ("map-0", "units-0"):
            x, y = middle(page, element)
            for step in range(-12, 13):
                page.mouse.move(x + 20 * step, y + 15)
                if page.locator("#tip").is_visible():
                    break
            said = page.locator("#tip").inner_text()
            assert "layer " in said
            assert " B" in said
            assert "cycles " in said


@pytest.mark.slow
def test_dragging_zooms_and_a_double_click_goes_back(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["story"]) as page:
        whole = ends(page, "units-1")
        x, y = middle(page, "units-1")
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 120, y, steps=5)
        page.mouse.up()
        page.wait_for_timeout(600)
        near = ends(page, "units-1")
        assert near[1] - near[0] < (whole[1] - whole[0]) / 4
        page.mouse.dblclick(x, y)
        page.wait_for_timeout(600)
        assert ends(page, "units-1")[1] - ends(page, "units-1")[0] > near[1] - near[0]


@pytest.mark.slow
def test_a_click_on_the_legend_hides_what_it_names_and_nothing_else(browser: Browser, files: dict[str, Path]) -> None:
    drawn = "document.getElementById('map-0').layout.images[0].source"
    with opened(browser, files["story"]) as page:
        x, y = middle(page, "map-0")
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 60, y + 60, steps=5)
        page.mouse.up()
        page.mouse.dblclick(x, y)
        page.wait_for_timeout(600)
        before = unquote(page.evaluate(drawn))
        page.locator("#map-0 .legendtoggle").first.click()
        page.wait_for_function(f"before => decodeURIComponent({drawn}) !== before", arg=before)
        after = unquote(page.evaluate(drawn))
        assert len(after.split("<path")) == len(before.split("<path")) - 1
        assert all(path in before for path in after.split("<path"))


@pytest.mark.slow
def test_the_table_sorts_and_filters(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["story"]) as page:
        page.get_by_role("button", name="original", exact=True).click()
        heading = page.locator("#table th", has_text="latency [cycles]")

        def column() -> list[int]:
            cells = page.locator("#table tbody tr td:nth-child(5)").all_inner_texts()
            return [int(text.replace(",", "")) for text in cells]

        heading.locator("button").click()
        assert column() == sorted(column(), reverse=True)
        assert heading.get_attribute("aria-sort") == "descending"
        heading.locator("button").click()
        assert column() == sorted(column())
        run = tiny().original
        assert run is not None
        assert len(column()) == len(run.layers)
        page.fill("#filter", "conv")
        kept = page.locator("#table tbody tr").all_inner_texts()
        assert kept
        assert all("conv" in text.lower() for text in kept)
        assert page.locator("#count").inner_text() == f"{len(kept)} of {len(run.layers)} layers"


@pytest.mark.slow
def test_the_theme_changes_page_and_charts(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["story"]) as page:
        colour = "document.getElementById('roofline')._fullLayout.font.color"
        back = "getComputedStyle(document.body).backgroundColor"
        before = page.evaluate(f"[{colour}, {back}]")
        page.click("#theme")
        page.wait_for_timeout(300)
        after = page.evaluate(f"[{colour}, {back}]")
        assert before[0] != after[0]
        assert before[1] != after[1]


@pytest.mark.slow
def test_names_that_are_html_stay_names(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["nasty"]) as page:
        assert page.title() != "evil"
        assert page.locator("#table b, #charts b").count() == 0
        assert "<b>x</b>" in page.locator("#table tbody").inner_text()
