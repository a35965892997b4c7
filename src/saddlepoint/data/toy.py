"""Points in the plane whose density is known, so that a model of them can be judged exactly.

All but the checkerboard are mixtures of round Gaussians of one standard deviation: over a few modes, or over the
points of a curve. A curve's integral is a Gauss-Legendre sum whose nodes lie closer than half a standard
deviation, which leaves an error in log density far below float32.

- 8gaussians: modes on a circle of radius 2, deviation 0.02 (Metz et al. 2017, arXiv 1611.02163).
- 25gaussians: modes on the grid {-4, -2, 0, 2, 4}², deviation 0.05 (Dumoulin et al. 2017, arXiv 1606.00704).
- ring: a circle of radius 2, uniform in angle, deviation 0.1.
- two-moons: two interleaved half circles of radius 2, deviation 0.1.
- swiss-roll: r = t / 4 for t uniform in [1.5 pi, 4.5 pi], deviation 0.1.
- checkerboard: uniform on the eight dark squares of a 4 x 4 board over [-4, 4]².
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from saddlepoint.types import derive_seed

POINTS = 100_000
Curve = Callable[[Tensor], Tensor]
"""From u (...,) in [0, 1) to points (..., 2)."""


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Gaussians of deviation `std` around `modes`, equally likely, or around the points of curves at uniform u."""

    std: float
    modes: Tensor | None = None
    curves: tuple[Curve, ...] = ()
    nodes: int = 256

    def sample(self, n: int, seed: int = 0) -> Tensor:
        """n points, float32 (n, 2)."""
        generator = torch.Generator().manual_seed(derive_seed("toy", seed))
        if self.modes is not None:
            centres = self.modes[torch.randint(len(self.modes), (n,), generator=generator)]
        else:
            u = torch.rand(n, generator=generator, dtype=torch.float64)
            along = torch.stack([curve(u) for curve in self.curves])
            centres = along[torch.randint(len(along), (n,), generator=generator), torch.arange(n)]
        return (centres + self.std * torch.randn(n, 2, generator=generator, dtype=torch.float64)).float()

    def log_prob(self, x: Tensor) -> Tensor:
        """Log density of x (B, 2) in nats, float64 (B,)."""
        centres, log_weights = self._centres()
        scale = math.log(2 * math.pi * self.std**2)
        parts: list[Tensor] = []
        for part in x.detach().double().cpu().split(4096):
            squared = torch.cdist(part, centres).square_()
            parts.append(torch.logsumexp(log_weights - squared / (2 * self.std**2), dim=1) - scale)
        return torch.cat(parts) if parts else torch.empty(0, dtype=torch.float64)

    def _centres(self) -> tuple[Tensor, Tensor]:
        """Points (K, 2) and the logs of their weights (K,)."""
        if self.modes is not None:
            return self.modes, torch.full((len(self.modes),), -math.log(len(self.modes)), dtype=torch.float64)
        u, weights = (torch.from_numpy(a) for a in np.polynomial.legendre.leggauss(self.nodes))
        centres = torch.cat([curve((u + 1) / 2) for curve in self.curves])
        return centres, (weights / 2 / len(self.curves)).log().repeat(len(self.curves))


@dataclass(frozen=True, kw_only=True)
class Checkerboard:
    """Uniform on the squares (i, j) of side 2 with i + j even over [-4, 4]²."""

    modes: Tensor | None = None

    def sample(self, n: int, seed: int = 0) -> Tensor:
        """n points, float32 (n, 2)."""
        generator = torch.Generator().manual_seed(derive_seed("toy", seed))
        column = torch.randint(4, (n,), generator=generator)
        row = 2 * torch.randint(2, (n,), generator=generator) + column % 2
        within = torch.rand(n, 2, generator=generator)
        return 2 * (torch.stack([column, row], 1) + within) - 4

    def log_prob(self, x: Tensor) -> Tensor:
        """Log density of x (B, 2) in nats, float64 (B,): -log 32 on the squares, -inf elsewhere."""
        square = (x.detach().double().cpu() + 4).div(2).floor()
        inside = ((square >= 0) & (square < 4)).all(1) & (square.sum(1) % 2 == 0)
        return torch.where(inside, -math.log(32.0), -math.inf).double()


def _grid(*values: float) -> Tensor:
    return torch.cartesian_prod(*[torch.tensor(values, dtype=torch.float64)] * 2)


def _circle(u: Tensor) -> Tensor:
    return 2 * torch.stack([torch.cos(2 * math.pi * u), torch.sin(2 * math.pi * u)], -1)


def _upper_moon(u: Tensor) -> Tensor:
    return torch.stack([2 * torch.cos(math.pi * u) - 1, 2 * torch.sin(math.pi * u) - 0.5], -1)


def _roll(u: Tensor) -> Tensor:
    t = math.pi * (1.5 + 3 * u)
    return torch.stack([t * torch.cos(t), t * torch.sin(t)], -1) / 4


TOYS: dict[str, Mixture | Checkerboard] = {
    "ring": Mixture(std=0.1, curves=(_circle,)),
    "8gaussians": Mixture(std=0.02, modes=_circle(torch.arange(8, dtype=torch.float64) / 8)),
    "25gaussians": Mixture(std=0.05, modes=_grid(-4, -2, 0, 2, 4)),
    "two-moons": Mixture(std=0.1, curves=(_upper_moon, lambda u: -_upper_moon(u))),
    "swiss-roll": Mixture(std=0.1, curves=(_roll,), nodes=640),
    "checkerboard": Checkerboard(),
}
"""By name. Each has `sample(n, seed)`, `log_prob(x)` and `modes`, (K, 2) or None."""
