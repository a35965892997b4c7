"""Wasserstein distances and discriminators against closed forms on a line."""

import math

import numpy as np
import pytest
import scipy.stats
import torch
from torch.distributions import Normal

from saddlepoint.metrics.discriminator import SUPPORT, jensen_shannon, knowledge
from saddlepoint.metrics.wasserstein import wasserstein, wasserstein_between, wasserstein_to

X = torch.linspace(-12, 12, 20_001, dtype=torch.float64)


def cdf(mean: float, std: float = 1.0):
    return lambda x: Normal(mean, std).cdf(x[:, 0].double())


def test_two_samples():
    a, b = torch.tensor([0.0, 1, 3]), torch.tensor([5.0, 6, 8])
    assert wasserstein(a, b) == pytest.approx(5)
    assert wasserstein(b, a) == pytest.approx(5)
    assert wasserstein(a, a.flip(0)) == 0
    assert wasserstein(torch.tensor([0.0]), torch.tensor([0.0, 1])) == pytest.approx(0.5)  # of unequal numbers
    rng = np.random.default_rng(0)
    u, v = rng.normal(size=200), rng.exponential(size=317)
    expected = scipy.stats.wasserstein_distance(u, v)
    assert wasserstein(torch.from_numpy(u), torch.from_numpy(v)) == pytest.approx(expected)


def test_two_distributions():
    assert wasserstein_between(cdf(0), cdf(3)) == pytest.approx(3, abs=1e-6)
    # of one mean the quantiles are 0.5 |z| apart on the average
    assert wasserstein_between(cdf(0), cdf(0, 1.5)) == pytest.approx(0.5 * math.sqrt(2 / math.pi), abs=1e-6)
    assert wasserstein_between(cdf(200), cdf(203), around=0) == pytest.approx(3, abs=1e-3)


def test_a_sample_and_a_distribution():
    quantiles = Normal(0, 1).icdf((torch.arange(10_000, dtype=torch.float64) + 0.5) / 10_000)
    assert wasserstein_to(quantiles, cdf(0)) < 1e-3
    assert wasserstein_to(quantiles, cdf(2)) == pytest.approx(2, abs=1e-3)
    # all at one place: the mean distance from it
    assert wasserstein_to(torch.zeros(5), cdf(0)) == pytest.approx(math.sqrt(2 / math.pi), abs=1e-4)
    assert wasserstein_to(torch.tensor([30.0]), cdf(0)) == pytest.approx(30, abs=1e-3)


def two(mean: float = 1.5):
    return Normal(0.0, 1.0).log_prob(X), Normal(mean, 0.5).log_prob(X)


def test_the_best_discriminator_is_all_there_is_to_know():
    log_p, log_q = two()
    found = knowledge(log_p - log_q, log_p, log_q, X)
    assert found.mean == pytest.approx(0, abs=1e-12)
    assert found.largest == pytest.approx(0, abs=1e-12)
    assert found.shortfall == pytest.approx(0, abs=1e-7)
    assert found.best == pytest.approx(2 * jensen_shannon(log_p, log_q, X) - math.log(4), abs=1e-7)


def test_jensen_shannon_of_what_is_alike_and_what_is_not():
    assert jensen_shannon(*two()[:1] * 2, X) == pytest.approx(0, abs=1e-12)
    far = Normal(-6.0, 0.3).log_prob(X), Normal(6.0, 0.3).log_prob(X)
    assert jensen_shannon(*far, X) == pytest.approx(math.log(2), abs=1e-7)


def test_one_that_knows_nothing_gets_minus_log_four():
    log_p, log_q = two()
    found = knowledge(torch.zeros_like(X), log_p, log_q, X)
    assert found.value == pytest.approx(-math.log(4), abs=1e-7)
    assert found.shortfall == pytest.approx(2 * jensen_shannon(log_p, log_q, X), abs=1e-7)
    p, q = (each.exp().numpy() for each in (log_p, log_q))
    apart = np.abs(p / (p + q) - 0.5)
    assert found.mean == pytest.approx(np.trapezoid(apart * (p + q) / 2, X.numpy()))
    assert found.largest == pytest.approx(apart[(p + q) / 2 > SUPPORT].max())


def test_the_shortfall_is_a_divergence_whatever_the_error():
    """best - value is the integral of (p + q) KL(D* || D): square in a small error and never negative."""
    log_p, log_q = two()
    small, large = (knowledge(log_p - log_q + shift, log_p, log_q, X).shortfall for shift in (0.01, 0.1))
    assert 0 < small < large
    assert large / small == pytest.approx(100, rel=0.1)
    assert knowledge(log_q - log_p, log_p, log_q, X).shortfall > 1  # swaps real and fake
