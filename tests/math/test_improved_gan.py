"""Salimans et al. 2016: each technique against its formula, computed otherwise."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import batch_norm, binary_cross_entropy, cross_entropy

from saddlepoint import catalogue
from saddlepoint.errors import UserError
from saddlepoint.networks.history import History
from saddlepoint.networks.minibatch_discrimination import MinibatchDiscrimination
from saddlepoint.networks.noise import GaussianNoise
from saddlepoint.networks.virtual_batch_norm import VirtualBatchNorm, WithReference
from saddlepoint.networks.weight_norm import WeightNormLinear, initialise
from saddlepoint.types import Batch, DataSpec, Noise

SPEC = DataSpec(shape=(1, 8, 8), classes=("a", "b", "c"))
SMALL = {"widths": [16, 8], "g_widths": [8], "width": 4}


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def gan(spec: DataSpec = SPEC, name: str = "improved_gan", **config: object):
    """Without noise and dropout."""
    return catalogue.create(name, spec, **{**SMALL, **config}).eval()


def batch_of(rows: int = 6, seed: int = 0) -> Batch:
    draw = torch.Generator().manual_seed(seed)
    x = torch.rand(rows, *SPEC.shape, generator=draw) * 2 - 1
    return Batch(x=x, y=torch.arange(rows) % 3, index=torch.arange(rows), noise=Noise("batch", seed, rows=rows))


def fakes(g, batch: Batch) -> torch.Tensor:
    return g.generate(g.prior(Noise(*batch.noise.key, rows=len(batch))))


def test_the_discriminator_is_a_classifier_of_one_class_more():
    """By a softmax over K + 1 logits, the last of them 0, as section 5 begins."""
    g, batch, labelled = gan(), batch_of(), batch_of(4, seed=1)

    def p(x: torch.Tensor) -> torch.Tensor:
        logits = g.discriminator(x)
        return torch.cat([logits, torch.zeros(len(x), 1)], 1).softmax(1)

    supervised = -torch.stack(
        [p(x[None])[0, y] / p(x[None])[0, :3].sum() for x, y in zip(labelled.x, labelled.y, strict=True)]
    )
    supervised = -(-supervised).log().mean()
    unsupervised = -(1 - p(batch.x)[:, 3]).log().mean() - p(fakes(g, batch))[:, 3].log().mean()
    losses = g.discriminator_objective(batch, labelled)
    torch.testing.assert_close(losses["loss"], supervised + unsupervised / 2)
    torch.testing.assert_close(losses["class_loss"], supervised)
    torch.testing.assert_close(losses["d_fake"], 1 - p(fakes(g, batch))[:, 3].mean())


def test_one_sided_smoothing():
    g, batch = gan(supervised=False, real_target=0.9), batch_of()
    real, fake = g.discriminator(batch.x).sigmoid(), g.discriminator(fakes(g, batch)).sigmoid()
    expected = binary_cross_entropy(real, torch.full_like(real, 0.9)) + binary_cross_entropy(
        fake, torch.zeros_like(fake)
    )
    torch.testing.assert_close(g.discriminator_objective(batch, None)["loss"], expected)


def test_feature_matching_compares_means():
    g, batch = gan(), batch_of()
    ours, theirs = (g.discriminator.features(x).detach().numpy() for x in (batch.x, fakes(g, batch)))
    expected = float(((ours.mean(0) - theirs.mean(0)) ** 2).mean())
    assert g.generator_objective(batch)["loss"].item() == pytest.approx(expected, rel=1e-5)
    assert ours.shape == (6, 8), "the last hidden layer"
    assert (ours >= 0).all()


def test_without_it_the_generator_plays_the_non_saturating_loss():
    g, batch = gan(feature_matching=False), batch_of()
    z = g.discriminator(fakes(g, batch)).exp().sum(1)
    torch.testing.assert_close(g.generator_objective(batch)["loss"], -(z / (z + 1)).log().mean())


def test_minibatch_discrimination_by_loops():
    layer, f = MinibatchDiscrimination(4, kernels=3, dimensions=2), torch.randn(5, 4)
    out = layer(f)
    assert torch.equal(out[:, :4], f)
    m = (f @ layer.tensor).view(5, 3, 2).detach().numpy()
    for i in range(5):
        for b in range(3):
            closeness = sum(math.exp(-np.abs(m[i, b] - m[j, b]).sum()) for j in range(5))
            assert out[i, 4 + b].item() == pytest.approx(closeness, rel=1e-5)
    alike = layer(f[:1].expand(5, -1))
    torch.testing.assert_close(alike[:, 4:], torch.full((5, 3), 5.0))


def test_real_and_fake_are_minibatches_of_their_own():
    g = gan(minibatch_discrimination=True)
    sizes: list[int] = []
    g.discriminator.head[0].register_forward_pre_hook(lambda layer, args: sizes.append(len(args[0])))
    g.discriminator_objective(batch_of(6), batch_of(4))
    assert sizes == [6, 6, 4]


@pytest.mark.parametrize("shape", [(5,), (5, 4, 3)], ids=str)
def test_virtual_batch_norm_is_batch_norm_over_the_reference_and_one_row(shape):
    layer, reference, x = VirtualBatchNorm(5, 7), torch.randn(7, *shape), 3 * torch.randn(4, *shape) + 1
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)
    out = layer(torch.cat([reference, x]))
    scale = {"weight": layer.weight, "bias": layer.bias, "training": True}
    torch.testing.assert_close(out[:7], batch_norm(reference, None, None, **scale))
    for row, one in zip(x, out[7:], strict=True):
        joined = torch.cat([reference, row[None]])
        torch.testing.assert_close(one, batch_norm(joined, None, None, **scale)[-1])


def test_no_sample_depends_on_its_batch_and_the_reference_is_kept():
    g = gan(virtual_batch_norm=True).train()
    assert isinstance(g.generator, WithReference)
    z = g.prior(Noise("z", rows=8))
    torch.testing.assert_close(g.generate(z)[:3], g.generate(z[:3]))
    assert "generator.batch" in g.state_dict()
    assert g.generator.batch.shape == (64, 100)
    assert not [m for m in g.generator.modules() if isinstance(m, nn.BatchNorm1d)]


def test_historical_averaging():
    network = nn.Linear(3, 2)
    history, past = History(network), []
    assert history.distance(network) == 0
    for _ in range(4):
        nn.init.normal_(network.weight)
        nn.init.normal_(network.bias)
        past.append([p.detach().clone() for p in network.parameters()])
        history.remember(network)
    nn.init.normal_(network.weight)
    means = [torch.stack(values).mean(0) for values in zip(*past, strict=True)]
    expected = sum((p - mean).square().sum() for p, mean in zip(network.parameters(), means, strict=True))
    torch.testing.assert_close(history.distance(network), expected)


def test_each_player_is_held_to_its_own_past():
    g, batch = gan(history=0.5), batch_of()
    calls = []

    class Batches:
        labelled = iter([batch_of(4)] * 3)

        def __iter__(self):
            return self

        def __next__(self):
            return batch

    def update(player, objective, batch):
        calls.append(player)
        objective(batch)
        return {}

    g.step(Batches(), update, 0)
    for network, past, objective in (
        (g.generator, g.g_past, lambda: g.generator_objective(batch_of())),
        (g.discriminator, g.d_past, lambda: g.discriminator_objective(batch_of(), None)),
    ):
        assert past.count == 1
        before = objective()["loss"]
        first = next(network.parameters())
        past.mean0.copy_(first.detach() + 1)  # a past that is 1 away everywhere
        torch.testing.assert_close(objective()["loss"] - before, torch.tensor(0.5 * first.numel()), rtol=1e-3, atol=0)
    assert calls == ["discriminator", "generator"]


def test_weight_norm_starts_each_layer_at_mean_0_and_variance_1():
    network = nn.Sequential(WeightNormLinear(6, 5), nn.ReLU(), nn.Identity(), WeightNormLinear(5, 4, True))
    x = 3 * torch.randn(400, 6) + 2
    initialise(network, x)
    for layer, inputs in ((network[0], x), (network[3], network[:3](x))):
        std, mean = torch.std_mean(layer(inputs), 0, correction=0)
        torch.testing.assert_close(std, torch.ones_like(std), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(mean, torch.zeros_like(mean), rtol=1e-4, atol=1e-4)
        assert not layer._forward_pre_hooks
    assert {name for name, _ in network[0].named_parameters()} == {"direction", "bias"}
    assert {name for name, _ in network[3].named_parameters()} == {"direction", "bias", "scale"}
    with torch.no_grad():
        before = network[0](x)
        network[0].direction.mul_(7)  # only the direction counts
    torch.testing.assert_close(network[0](x), before)


def test_weight_norm_reckons_with_noise():
    """Directions have length 1, so noise adds its own variance: N(0, 4) with noise of 1.5 has 2.5²."""
    network = nn.Sequential(GaussianNoise(1.5), WeightNormLinear(3, 2))
    initialise(network, 2 * torch.randn(20_000, 3))
    torch.testing.assert_close(network[1].scale, torch.full((2,), 1 / 2.5), rtol=0.02, atol=0)


def test_noise_is_of_training():
    layer, x = GaussianNoise(0.5), torch.zeros(10_000)
    assert layer(x).std().item() == pytest.approx(0.5, rel=0.05)
    assert torch.equal(layer.eval()(x), x)


def test_the_papers_mnist_experiment():
    g = catalogue.create("improved_gan", DataSpec(shape=(1, 28, 28), classes=tuple("0123456789")))
    dense = [m for m in g.discriminator.modules() if isinstance(m, WeightNormLinear)]
    assert [m.direction.shape[::-1] for m in dense] == [
        (784, 1000), (1000, 500), (500, 250), (250, 250), (250, 250), (250, 10),
    ]  # fmt: skip
    assert [m.std for m in g.discriminator.modules() if isinstance(m, GaussianNoise)] == [0.3] + [0.5] * 5
    assert [tuple(m.weight.shape[::-1]) for m in g.generator if isinstance(m, nn.Linear)] == [(100, 500), (500, 500)]
    assert {(p.lr, p.betas) for p in g.players().values()} == {(3e-3, (0.5, 0.999))}
    seen: list[torch.Tensor] = []
    g.discriminator.features[1].register_forward_pre_hook(lambda layer, args: seen.append(args[0]))
    g.classify(torch.full((1, 1, 28, 28), -1.0))
    assert (seen[0] == 0).all(), "black is 0"


def test_no_labels_no_classes():
    for g in (gan(DataSpec(shape=(1, 8, 8))), gan(supervised=False)):
        assert g.discriminator(batch_of().x).shape == (6, 1)
        with pytest.raises(UserError, match="trained without labels: it cannot classify"):
            g.classify(batch_of().x)
    torch.testing.assert_close(cross_entropy(gan().classify(batch_of().x), batch_of().y).isfinite(), torch.tensor(True))


def test_the_unsupervised_preset():
    g = gan(name="improved_gan_unsupervised")
    assert isinstance(g.generator, WithReference)
    assert isinstance(g.discriminator.head[0], MinibatchDiscrimination)
    assert (g.config.real_target, g.config.feature_matching, g.classes) == (0.9, False, 0)


@pytest.mark.parametrize(
    ("spec", "config", "said"),
    [
        (DataSpec(shape=(1, 7, 9)), {"network": "standard"}, "network=standard needs images of at least 8 pixels"),
        (DataSpec(kind="points", shape=(2,)), {"network": "standard", "virtual_batch_norm": True}, "no batch norm"),
    ],
)
def test_what_cannot_be_is_refused(spec, config, said):
    with pytest.raises(UserError, match=said):
        gan(spec, **config)
