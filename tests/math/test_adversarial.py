"""Adversarial losses against their definitions and their optima."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import logsigmoid

from saddlepoint.objectives import adversarial as A

REAL = torch.tensor([-3.0, -0.2, 0.0, 1.5, 40.0], dtype=torch.float64)
FAKE = torch.tensor([2.0, 0.1, -50.0, -1.0, 0.7], dtype=torch.float64)

ALL = [
    A.discriminator_minimax,
    A.critic_wasserstein,
    A.relativistic_pairing_discriminator,
    A.relativistic_pairing_generator,
    lambda real, fake: A.generator_minimax(fake),
    lambda real, fake: A.generator_nonsaturating(fake),
    lambda real, fake: A.generator_wasserstein(fake),
]


def test_the_game_is_worth_minus_log_4_where_the_discriminator_cannot_tell():
    undecided = torch.zeros(7)
    assert A.discriminator_minimax(undecided, undecided).item() == pytest.approx(math.log(4))
    assert A.generator_minimax(undecided).item() == pytest.approx(-math.log(2))


def test_the_optimal_discriminator_is_the_share_of_real_density():
    # Goodfellow et al. 2014, proposition 1: with densities p and q at a point, D* = p / (p + q).
    p, q = 0.3, 0.9
    logit = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    for _ in range(200):
        # a loss is a mean over one row here, so its two halves are weighted by hand
        loss = p * A.generator_nonsaturating(logit) - q * A.generator_minimax(logit)
        (gradient,) = torch.autograd.grad(loss, logit)
        logit = (logit - gradient).detach().requires_grad_()
    assert logit.sigmoid().item() == pytest.approx(p / (p + q), abs=1e-6)


def test_losses_are_what_their_papers_write():
    log, log_not = logsigmoid, lambda logits: logsigmoid(-logits)
    expected = {
        A.discriminator_minimax: -(log(REAL).mean() + log_not(FAKE).mean()),
        A.critic_wasserstein: FAKE.mean() - REAL.mean(),
        A.relativistic_pairing_discriminator: -log(REAL - FAKE).mean(),
        A.relativistic_pairing_generator: -log(FAKE - REAL).mean(),
    }
    for loss, value in expected.items():
        torch.testing.assert_close(loss(REAL, FAKE), value)
    torch.testing.assert_close(A.generator_minimax(FAKE), log_not(FAKE).mean())
    torch.testing.assert_close(A.generator_nonsaturating(FAKE), -log(FAKE).mean())
    torch.testing.assert_close(A.generator_wasserstein(FAKE), -FAKE.mean())


def test_the_minimax_game_is_zero_sum():
    fake = FAKE.clone().requires_grad_()
    (by_d,) = torch.autograd.grad(A.discriminator_minimax(REAL, fake), fake)
    (by_g,) = torch.autograd.grad(A.generator_minimax(fake), fake)
    torch.testing.assert_close(by_g, -by_d)


def test_a_sure_discriminator_silences_only_the_minimax_generator():
    curves = A.generator_gradients()
    d = curves["d_fake"]
    assert d.min() > 0
    assert d.max() < 1
    torch.testing.assert_close(curves["minimax"], -d)
    torch.testing.assert_close(curves["nonsaturating"], d - 1)
    assert curves["minimax"][0].abs() < 0.01 < 0.99 < curves["nonsaturating"][0].abs()


@pytest.mark.parametrize("loss", ALL)
def test_columns_and_vectors_are_the_same(loss):
    torch.testing.assert_close(loss(REAL[:, None], FAKE), loss(REAL, FAKE))  # mixed: no (B, B) by broadcasting
    with pytest.raises(AssertionError, match="scores are"):
        loss(REAL.expand(5, 5), FAKE.expand(5, 5))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("loss", ALL)
def test_half_precision_scores_are_reduced_in_float32(loss, dtype):
    real, fake = (torch.full((70_001,), value, dtype=dtype) for value in (1.0, -0.5))
    result = loss(real, fake)
    assert result.dtype == torch.float32
    torch.testing.assert_close(result, loss(real.double(), fake.double()).float())


def test_pairs_must_match():
    with pytest.raises(AssertionError, match="as many real"):
        A.relativistic_pairing_discriminator(REAL, FAKE[:3])
