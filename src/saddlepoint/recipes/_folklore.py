"""What people advise for training a GAN, as switches of `dcgan`, each alone; the defaults are DCGAN's own ways.

Most are of Soumith Chintala's talk and list "How to train a GAN" (NeurIPS 2016). What they are worth is measured by
`saddle reproduce tips`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from saddlepoint.config import Config
from saddlepoint.errors import UserError
from saddlepoint.objectives.adversarial import discriminator_minimax, discriminator_targets
from saddlepoint.recipe import Player
from saddlepoint.types import Batch, DataSpec, Noise

POOLS = {"average": partial(nn.AvgPool2d, 2, ceil_mode=True), "max": partial(nn.MaxPool2d, 2, ceil_mode=True)}


class Folklore(Config):
    objective: Literal["nonsaturating", "minimax"] = "nonsaturating"
    """The generator maximises log D(G(z)), or minimises log(1 - D(G(z)))."""
    inputs: Literal["centred", "unit"] = "centred"
    """The discriminator sees pixels in [-1, 1], or in [0, 1]."""
    output: Literal["tanh", "linear"] = "tanh"
    """The generator's last layer is bounded by tanh, or not at all (samples are cut at [-1, 1])."""
    batches: Literal["apart", "joined"] = "apart"
    """Real and fake pass through the discriminator apart, or as one batch of shared statistics."""
    leak: float = Field(0.2, ge=0, lt=1)
    """Slope of the discriminator's activation below 0; 0: ReLU."""
    downsample: Literal["stride", "average", "max"] = "stride"
    """What halves the discriminator's maps: the convolution's stride, or average or max pooling after it."""
    soft_labels: float = Field(0.0, ge=0, lt=0.5)
    """The discriminator's targets are drawn from [1 - this, 1] for real and [0, this] for fake."""
    flipped_labels: float = Field(0.0, ge=0, lt=0.5)
    """Share of the discriminator's targets that are swapped at random."""
    d_optimizer: Literal["adam", "sgd"] = "adam"
    """The discriminator's optimiser; sgd has betas[0] as its momentum."""
    d_lr: float = Field(0.0, ge=0)
    """The discriminator's learning rate; 0: lr."""
    instance_noise: float = Field(0.0, ge=0)
    """Standard deviation of normal noise on all that the discriminator sees, at first."""
    instance_noise_images: int = Field(50_000, ge=1)
    """Images seen while the instance noise falls linearly to 0."""
    d_dropout: float = Field(0.0, ge=0, lt=1)
    """Share of the discriminator's hidden channels silenced at random in training."""
    g_dropout: float = Field(0.0, ge=0, lt=1)
    """Share of the generator's hidden channels silenced at random in training."""
    label_weight: float = Field(0.0, ge=0)
    """Weight of the discriminator's second task, to tell the classes of real examples; 0: no such task."""

    def of_generator(self) -> dict[str, Any]:
        """Options of its network."""
        return {"dropout": self.g_dropout, "bounded": self.output == "tanh"}

    def of_discriminator(self, spec: DataSpec) -> dict[str, Any]:
        """Options of its network: the first output is the logit of being real, the others are of classes.

        Raises:
            UserError: data without classes to be told apart.
        """
        if self.label_weight and len(spec.classes) < 2:
            raise UserError(f"label_weight={self.label_weight:g} needs labelled data, and this is {spec}.")
        outputs = 1 + (len(spec.classes) if self.label_weight else 0)
        return {
            "outputs": outputs,
            "leak": self.leak,
            "dropout": self.d_dropout,
            "pool": POOLS.get(self.downsample),
        }

    def with_optimizer(self, players: dict[str, Player]) -> dict[str, Player]:
        own = replace(players["discriminator"], optimizer=self.d_optimizer, lr=self.d_lr or players["discriminator"].lr)
        return {**players, "discriminator": own}

    def seen(self, x: Tensor, noise: Noise, images_seen: int) -> Tensor:
        """What the discriminator sees of x in [-1, 1]."""
        std = self.instance_noise * max(0.0, 1 - images_seen / self.instance_noise_images)
        if std:
            x = x + std * noise.normal(*x.shape[1:])
        return (x + 1) / 2 if self.inputs == "unit" else x

    def judge(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, noise: Noise, images_seen: int
    ) -> tuple[Tensor, Tensor]:
        """The discriminator's outputs for real and for fake, (B, outputs) each."""
        real, fake = self.seen(real, noise, images_seen), self.seen(fake, noise, images_seen)
        if self.batches == "joined":
            d_real, d_fake = discriminator(torch.cat([real, fake])).chunk(2)
            return d_real, d_fake
        return discriminator(real), discriminator(fake)

    def judge_fake(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, noise: Noise, images_seen: int
    ) -> Tensor:
        """The discriminator's outputs for fake in the generator's turn: joined with real ones there too."""
        if self.batches == "joined":
            return self.judge(discriminator, real, fake, noise, images_seen)[1]
        return discriminator(self.seen(fake, noise, images_seen))

    def discriminator_loss(self, d_real: Tensor, d_fake: Tensor, batch: Batch) -> Tensor:
        """The paper's loss, with other targets and a second task where they are asked for."""
        if self.soft_labels or self.flipped_labels:
            ones, zeros = 1 - self._targets(batch.noise), self._targets(batch.noise)
            loss = discriminator_targets(d_real[:, :1], d_fake[:, :1], ones, zeros)
        else:
            loss = discriminator_minimax(d_real[:, :1], d_fake[:, :1])
        if not self.label_weight:
            return loss
        assert batch.y is not None
        return loss + self.label_weight * cross_entropy(d_real[:, 1:].float(), batch.y)

    def _targets(self, noise: Noise) -> Tensor:
        """How far each target is from the hard one, (B, 1)."""
        off = self.soft_labels * noise.uniform(1)
        return torch.where(noise.uniform(1) < self.flipped_labels, 1 - off, off)
