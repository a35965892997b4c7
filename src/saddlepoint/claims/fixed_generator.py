"""A discriminator on a line against a generator that stays as it is, so that all the theorems speak of is known."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint import catalogue
from saddlepoint.claims.claim import Setting
from saddlepoint.data.toy import TOYS, Mixture
from saddlepoint.engine.optim import set_rates
from saddlepoint.engine.update import Updater
from saddlepoint.recipe import Objective
from saddlepoint.types import Batch, DataSpec, Noise

DATA = "1d-mixture"
MEAN, STD = 0.0, 2.0
"""q: G(z) = MEAN + STD z for a standard normal z."""
BATCH = 512
X = torch.linspace(-14, 14, 28_001, dtype=torch.float64)
"""Where everything is: p and q have less than 1e-11 outside."""


def q_log_prob(x: Tensor) -> Tensor:
    return torch.distributions.Normal(torch.tensor(MEAN).double(), STD).log_prob(x)


def q_cdf(x: Tensor) -> Tensor:
    return torch.special.ndtr((x[:, 0].double() - MEAN) / STD)


def p() -> Mixture:
    toy = TOYS[DATA]
    assert isinstance(toy, Mixture)
    return toy


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """An `Update` under which the generator stays as it is."""

    update: Updater

    def __call__(self, player: str, objective: Objective, batch: Batch) -> Mapping[str, Tensor]:
        return self.update(player, objective, batch) if player != "generator" else {}


def scores(name: str, setting: Setting, seed: int) -> tuple[Tensor, int]:
    """What the discriminator says at each of `X`, (N,), after `steps` of its recipe's own algorithm with G fixed, on
    fresh numbers in every batch and at rates that fall to 0 along half a cosine; and how many real ones it saw."""
    options, steps = dict(setting.options), setting.steps
    assert steps
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        recipe: Any = catalogue.create(name, DataSpec(kind="points", shape=(1,)), latent=1, **options)
    recipe.generator = nn.Linear(1, 1)
    with torch.no_grad():
        recipe.generator.weight.fill_(STD)
        recipe.generator.bias.fill_(MEAN)
    update = Updater(recipe.train(), seed=seed, device=torch.device("cpu"), precision="fp32", micro_batch=0)
    batches, seen = _batches(seed), 0
    for t in range(steps):
        for seat in update.seats.values():
            set_rates(seat.optimizer, seat.player, 0, 0.5 * (1 + math.cos(math.pi * t / steps)))
        update.begin(t)
        recipe.step(batches, Fixed(update=update), t)
        seen += update.shown["discriminator"]
        assert not update.guard.look()
    with torch.no_grad():
        return recipe.eval().discriminator(X[:, None].float())[:, 0].double(), seen


def _batches(seed: int) -> Iterator[Batch]:
    seen = 0
    while True:
        noise = Noise("one dimension", seed, seen, rows=BATCH)
        x = p().sample(BATCH, seed=int(noise.integers(2**62)[0]))
        yield Batch(x=x, y=None, index=torch.arange(seen, seen + BATCH), noise=noise)
        seen += BATCH
