"""Every switch of dcgan does what it says, and at its default nothing."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from saddlepoint import UserError
from saddlepoint.objectives.adversarial import discriminator_minimax, discriminator_targets
from saddlepoint.types import Batch, DataSpec, Noise
from support import small

GREY = DataSpec(shape=(1, 12, 9), classes=("a", "b", "c"))


def batch(n: int = 64) -> Batch:
    noise = Noise("t", rows=n)
    x = 2 * Noise("x", rows=n).uniform(1, 12, 9) - 1
    return Batch(x=x, y=Noise("y", rows=n).integers(3), index=torch.arange(n), noise=noise)


def test_targets_are_cross_entropy_and_hard_ones_the_papers_loss():
    real, fake, soft = torch.randn(9, 1), torch.randn(9, 1), torch.rand(9, 1)
    expected = binary_cross_entropy_with_logits(real, soft) + binary_cross_entropy_with_logits(fake, soft / 2)
    torch.testing.assert_close(discriminator_targets(real, fake, soft, soft / 2), expected)
    hard = discriminator_targets(real, fake, torch.ones(9, 1), torch.zeros(9, 1))
    torch.testing.assert_close(hard, discriminator_minimax(real, fake))


def test_soft_and_flipped_targets_have_the_stated_distribution():
    config = small("dcgan", GREY, soft_labels=0.3, flipped_labels=0.1).config
    off = config._targets(Noise("t", rows=50_000))
    flipped = off > 0.5
    assert flipped.float().mean().item() == pytest.approx(0.1, abs=0.01)
    assert off[~flipped].max() <= 0.3
    assert off[~flipped].mean().item() == pytest.approx(0.15, abs=0.005)
    assert off[flipped].min() >= 0.7


def test_the_discriminator_sees_other_pixels():
    given = batch()
    plain = small("dcgan", GREY).config
    assert plain.seen(given.x, given.noise, 0) is given.x
    unit = small("dcgan", GREY, inputs="unit").config.seen(given.x, given.noise, 0)
    torch.testing.assert_close(unit * 2 - 1, given.x)


def test_instance_noise_falls_to_nothing():
    config = small("dcgan", GREY, instance_noise=0.5, instance_noise_images=100).config
    given = batch(512)
    for images, std in ((0, 0.5), (50, 0.25), (100, 0.0), (900, 0.0)):
        added = config.seen(given.x, Noise("n", rows=512), images) - given.x
        assert added.std().item() == pytest.approx(std, abs=0.01)


def test_joined_batches_share_their_statistics():
    """In one batch a fake's score depends on the real ones; in two it does not."""
    given = batch()
    for way, depends in (("apart", False), ("joined", True)):
        model = small("dcgan", GREY, batches=way).train()
        fake = torch.rand_like(given.x)
        first, second = (
            model.config.judge(model.discriminator, real, fake, given.noise, 0)[1] for real in (given.x, given.x / 3)
        )
        assert torch.allclose(first, second, atol=1e-5) != depends
        turn = model.config.judge_fake(model.discriminator, given.x, fake, given.noise, 0)
        assert torch.allclose(turn, first, atol=1e-5), "the generator is judged as the discriminator learned to"


def test_networks_follow_their_switches():
    def layers(player, kind, **switches):
        network = getattr(small("dcgan", GREY, **switches), player)
        return [layer for layer in network.modules() if isinstance(layer, kind)]

    assert layers("generator", nn.Tanh)
    assert not layers("generator", nn.Tanh, output="linear")
    assert {a.negative_slope for a in layers("discriminator", nn.LeakyReLU, leak=0)} == {0}
    assert not layers("discriminator", nn.Dropout2d)
    assert {d.p for d in layers("discriminator", nn.Dropout2d, d_dropout=0.3)} == {0.3}
    assert {d.p for d in layers("generator", nn.Dropout2d, g_dropout=0.4)} == {0.4}
    for way, pool in (("average", nn.AvgPool2d), ("max", nn.MaxPool2d)):
        assert layers("discriminator", pool, downsample=way)
        assert {c.stride for c in layers("discriminator", nn.Conv2d, downsample=way)} == {(1, 1)}
        assert small("dcgan", GREY, downsample=way).discriminator(batch().x).shape == (64, 1)


def test_the_sphere():
    z = small("dcgan", GREY, prior="sphere", latent=7).prior(Noise("z", rows=5))
    torch.testing.assert_close(z.square().sum(1), torch.full((5,), 7.0))


def test_the_second_task_is_to_tell_classes():
    given = batch()
    model = small("dcgan", GREY, label_weight=0.5)
    d_real, d_fake = model.discriminator(given.x), model.discriminator(-given.x)
    assert d_real.shape == (64, 4)
    loss = model.config.discriminator_loss(d_real, d_fake, given)
    expected = discriminator_minimax(d_real[:, :1], d_fake[:, :1]) + 0.5 * cross_entropy(d_real[:, 1:], given.y)
    torch.testing.assert_close(loss, expected)
    with pytest.raises(UserError, match=r"label_weight=0\.5 needs labelled data"):
        small("dcgan", DataSpec(shape=(1, 12, 9)), label_weight=0.5)


def test_the_discriminators_own_optimiser():
    players = small("dcgan", GREY, d_optimizer="sgd", d_lr=0.1).players()
    assert (players["discriminator"].optimizer, players["discriminator"].lr) == ("sgd", 0.1)
    assert (players["generator"].optimizer, players["generator"].lr) == ("adam", 2e-4)


def test_minimax_is_the_generators_other_loss():
    given = batch()
    losses = [
        small("dcgan", GREY, objective=o).eval().generator_objective(given)["loss"]
        for o in ("minimax", "nonsaturating")
    ]
    assert losses[0] < 0 < losses[1]
