import math

import numpy as np
import pytest
import torch
from metric_fakes import Bounded, NoConfig, build, make_data

from saddlepoint.metrics.likelihood import elbo, mean_and_error
from saddlepoint.metrics.modes import mode_coverage
from saddlepoint.metrics.score import classifier_score


def test_score_is_the_number_of_classes_found_evenly_and_surely():
    sure = 50 * torch.eye(4)
    assert classifier_score(sure.repeat(5, 1))[0] == pytest.approx(4)
    assert classifier_score(sure[:2].repeat(5, 1))[0] == pytest.approx(2)
    assert classifier_score(torch.zeros(8, 4)) == pytest.approx((1, 0))
    assert classifier_score(sure[:1]) == (pytest.approx(1), None)


def test_score_is_exp_of_the_mean_divergence():
    logits = np.random.default_rng(0).normal(size=(50, 3))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    expected = math.exp((p * np.log(p / p.mean(0))).sum(1).mean())
    value, error = classifier_score(torch.from_numpy(logits))
    assert value == pytest.approx(expected)
    assert error is not None
    assert 0 < error < 0.5


def test_modes_of_a_ring():
    angle = torch.arange(8) * math.pi / 4
    centres = torch.stack([angle.cos(), angle.sin()], 1)
    noise = 0.05 * torch.randn(800, 2, generator=torch.Generator().manual_seed(0))
    perfect = mode_coverage(centres.repeat(100, 1) + noise, centres, 0.05)
    assert (perfect.modes, perfect.covered) == (8, 8)
    assert perfect.high_quality == pytest.approx(1 - math.exp(-4.5), abs=0.02)  # within 3 sigma in two dimensions
    assert perfect.kl == pytest.approx(0, abs=1e-6)
    half = mode_coverage(centres[:4].repeat(200, 1) + noise, centres, 0.05)
    assert half.covered == 4
    assert half.kl == pytest.approx(math.log(2), abs=1e-6)
    far = mode_coverage(torch.full((10, 2), 9.0), centres, 0.05)
    assert (far.covered, far.high_quality) == (0, 0)


def test_a_mode_needs_a_fifth_of_its_fair_share():
    centres = torch.tensor([[0.0], [10]])
    strays = torch.tensor([0.0] * 91 + [10.0] * 9)[:, None]
    assert mode_coverage(strays, centres, 1).covered == 1
    assert mode_coverage(torch.cat([strays, centres[1:]]), centres, 1).covered == 1
    assert mode_coverage(torch.cat([strays[1:], centres[1:]]), centres, 1).covered == 2
    rare = mode_coverage(strays, centres, 1, weights=torch.tensor([9.1, 0.9]))
    assert rare.covered == 2
    assert rare.kl == pytest.approx(0, abs=1e-6)


def test_each_mode_has_its_own_width():
    samples, centres = torch.tensor([[2.0], [12]]), torch.tensor([[0.0], [10]])
    assert mode_coverage(samples, centres, torch.tensor([1.0, 0.1])).high_quality == 0.5


def test_bound_of_each_held_out_example():
    data = make_data(test=30)
    recipe = build(Bounded, data)
    recipe.train()
    nats = elbo(recipe, data.test, batch=7)
    assert recipe.training
    expected = torch.distributions.Normal(-0.5, 0.2).log_prob(data.test.rows).flatten(1).sum(1).double()
    torch.testing.assert_close(nats, expected)
    mean, error = mean_and_error(nats)
    assert mean == pytest.approx(float(expected.mean()))
    assert error == pytest.approx(float(expected.std()) / 30**0.5)
    assert mean_and_error(nats[:1])[1] is None


def test_the_noise_of_a_bound_does_not_depend_on_the_batch():
    class Noisy(Bounded):
        def elbo(self, x, noise):
            return noise.normal(1)[:, 0]

    data = make_data(test=30)
    recipe = Noisy(data.spec, NoConfig())
    assert torch.equal(elbo(recipe, data.test, batch=7), elbo(recipe, data.test))
    assert not torch.equal(elbo(recipe, data.test, seed=1), elbo(recipe, data.test))
