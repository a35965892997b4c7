"""Goodfellow et al. 2014: what D learns, and which loss teaches G."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from saddlepoint import catalogue
from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.data.dataset import Data
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.objectives.adversarial import generator_minimax, generator_nonsaturating
from saddlepoint.types import Batch, DataSpec, Noise

REAL, FAKE = (0.0, 1.0), (1.5, 0.5)
"""Mean and standard deviation of two normal distributions, which give D a known optimum."""


def measure(trained: Trained) -> Iterator[Measurement]:
    protocol = {"reference": "validation", "weights": "untrained generator"}
    yield Measurement(
        metric="mean |D - D*|, D trained on two known normal distributions",
        value=distance_from_optimal_discriminator(trained.seed),
        protocol={"n": 10_000, "weights": "raw"},
    )
    yield Measurement(
        metric="gradient norm of minimax G over that of non-saturating G, D 200 steps ahead",
        value=gradient_ratio(trained.data, trained.seed),
        protocol=protocol | {"n": 256},
    )


def distance_from_optimal_discriminator(seed: int, steps: int = 1500, n: int = 10_000) -> float:
    """Proposition 1: for a fixed G the best D is p_data / (p_data + p_g). Mean distance under the half-half mixture.

    D = 1/2 everywhere, which has learnt nothing, is 0.35 away.
    """
    gan = _new(DataSpec(kind="points", shape=(1,)), seed, latent=1, g_widths=(), d_widths=(64, 64))
    with torch.no_grad():  # G(z) = mean + std z
        weight, bias = gan.generator.parameters()
        weight.fill_(FAKE[1])
        bias.fill_(FAKE[0])

    def real(step: int, rows: int) -> Tensor:
        return REAL[0] + REAL[1] * Noise("real", seed, step, rows=rows).normal(1)

    _train_discriminator(gan, (_batch(real(step, 256), seed, step) for step in range(steps)), lr=2e-3)
    fake = FAKE[0] + FAKE[1] * Noise("fake", seed, rows=n // 2).normal(1)
    x = torch.cat([real(steps, n // 2), fake])
    p_data, p_g = (torch.distributions.Normal(*which).log_prob(x).exp() for which in (REAL, FAKE))
    with torch.no_grad():
        d = gan.discriminator(x).sigmoid()
    return float((d - p_data / (p_data + p_g)).abs().mean())


def gradient_ratio(data: Data, seed: int, steps: int = 200) -> float:
    """Section 3: while D tells fakes with confidence, log(1 - D(G(z))) saturates and log D(G(z)) does not.

    The generator's gradient norm under the first over that under the second, for a new generator and a discriminator
    that had 200 steps alone.
    """
    gan = _new(data.spec, seed)
    generator = torch.Generator().manual_seed(seed)

    def batches() -> Iterator[Batch]:
        for step in range(steps):
            yield _batch(data.train.x(torch.randint(len(data.train), (64,), generator=generator).numpy()), seed, step)

    _train_discriminator(gan, batches(), lr=2e-4)
    norms: list[float] = []
    for loss in (generator_minimax, generator_nonsaturating):
        z = gan.prior(Noise("ratio", seed, rows=256))
        scores = gan.discriminator(gan.generator(z))
        gradients = torch.autograd.grad(loss(scores), list(gan.generator.parameters()))
        norms.append(float(torch.cat([g.flatten() for g in gradients]).norm()))
    return norms[0] / norms[1]


def _new(spec: DataSpec, seed: int, **config: Any) -> Any:  # its networks are no part of Recipe's type
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return catalogue.create("gan", spec, **config)


def _batch(x: Tensor, seed: int, step: int) -> Batch:
    rows = len(x)
    return Batch(x=x, y=None, index=torch.arange(rows), noise=Noise("claim", seed, step, rows=rows))


def _train_discriminator(gan: Any, batches: Iterator[Batch], lr: float) -> None:
    """The inner loop of algorithm 1 alone; G stays as it is."""
    adam = torch.optim.Adam(gan.discriminator.parameters(), lr=lr)
    for batch in batches:
        adam.zero_grad()
        gan.discriminator_objective(batch)["loss"].backward()
        adam.step()


CLAIM = Claim(
    recipe="gan",
    statement="Two networks trained against each other sample MNIST as well as the generative models before them; "
    "the best D is p_data / (p_data + p_g), and -log D teaches an early G where log(1 - D) does not.",
    published={
        "mnist": Published(
            value="225 ± 2",
            measure="Parzen-window log-likelihood in nats",
            where="table 1",
            comparable="no: a Parzen window measures something else than a Frechet distance",
        ),
        "cifar10": Published(
            value="none", measure="samples only", where="figure 3", comparable="no: the paper has pictures only"
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=180_000, options={"ema": 5_000}),
            "cifar10": Setting(images=80_000, options={"ema": 5_000}),
        },
        "full": {
            "mnist": Setting(images=20_000_000, options={"batch": 100}),
            "cifar10": Setting(images=20_000_000, options={"batch": 100}),
        },
    },
    gap="The paper estimates likelihood by a Parzen window whose width is tuned on a validation set, and trains with "
    "momentum and dropout for a time it does not state. We train with Adam and judge samples by their features.",
    probe=measure,
)
