"""R3GAN: each property the paper gives its networks, and its objective against the formula."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from saddlepoint.catalogue import create, info
from saddlepoint.errors import UserError
from saddlepoint.networks.r3gan import Basis, ResidualBlock, Transition
from saddlepoint.recipe import Latent
from saddlepoint.recipes.r3gan import POINTS, usual_gamma, usual_lr
from saddlepoint.types import Batch, DataSpec, Noise

RGB32 = DataSpec(shape=(3, 32, 32))
SMALL = {"width": 32, "blocks": 2}


def small(shape: tuple[int, ...] = (3, 32, 32), **options):
    torch.manual_seed(0)
    return create("r3gan", DataSpec(shape=shape), **{**SMALL, **options})


def trained(model):
    """Away from the initialisation, where the residual branches are 0."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return model


def batch_of(x: torch.Tensor) -> Batch:
    return Batch(x=x, y=None, index=torch.arange(len(x)), noise=Noise("test", rows=len(x)))


def networks(model) -> list[nn.Module]:
    return [model.generator, model.discriminator]


def of_type(network: nn.Module, kind: type) -> list:
    return [module for module in network.modules() if isinstance(module, kind)]


def test_parameter_counts_are_the_papers():
    """Config E at 256x256, the counts remembered of table 2: 23.058M in G and 23.010M in D."""
    with torch.device("meta"):
        model = create("r3gan", DataSpec(shape=(3, 256, 256)))
    counts = [sum(p.numel() for p in network.parameters()) for network in networks(model)]
    assert [round(count / 1e6, 3) for count in counts] == [23.058, 23.010]


def test_channels_by_resolution():
    with torch.device("meta"):
        model = create("r3gan", DataSpec(shape=(3, 256, 256)))
    channels = [block.expand.in_channels for block in of_type(model.generator, ResidualBlock)[::2]]
    assert channels == [768, 768, 768, 768, 384, 192, 96]
    assert [block.expand.in_channels for block in of_type(model.discriminator, ResidualBlock)[::2]] == channels[::-1]


def test_as_many_of_the_smallest_resolutions_as_asked_have_the_full_width():
    spec, few = DataSpec(shape=(3, 28, 28)), {"width": 128, "blocks": 1}
    for full_width, expected in ((1, [128, 64, 32, 16]), (2, [128, 128, 64, 32]), (9, [128] * 4)):
        model = create("r3gan", spec, full_width=full_width, **few)
        channels = [block.expand.in_channels for block in of_type(model.generator, ResidualBlock)]
        assert channels == expected
        assert [block.expand.in_channels for block in of_type(model.discriminator, ResidualBlock)] == expected[::-1]


def test_blocks_are_inverted_bottlenecks_of_grouped_convolutions():
    for network in networks(small()):
        blocks = of_type(network, ResidualBlock)
        assert len(blocks) == 2 * 4  # two a stage, four stages from 4x4 to 32x32
        for block in blocks:
            channels = block.expand.in_channels
            assert [c.kernel_size for c in (block.expand, block.mix, block.project)] == [(1, 1), (3, 3), (1, 1)]
            assert block.mix.in_channels == block.mix.out_channels == 2 * channels
            assert block.mix.in_channels // block.mix.groups == 16
            assert block.project.out_channels == channels
            assert block.project.bias is None


def test_no_normalisation_no_tanh_no_dropout():
    allowed = {"Generator", "Discriminator", "ResidualBlock", "Transition", "Basis"}
    allowed |= {"Conv2d", "Linear", "Flatten", "Identity", "LeakyReLU"}
    for network in networks(small()):
        assert {type(module).__name__ for module in network.modules()} <= allowed


def test_samples_are_unbounded_before_the_final_clamp():
    model = small()
    z = 100 * torch.randn(4, 64)
    torch.testing.assert_close(model.generate(z), 100 * model.generate(z / 100), rtol=1e-3, atol=1e-3)
    assert model.generate(z).abs().max() > 1


def test_fix_up_initialisation():
    for network in networks(small(width=128, group=32)):
        blocks = of_type(network, ResidualBlock)
        for block in blocks:
            assert not block.project.weight.any()
            x = torch.randn(2, block.expand.in_channels, 5, 5)
            assert torch.equal(block(x), x)  # the identity at first
            for conv in (block.expand, block.mix):
                gain = math.sqrt(2 / (1 + 0.2**2)) * len(blocks) ** (-1 / 4)
                fan_in = conv.in_channels // conv.groups * math.prod(conv.kernel_size)
                assert float(conv.weight.detach().std()) == pytest.approx(gain / math.sqrt(fan_in), rel=0.05)
                assert not conv.bias.any()


def test_learned_basis_of_4x4_modulated_linearly_by_z():
    model = small()
    (basis,) = of_type(model.generator, Basis)
    assert basis.maps.shape == (32, 4, 4)
    assert basis.maps.requires_grad
    z = torch.randn(3, 64)
    expected = basis.maps[None] * (z @ basis.modulation.weight.T)[:, :, None, None]
    torch.testing.assert_close(basis(z), expected)


def test_discriminator_ends_in_a_global_depthwise_convolution():
    pool = small().discriminator[-3]
    assert pool.kernel_size == (4, 4)
    assert pool.groups == pool.in_channels == pool.out_channels


def test_resampling_is_bilinear():
    x = torch.randn(2, 32, 8, 8)
    for size in ((16, 16), (4, 4), (15, 13), (5, 4)):
        transition = Transition(32, 32, size)
        torch.testing.assert_close(transition(x), F.interpolate(x, size, mode="bilinear", align_corners=False))
    narrower = Transition(32, 16, (16, 16))
    assert of_type(narrower, nn.Conv2d)[0].kernel_size == (1, 1)
    first = F.interpolate(x, (16, 16), mode="bilinear", align_corners=False)
    torch.testing.assert_close(narrower(x), narrower.project(first), rtol=1e-4, atol=1e-5)
    for network in networks(small()):
        assert len(of_type(network, Transition)) == 3


def test_presets_change_width_and_depth_only():
    presets = [info(name).preset for name in ("r3gan_small", "r3gan_tiny")]
    assert all(set(preset) <= {"width", "blocks"} for preset in presets)
    sizes = []
    for name in ("r3gan", "r3gan_small", "r3gan_tiny"):
        with torch.device("meta"):
            sizes.append(sum(p.numel() for p in create(name, RGB32).parameters()))
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 15), (1, 28, 20), (4, 28, 28), (3, 8, 40), (1, 45, 33)])
def test_any_size(shape: tuple[int, ...]):
    model = trained(small(shape))
    assert isinstance(model, Latent)
    assert model.sample(2).shape == (2, *shape)
    assert model.sample(2).abs().max() <= 1
    x = torch.rand(2, *shape) * 2 - 1
    assert model.discriminator(x).shape == (2, 1)
    smallest = of_type(model.generator, Basis)[0].maps.shape[1:]
    assert 4 <= min(smallest) <= 7


def test_too_small_or_uneven_is_named():
    with pytest.raises(UserError, match="8 pixels"):
        create("r3gan", DataSpec(shape=(1, 7, 20)))
    with pytest.raises(UserError, match="width=40"):
        create("r3gan", RGB32, width=40)


def test_discriminator_objective_is_the_formula():
    """softplus(-(D(x) - D(G(z)))) + gamma / 2 (|grad D(x)|^2 + |grad D(G(z))|^2), row by row."""
    model = trained(small((1, 8, 8), gamma=(0.7, 0.7))).double()
    x = torch.rand(5, 1, 8, 8, dtype=torch.float64) * 2 - 1
    batch = batch_of(x)
    batch.noise.normal = lambda *shape, draw=batch.noise.normal: draw(*shape).double()
    losses = model.discriminator_objective(batch)

    fakes = model.generate(Noise("test", rows=5).normal(64).double()).detach()
    total = 0.0
    for i in range(5):
        real, fake = x[i : i + 1].clone().requires_grad_(), fakes[i : i + 1].clone().requires_grad_()
        difference = model.discriminator(real) - model.discriminator(fake)
        gradients = torch.autograd.grad(difference, [real, fake])
        total += math.log1p(math.exp(-difference.item())) + 0.35 * sum(g.square().sum().item() for g in gradients)
    assert losses["loss"].item() == pytest.approx(total / 5)


def test_penalties_reach_the_parameters():
    """d R / d theta against central differences: the second derivative is there and right.

    The step is tiny because a penalty jumps where a leaky ReLU changes its side.
    """
    model = trained(small((1, 8, 8))).double()
    x = torch.rand(3, 1, 8, 8, dtype=torch.float64)
    batch = batch_of(x)
    batch.noise.normal = lambda *shape, draw=batch.noise.normal: draw(*shape).double()

    def penalty() -> torch.Tensor:
        batch.noise.draws = 0
        losses = model.discriminator_objective(batch)
        return losses["r1"] + 3 * losses["r2"]

    weight = of_type(model.discriminator, ResidualBlock)[0].mix.weight
    (gradient,) = torch.autograd.grad(penalty(), weight)
    direction, step = torch.randn_like(weight), 1e-8
    ends = []
    for sign in (1, -1):
        with torch.no_grad():
            weight += sign * step * direction
        ends.append(penalty().item())
        with torch.no_grad():
            weight -= sign * step * direction
    assert (ends[0] - ends[1]) / (2 * step) == pytest.approx((gradient * direction).sum().item(), rel=1e-4)


def test_generator_objective_moves_only_the_generators_gradient():
    model = trained(small((1, 8, 8)))
    batch = batch_of(torch.rand(4, 1, 8, 8) * 2 - 1)
    model.discriminator.requires_grad_(False)
    losses = model.generator_objective(batch)
    losses["loss"].backward()
    assert all(p.grad is not None and p.grad.any() for p in model.generator.parameters())

    fakes = model.generate(Noise("test", rows=4).normal(64))
    margin = (model.discriminator(fakes) - model.discriminator(batch.x)).detach()
    torch.testing.assert_close(losses["loss"].detach(), F.softplus(-margin).mean())


def test_schedules_follow_the_images_seen():
    model = small(burn_in=1000, lr=(2e-4, 5e-5))
    for player in model.players().values():
        assert player.betas[0] == 0
        for seen, lr, beta2, gamma in ((0, 2e-4, 0.9, 0.05), (500, 1.25e-4, 0.945, 0.0275), (2000, 5e-5, 0.99, 0.005)):
            assert player.lr(seen) == pytest.approx(lr)
            assert player.betas[1](seen) == pytest.approx(beta2)
            assert model.gamma(seen) == pytest.approx(gamma)


def test_usual_lr_is_the_papers_at_its_width_and_higher_below():
    assert usual_lr(768) == pytest.approx((2e-4, 5e-5))
    assert usual_lr(384) == pytest.approx((4e-4, 1e-4))
    assert usual_lr(32) == pytest.approx((2e-3, 5e-4))
    assert create("r3gan", RGB32, width=32).players()["generator"].lr(0) == pytest.approx(2e-3)


@pytest.mark.parametrize(("side", "gamma"), [(8, 0.05), (32, 0.05), (64, 2), (256, 150)])
def test_usual_gamma_is_the_papers(side: int, gamma: float):
    ours, larger = (usual_gamma(DataSpec(shape=(3, n, n))) for n in (side, 2 * side))
    assert ours == pytest.approx((gamma, gamma / 10))
    assert larger >= ours


def test_points_have_dense_networks_and_a_gamma_of_their_own():
    points = DataSpec(kind="points", shape=(2,))
    model = create("r3gan", points, widths=[8, 4])
    assert [tuple(p.shape) for p in model.discriminator.parameters()] == [(8, 2), (8,), (4, 8), (4,), (1, 4)]
    assert model.gamma(0) == pytest.approx(POINTS[0])
    assert model.gamma(10**9) == pytest.approx(POINTS[1])
    assert model.players()["generator"].lr(0) == pytest.approx(usual_lr(8)[0])
    assert create("r3gan", points, gamma=(3, 0.3)).gamma(0) == 3


def test_gamma_follows_the_images_seen():
    """The penalty's weight is read at each update, not once."""
    model = trained(small((1, 8, 8), burn_in=1000))
    weights = []
    for seen in (0, 1000):
        model.images_seen = seen
        losses = model.discriminator_objective(batch_of(torch.ones(2, 1, 8, 8) * 0.5))
        weights.append(((losses["loss"] - losses["adversarial"]) / (losses["r1"] + losses["r2"])).item() * 2)
    assert weights == pytest.approx([0.05, 0.005], rel=1e-2)
