"""Pictures of a result: first a plain record of what is drawn, then the drawing of it."""

from accelsim.report.pictures.bars import Bars, cycles_by_layer
from accelsim.report.pictures.maps import Rectangles, rectangles
from accelsim.report.pictures.occupancy import Area, Outline, occupancy
from accelsim.report.pictures.profiles import Steps, profile_steps
from accelsim.report.pictures.roofs import Dot, Roofline, roofline
from accelsim.report.pictures.scatter import Cloud, Scatter, scatter

__all__ = [
    "Area",
    "Bars",
    "Cloud",
    "Dot",
    "Outline",
    "Rectangles",
    "Roofline",
    "Scatter",
    "Steps",
    "cycles_by_layer",
    "occupancy",
    "profile_steps",
    "rectangles",
    "roofline",
    "scatter",
]
