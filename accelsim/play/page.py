"""The page of one session: controls on the left, and what they lead to on the right."""

from __future__ import annotations

import time
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import Request
from nicegui import Client, app, ui

from accelsim.play.controls import Choice, Dial
from accelsim.play.drawing import cards_html, drawing, spills_html
from accelsim.play.export import command, file_name, yaml_text
from accelsim.play.ranges import RANGES
from accelsim.play.session import Session, View
from accelsim.play.settings import RESTRUCTURE, Read, Settings, from_hardware, from_query

if TYPE_CHECKING:
    from accelsim.play.catalogue import Catalogue
    from accelsim.play.crew import Crew

__all__ = ["add_page"]

_TICK_S = 0.25


def add_page(crew: Crew, catalogue: Catalogue) -> None:
    """Put the page, its scripts and its style onto NiceGUI's application."""
    import plotly

    scripts = Path(str(files("accelsim.play"))), Path(str(files("accelsim.report.page")))
    for folder, name in ((0, "play.js"), (0, "play.css"), (1, "charts.js"), (1, "charts.css")):
        app.add_static_file(local_file=scripts[folder] / name, url_path=f"/own/{name}")
    app.add_static_file(
        local_file=Path(plotly.__file__).parent / "package_data" / "plotly.min.js", url_path="/own/plotly.js"
    )

    @ui.page("/")
    def page(request: Request, client: Client) -> None:
        ui.add_head_html(
            '<link rel="stylesheet" href="/own/charts.css"><link rel="stylesheet" href="/own/play.css">'
            '<script src="/own/plotly.js"></script><script src="/own/charts.js"></script>'
            '<script src="/own/play.js" defer></script>'
        )
        shown = _Page(crew, catalogue, from_query(dict(request.query_params), catalogue), client)
        client.on_delete(shown.session.close)


class _Page:
    """What one session sees. Lives until its browser tab has been away for longer than the server waits for it."""

    def __init__(self, crew: Crew, catalogue: Catalogue, read: Read, client: Client) -> None:
        self._catalogue, self._client, self._settings = catalogue, client, read.settings
        self.session = Session(crew, catalogue, self._show)
        self._number, self._asked = 0, time.monotonic()
        self._dark = ui.dark_mode(None)
        self._header()
        with ui.element("div").classes("both"):
            with ui.element("aside").classes("controls"):
                self._controls()
            with ui.element("main").classes("results"):
                self._results(read)
        ui.timer(_TICK_S, self._tick)
        self._stand()
        self.session.want(self._settings)

    def _header(self) -> None:
        with ui.element("header").classes("bar"):
            ui.label("accelsim playground").classes("title")
            ui.button("copy link", on_click=lambda: ui.run_javascript("accelsimPlay.copyLink()")).mark("link")
            ui.button("export YAML", on_click=self._export).mark("export")
            ui.button("light / dark", on_click=lambda: ui.run_javascript("accelsimPlay.switchTheme()")).mark("theme")
            # The browser says which theme it is in when it likes; waiting for its answer would set it a time limit.
            ui.on("theme", lambda event: self._dark.set_value(event.args == "dark"))

    def _controls(self) -> None:
        catalogue = self._catalogue
        self._model = Choice("network", {name: name for name in catalogue.models}, lambda v: self._set(model=v))
        self._hardware = Choice("hardware", {name: name for name in catalogue.hardware}, self._choose_hardware)
        self._dials = {key: self._dial(key) for key in ("scratchpad", "rows", "columns")}
        self._dataflow = Choice("dataflow", catalogue.dataflows, lambda v: self._set(dataflow=v))
        self._dials["dram"] = self._dial("dram")
        self._restructure = Choice("restructuring", RESTRUCTURE, lambda v: self._set(restructure=v))
        self._dials["parts"] = self._dial("parts")
        ui.label("Most parts a tensor is cut into; 0 leaves it to the plan.").classes("how")

    def _dial(self, key: str) -> Dial:
        return Dial(RANGES[key], lambda value: self._set(**{key: value}))

    def _results(self, read: Read) -> None:
        for notice in read.notices:
            ui.label(notice).classes("notice").mark("notice")
        with ui.element("div").classes("busy"):
            self._bar = ui.linear_progress(value=0, show_value=False, size="4px").mark("progress")
            self._doing = ui.label("starting …").classes("how")
        self._problem = ui.label().classes("problem").mark("problem")
        self._sentence = ui.label().classes("sentence").mark("sentence")
        self._verdict = ui.label().classes("verdict").mark("verdict")
        self._cards = ui.html("", sanitize=False)
        self._command = ui.label().classes("command").mark("command")
        ui.html('<section id="charts"></section><div id="tip" role="tooltip" hidden></div>', sanitize=False)
        ui.label("Spilled tensors").classes("heading")
        self._spills = ui.html("", sanitize=False).mark("spills")

    def _choose_hardware(self, name: str) -> None:
        """Another description: its own numbers, with restructuring as it was."""
        old = self._settings
        own = from_hardware(old.model, name, self._catalogue.hardware[name])
        self._ask(replace(own, restructure=old.restructure, parts=old.parts))

    def _set(self, **moved: Any) -> None:
        self._ask(replace(self._settings, **moved))

    def _ask(self, settings: Settings) -> None:
        self._settings, self._asked = settings, time.monotonic()
        self._stand()
        query = settings.query(self._catalogue.hardware[settings.hardware])
        ui.run_javascript(f"history.replaceState(null, '', '?{query}')")
        self.session.want(settings)

    def _stand(self) -> None:
        """Let all controls show the settings."""
        settings = self._settings
        self._model.show(settings.model)
        self._hardware.show(settings.hardware)
        self._dataflow.show(settings.dataflow)
        self._restructure.show(settings.restructure)
        for key, dial in self._dials.items():
            dial.show(getattr(settings, key))

    def _show(self, view: View) -> None:
        with self._client:
            self._problem.text = view.problem
            self._sentence.text = view.sentence
            self._doing.text = f"answered in {view.seconds:.2f} s"
            ui.run_javascript(f"accelsimPlay.stale({'true' if view.problem else 'false'})")
            if view.comparison is not None:
                self._show_runs(view, view.comparison)

    def _show_runs(self, view: View, found: Any) -> None:
        settings = view.settings
        base = self._catalogue.hardware[settings.hardware]
        self._verdict.text = found.sentence
        self._cards.content = cards_html(found)
        self._command.text = command(settings.hardware, settings.overrides(base), settings.model, settings.restructure)
        result = view.result or next(iter(found.runs.values()))
        self._spills.content = spills_html(result)
        self._number += 1
        ui.run_javascript(f"accelsimPlay.show({drawing(found, self._number)})")

    def _tick(self) -> None:
        """Tell what is being waited for."""
        self._bar.visible = self.session.busy
        if not self.session.busy:
            return
        share, what = self.session.planning or (0.0, "simulating")
        label = f"planning, {share:.0%}: {what}" if self.session.planning else what
        self._bar.value = share
        self._doing.text = f"{label} … {time.monotonic() - self._asked:.0f} s"

    def _export(self) -> None:
        base = self._catalogue.hardware[self._settings.hardware]
        try:
            text = yaml_text(base, self._settings.overrides(base))
        except Exception as error:
            ui.notify(str(error), type="negative")
            return
        ui.download.content(text, file_name(base))
