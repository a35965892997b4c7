"""Springenberg 2016: entropies against numpy, and the objectives made of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from saddlepoint import catalogue
from saddlepoint.errors import UserError
from saddlepoint.networks.weight_norm import initialise
from saddlepoint.objectives.entropy import conditional_entropy, marginal_entropy
from saddlepoint.types import Batch, DataSpec, Noise

SPEC = DataSpec(shape=(1, 8, 8), classes=("a", "b", "c"))


def probabilities(logits: torch.Tensor) -> np.ndarray:
    e = np.exp(logits.detach().double().numpy())
    return e / e.sum(1, keepdims=True)


def entropy(p: np.ndarray) -> np.ndarray:
    return -(p * np.log(p)).sum(-1)


def gan(**config: object):
    torch.manual_seed(0)
    made = catalogue.create("catgan", SPEC, widths=[16, 8], g_widths=[8], **config).eval()
    with torch.no_grad():
        initialise(made.discriminator, batch_of(50).x)  # predictions that differ
        made.discriminator.head[-1].scale.mul_(5)
    return made


def batch_of(rows: int = 6, seed: int = 0) -> Batch:
    draw = torch.Generator().manual_seed(seed)
    x = torch.rand(rows, *SPEC.shape, generator=draw) * 2 - 1
    return Batch(x=x, y=torch.arange(rows) % 3, index=torch.arange(rows), noise=Noise("batch", seed, rows=rows))


def test_entropies():
    logits = 3 * torch.randn(40, 5, generator=torch.Generator().manual_seed(0))
    p = probabilities(logits)
    assert conditional_entropy(logits).item() == pytest.approx(entropy(p).mean(), rel=1e-5)
    assert marginal_entropy(logits).item() == pytest.approx(entropy(p.mean(0)), rel=1e-5)
    assert conditional_entropy(logits.bfloat16()).dtype == torch.float32


def test_their_extremes():
    certain = 1000 * torch.eye(4)
    assert conditional_entropy(certain).item() == pytest.approx(0, abs=1e-6)
    assert marginal_entropy(certain).item() == pytest.approx(math.log(4))
    one = certain[:1].repeat(8, 1).requires_grad_()
    assert marginal_entropy(one).item() == pytest.approx(0, abs=1e-6)
    marginal_entropy(one).backward()
    assert one.grad.isfinite().all()
    assert conditional_entropy(torch.zeros(3, 7)).item() == pytest.approx(math.log(7))


@pytest.mark.parametrize("weight", [1.0, 2.5])
def test_the_objectives_are_equations_7_and_8(weight):
    g, labelled = gan(label_weight=weight), batch_of(4, seed=1)
    with torch.no_grad():
        fake = g.generate(g.prior(batch_of().noise))
        real_p, fake_p = probabilities(g.classify(batch_of().x)), probabilities(g.classify(fake))
        wrong = cross_entropy(g.classify(labelled.x), labelled.y).item()
    unlabelled = -entropy(real_p.mean(0)) + entropy(real_p).mean() - entropy(fake_p).mean()
    assert g.discriminator_objective(batch_of(), None)["loss"].item() == pytest.approx(unlabelled, rel=1e-4)
    losses = g.discriminator_objective(batch_of(), labelled)
    assert losses["loss"].item() == pytest.approx(unlabelled + weight * wrong, rel=1e-4)
    expected = -entropy(fake_p.mean(0)) + entropy(fake_p).mean()
    assert g.generator_objective(batch_of())["loss"].item() == pytest.approx(expected, rel=1e-3)
    assert abs(expected) > 1e-3


def test_without_labels_it_finds_categories():
    g = gan(supervised=False, categories=7)
    assert g.categories(batch_of().x).shape == (6, 7)
    with pytest.raises(UserError, match="trained without labels"):
        g.classify(batch_of().x)


def test_convolutions_need_images_large_enough():
    with pytest.raises(UserError, match="network=standard needs images of at least 8 pixels"):
        catalogue.create("catgan", DataSpec(shape=(1, 7, 9)), network="standard")
