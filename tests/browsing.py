"""A real browser for tests: Playwright with the system's Chromium (Debian: `apt-get install chromium`).

Where either is missing such tests are skipped, unless ACCELSIM_BROWSER=required, as CI has it: then they fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PATIENCE_MS = 120_000
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """Where Chromium is; skips or fails the test where there is none, or no Playwright."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    missing = [name for name, there in (("Chromium", found), ("Playwright", find_spec("playwright"))) if not there]
    if missing:
        give_up = pytest.fail if os.environ.get("ACCELSIM_BROWSER") == "required" else pytest.skip
        give_up(f"needs {' and '.join(missing)}: apt-get install chromium, pip install playwright")
    assert found
    return found


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """A browser that asks nobody for anything by itself."""
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_QUIET)
        yield browser
        browser.close()


@contextmanager
def watched(browser: Browser, home: str, width: int = 1280, theme: str = "light") -> Iterator[Page]:
    """A page; leaving it fails on any complaint of the browser, and on any request to a place outside `home`."""
    complaints: list[str] = []
    requests: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda said: complaints.append(said.text) if said.type != "log" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    yield page
    page.close()
    assert complaints == []
    assert [url for url in requests if not url.startswith(("data:", "blob:", home))] == []
