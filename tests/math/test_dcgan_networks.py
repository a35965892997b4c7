"""DCGAN's five guidelines (Radford et al. 2016, section 3) on the built networks, and sizes."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from saddlepoint import catalogue
from saddlepoint.networks.blocks import Maxout
from saddlepoint.networks.dcgan import DCGANDiscriminator, DCGANGenerator, pyramid
from saddlepoint.types import DataSpec

SHAPES = [(1, 8, 8), (3, 64, 64), (1, 28, 28), (4, 45, 17)]


@pytest.fixture(params=SHAPES, ids=str)
def dcgan(request):
    return catalogue.create("dcgan", DataSpec(shape=request.param), width=4)


def leaves(network: nn.Module) -> list[nn.Module]:
    return [m for m in network.modules() if not list(m.children())]


def of(network: nn.Module, *kinds: type) -> list[nn.Module]:
    return [m for m in leaves(network) if isinstance(m, kinds)]


def test_sizes_change_by_strided_convolutions_alone(dcgan):
    *halving, last = of(dcgan.discriminator, nn.Conv2d)
    first, *doubling = of(dcgan.generator, nn.ConvTranspose2d)
    assert len(halving) == len(doubling) == len(pyramid(*dcgan.spec.shape[1:])) - 1
    assert all(c.stride == (2, 2) and c.kernel_size == (5, 5) for c in halving + doubling)
    smallest = pyramid(*dcgan.spec.shape[1:])[-1]
    assert first.kernel_size == last.kernel_size == smallest
    known = (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.ReLU, nn.LeakyReLU, nn.Tanh)
    assert not [m for m in leaves(dcgan) if not isinstance(m, known)], "no pooling, no resizing"


def test_batch_norm_everywhere_but_at_the_generators_output_and_the_discriminators_input(dcgan):
    for network, without in ((dcgan.generator, -1), (dcgan.discriminator, 0)):
        layers = leaves(network)
        convolutions = [i for i, m in enumerate(layers) if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
        followed = [i + 1 < len(layers) and isinstance(layers[i + 1], nn.BatchNorm2d) for i in convolutions]
        if network is dcgan.discriminator:
            followed = followed[:-1]  # the output logit is no layer of features
        assert [i for i, yes in enumerate(followed) if not yes] == [without % len(followed)]
        assert of(network, nn.BatchNorm2d)


def test_no_fully_connected_layers(dcgan):
    assert not of(dcgan, nn.Linear)


def test_relu_and_tanh_in_the_generator(dcgan):
    activations = of(dcgan.generator, nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.Sigmoid)
    assert all(type(m) is nn.ReLU for m in activations[:-1])
    assert leaves(dcgan.generator)[-1] is activations[-1]
    assert type(activations[-1]) is nn.Tanh


def test_leaky_relu_in_the_discriminator(dcgan):
    activations = of(dcgan.discriminator, nn.ReLU, nn.LeakyReLU, nn.Tanh, nn.Sigmoid)
    assert len(activations) == len(of(dcgan.discriminator, nn.Conv2d)) - 1
    assert all(type(m) is nn.LeakyReLU and m.negative_slope == 0.2 for m in activations)


def test_weights_start_at_0_02_and_players_at_the_papers_rates():
    torch.manual_seed(0)
    dcgan = catalogue.create("dcgan", DataSpec(shape=(3, 64, 64)), width=16)
    for layer in of(dcgan, nn.Conv2d, nn.ConvTranspose2d):
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.1)
        assert abs(layer.weight.mean().item()) < 0.002
    for player in dcgan.players().values():
        assert (player.optimizer, player.lr, player.betas) == ("adam", 2e-4, (0.5, 0.999))


def test_the_papers_widths_at_64_pixels():
    generator = DCGANGenerator(100, (3, 64, 64))
    first, *doubling = of(generator, nn.ConvTranspose2d)
    assert [first.out_channels, *(c.out_channels for c in doubling)] == [1024, 512, 256, 128, 3]
    assert pyramid(64, 64) == [(64, 64), (32, 32), (16, 16), (8, 8), (4, 4)]


@settings(max_examples=30, deadline=None)
@given(st.integers(8, 70), st.integers(8, 70), st.integers(1, 4))
def test_any_size_comes_out_exactly(height, width, channels):
    shape = (channels, height, width)
    *_, smallest = sizes = pyramid(height, width)
    assert len(sizes) >= 3
    assert 2 <= min(smallest) <= 6
    x = DCGANGenerator(3, shape, width=1)(torch.randn(2, 3))
    assert x.shape == (2, *shape)
    assert DCGANDiscriminator(shape, width=1)(x).shape == (2, 1)


def test_the_channels_last_layout_survives():
    generator, discriminator = DCGANGenerator(5, (3, 16, 24), 4), DCGANDiscriminator((3, 16, 24), 4)
    for network in (generator, discriminator):
        network.to(memory_format=torch.channels_last)
    seen = []
    for layer in of(nn.ModuleList([generator, discriminator]), nn.Conv2d, nn.ConvTranspose2d):
        layer.register_forward_hook(lambda m, _, out: seen.append(out))
    discriminator(generator(torch.randn(2, 5)))
    assert len(seen) == 2 * len(pyramid(16, 24))
    assert all(out.is_contiguous(memory_format=torch.channels_last) for out in seen)


def test_labels_reach_both_networks():
    y, z, x = torch.tensor([0, 1]), torch.randn(1, 5).expand(2, 5), torch.randn(1, 1, 8, 8).expand(2, 1, 8, 8)
    generated = DCGANGenerator(5, (1, 8, 8), 4, classes=3).eval()(z, y)
    judged = DCGANDiscriminator((1, 8, 8), 4, classes=3).eval()(x, y)
    assert not torch.allclose(generated[0], generated[1])
    assert not torch.allclose(judged[0], judged[1])


def test_maxout_is_the_largest_of_its_pieces():
    layer, x = Maxout(3, 4, 5), torch.randn(2, 3)
    pieces = layer.affine(x).view(2, 4, 5)
    assert torch.equal(layer(x), pieces.amax(2))
