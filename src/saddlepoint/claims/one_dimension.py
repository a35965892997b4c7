"""Numbers on a line, G fixed: does the discriminator find p / (p + q), and do critics estimate the distance?

With G fixed all that the theorems speak of can be computed: D* = p / (p + q) and its value 2 JS(p, q) - log 4
(Goodfellow et al. 2014, proposition 1 and theorem 1), and the Wasserstein distance that critics estimate.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint import catalogue
from saddlepoint.claims.claim import Published, Scale, Setting
from saddlepoint.claims.protocol import Player, Protocol, Table
from saddlepoint.claims.results import Row
from saddlepoint.claims.training import config_of, hardware, options_text, versions
from saddlepoint.data.toy import TOYS, Mixture
from saddlepoint.engine.optim import set_rates
from saddlepoint.engine.update import Updater
from saddlepoint.metrics.discriminator import knowledge
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.metrics.wasserstein import wasserstein_between
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


def discriminator_measures(logits: Tensor) -> Iterator[Measurement]:
    found = knowledge(logits, p().log_prob(X[:, None]), q_log_prob(X), X)
    for metric, value in {
        "mean |D - D*| under (p + q) / 2": found.mean,
        "largest |D - D*| where (p + q) / 2 > 0.001": found.largest,
        "2 JS - log 4 less the value of D, nats": found.shortfall,
        "2 JS - log 4, nats": found.best,
    }.items():
        yield Measurement(metric=metric, value=value, protocol=ABOUT)


def critic_measures(f: Tensor) -> Iterator[Measurement]:
    """By the duality of Kantorovich and Rubinstein (E_p f - E_q f) / (largest slope of f) is at most W1."""
    log_p, log_q = p().log_prob(X[:, None]), q_log_prob(X)
    estimate = float(torch.trapezoid((log_p.exp() - log_q.exp()) * f, X))
    slopes = f.diff() / X.diff()
    seen = (torch.logaddexp(log_p, log_q)[1:] - math.log(2)) > math.log(1e-3)
    for metric, value in {
        "critic's estimate of W1": estimate,
        "critic's estimate over its largest slope": estimate / float(slopes[seen].abs().max()),
        "W1": wasserstein_between(p().cdf, q_cdf),
    }.items():
        yield Measurement(metric=metric, value=value, protocol=ABOUT)


ABOUT = {"reference": "truth", "weights": "raw"}


def players(scale: Scale = "quick") -> dict[str, Player]:
    """Dropout, which `gan` has by default, would leave its D a smaller network every time and never at its optimum."""
    gan = {"d_widths": (64, 64), "dropout": 0.0, "lr": 2e-3, "betas": (0.9, 0.999)}
    gp = {"widths": (64, 64), "lr": 2e-3, "betas": (0.0, 0.9), "penalty": 10.0}
    clipped = {"widths": (64, 64), "lr": 5e-4, "clip": 0.1}
    return {
        "gan": Player(recipe="gan", setting=Setting(options=gan, steps=3_000)),
        "wgan_gp": Player(recipe="wgan_gp", setting=Setting(options=gp, steps=400)),
        "wgan": Player(recipe="wgan", setting=Setting(options=clipped, steps=400)),
    }


def play(table: Table, name: str, seeds: Sequence[int], scale: Scale) -> list[Row]:
    """The network trained and compared, once for each seed."""
    setting = players(scale)[name].setting
    text = options_text({**setting.options, "latent": 1, "steps": setting.steps, "batch": BATCH})
    config = config_of(name, {**setting.options, "latent": 1})

    def measured(seed: int) -> tuple[dict[str, Any], list[Measurement]]:
        start, cpu = time.monotonic(), time.process_time()
        values, seen = scores(name, setting, seed)
        own = {
            "images": seen,
            "minutes": (time.monotonic() - start) / 60,
            "cpu_minutes": (time.process_time() - cpu) / 60,
            "hardware": hardware(torch.device("cpu"), torch.get_num_threads()),
            "precision": "fp32",
            **versions(),
        }
        return own, list((discriminator_measures if name == "gan" else critic_measures)(values))

    return [
        row
        for seed in seeds
        for row in table.rows(name, seed, PROTOCOL.name, text, config, lambda seed=seed: measured(seed))
    ]


PROTOCOL = Protocol(
    name="one_dimension",
    statement="For a fixed G the best discriminator is p / (p + q), and its value is 2 JS - log 4; a critic held to "
    "slopes of at most one estimates the Wasserstein distance.",
    data=DATA,
    players=players,
    play=play,
    seeds=5,
    published=Published(
        value="D* = p / (p + q)",
        measure="proposition 1 and theorem 1",
        where="Goodfellow et al. 2014",
        comparable="yes",
    ),
    gap="The theorems speak of a discriminator without limits at its optimum; ours is a small network trained for "
    "seconds.",
)
