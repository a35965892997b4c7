"""Projection: against its formula, and the networks' shapes."""

from __future__ import annotations

import torch

from saddlepoint import catalogue
from saddlepoint.networks.blocks import ConditionalBatchNorm
from saddlepoint.types import Batch, DataSpec, Noise

CLASSES = ("a", "b", "c")


def made(spec: DataSpec, **config):
    torch.manual_seed(0)
    return catalogue.create("projection_gan", spec, **{"latent": 5, "width": 4, "widths": [8, 8], **config})


def test_the_score_is_an_inner_product_with_the_class_and_a_function_of_the_features():
    d = made(DataSpec(shape=(3, 12, 9), classes=CLASSES)).discriminator.eval()
    x, y = torch.randn(6, 3, 12, 9), torch.tensor([0, 1, 2, 0, 1, 2])
    phi = d.phi(x)
    torch.testing.assert_close(d(x, y)[:, 0], phi @ d.psi.weight[0] + (phi * d.classes.weight[y]).sum(1))
    assert phi.shape == (6, d.psi.in_features)


def test_every_weight_of_the_discriminator_is_under_spectral_norm():
    d = made(DataSpec(shape=(1, 16, 16), classes=CLASSES)).discriminator.train()
    layers = [m for m in d.modules() if isinstance(m, torch.nn.Linear | torch.nn.Conv2d | torch.nn.Embedding)]
    for _ in range(200):
        d(torch.randn(2, 1, 16, 16), torch.tensor([0, 1]))
    d.eval()
    assert len(layers) > 8
    for layer in layers:
        largest = torch.linalg.svdvals(layer.weight.flatten(1))[0]
        torch.testing.assert_close(largest, torch.tensor(1.0), rtol=0.02, atol=0)


def test_hinge_losses_with_the_label_that_was_asked_for():
    recipe = made(DataSpec(kind="points", shape=(2,), classes=CLASSES)).eval()
    x, y = torch.randn(6, 2), torch.tensor([0, 1, 2, 0, 1, 2])
    batch = Batch(x=x, y=y, index=torch.arange(6), noise=Noise("b", rows=6))
    fake = recipe.generate(recipe.prior(Noise("b", rows=6)), y)
    real, generated = recipe.discriminator(x, y), recipe.discriminator(fake, y)
    expected = (1 - real).clamp(min=0).mean() + (1 + generated).clamp(min=0).mean()
    torch.testing.assert_close(recipe.discriminator_objective(batch)["loss"], expected)
    batch = Batch(x=x, y=y, index=torch.arange(6), noise=Noise("b", rows=6))
    torch.testing.assert_close(recipe.generator_objective(batch)["loss"], -generated.mean())


def test_conditional_batch_norm_scales_and_shifts_by_class():
    norm = ConditionalBatchNorm(2, 3)
    with torch.no_grad():
        norm.scale.weight.copy_(torch.tensor([[1.0, 1], [2, 2], [3, 3]]))
        norm.shift.weight.copy_(torch.tensor([[0.0, 0], [5, 5], [0, 0]]))
    x, y = torch.randn(6, 2, 4, 4), torch.tensor([0, 1, 2, 0, 1, 2])
    plain = (x - x.mean((0, 2, 3), keepdim=True)) / (x.var((0, 2, 3), keepdim=True, unbiased=False) + 1e-5).sqrt()
    expected = (
        plain * torch.tensor([1.0, 2, 3])[y][:, None, None, None] + torch.tensor([0.0, 5, 0])[y][:, None, None, None]
    )
    torch.testing.assert_close(norm(x, y), expected)


def test_the_widths_of_the_paper():
    recipe = catalogue.create("projection_gan", DataSpec(shape=(3, 128, 128), classes=CLASSES))
    outputs = [block.first.out_channels for block in recipe.generator.blocks]
    assert outputs == [1024, 512, 256, 128, 64]
    assert recipe.generator.project.out_features == 1024 * 4 * 4
