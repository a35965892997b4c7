"""acgan, am_gan, infogan, cogan and aegan against what their papers write."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.functional import cross_entropy, logsigmoid

from saddlepoint import catalogue
from saddlepoint.types import Batch, DataSpec, Noise

CLASSES = ("cat", "dog", "newt")
POINTS = DataSpec(kind="points", shape=(2,), classes=CLASSES)
IMAGES = DataSpec(shape=(3, 12, 9), classes=CLASSES)


def made(name: str, spec: DataSpec = POINTS, **config):
    torch.manual_seed(0)
    return catalogue.create(name, spec, **{"latent": 3, "width": 4, "widths": [8], **config}).eval()


def batch_of(spec: DataSpec = POINTS, rows: int = 6) -> Batch:
    draw = torch.Generator().manual_seed(0)
    x = torch.rand(rows, *spec.shape, generator=draw) * 2 - 1
    y = torch.randint(len(CLASSES), (rows,), generator=draw)
    return Batch(x=x, y=y, index=torch.arange(rows), noise=Noise("batch", rows=rows))


def test_acgan_adds_the_class_to_both_sides():
    recipe, batch = made("acgan"), batch_of()
    fake = recipe.generate(recipe.prior(Noise("batch", rows=6)), batch.y)
    real, generated = recipe.discriminator(batch.x), recipe.discriminator(fake)
    named = cross_entropy(generated[:, 1:], batch.y)
    d = -(logsigmoid(real[:, 0]) + logsigmoid(-generated[:, 0])).mean() + cross_entropy(real[:, 1:], batch.y) + named
    torch.testing.assert_close(recipe.discriminator_objective(batch)["loss"], d)
    g = -logsigmoid(generated[:, 0]).mean() + named
    torch.testing.assert_close(recipe.generator_objective(batch_of())["loss"], g)
    torch.testing.assert_close(recipe.classify(batch.x), real[:, 1:])


@pytest.mark.parametrize("labelling", ["predefined", "dynamic"])
def test_am_gan_is_one_classifier_of_one_class_more(labelling):
    recipe, batch = made("am_gan", labelling=labelling), batch_of()
    assert recipe.conditional is (labelling == "predefined")
    fake = recipe.generate(recipe.prior(Noise("batch", rows=6)), batch.y)
    real, generated = recipe.discriminator(batch.x).softmax(1), recipe.discriminator(fake).softmax(1)
    d = -(real[range(6), batch.y].log() + generated[:, 3].log()).mean()
    torch.testing.assert_close(recipe.discriminator_objective(batch)["loss"], d)
    target = batch.y if labelling == "predefined" else generated[:, :3].argmax(1)
    g = -generated[range(6), target].log().mean()
    torch.testing.assert_close(recipe.generator_objective(batch_of())["loss"], g)


def test_am_gan_without_asked_classes_samples_without_them():
    recipe = made("am_gan", labelling="dynamic")
    assert recipe.sample(3).shape == (3, 2)


def infogan(**config):
    return made("infogan", **{"latent": 4, "categorical": [3, 2], "continuous": 2, **config})


def test_the_latent_of_infogan_holds_its_codes():
    z = infogan().prior(Noise("z", rows=3000))
    assert z.shape == (3000, 4 + 5 + 2)
    first, second, code = z[:, 4:7], z[:, 7:9], z[:, 9:]
    for hot in (first, second):
        assert (hot.sum(1) == 1).all()
        torch.testing.assert_close(hot.mean(0), torch.full_like(hot[0], 1 / hot.shape[1]), atol=0.05, rtol=0)
    assert code.abs().max() <= 1
    assert code.var().item() == pytest.approx(1 / 3, rel=0.1)


def test_the_bound_is_zero_for_a_q_that_knows_nothing_and_h_for_one_that_knows_all():
    recipe = infogan(continuous=1)
    z = recipe.prior(Noise("z", rows=500))
    *_, code = z.split([4, 3, 2, 1], 1)
    nothing = torch.zeros(500, 3 + 2 + 1 + 1)
    categorical, continuous = recipe.information(z, nothing)
    assert categorical.item() == pytest.approx(0, abs=1e-5)
    # H(c) = log 2 against the cross entropy of N(0, 1): log(2 pi) / 2 + c² / 2
    expected = math.log(2) - math.log(2 * math.pi) / 2 - float(code.square().mean()) / 2
    assert continuous.item() == pytest.approx(expected, rel=1e-4)
    everything = torch.cat([50 * z[:, 4:9], code, torch.full_like(code, math.log(0.1))], 1)
    categorical, continuous = recipe.information(z, everything)
    assert categorical.item() == pytest.approx(math.log(3) + math.log(2), rel=1e-4)
    assert continuous.item() == pytest.approx(math.log(2) - math.log(0.1) - math.log(2 * math.pi) / 2, rel=1e-4)


def test_infogan_takes_the_bound_from_both_sides_losses():
    batch, weighty, plain = batch_of(), infogan(), infogan(info=0, info_continuous=0)
    z = weighty.prior(Noise("batch", rows=6))
    categorical, continuous = weighty.information(z, weighty.discriminator(weighty.generator(z))[1])
    for side in ("discriminator_objective", "generator_objective"):
        gain = getattr(plain, side)(batch_of())["loss"] - getattr(weighty, side)(batch)["loss"]
        torch.testing.assert_close(gain, categorical + 0.1 * continuous)
        batch = batch_of()


@pytest.mark.parametrize("spec", [POINTS, IMAGES], ids=str)
def test_cogan_shares_all_but_the_layers_nearest_to_the_example(spec):
    recipe = made("cogan", spec)
    for network, layers in ((recipe.generator, 1), (recipe.discriminator, 1)):
        assert len(network.own) == 3
        weights = [next(own.parameters()) for own in network.own]
        assert not torch.equal(weights[0], weights[1]), "domains start apart"
        assert len([m for m in network.own[0] if list(m.parameters())]) == layers
        assert list(network.shared.parameters())
    x = batch_of(spec).x
    one, two = (recipe.discriminator(x, torch.full((6,), k)) for k in (0, 1))
    assert not torch.allclose(one, two)
    mixed = recipe.discriminator(x, torch.tensor([0, 1, 0, 1, 0, 1]))
    torch.testing.assert_close(mixed[::2], one[::2])
    torch.testing.assert_close(mixed[1::2], two[1::2])


def test_aegan_has_eight_parts():
    recipe, batch = made("aegan", hidden=8), batch_of()
    x, z = batch.x, recipe.prior(Noise("batch", rows=6))
    fake, code = recipe.generator(z), recipe.encoder(x)
    x_again, z_again = recipe.generator(code), recipe.encoder(fake)
    dx, dz = recipe.discriminator, recipe.latent_discriminator
    d = (
        -(logsigmoid(dx(x)) + logsigmoid(dz(z))).mean()
        - 0.5
        * (logsigmoid(-dx(fake)) + logsigmoid(-dx(x_again)) + logsigmoid(-dz(code)) + logsigmoid(-dz(z_again))).mean()
    )
    torch.testing.assert_close(recipe.discriminator_objective(batch)["loss"], d)
    g = (x - x_again).abs().mean() + 0.5 * (z - z_again).square().mean()
    g = g - 0.005 * (logsigmoid(dx(fake)) + logsigmoid(dx(x_again))).mean()
    g = g - 0.1 * (logsigmoid(dz(code)) + logsigmoid(dz(z_again))).mean()
    torch.testing.assert_close(recipe.generator_objective(batch_of())["loss"], g)
