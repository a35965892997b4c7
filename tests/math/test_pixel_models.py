"""Autoregressive recipes against truth: probabilities that sum to 1, masks by gradient, two ways to draw."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from saddlepoint.errors import UserError
from saddlepoint.families import Autoregressive, PixelByPixel
from saddlepoint.families.autoregressive import raster
from saddlepoint.networks.masked import MaskedConv2d, Memory, causal_mask
from saddlepoint.types import DataSpec, Noise
from support import small

RASTER: list[tuple[str, dict[str, Any]]] = [
    ("pixel_cnn", {}),
    ("pixel_cnn", {"dilation_cycle": 2}),
    ("gated_pixel_cnn", {}),
]
WIDE: dict[str, dict[str, Any]] = {"pixel_cnn": {"width": 36, "head": 36}, "gated_pixel_cnn": {"width": 24}}
"""So wide that ReLUs leave a way open wherever there is one."""


def wild(name: str, spec: DataSpec, **config: object) -> Autoregressive:
    """The little recipe with weights so large that what it looks at shows, in double precision."""
    recipe = small(name, spec, **config).eval().double()
    assert isinstance(recipe, Autoregressive)
    draw = torch.Generator().manual_seed(1)
    for p in recipe.parameters():
        std = 2 * p[0].numel() ** -0.5 if p.ndim > 1 else 0.3  # larger biases would drown what is seen
        nn.init.normal_(p, std=std, generator=draw)
    return recipe


def every_binary_image(side: int = 3) -> Tensor:
    return torch.tensor(list(itertools.product([-1.0, 1.0], repeat=side * side))).double().unflatten(1, (1, side, side))


@pytest.mark.parametrize(("name", "config"), [("made", {}), *RASTER], ids=str)
def test_the_probabilities_of_all_binary_images_sum_to_one(name: str, config: dict[str, Any]):
    p = wild(name, DataSpec(shape=(1, 3, 3), levels=2), **config).log_prob(every_binary_image()).exp()
    assert p.sum().item() == pytest.approx(1, abs=1e-6)
    assert p.max() > 4 / 512, "near 1/512 everywhere, a sum of 1 would show nothing"


def test_a_mask_that_lets_a_pixel_see_itself_breaks_that():
    model = wild("pixel_cnn", DataSpec(shape=(1, 3, 3), levels=2))
    first = model.get_submodule("network.first")
    assert isinstance(first, MaskedConv2d)
    first.mask[:, :, 3, 3] = 1
    assert model.log_prob(every_binary_image()).exp().sum().item() != pytest.approx(1, abs=1e-2)


def dependence(model: Autoregressive) -> Tensor:
    """Whether number o's logits move with number i, by gradient: (N, N), numbers in the order of drawing."""
    c, h, w = model.spec.shape
    x = torch.randn(8, c, h, w, generator=torch.Generator().manual_seed(2)).double().requires_grad_()
    logits = model.predict(x, None).flatten(2).square().sum((0, 1))
    found = torch.stack([torch.autograd.grad(one, x, retain_graph=True)[0].abs().sum(0).flatten() for one in logits])
    place = torch.arange(c * h * w).unflatten(0, (c, h, w)).permute(1, 2, 0).flatten()
    return found[place][:, place] > 0


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(("name", "config"), RASTER, ids=str)
def test_each_number_depends_on_earlier_ones_alone(name: str, config: dict[str, Any], channels: int):
    found = dependence(wild(name, DataSpec(shape=(channels, 4, 3), levels=4), **WIDE[name], **config))
    assert not found.triu().any()
    if channels > 1:  # and on the channels of its own pixel that are drawn
        own = torch.arange(channels, len(found), channels)
        assert all(found[i + c, i : i + c].all() for i in own for c in range(channels))


def test_pixel_cnn_is_blind_to_what_lies_far_to_the_right():
    """Nothing that it sees saw the far end of the row above (van den Oord et al. 2016b, figure 1)."""
    found = dependence(wild("pixel_cnn", DataSpec(shape=(1, 3, 6), levels=2), width=16, blocks=4))
    earlier = torch.ones(18, 18).tril(-1).bool()
    blind = (earlier & ~found).nonzero().tolist()
    assert blind == [[6, 4], [6, 5], [7, 5], [12, 5], [12, 10], [12, 11], [13, 11]]


def test_a_dilation_cycle_looks_farther_up():
    """7x7 first, then 3x3 block after block: 3 rows and 1 for each, or 1, 2 and 1 again."""
    spec = DataSpec(shape=(1, 10, 3), levels=2)
    for cycle, reach in ((1, 6), (2, 7)):
        found = dependence(wild("pixel_cnn", spec, width=16, blocks=3, dilation_cycle=cycle))
        assert found[-1].nonzero().min() // 3 == 9 - reach


@pytest.mark.parametrize("dilation", [1, 3])
@pytest.mark.parametrize("n", [1, 2])
def test_a_memory_gives_what_a_convolution_gives_everywhere(dilation: int, n: int):
    torch.manual_seed(0)
    conv = MaskedConv2d("features", 3, 6, (3, 3), 3, dilation)
    x = torch.randn(2, 3, 5, 8)
    memory, whole = Memory(5, 8), conv(x)
    for i, j in itertools.product(range(5), range(0, 8, n)):
        memory.stand(i, j, n)
        torch.testing.assert_close(memory(conv, x[:, :, i : i + 1, j : j + n]), whole[:, :, i : i + 1, j : j + n])


def test_pixel_cnn_knows_where_it_is_by_the_border_alone():
    """Of a blank image, pixels that see no border have equal logits."""
    spec = DataSpec(shape=(1, 12, 20), levels=2)
    model = wild("pixel_cnn", spec, width=16, blocks=2)
    logits = model.predict(torch.full((1, 1, 12, 20), -1.0).double(), None)[0, 0, 0]
    reach = 2 + 3
    inside = logits[reach:, reach : 20 - reach]
    assert inside.std() < 1e-3
    assert logits[:, reach : 20 - reach].std() > 1e-3


@pytest.mark.parametrize("shape", [(1, 3, 9), (1, 6, 5), (3, 4, 4)], ids=str)
def test_gated_pixel_cnn_has_no_blind_spot(shape: tuple[int, ...]):
    """Every number moves with every number before it, where pixel_cnn of the same reach is blind."""
    model = wild("gated_pixel_cnn", DataSpec(shape=shape, levels=2), width=12 * shape[0], layers=7)
    assert torch.equal(dependence(model), torch.ones(2 * [model.spec.dimensions]).tril(-1).bool())


@pytest.mark.parametrize("shape", [(1, 5, 4), (3, 4, 5)], ids=str)
@pytest.mark.parametrize(("name", "config"), RASTER, ids=str)
def test_remembering_draws_what_whole_passes_draw(name: str, config: dict[str, Any], shape: tuple[int, ...]):
    model = wild(name, DataSpec(shape=shape, levels=4), **config)
    assert isinstance(model, PixelByPixel)
    uniform = Noise("sample", 0, rows=11).uniform(*shape).double()
    with torch.no_grad():
        naive = raster(model.naive_predictor(None), torch.zeros_like(uniform), uniform)
        assert torch.equal(raster(model.predictor(None), torch.zeros_like(uniform), uniform), naive)
        at = raster(model.predictor(None), naive, uniform.flip(0), rows=2)
        assert torch.equal(at, raster(model.naive_predictor(None), naive, uniform.flip(0), rows=2))
    assert torch.equal(at[:, :, :2], naive[:, :, :2])
    assert not torch.equal(at[:, :, 2:], naive[:, :, 2:])


def test_labels_reach_every_pixel_and_keep_a_model_each():
    model = wild("gated_pixel_cnn", DataSpec(shape=(1, 3, 3), levels=2, classes=("a", "b")), by_class=True)
    x = every_binary_image()
    a, b = (model.log_prob(x, torch.full((512,), y)).exp() for y in range(2))
    assert a.sum().item() == pytest.approx(1, abs=1e-6)
    assert b.sum().item() == pytest.approx(1, abs=1e-6)
    assert (a - b).abs().sum() > 0.1
    logits = [model.predict(x[:1], torch.tensor([y])) for y in range(2)]
    assert (logits[0] != logits[1]).any(1).all()


def test_drawing_by_class_remembers_as_well():
    model = small("gated_pixel_cnn", DataSpec(shape=(1, 5, 4), classes=("a", "b")), by_class=True).eval()
    assert isinstance(model, PixelByPixel)
    uniform, y = Noise("sample", 0, rows=6).uniform(1, 5, 4), torch.tensor([0, 1, 0, 1, 0, 1])
    with torch.no_grad():
        naive, fast = (
            raster(p, torch.zeros_like(uniform), uniform) for p in (model.naive_predictor(y), model.predictor(y))
        )
    assert torch.equal(naive, fast)
    with pytest.raises(UserError, match="by_class=true needs labelled data"):
        small("gated_pixel_cnn", DataSpec(shape=(1, 5, 4)), by_class=True)
    with pytest.raises(UserError, match="kernel=4 has no centre"):
        small("gated_pixel_cnn", DataSpec(shape=(1, 5, 4)), kernel=4)


def test_masks_of_figure_2():
    def centre(kind: str) -> list[list[float]]:
        return causal_mask(kind, 3, 3, (3, 3), 3)[:, :, 1, 1].tolist()  # pyright: ignore[reportArgumentType]

    assert centre("image") == [[0, 0, 0], [1, 0, 0], [1, 1, 0]]
    assert centre("features") == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    for kind in ("image", "features"):
        around = causal_mask(kind, 3, 3, (3, 3), 3).sum((0, 1))
        assert around[0].tolist() == [9, 9, 9]
        assert around[1, [0, 2]].tolist() == [9, 0]
        assert around[2].tolist() == [0, 0, 0]


def test_masked_weights_for_relu_keep_the_variance_of_what_an_output_sees():
    torch.manual_seed(0)
    conv = MaskedConv2d("features", 30, 300, (3, 3), 3)
    conv.start_for_relu()
    inside = conv(torch.randn(64, 30, 6, 6).relu())[:, :, 1:-1, 1:-1]
    each = inside.unflatten(1, (-1, 3)).square().mean((0, 1, 3, 4))  # of the first, second and last channel's features
    torch.testing.assert_close(each, torch.ones(3), rtol=0.1, atol=0)  # E relu(x)^2 is 1/2, and 2/seen makes it 1 again


def test_pixel_cnn_starts_as_its_first_layer_and_head():
    model = small("pixel_cnn", DataSpec(shape=(1, 8, 8), levels=2))
    seen: list[Tensor] = []
    blocks = model.get_submodule("network.blocks")
    for block in blocks.children():
        block.register_forward_hook(lambda _, given, got: seen.extend([given[0], got]))
    assert isinstance(model, Autoregressive)
    model.log_prob(torch.randn(2, 1, 8, 8).sign())
    assert seen
    assert torch.equal(seen[0], seen[-1])
    assert seen[0].std() > 0.5
