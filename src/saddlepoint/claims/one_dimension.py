"""Numbers on a line, G fixed: does the discriminator find p / (p + q), and do critics estimate the distance?

With G fixed all that the theorems speak of can be computed: D* = p / (p + q) and its value 2 JS(p, q) - log 4
(Goodfellow et al. 2014, proposition 1 and theorem 1), and the Wasserstein distance that critics estimate.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from saddlepoint.claims.claim import Published, Scale, Setting
from saddlepoint.claims.columns import Stopwatch, config_of, options_text
from saddlepoint.claims.fixed_generator import BATCH, DATA, X, p, q_cdf, q_log_prob, scores
from saddlepoint.claims.protocol import Player, Protocol, Table
from saddlepoint.claims.results import Row
from saddlepoint.metrics.discriminator import knowledge
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.metrics.wasserstein import wasserstein_between

ABOUT = {"reference": "truth", "weights": "raw"}


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
        watch = Stopwatch()
        values, seen = scores(name, setting, seed)
        return watch.about(seen), list((discriminator_measures if name == "gan" else critic_measures)(values))

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
