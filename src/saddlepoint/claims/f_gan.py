"""Nowozin, Cseke and Tomioka 2016: any f-divergence can be estimated, and lowered, by a game."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint import catalogue
from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.objectives.f_divergences import F_DIVERGENCES, FDivergence
from saddlepoint.types import Batch, DataSpec, Noise

MEANS, STDS = (-1.0, 1.5), (0.6, 0.8)
"""Two equally likely normal distributions on a line, to which one is fitted (section 2.4 of the paper)."""
GRID = torch.linspace(-12, 12, 4001, dtype=torch.float64)
FITTED = ("kl", "reverse_kl", "jensen_shannon")


def measure(trained: Trained) -> Iterator[Measurement]:
    """One normal distribution fitted to two by the game, beside the best one by quadrature."""
    for name in FITTED:
        divergence = F_DIVERGENCES[name]
        best, theirs = best_fit(divergence), fit(name, trained.seed)
        protocol = {"n": 1_500, "reference": "quadrature", "weights": "raw"}
        for what, found, wanted in zip(("mean", "deviation"), theirs, best, strict=True):
            yield Measurement(
                metric=f"{what} of one normal fitted to two by {name} (best: {wanted:.3f})",
                value=found,
                protocol=protocol,
            )
        excess = value(divergence, *theirs) - value(divergence, *best)
        yield Measurement(metric=f"{name} above the least that a normal can reach", value=excess, protocol=protocol)


def log_data(x: Tensor) -> Tensor:
    parts = [torch.distributions.Normal(m, s).log_prob(x) for m, s in zip(MEANS, STDS, strict=True)]
    return torch.logsumexp(torch.stack(parts), 0) - torch.log(torch.tensor(2.0))


def value(divergence: FDivergence, mean: float | Tensor, std: float | Tensor) -> float:
    """D_f(data || N(mean, std^2)) by quadrature."""
    return float(_divergence(divergence, torch.as_tensor(mean), torch.as_tensor(std)))


def best_fit(divergence: FDivergence, steps: int = 400) -> tuple[float, float]:
    """Mean and deviation of the normal distribution nearest the data, by gradient descent on the quadrature."""
    theta = torch.tensor([0.25, 0.3], dtype=torch.float64, requires_grad=True)  # mean, log deviation
    adam = torch.optim.Adam([theta], lr=0.02)
    for _ in range(steps):
        (theta.grad,) = torch.autograd.grad(_divergence(divergence, theta[0], theta[1].exp()), theta)
        adam.step()
    return float(theta[0].detach()), float(theta[1].detach().exp())


def fit(
    name: str, seed: int, steps: int = 1_500, rows: int = 512, objective: str = "variational"
) -> tuple[float, float]:
    """Mean and deviation of G(z) = mean + deviation z after a game by the recipe's own objectives."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        spec = DataSpec(kind="points", shape=(1,))
        gan: Any = catalogue.create("f_gan", spec, divergence=name, objective=objective, widths=(64, 64), latent=1)
        gan.generator = nn.Linear(1, 1)
    gan.prior = _standard_normal
    with torch.no_grad():
        gan.generator.weight.fill_(1.0)
        gan.generator.bias.fill_(0.0)
    d_adam = torch.optim.Adam(gan.discriminator.parameters(), lr=5e-3, betas=(0.5, 0.999))
    g_adam = torch.optim.Adam(gan.generator.parameters(), lr=5e-3, betas=(0.5, 0.999))
    tail: list[Tensor] = []
    for step in range(steps):
        for adam, objective_of in ((d_adam, gan.discriminator_objective), (g_adam, gan.generator_objective)):
            noise = Noise("fit", seed, step, adam is d_adam, rows=rows)
            which = noise.integers(2)
            x = torch.tensor(MEANS)[which] + torch.tensor(STDS)[which] * noise.normal()
            adam.zero_grad()
            objective_of(Batch(x=x[:, None], y=None, index=torch.arange(rows), noise=noise))["loss"].backward()
            adam.step()
        if step >= steps * 2 // 3:  # a game circles its solution: the mean of its last third
            tail.append(torch.stack([gan.generator.bias[0], gan.generator.weight[0, 0].abs()]).detach())
    mean, std = torch.stack(tail).mean(0).tolist()
    return mean, std


def _standard_normal(noise: Noise) -> Tensor:
    return noise.normal(1)


def _divergence(divergence: FDivergence, mean: Tensor, std: Tensor) -> Tensor:
    log_q = torch.distributions.Normal(mean, std).log_prob(GRID)
    log_p = log_data(GRID)
    inside = (log_p > -300) & (log_q > -300)  # both densities are numbers, and all that counts is there
    ratio = (log_p - log_q)[inside].exp()
    return torch.trapezoid(log_q[inside].exp() * divergence.f(ratio), GRID[inside])


CLAIM = Claim(
    recipe="f_gan",
    statement="Every f-divergence has a game that estimates it from below and lowers it; a model too simple for the "
    "data ends where that very divergence is least, so the choice of divergence shows.",
    published={
        "mnist": Published(
            value="429 ± 5.5",
            measure="Parzen-window log-likelihood in nats, Pearson, its best, from memory",
            where="section 4.1",
            comparable="no: a Parzen window measures something else than a Frechet distance",
        ),
        "cifar10": Published(
            value="none",
            measure="not tried",
            where="-",
            comparable="no: the paper does not use CIFAR-10",
        ),
    },
    settings={
        "quick": {
            on: Setting(images=60_000, options={"divergence": "pearson", "width": 32, "batch": 32, "ema": 4_000})
            for on in ("mnist", "cifar10")
        },
        "full": {
            on: Setting(images=5_000_000, options={"divergence": "pearson", "batch": 4096})
            for on in ("mnist", "cifar10")
        },
    },
    gap="The paper's MNIST networks are dense with batches of 4096, ours DCGAN's with 32. The fits of one normal to "
    "two repeat its own experiment with another mixture, and the variational objective for both players.",
    probe=measure,
)
