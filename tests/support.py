"""What several tests share: small data, small recipes, a trainer over them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from saddlepoint import catalogue
from saddlepoint.config import Config, DataConfig, TrainConfig
from saddlepoint.data.load import load
from saddlepoint.engine.trainer import Trainer
from saddlepoint.recipe import Player, Recipe, Update
from saddlepoint.types import Batch, DataSpec, Losses, Noise

# Papers' widths are for GPUs; tests use these.
SMALL: dict[str, dict[str, Any]] = {
    "gan": {"g_widths": [32, 32], "d_widths": [16]},
    "dcgan": {"width": 8},
    "wgan_gp": {"width": 8, "widths": [32, 32]},
    "cgan": {"width": 8, "g_widths": [16, 32, 32], "d_widths": [16, 8, 16]},
    "nice": {"widths": [32, 32]},
    "rbm": {"hidden": 16, "sample_steps": 20},
    "gsn": {"widths": [32, 16], "walkback": 3, "sample_steps": 10},
    "real_nvp": {"channels": 8, "blocks": 1, "widths": [32, 32]},
    "vae": {"channels": 8, "hidden": 32},
    "cvae": {"channels": 8, "hidden": 32, "latent": 8},
    "iwae": {"channels": 8, "hidden": 32, "latent": 8, "k": 5},
    "ae": {"channels": 8, "widths": [32, 16], "latent": 8},
    "composed_gan": {"width": 8, "widths": [32, 32]},
    "lsgan": {"width": 8, "widths": [32, 32]},
    "ragan": {"width": 8, "widths": [32, 32]},
    # Inside the margin the hinge gives D's last bias no gradient: fast enough to leave it in a few steps.
    # Fast, for while every example is inside the margin the SVM's bias has no gradient.
    "geometric_gan": {"width": 8, "widths": [32, 32], "lr": 3e-2},
    "sngan": {"width": 8, "widths": [32, 32]},
    # At 0.01 little layers' weights lie at their bounds after the first steps, and stay.
    "wgan": {"width": 8, "widths": [32, 32], "long_d_steps": 5, "clip": 0.1},
    "wgan_div": {"width": 8, "widths": [32, 32]},
    "dragan": {"width": 8, "widths": [32, 32]},
    "pac_gan": {"width": 8, "widths": [32, 32]},
    "unrolled_gan": {"width": 8, "widths": [32, 32], "unroll": 2},
    "ali": {"width": 8, "widths": [32, 32], "hidden": 16, "latent": 16},
    "bigan": {"width": 8, "widths": [32, 32], "hidden": 16, "latent": 16},
    "vee_gan": {"width": 8, "widths": [32, 32], "hidden": 16, "latent": 16},
    "acgan": {"width": 8, "widths": [32, 32]},
    "am_gan": {"width": 8, "widths": [32, 32]},
    "infogan": {"width": 8, "widths": [32, 32], "latent": 8},
    "aegan": {"width": 8, "widths": [32, 32], "hidden": 16},
    "cogan": {"width": 8, "widths": [32, 32]},
    "lapgan": {"width": 8, "hidden": 32, "latent": 8},
    "projection_gan": {"width": 8, "widths": [32, 32]},
    "r3gan": {"width": 16, "widths": [32, 32]},
    "adagan": {"width": 8, "widths": [16], "components": 3, "component_steps": 2, "classifier_steps": 1, "weighed": 16},
    "bayesian_gan": {"width": 8, "widths": [16], "generators": 3, "discriminators": 3},
    "gogan": {"width": 8, "widths": [32, 32], "stage_steps": 2},
    "mmd_gan": {"width": 8, "widths": [32, 32], "code": 8, "long_d_steps": 2},
    "gmmn": {"widths": [32, 32]},
    "f_gan": {"width": 8, "widths": [32, 32]},
    "ebgan": {"width": 8, "widths": [32, 32], "code": 8},
    "bs_gan": {"width": 8, "widths": [32, 32]},
    "began": {"width": 8, "widths": [32, 32], "latent": 8, "code": 8, "invert_steps": 3},
    "pixel_cnn_pp": {"channels": 8, "layers": 1, "mixtures": 3, "dropout": 0.1},
    "pixel_rnn": {"layer": "row", "layers": 1, "width": 4, "head": 8},
    "pixel_vae": {"latent": 4, "channels": 8, "features": 4, "width": 8, "layers": 2},
    "vq_vae": {"channels": 16, "codes": 32, "code": 8, "prior_channels": 8, "prior_layers": 1},
    "catgan": {"widths": [32, 16], "g_widths": [16], "width": 8},
    "classification_vae": {"channels": 8, "hidden": 32, "latent": 8},
    "m2": {"channels": 8, "hidden": 32, "latent": 8},
    "m1_m2": {"channels": 8, "hidden": 32, "latent": 8, "m1_steps": 3, "m2_latent": 8, "m2_hidden": 32},
    "gated_pixel_cnn": {"layers": 3, "width": 8, "kernel": 3},
    "made": {"widths": [32], "masks": 3},
    "pixel_cnn": {"blocks": 2, "width": 8, "head": 8},
    "improved_gan": {"widths": [32, 16], "g_widths": [16], "width": 8},
    "vae_gan": {"width": 8, "widths": [32, 32], "latent": 8},
    "ian": {"width": 8, "widths": [32, 32], "latent": 8},
    "cvae_gan": {"width": 8, "widths": [32, 32], "latent": 8},
    "aae": {"widths": [32, 16], "d_widths": [16], "latent": 4},
}


def small(name: str, spec: DataSpec, **config: Any) -> Recipe[Any]:
    """A recipe of the catalogue with little networks, from a fixed seed."""
    torch.manual_seed(0)
    return catalogue.create(name, spec, **{**SMALL.get(name, {}), **config})


def digits_for(name: str) -> DataSpec:
    """The digits as this recipe takes them: black and white for one that learns those alone."""
    binary = catalogue.recipe_class(name).binary
    return load("digits", DataConfig(binarise="stochastic" if binary else "none")).spec


def trainer(recipe: Recipe[Any], source: str = "digits", *, seed: int = 0, **config: Any) -> Trainer:
    data = load(source, DataConfig(binarise="stochastic" if recipe.binary else "none"))
    options = {"batch": 16, "precision": "fp32", "track": "none", **config}
    return Trainer(recipe, data, TrainConfig(**options), seed=seed)


class ToyConfig(Config):
    lr: float = Field(1e-2, gt=0)
    optimizer: str = "adam"
    clip: float = 0.0


class Toy(Recipe[ToyConfig]):
    """A two-player game on conv nets with batch norm and dropout: everything the engine must get right."""

    Config = ToyConfig

    def build(self) -> None:
        channels = self.spec.shape[0]
        self.generator = nn.Sequential(
            nn.Unflatten(1, (4, 8, 8)),
            nn.Conv2d(4, 6, 3, padding=1),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.Conv2d(6, channels, 3, padding=1),
            nn.Tanh(),
        )
        self.discriminator = nn.Sequential(
            nn.Conv2d(channels, 6, 3, 2, 1, bias=False),
            nn.BatchNorm2d(6),
            nn.LeakyReLU(0.2),
            nn.Dropout(0.1),
            nn.Conv2d(6, 8, 3, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.LazyLinear(1),
        )
        self.discriminator(torch.zeros(2, *self.spec.shape))
        self.register_buffer("played", torch.zeros(()))

    def players(self) -> dict[str, Player]:
        c = self.config
        rest: dict[str, Any] = {"lr": c.lr, "optimizer": c.optimizer, "clip": c.clip}
        return {
            "discriminator": Player(modules=(self.discriminator,), **rest),
            "generator": Player(modules=(self.generator,), **rest),
        }

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        update("discriminator", self.d_objective, next(batches))
        update("generator", self.g_objective, next(batches))
        self.played.add_(1)

    def d_objective(self, batch: Batch) -> Losses:
        fake = self.draw(batch.noise, None)
        softplus = nn.functional.softplus
        return {"loss": (softplus(-self.discriminator(batch.x)) + softplus(self.discriminator(fake))).mean()}

    def g_objective(self, batch: Batch) -> Losses:
        fake = self.draw(batch.noise, None)
        return {"loss": nn.functional.softplus(-self.discriminator(fake)).mean()}

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        return self.generator(noise.normal(256))


def toy(**config: Any) -> Toy:
    torch.manual_seed(0)
    return Toy(DataSpec(shape=(1, 8, 8)), ToyConfig(**config))


def tensors(module: nn.Module) -> dict[str, Tensor]:
    return {k: v.clone() for k, v in module.state_dict().items()}


def equal(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)
