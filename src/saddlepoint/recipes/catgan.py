"""Categorical GAN.

Jost Tobias Springenberg: Unsupervised and Semi-supervised Learning with Categorical Generative Adversarial Networks.
ICLR 2016, arXiv 1511.06390.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import cross_entropy

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Config, Decays, Positive
from saddlepoint.distributed import broadcast, whole_batch
from saddlepoint.errors import UserError
from saddlepoint.networks.improved_gan import make_generator, make_judge
from saddlepoint.networks.weight_norm import initialise
from saddlepoint.objectives.entropy import conditional_entropy, marginal_entropy
from saddlepoint.recipe import Batches, Player, Recipe, Update
from saddlepoint.types import Batch, Losses, Noise


class CatGANConfig(Config):
    supervised: bool = True
    """Learn the classes by the labels that are known, where data has labels; else find categories without any."""
    categories: int = Field(20, ge=2)
    """Categories to find without labels."""
    label_weight: float = Field(1.0, gt=0)
    """Weight of the cross-entropy of known labels, the paper's lambda."""
    network: Literal["mlp", "standard"] = "mlp"
    """Dense networks with noise on every layer of D, or DCGAN's for images and ReLU layers for points."""
    widths: Annotated[tuple[int, ...], Positive] = (1000, 500, 250, 250, 250)
    """Units in D's hidden dense layers, and for points with network=standard in G's."""
    g_widths: Annotated[tuple[int, ...], Positive] = (500, 500)
    """network=mlp: softplus units in G's hidden layers."""
    noise: tuple[float, float] = (0.3, 0.5)
    """network=mlp: standard deviation of the noise on D's input, images being in [0, 1], and on its hidden layers."""
    width: int = Field(128, ge=1)
    """network=standard, images: channels of the largest hidden maps, doubled at each halving of the size."""
    latent: int = Field(100, ge=1)
    """Dimensions of z."""
    lr: float = Field(2e-4, gt=0)
    """Learning rate of both players."""
    betas: Annotated[tuple[float, float], Decays] = (0.5, 0.999)
    """Adam's decay rates."""


@register(
    "catgan",
    paper=Paper(
        title="Unsupervised and Semi-supervised Learning with Categorical Generative Adversarial Networks",
        authors="Springenberg, Jost Tobias",
        year=2016,
        venue="ICLR",
        arxiv="1511.06390",
    ),
    group="semi-supervised",
)
class CatGAN(Recipe[CatGANConfig]):
    """A discriminator that sorts data into categories with certainty, and is to be unsure of samples."""

    Config = CatGANConfig
    kinds = ("image", "points")
    compares = True
    averaged: ClassVar[tuple[str, ...]] = ("generator", "discriminator")

    def build(self) -> None:
        config, spec = self.config, self.spec
        self.classes = len(spec.classes) if config.supervised else 0
        width = config.width if config.network == "standard" else None
        if width and spec.kind == "image" and min(spec.shape[1:]) < 8:
            raise UserError(f"network=standard needs images of at least 8 pixels a side, and this is {spec}.")
        g_widths = config.g_widths if width is None else config.widths
        self.generator = make_generator(spec, config.latent, g_widths, width=width)
        outputs = self.classes or config.categories
        self.discriminator = make_judge(spec, config.widths, outputs, width=width, noise=config.noise)

    def players(self) -> dict[str, Player]:
        lr, betas = self.config.lr, self.config.betas
        return {
            "discriminator": Player(modules=(self.discriminator,), lr=lr, betas=betas),
            "generator": Player(modules=(self.generator,), lr=lr, betas=betas),
        }

    def step(self, batches: Batches, update: Update, t: int) -> None:
        batch = next(batches)
        labelled = next(batches.labelled) if self.classes else None
        if t == 0:
            initialise(self.discriminator, whole_batch(batch.x))
            broadcast(self.discriminator)
        update("discriminator", lambda part: self.discriminator_objective(part, labelled), batch)
        update("generator", self.generator_objective, next(batches))

    def discriminator_objective(self, batch: Batch, labelled: Batch | None) -> Losses:
        """Equation 7, and 8 with labels: certain of each example, even over all, unsure of each sample."""
        with torch.no_grad():
            fake = self.generate(self.prior(batch.noise))
        real, fake, *known = self.discriminator.each(batch.x, fake, *([labelled.x] if labelled else []))
        losses = {
            "even": marginal_entropy(whole_batch(real)),
            "unsure_real": conditional_entropy(real),
            "unsure_fake": conditional_entropy(fake),
        }
        loss = losses["unsure_real"] - losses["even"] - losses["unsure_fake"]
        if labelled:
            assert labelled.y is not None
            losses["class_loss"] = cross_entropy(known[0].float(), labelled.y)
            loss = loss + self.config.label_weight * losses["class_loss"]
        return {"loss": loss, **losses}

    def generator_objective(self, batch: Batch) -> Losses:
        """Equation 7: samples of which D is certain, even over the categories."""
        logits = self.discriminator(self.generate(self.prior(batch.noise)))
        return {"loss": conditional_entropy(logits) - marginal_entropy(whole_batch(logits))}

    def categories(self, x: Tensor) -> Tensor:
        """Logits of the classes, or of the categories found without labels: (B, K)."""
        return self.discriminator(x).float()

    def classify(self, x: Tensor) -> Tensor:
        """Logits of the classes, (B, K).

        Raises:
            UserError: it was trained without labels.
        """
        if not self.classes:
            raise UserError("This model was trained without labels: its categories are no classes.")
        return self.categories(x)

    def prior(self, noise: Noise) -> Tensor:
        return 2 * noise.uniform(self.config.latent) - 1

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.generator(z)

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        return self.generate(self.prior(noise), y)
