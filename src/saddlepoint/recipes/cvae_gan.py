"""CVAE-GAN.

Jianmin Bao, Dong Chen, Fang Wen, Houqiang Li, Gang Hua: CVAE-GAN: Fine-Grained Image Generation through Asymmetric
Training. ICCV 2017, arXiv 1703.10155.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field
from torch import Tensor
from torch.nn.functional import cross_entropy

from saddlepoint.catalogue import Paper, register
from saddlepoint.distributed import whole_batch
from saddlepoint.families import AutoencodingConfig, AutoencodingGAN
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.objectives.divergences import kl_to_standard_normal
from saddlepoint.objectives.feature_matching import half_squared, of_class_means, of_means
from saddlepoint.recipe import Player, Update
from saddlepoint.types import Batch, Losses


class CVAEGANConfig(AutoencodingConfig):
    latent: int = Field(256, ge=1)
    """Dimensions of z."""
    prior_weight: float = Field(3.0, ge=0)
    """Of the KL to the prior (lambda_1)."""
    pair_weight: float = Field(1.0, ge=0)
    """Of each reconstruction's likeness to its example, in pixels and in features of D and C (lambda_2)."""
    mean_weight: float = Field(1e-3, ge=0)
    """Of the match of the samples' mean features of D with the data's (lambda_3)."""
    class_weight: float = Field(1e-3, ge=0)
    """Of the match of each class's mean features of C (lambda_4)."""


@register(
    "cvae_gan",
    paper=Paper(
        title="CVAE-GAN: Fine-Grained Image Generation through Asymmetric Training",
        authors="Bao, Jianmin and Chen, Dong and Wen, Fang and Li, Houqiang and Hua, Gang",
        year=2017,
        venue="ICCV",
        arxiv="1703.10155",
    ),
    group="variational",
)
class CVAEGAN(AutoencodingGAN[CVAEGANConfig]):
    """A conditional VAE/GAN whose generator matches mean features, of D and by class of a classifier."""

    Config = CVAEGANConfig
    conditional = True
    compares = True

    def build(self) -> None:
        spec, config = self.spec, self.config
        classes, width, widths = len(spec.classes), config.width, config.widths
        self.encoder = discriminator_for(spec, width, widths, classes, outputs=2 * config.latent)
        self.generator = generator_for(spec, config.latent, width, widths, classes)
        self.discriminator = discriminator_for(spec, width, widths)
        self.classifier = discriminator_for(spec, width, widths, outputs=classes)

    def players(self) -> dict[str, Player]:
        lr, betas = self.config.lr, self.config.betas
        return {**super().players(), "classifier": Player(modules=(self.classifier,), lr=lr, betas=betas)}

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        super().step(batches, update, t)
        update("classifier", self.classifier_objective, next(batches))

    def encoder_objective(self, batch: Batch) -> Losses:
        """lambda_1 L_KL + lambda_2 L_G (equations 6 and 7)."""
        q = self.posterior(batch.x, batch.y)
        again = self.generator(q.sample(batch.noise.normal(self.config.latent)), batch.y)
        kl, unlike = kl_to_standard_normal(q).mean(), self.unlikeness(batch.x, again)
        return {"loss": self.config.prior_weight * kl + self.config.pair_weight * unlike, "kl": kl, "pairs": unlike}

    def generator_objective(self, batch: Batch) -> Losses:
        """lambda_2 L_G + lambda_3 L_GD + lambda_4 L_GC (equations 4 to 7): G matches means, and deceives no one."""
        config, (again, sample) = self.config, self.made(batch)
        assert batch.y is not None
        seen, drawn = (whole_batch(self.features(x)) for x in (batch.x, sample))
        told, shown = (whole_batch(self.classifier.features(x)) for x in (batch.x, sample))
        means, pairs = of_means(seen, drawn), self.unlikeness(batch.x, again)
        by_class = of_class_means(told, shown, whole_batch(batch.y), len(self.spec.classes))
        loss = config.pair_weight * pairs + config.mean_weight * means + config.class_weight * by_class
        return {"loss": loss, "pairs": pairs, "means": means, "class_means": by_class}

    def classifier_objective(self, batch: Batch) -> Losses:
        """L_C (equation 3): the cross-entropy of the labels."""
        assert batch.y is not None
        return {"loss": cross_entropy(self.classifier(batch.x).float(), batch.y)}

    def unlikeness(self, x: Tensor, again: Tensor) -> Tensor:
        """L_G, equation 6: half the squared distance in pixels and in the last hidden layers of D and of C."""
        features = (self.features, self.classifier.features)
        return half_squared(x, again) + sum(half_squared(f(x), f(again)) for f in features)

    def encode(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """The mean of q(z|x, y); y as the classifier finds it, unless given."""
        return self.posterior(x, self.classify(x).argmax(1) if y is None else y).mean

    def classify(self, x: Tensor) -> Tensor:
        """Logits of the classes, (B, K)."""
        return self.classifier(x).float()
