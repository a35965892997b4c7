"""Noise, the ring that the formula makes of it, and the one that a generator learnt, each z in its own colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saddlepoint.figures import figure
from saddlepoint.lab.ring import Map, Points

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(z: Points, formula: Map, learnt: Map) -> Figure:
    """Three panels; colour is the direction of z."""
    drawn = figure(9, 3.2)
    titles = ["z, normal noise", "z/10 + z/|z|", f"a generator after {learnt.step:,} steps"]
    colour = np.arctan2(z[:, 1], z[:, 0])
    panels = zip(drawn.subplots(1, 3), titles, [z, formula.points, learnt.points], [3.2, 1.8, 1.8], strict=True)
    for axes, title, points, reach in panels:
        axes.scatter(*points.T, c=colour, cmap="twilight_shifted", s=4, linewidths=0)
        axes.set(aspect="equal", xlim=(-reach, reach), ylim=(-reach, reach))
        axes.set_title(title, fontsize=10)
        axes.tick_params(labelsize=8)
    return drawn
