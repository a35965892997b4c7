"""Curves over the images seen, as SVG for the page: no script, and its colours are the page's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

from saddlepoint.report.html import Html, join, tag

Curve = tuple[Sequence[float], Sequence[float]]
Point = tuple[float, float]

WIDTH, HEIGHT = 400, 200
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 10, 26
POINTS = 150
"""Of a curve at most; each is then the mean of its stretch of the log, on a band from its least to its greatest."""
DECADES = 100.0
"""Greatest over least value, of positive ones, from which on the scale is logarithmic."""


def chart(title: str, curves: Mapping[str, Curve], span: tuple[float, float] | None = None) -> Html:
    """A figure of (images, values) curves with a legend; values that are not finite are left out.

    span: the values at the lower and the upper edge, else by the data. Empty if there is nothing to draw.
    """
    kept = {name: points for name, curve in curves.items() if (points := _finite(curve))}
    if not kept:
        return Html()
    values = [v for points in kept.values() for _, v in points]
    log = span is None and min(values) > 0 and max(values) / min(values) > DECADES
    lines = {name: [(x, math.log10(v) if log else v) for x, v in points] for name, points in kept.items()}
    low, high = span or _edges([v for points in lines.values() for _, v in points])
    end = max(x for points in lines.values() for x, _ in points) or 1.0

    def at(x: float, v: float) -> str:
        across, up = x / end, (v - low) / (high - low)
        return f"{LEFT + across * (WIDTH - LEFT - RIGHT):.1f},{HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM):.1f}"

    drawn: list[Html] = []
    for tick in _ticks(low, high, whole=log):
        (_, y), label = at(0, tick).split(","), number(10**tick if log else tick)
        drawn.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="grid"))
        drawn.append(tag("text", label, x=LEFT - 6, y=f"{float(y) + 4:.1f}", text_anchor="end"))
    for tick in _ticks(0, end, most=4):
        x = at(tick, low).split(",")[0]
        anchor = "end" if tick > 0.95 * end else "middle"
        drawn.append(tag("text", number(tick), x=x, y=HEIGHT - 8, text_anchor=anchor))
    for place, points in enumerate(lines.values()):
        groups = _groups(points)
        if len(groups) < len(points):
            outline = [*((g[0][0], max(v for _, v in g)) for g in groups)]
            outline += [(g[0][0], min(v for _, v in g)) for g in reversed(groups)]
            drawn.append(tag("polygon", points=" ".join(at(x, v) for x, v in outline), class_=f"band c{place % 6}"))
        means = [(g[0][0], fmean(v for _, v in g)) for g in groups]
        if len(means) == 1:
            x, y = at(*means[0]).split(",")
            drawn.append(tag("circle", cx=x, cy=y, r=3, class_=f"dot c{place % 6}"))
        else:
            drawn.append(tag("polyline", points=" ".join(at(x, v) for x, v in means), class_=f"line c{place % 6}"))
    svg = tag("svg", *drawn, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=f"{title} over images seen")
    keys = (join([tag("span", class_=f"key c{i % 6}"), name]) for i, name in enumerate(kept))
    legend = tag("p", *(tag("span", key) for key in keys), class_="legend")
    return tag("figure", tag("figcaption", title, " (logarithmic)" * log), svg, legend, class_="chart")


def number(value: float) -> str:
    """Short, for an axis: 12k, 1.5M, 0.25, 1e-05."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def _finite(curve: Curve) -> list[Point]:
    return [(x, v) for x, v in zip(*curve, strict=True) if math.isfinite(x) and math.isfinite(v)]


def _groups(points: Sequence[Point]) -> list[Sequence[Point]]:
    """The points, or where there are too many stretches of them of equal number."""
    size = math.ceil(len(points) / POINTS)
    return [points[start : start + size] for start in range(0, len(points), size)]


def _edges(values: Sequence[float]) -> Point:
    low, high = min(values), max(values)
    room = 0.05 * (high - low) or 0.5 * abs(high) or 1.0
    return low - room, high + room


def _ticks(low: float, high: float, *, most: int = 5, whole: bool = False) -> list[float]:
    """Round numbers from low to high, `most` of them or fewer; whole ones, where there are two of them."""
    rough = (high - low) / most
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    if whole and math.floor(high) - math.ceil(low) >= 1:
        step = max(1.0, float(round(step)))
    return [round(i * step, 12) for i in range(math.ceil(low / step), math.floor(high / step) + 1)]
