"""SGHMC under a momentum player draws from the posterior; the Bayesian GAN's losses are its negative logarithms."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from saddlepoint.config import Config
from saddlepoint.engine.update import Updater
from saddlepoint.errors import UserError
from saddlepoint.objectives.langevin import gaussian_prior, langevin_term
from saddlepoint.recipe import Player, Recipe, Update
from saddlepoint.types import Batch, DataSpec, Losses, Noise
from support import small

POINTS = DataSpec(kind="points", shape=(2,))
CHAINS = 4_000


class Conjugate(Recipe[Config]):
    """Independent chains over the mean of normal data of deviation 1 under a normal prior: the posterior is known."""

    Config = Config
    kinds = ("points",)
    friction, lr, examples, prior_std, mean = 0.3, 0.02, 50, 0.2, 1.5
    noisy = True

    def build(self) -> None:
        self.generator = nn.Linear(CHAINS, 1, bias=False)
        nn.init.zeros_(self.generator.weight)

    def players(self) -> dict[str, Player]:
        betas = (1 - self.friction, 0.0)
        return {"generator": Player(modules=(self.generator,), optimizer="sgd", lr=self.lr, betas=betas)}

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        update("generator", self.objective, next(batches))

    def objective(self, batch: Batch) -> Losses:
        """U / N; the data enter by their mean, as in a full batch."""
        theta = self.generator.weight
        loss = 0.5 * (theta - self.mean).square().sum() + gaussian_prior([theta], self.prior_std) / self.examples
        if self.noisy:
            loss = loss + langevin_term([theta], batch.noise, self.friction, self.lr, self.examples)
        return {"loss": loss}

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        return noise.normal(2)


def stationary(recipe: Conjugate, steps: int = 400, micro_batch: int = 0) -> Tensor:
    updater = Updater(recipe, seed=0, device=torch.device("cpu"), precision="fp32", micro_batch=micro_batch)
    batch = Batch(x=torch.zeros(4, 2), y=None, index=torch.arange(4), noise=Noise("data", rows=4))
    for t in range(steps):
        updater.begin(t)
        recipe.step(iter([batch]), updater, t)
    return recipe.generator.weight.detach().flatten().double()


@pytest.mark.parametrize("friction", [0.05, 0.3, 0.9])
def test_the_chain_has_the_posterior_of_a_conjugate_model(friction, monkeypatch):
    monkeypatch.setattr(Conjugate, "friction", friction)
    recipe = Conjugate(POINTS, Config())
    theta = stationary(recipe)
    precision = recipe.examples + 1 / recipe.prior_std**2  # of the posterior
    omega = recipe.lr / recipe.examples * precision
    # The chain is an AR(2) process, whose variance is the posterior's up to a term of the step size.
    variance = 1 / precision / (1 - omega / (2 * (2 - friction)))
    assert float(theta.mean()) == pytest.approx(recipe.mean * recipe.examples / precision, abs=0.02)
    assert float(theta.var()) == pytest.approx(variance, rel=0.08)  # the error of 4,000 chains is 2.2%
    assert variance == pytest.approx(1 / precision, rel=0.03)


def test_without_noise_the_chain_ends_in_the_mode(monkeypatch):
    monkeypatch.setattr(Conjugate, "noisy", False)
    recipe = Conjugate(POINTS, Config())
    theta = stationary(recipe)
    assert float(theta.var()) < 1e-9
    mode = recipe.mean * recipe.examples / (recipe.examples + 1 / recipe.prior_std**2)
    assert float(theta.mean()) == pytest.approx(mode, abs=1e-4)


def test_parts_of_a_batch_share_one_noise():
    whole, cut = (stationary(Conjugate(POINTS, Config()), 5, micro_batch) for micro_batch in (0, 1))
    torch.testing.assert_close(whole, cut, rtol=1e-4, atol=1e-5)


def test_noise_is_of_its_update_and_of_each_weight():
    p = torch.zeros(10_000, requires_grad=True)

    def noise(*key: int) -> Tensor:
        return torch.autograd.grad(langevin_term([p], Noise(*key, rows=8), 0.1, 0.02, 500), p)[0]

    n = noise(1, 2)
    assert float(n.std()) == pytest.approx(math.sqrt(2 * 0.1 / (500 * 0.02)), rel=0.03)
    assert abs(float(torch.corrcoef(torch.stack([n, noise(1, 3)]))[0, 1])) < 0.05
    assert torch.equal(n, noise(1, 2))
    assert len(n.unique()) > 9_000


@pytest.mark.parametrize(("generators", "discriminators"), [(4, 4), (4, 2), (3, 1)])
def test_losses_are_the_negative_log_posteriors(generators, discriminators):
    """Against the definition: every generator's samples with every discriminator that they were dealt to."""
    config = {"generators": generators, "discriminators": discriminators, "temperature": 0.0, "prior_std": 0.5}
    recipe = small("bayesian_gan", POINTS, **config, examples=100)
    x = torch.randn(8, 2)

    def batch() -> Batch:
        return Batch(x=x, y=None, index=torch.arange(8), noise=Noise("update", rows=8))

    z = Noise("update", rows=8).normal(generators, recipe.config.latent)
    with torch.no_grad():
        nll_d = [-recipe.discriminators[k](x).sigmoid().log().mean() for k in range(discriminators)]
        nll_g, seen = [torch.zeros(()) for _ in range(generators)], [0] * discriminators
        for i in range(8):
            for j in range(generators):
                k = (i + j) % discriminators
                d = recipe.discriminators[k](recipe.generators[j](z[i : i + 1, j])).sigmoid()[0, 0]
                nll_d[k] = nll_d[k] - (1 - d).log() / (8 * generators / discriminators)
                nll_g[j] = nll_g[j] - d.log() / 8
                seen[k] += 1
        priors = [
            sum(float(p.square().sum()) for p in chains.parameters()) / (2 * 0.5**2) / 100
            for chains in (recipe.discriminators, recipe.generators)
        ]
        d_loss, g_loss = recipe.discriminator_objective(batch())["loss"], recipe.generator_objective(batch())["loss"]
    assert seen == [8 * generators // discriminators] * discriminators
    assert float(d_loss) == pytest.approx(float(sum(nll_d)) + priors[0], rel=1e-4)
    assert float(g_loss) == pytest.approx(float(sum(nll_g)) + priors[1], rel=1e-4)


def test_at_a_higher_temperature_the_loss_is_jolted():
    x = torch.randn(8, 2)
    batch = Batch(x=x, y=None, index=torch.arange(8), noise=Noise("update", rows=8))
    losses = []
    for temperature in (0.0, 0.25, 1.0):
        recipe = small("bayesian_gan", POINTS, temperature=temperature)
        noise = Noise("update", rows=8)
        losses.append(
            float(recipe.generator_objective(Batch(x=x, y=None, index=batch.index, noise=noise))["loss"].detach())
        )
    assert losses[2] - losses[0] == pytest.approx(2 * (losses[1] - losses[0]), rel=1e-3)
    assert losses[2] != losses[0]


def test_every_generator_is_sampled():
    recipe = small("bayesian_gan", POINTS)
    with torch.no_grad():
        for k, generator in enumerate(recipe.generators):
            for p in generator.parameters():
                p.zero_()
            list(generator.parameters())[-1].fill_(k)
    drawn = recipe.sample(3000)[:, 0].long().bincount() / 3000
    torch.testing.assert_close(drawn, torch.full((3,), 1 / 3), atol=0.04, rtol=0)


def test_more_discriminators_than_generators_are_refused():
    with pytest.raises(UserError, match=r"discriminators=3 is more than generators=2"):
        small("bayesian_gan", POINTS, generators=2, discriminators=3)
