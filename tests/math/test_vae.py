"""The VAE against truth: exact likelihoods, exact bounds, and the networks' sizes."""

import math

import pytest
import torch
from torch import Tensor, nn

from saddlepoint.catalogue import create
from saddlepoint.distributions import DiagonalNormal
from saddlepoint.errors import UserError
from saddlepoint.objectives.divergences import kl_to_standard_normal
from saddlepoint.objectives.likelihoods import bits_per_dimension
from saddlepoint.recipe import Bounds, Encodes, Latent
from saddlepoint.types import Batch, DataSpec, Noise

POINTS = DataSpec(kind="points", shape=(3,))
STD = 0.5


def batch_of(x: Tensor, key: int = 0) -> Batch:
    return Batch(x=x, y=None, index=torch.arange(len(x)), noise=Noise("test", key, rows=len(x)))


class Fixed(nn.Module):
    """An encoder whose posterior is W x with given log-stds."""

    def __init__(self, weight: Tensor, log_std: Tensor) -> None:
        super().__init__()
        self.weight, self.log_std = nn.Parameter(weight), nn.Parameter(log_std)

    def forward(self, x: Tensor) -> Tensor:
        mean = x @ self.weight.T
        return torch.cat([mean, self.log_std.expand_as(mean)], dim=1)


@pytest.fixture
def linear():
    """z ~ N(0, I), x|z ~ N(A z + b, STD^2): log p(x), the true posterior and every ELBO have closed forms."""
    generator = torch.Generator().manual_seed(3)
    model = create("vae", POINTS, latent=2, std=STD)
    A, b = torch.randn(3, 2, generator=generator), torch.randn(3, generator=generator)
    decoder = nn.Linear(2, 3)
    decoder.weight, decoder.bias = nn.Parameter(A), nn.Parameter(b)
    model.decoder = decoder
    x = torch.randn(4, 3, generator=generator)
    return model, A.double(), b.double(), x


def exact_log_prob(A: Tensor, b: Tensor, x: Tensor) -> Tensor:
    covariance = A @ A.T + STD**2 * torch.eye(3, dtype=torch.float64)
    return torch.distributions.MultivariateNormal(b, covariance).log_prob(x.double())


def analytic_elbo(A: Tensor, b: Tensor, x: Tensor, q: DiagonalNormal) -> Tensor:
    """E_q log p(x|z) - KL, with E ||x - A z - b||^2 = ||x - A mu - b||^2 + sum_j s_j^2 ||A_j||^2."""
    residual = (x - q.mean @ A.T - b).square().sum(1) + (q.log_std.exp() ** 2 @ A.square().sum(0))
    return -residual / (2 * STD**2) - 1.5 * math.log(2 * math.pi * STD**2) - kl_to_standard_normal(q)


def random_encoder(seed: int) -> Fixed:
    generator = torch.Generator().manual_seed(seed)
    return Fixed(torch.randn(2, 3, generator=generator) / 2, torch.randn(2, generator=generator) / 2 - 0.5)


def test_elbo_is_unbiased_and_so_is_its_gradient(linear):
    model, A, b, x = linear
    model.encoder = random_encoder(0)
    repeats = 50_000
    estimate = model.elbo(x.repeat(repeats, 1), Noise("elbo", rows=4 * repeats)).view(repeats, 4)
    weight, log_std = model.encoder.weight, model.encoder.log_std
    exact = analytic_elbo(
        A, b, x.double(), DiagonalNormal(x.double() @ weight.double().T, log_std.double().expand(4, 2))
    )
    assert ((estimate.mean(0) - exact).abs() < 5 * estimate.std(0) / math.sqrt(repeats)).all()

    estimated = torch.autograd.grad(estimate.mean(0).sum(), [weight, log_std])
    for ours, true in zip(estimated, torch.autograd.grad(exact.sum(), [weight, log_std]), strict=True):
        torch.testing.assert_close(ours, true, rtol=0.02, atol=0.1)


def test_elbo_never_exceeds_the_exact_log_likelihood(linear):
    model, A, b, x = linear
    exact = exact_log_prob(A, b, x)
    for seed in range(20):
        encoder = random_encoder(seed)
        q = DiagonalNormal(x.double() @ encoder.weight.double().T, encoder.log_std.double().expand(4, 2))
        assert (analytic_elbo(A, b, x.double(), q) < exact).all()
        model.encoder = encoder
        repeats = 2000
        estimate = model.elbo(x.repeat(repeats, 1), Noise("b", seed, rows=4 * repeats)).view(repeats, 4)
        assert (estimate.mean(0) - 5 * estimate.std(0) / math.sqrt(repeats) < exact).all()


def test_the_bound_is_tight_at_the_true_posterior():
    """With orthogonal columns the true posterior is diagonal; then every single sample's ELBO is log p(x)."""
    model = create("vae", POINTS, latent=2, std=STD)
    A = torch.tensor([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
    model.decoder = nn.Linear(2, 3, bias=False)
    model.decoder.weight = nn.Parameter(A)
    precision = 1 + A.square().sum(0) / STD**2
    model.encoder = Fixed(A.T / STD**2 / precision[:, None], -0.5 * precision.log())
    x = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        q = model.posterior(x)
        z = q.sample(torch.randn(6, 2))
        prior = DiagonalNormal(torch.zeros(6, 2), torch.zeros(6, 2))
        single = model.log_likelihood(x, z) + prior.log_prob(z) - q.log_prob(z)
        exact = exact_log_prob(A.double(), torch.zeros(3, dtype=torch.float64), x)
        torch.testing.assert_close(single.double(), exact, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(analytic_elbo(A, torch.zeros(3), x, q).double(), exact, rtol=1e-4, atol=1e-4)


def test_objective_is_minus_the_elbo_of_the_same_noise():
    model = create("vae", DataSpec(shape=(1, 8, 8)))
    x = torch.rand(5, 1, 8, 8) * 2 - 1
    losses = model.objective(batch_of(x))
    torch.testing.assert_close(losses["loss"], -model.elbo(x, batch_of(x).noise).mean())
    torch.testing.assert_close(losses["loss"], losses["reconstruction"] + losses["kl"])


@pytest.mark.parametrize(("likelihood", "measure"), [("bernoulli", "binary"), ("discretised_logistic", "levels")])
def test_probabilities_of_all_images_sum_to_one(likelihood: str, measure: str):
    model = create("vae", DataSpec(shape=(1, 1, 2)), likelihood=likelihood)
    assert model.measure == measure
    levels = torch.tensor([-1.0, 1.0]) if measure == "binary" else torch.arange(256) / 127.5 - 1
    images = torch.cartesian_prod(levels, levels).view(-1, 1, 1, 2)
    with torch.no_grad():
        z = torch.randn(1, 20, generator=torch.Generator().manual_seed(0)).expand(len(images), 20)
        total = model.log_likelihood(images, z).double().exp().sum()
    assert float(total) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("network", ["dense", "conv"])
@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 5, 7), (1, 28, 28), (4, 28, 20), (3, 33, 9), (2, 4, 31)])
def test_any_size(network: str, shape: tuple[int, ...]):
    torch.manual_seed(0)  # of four ReLU channels now and then none is alive
    for options in (
        {"likelihood": "bernoulli"},
        {"likelihood": "gaussian"},
        {"likelihood": "gaussian", "std": 0.1},
        {},
    ):
        model = create("vae", DataSpec(shape=shape), network=network, channels=4, hidden=16, latent=3, **options)
        x = torch.rand(2, *shape) * 2 - 1
        model.objective(batch_of(x))["loss"].backward()
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.decoder.parameters())
        assert all(p.grad is not None for p in model.encoder.parameters())
        samples = model.sample(3)
        assert samples.shape == (3, *shape)
        assert samples.abs().max() <= 1
        assert model.encode(x).shape == (2, 3)


def test_points_and_capabilities():
    model = create("vae", POINTS)
    assert all(isinstance(model, capability) for capability in (Latent, Encodes, Bounds))
    assert model.measure == "density"
    assert model.sample(5).shape == (5, 3)
    x = 10 * torch.randn(2, 3)
    assert model.elbo(x, Noise("e", rows=2)).shape == (2,)
    assert bits_per_dimension(model.elbo(x, Noise("e", rows=2)), 3, model.measure).shape == (2,)


def test_the_likelihood_is_what_the_data_is():
    black_and_white = create("vae", DataSpec(shape=(1, 8, 8), levels=2))
    assert [black_and_white.measure, create("vae", DataSpec(shape=(1, 8, 8))).measure] == ["binary", "levels"]


@pytest.mark.parametrize("k", [2, 3])
def test_log_weights_are_those_of_the_draws_one_by_one(linear, k: int):
    model, _, _, x = linear
    model.encoder = random_encoder(1)
    weights = model.log_weights(x, Noise("w", rows=4), k)
    normal = Noise("w", rows=4).normal(k, 2)
    for i in range(4):
        for j in range(k):
            q = model.posterior(x[i : i + 1])
            z = (q.mean + q.log_std.exp() * normal[i, j])[0]
            log_q = torch.distributions.Normal(q.mean[0], q.log_std[0].exp()).log_prob(z).sum()
            log_p = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum()
            log_x = torch.distributions.Normal(model.decoder(z), STD).log_prob(x[i]).sum()
            torch.testing.assert_close(weights[j, i], log_x + log_p - log_q)


def test_there_is_no_batch_norm():
    for network in ("dense", "conv"):
        model = create("vae", DataSpec(shape=(1, 16, 16)), network=network)
        assert not any("Norm" in type(module).__name__ for module in model.modules())


@pytest.mark.parametrize(
    ("spec", "options", "word"),
    [
        (POINTS, {"network": "conv"}, "network=conv"),
        (POINTS, {"likelihood": "bernoulli"}, "likelihood=bernoulli"),
        (DataSpec(shape=(1, 8, 8)), {"std": 0.1}, "std=0.1"),
        (DataSpec(shape=(1, 8, 8)), {"likelihood": "laplace"}, "likelihood"),
        (POINTS, {"free_bits": 0.1, "flows": 2}, "flows=2"),
        (DataSpec(shape=(1, 8, 8), levels=2), {"likelihood": "discretised_logistic"}, "256 grey levels"),
    ],
)
def test_wrong_combinations_are_named(spec: DataSpec, options: dict, word: str):
    with pytest.raises(UserError, match=word):
        create("vae", spec, **options)
