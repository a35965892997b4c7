"""Log-probabilities and divergences against torch.distributions, normalisation and Monte Carlo."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from saddlepoint.distributions import DiagonalNormal
from saddlepoint.objectives.divergences import kl_to_standard_normal
from saddlepoint.objectives.likelihoods import bernoulli, bits_per_dimension, discretised_logistic

GRID = torch.arange(256, dtype=torch.float64) / 127.5 - 1  # the 256 grey levels


def some_normal(*shape: int) -> DiagonalNormal:
    generator = torch.Generator().manual_seed(0)
    mean, log_std = torch.randn(2, *shape, generator=generator, dtype=torch.float64)
    return DiagonalNormal(mean, log_std)


def as_torch(q: DiagonalNormal) -> Independent:
    return Independent(Normal(q.mean, q.log_std.exp()), q.mean.ndim - 1)


def test_normal_log_prob_agrees_with_torch():
    q = some_normal(5, 3, 4, 2)
    x = torch.randn(5, 3, 4, 2, dtype=torch.float64)
    torch.testing.assert_close(q.log_prob(x), as_torch(q).log_prob(x))


def test_kl_agrees_with_torch_and_with_monte_carlo():
    q = some_normal(3, 4)
    p = Independent(Normal(torch.zeros(3, 4, dtype=torch.float64), 1.0), 1)
    kl = kl_to_standard_normal(q)
    torch.testing.assert_close(kl, kl_divergence(as_torch(q), p))

    n = 100_000
    noise = torch.randn(n, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    z = q.sample(noise)
    draws = as_torch(q).log_prob(z) - p.log_prob(z)
    error = draws.std(0) / math.sqrt(n)
    assert ((draws.mean(0) - kl).abs() < 5 * error).all()


def test_kl_of_the_prior_itself_is_zero():
    zero = torch.zeros(2, 7)
    assert kl_to_standard_normal(DiagonalNormal(zero, zero)).tolist() == [0.0, 0.0]


def test_reparameterised_gradient():
    """d/dmean and d/dstd of E (mean + std e)^2 = mean^2 + std^2."""
    mean = torch.tensor([[0.7]], dtype=torch.float64, requires_grad=True)
    log_std = torch.tensor([[-0.4]], dtype=torch.float64, requires_grad=True)
    noise = torch.randn(400_000, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    DiagonalNormal(mean, log_std).sample(noise).square().mean().backward()
    assert mean.grad is not None
    assert log_std.grad is not None
    assert float(mean.grad) == pytest.approx(2 * 0.7, abs=0.02)
    assert float(log_std.grad) == pytest.approx(2 * math.exp(-0.8), abs=0.02)


@given(mean=st.floats(-1.5, 1.5), log_scale=st.floats(-7, 3))
def test_discretised_logistic_sums_to_one(mean: float, log_scale: float):
    x = GRID[:, None]
    log_prob = discretised_logistic(x, torch.full_like(x, mean), torch.full_like(x, log_scale))
    assert float(log_prob.exp().sum()) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_discretised_logistic_is_the_mass_of_the_bin(dtype: torch.dtype):
    mean, scale = 0.2, 0.1
    x = GRID[1:-1, None].to(dtype)
    edges = [torch.sigmoid((GRID[1:-1] + half - mean) / scale) for half in (1 / 255, -1 / 255)]
    ours = discretised_logistic(x, torch.full_like(x, mean), torch.full_like(x, math.log(scale)))
    torch.testing.assert_close(ours.double(), (edges[0] - edges[1]).log(), rtol=1e-4, atol=1e-4)


def test_discretised_logistic_survives_its_tails():
    """Where a float32 difference of sigmoids is 0, the log-probability and its gradient are still finite and right."""
    mean = torch.full((1, 1), -0.9, requires_grad=True)
    log_prob = discretised_logistic(torch.full((1, 1), 127 / 127.5), mean, torch.full((1, 1), -6.0))
    log_prob.backward()
    assert mean.grad is not None
    assert float(mean.grad) == pytest.approx(math.exp(6), rel=1e-3)
    distance = 127 / 127.5 - 1 / 255 + 0.9
    assert float(log_prob.detach()) == pytest.approx(-distance * math.exp(6), rel=1e-3)


def test_bernoulli_of_binary_images_sums_to_one():
    logits = torch.tensor([0.3, -1.2, 2.0], dtype=torch.float64)
    images = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=torch.float64)] * 3)
    log_prob = bernoulli(images, logits.expand(8, 3))
    assert float(log_prob.exp().sum()) == pytest.approx(1)
    torch.testing.assert_close(log_prob, Bernoulli(logits=logits).log_prob((images + 1) / 2).sum(1))


def test_bernoulli_of_a_grey_image_is_the_mean_over_its_binarisations():
    logits, grey = torch.tensor([[0.3, -1.2]], dtype=torch.float64), torch.tensor([[0.2, -0.6]], dtype=torch.float64)
    images = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=torch.float64)] * 2)
    weight = Bernoulli(probs=(grey + 1) / 2).log_prob((images + 1) / 2).sum(1).exp()
    mean = (weight * bernoulli(images, logits.expand(4, 2))).sum()
    torch.testing.assert_close(bernoulli(grey, logits), mean[None])


def test_bits_per_dimension():
    nats = torch.tensor([-12 * math.log(256)])
    assert float(bits_per_dimension(nats, 12, "levels")) == pytest.approx(8)
    # A uniform density on [-1, 1] gives a bin of width 2/255 the probability 1/255.
    assert float(bits_per_dimension(torch.tensor([-12 * math.log(2)]), 12, "density")) == pytest.approx(math.log2(255))
    assert float(bits_per_dimension(torch.tensor([-12 * math.log(2)]), 12, "binary")) == pytest.approx(1)
