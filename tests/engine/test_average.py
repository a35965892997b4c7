"""The running average of the weights."""

import pytest
import torch

from saddlepoint.engine.average import Average
from saddlepoint.engine.budget import Budget
from saddlepoint.types import Noise
from support import tensors, toy, trainer


def test_it_halves_the_distance_in_a_half_life():
    source = toy()
    average = Average(source, half_life=100)
    key = "generator.1.weight"
    with torch.no_grad():
        source.generator[1].weight.add_(1.0)
    before = average.recipe.state_dict()[key].clone()
    for _ in range(10):
        average.tick(10, seen=10**6)
    left = (source.state_dict()[key] - average.recipe.state_dict()[key]) / (source.state_dict()[key] - before)
    assert left.mean() == pytest.approx(0.5, abs=1e-4)


def test_early_it_follows_closely():
    source = toy()
    average = Average(source, half_life=10**9)
    with torch.no_grad():
        source.generator[1].weight.add_(1.0)
    average.tick(16, seen=16)  # half-life 0.8 images
    torch.testing.assert_close(average.recipe.generator[1].weight, source.generator[1].weight, atol=1e-4, rtol=0)


def test_what_is_not_averaged_is_shared():
    source = toy()
    average = Average(source, half_life=100)
    assert average.recipe.discriminator is source.discriminator
    assert average.recipe.generator is not source.generator


def test_its_statistics_are_its_own():
    """Batch norm in the averaged generator normalises its own activations, not those of the raw weights."""
    t = trainer(toy(), ema=1000)
    for _ in range(20):
        t.one_step(Budget(steps=1))
    with torch.no_grad(), t.average.ready() as model:
        seen: list[torch.Tensor] = []
        handle = model.generator[2].register_forward_hook(lambda m, args, out: seen.append(out))
        model.draw(Noise("fresh", rows=4096), None)
        handle.remove()
        normalised = (seen[0] - model.generator[2].bias[:, None, None]) / model.generator[2].weight[:, None, None]
    assert normalised.mean((0, 2, 3)).abs().max() < 0.1
    assert (normalised.std((0, 2, 3)) - 1).abs().max() < 0.1


def test_looking_at_it_changes_nothing_in_training():
    t = trainer(toy(), ema=1000)
    t.one_step(Budget(steps=1))
    before = tensors(t.recipe)
    with t.average.ready() as model:
        model.sample(4)
    assert t.recipe.training
    assert t.recipe.discriminator.training
    after = tensors(t.recipe)
    assert all(torch.equal(before[k], after[k]) for k in before)


def test_without_averaging_it_is_the_model_itself():
    source = toy()
    with Average(source, 0).ready() as model:
        assert model is source
        assert not model.training
