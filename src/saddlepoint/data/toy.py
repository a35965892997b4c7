"""Points whose density is known, so that a model of them can be judged exactly.

All but the checkerboard are mixtures of round Gaussians of one standard deviation: over a few modes, or over the
points of a curve. A curve's integral is a Gauss-Legendre sum whose nodes lie closer than half a standard
deviation, which leaves an error in log density far below float32.

- 8gaussians: modes on a circle of radius 2, deviation 0.02 (Metz et al. 2017, arXiv 1611.02163).
- 25gaussians: modes on the grid {-4, -2, 0, 2, 4}², deviation 0.05 (Dumoulin et al. 2017, arXiv 1606.00704).
- ring: a circle of radius 2, uniform in angle, deviation 0.1.
- two-moons: two interleaved half circles of radius 2, deviation 0.1.
- swiss-roll: r = t / 4 for t uniform in [1.5 pi, 4.5 pi], deviation 0.1.
- checkerboard: uniform on the eight dark squares of a 4 x 4 board over [-4, 4]².
- 1d-mixture: modes at -3, 0 and 2.5 on a line, with shares 0.5, 0.3 and 0.2, deviation 0.5.
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
REACH = 3.0
"""Standard deviations within which a sample is good."""
Curve = Callable[[Tensor], Tensor]
"""From u (...,) in [0, 1) to points (..., 2)."""


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Gaussians of deviation `std` around `modes` (K, D), or around the points of curves in the plane at uniform u.

    shares: (K,) how likely each mode is, which sum to 1; equally likely by default.
    """

    std: float
    modes: Tensor | None = None
    shares: Tensor | None = None
    curves: tuple[Curve, ...] = ()
    nodes: int = 256

    @property
    def weights(self) -> Tensor | None:
        """(K,) how likely each mode is, float64; None if there are no modes."""
        if self.modes is None or self.shares is not None:
            return self.shares
        return torch.full((len(self.modes),), 1 / len(self.modes), dtype=torch.float64)

    def sample(self, n: int, seed: int = 0) -> Tensor:
        """n points, float32 (n, D)."""
        generator = torch.Generator().manual_seed(derive_seed("toy", seed))
        if self.modes is not None:
            centres = self.modes[self._which(n, generator)]
        else:
            u = torch.rand(n, generator=generator, dtype=torch.float64)
            along = torch.stack([curve(u) for curve in self.curves])
            centres = along[torch.randint(len(along), (n,), generator=generator), torch.arange(n)]
        return (centres + self.std * torch.randn(centres.shape, generator=generator, dtype=torch.float64)).float()

    def log_prob(self, x: Tensor) -> Tensor:
        """Log density of x (B, D) in nats, float64 (B,)."""
        centres, weights = self._centres()
        scale = centres.shape[1] / 2 * math.log(2 * math.pi * self.std**2)
        parts: list[Tensor] = []
        for part in x.detach().double().cpu().split(4096):
            squared = torch.cdist(part, centres).square_()
            parts.append(torch.logsumexp(weights.log() - squared / (2 * self.std**2), dim=1) - scale)
        return torch.cat(parts) if parts else torch.empty(0, dtype=torch.float64)

    def cdf(self, x: Tensor) -> Tensor:
        """Probability of a draw at most x (B, 1), float64 (B,); for points on a line."""
        centres, weights = self._centres()
        assert centres.shape[1] == 1, "only numbers are in order"
        return torch.special.ndtr((x.detach().double().cpu() - centres.T) / self.std) @ weights

    def near(self, x: Tensor) -> Tensor:
        """Whether each of x (B, D) lies within `REACH` deviations of a mode or a curve, (B,)."""
        centres, _ = self._centres()
        nearest = [torch.cdist(part, centres).amin(1) for part in x.detach().double().cpu().split(4096)]
        return torch.cat([torch.empty(0, dtype=torch.float64), *nearest]) <= REACH * self.std

    def _which(self, n: int, generator: torch.Generator) -> Tensor:
        """(n,) the modes drawn from."""
        assert self.modes is not None
        if self.shares is None:
            return torch.randint(len(self.modes), (n,), generator=generator)
        return torch.multinomial(self.shares, n, replacement=True, generator=generator)

    def _centres(self) -> tuple[Tensor, Tensor]:
        """Points (K, D) and their weights (K,)."""
        if self.modes is not None and self.weights is not None:
            return self.modes, self.weights
        u, weights = (torch.from_numpy(a) for a in np.polynomial.legendre.leggauss(self.nodes))
        centres = torch.cat([curve((u + 1) / 2) for curve in self.curves])
        return centres, (weights / 2 / len(self.curves)).repeat(len(self.curves))


@dataclass(frozen=True, kw_only=True)
class Checkerboard:
    """Uniform on the squares (i, j) of side 2 with i + j even over [-4, 4]²; it has no modes."""

    modes: None = None
    weights: None = None

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

    def near(self, x: Tensor) -> Tensor:
        """Whether each of x (B, 2) lies on a dark square, (B,)."""
        return self.log_prob(x).isfinite()


def _line(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _grid(*values: float) -> Tensor:
    return torch.cartesian_prod(*[_line(*values)] * 2)


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
    "1d-mixture": Mixture(std=0.5, modes=_line(-3, 0, 2.5)[:, None], shares=_line(0.5, 0.3, 0.2)),
}
"""By name. Each has `sample(n, seed)`, `log_prob(x)` and `near(x)`; a mixture's modes have `modes` (K, D), `weights`
(K,) and `std`, and one on a line `cdf(x)`."""
