"""Any objective with any penalty on any network.

Lars Mescheder, Andreas Geiger, Sebastian Nowozin: Which Training Methods for GANs do actually Converge? ICML 2018,
arXiv 1801.04406. The paper puts objectives and penalties side by side, and its R1 is the preset `r1_gan`.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from saddlepoint.catalogue import Paper, register
from saddlepoint.distributed import whole_batch
from saddlepoint.errors import UserError
from saddlepoint.families import PairConfig, TwoPlayer
from saddlepoint.networks import r3gan
from saddlepoint.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from saddlepoint.networks.mlp import ToExamples, mlp
from saddlepoint.networks.spectral import spectral
from saddlepoint.objectives.games import GAMES
from saddlepoint.objectives.legality import Composition, refusal
from saddlepoint.objectives.penalty import WEIGHTS, penalty
from saddlepoint.types import Batch, Losses

Objective = Literal[
    "nonsaturating",
    "minimax",
    "least_squares",
    "hinge",
    "wasserstein",
    "relativistic_pairing",
    "relativistic_average",
    "boundary_seeking",
    "kl",
    "kl_minimax",
    "reverse_kl",
    "reverse_kl_minimax",
    "pearson",
    "pearson_minimax",
    "squared_hellinger",
    "squared_hellinger_minimax",
    "jensen_shannon",
    "jensen_shannon_minimax",
]
Penalty = Literal["r1", "r2", "wgan_gp", "dragan", "zero_centred", "orthogonal"]
NORMS = {"batch": nn.BatchNorm2d, "layer": partial(nn.GroupNorm, 1)}


class ComposedGANConfig(PairConfig):
    objective: Objective = "nonsaturating"
    """The game's losses."""
    penalties: tuple[Penalty, ...] = ()
    """What the discriminator pays for besides."""
    weights: tuple[float, ...] | None = None
    """One for each penalty; by default their papers': 1e-4 for orthogonal, 10 for the others."""
    network: Literal["auto", "mlp", "dcgan", "r3gan"] = "auto"
    """Both players' networks; auto: dcgan for images, mlp for points."""
    norm: Literal["none", "batch", "layer", "spectral"] = "none"
    """Normalisation of the discriminator's hidden layers, or of its weights."""


@register(
    "composed_gan",
    paper=Paper(
        title="Which Training Methods for GANs do actually Converge?",
        authors="Mescheder, Lars and Geiger, Andreas and Nowozin, Sebastian",
        year=2018,
        venue="ICML",
        arxiv="1801.04406",
    ),
    group="objective",
    presets={"r1_gan": {"penalties": ["r1"]}},
)
class ComposedGAN(TwoPlayer[ComposedGANConfig]):
    """Any objective with any penalty on any network, where they go together; r1_gan is non-saturating with R1."""

    Config = ComposedGANConfig
    kinds = ("image", "points")

    def build(self) -> None:
        config, image = self.config, self.spec.kind == "image"
        network = config.network if config.network != "auto" else "dcgan" if image else "mlp"
        self._refuse_nonsense(network)
        self.game = GAMES[config.objective]
        # Of the instance, because it depends on the config.
        self.compares = self.game.compares or "dragan" in config.penalties  # pyright: ignore
        weights = config.weights or [WEIGHTS[name] for name in config.penalties]
        self.weights: dict[str, float] = dict(zip(config.penalties, weights, strict=True))
        bias = not self.game.differences
        if network == "mlp":
            size = self.spec.dimensions
            self.generator = nn.Sequential(mlp(config.latent, config.widths, size), ToExamples(self.spec))
            self.discriminator = nn.Sequential(nn.Flatten(), mlp(size, config.widths, 1, output_bias=bias))
        elif network == "dcgan":
            self.generator = DCGANGenerator(config.latent, self.spec.shape, config.width)
            norm = NORMS.get(config.norm)
            self.discriminator = DCGANDiscriminator(self.spec.shape, config.width, norm=norm, output_bias=bias)
        else:
            shape = r3gan.Shape(width=config.width, blocks=2, expansion=2, group=16)
            self.generator = r3gan.Generator(self.spec.shape, config.latent, shape)
            self.discriminator = r3gan.Discriminator(self.spec.shape, shape)
        if config.norm == "spectral":
            spectral(self.discriminator)

    def _refuse_nonsense(self, network: str) -> None:
        config = self.config
        parts = Composition(objective=config.objective, penalties=config.penalties, network=network, norm=config.norm)
        if because := refusal(parts):
            raise UserError(because)
        if config.weights is not None and len(config.weights) != len(config.penalties):
            raise UserError(
                f"weights={list(config.weights)} is not one for each of penalties={list(config.penalties)}."
            )
        if network != "mlp" and (self.spec.kind != "image" or min(self.spec.shape[1:]) < 8):
            raise UserError(
                f"network={network} needs images of at least 8 pixels a side, and this is {self.spec}; use network=mlp."
            )
        if network == "r3gan" and config.width % 16:
            raise UserError(f"width={config.width} is not a multiple of 16, and network=r3gan has groups of 16.")

    def discriminator_objective(self, batch: Batch) -> Losses:
        """The game's loss and the weighted penalties."""
        with torch.no_grad():
            fake = self.generator(self.prior(batch.noise))
        d_real, d_fake = self.scores(batch.x), self.scores(fake)
        adversarial = self.game.discriminator(d_real, d_fake)
        terms = {name: self.penalty(name, batch, fake) for name in self.weights}
        loss = adversarial + sum(self.weights[name] * term for name, term in terms.items())
        margin = d_real.float().mean() - d_fake.float().mean()
        return {"loss": loss, "adversarial": adversarial, "margin": margin, **terms}

    def scores(self, x: Tensor) -> Tensor:
        """Of these rows, or of all processes' where the game compares them."""
        return whole_batch(self.discriminator(x)) if self.game.compares else self.discriminator(x)

    def penalty(self, name: str, batch: Batch, fake: Tensor) -> Tensor:
        """One penalty before its weight, in float32."""
        deviation = whole_batch(batch.x.float()).std() if name == "dragan" else batch.x.new_zeros(())
        return penalty(name, self.discriminator, batch.x.float(), fake.float(), batch.noise, deviation)

    def generator_objective(self, batch: Batch) -> Losses:
        """The game's other loss."""
        real = fake = self.scores(self.generator(self.prior(batch.noise)))
        if self.game.generator_sees_real:
            with torch.no_grad():  # it holds no parameter of G
                real = self.scores(batch.x)
        return {"loss": self.game.generator(real, fake)}
