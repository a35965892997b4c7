"""AdaGAN's weights against their definition, and its mixture against its schedule."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from saddlepoint import catalogue
from saddlepoint.networks.ensemble import Ensemble
from saddlepoint.objectives.boosting import example_weights, solve_level
from saddlepoint.types import Batch, DataSpec, Noise
from support import small


def bisected(ratio: np.ndarray, beta: float) -> float:
    """lambda* by its definition: the root of mean (lambda - (1 - beta) d)_+ = beta."""
    low, high = 0.0, beta + (1 - beta) * float(ratio.max())
    for _ in range(200):
        middle = (low + high) / 2
        mean = np.maximum(middle - (1 - beta) * ratio, 0).mean()
        low, high = (middle, high) if mean < beta else (low, middle)
    return high


@pytest.mark.parametrize("beta", [1 / 2, 1 / 3, 1 / 10, 0.9])
@pytest.mark.parametrize("spread", [0.1, 1.0, 5.0])
def test_lambda_is_the_root_of_its_definition_and_the_weights_have_mean_one(beta, spread):
    ratio = np.exp(spread * np.random.default_rng(0).normal(size=1000))
    level = solve_level(torch.tensor(ratio), beta)
    assert float(level) == pytest.approx(bisected(ratio, beta), rel=1e-9)
    weights = example_weights(torch.tensor(ratio), level, beta)
    assert float(weights.mean()) == pytest.approx(1, rel=1e-9)
    assert (weights >= 0).all()


def test_what_the_mixture_lacks_is_all_that_weighs():
    """Half of the data is missing, half is made twice as often as it should be: theorem 1 gives 2 and 0."""
    ratio = torch.tensor([0.0, 0.0, 2.0, 2.0])
    level = solve_level(ratio, 0.5)
    torch.testing.assert_close(example_weights(ratio, level, 0.5), torch.tensor([2.0, 2.0, 0.0, 0.0]))


def test_a_perfect_mixture_is_learned_on_as_it_is():
    ratio = torch.ones(7)
    torch.testing.assert_close(solve_level(ratio, 0.25), torch.tensor(1.0))
    torch.testing.assert_close(example_weights(ratio, torch.tensor(1.0), 0.25), ratio)


def test_the_mixture_with_the_new_component_is_the_data_again():
    """(1 - beta) p_model + beta p_data w >= p_data wherever w > 0, with equality at lambda* = 1: nothing is missing."""
    p_data, p_model = torch.tensor([0.2, 0.3, 0.5]), torch.tensor([0.3, 0.3, 0.4])
    counts = torch.tensor([20, 30, 50])
    ratio = (p_model / p_data).repeat_interleave(counts)
    level = solve_level(ratio, 0.5)
    mixed = 0.5 * p_model + 0.5 * p_data * example_weights(p_model / p_data, level, 0.5)
    torch.testing.assert_close(mixed, p_data, atol=1e-6, rtol=0)


MODES = 4 * torch.tensor([[np.cos(a), np.sin(a)] for a in np.arange(8) * np.pi / 4], dtype=torch.float32)


def test_modes_that_the_first_generator_misses_get_the_weight():
    """Eight Gaussians far apart, a first generator that makes three of them: a trained classifier finds the others."""
    torch.manual_seed(0)
    recipe = catalogue.create("adagan", DataSpec(kind="points", shape=(2,)), widths=[64], components=2, weighed=2000)
    recipe.draw = lambda noise, y: MODES[noise.integers(3)] + 0.1 * noise.normal(2)
    adam = torch.optim.Adam(recipe.classifier.parameters(), lr=1e-2)

    def batch(step: int) -> Batch:
        noise = Noise("data", step, rows=200)
        x = MODES[noise.integers(8)] + 0.1 * noise.normal(2)
        return Batch(x=x, y=None, index=torch.arange(200), noise=Noise("update", step, rows=200))

    for step in range(100):
        adam.zero_grad()
        recipe.classifier_objective(batch(step))["loss"].backward()
        adam.step()
    recipe.weigh((batch(step) for step in range(100, 110)), 1)
    x = torch.cat([batch(step).x for step in range(200, 210)])
    with torch.no_grad():
        weights = example_weights(recipe.ratio(x), recipe.level, 1 / 2)
    mode = torch.cdist(x, MODES).argmin(1)
    made, missing = weights[mode < 3], weights[mode >= 3]
    # d = (1/3) / (1/8) on what is made, 0 elsewhere: lambda* = 0.5 / (5/8), so the missing weigh 8/5 and the made 0.
    assert float(made.mean()) < 0.05
    assert float(missing.mean()) == pytest.approx(8 / 5, rel=0.05)


def test_each_row_goes_through_its_own_network_in_both_modes():
    networks = Ensemble(torch.nn.Linear(2, 3) for _ in range(4))
    z, which = torch.randn(9, 2), torch.tensor([3, 0, 1, 1, 3, 0, 3, 1, 0])
    expected = torch.stack([networks[int(k)](row) for row, k in zip(z, which, strict=True)])
    torch.testing.assert_close(networks(z, which), expected)
    torch.testing.assert_close(networks.eval()(z, which), expected)


def test_batch_norm_sees_the_whole_batch_while_it_trains():
    networks = Ensemble([torch.nn.BatchNorm1d(1), torch.nn.BatchNorm1d(1)])
    z = torch.tensor([[0.0], [2.0], [4.0]])
    out = networks(z, torch.tensor([0, 1, 1]))
    torch.testing.assert_close(out, (z - 2) / (8 / 3) ** 0.5, rtol=1e-4, atol=1e-4)


def test_components_play_in_turn_and_only_trained_ones_are_sampled():
    recipe = small("adagan", DataSpec(kind="points", shape=(2,)))  # 3 components of 2 steps, 1 step of the classifier
    with torch.no_grad():
        for k, generator in enumerate(recipe.generators):
            for p in generator.parameters():
                p.zero_()
            list(generator.parameters())[-1].fill_(k)  # the output's bias: component k makes (k, k)
    played: list[list[str]] = []

    def batches():
        while True:
            rows = Noise("data", rows=16)
            yield Batch(x=rows.normal(2), y=None, index=torch.arange(16), noise=rows)

    def update(player, objective, batch):
        played[-1].append(player)
        return {}

    sampled = []
    for t in range(10):
        played.append([])
        recipe.step(batches(), update, t)
        sampled.append(sorted({int(v) for v in recipe.sample(64)[:, 0]}))
    first, second, third = ([f"discriminator{k}", f"generator{k}"] for k in range(3))
    assert played == [first, first, ["classifier"], second, second, ["classifier"], third, third, third, third]
    assert sampled == [[0]] * 4 + [[0, 1]] * 3 + [[0, 1, 2]] * 3
    shares = np.bincount(recipe.sample(3000)[:, 0].long(), minlength=3) / 3000
    assert shares == pytest.approx([1 / 3] * 3, abs=0.04)


def test_weights_multiply_the_loss_of_each_example():
    recipe = small("adagan", DataSpec(kind="points", shape=(2,)))
    batch = Batch(x=torch.randn(32, 2), y=None, index=torch.arange(32), noise=Noise("update", rows=32))
    recipe.weigh(iter([batch]), 1)
    terms = recipe.discriminator_objective(1, batch)
    assert float(terms["weight"].mean()) == pytest.approx(1, rel=1e-5)
    with torch.no_grad():
        fake = recipe.generators[1](Noise("update", rows=32).normal(recipe.config.latent))
        real, fake = recipe.discriminators[1](batch.x).flatten(), recipe.discriminators[1](fake).flatten()
    expected = -(terms["weight"].numpy() * np.log(1 / (1 + np.exp(-real.numpy())))).mean()
    expected -= np.log(1 - 1 / (1 + np.exp(-fake.numpy()))).mean()
    assert float(terms["loss"].detach()) == pytest.approx(expected, rel=1e-5)
    assert float(terms["weight"].std()) > 0
