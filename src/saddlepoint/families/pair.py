"""A two-player game on networks that it does not prescribe."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Annotated, TypeVar

from pydantic import Field
from torch import nn

from saddlepoint.config import Positive
from saddlepoint.families.two_player import TwoPlayer, TwoPlayerConfig
from saddlepoint.networks.pair import discriminator_for, generator_for


class PairConfig(TwoPlayerConfig):
    """A two-player game whose networks are left to us."""

    width: int = Field(128, ge=1)
    """Images: channels of the largest hidden maps, doubled at each halving of the size."""
    widths: Annotated[tuple[int, ...], Positive] = (512, 512, 512)
    """Points: units in the hidden layers of both networks."""


P = TypeVar("P", bound=PairConfig)


class Pair(TwoPlayer[P], abc.ABC):
    """A two-player game on DCGAN's networks for images and dense ones for points: only the objectives are its own."""

    kinds = ("image", "points")
    min_side = 8

    def build(self) -> None:
        self.build_pair()

    def build_pair(
        self, *, norm: Callable[[int], nn.Module] | None = nn.BatchNorm2d, output_bias: bool = True, outputs: int = 1
    ) -> None:
        """Make both networks. norm, output_bias, outputs: the discriminator's, see `discriminator_for`."""
        config = self.config
        self.generator = generator_for(self.spec, config.latent, config.width, config.widths)
        self.discriminator = discriminator_for(
            self.spec, config.width, config.widths, norm=norm, output_bias=output_bias, outputs=outputs
        )
