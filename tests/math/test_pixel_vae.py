"""PixelVAE on images small enough to add up, where p(x) is known: its bound is one."""

import itertools
import math

import pytest
import torch

from saddlepoint.distributions import DiagonalNormal, standard_normal_log_prob
from saddlepoint.objectives.divergences import kl_to_standard_normal
from saddlepoint.recipe import Bounds, Encodes, Latent, Scores, Weighs
from saddlepoint.types import Batch, DataSpec, Noise
from support import small

TINY = DataSpec(shape=(1, 3, 3), levels=2)
IMAGES = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=9))).view(-1, 1, 3, 3)


@pytest.fixture
def model():
    model = small("pixel_vae", TINY, latent=1)
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.mul_(4)  # so that z matters
        model.encoder[-1].bias.copy_(torch.tensor([0.0, 0.2]))  # a posterior wide enough for its weights to be tame
    return model.eval()


def on_grid(model, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    """log p(x|z) of every image for every z (n, 1): (B, n)."""
    return torch.stack([model.log_likelihood(one.expand(len(z), -1, -1, -1), z) for one in x])


def exact_log_prob(model, x: torch.Tensor) -> torch.Tensor:
    """log p(x), by adding p(x|z) p(z) over a fine grid of the one z."""
    grid = torch.linspace(-6, 6, 241)[:, None]
    log_prior = standard_normal_log_prob(grid) + math.log(12 / 240)
    with torch.no_grad():
        return torch.stack(
            [model.log_likelihood(one.expand(241, -1, -1, -1), grid) + log_prior for one in x]
        ).logsumexp(1)


def test_given_z_the_probabilities_of_all_images_sum_to_one(model):
    for value in (-2.0, 0.0, 1.5):
        with torch.no_grad():
            p = model.log_likelihood(IMAGES, torch.full((512, 1), value)).double().exp()
        assert float(p.sum()) == pytest.approx(1, abs=1e-5)


def test_the_bound_is_below_the_likelihood_by_the_posteriors_divergence(model):
    x, grid = IMAGES[::40], torch.linspace(-6, 6, 241)[:, None]
    exact = exact_log_prob(model, x)
    with torch.no_grad():
        bounds = torch.stack([model.elbo(x, Noise("bound", k, rows=len(x))) for k in range(200)])
        error = bounds.std(0) / math.sqrt(len(bounds))
        q = model.posterior(x)
        log_q = torch.stack(
            [
                DiagonalNormal(m[None], s[None]).log_prob(grid[:, None])[:, 0]
                for m, s in zip(q.mean, q.log_std, strict=True)
            ]
        )
        log_posterior = on_grid(model, x, grid) + standard_normal_log_prob(grid) - exact[:, None]
        gap = (log_q.exp() * (log_q - log_posterior)).sum(1) * 12 / 240  # KL(q || p(z|x))
    assert (gap > 0.001).all()
    assert ((exact - bounds.mean(0) - gap).abs() < 5 * error + 1e-3).all()


def test_many_draws_close_the_bound(model):
    x = IMAGES[::100]
    with torch.no_grad():
        weights = model.log_weights(x, Noise("weights", rows=len(x)), 1000)
    assert weights.shape == (1000, len(x))
    torch.testing.assert_close(weights.logsumexp(0) - math.log(1000), exact_log_prob(model, x), rtol=0, atol=0.05)


def test_the_objective_is_minus_the_bound_of_the_same_noise(model):
    x = IMAGES[:7]
    batch = Batch(x=x, y=None, index=torch.arange(7), noise=Noise("n", rows=7))
    losses = model.objective(batch)
    torch.testing.assert_close(losses["loss"], -model.elbo(x, Noise("n", rows=7)).mean())
    torch.testing.assert_close(losses["kl"], kl_to_standard_normal(model.posterior(x)).mean())


@pytest.mark.parametrize(("seen", "weight"), [(0, 0.0), (50, 0.5), (100, 1.0), (250, 1.0)])
def test_in_the_warm_up_the_kl_counts_for_less_in_the_loss_alone(seen: int, weight: float):
    model = small("pixel_vae", TINY, latent=1, kl_warmup=100)
    x, noise = IMAGES[:7], Noise("n", rows=7)
    model.images_seen = seen
    losses = model.objective(Batch(x=x, y=None, index=torch.arange(7), noise=Noise("n", rows=7)))
    torch.testing.assert_close(losses["loss"], losses["reconstruction"] + weight * losses["kl"])
    torch.testing.assert_close(losses["kl"], kl_to_standard_normal(model.posterior(x)).mean())
    assert losses["kl"] > 0.001
    torch.testing.assert_close(model.elbo(x, noise).mean(), -losses["reconstruction"] - losses["kl"])


def test_samples_given_z_come_as_often_as_their_probability_says(model):
    n, z = 20_000, torch.tensor([[1.0]])
    with torch.no_grad():
        x = model.paint(z.expand(n, 1), Noise("pixels", rows=n).uniform(1, 3, 3))
        p = model.log_likelihood(IMAGES, z.expand(512, 1)).exp()
    index = ((x.flatten(1) > 0).long() * 2 ** torch.arange(8, -1, -1)).sum(1)
    assert float((torch.bincount(index, minlength=512) / n - p).abs().sum()) / 2 < 0.07, "total variation"


def test_images_of_one_z_are_equal_and_of_two_are_not(model):
    x = model.generate(torch.tensor([[-3.0], [-3.0], [3.0]]))
    assert torch.equal(x[0], x[1])


def test_it_bounds_and_says_so():
    model = small("pixel_vae", DataSpec(shape=(3, 8, 8)))
    assert all(isinstance(model, can) for can in (Bounds, Weighs, Encodes, Latent))
    assert not isinstance(model, Scores)
    assert model.measure == "levels"
