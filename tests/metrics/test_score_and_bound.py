import math

import numpy as np
import pytest
import torch
from metric_fakes import Bounded, NoConfig, build, make_data

from saddlepoint.metrics.likelihood import elbo, mean_and_error
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
        def elbo(self, x, noise, y=None):
            return noise.normal(1)[:, 0]

    data = make_data(test=30)
    recipe = Noisy(data.spec, NoConfig())
    assert torch.equal(elbo(recipe, data.test, batch=7), elbo(recipe, data.test))
    assert not torch.equal(elbo(recipe, data.test, seed=1), elbo(recipe, data.test))
