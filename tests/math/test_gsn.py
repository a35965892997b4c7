"""Generative stochastic networks: the chain's theorem with an exact denoiser, and the layers by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from saddlepoint import catalogue
from saddlepoint.errors import UserError
from saddlepoint.networks.noisy_layers import NoisyLayers
from saddlepoint.recipe import Bounds, Latent, Recipe, Scores
from saddlepoint.types import Batch, DataSpec, Losses, Noise

SPEC = DataSpec(shape=(1, 2, 2), levels=2)
WHITE = torch.tensor([0.1, 0.3, 0.5, 0.9])
"""How often each pixel is white, independently: the data."""
CORRUPTION = 0.4


def small(**config: object) -> Recipe:
    torch.manual_seed(0)
    return catalogue.create("gsn", SPEC, **{"widths": [5, 3], "corruption": CORRUPTION, **config})


class Exact(nn.Module):
    """P(x | x~) by Bayes' rule, as log-odds; `exact` as given, or with a corruption that is not the one applied."""

    def __init__(self, corruption: float = CORRUPTION) -> None:
        super().__init__()
        self.kept = 1 - corruption / 2  # the probability that a pixel is after it what it was before
        self.visible_bias = torch.zeros(4)

    def start(self, rows: int) -> list[Tensor]:
        return []

    def draws(self, noise: Noise) -> list[Tensor]:
        return []

    def forward(self, v: Tensor, hidden: list[Tensor], noise: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        likely = torch.where(v == 1, self.kept, 1 - self.kept)
        white, black = WHITE * likely, (1 - WHITE) * (1 - likely)
        return torch.log(white / black), []


def test_the_chain_of_an_exact_denoiser_has_the_data_as_its_stationary_distribution():
    """Theorem 1 of 1305.6663: from noise the chain of P(x | x~) C(x~ | x) comes to P(x), and from there stays."""
    model, count = small(sample_steps=25), 40_000
    model.network = Exact()
    mean = (model.draw(Noise("chain", rows=count), None).flatten(1).mean(0) + 1) / 2
    torch.testing.assert_close(mean, WHITE, rtol=0, atol=0.005)
    data = (Noise("data", rows=count).uniform(4) < WHITE).float()
    noise = Noise("more", rows=count)
    after = model.drawn(model.chain(data, noise, 3), noise)
    place = 2 ** torch.arange(4.0)
    found, expected = (torch.bincount((v @ place).long(), minlength=16) / count for v in (after, data))
    assert float((found - expected).abs().sum() / 2) < 0.015
    model.network = Exact(corruption=0.8)  # a denoiser of another corruption leads elsewhere
    mean = (model.draw(Noise("chain", rows=count), None).flatten(1).mean(0) + 1) / 2
    assert (mean - WHITE).abs().max() > 0.01


def test_salt_and_pepper():
    model, noise = small(), Noise("c", rows=50_000)
    v = torch.tensor([0.0, 1.0, 0.25, 1.0]).expand(50_000, 4)
    after = model.corrupted(v, noise)
    torch.testing.assert_close(after.mean(0), 0.6 * v[0] + 0.4 * 0.5, rtol=0, atol=0.01)
    assert float((after[:, 2] == 0.25).double().mean()) == pytest.approx(0.6, abs=0.01)


def test_training_starts_from_how_often_each_pixel_is_white():
    """Without it chains end in the negative: see `NoisyLayers.expect`."""
    model, count = small(lr=1e-4), 50_000
    x = 2 * (Noise("data", rows=count).uniform(4) < WHITE).float() - 1
    batch = Batch(x=x.view(-1, 1, 2, 2), y=None, index=torch.arange(count), noise=Noise("w", rows=count))
    seen: list[Tensor] = []

    def update(player: str, objective: Callable[[Batch], Losses], batch: Batch) -> Losses:
        seen.append(model.network.visible_bias.detach().clone())
        with torch.no_grad():
            model.network.visible_bias.fill_(9.0)
        return {}

    for t in (0, 1):
        model.step(iter([batch]), update, t)  # type: ignore[arg-type]
    torch.testing.assert_close(seen[0].sigmoid(), WHITE, rtol=0, atol=0.01)
    assert (seen[1] == 9).all(), "once"
    model.network.expect(torch.zeros(10, 4))
    assert model.network.visible_bias.isfinite().all()


def test_a_chain_starts_from_pixels_drawn_by_the_visible_biases():
    model, count = small(sample_steps=1, corruption=0.01), 20_000
    network = Exact(corruption=0.01)
    network.visible_bias = WHITE.flip(0).logit()
    model.network = network
    mean = (model.draw(Noise("chain", rows=count), None).flatten(1).mean(0) + 1) / 2
    stays = 1 - 0.01 / 2
    start = WHITE.flip(0) * stays + (1 - WHITE.flip(0)) * (1 - stays)
    white, black = (
        torch.sigmoid((WHITE / (1 - WHITE)).log() + sign * torch.tensor(stays / (1 - stays)).log()) for sign in (1, -1)
    )
    torch.testing.assert_close(mean, start * white + (1 - start) * black, rtol=0, atol=0.015)


def test_layers_by_hand():
    """Three hidden layers without noise: the odd ones from what was there, then the even one from the new."""
    torch.manual_seed(0)
    layers = NoisyLayers([4, 3, 5, 2], std=0.0)
    with torch.no_grad():
        for bias in layers.biases:
            bias.normal_()
    (w1, w2, w3), (b0, b1, b2, b3) = layers.weights, layers.biases
    v, (h1, h2, h3) = torch.rand(6, 4), [torch.randn(6, n) for n in (3, 5, 2)]
    logits, (new1, new2, new3) = layers(v, [h1, h2, h3], layers.draws(Noise("n", rows=6)))
    torch.testing.assert_close(new1, torch.tanh(v @ w1 + h2 @ w2.T + b1))
    torch.testing.assert_close(new3, torch.tanh(h2 @ w3 + b3))
    torch.testing.assert_close(new2, torch.tanh(new1 @ w2 + new3 @ w3.T + b2))
    torch.testing.assert_close(logits, new1 @ w1.T + b0)


def test_noise_enters_the_upper_layers_alone():
    layers = NoisyLayers([4, 3, 5], std=2.0)
    rows = 20_000
    with torch.no_grad():
        layers.weights[1].zero_()
        _, (first, second) = layers(torch.ones(rows, 4), layers.start(rows), layers.draws(Noise("n", rows=rows)))
    assert torch.equal(first, first[:1].expand_as(first))
    inside = float(torch.tanh(2 * torch.randn(10**6)).var())
    assert float(second.var()) == pytest.approx(4 + inside, rel=0.03)


@pytest.mark.parametrize("walkback", [2, 3])
def test_the_objective_is_the_mean_over_the_walk(walkback: int):
    model = small(walkback=walkback)
    x = torch.tensor([[-1.0, 1, 1, -1], [0.5, 1, -1, -1]]).view(2, 1, 2, 2)
    losses = model.objective(Batch(x=x, y=None, index=torch.arange(2), noise=Noise("w", rows=2)))
    noise, target = Noise("w", rows=2), (x.flatten(1) + 1) / 2
    v, hidden, errors = target, model.network.start(2), []
    for _ in range(walkback):
        hit, white = noise.uniform(2, 4).unbind(1)
        v = torch.where(hit < CORRUPTION, (white < 0.5).float(), v)
        logits, hidden = model.network(v, hidden, model.network.draws(noise))
        p = logits.sigmoid()
        errors.append(-(target * p.log() + (1 - target) * (1 - p).log()).sum(1).mean())
        v = (noise.uniform(4) < p).float()
    torch.testing.assert_close(losses["loss"], sum(errors) / walkback)
    torch.testing.assert_close(losses["last"], errors[-1])


def test_the_uppermost_layer_learns_only_from_walks_that_reach_it():
    with pytest.raises(UserError, match="walkback=2 is too short for 3 hidden layers"):
        small(widths=[4, 4, 4], walkback=2)
    model = small(widths=[4, 4, 4], walkback=3, std=0.0)
    x = torch.ones(2, 1, 2, 2)
    model.objective(Batch(x=x, y=None, index=torch.arange(2), noise=Noise("w", rows=2)))["loss"].backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())


def test_what_it_answers():
    model = small()
    assert not isinstance(model, Scores | Bounds | Latent), "a chain gives samples alone"
    assert not torch.equal(model.sample(4, seed=0), model.sample(4, seed=1))
