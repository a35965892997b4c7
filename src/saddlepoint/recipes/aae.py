"""Adversarial autoencoder.

Alireza Makhzani, Jonathon Shlens, Navdeep Jaitly, Ian Goodfellow, Brendan Frey: Adversarial Autoencoders.
2015, arXiv 1511.05644.
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from saddlepoint import config
from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Decays, Positive
from saddlepoint.errors import UserError
from saddlepoint.networks.two_heads import TwoHeads, TwoJudges, TwoPartDecoder
from saddlepoint.objectives.adversarial import discriminator_minimax, generator_nonsaturating
from saddlepoint.priors import Slice, make_prior
from saddlepoint.recipe import Batches, Player, Recipe, Update
from saddlepoint.types import Batch, Losses, Noise

Widths = Annotated[tuple[int, ...], Positive, Field(min_length=1)]


class AAEConfig(config.Config):
    task: Literal["auto", "unsupervised", "supervised", "semi_supervised", "clustering"] = "auto"
    """What the decoder sees beside z: nothing; the label; a class that the encoder finds, taught by known labels; a
    cluster that it finds by itself. auto: semi_supervised where data has labels, else unsupervised."""
    prior: Literal["normal", "mixture", "swiss_roll"] = "normal"
    """Of z; mixture and swiss_roll lie in the plane, so they need latent=2."""
    label_prior: bool = False
    """Each class has its own part of the prior: a normal of the mixture, a piece of the roll (section 2.3)."""
    latent: int = Field(10, ge=1)
    """Dimensions of z."""
    clusters: int = Field(16, ge=2)
    """task=clustering: how many there are to find."""
    widths: Widths = (1000, 1000)
    """Units in the hidden layers of the encoder and, in reverse, of the decoder."""
    d_widths: Widths = (1000, 1000)
    """Units in the hidden layers of each discriminator."""
    noise: float = Field(0.3, ge=0)
    """Images: standard deviation of the noise on the encoder's input in training, pixels being in [0, 1]."""
    lr: float = Field(1e-3, gt=0)
    """Adam's learning rate of autoencoder and classifier."""
    adversarial_lr: float = Field(1e-3, gt=0)
    """Adam's learning rate of the discriminators, and of the encoder against them."""
    betas: Annotated[tuple[float, float], Decays] = (0.5, 0.999)
    """Adam's decay rates."""


@register(
    "aae",
    paper=Paper(
        title="Adversarial Autoencoders",
        authors="Makhzani, Alireza and Shlens, Jonathon and Jaitly, Navdeep and Goodfellow, Ian and Frey, Brendan",
        year=2015,
        arxiv="1511.05644",
    ),
    group="variational",
    presets={
        "aae_unsupervised": {"task": "unsupervised"},
        "aae_supervised": {"task": "supervised"},
        "aae_clustering": {"task": "clustering", "adversarial_lr": 1e-4},
    },
)
class AAE(Recipe[AAEConfig]):
    """An autoencoder whose codes an adversary holds to a prior of one's choice, and a second one to classes."""

    Config = AAEConfig
    kinds = ("image", "points")
    averaged = ("encoder", "decoder")

    def build(self) -> None:
        config, spec, classes = self.config, self.spec, len(self.spec.classes)
        auto = "semi_supervised" if classes > 1 else "unsupervised"
        self.task = auto if config.task == "auto" else config.task
        self.conditional = self.task == "supervised"
        taught = self.task in ("supervised", "semi_supervised")
        if classes < 2 and (taught or config.label_prior):
            asks = f"task={self.task}" if taught else "label_prior=True"
            raise UserError(f"{asks} needs labelled data of two classes or more, and this is {spec}.")
        self.found = {"semi_supervised": classes, "clustering": config.clusters}.get(self.task, 0)
        self.z_prior = make_prior(config.prior, config.latent, classes or 10, config.label_prior)
        noise = config.noise if spec.kind == "image" else 0.0
        self.encoder = TwoHeads(spec, config.widths, config.latent, self.found, noise)
        told = classes if self.conditional else self.found
        self.decoder = TwoPartDecoder(spec, config.widths[::-1], config.latent, told)
        told = classes if config.label_prior else 0
        self.discriminator = TwoJudges(config.latent, self.found, config.d_widths, told)

    def players(self) -> dict[str, Player]:
        encoder = self.encoder
        playing: dict[str, tuple[nn.Module, ...]] = {
            "autoencoder": (encoder, self.decoder),
            "discriminator": (self.discriminator,),
            "encoder": (encoder,),
        }
        if self.task == "semi_supervised":
            assert encoder.y is not None
            playing["classifier"] = (encoder.trunk, encoder.y)
        rates: dict[str, float] = dict.fromkeys(("discriminator", "encoder"), self.config.adversarial_lr)
        lr, betas = self.config.lr, self.config.betas
        return {name: Player(modules=part, lr=rates.get(name, lr), betas=betas) for name, part in playing.items()}

    def step(self, batches: Batches, update: Update, t: int) -> None:
        batch = next(batches)
        if self.task == "supervised":  # examples whose labels are known, which may be all
            batch = next(batches.labelled)
        update("autoencoder", self.reconstruction_objective, batch)
        update("discriminator", self.discriminator_objective, batch)
        update("encoder", self.encoder_objective, batch)
        if self.task == "semi_supervised":
            update("classifier", self.classification_objective, next(batches.labelled))

    def reconstruction_objective(self, batch: Batch) -> Losses:
        """|x - x'|² / 2, of images with pixels in [0, 1]."""
        z, logits = self.encoder(batch.x)
        again = self.decoder(z, batch.y if self.task == "supervised" else logits.softmax(1))
        error = (batch.x - again).float().flatten(1).square().sum(1).mean() / 2
        return {"loss": error / 4 if self.spec.kind == "image" else error}

    def discriminator_objective(self, batch: Batch) -> Losses:
        """Each adversary tells the prior's from the encoder's: z, and one-hot categories from probabilities."""
        with torch.no_grad():
            z, logits = self.encoder(batch.x)
        y = batch.y if self.config.label_prior else None
        real = self.discriminator(*self._prior(batch.noise, y), y)
        fake = self.discriminator(z, logits.softmax(1), y)
        losses = {key: discriminator_minimax(real[key], fake[key]) for key in real}
        return {"loss": torch.stack([*losses.values()]).sum(), **losses}

    def encoder_objective(self, batch: Batch) -> Losses:
        """The encoder deceives both, in the non-saturating form of Goodfellow et al. 2014."""
        z, logits = self.encoder(batch.x)
        judged = self.discriminator(z, logits.softmax(1), batch.y)
        losses = {key: generator_nonsaturating(d) for key, d in judged.items()}
        return {"loss": torch.stack([*losses.values()]).sum(), **losses}

    def classification_objective(self, batch: Batch) -> Losses:
        """The cross-entropy of the labels that are known."""
        assert batch.y is not None
        return {"loss": cross_entropy(self.categories(batch.x), batch.y)}

    def categories(self, x: Tensor) -> Tensor:
        """Logits of the classes, or of the clusters, that the encoder finds: (B, K)."""
        return self.encoder(x)[1]

    def classify(self, x: Tensor) -> Tensor:
        """Logits of the classes, (B, K).

        Raises:
            UserError: it was not trained to classify.
        """
        if self.task != "semi_supervised":
            raise UserError(f"task={self.task} learns no classes: task=semi_supervised does.")
        return self.categories(x)

    def encode(self, x: Tensor) -> Tensor:
        """z; before it the probabilities of the classes or clusters, if the encoder finds any."""
        z, logits = self.encoder(x)
        return torch.cat([logits.softmax(1), z], 1)

    @property
    def slices(self) -> tuple[Slice, ...]:
        z = Slice(size=self.config.latent, prior="normal" if self.config.prior == "normal" else "learned")
        return (Slice(name="category", size=self.found, prior="category"), z) if self.found else (z,)

    def prior(self, noise: Noise) -> Tensor:
        """z; before it a class or cluster as one-hot, if the encoder finds any."""
        z, categories = self._prior(noise)
        return torch.cat([categories, z], 1)

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.decoder(z, y)

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        return self.generate(self.prior(noise), y)

    def _prior(self, noise: Noise, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """What z, of the part of these classes if given, and the categories found are to be distributed as."""
        z = self.z_prior.draw(noise, y)
        return z, one_hot(noise.integers(self.found), self.found).float() if self.found else z[:, :0]
