"""Distributions that codes are to have: drawn whole, or one part at a time.

The two in the plane are those of Makhzani et al. 2015 (arXiv 1511.05644), figures 2 and 4. The paper shows them without
their constants; ours give codes of about unit size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor
from torch.nn.functional import normalize, one_hot

from saddlepoint.errors import UserError
from saddlepoint.types import Noise


@dataclass(frozen=True, kw_only=True)
class Slice:
    """So many neighbouring numbers of a latent, and how they are distributed.

    normal: independent standard normals; uniform: independent, on [-1, 1]; sphere: uniform on the sphere of radius
    sqrt(size); logistic: independent, of density sigmoid(z) sigmoid(-z); category: one-hot, each with equal
    probability; learned: as training made it.
    """

    name: str = "z"
    size: int
    prior: Literal["normal", "uniform", "sphere", "logistic", "category", "learned"]


def draw_slices(slices: Sequence[Slice], noise: Noise) -> Tensor:
    """A latent of these slices for each row of the noise, drawn in their order: (B, D)."""
    return torch.cat([_DRAWS[part.prior](noise, part.size) for part in slices], 1)


_DRAWS: dict[str, Callable[[Noise, int], Tensor]] = {
    "normal": lambda noise, size: noise.normal(size),
    "uniform": lambda noise, size: 2 * noise.uniform(size) - 1,
    "sphere": lambda noise, size: normalize(noise.normal(size)) * size**0.5,
    "category": lambda noise, size: one_hot(noise.integers(size), size).float(),
}
"""Those that a draw can be made of without the model."""


class Prior(Protocol):
    def draw(self, noise: Noise, part: Tensor | None = None) -> Tensor:
        """z (B, D), one for each row of the noise. part: (B,) from which of its parts each comes, -1 for any."""
        ...


@dataclass(frozen=True)
class StandardNormal:
    """N(0, I) in so many dimensions; it has no parts."""

    dimensions: int

    def draw(self, noise: Noise, part: Tensor | None = None) -> Tensor:
        assert part is None, "a normal has no parts"
        return noise.normal(self.dimensions)


@dataclass(frozen=True)
class Petals:
    """Normals in the plane like the petals of a flower: as many as there are parts, each pointing outwards."""

    parts: int
    distance: float = 1.4
    """Of each mean from the middle."""
    along: float = 0.7
    """Standard deviation outwards."""
    across: float = 0.3
    """Standard deviation at right angles to that."""

    def draw(self, noise: Noise, part: Tensor | None = None) -> Tensor:
        angle = 2 * math.pi * _chosen(noise, self.parts, part) / self.parts
        outwards, sideways = noise.normal(2).unbind(1)
        outwards, sideways = self.distance + self.along * outwards, self.across * sideways
        x, y = outwards * angle.cos() - sideways * angle.sin(), outwards * angle.sin() + sideways * angle.cos()
        return torch.stack([x, y], 1)


@dataclass(frozen=True)
class SwissRoll:
    """A spiral in the plane, cut into parts from the middle outwards; even along its length but in the very middle."""

    parts: int
    turns: float = 2.0
    radius: float = 3.0
    std: float = 0.1
    """Standard deviation of the noise around the spiral."""

    def draw(self, noise: Noise, part: Tensor | None = None) -> Tensor:
        along = ((_chosen(noise, self.parts, part) + noise.uniform()) / self.parts).sqrt()
        angle = 2 * math.pi * self.turns * along
        spiral = self.radius * along[:, None] * torch.stack([angle.cos(), angle.sin()], 1)
        return spiral + self.std * noise.normal(2)


def _chosen(noise: Noise, parts: int, part: Tensor | None) -> Tensor:
    """(B,) the part of each row, drawn where it is not given."""
    anywhere = noise.integers(parts)
    return anywhere if part is None else torch.where(part < 0, anywhere, part)


def make_prior(name: Literal["normal", "mixture", "swiss_roll"], latent: int, parts: int, by_part: bool) -> Prior:
    """A prior of z (B, latent) by its name. by_part: whether parts of it are to be drawn.

    Raises:
        UserError: one in the plane for other than two dimensions, or parts of what has none.
    """
    if name == "normal":
        if by_part:
            raise UserError("label_prior=True needs a prior of parts, and prior=normal has none: prior=mixture has.")
        return StandardNormal(latent)
    if latent != 2:
        raise UserError(f"prior={name} lies in the plane: it needs latent=2, and this is latent={latent}.")
    return Petals(parts) if name == "mixture" else SwissRoll(parts)
