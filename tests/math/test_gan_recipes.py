"""What each adversarial recipe's paper fixes, on the built recipe."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from saddlepoint import catalogue
from saddlepoint.errors import UserError
from saddlepoint.objectives.adversarial import generator_minimax, generator_nonsaturating
from saddlepoint.types import Batch, DataSpec, Noise

IMAGES = DataSpec(shape=(1, 8, 8), classes=("a", "b", "c"))
POINTS = DataSpec(kind="points", shape=(2,), classes=("a", "b"))


def batch_of(spec: DataSpec, rows: int = 6) -> Batch:
    draw = torch.Generator().manual_seed(0)
    x = torch.rand(rows, *spec.shape, generator=draw) * 2 - 1
    y = torch.randint(len(spec.classes), (rows,), generator=draw)
    return Batch(x=x, y=y, index=torch.arange(rows), noise=Noise("batch", rows=rows))


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def test_gan_draws_what_the_paper_says():
    gan = catalogue.create("gan", IMAGES, g_widths=[8], d_widths=[4])
    assert gan.discriminator_objective(batch_of(IMAGES))["loss"].item() == pytest.approx(math.log(4), abs=0.2)
    assert gan.sample(5).abs().max() <= 1
    points = catalogue.create("gan", POINTS, g_widths=[8], d_widths=[4])
    with torch.no_grad():
        points.generator[0][-1].bias.fill_(5.0)
    assert points.sample(5).min() > 1, "no tanh for points"


@pytest.mark.parametrize(
    ("objective", "loss"), [("minimax", generator_minimax), ("nonsaturating", generator_nonsaturating)]
)
def test_gan_plays_the_objective_it_is_told(objective, loss):
    gan, batch = catalogue.create("gan", IMAGES, objective=objective, g_widths=[8], d_widths=[4]), batch_of(IMAGES)
    gan.eval()  # no dropout
    fakes = gan.generator(gan.prior(Noise("batch", rows=6)))
    torch.testing.assert_close(gan.generator_objective(batch)["loss"], loss(gan.discriminator(fakes)))


def test_real_and_fake_pass_the_discriminator_apart():
    dcgan = catalogue.create("dcgan", IMAGES, width=4)
    seen = []
    dcgan.discriminator.register_forward_pre_hook(lambda m, args: seen.append(len(args[0])))
    dcgan.discriminator_objective(batch_of(IMAGES))
    assert seen == [6, 6]


def test_priors_of_the_papers():
    z = catalogue.create("dcgan", IMAGES, width=4).prior(Noise("z", rows=4000))
    assert z.shape[1] == 100
    assert -1 <= z.min() < -0.99
    assert 0.99 < z.max() <= 1
    z = catalogue.create("dcgan", IMAGES, width=4, prior="normal").prior(Noise("z", rows=4000))
    assert z.std().item() == pytest.approx(1, abs=0.01)
    z = catalogue.create("cgan", IMAGES).prior(Noise("z", rows=4000))
    assert z.mean().item() == pytest.approx(0, abs=0.01)
    assert z.std().item() == pytest.approx(1, abs=0.01)
    z = catalogue.create("cgan_conv", IMAGES, width=4).prior(Noise("z", rows=4000))
    assert -1 <= z.min() < -0.99 < 0.99 < z.max() <= 1


def test_the_critic_has_layer_norm_and_no_batch_norm():
    gan = catalogue.create("wgan_gp", DataSpec(shape=(3, 64, 64)), width=4)
    kinds = {type(m) for m in gan.discriminator.modules()}
    assert nn.BatchNorm2d not in kinds
    assert all(m.num_groups == 1 for m in gan.discriminator.modules() if isinstance(m, nn.GroupNorm))
    assert nn.GroupNorm in kinds


def test_wgan_gp_trains_as_in_algorithm_1():
    gan = catalogue.create("wgan_gp", IMAGES, width=4)
    assert gan.config.penalty == 10
    assert {(p.optimizer, p.lr, p.betas) for p in gan.players().values()} == {("adam", 1e-4, (0.0, 0.9))}
    calls = []
    gan.step(iter([batch_of(IMAGES)] * 6), lambda player, objective, batch: calls.append(player) or {}, 0)
    assert calls == ["discriminator"] * 5 + ["generator"]


@pytest.mark.parametrize("spec", [IMAGES, POINTS], ids=["image", "points"])
def test_the_penalty_is_computed_in_float32_under_autocast(spec):
    gan, batch = catalogue.create("wgan_gp", spec, width=4, widths=[16, 16]), batch_of(spec)
    epsilon = torch.rand(6, 1)
    exact = gan.gradient_penalty(batch.x, -batch.x, epsilon)
    with torch.autocast("cpu", torch.bfloat16):
        assert gan.discriminator(batch.x).dtype == torch.bfloat16
        assert torch.equal(gan.gradient_penalty(batch.x, -batch.x, epsilon), exact)


def test_the_critics_loss_is_minus_the_estimate_plus_lambda_times_the_penalty():
    gan = catalogue.create("wgan_gp", IMAGES, width=4, penalty=3.0)
    losses = gan.discriminator_objective(batch_of(IMAGES))
    torch.testing.assert_close(losses["loss"], -losses["wasserstein"] + 3 * losses["penalty"])


def test_each_sample_has_its_own_epsilon(monkeypatch):
    from saddlepoint.recipes import wgan_gp

    seen = []
    whole = wgan_gp.interpolates
    monkeypatch.setattr(wgan_gp, "interpolates", lambda x, f, e: seen.append(e) or whole(x, f, e))
    catalogue.create("wgan_gp", IMAGES, width=4).discriminator_objective(batch_of(IMAGES))
    assert seen[0].shape == (6, 1)
    assert len(seen[0].unique()) == 6


@pytest.mark.parametrize("name", ["gan", "cgan"])
def test_dropout_is_the_dense_discriminators_alone(name):
    gan = catalogue.create(name, IMAGES, dropout=0.25)
    assert {m.p for m in gan.discriminator.modules() if isinstance(m, nn.Dropout)} == {0.25}
    assert not [m for m in gan.generator.modules() if isinstance(m, nn.Dropout)]


@pytest.mark.parametrize("network", ["mlp", "conv"])
def test_cgan_labels_matter_to_both_players(network):
    gan = catalogue.create("cgan", IMAGES, network=network, width=4).eval()
    z, x = gan.prior(Noise("z", rows=1)), batch_of(IMAGES, 1).x
    a, b = torch.tensor([0]), torch.tensor([1])
    assert not torch.equal(gan.generate(z, a), gan.generate(z, b))
    assert not torch.equal(gan.discriminator(x, a), gan.discriminator(x, b))


@pytest.mark.parametrize("spec", [POINTS, DataSpec(shape=(1, 7, 9), classes=("a", "b"))], ids=str)
def test_convolutions_need_images_large_enough(spec):
    with pytest.raises(UserError, match=r"network=conv needs images of at least 8 pixels a side.*use network=mlp"):
        catalogue.create("cgan", spec, network="conv")
    catalogue.create("cgan", spec)
