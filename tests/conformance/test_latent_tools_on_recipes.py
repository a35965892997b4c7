"""Every latent tool on every recipe that has a latent; what a recipe cannot do is refused in one sentence."""

from __future__ import annotations

import pytest
import torch

from saddlepoint import catalogue
from saddlepoint.errors import UserError
from saddlepoint.latent.arithmetic import analogy, learn_attribute, neighbours
from saddlepoint.latent.directions import ganspace, sefa
from saddlepoint.latent.invert import invert
from saddlepoint.latent.paths import through
from saddlepoint.latent.traverse import along, categories, manifold, mix
from saddlepoint.latent.truncate import mean_latent, truncate
from saddlepoint.recipe import Encodes, Latent
from saddlepoint.types import DataSpec, Noise
from support import small

NAMES = [name for name in catalogue.names() if catalogue.info(name).recipe == name]
HAVE = [name for name in NAMES if issubclass(catalogue.recipe_class(name), Latent)]

NO_FIRST_LAYER = {"nice", "real_nvp", "vq_vae"}
"""Flows read a part of z at a time; VQ-VAE's z is a map of words."""
NO_GRADIENT = {"pixel_vae", "vq_vae"}


def model_of(name: str):
    levels = 2 if catalogue.recipe_class(name).binary else 256
    model = small(name, DataSpec(shape=(1, 8, 8), classes=("cat", "dog", "newt"), levels=levels)).eval()
    z = model.prior(Noise("tools", rows=6)) if isinstance(model, Latent) else torch.empty(0)
    return model, z


def made(model, z):
    """Samples of these latents, which must be whole."""
    y = torch.arange(len(z)) % 3 if model.conditional else None
    with torch.no_grad():
        x = model.generate(z, y)
    assert x.shape == (len(z), 1, 8, 8)
    assert x.isfinite().all()
    return x


@pytest.mark.parametrize("name", HAVE)
@pytest.mark.parametrize("how", ["auto", "linear"])
def test_ways_begin_and_end_where_they_should(name, how):
    model, z = model_of(name)
    way = through(z[:3], 5, model.slices, how)
    made(model, way)
    torch.testing.assert_close(way[[0, 2, 4]], z[:3], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", HAVE)
def test_latents_can_be_added_truncated_and_mixed(name):
    model, z = model_of(name)
    nine = neighbours(analogy(z[:2], z[2:4], z[4:]), Noise("jitter", rows=8))
    made(model, nine)
    mean = mean_latent(model)
    torch.testing.assert_close(truncate(z, 1.0, mean, model.slices), z)
    made(model, truncate(z, 0.5, mean, model.slices))
    every = [part.name for part in model.slices]
    assert torch.equal(mix(z[:3], z[3:], every, model.slices), z[3:])
    assert torch.equal(mix(z[:3], z[3:], [], model.slices), z[:3])
    found = learn_attribute(torch.randn(40, z.shape[1]), torch.arange(40) % 2 == 0)
    made(model, z + found.vector)


@pytest.mark.parametrize("name", HAVE)
def test_every_part_can_be_walked_along_or_says_why_not(name):
    model, z = model_of(name)
    start = 0
    for part in model.slices:
        if part.prior == "category":
            made(model, categories(z[:1], part.name, model.slices))
        elif part.prior == "learned":
            with pytest.raises(UserError, match="no quantiles"):
                along(z[0], start, model.slices)
        else:
            walk = along(z[0], start, model.slices, 5)
            made(model, walk)
            assert walk[:, start].diff().gt(0).all()
            made(model, manifold(z[0], (start, start + part.size - 1), model.slices, 2))
        start += part.size


@pytest.mark.parametrize("name", HAVE)
@pytest.mark.parametrize("tool", [sefa, ganspace])
def test_directions_are_found_or_refused(name, tool):
    model, z = model_of(name)
    if name in NO_FIRST_LAYER:
        with pytest.raises(UserError, match="no affine layer that takes its latent"):
            tool(model, 2)
        return
    found = tool(model, 2)
    torch.testing.assert_close(found.vectors.norm(dim=1), torch.ones(len(found.vectors)))
    assert found.strength.diff().le(1e-6).all(), "the strongest first"
    assert found.spread.gt(0).all()
    moved = made(model, z + 3 * found.spread[0] * found.vectors[0])
    assert not torch.equal(moved, made(model, z))


@pytest.mark.parametrize("name", HAVE)
def test_inversion_brings_the_sample_no_farther(name):
    model, z = model_of(name)
    x = made(model, z).float()
    y = torch.arange(len(z)) % 3 if model.conditional else None
    methods = ["encoder", "both", "optimise"] if isinstance(model, Encodes) else ["optimise"]
    for method in methods:
        if name in NO_GRADIENT and method != "encoder":
            with pytest.raises(UserError, match="no gradient leads back"):
                invert(model, x, y, method=method, steps=3, starts=2)
            continue
        found = invert(model, x, y, method=method, steps=3, starts=2)
        assert found.z.shape == z.shape
        assert found.error.isfinite().all()
        torch.testing.assert_close(found.error, (found.x - x).square().flatten(1).mean(1))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in HAVE])
def test_without_a_latent_all_is_refused_in_words(name):
    model, _ = model_of(name)
    x = torch.zeros(1, 1, 8, 8)
    for tool in (sefa, ganspace, lambda each: invert(each, x)):
        with pytest.raises(UserError, match="no latent"):
            tool(model)
