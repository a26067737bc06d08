"""Which layer a user means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from accelsim.errors import ConfigurationError

if TYPE_CHECKING:
    from accelsim.program import Layer

__all__ = ["layer_called"]

_NAMED = 6


def layer_called(name: str, layers: Sequence[Layer]) -> int:
    """The position of the layer with that name, or of the one that the node of that name is fused into.

    Raises:
        ConfigurationError: there is none; the nearest name is guessed.
    """
    for position, layer in enumerate(layers):
        if layer.name == name:
            return position
    for position, layer in enumerate(layers):
        if name in layer.fused:
            return position
    from accelsim.hardware.guess import closest

    known = [layer.name for layer in layers]
    guess = closest(name, [*known, *(fused for layer in layers for fused in layer.fused)])
    listed = ", ".join(known[:_NAMED]) + (", …" if len(known) > _NAMED else "")
    remedy = f"did you mean {guess}?" if guess else f"layers are {listed}"
    raise ConfigurationError(f"--layer: must be a layer of the network, got {name!r}; {remedy}")
