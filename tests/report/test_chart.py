"""Curves as SVG: every point where it belongs."""

from __future__ import annotations

import math
import re

import pytest

from page_reader import Reader
from saddlepoint.report.chart import BOTTOM, HEIGHT, LEFT, POINTS, RIGHT, TOP, WIDTH, chart, number


def drawn(svg: str, shape: str = "polyline") -> list[list[tuple[float, float]]]:
    """The points of each shape, in the picture's own units from the lower left corner of its axes, in [0, 1]."""
    found = re.findall(rf'<{shape} points="([^"]*)"', svg)
    pairs = [[tuple(map(float, pair.split(","))) for pair in points.split()] for points in found]
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    return [[((x - LEFT) / wide, (HEIGHT - BOTTOM - y) / high) for x, y in points] for points in pairs]


def test_points_lie_where_their_values_are() -> None:
    ((first, middle, last),) = drawn(chart("a", {"a": ([0, 50, 100], [0.0, 0.25, 1.0])}, (0.0, 1.0)))
    for seen, true in ((first, (0, 0)), (middle, (0.5, 0.25)), (last, (1, 1))):
        assert seen == pytest.approx(true, abs=1e-3)


def test_a_log_scale_makes_powers_of_ten_even() -> None:
    svg = chart("a", {"a": ([1, 2, 3], [1.0, 100.0, 10_000.0])})
    assert "(logarithmic)" in svg
    (points,) = drawn(svg)
    heights = [y for _, y in points]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1], abs=1e-2)
    assert "(logarithmic)" not in chart("a", {"a": ([1, 2], [-1.0, 1000.0])})


def test_a_long_curve_is_its_means_on_a_band() -> None:
    many = 40 * POINTS
    values = [math.sin(i) for i in range(many)]
    svg = chart("a", {"a": (range(many), values)}, (-1.0, 1.0))
    (line,) = drawn(svg)
    assert len(line) == POINTS
    assert max(abs(y - 0.5) for _, y in line) < 0.05
    (band,) = drawn(svg, "polygon")
    assert max(y for _, y in band) > 0.99


def test_what_is_not_finite_is_left_out_and_nothing_is_no_chart() -> None:
    nan, inf = float("nan"), float("inf")
    assert [len(line) for line in drawn(chart("a", {"a": ([1, 2, 3, 4], [1.0, nan, 2.0, inf])}))] == [2]
    assert chart("a", {"a": ([1], [nan])}) == ""
    assert chart("a", {}) == ""


@pytest.mark.parametrize("values", [[0.0, 0.0], [5.0, 5.0], [-3.0], [1e-9, 1e9], [0.3, 0.300001]])
def test_every_curve_has_a_scale(values: list[float]) -> None:
    svg = chart("a", {"a": (range(len(values)), values)})
    assert svg.count('class="grid"') >= 2, svg
    assert "circle" in Reader(svg).tags or drawn(svg)


def test_numbers_on_an_axis_are_short() -> None:
    assert [number(x) for x in (0, 0.25, 12_000, 1.5e6, -2e9, 1e-5)] == ["0", "0.25", "12k", "1.5M", "-2G", "1e-05"]
