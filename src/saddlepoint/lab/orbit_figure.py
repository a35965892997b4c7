"""Every way of playing v(a, b) = ab, over the field that pulls at the players."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from saddlepoint.figures import figure
from saddlepoint.lab.orbit import Orbit, field

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REACH = 2.0  # of the plane that is shown


def draw(orbits: Mapping[str, Orbit], t: int) -> Figure:
    """A panel for each way of playing up to step t; below, distance against step and the eigenvalues."""
    drawn = figure(9, 8.6)
    panels = drawn.subplot_mosaic([[*list(orbits)[:3]], [*list(orbits)[3:]], ["radius", "radius", "eigenvalues"]])
    for i, (name, orbit) in enumerate(orbits.items()):
        _path(panels[name], orbit, t, f"C{i}")
        panels[name].set_title(f"{name}, |λ| = {orbit.growth:.4f}", fontsize=10)
        panels["radius"].plot(orbit.radius[: t + 1], color=f"C{i}", label=name)
        _plane(panels["eigenvalues"], orbit, f"C{i}")
    steps = len(next(iter(orbits.values())).points)
    lowest = min(orbit.radius.min() for orbit in orbits.values())
    panels["radius"].set(
        yscale="log", xlim=(0, steps - 1), ylim=(max(lowest, 1e-3) / 1.5, 10), xlabel="step", ylabel="distance"
    )
    panels["radius"].legend(frameon=False, fontsize=8, loc="lower left")
    _circle(panels["eigenvalues"], max(abs(orbit.eigenvalues[0] - 1) for orbit in orbits.values()))
    return drawn


def _path(axes: Axes, orbit: Orbit, t: int, colour: str) -> None:
    grid = np.linspace(-0.9 * REACH, 0.9 * REACH, 9)
    a, b = np.meshgrid(grid, grid)
    va, vb = field(np.stack([a, b]))
    axes.quiver(a, b, va, vb, color="0.8", pivot="mid", width=0.004)
    axes.plot(*orbit.points[: t + 1].T, color=colour, linewidth=1)
    axes.plot(*orbit.points[t], "o", color=colour, markersize=5)
    axes.plot(0, 0, "+k", markersize=8)
    axes.set(aspect="equal", xlim=(-REACH, REACH), ylim=(-REACH, REACH), xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    axes.set_xlabel("a", labelpad=0)
    axes.set_ylabel("b", labelpad=0, rotation=0)


def _plane(axes: Axes, orbit: Orbit, colour: str) -> None:
    """The map's eigenvalues above the real line; each has its mirror image below."""
    upper = orbit.eigenvalues[orbit.eigenvalues.imag >= 0]
    axes.plot(upper.real, upper.imag, "o", color=colour, markersize=5, alpha=0.8)


def _circle(axes: Axes, reach: float) -> None:
    """The unit circle around 1, where steps that change little have their eigenvalues."""
    angle = np.linspace(0, np.pi, 500)
    axes.plot(np.cos(angle), np.sin(angle), color="0.7", linewidth=1)
    axes.set(aspect="equal", xlim=(1 - 1.2 * reach, 1 + 1.2 * reach), ylim=(-0.4 * reach, 2 * reach))
    axes.set_title("eigenvalues by the unit circle", fontsize=10)
