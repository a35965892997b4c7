"""Autoencoders with a GAN's generator: their objectives by torch.distributions and by plain logarithms."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from saddlepoint import catalogue
from saddlepoint.objectives.feature_matching import of_class_means
from saddlepoint.types import Batch, DataSpec, Noise

SPEC = DataSpec(kind="points", shape=(3,), classes=("a", "b"))  # dense networks: each example stands for itself
ROWS = 7


def model(name: str, **config: object):
    torch.manual_seed(0)
    return catalogue.create(name, SPEC, **{"widths": [16, 8], "latent": 4, **config}).eval()


def batch() -> Batch:
    draw = torch.Generator().manual_seed(1)
    y = torch.arange(ROWS) % 2
    return Batch(x=torch.randn(ROWS, 3, generator=draw), y=y, index=torch.arange(ROWS), noise=Noise("b", rows=ROWS))


def coded(m, x: Tensor, noise: Noise) -> tuple[Normal, Tensor]:
    """q(z|x), and a draw of it."""
    mean, log_std = m.encoder(x).chunk(2, 1)
    q = Normal(mean, log_std.exp())
    return q, q.mean + q.stddev * noise.normal(4)


def logs(logits: Tensor) -> Tensor:
    """log sigmoid."""
    return -torch.log1p(torch.exp(-logits.double()))


def equal(objective: Tensor, expected: Tensor | float) -> None:
    assert objective.item() == pytest.approx(torch.as_tensor(expected).item(), rel=1e-4)


def test_vae_gan_is_algorithm_1():
    m, noise = model("vae_gan", gamma=0.3), Noise("b", rows=ROWS)
    x = batch().x
    q, z = coded(m, x, noise)
    again, sample = m.generator(z), m.generator(noise.normal(4))
    kl = kl_divergence(q, Normal(0.0, 1.0)).sum(1).mean()
    f_x, f_again = (m.discriminator.layers[:-1](part) for part in (x, again))
    # Up to the normaliser: the likelihood of a perfect match
    likelihood = (Normal(f_again, 1.0).log_prob(f_x) - Normal(f_x, 1.0).log_prob(f_x)).sum(1).mean()
    equal(m.encoder_objective(batch())["loss"], kl - likelihood)
    d_real, d_again, d_sample = (m.discriminator(part) for part in (x, again, sample))
    deceit = -logs(d_again).mean() - logs(d_sample).mean()
    equal(m.generator_objective(batch())["loss"], deceit - 0.3 * likelihood)
    caught = -logs(d_real).mean() - logs(-d_again).mean() - logs(-d_sample).mean()
    equal(m.discriminator_objective(batch())["loss"], caught)


def test_cvae_gan_is_equations_1_to_7():
    weights = {"prior_weight": 2.0, "pair_weight": 0.5, "mean_weight": 0.3, "class_weight": 0.7}
    m, noise, b = model("cvae_gan", **weights), Noise("b", rows=ROWS), batch()
    x, y = b.x, b.y
    mean, log_std = m.encoder(x, y).chunk(2, 1)
    q = Normal(mean, log_std.exp())
    z = q.mean + q.stddev * noise.normal(4)
    again, sample = m.generator(z, y), m.generator(noise.normal(4), y)
    kl = kl_divergence(q, Normal(0.0, 1.0)).sum(1).mean()
    f_d, f_c = m.discriminator.layers[:-1], m.classifier.layers[:-1]
    pairs = sum(((f(x) - f(again)) ** 2).sum(1).mean() / 2 for f in (torch.nn.Identity(), f_d, f_c))
    equal(m.encoder_objective(batch())["loss"], 2.0 * kl + 0.5 * pairs)
    means = torch.dist(f_d(x).mean(0), f_d(sample).mean(0)) ** 2 / 2
    by_class = sum(torch.dist(f_c(x[y == c]).mean(0), f_c(sample[y == c]).mean(0)) ** 2 / 2 for c in range(2))
    equal(m.generator_objective(batch())["loss"], 0.5 * pairs + 0.3 * means + 0.7 * by_class)
    d_real, d_again, d_sample = (m.discriminator(part) for part in (x, again, sample))
    caught = -logs(d_real).mean() - logs(-d_again).mean() - logs(-d_sample).mean()
    equal(m.discriminator_objective(batch())["loss"], caught)
    right = m.classifier(x).softmax(1)[torch.arange(ROWS), y]
    equal(m.classifier_objective(batch())["loss"], -right.log().mean())


def test_ian_is_ternary_and_looks_at_what_it_judges_by():
    weights = {"adversarial_weight": 0.5, "image_weight": 2.0, "feature_weight": 0.3}
    m, noise, x = model("ian", **weights), Noise("b", rows=ROWS), batch().x
    trunk = m.discriminator.layers[:-1]
    mean, log_std = m.encoder(trunk(x)).chunk(2, 1)
    q = Normal(mean, log_std.exp())
    again, sample = m.generator(q.mean + q.stddev * noise.normal(4)), m.generator(noise.normal(4))
    real, fake, remade = (m.discriminator(part).softmax(1).log().mean(0) for part in (x, sample, again))
    equal(m.discriminator_objective(batch())["loss"], -real[0] - fake[1] - remade[2])
    kl = kl_divergence(q, Normal(0.0, 1.0)).mean()
    features = ((trunk(x) - trunk(again)) ** 2).mean()
    expected = 0.5 * (-fake[0] - remade[0]) + 2.0 * (x - again).abs().mean() + 0.3 * features + kl
    equal(m.generator_objective(batch())["loss"], expected)
    torch.testing.assert_close(m.realness(x), m.discriminator(x).softmax(1).log()[:, 0])


def test_a_class_without_examples_adds_nothing():
    a, b, y = torch.randn(4, 3), torch.randn(4, 3), torch.tensor([0, 2, 0, 2])
    torch.testing.assert_close(of_class_means(a, b, y, 5), of_class_means(a, b, y, 3))
    assert of_class_means(a, a, y, 5).item() == 0


def test_cvae_gan_codes_by_the_class_it_finds_unless_told():
    m, x = model("cvae_gan"), batch().x
    found = m.classify(x).argmax(1)
    assert torch.equal(m.encode(x), m.encode(x, found))
    assert not torch.equal(m.encode(x), m.encode(x, 1 - found))


def test_vae_gan_compares_by_features_not_by_values():
    m = model("vae_gan")
    x = batch().x
    assert m.unlikeness(x, x).item() == 0
    with torch.no_grad():
        m.discriminator.layers[0].weight.zero_()  # a discriminator that sees nothing finds all alike
    assert m.unlikeness(x, x + 1).item() == 0
