"""A discriminator that classifies, taught by few labels and by what is real."""

from __future__ import annotations

import abc
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import Field
from torch import Tensor

from saddlepoint.config import Decays, Positive
from saddlepoint.distributed import broadcast, whole_batch
from saddlepoint.errors import UserError
from saddlepoint.families.from_latent import FromLatent, LatentConfig
from saddlepoint.networks.improved_gan import Judge, make_generator, make_judge
from saddlepoint.networks.weight_norm import initialise
from saddlepoint.recipe import Batches, Player, Update
from saddlepoint.types import Batch, Losses


class SemiSupervisedConfig(LatentConfig):
    """Networks are those of Salimans et al. 2016 (arXiv 1606.03498) for MNIST, or those of other methods."""

    supervised: bool = True
    """Learn to classify by the labels that are known, where data has labels."""
    network: Literal["mlp", "standard"] = "mlp"
    """Dense networks with noise on every layer of D, or DCGAN's for images and ReLU layers for points."""
    widths: Annotated[tuple[int, ...], Positive, Field(min_length=1)] = (1000, 500, 250, 250, 250)
    """Units in D's hidden dense layers, and for points with network=standard in G's."""
    g_widths: Annotated[tuple[int, ...], Positive] = (500, 500)
    """network=mlp: softplus units in G's hidden layers."""
    noise: Annotated[tuple[float, float], Field(min_length=2)] = (0.3, 0.5)
    """network=mlp: standard deviation of the noise on D's input, images being in [0, 1], and on its hidden layers."""
    width: int = Field(128, ge=1)
    """network=standard, images: channels of the largest hidden maps, doubled at each halving of the size."""
    lr: float = Field(3e-3, gt=0)
    """Learning rate of both players."""
    betas: Annotated[tuple[float, float], Decays] = (0.5, 0.999)
    """Adam's decay rates."""


C = TypeVar("C", bound=SemiSupervisedConfig)


class SemiSupervised(FromLatent[C], abc.ABC):
    """One step of a discriminator on data, samples and, if they are known, labels; then one of the generator."""

    kinds = ("image", "points")
    z_prior = "uniform"
    compares = True
    averaged = ("generator", "discriminator")
    eps: ClassVar[float] = 1e-8
    """Of Adam."""
    discriminator: Judge

    def build_pair(self, outputs: int, *, virtual: bool = False, minibatch: bool = False) -> None:
        """Make both networks. outputs: of the discriminator; the rest as in `make_generator` and `make_judge`."""
        config, spec = self.config, self.spec
        width = config.width if config.network == "standard" else None
        if width and spec.kind == "image" and min(spec.shape[1:]) < 8:
            raise UserError(f"network=standard needs images of at least 8 pixels a side, and this is {spec}.")
        g_widths = config.g_widths if width is None else config.widths
        self.generator = make_generator(spec, config.latent, g_widths, width=width, virtual=virtual)
        self.discriminator = make_judge(
            spec, config.widths, outputs, width=width, noise=config.noise, minibatch=minibatch
        )

    @property
    def classes(self) -> int:
        """How many are learned by labels; 0: none."""
        return len(self.spec.classes) if self.config.supervised else 0

    @abc.abstractmethod
    def discriminator_objective(self, batch: Batch, labelled: Batch | None) -> Losses: ...

    @abc.abstractmethod
    def generator_objective(self, batch: Batch) -> Losses: ...

    def players(self) -> dict[str, Player]:
        lr, betas = self.config.lr, self.config.betas
        return {
            "discriminator": Player(modules=(self.discriminator,), lr=lr, betas=betas, eps=self.eps),
            "generator": Player(modules=(self.generator,), lr=lr, betas=betas, eps=self.eps),
        }

    def step(self, batches: Batches, update: Update, t: int) -> None:
        batch = next(batches)
        labelled = next(batches.labelled) if self.classes else None
        if t == 0:  # weight norm's start depends on data
            initialise(self.discriminator, whole_batch(batch.x))
            broadcast(self.discriminator)
        update("discriminator", lambda part: self.discriminator_objective(part, labelled), batch)
        update("generator", self.generator_objective, next(batches))

    def classify(self, x: Tensor) -> Tensor:
        """Logits of the classes, (B, K).

        Raises:
            UserError: it was trained without labels.
        """
        if not self.classes:
            raise UserError("This model was trained without labels: it cannot classify.")
        return self.discriminator(x).float()

    def generate(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.generator(z)
