"""GoGAN's margins by hand, and its stages: each is measured against the one before it as that one ended."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from saddlepoint.networks.snapshot import Snapshot
from saddlepoint.objectives.ranking import margin_shortfall
from saddlepoint.types import Batch, DataSpec, Noise
from support import small

POINTS = DataSpec(kind="points", shape=(2,))


def batch(key: int = 0) -> Batch:
    x = Noise("x", key, rows=8).normal(2)
    return Batch(x=x, y=None, index=torch.arange(8), noise=Noise("update", key, rows=8))


def test_the_margin_by_hand():
    real, fake = torch.tensor([[2.0], [0.0], [1.0]]), torch.tensor([[0.0], [0.5], [0.5]])
    # shortfalls of a margin of 1: 0 + 1 - 2 < 0, 0.5 + 1 - 0 = 1.5, 0.5 + 1 - 1 = 0.5
    assert float(margin_shortfall(real, fake, 1.0)) == pytest.approx(2 / 3)
    assert float(margin_shortfall(real, fake, 10.0)) == pytest.approx(10 + float((fake - real).mean()))


def test_a_snapshot_stays_as_it_was_and_is_no_parameter():
    network = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    old, x = Snapshot(network), torch.randn(5, 2)
    before = network(x).detach()
    assert not list(old.parameters())
    with torch.no_grad():
        for p in network.parameters():
            p.add_(1)
    kept = {name: b.clone() for name, b in old.named_buffers()}
    torch.testing.assert_close(old(x), before)
    assert all(torch.equal(kept[name], b) for name, b in old.named_buffers()), "running statistics stay"
    old.take()
    torch.testing.assert_close(old(x), network(x))
    assert not torch.allclose(old(x), before)


def test_the_first_stage_has_its_own_margin_and_later_ones_the_last_stage_s_too():
    recipe = small("gogan", POINTS, margin=0.3, rank=0.7)
    last_g, last_d = (torch.nn.Sequential(*network.layers) for network in (recipe.generator, recipe.discriminator))
    with torch.no_grad():
        z = Noise("update", 0, rows=8).normal(recipe.config.latent)
        last = last_d(last_g(z))
        recipe.last_generator.take()
        recipe.last_discriminator.take()
        for p in recipe.parameters():
            p.add_(0.1)
        real, own = recipe.discriminator(batch().x), recipe.discriminator(recipe.generator(z))
        first = recipe.discriminator_objective(batch())
        recipe.stage.fill_(1)
        second = recipe.discriminator_objective(batch())
        generator = recipe.generator_objective(batch())
    disc = (own + 0.3 - real).clamp(min=0).mean()
    rank = (last + 0.6 - real).clamp(min=0).mean()
    torch.testing.assert_close(first["loss"], disc)
    torch.testing.assert_close(second["loss"], disc + 0.7 * rank)
    torch.testing.assert_close(generator["loss"], -own.mean())
    assert float(rank) != pytest.approx(float(disc), rel=1e-2)


def test_stages_follow_one_another_and_the_critic_is_clipped():
    recipe = small("gogan", POINTS, stage_steps=2, stages=3, clip=0.02)
    ended: list[torch.Tensor] = []
    seen: list[tuple[int, int]] = []

    def batches():
        while True:
            yield batch()

    def update(player, objective, part):
        with torch.no_grad():
            for p in (recipe.generator if player == "generator" else recipe.discriminator).parameters():
                p.add_(0.01)
        return {}

    for t in range(8):
        weight = recipe.generator.layers[0].weight.detach().clone()
        recipe.step(batches(), update, t)
        ended.append(weight)
        kept = recipe.last_generator.get_buffer("layers_0_weight")
        seen.append((int(recipe.stage), next(i for i, w in enumerate(ended) if torch.equal(w, kept))))
        assert max(float(p.detach().abs().max()) for p in recipe.discriminator.parameters()) <= 0.02 + 1e-6
    # (stage, the step before which its rival was kept); the third stage is the last and goes on
    assert seen == [(0, 0), (0, 0), (1, 2), (1, 2), (2, 4), (2, 4), (2, 4), (2, 4)]
