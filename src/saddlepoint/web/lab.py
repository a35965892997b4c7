"""The laboratory by request: the arrays of `saddlepoint.lab` as plain data, for the page to draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field

from saddlepoint.config import Config
from saddlepoint.errors import UserError
from saddlepoint.lab import dirac as one_parameter
from saddlepoint.lab import orbit as plane
from saddlepoint.objectives.adversarial import generator_gradients
from saddlepoint.objectives.games import GAMES

AROUND = np.linspace(-2, 2, 11)
"""Where arrows of a field stand, along each axis."""
FAR = 1e6
"""A path ends here: what leaves is infinitely far in a few steps more."""


class Orbit(Config):
    """v(a, b) = ab, played in every way."""

    lr: float = Field(0.1, gt=0, le=1)
    steps: int = Field(200, ge=1, le=500)


class Dirac(Config):
    """The Dirac-GAN under one loss and one penalty."""

    objective: str = "nonsaturating"
    penalty: str = "none"
    weight: float = Field(1.0, ge=0, le=10)
    lr: float = Field(0.1, gt=0, le=1)
    steps: int = Field(300, ge=1, le=1000)


def orbits(asked: Orbit) -> dict[str, Any]:
    """By way to play: points (T, 2), radius (T,), eigenvalues as (real, imaginary), and the verdict."""
    found = {name: plane.orbit(name, lr=asked.lr, steps=asked.steps) for name in plane.PLAYS}
    return {
        "field": _arrows([[plane.field(np.array([a, b])) for a in AROUND] for b in AROUND]),
        "plays": {
            name: {
                "points": rounded(each.points),
                "radius": rounded(each.radius),
                "eigenvalues": rounded(_parts(each.eigenvalues)),
                "says": plane.verdict(name, each),
            }
            for name, each in found.items()
        },
    }


def dirac(asked: Dirac) -> dict[str, Any]:
    """The path (T, 2) of (theta, psi), the field, the eigenvalues (None at a kink) and what they mean.

    Raises:
        UserError: a loss or penalty that there is none of, or that cannot be played here.
    """
    if why := one_parameter.REFUSED.get(asked.objective):
        raise UserError(why)
    for key, value, known in (
        ("objective", asked.objective, GAMES),
        ("penalty", asked.penalty, one_parameter.PENALTIES),
    ):
        if value not in known:
            raise UserError(f"{key}={value!r}: choose among {', '.join(known)}.")
    which = asked.objective, asked.penalty, asked.weight
    found = one_parameter.eigenvalues(*which)
    path = one_parameter.play(*which, lr=asked.lr, steps=asked.steps)
    gone = np.flatnonzero(~(abs(path).max(1) < FAR))
    return {
        "points": rounded(path[: gone[0]] if len(gone) else path),
        "gone": int(gone[0]) if len(gone) else None,
        "field": _arrows([[_pull((theta, psi), *which) for theta in AROUND] for psi in AROUND]),
        "eigenvalues": None if found is None else rounded(_parts(found)),
        "says": one_parameter.word(found),
    }


def choices() -> dict[str, Sequence[str]]:
    """What can be asked of `dirac`, those that it refuses among them."""
    return {"objectives": [*GAMES, *one_parameter.REFUSED], "penalties": list(one_parameter.PENALTIES)}


def gradients() -> dict[str, Any]:
    """Both generator losses' gradients over D(G(z))."""
    return {name: rounded(values.numpy()) for name, values in generator_gradients(99).items()}


def rounded(values: npt.NDArray[Any], digits: int = 4) -> Any:
    """As lists of so many significant digits: a page shows no more, and they are sent as text."""
    return [rounded(each, digits) for each in values] if values.ndim else float(f"{values:.{digits}g}")


def _parts(found: npt.NDArray[np.complex128]) -> npt.NDArray[np.float64]:
    return np.stack([found.real, found.imag], -1)


def _pull(at: tuple[float, float], objective: str, penalty: str, weight: float) -> npt.NDArray[np.float64]:
    state = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    return one_parameter.field(state, objective, penalty, weight).detach().numpy()


def _arrows(field: list[list[npt.NDArray[np.float64]]]) -> list[list[float]]:
    """(x, y, right, up) of arrows of one length: where, not how fast."""
    ways = np.array(field)
    ways /= np.maximum(np.linalg.norm(ways, axis=-1, keepdims=True), 1e-9)
    at = np.stack(np.meshgrid(AROUND, AROUND), -1)
    return rounded(np.concatenate([at, ways], -1).reshape(-1, 4))
