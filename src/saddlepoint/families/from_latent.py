"""Samples made from one flat latent, whose prior is written down once."""

from __future__ import annotations

import abc
from typing import ClassVar, Literal, TypeVar

from pydantic import Field
from torch import Tensor

from saddlepoint.config import Config
from saddlepoint.priors import Slice, draw_slices
from saddlepoint.recipe import Recipe
from saddlepoint.types import Noise


class LatentConfig(Config):
    latent: int = Field(100, ge=1)
    """Dimensions of z."""


C = TypeVar("C", bound=LatentConfig)


class FromLatent(Recipe[C], abc.ABC):
    """A sample is `generate` of a draw of z, which is normal or uniform unless `slices` say otherwise."""

    z_prior: ClassVar[Literal["normal", "uniform"]] = "normal"

    @property
    def slices(self) -> tuple[Slice, ...]:
        return (Slice(size=self.config.latent, prior=self.z_prior),)

    def prior(self, noise: Noise) -> Tensor:
        return draw_slices(self.slices, noise)

    @abc.abstractmethod
    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """x of shape (B, *shape) from z of shape (B, D)."""

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        return self.generate(self.prior(noise), y)
