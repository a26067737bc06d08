"""Pictures drawn with matplotlib, which is imported here and nowhere else, when the first picture is drawn."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import singledispatch
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelsim.errors import ConfigurationError
from accelsim.files import write_bytes
from accelsim.printable import printable
from accelsim.report.parts import named, tail
from accelsim.report.pictures import palette
from accelsim.report.pictures.bars import Bars
from accelsim.report.pictures.maps import Rectangles
from accelsim.report.pictures.occupancy import Area
from accelsim.report.pictures.profiles import Steps
from accelsim.report.pictures.roofs import Roofline
from accelsim.report.pictures.scatter import Scatter

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FORMATS", "Picture", "require_drawable", "save_picture"]

Picture = Area | Rectangles | Roofline | Bars | Steps | Scatter
FORMATS = ("png", "svg", "pdf")
_SMALL: dict[str, Any] = {"fontsize": 8}


def require_drawable(path: str) -> None:
    """Refuse what cannot be drawn before the work that would fill it.

    Raises:
        ConfigurationError: matplotlib is not installed, or the name ends in something else than a known format.
    """
    if _form(path) not in FORMATS:
        rule = f"must end in {', '.join('.' + name for name in FORMATS)}, got {path!r}"
        raise ConfigurationError(f"--out: {rule}; write e.g. picture.png")
    if find_spec("matplotlib") is None:
        rule = "a picture needs matplotlib, which is not installed"
        raise ConfigurationError(f"plot: {rule}; pip install 'accelsim[plot]'")


def save_picture(picture: Picture, path: str) -> None:
    """Draw a picture into a file; the ending of its name says which kind of file.

    Raises:
        ConfigurationError: it cannot be drawn, or the file cannot be written.
    """
    require_drawable(path)
    write_bytes(path, _drawn(picture, _form(path)))


def _form(path: str) -> str:
    return Path(path).suffix.removeprefix(".").lower()


def _drawn(picture: Picture, form: str) -> bytes:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(form, {})
    plain: dict[Any, Any] = {
        "svg.hashsalt": "accelsim",
        "text.parse_math": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with mpl.rc_context(plain):
        figure = Figure(figsize=_size(picture), layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(printable(picture.title), fontsize=10, loc="left")
        _draw(picture, axes)
        content = io.BytesIO()
        figure.savefig(content, format=form, dpi=150, metadata=dates)
    return content.getvalue()


def _size(picture: Picture) -> tuple[float, float]:
    if isinstance(picture, Bars):
        return 10, max(2.5, 1.4 + 0.22 * len(picture.labels))
    return 10, 5


@singledispatch
def _draw(picture: Any, axes: Axes) -> None:
    raise TypeError(f"no drawing of {type(picture).__name__}")


@_draw.register(Area)
def _area(picture: Area, axes: Axes) -> None:
    kinds = [kind for kind in palette.KINDS if kind in picture.bytes_by_kind]
    rows = [[number / 1024 for number in picture.bytes_by_kind[kind]] for kind in kinds]
    colors = [palette.KINDS[kind] for kind in kinds]
    labels = [named(kind) for kind in kinds]
    axes.stackplot(picture.cycles, rows, step="post", colors=colors, labels=labels, linewidth=0)
    if picture.over is not None:
        theirs = [number / 1024 for number in picture.over.bytes]
        axes.step(picture.over.cycles, theirs, where="post", color="black", linewidth=1, label=picture.over.name)
    top = picture.scale_bytes / 1024
    if picture.scale_bytes == picture.capacity_bytes:
        axes.axhline(top, color="black", linestyle="--", linewidth=1)
        axes.annotate(f"capacity {picture.capacity_bytes:,} B", (0, top), (2, 3), textcoords="offset points", **_SMALL)
    axes.plot(picture.peak_cycle, picture.peak_bytes / 1024, "v", color="black", markersize=5)
    said = f"peak {picture.peak_bytes:,} B, cycle {picture.peak_cycle:,}, {tail(picture.peak_layer, 40)}"
    axes.set_xlabel("time [cycles]    ▼ " + said)
    axes.set_ylabel("occupied [KiB]")
    axes.set_ylim(0, 1.12 * top)
    axes.set_xlim(0, max(picture.cycles[-1], picture.over.cycles[-1] if picture.over else 0))
    axes.xaxis.set_major_formatter(_thousands())
    axes.legend(loc="upper right", ncols=6, frameon=False, **_SMALL)


@_draw.register(Rectangles)
def _map(picture: Rectangles, axes: Axes) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Patch, Rectangle

    columns = (picture.first_cycle, picture.address, picture.last_cycle, picture.size_bytes)
    drawn: dict[tuple[str, bool], list[Rectangle]] = {}
    for i, (first, address, last, size) in enumerate(zip(*columns, strict=True)):
        what = picture.kinds[picture.tensor[i]], picture.spilled[picture.tensor[i]]
        drawn.setdefault(what, []).append(Rectangle((first, address / 1024), last - first, size / 1024))
    for (kind, spilled), patches in drawn.items():
        edge = palette.SPILL if spilled else "white"
        width = 0.8 if spilled else 0.15
        colour = palette.KINDS[kind]
        axes.add_collection(PatchCollection(patches, facecolor=colour, edgecolor=edge, linewidth=width))
    axes.set_xlim(0, picture.latency_cycles)
    axes.set_ylim(0, picture.capacity_bytes / 1024)
    axes.set_xlabel("time [cycles]" + _thinned(picture))
    axes.set_ylabel("address [KiB]")
    axes.xaxis.set_major_formatter(_thousands())
    found = {kind for kind, _ in drawn}
    legend = [Patch(color=palette.KINDS[kind], label=named(kind)) for kind in palette.KINDS if kind in found]
    if any(spilled for _, spilled in drawn):
        legend.append(Patch(facecolor="white", edgecolor=palette.SPILL, label="spilled tensor"))
    # Below: above the axes is the title, which may be as long as they are wide.
    axes.figure.legend(handles=legend, loc="outside lower right", ncols=6, frameon=False, **_SMALL)


def _thinned(picture: Rectangles) -> str:
    return f"    (the {picture.left_out:,} rectangles of smallest area are left out)" if picture.left_out else ""


@_draw.register(Roofline)
def _roofline(picture: Roofline, axes: Axes) -> None:
    intensities = [dot.intensity for dot in picture.dots] or [picture.ridge]
    low, high = min(*intensities, picture.ridge) / 2, max(*intensities, picture.ridge) * 2
    roof = [(x, min(picture.peak, x * picture.bandwidth)) for x in (low, picture.ridge, high)]
    axes.plot([x for x, _ in roof], [y for _, y in roof], color="black", linewidth=1.2)
    for bound, colour in palette.BOUNDS.items():
        dots = [dot for dot in picture.dots if dot.bound_by == bound]
        if dots:
            area = [12 + 600 * dot.share for dot in dots]
            x, y = [dot.intensity for dot in dots], [dot.speed for dot in dots]
            axes.scatter(x, y, s=area, color=colour, alpha=0.75, label=f"bound by {named(bound)}", linewidth=0)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.annotate(
        f"{picture.peak:,} MACs/cycle", (high, picture.peak), (0, 4), textcoords="offset points", ha="right", **_SMALL
    )
    axes.annotate(f"{picture.bandwidth:.4g} B/cycle", roof[0], (6, 0), textcoords="offset points", **_SMALL)
    rest = f"; {picture.left_out:,} layers without MACs or DRAM bytes left out" if picture.left_out else ""
    axes.set_xlabel(f"arithmetic intensity [MACs per byte from DRAM]\narea: share of the latency{rest}", **_SMALL)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.set_minor_formatter(lambda value, _: "")
    axes.set_ylabel("speed [MACs/cycle]")
    axes.legend(loc="lower right", frameon=False, **_SMALL)


@_draw.register(Bars)
def _bars(picture: Bars, axes: Axes) -> None:
    places = list(range(len(picture.labels)))
    left = [0] * len(places)
    for cause, values in picture.values.items():
        axes.barh(places, values, left=left, height=0.8, color=palette.CYCLES[cause], label=named(cause))
        left = [a + b for a, b in zip(left, values, strict=True)]
    axes.set_yticks(places, [tail(label, 36) for label in picture.labels], fontsize=7)
    axes.set_ylim(len(places) - 0.4, -0.6)
    rest = f"    (the others have {picture.rest:.1%} of all)" if picture.rest > 0 else ""
    axes.set_xlabel(f"{picture.unit}{rest}")
    axes.xaxis.set_major_formatter(_thousands())
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, **_SMALL)


@_draw.register(Steps)
def _steps(picture: Steps, axes: Axes) -> None:
    sizes = [size / 1024 for size in picture.bytes]
    axes.stairs(sizes, fill=True, color=palette.KINDS["activation"])
    axes.plot(picture.peak_step + 0.5, picture.peak_bytes / 1024, "v", color="black", markersize=5)
    said = f"peak {picture.peak_bytes:,} B at {tail(picture.peak_node, 40)}"
    axes.set_xlabel(f"step of the graph's order    ▼ {said}\n{picture.definition}", fontsize=8)
    axes.set_ylabel("live activations [KiB]")
    axes.set_xlim(0, max(1, len(sizes)))
    axes.set_ylim(bottom=0)


@_draw.register(Scatter)
def _scatter(picture: Scatter, axes: Axes) -> None:
    for number, cloud in enumerate(picture.clouds):
        colour = palette.SERIES[number % len(palette.SERIES)]
        axes.scatter(cloud.x, cloud.y, s=14, color=colour, alpha=0.35, linewidth=0)
        label = tail(cloud.name, 50)
        axes.plot(cloud.front_x, cloud.front_y, "o-", color=colour, markersize=4, linewidth=1.2, label=label)
    for axis, log, name in ((axes.xaxis, picture.x_log, picture.x_title), (axes.yaxis, picture.y_log, picture.y_title)):
        if log:
            (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log", base=2)
            axis.set_major_formatter(lambda value, _: f"{value:,.6g}")
        axis.set_label_text(printable(name))
    axes.legend(loc="best", frameon=False, **_SMALL)


def _thousands() -> Callable[[float, object], str]:
    return lambda value, _: f"{value:,.0f}"
