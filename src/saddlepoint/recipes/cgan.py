"""Conditional GAN.

Mehdi Mirza, Simon Osindero: Conditional Generative Adversarial Nets. 2014, arXiv 1411.1784.
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import one_hot

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Positive
from saddlepoint.errors import UserError
from saddlepoint.families import ConditionalTwoPlayer, TwoPlayerConfig
from saddlepoint.networks.blocks import Maxout
from saddlepoint.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from saddlepoint.networks.mlp import ToExamples
from saddlepoint.priors import Slice
from saddlepoint.types import DataSpec


class CGANConfig(TwoPlayerConfig):
    # The paper anneals SGD with momentum; Adam with DCGAN's values serves both kinds of network.
    network: Literal["mlp", "conv"] = "mlp"
    """The paper's dense networks, or DCGAN's (images of 8 pixels a side or more)."""
    g_widths: Annotated[tuple[int, int, int], Positive] = (200, 1000, 1200)
    """network=mlp: ReLU units in the generator for z, for y, and joint."""
    d_widths: Annotated[tuple[int, int, int], Positive] = (240, 50, 240)
    """network=mlp: maxout units in the discriminator for x, for y, and joint."""
    dropout: float = Field(0.5, ge=0, lt=1)
    """network=mlp: share of the discriminator's hidden units silenced at random in training."""
    width: int = Field(128, ge=1)
    """network=conv: channels of the largest hidden maps, doubled at each halving of the size."""


class DenseGenerator(nn.Module):
    """z (B, latent), y (B,) -> (B, *shape): ReLU layers of z and of y apart, then a joint one. Section 4.1."""

    def __init__(self, latent: int, spec: DataSpec, widths: tuple[int, int, int]) -> None:
        super().__init__()
        z_width, y_width, joint = widths
        self.classes = len(spec.classes)
        self.from_z, self.from_y = nn.Linear(latent, z_width), nn.Linear(self.classes, y_width)
        self.joint = nn.Sequential(
            nn.Linear(z_width + y_width, joint), nn.ReLU(), nn.Linear(joint, spec.dimensions), ToExamples(spec)
        )

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        label = one_hot(y, self.classes).to(z.dtype)
        return self.joint(torch.cat([self.from_z(z), self.from_y(label)], 1).relu())


class DenseDiscriminator(nn.Module):
    """x (B, *shape), y (B,) -> logits (B, 1): maxout layers of x and of y apart, then a joint one. Section 4.1."""

    def __init__(self, spec: DataSpec, widths: tuple[int, int, int], dropout: float) -> None:
        super().__init__()
        x_width, y_width, joint = widths
        self.classes = len(spec.classes)
        self.from_x, self.from_y = Maxout(spec.dimensions, x_width, 5), Maxout(self.classes, y_width, 5)
        self.joint = nn.Sequential(
            nn.Dropout(dropout), Maxout(x_width + y_width, joint, 4), nn.Dropout(dropout), nn.Linear(joint, 1)
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        label = one_hot(y, self.classes).to(x.dtype)
        return self.joint(torch.cat([self.from_x(x.flatten(1)), self.from_y(label)], 1))


@register(
    "cgan",
    group="conditional",
    paper=Paper(
        title="Conditional Generative Adversarial Nets",
        authors="Mirza, Mehdi and Osindero, Simon",
        year=2014,
        arxiv="1411.1784",
    ),
    presets={"cgan_conv": {"network": "conv"}},
)
class CGAN(ConditionalTwoPlayer[CGANConfig]):
    """Both players see the label, so the generator can be asked for a class."""

    Config = CGANConfig
    kinds = ("image", "points")

    def build(self) -> None:
        spec, config = self.spec, self.config
        if config.network == "mlp":
            self.generator = DenseGenerator(config.latent, spec, config.g_widths)
            self.discriminator = DenseDiscriminator(spec, config.d_widths, config.dropout)
            return
        if spec.kind != "image" or min(spec.shape[1:]) < 8:
            raise UserError(
                f"network=conv needs images of at least 8 pixels a side, and this is {spec}; use network=mlp."
            )
        self.generator = DCGANGenerator(config.latent, spec.shape, config.width, len(spec.classes))
        self.discriminator = DCGANDiscriminator(spec.shape, config.width, len(spec.classes))

    @property
    def slices(self) -> tuple[Slice, ...]:
        """z standard normal, and for DCGAN's networks uniform on [-1, 1] as in theirs.

        The paper's is uniform on [0, 1], without 0 at its centre: both kinds of network learn to overlook it and make
        one image of each class (convolutional, MNIST, 20,000 images: a pixel's standard deviation within a class is
        0.01, against 0.24 with this).
        """
        return (Slice(size=self.config.latent, prior="normal" if self.config.network == "mlp" else "uniform"),)
