"""G(z) = z / 10 + z / |z|: normal noise in the plane becomes a ring. Doersch 2016 (arXiv 1606.05908), figure 2.

A generator only has to be flexible enough to bend noise into the data. Which map it learns the game leaves open: every
rotation or reflection of the noise gives the same ring.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from saddlepoint.lab.training import Duel, in_memory, watch

Points = npt.NDArray[np.float32]
RECIPE = "gan"
OPTIONS: Mapping[str, Any] = {
    "latent": 2,
    "g_widths": [64, 64],
    "d_widths": [64, 64],
    "pieces": 2,
    "dropout": 0,
    "lr": 1e-3,
    "batch": 128,
}
SHOWN = 1500
SECTORS = 36


def ring(z: Points) -> Points:
    """z (N, 2), nowhere 0, to the ring: a point at distance r goes to 1 + r / 10 in its own direction."""
    return (z / 10 + z / np.linalg.norm(z, axis=1, keepdims=True)).astype(np.float32)


def noise(n: int, seed: int = 0) -> Points:
    """Standard normal z (n, 2)."""
    return np.random.default_rng(seed).standard_normal((n, 2), dtype=np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class Map:
    """A map of the plane: where it puts the shown z, (N, 2), and the unit circle gone round once, (M, 2)."""

    step: int
    points: Points
    circle: Points

    @property
    def radius(self) -> Points:
        """Distances from the centre, (N,)."""
        return np.linalg.norm(self.points, axis=1)

    @property
    def covered(self) -> float:
        """Share of `SECTORS` directions in which there are at least a fifth of the points due there."""
        counts = np.histogram(_angle(self.points), SECTORS, (-np.pi, np.pi))[0]
        return float((counts >= len(self.points) / SECTORS / 5).mean())

    @property
    def turns(self) -> int:
        """How often the centre is gone round as z goes round once: 1, -1 for a mirrored map, 0 for one that folds."""
        return round(float(np.diff(np.unwrap(_angle(self.circle))).sum()) / (2 * np.pi))


def describe(found: Map) -> str:
    """What a map does, in words."""
    return (
        f"radius {found.radius.mean():.3f} ± {found.radius.std():.3f}, {found.covered:.0%} of the "
        f"directions, gone round {found.turns:+d} times as z goes round once"
    )


def exact(shown: int = SHOWN) -> Map:
    """The formula itself."""
    return Map(step=0, points=ring(noise(shown)), circle=ring(_circle()))


def learn(*, steps: int = 1500, frames: int = 2, seed: int = 0, shown: int = SHOWN) -> Iterator[Map]:
    """A small generator while it trains against a discriminator that has seen 20,000 points of the ring."""
    z, circle = torch.from_numpy(noise(shown)), torch.from_numpy(_circle())

    def look(step: int, model: Duel) -> Map:
        with torch.no_grad():
            return Map(step=step, points=model.generate(z).numpy(), circle=model.generate(circle).numpy())

    data = in_memory(ring(noise(20_000, seed=1)))
    return watch(RECIPE, data, look, steps=steps, frames=frames, seed=seed, options=OPTIONS)


def _circle() -> Points:
    around = np.linspace(0, 2 * np.pi, 721, dtype=np.float32)
    return np.stack([np.cos(around), np.sin(around)], 1)


def _angle(points: Points) -> Points:
    return np.arctan2(points[:, 1], points[:, 0])
