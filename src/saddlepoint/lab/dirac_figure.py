"""The Dirac-GAN under every loss and penalty: a wall of small phase portraits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch

from saddlepoint.figures import figure
from saddlepoint.lab.dirac import Complex, Vector, field, word

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OBJECTIVES = (
    ("nonsaturating", "relativistic_pairing", "jensen_shannon"),
    ("minimax", "jensen_shannon_minimax"),
    ("least_squares",),
    ("hinge",),
    ("wasserstein", "reverse_kl_minimax"),
    ("relativistic_average",),
    ("boundary_seeking",),
    ("kl",),
    ("kl_minimax", "squared_hellinger_minimax"),
    ("reverse_kl",),
    ("pearson",),
    ("pearson_minimax",),
    ("squared_hellinger",),
)
"""Rows of panels. The objectives of one row are the same game where the discriminator is psi x."""
PENALTIES = (("none",), ("r1", "r2"), ("zero_centred",), ("wgan_gp", "dragan"), ("wgan_div",), ("orthogonal",))
"""Columns, likewise."""
COLOURS = {"arrives": "C2", "circles": "C0", "leaves": "C3", "undecided": "C4"}
REACH = 2.5
GRID = np.linspace(-0.85 * REACH, 0.85 * REACH, 8)

Courses = Mapping[tuple[str, str], tuple[Vector, Complex | None]]
"""(objective, penalty), the first of its row and of its column -> the path (T, 2) and the eigenvalues."""


def draw(courses: Courses, weight: float, t: int) -> Figure:
    """A path up to step t in each panel, coloured by what the eigenvalues say."""
    drawn = figure(1.6 * len(PENALTIES), 1.5 * len(OBJECTIVES))
    for row, objectives in zip(drawn.subplots(len(OBJECTIVES), len(PENALTIES)), OBJECTIVES, strict=True):
        row[0].set_ylabel("\n".join(objectives), fontsize=9, rotation=0, ha="right", va="center")
        for axes, penalties in zip(row, PENALTIES, strict=True):
            path, eigenvalues = courses[objectives[0], penalties[0]]
            says, _, values = word(eigenvalues).partition(" ")
            arrows = _arrows(objectives[0], penalties[0], weight)
            axes.quiver(GRID, GRID, arrows[..., 0], arrows[..., 1], color="0.75", pivot="mid", width=0.008)
            axes.plot(*path[: t + 1].T, color=COLOURS.get(says, "C1"), linewidth=0.9)
            axes.plot(*path[t], "o", color=COLOURS.get(says, "C1"), markersize=3)
            axes.plot(0, 0, "+k", markersize=6)
            axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), xticks=[], yticks=[], aspect="equal")
            axes.set_xlabel(values.strip("()") if eigenvalues is not None else "kink", fontsize=8)
            if objectives == OBJECTIVES[0]:
                axes.set_title(", ".join(penalties).replace("none", "no penalty"), fontsize=9)
    drawn.supxlabel("theta, the generator; below each panel the eigenvalues at the solution", fontsize=9)
    drawn.supylabel("psi, the discriminator", fontsize=9)
    return drawn


@cache  # they are the same in every frame of a film
def _arrows(objective: str, penalty: str, weight: float) -> Vector:
    """Of one length: where, not how fast."""
    return np.array([[_arrow(a, b, objective, penalty, weight) for a in GRID] for b in GRID])


def _arrow(theta: float, psi: float, objective: str, penalty: str, weight: float) -> Vector:
    state = torch.tensor([theta, psi], dtype=torch.float64, requires_grad=True)
    there = field(state, objective, penalty, weight).detach().numpy()
    return there / max(float(np.linalg.norm(there)), 1e-9)
