"""Scores and slopes of piecewise linear networks, against differentiating twice."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from saddlepoint.networks.pair import MLPDiscriminator
from saddlepoint.networks.r3gan import Discriminator, Shape
from saddlepoint.objectives.penalties import gradient_norm_squared
from saddlepoint.objectives.piecewise_linear import scores_and_slopes
from saddlepoint.types import DataSpec


class Shared(nn.Module):
    """One linear layer that is used twice, and a mean over places."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.kink, self.out = nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.kink(self.layer(self.kink(self.layer(x)))) + x)


def strided() -> nn.Module:
    first = nn.Conv2d(2, 6, (3, 4), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2)
    return nn.Sequential(first, nn.LeakyReLU(0.1), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(36, 1))


NETWORKS = {
    "r3gan": (
        lambda: Discriminator((3, 13, 9), Shape(width=32, blocks=2, expansion=2, group=16, full_width=1)),
        (3, 13, 9),
    ),
    "points": (lambda: MLPDiscriminator(DataSpec(kind="points", shape=(2,)), (16, 8), output_bias=False), (2,)),
    "shared": (Shared, (4,)),
    "strided": (strided, (2, 8, 9)),
}


def network_and_input(name: str, dtype: torch.dtype = torch.float64) -> tuple[nn.Module, Tensor]:
    torch.manual_seed(0)
    make, shape = NETWORKS[name]
    network = make().to(dtype)
    with torch.no_grad():
        for p in network.parameters():
            p.normal_(0, 0.3)
    return network, torch.randn(5, *shape, dtype=dtype)


def gradients(network: nn.Module, scores: Tensor, slopes: Tensor) -> tuple[Tensor, ...]:
    """Of a loss that weighs each row's score and slope differently."""
    weights = torch.linspace(-1, 2, 10, dtype=torch.float64)
    loss = (weights[:5, None] * scores).sum() + (weights[5:] * slopes).sum()
    return torch.autograd.grad(loss, list(network.parameters()))


@pytest.mark.parametrize("name", NETWORKS)
def test_values_and_gradients_are_those_of_differentiating_twice(name: str) -> None:
    network, x = network_and_input(name)
    inputs = x.clone().requires_grad_()
    expected = network(inputs)
    squares = gradient_norm_squared(expected, inputs)
    scores, slopes = scores_and_slopes(network, x)
    torch.testing.assert_close(scores, expected)
    torch.testing.assert_close(slopes, squares)
    for ours, theirs in zip(gradients(network, scores, slopes), gradients(network, expected, squares), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_of_a_linear_map() -> None:
    """D(x) = w x + b: the slope is |w|^2 everywhere, its gradient 2 w a row, and b moves the scores alone."""
    layer, x = nn.Linear(3, 1), torch.randn(4, 3)
    scores, slopes = scores_and_slopes(nn.Sequential(layer), x)
    torch.testing.assert_close(slopes, layer.weight.square().sum().expand(4))
    by_weight, by_bias = torch.autograd.grad(slopes.sum(), [layer.weight, layer.bias], retain_graph=True)
    torch.testing.assert_close(by_weight, 8 * layer.weight)
    assert not by_bias.any()
    assert torch.autograd.grad(scores.sum(), layer.bias)[0].item() == 4


@pytest.mark.parametrize("name", NETWORKS)
def test_the_network_stays_as_it_was(name: str) -> None:
    network, x = network_and_input(name)
    before, scores = dict(network.named_parameters()), network(x)
    scores_and_slopes(network, x)
    after = dict(network.named_parameters())
    assert [*before] == [*after]
    assert all(before[key] is after[key] and after[key].grad is None for key in before)
    assert torch.equal(network(x), scores), "a hook that stayed, or a bias that did not come back"


def test_frozen_parameters_get_no_gradient() -> None:
    network, x = network_and_input("shared")
    assert isinstance(network, Shared)
    network.layer.requires_grad_(False)
    scores, slopes = scores_and_slopes(network, x)
    (scores.sum() + slopes.sum()).backward()
    assert network.layer.weight.grad is None
    assert network.out.weight.grad is not None


def test_in_bfloat16_it_is_as_near_as_differentiating_twice() -> None:
    network, x = network_and_input("r3gan", torch.float32)
    exact = torch.cat([g.flatten() for g in gradients(network, *scores_and_slopes(network, x))])
    with torch.autocast("cpu", torch.bfloat16):
        found = gradients(network, *scores_and_slopes(network, x))
        inputs = x.clone().requires_grad_()
        scores = network(inputs)
        twice = gradients(network, scores, gradient_norm_squared(scores, inputs))
    assert {g.dtype for g in found} == {torch.float32}
    ours, theirs = (torch.linalg.vector_norm(torch.cat([g.flatten() for g in gs]) - exact) for gs in (found, twice))
    assert ours < 1.2 * theirs


def test_parameters_of_other_layers_are_refused() -> None:
    """They would silently have no gradient."""
    network = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 1))
    with pytest.raises(AssertionError):
        scores_and_slopes(network, torch.randn(2, 3))
