"""The workload: a network as the layers an accelerator runs."""

from accelsim.workload.build import build
from accelsim.workload.records import (
    Access,
    Along,
    Follow,
    Layer,
    NamedView,
    Parameter,
    Piece,
    Precision,
    Storage,
    View,
    Workload,
)
from accelsim.workload.views import crop, cropper

__all__ = [
    "Access",
    "Along",
    "Follow",
    "Layer",
    "NamedView",
    "Parameter",
    "Piece",
    "Precision",
    "Storage",
    "View",
    "Workload",
    "build",
    "crop",
    "cropper",
]
