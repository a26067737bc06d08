"""The controls of the page: each shows a setting, tells of a change, and can be moved without telling."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nicegui import ui

from accelsim.play.ranges import Range

__all__ = ["Choice", "Dial"]

_SETTLED_MS = 500
"""How long a number that is being typed must rest."""


class Dial:
    """A slider with notches, and beside it the number, which may lie between them."""

    def __init__(self, span: Range, moved: Callable[[float], None]) -> None:
        self._span, self._moved, self._silent = span, moved, False
        with ui.column().classes("dial"):
            with ui.row().classes("dial-head"):
                ui.label(f"{span.label} [{span.unit}]" if span.unit else span.label)
                self._number = ui.number(on_change=lambda event: self._typed(event.value))
                self._number.props(f'dense borderless debounce={_SETTLED_MS} aria-label="{span.label}"')
            self._slider = ui.slider(
                min=0, max=len(span.notches) - 1, on_change=lambda event: self._slid(event.value)
            ).props(f'aria-label="{span.label}" data-key="{span.key}"')  # fmt: skip
            self._slider.mark(span.key)

    def show(self, value: float) -> None:
        """Stand at a value, silently."""
        self._silent = True
        try:
            self._number.value = int(value) if value == int(value) else value
            self._slider.value = self._span.notch(value)
        finally:
            self._silent = False

    def _slid(self, position: float) -> None:
        if not self._silent:
            self._move(self._span.notches[int(position)])

    def _typed(self, value: float | None) -> None:
        if not self._silent and value is not None:
            self._move(self._span.within(float(round(value)) if self._span.whole else value))

    def _move(self, value: float) -> None:
        self.show(value)
        self._moved(value)


class Choice:
    """One of a few words."""

    def __init__(self, label: str, options: Mapping[str, str], moved: Callable[[str], None]) -> None:
        self._moved, self._silent = moved, False
        self._select = ui.select(dict(options), label=label, on_change=lambda event: self._chose(event.value))
        self._select.props("dense outlined options-dense").classes("choice").mark(label)

    def show(self, value: str) -> None:
        """Stand at a value, silently."""
        self._silent = True
        try:
            self._select.value = value
        finally:
            self._silent = False

    def _chose(self, value: str) -> None:
        if not self._silent:
            self._moved(value)
