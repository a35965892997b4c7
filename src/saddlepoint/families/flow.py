"""Models that map data to noise by an invertible network, so that the change of variables gives their density."""

from __future__ import annotations

import abc
import math
from collections.abc import Iterator
from typing import ClassVar, TypeVar

from pydantic import Field
from torch import Tensor

from saddlepoint.config import Config
from saddlepoint.distributions import Standard, StandardNormal
from saddlepoint.errors import UserError
from saddlepoint.networks.bijections import Bijection
from saddlepoint.objectives.likelihoods import Measure, bits_per_dimension
from saddlepoint.priors import Slice
from saddlepoint.recipe import Player, Recipe, Update
from saddlepoint.types import Batch, Losses, Noise


class FlowConfig(Config):
    lr: float = Field(1e-3, gt=0)
    """Adam's learning rate."""


C = TypeVar("C", bound=FlowConfig)


class Flow(Recipe[C], abc.ABC):
    """One player that raises log p(x) = log p(z) + log |det dz/dx| with z = f(x).

    A density fits images only after noise has been added to their levels: then its mean is a bound on the log of a
    probability (Theis et al. 2016, arXiv 1511.01844, section 3.1). On points nothing is added, and `elbo` is exact.
    """

    kinds = ("image", "points")
    averaged = ("flow",)
    base: ClassVar[type[Standard]] = StandardNormal
    """p(z), of independent numbers."""
    betas: ClassVar[tuple[float, float]] = (0.9, 0.999)
    eps: ClassVar[float] = 1e-8
    """Of Adam."""
    flow: Bijection

    @abc.abstractmethod
    def bijection(self) -> Bijection:
        """f, from (B, *shape) to (B, D); images come to it in [0, 1]."""

    def build(self) -> None:
        if self.spec.dimensions < 2:
            name = type(self).__name__
            raise UserError(f"{name} has one part of an example change another, and this is {self.spec}.")
        self.flow = self.bijection()

    def players(self) -> dict[str, Player]:
        return {"flow": Player(modules=(self.flow,), lr=self.config.lr, betas=self.betas, eps=self.eps)}

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        update("flow", self.objective, next(batches))

    def objective(self, batch: Batch) -> Losses:
        """-log p(x), or minus its bound, in nats per example; as bits for each dimension too."""
        nats = self.elbo(batch.x, batch.noise)
        bits = bits_per_dimension(nats, self.spec.dimensions, self.measure)
        return {"loss": -nats.mean(), "bits_per_dim": bits.mean()}

    @property
    def measure(self) -> Measure:
        """What `elbo` bounds: the log of a probability of images of so many levels, or of a density of points."""
        images: Measure = "binary" if self.spec.levels == 2 else "levels"
        return images if self.spec.kind == "image" else "density"

    def elbo(self, x: Tensor, noise: Noise, y: Tensor | None = None) -> Tensor:
        if self.spec.kind == "points":
            return self.log_density(x)
        return self.log_density(self.dequantised(x, noise.uniform(*self.spec.shape))) - self.log_bins

    def log_density(self, v: Tensor) -> Tensor:
        """Exact log-density in nats, (B,), of points, or of images whose pixels have become reals in [0, 1]."""
        z, log_det = self.flow(v)
        return self.base.log_prob(z) + log_det

    @property
    def log_bins(self) -> float:
        """From the log-density over [0, 1] to the log-probability of a bin: D log(levels)."""
        return self.spec.dimensions * math.log(self.spec.levels)

    def dequantised(self, x: Tensor, u: Tensor) -> Tensor:
        """Images in [-1, 1] as reals in [0, 1]: level i as (i + u) / levels, for u in [0, 1)."""
        levels = self.spec.levels
        return (((x.float() + 1) / 2 * (levels - 1)).round() + u) / levels

    def encode(self, x: Tensor) -> Tensor:
        """f(x); an image's pixels stand in the middles of their bins."""
        return self.flow(self.dequantised(x, x.new_full((), 0.5)) if self.spec.kind == "image" else x)[0]

    @property
    def slices(self) -> tuple[Slice, ...]:
        return (Slice(size=self.spec.dimensions, prior=self.base.name),)

    def prior(self, noise: Noise) -> Tensor:
        return self.base.sample(noise, self.spec.dimensions)

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The x whose code is z: of an image the levels in whose bins its reals lie, with these reals' gradient."""
        v = self.flow.inverse(z)
        if self.spec.kind == "points":
            return v
        levels = self.spec.levels
        level = (v * levels - 0.5).clamp(0, levels - 1)
        return 2 * (level.round().detach() + (level - level.detach())) / (levels - 1) - 1

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        return self.generate(self.prior(noise))
