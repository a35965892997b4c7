"""Modes of eight Gaussians that one game covers, against another's: equal networks, seconds to minutes of CPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from saddlepoint import catalogue
from saddlepoint.config import DataConfig, TrainConfig, build
from saddlepoint.data.load import load
from saddlepoint.data.toy import TOYS, Mixture
from saddlepoint.engine.budget import Budget
from saddlepoint.engine.trainer import Trainer
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.metrics.modes import mode_coverage

TOY, SAMPLES, WIDTHS = "8gaussians", 10_000, (128, 128)
GAN: dict[str, Any] = {
    "g_widths": WIDTHS,
    "d_widths": WIDTHS,
    "dropout": 0,
    "latent": 2,
    "lr": 1e-3,
    "betas": (0.5, 0.9),
}


def compare(name: str, seed: int, steps: int, **config: Any) -> Iterator[Measurement]:
    """Both after so many steps of batches of 128: modes covered, good samples, and how even the modes' shares are."""
    for recipe, its in ((name, config), ("gan", GAN)):
        yield from measure(recipe, samples(recipe, seed, steps, **its), steps)


def samples(name: str, seed: int, steps: int, *, decay: str = "none", **config: Any) -> Tensor:
    """(SAMPLES, 2) of the raw weights after the steps. decay: of the learning rates."""
    data = load(TOY, DataConfig())
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        recipe = catalogue.create(name, data.spec, **config)
        options = build(TrainConfig, {"batch": 128, "precision": "fp32", "track": "none", "ema": 0, "decay": decay})
        trainer = Trainer(recipe, data, options, seed=seed)
        for _ in range(steps):
            trainer.one_step(Budget(steps=steps))
        return recipe.sample(SAMPLES, seed=seed)


def measure(name: str, x: Tensor, steps: int) -> Iterator[Measurement]:
    truth = TOYS[TOY]
    assert isinstance(truth, Mixture)
    assert truth.modes is not None
    found = mode_coverage(x, truth.modes, truth.std)
    protocol = {"n": SAMPLES, "weights": "raw", "reference": "truth"}
    about = f"{name} after {steps} steps on {TOY}"
    for metric, value in (
        (f"modes covered of {found.modes}, {about}", found.covered),
        (f"within 3 sigma, {about}", found.high_quality),
        (f"KL of the modes' shares to the true ones, {about}", found.reverse_kl),
    ):
        yield Measurement(metric=metric, value=value, protocol=protocol)
