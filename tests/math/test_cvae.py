"""The conditional VAE against closed forms, and the networks that are told a label."""

import math

import pytest
import torch
from torch import nn

from saddlepoint.catalogue import create
from saddlepoint.networks.labelled import Labelled
from saddlepoint.recipe import Encodes
from saddlepoint.types import Batch, DataSpec, Noise

STD = 0.5
SPEC = DataSpec(kind="points", shape=(2,), classes=("a", "b", "c"))


@pytest.fixture
def linear():
    """x|z, y ~ N(A z + b_y, STD²): log p(x|y) = log N(x; b_y, A A' + STD² I)."""
    torch.manual_seed(0)
    model = create("cvae", SPEC, latent=1, std=STD, hidden=8)
    model.decoder = Labelled(nn.Linear(1 + 3, 2, bias=False), 3)
    weight = model.decoder.network.weight.detach()
    x = torch.randn(6, 2)
    y = torch.tensor([0, 1, 2, 2, 1, 0])
    covariance = weight[:, :1] @ weight[:, :1].T + STD**2 * torch.eye(2)
    return model, x, y, torch.distributions.MultivariateNormal(weight[:, 1:].T[y], covariance).log_prob(x)


def test_the_bound_is_on_the_likelihood_given_the_label(linear):
    model, x, y, exact = linear
    weights = model.log_weights(x, Noise("w", rows=6), 50_000, y).detach()
    torch.testing.assert_close(weights.logsumexp(0) - math.log(50_000), exact, rtol=0, atol=0.05)
    assert (weights.mean(0) < exact).all()
    elbo = model.elbo(x.repeat(20_000, 1), Noise("e", rows=120_000), y.repeat(20_000)).detach().view(-1, 6)
    assert ((elbo.mean(0) - weights.mean(0)).abs() < 5 * (elbo.std(0) + weights.std(0)) / math.sqrt(20_000)).all()


def test_the_best_encoder_given_the_label_makes_every_draw_exact(linear):
    model, x, y, exact = linear
    weight = model.decoder.network.weight.detach()
    precision = 1 + weight[:, 0].square().sum() / STD**2
    best = nn.Linear(2 + 3, 2)
    with torch.no_grad():  # the mean is a' (x - b_y) / STD² / precision
        best.weight[0] = torch.cat([weight[:, 0], -weight[:, 0] @ weight[:, 1:]]) / STD**2 / precision
        best.weight[1] = 0
        best.bias[:] = torch.tensor([0.0, float(-0.5 * precision.log())])
    model.encoder = Labelled(best, 3)
    weights = model.log_weights(x, Noise("w", rows=6), 4, y).detach()
    torch.testing.assert_close(weights, exact.expand(4, 6), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(model.log_weights(x, Noise("w", rows=6), 4, (y + 1) % 3), exact, atol=0.1)


def test_objective_is_minus_the_bound_given_the_batchs_labels(linear):
    model, x, y, _ = linear
    batch = Batch(x=x, y=y, index=torch.arange(6), noise=Noise("b", rows=6))
    loss = model.objective(batch)["loss"]
    torch.testing.assert_close(loss, -model.elbo(x, Noise("b", rows=6), y).mean())


@pytest.mark.parametrize("shape", [(4,), (2, 5, 3)])
def test_a_label_is_planes_of_an_image_and_numbers_of_a_vector(shape: tuple[int, ...]):
    told = Labelled(nn.Identity(), 3)
    x = torch.randn(2, *shape)
    seen = told(x, torch.tensor([2, 0]))
    assert seen.shape == (2, shape[0] + 3, *shape[1:])
    assert torch.equal(seen[:, : shape[0]], x)
    for row, label in enumerate((2, 0)):
        for k in range(3):
            assert (seen[row, shape[0] + k] == float(k == label)).all()
    soft = told(x, torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]))
    assert (soft[0, shape[0]] == 0.5).all()


def test_a_dense_network_is_told_the_label_by_numbers():
    x, y = torch.randn(2, 2, 5, 3), torch.tensor([2, 0])
    seen = Labelled(nn.Identity(), 3, flat=True)(x, y)
    assert torch.equal(seen[:, :30], x.flatten(1))
    planes = Labelled(nn.Identity(), 3)(x, y)[:, 2:].flatten(2)
    torch.testing.assert_close(seen[:, 30:], planes.norm(dim=2))
    spec = DataSpec(shape=(2, 5, 3), classes=("a", "b", "c"))
    inputs = [p.shape[1] for p in create("m2", spec, network="dense").encoder.parameters() if p.ndim > 1]
    assert inputs[0] == 2 * 5 * 3 + 3


def test_a_code_without_its_label_is_not_offered(linear):
    assert not isinstance(linear[0], Encodes)
