"""The adversarial games by name, each a pair of losses over the scores of data and of fakes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from saddlepoint.objectives import adversarial as losses
from saddlepoint.objectives.boundary_seeking import generator_continuous
from saddlepoint.objectives.f_divergences import (
    F_DIVERGENCES,
    FDivergence,
    generator_alternative,
    generator_variational,
    variational_value,
)

Loss = Callable[[Tensor, Tensor], Tensor]
"""From the scores of real and of fake examples, (B,) or (B, 1) each, to what is minimised."""


@dataclass(frozen=True, kw_only=True)
class Game:
    """Both players' losses.

    generator_sees_real: whether its loss depends on the scores of data; differences: whether only differences of scores
    matter, so that a constant in the discriminator's output would never move; compares: whether an example's loss
    depends on the rest of the batch.
    """

    discriminator: Loss
    generator: Loss
    generator_sees_real: bool = False
    differences: bool = False
    compares: bool = False


def _f_gan(divergence: FDivergence, generator: Callable[[FDivergence, Tensor], Tensor]) -> Game:
    return Game(
        discriminator=lambda real, fake: -variational_value(divergence, real, fake),
        generator=lambda real, fake: generator(divergence, fake),
    )


GAMES: dict[str, Game] = {
    "nonsaturating": Game(
        discriminator=losses.discriminator_minimax, generator=lambda real, fake: losses.generator_nonsaturating(fake)
    ),
    "minimax": Game(
        discriminator=losses.discriminator_minimax, generator=lambda real, fake: losses.generator_minimax(fake)
    ),
    "least_squares": Game(
        discriminator=losses.discriminator_least_squares,
        generator=lambda real, fake: losses.generator_least_squares(fake),
    ),
    "hinge": Game(
        discriminator=losses.discriminator_hinge, generator=lambda real, fake: losses.generator_wasserstein(fake)
    ),
    "wasserstein": Game(
        discriminator=losses.critic_wasserstein,
        generator=lambda real, fake: losses.generator_wasserstein(fake),
        differences=True,
    ),
    "relativistic_pairing": Game(
        discriminator=losses.relativistic_pairing_discriminator,
        generator=losses.relativistic_pairing_generator,
        generator_sees_real=True,
        differences=True,
    ),
    "relativistic_average": Game(
        discriminator=losses.relativistic_average_discriminator,
        generator=losses.relativistic_average_generator,
        generator_sees_real=True,
        differences=True,
        compares=True,
    ),
    "boundary_seeking": Game(
        discriminator=losses.discriminator_minimax, generator=lambda real, fake: generator_continuous(fake)
    ),
}
# Of f-GAN's divergences "gan" is there already: as nonsaturating, and as minimax, after which the others are named.
for _name, _divergence in F_DIVERGENCES.items():
    if _name != "gan":
        GAMES[_name] = _f_gan(_divergence, generator_alternative)
        GAMES[f"{_name}_minimax"] = _f_gan(_divergence, generator_variational)
