"""The Dirac-GAN under every loss and penalty: a wall of small phase portraits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch

from saddlepoint.figures import figure
from saddlepoint.lab.dirac import Complex, Vector, field, word
from saddlepoint.objectives.games import GAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DRAWN = {
    "none": "no penalty",
    "r1": "r1, r2",
    "zero_centred": "zero_centred",
    "wgan_gp": "wgan_gp, dragan",
    "wgan_div": "wgan_div",
    "orthogonal": "orthogonal",
}
"""Rows: penalties and how they are titled. Those of one row are the same function of a discriminator psi x."""
COLOURS = {"arrives": "C2", "circles": "C0", "leaves": "C3"}
REACH = 2.5

Courses = Mapping[tuple[str, str], tuple[Vector, Complex | None]]
"""(objective, penalty) -> the path (T, 2) and the eigenvalues."""


def draw(courses: Courses, weight: float, t: int) -> Figure:
    """Rows are penalties, columns objectives; a path up to step t, coloured by what the eigenvalues say."""
    drawn = figure(1.45 * len(GAMES), 1.5 * len(DRAWN))
    for row, (penalty, title) in zip(drawn.subplots(len(DRAWN), len(GAMES)), DRAWN.items(), strict=True):
        row[0].set_ylabel(title, fontsize=9)
        for axes, objective in zip(row, GAMES, strict=True):
            path, eigenvalues = courses[objective, penalty]
            _field(axes, objective, penalty, weight)
            says, _, values = word(eigenvalues).partition(" ")
            axes.plot(*path[: t + 1].T, color=COLOURS.get(says, "C1"), linewidth=0.9)
            axes.plot(*path[t], "o", color=COLOURS.get(says, "C1"), markersize=3)
            axes.plot(0, 0, "+k", markersize=6)
            axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), xticks=[], yticks=[], aspect="equal")
            axes.set_xlabel(values.strip("()") if eigenvalues is not None else "kink", fontsize=8)
            if penalty == "none":
                axes.set_title(objective.replace("_", "\n"), fontsize=9)
    drawn.supxlabel("theta, the generator; below each panel the eigenvalues at the solution", fontsize=9)
    drawn.supylabel("psi, the discriminator", fontsize=9)
    return drawn


def _field(axes: Axes, objective: str, penalty: str, weight: float) -> None:
    """Arrows of one length: where, not how fast."""
    grid = np.linspace(-0.85 * REACH, 0.85 * REACH, 8)
    arrows = np.array([[_arrow(a, b, objective, penalty, weight) for a in grid] for b in grid])
    axes.quiver(grid, grid, arrows[..., 0], arrows[..., 1], color="0.75", pivot="mid", width=0.008)


def _arrow(theta: float, psi: float, objective: str, penalty: str, weight: float) -> Vector:
    state = torch.tensor([theta, psi], dtype=torch.float64, requires_grad=True)
    there = field(state, objective, penalty, weight).detach().numpy()
    return there / max(float(np.linalg.norm(there)), 1e-9)
