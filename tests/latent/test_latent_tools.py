"""Latent tools against closed forms: norms, distributions, linear generators, planted directions."""

from __future__ import annotations

import math

import pytest
import torch

from saddlepoint.errors import UserError
from saddlepoint.latent.arithmetic import analogy, learn_attribute, neighbours
from saddlepoint.latent.directions import ganspace, sefa
from saddlepoint.latent.invert import invert
from saddlepoint.latent.paths import between, linear, matched_normal, matched_uniform, spherical, through
from saddlepoint.latent.traverse import along, categories, manifold, mix
from saddlepoint.latent.truncate import mean_latent, truncate
from saddlepoint.priors import Slice
from saddlepoint.types import DataSpec, Noise
from support import small

NORMAL = (Slice(size=6, prior="normal"),)
IMAGE = DataSpec(shape=(1, 8, 8), classes=("0", "1", "2"))


def draws(n: int, d: int = 6, seed: int = 0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def test_spherical_keeps_the_norm_and_goes_evenly():
    a, b = draws(2)
    b = b * a.norm() / b.norm()
    way = spherical(a, b, torch.linspace(0, 1, 11))
    torch.testing.assert_close(way.norm(dim=1), a.norm().expand(11))
    torch.testing.assert_close(way[[0, -1]], torch.stack([a, b]))
    cosines = (way[1:] * way[:-1]).sum(1) / a.norm() ** 2
    torch.testing.assert_close(cosines, cosines[:1].expand(10), rtol=1e-4, atol=1e-5)
    assert linear(a, b, torch.tensor([0.5])).norm() < 0.99 * a.norm()


@pytest.mark.parametrize("b", [(-1.0, 0.0), (0.0, 0.0), (1.0, 0.0)])
def test_spherical_without_a_circle_goes_straight(b):
    a, b = torch.tensor([1.0, 0.0]), torch.tensor(b)
    torch.testing.assert_close(spherical(a, b, torch.tensor([0.25])), linear(a, b, torch.tensor([0.25])))


@pytest.mark.parametrize("t", [0.0, 0.1, 0.5, 0.7, 1.0])
def test_matched_ways_keep_the_prior(t):
    n = 40_000
    a, b = draws(2, n)
    normal = matched_normal(a, b, torch.tensor([t]))[0]
    uniform = matched_uniform(*(2 * torch.special.ndtr(v) - 1 for v in (a, b)), torch.tensor([t]))[0]
    for cdf in (torch.special.ndtr(normal), (uniform + 1) / 2):
        assert 0 <= cdf.min() <= cdf.max() <= 1
        gap = (cdf.sort().values - torch.linspace(0, 1, n)).abs().max()
        assert gap < 2 / math.sqrt(n)
    if t in (0.0, 1.0):
        torch.testing.assert_close(normal, (a, b)[int(t)], rtol=1e-4, atol=1e-4)


def test_a_way_through_keys_meets_them_all_and_a_loop_returns():
    keys = draws(3)
    way = through(keys, 9, NORMAL, "spherical")
    torch.testing.assert_close(way[[0, 4, 8]], keys)
    loop = through(keys, 9, NORMAL, "linear", loop=True)
    torch.testing.assert_close(loop[[0, 3, 6]], keys)
    torch.testing.assert_close(loop[7], torch.lerp(keys[2], keys[0], 1 / 3))
    with pytest.raises(UserError, match="two latents"):
        through(keys[:1], 9, NORMAL)


def test_each_slice_goes_its_own_way():
    slices = (Slice(size=3, prior="normal"), Slice(name="kind", size=3, prior="category"))
    a, b = draws(2)
    made = between(a, b, torch.tensor([0.5]), slices)
    torch.testing.assert_close(made[:, :3], spherical(a[:3], b[:3], torch.tensor([0.5])))
    torch.testing.assert_close(made[:, 3:], linear(a[3:], b[3:], torch.tensor([0.5])))
    with pytest.raises(UserError, match="kind is category"):
        between(a, b, torch.tensor([0.5]), slices, "matched")


def test_arithmetic_on_a_linear_generator_is_arithmetic_on_images():
    model = small("ae", DataSpec(shape=(1, 8, 8)), network="linear", latent=6).eval()
    a, b, c = draws(9).split(3)
    images = [model.decoder(z).mean(0) for z in (a, b, c)]
    torch.testing.assert_close(model.decoder(analogy(a, b, c)[None])[0], images[0] - images[1] + images[2])


def test_neighbours_surround_the_result():
    z = draws(1)[0]
    grid = neighbours(z, Noise("jitter", rows=8), 0.25)
    assert torch.equal(grid[4], z)
    assert (grid - z).abs().max() <= 0.25
    assert len({tuple(row.tolist()) for row in grid}) == 9


def test_an_attribute_is_found_and_judged_on_what_it_has_not_seen():
    z = draws(2000)
    planted = torch.tensor([3.0, 0.0, 0.0, -4.0, 0.0, 0.0]) / 5
    found = learn_attribute(z, z @ planted > 0.5)
    assert float(found.vector @ planted) > 0.98
    assert found.vector.norm() == pytest.approx(1, abs=1e-5)
    assert found.held_out == 400
    assert found.accuracy > 0.95
    assert found.floor == pytest.approx(0.69, abs=0.07)
    assert ((found.score(z) > 0) == (z @ planted > 0.5)).float().mean() > 0.95
    chance = learn_attribute(z, draws(2000, 1, seed=1)[:, 0] > 0)
    assert abs(chance.accuracy - 0.5) < 0.1
    with pytest.raises(UserError, match="too few"):
        learn_attribute(z, torch.zeros(2000, dtype=torch.bool))


def test_walks_go_over_the_prior():
    z = draws(1)[0]
    walk = along(z, 2, NORMAL, 5)
    torch.testing.assert_close(walk[:, 2], torch.tensor([-1.96, -0.636, 0.0, 0.636, 1.96]), rtol=1e-2, atol=1e-3)
    assert torch.equal(walk[:, [0, 1, 3, 4, 5]], z[[0, 1, 3, 4, 5]].expand(5, 5))
    grid = manifold(z, (0, 1), NORMAL, 4)
    mass = torch.special.ndtr(grid[:, :2])
    torch.testing.assert_close(mass[:4, 0], torch.tensor([0.125, 0.375, 0.625, 0.875]))
    assert (mass[:4, 1] == mass[0, 1]).all()
    assert mass[0, 1] > mass[-1, 1], "upwards"
    with pytest.raises(UserError, match="dimensions 0 to 5"):
        along(z, 6, NORMAL)
    with pytest.raises(UserError, match="no quantiles"):
        along(z, 0, (Slice(size=6, prior="category"),))


def test_categories_and_mixtures_change_only_what_they_name():
    slices = (Slice(size=2, prior="normal"), Slice(name="kind", size=4, prior="category"))
    a, b = draws(2, seed=3).split(1)
    made = categories(a, "kind", slices)
    assert torch.equal(made[:, 2:], torch.eye(4))
    assert torch.equal(made[:, :2], a[:, :2].expand(4, 2))
    mixed = mix(a, b, ["kind"], slices)
    assert torch.equal(mixed, torch.cat([a[:, :2], b[:, 2:]], 1))
    for call in (lambda: categories(a, "style", slices), lambda: mix(a, b, ["style"], slices)):
        with pytest.raises(UserError, match="style"):
            call()


@pytest.mark.parametrize("name", ["gan", "cgan", "vae"])
def test_a_models_own_sample_is_found_again(name):
    model = small(name, IMAGE, latent=4) if name != "vae" else small(name, IMAGE, latent=4, network="dense")
    y = torch.tensor([0, 1]) if model.conditional else None
    model.eval()
    with torch.no_grad():
        x = model.generate(model.prior(Noise("own", rows=2)), y)
        unrelated = model.generate(model.prior(Noise("other", rows=2)), y)
    apart = (x - unrelated).square().mean()
    told: list[int] = []
    found = invert(
        model, x, y, method="optimise", steps=200, progress=lambda done, steps, _: told.append(done * 1000 + steps)
    )
    assert (told[0], told[-1]) == (1200, 200_200)
    assert float(found.error.max()) < 0.02 * float(apart)
    torch.testing.assert_close(model.generate(found.z, y).detach(), found.x)
    assert all(p.requires_grad and p.grad is None for p in model.parameters())


def test_descent_never_ends_worse_than_the_encoder():
    model = small("vae", IMAGE, network="dense")
    x = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    by_encoder, both = invert(model, x, method="encoder"), invert(model, x, steps=30)
    assert (both.error <= by_encoder.error + 1e-6).all()
    assert both.error.mean() < by_encoder.error.mean()
    assert model.training


def test_features_lead_where_pixels_do_not():
    model = small("gan", IMAGE, latent=4)
    x = torch.zeros(1, 1, 8, 8)
    bright = invert(model, x, features=lambda image: image.flatten(1).mean(1, keepdim=True) - 1, weight=0.0, steps=20)
    plain = invert(model, x, steps=20)
    assert torch.equal(bright.z, plain.z), "a weight of 0 changes nothing"
    heavy = invert(model, x, features=lambda image: image.flatten(1).std(1, keepdim=True), weight=100.0, steps=60)
    assert heavy.x.std() < plain.x.std()


def test_without_a_gradient_the_encoder_alone_is_taken():
    model = small("vq_vae", IMAGE)
    x = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    found = invert(model, x, steps=3)
    assert found.method == "encoder"
    assert torch.equal(found.z, invert(model, x, method="encoder").z)
    for method in ("both", "optimise"):
        with pytest.raises(UserError, match="no gradient leads back"):
            invert(model, x, method=method, steps=3)
    assert invert(small("vae", IMAGE, network="dense"), x, steps=3).method == "both"
    assert invert(small("gan", IMAGE), x, steps=3).method == "optimise"


@pytest.mark.parametrize("name", ["lapgan", "m1_m2"])
def test_the_part_of_a_latent_that_is_met_first_has_directions(name):
    model = small(name, IMAGE)
    first = model.slices[0].size
    for tool in (sefa, ganspace):
        found = tool(model, 3)
        assert found.vectors.shape == (3, sum(part.size for part in model.slices))
        assert not found.vectors[:, first:].any()


def test_a_latent_that_is_taken_piece_by_piece_has_no_directions():
    model = small("vq_vae", IMAGE)
    for tool in (sefa, ganspace):
        with pytest.raises(UserError, match="no affine layer that takes its latent"):
            tool(model)


def test_what_cannot_be_inverted_is_refused():
    with pytest.raises(UserError, match="no encoder"):
        invert(small("gan", IMAGE), torch.zeros(1, 1, 8, 8), method="encoder")
    with pytest.raises(UserError, match="no latent"):
        invert(small("adagan", IMAGE), torch.zeros(1, 1, 8, 8))


def test_factors_of_a_linear_generator_are_its_singular_vectors():
    model = small("ae", DataSpec(shape=(1, 8, 8)), network="linear", latent=6)
    weight = next(m for m in model.decoder.modules() if isinstance(m, torch.nn.Linear)).weight
    with torch.no_grad():
        left, _ = torch.linalg.qr(draws(64, 6))
        right, _ = torch.linalg.qr(draws(6, 6, seed=1))
        weight.copy_(left @ torch.diag(torch.tensor([6.0, 5.0, 4.0, 3.0, 2.0, 1.0])) @ right.T)
    found = sefa(model, 3)
    torch.testing.assert_close((found.vectors @ right[:, :3]).abs(), torch.eye(3), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(found.strength, torch.tensor([36.0, 25.0, 16.0]) / 91, rtol=1e-4, atol=1e-4)
    assert (found.spread > 0).all()


def test_components_of_features_are_carried_back():
    model = small("gan", DataSpec(kind="points", shape=(2,)), latent=5)
    first = next(m for m in model.generator.modules() if isinstance(m, torch.nn.Linear))
    with torch.no_grad():
        left, _ = torch.linalg.qr(draws(first.out_features, 5))
        first.weight.copy_(left @ torch.diag(torch.tensor([9.0, 5.0, 3.0, 2.0, 1.0])))
    found = ganspace(model, 2)
    torch.testing.assert_close(found.vectors.abs(), torch.eye(5)[:2], rtol=0.1, atol=0.1)
    assert found.strength[0] > found.strength[1]
    torch.testing.assert_close(found.spread, torch.ones(2), rtol=0.1, atol=0.1)


@pytest.mark.parametrize("name", ["dcgan", "r3gan", "infogan", "acgan"])
def test_convolutional_and_conditional_models_have_directions(name):
    model = small(name, IMAGE)
    size = sum(part.size for part in model.slices)
    for tool in (sefa, ganspace):
        found = tool(model, 4)
        assert found.vectors.shape == (4, size)
        torch.testing.assert_close(found.vectors.norm(dim=1), torch.ones(4))


def test_truncation_goes_to_the_mean():
    model = small("dcgan", IMAGE)
    mean = mean_latent(model)
    assert mean.abs().max() < 0.05
    z = draws(4, len(mean))
    assert torch.equal(truncate(z, 1.0, mean, model.slices), z)
    torch.testing.assert_close(truncate(z, 0.0, mean, model.slices), mean.expand_as(z))
    torch.testing.assert_close(truncate(z, 0.5, mean, model.slices), (z + mean) / 2)
    kinds = (Slice(size=len(mean) - 3, prior="normal"), Slice(name="kind", size=3, prior="category"))
    assert torch.equal(truncate(z, 0.0, mean, kinds)[:, -3:], z[:, -3:])
