"""One moment of a GAN on points: data blue, samples orange, what the discriminator says, where samples are pulled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saddlepoint.figures import figure
from saddlepoint.lab.game import ARROWS, Moment, Scene, arrows, ranked

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DATA, SAMPLES = "C0", "C1"
SHADES = 8  # of grey: the more real, the darker


def draw(seen: Scene, moment: Moment) -> Figure:
    """One moment."""
    drawn = figure(5.2, 4.6) if seen.dimensions == 2 else figure(6.4, 4.2)
    axes = drawn.subplots()
    (_plane if seen.dimensions == 2 else _line)(axes, seen, moment)
    axes.set_title(f"step {moment.step:,}", fontsize=10)
    axes.tick_params(labelsize=8)
    return drawn


def _plane(axes: Axes, seen: Scene, moment: Moment) -> None:
    low, high = float(seen.axis[0]), float(seen.axis[-1])
    if moment.scores is not None:
        shade = np.linspace(0, 1, SHADES + 1).tolist()
        axes.contourf(seen.axis, seen.axis, ranked(moment.scores), levels=shade, cmap="Greys", vmin=0, vmax=2)
    axes.scatter(*seen.real.T, s=7, color=DATA, alpha=0.5, linewidths=0, label="data")
    axes.scatter(*moment.samples.T, s=7, color=SAMPLES, alpha=0.8, linewidths=0, label="samples")
    axes.quiver(
        *moment.samples[:ARROWS].T, *arrows(moment.pull, seen.width).T, **_unscaled(), color="0.15", width=0.0025
    )
    axes.set(aspect="equal", xlim=(low, high), ylim=(low, high))
    axes.legend(loc="upper right", fontsize=8, framealpha=0.7)


def _line(axes: Axes, seen: Scene, moment: Moment) -> None:
    low, high = float(seen.axis[0]), float(seen.axis[-1])
    bins = np.linspace(low, high, 61).tolist()
    for points, colour, label in ((seen.real, DATA, "data"), (moment.samples, SAMPLES, "samples")):
        axes.hist(points[:, 0], bins, density=True, color=colour, alpha=0.5, label=label)
    highest = 1.5 * float(np.histogram(seen.real, bins, density=True)[0].max())
    at, length = moment.samples[:ARROWS, 0], arrows(moment.pull, seen.width)[:, 0]
    row = np.linspace(-0.02, -0.12, len(at)) * highest
    axes.quiver(at, row, length, np.zeros(len(at)), **_unscaled(), color="0.15", width=0.0025)
    axes.set(xlim=(low, high), ylim=(-0.14 * highest, highest), ylabel="density; below, the pull on samples")
    axes.legend(loc="upper left", fontsize=8, frameon=False)
    if moment.scores is not None:
        other = axes.twinx()
        other.plot(seen.axis, moment.scores, color="C2", linewidth=1.2)
        other.set_ylabel("the discriminator's score", color="C2")
        other.tick_params(labelsize=8)


def _unscaled() -> dict[str, Any]:
    return {"angles": "xy", "scale_units": "xy", "scale": 1}
