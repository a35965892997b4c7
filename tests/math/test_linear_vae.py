"""Bounds of the linear-Gaussian VAE against its closed-form log-likelihood (in float64; the model computes in float32).

z ~ N(0, I), x|z ~ N(A z + b, STD²): log p(x) = log N(x; b, A A' + STD² I), and the true posterior is normal with
precision I + A' A / STD². That is not diagonal; planar flows cannot make it so, but a linear map of z can, so the best
encoder of full covariance is written down here and the diagonal one is learned by the recipe's own objective.
"""

import math
from itertools import combinations

import pytest
import torch
from torch import Tensor, nn

from saddlepoint.catalogue import create
from saddlepoint.distributions import DiagonalNormal, planar_flows, standard_normal_log_prob
from saddlepoint.objectives.divergences import kl_per_dimension, kl_to_standard_normal
from saddlepoint.types import Batch, DataSpec, Noise

STD = 0.5
SPEC = DataSpec(kind="points", shape=(3,))
MATRIX = torch.tensor([[1.0, 0.8], [-0.5, 1.2], [0.3, 0.7]], dtype=torch.float64)
SHIFT = torch.tensor([0.5, -1.0, 0.0], dtype=torch.float64)
X = torch.randn(5, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
PRECISION = torch.eye(2, dtype=torch.float64) + MATRIX.T @ MATRIX / STD**2
MEAN = (X - SHIFT) @ MATRIX @ torch.linalg.inv(PRECISION) / STD**2
"""Of the true posterior."""
EXACT = torch.distributions.MultivariateNormal(SHIFT, MATRIX @ MATRIX.T + STD**2 * torch.eye(3).double()).log_prob(X)


def exact_elbo(mean: Tensor, covariance: Tensor) -> Tensor:
    """E_q log p(x|z) - KL(q || p) for normal q of any covariance, (B,)."""
    residual = (X - mean @ MATRIX.T - SHIFT).square().sum(1) + torch.trace(MATRIX @ covariance @ MATRIX.T)
    kl = 0.5 * (torch.trace(covariance) + mean.square().sum(1) - 2 - torch.logdet(covariance))
    return -residual / (2 * STD**2) - 1.5 * math.log(2 * math.pi * STD**2) - kl


def model(encoder: nn.Module, **config: object):
    made = create("vae", SPEC, latent=2, std=STD, **config)
    made.decoder = nn.Linear(2, 3)
    made.decoder.weight, made.decoder.bias = nn.Parameter(MATRIX.float()), nn.Parameter(SHIFT.float())
    made.encoder = encoder
    return made


class Given(nn.Module):
    """An encoder that has one output for all."""

    def __init__(self, output: Tensor) -> None:
        super().__init__()
        self.output = nn.Parameter(output.float())

    def forward(self, x: Tensor) -> Tensor:
        return self.output if len(self.output) == len(x) else self.output.repeat(len(x) // len(self.output), 1)


def batch_of(x: Tensor, key: int = 0) -> Batch:
    return Batch(x=x, y=None, index=torch.arange(len(x)), noise=Noise("test", key, rows=len(x)))


def test_the_bound_reaches_log_p_with_the_full_posterior():
    """In its own axes the posterior is diagonal, so the recipe can have it: then log w = log p(x) for each draw."""
    precisions, axes = torch.linalg.eigh(PRECISION)
    turned = model(Given(torch.cat([MEAN @ axes, (-0.5 * precisions.log()).expand(5, 2)], 1)))
    turned.decoder.weight = nn.Parameter((MATRIX @ axes).float())
    weights = turned.log_weights(X.float(), Noise("w", rows=5), 7).detach()
    torch.testing.assert_close(weights.double(), EXACT.expand(7, 5), rtol=1e-4, atol=1e-4)
    elbo = turned.elbo(X.float().repeat(20_000, 1), Noise("elbo", rows=100_000)).detach().view(-1, 5).double()
    assert ((elbo.mean(0) - EXACT).abs() < 5 * elbo.std(0) / math.sqrt(20_000)).all()


def test_the_closed_bound_by_which_encoders_are_judged_here_is_right():
    best = torch.linalg.inv(PRECISION)
    torch.testing.assert_close(exact_elbo(MEAN, best), EXACT)
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        root = (
            torch.linalg.cholesky(best) @ (torch.eye(2) + 0.3 * torch.randn(2, 2, generator=generator).tril()).double()
        )
        off = MEAN + 0.3 * torch.randn(5, 2, generator=generator).double()
        assert (exact_elbo(off, root @ root.T) < EXACT).all()


def test_the_learned_diagonal_posterior_is_the_best_diagonal_one():
    """Its mean is the posterior's and its precisions are the diagonal of the posterior's precision: KL(q || p) is
    least there (Bishop 2006, section 10.1.2), and what is missing to log p(x) is then known too."""
    torch.manual_seed(0)
    learned = model(Given(torch.zeros(5, 4)))
    learned.decoder.requires_grad_(False)
    optimizer = torch.optim.Adam(learned.encoder.parameters(), lr=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 300)
    x = X.float().repeat(100, 1)
    for t in range(300):
        optimizer.zero_grad()
        learned.objective(batch_of(x, t))["loss"].backward()
        optimizer.step()
        schedule.step()
    q = learned.posterior(X.float()).detach()
    torch.testing.assert_close(q.mean, MEAN, rtol=0, atol=0.06, check_dtype=False)
    torch.testing.assert_close(q.log_std[0], -0.5 * PRECISION.diagonal().log(), rtol=0, atol=0.06, check_dtype=False)
    best = exact_elbo(MEAN, torch.diag(1 / PRECISION.diagonal()))
    gap = 0.5 * (PRECISION.diagonal().log().sum() - torch.logdet(PRECISION))
    torch.testing.assert_close(best, EXACT - gap)
    assert (exact_elbo(q.mean.double(), torch.diag((2 * q.log_std[0]).exp()).double()) < best + 1e-6).all()


def test_iwae_over_subsets_of_one_set_of_draws_never_falls_with_k_and_reaches_log_p():
    """Burda et al. 2016, theorem 1, holds for the mean over all subsets of the same draws, exactly."""
    wide = torch.cat([MEAN + 0.2, torch.full((5, 2), -0.3, dtype=torch.float64)], 1)
    weighing = model(Given(wide))
    weights = weighing.log_weights(X.float(), Noise("few", rows=5), 8).detach()
    bounds = []
    for k in range(1, 9):
        subsets = [weights[list(rows)] for rows in combinations(range(8), k)]
        bounds.append(torch.stack([part.logsumexp(0) - math.log(k) for part in subsets]).mean(0))
    assert (torch.stack(bounds).diff(dim=0) >= 0).all()
    many = weighing.log_weights(X.float(), Noise("many", rows=5), 100_000).detach()
    estimate = many.logsumexp(0) - math.log(100_000)
    torch.testing.assert_close(estimate.double(), EXACT, rtol=0, atol=0.02)


def test_every_weight_is_p_of_x_under_the_true_posterior():
    """With orthogonal columns the true posterior is diagonal: then log w = log p(x) for each draw."""
    A = torch.tensor([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]], dtype=torch.float64)
    precision = 1 + A.square().sum(0) / STD**2
    mean = (X - SHIFT) @ A / STD**2 / precision
    true = model(Given(torch.cat([mean, (-0.5 * precision.log()).expand(5, 2)], 1)))
    true.decoder.weight = nn.Parameter(A.float())
    covariance = A @ A.T + STD**2 * torch.eye(3, dtype=torch.float64)
    exact = torch.distributions.MultivariateNormal(SHIFT, covariance).log_prob(X)
    weights = true.log_weights(X.float(), Noise("w", rows=5), 7).detach()
    torch.testing.assert_close(weights.double(), exact.expand(7, 5), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("k", [1, 3])
def test_flows_know_their_jacobian(k: int):
    generator = torch.Generator().manual_seed(0)
    parameters = torch.randn(4, k * 7, generator=generator, dtype=torch.float64)
    z = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    _, log_det = planar_flows(z, parameters)
    for i in range(4):
        jacobian = torch.autograd.functional.jacobian(lambda v, i=i: planar_flows(v, parameters[i])[0], z[i])
        torch.testing.assert_close(log_det[i], torch.linalg.slogdet(jacobian).logabsdet)
        assert torch.linalg.det(jacobian) > 0, "each flow is invertible"


def test_the_bound_with_flows_is_below_log_p_and_its_weights_are_unbiased():
    generator = torch.Generator().manual_seed(1)
    flows = 0.4 * torch.randn(5, 10, generator=generator, dtype=torch.float64)
    bent = model(Given(torch.cat([MEAN, torch.full((5, 2), -0.3).double(), flows], 1)), flows=2)
    weights = bent.log_weights(X.float(), Noise("flow", rows=5), 100_000).detach().double()
    assert (weights.mean(0) < EXACT).all()
    torch.testing.assert_close(weights.logsumexp(0) - math.log(100_000), EXACT, rtol=0, atol=0.03)
    elbo = bent.elbo(X.float().repeat(20_000, 1), Noise("elbo", rows=100_000)).detach().view(-1, 5).double()
    assert ((elbo.mean(0) - weights.mean(0)).abs() < 5 * elbo.std(0) / math.sqrt(20_000)).all()


def test_beta_and_free_bits_change_what_is_paid_and_not_what_is_reported():
    x = torch.rand(6, 1, 8, 8) * 2 - 1
    for options in ({}, {"beta": 3.0}, {"free_bits": 0.4}):
        torch.manual_seed(0)
        made = create("vae", DataSpec(shape=(1, 8, 8)), channels=4, latent=3, **options)
        losses, batch = made.objective(batch_of(x)), batch_of(x)
        log_likelihood, kl = made.terms(x, batch.noise)
        each = kl_per_dimension(made.posterior(x))
        torch.testing.assert_close(each.sum(1), kl_to_standard_normal(made.posterior(x)))
        paid = torch.where(each < 0.4, 0.4, each).sum(1) if "free_bits" in options else options.get("beta", 1.0) * kl
        torch.testing.assert_close(losses["loss"], (paid - log_likelihood).mean())
        torch.testing.assert_close(losses["kl"], kl.mean())
        torch.testing.assert_close(made.elbo(x, batch_of(x).noise), log_likelihood - kl)


def test_the_log_densities_are_torchs():
    z = torch.randn(3, 4, 2, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(standard_normal_log_prob(z), torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1))
    q = DiagonalNormal(torch.randn(4, 2), torch.randn(4, 2))
    torch.testing.assert_close(q.log_prob(z), torch.distributions.Normal(q.mean, q.log_std.exp()).log_prob(z).sum(-1))
