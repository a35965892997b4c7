"""PixelRNN over every black and white image of 3x3 pixels, and by gradients."""

import itertools

import pytest
import torch
from torch import nn

from saddlepoint.families.autoregressive import raster
from saddlepoint.networks.pixel_rnn import DiagonalLSTM, RowLSTM, cell, skew, unskew
from saddlepoint.recipe import Bounds, Scores
from saddlepoint.types import DataSpec, Noise
from support import small

LAYERS = ["row", "diagonal"]


def every_image() -> torch.Tensor:
    return torch.tensor(list(itertools.product((-1.0, 1.0), repeat=9))).view(-1, 1, 3, 3)


@pytest.mark.parametrize("layer", LAYERS)
def test_the_probabilities_of_all_images_sum_to_one(layer: str):
    model = small("pixel_rnn", DataSpec(shape=(1, 3, 3), levels=2), layer=layer, layers=2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)  # far from uniform
        p = model.log_prob(every_image()).double().exp()
    assert float(p.sum()) == pytest.approx(1, abs=1e-5)
    assert float(p.max() / p.min()) > 5
    assert isinstance(model, Scores)
    assert not isinstance(model, Bounds)


@pytest.mark.parametrize("layer", LAYERS)
def test_samples_come_as_often_as_their_probability_says(layer: str):
    model = small("pixel_rnn", DataSpec(shape=(1, 2, 2), levels=2), layer=layer)
    images = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=4))).view(-1, 1, 2, 2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
        p = model.log_prob(images).double().exp()
        x = model.draw(Noise("draw", rows=20_000), None)
    index = ((x.flatten(1) > 0).long() * torch.tensor([8, 4, 2, 1])).sum(1)
    assert float((torch.bincount(index, minlength=16) / 20_000 - p).abs().sum()) / 2 < 0.015, "total variation"


def seen(model: nn.Module, channels: int, height: int, width: int) -> torch.Tensor:
    """Which numbers, in the order in which they are drawn, each one's logits depend on: (n, n)."""
    x = torch.rand(1, channels, height, width, requires_grad=True)
    n = channels * height * width
    logits = model.predict(x, None)[0].movedim(1, -1).reshape(-1, n)  # (levels, n), channels of a pixel in turn
    weights = torch.randn(len(logits))
    rows = [torch.autograd.grad((weights * logits[:, k]).sum(), x, retain_graph=True)[0] for k in range(n)]
    return torch.stack([row[0].movedim(0, -1).flatten() != 0 for row in rows])


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("channels", [1, 3])
def test_no_number_sees_itself_or_one_after_it(layer: str, channels: int):
    model = small("pixel_rnn", DataSpec(shape=(channels, 4, 5)), layer=layer, layers=2, width=6, head=6)
    assert not seen(model, channels, 4, 5).triu().any()


def test_the_diagonal_one_sees_all_before_it_but_the_end_of_the_row_above():
    """A pixel's features do not know the pixel itself, and the right-hand LSTM is lowered by a row: the last pixel of a
    row is known only to features below it, of which those far to the left of it in the next row hear nothing."""
    model = small("pixel_rnn", DataSpec(shape=(1, 3, 14), levels=2), layer="diagonal", width=8, head=16, layers=2)
    blind = torch.ones(42, 42).tril(-1).bool() & ~seen(model, 1, 3, 14)
    expected = {(14 * i + j, 14 * i - 1) for i in (1, 2) for j in range(10)}  # the 7x7 convolution reaches the others
    assert set(map(tuple, blind.nonzero().tolist())) == expected


def test_the_row_one_sees_a_triangle():
    model = small("pixel_rnn", DataSpec(shape=(1, 3, 20), levels=2), layer="row", width=8, head=16)
    sees = seen(model, 1, 3, 20)
    assert sees[40, :4].all()
    assert not sees[40, 8:20].any()


@pytest.mark.parametrize("layer", LAYERS)
def test_pixel_by_pixel_is_the_whole_pass(layer: str):
    model = small("pixel_rnn", DataSpec(shape=(2, 6, 5)), layer=layer, layers=2).eval()
    x = torch.rand(3, 2, 6, 5) * 2 - 1
    with torch.no_grad():
        whole, by_pixel = model.naive_predictor(None), model.predictor(None)
        for i, j in itertools.product(range(6), range(5)):
            torch.testing.assert_close(by_pixel(x, i, j).logits, whole(x, i, j).logits, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 5, 4), (3, 4, 5)], ids=str)
@pytest.mark.parametrize("layer", LAYERS)
def test_pixel_by_pixel_draws_what_whole_passes_draw(layer: str, shape: tuple[int, ...]):
    """With weights so large that what is remembered wrongly would show."""
    model = small("pixel_rnn", DataSpec(shape=shape, levels=4), layer=layer, layers=2).eval()
    uniform = Noise("sample", 0, rows=11).uniform(*shape)
    blank = torch.zeros_like(uniform)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
        naive = raster(model.naive_predictor(None), blank, uniform)
        assert torch.equal(raster(model.predictor(None), blank, uniform), naive)
        rest = raster(model.predictor(None), naive, uniform.flip(0), rows=2)
        assert torch.equal(rest, raster(model.naive_predictor(None), naive, uniform.flip(0), rows=2))
    assert torch.equal(rest[:, :, :2], naive[:, :, :2])
    assert not torch.equal(rest[:, :, 2:], naive[:, :, 2:])
    assert naive.unique().numel() == 4


def test_skewing_moves_rows_and_is_undone():
    x = torch.arange(6.0).view(1, 1, 2, 3)
    assert skew(x)[0, 0].tolist() == [[0, 1, 2, 0], [0, 3, 4, 5]]
    assert torch.equal(unskew(skew(x)), x)


def test_the_diagonal_layer_is_its_recurrence_pixel_by_pixel():
    torch.manual_seed(0)
    layer = DiagonalLSTM(4, 1)
    x = torch.randn(2, 8, 3, 5)
    gates = layer.to_gates(x)
    h = {(-1, j): torch.zeros(2, 4) for j in range(5)} | {(i, -1): torch.zeros(2, 4) for i in range(3)}
    c = {(i, -1): torch.zeros(2, 4) for i in range(3)}
    for i, j in itertools.product(range(3), range(5)):
        up, left = layer.from_state.weight.unbind(2)
        here = gates[:, :, i, j] + h[i - 1, j] @ up.T + h[i, j - 1] @ left.T
        h[i, j], c[i, j] = (state[..., 0] for state in cell(here[..., None], c[i, j - 1][..., None]))
        torch.testing.assert_close(layer(x)[:, :, i, j], h[i, j])


def test_the_row_layer_is_an_lstm_down_each_column_if_it_looks_straight_up():
    """torch's own LSTM has the gates in the order i, f, g, o."""
    torch.manual_seed(0)
    layer, reference = RowLSTM(3, 1), nn.LSTM(6, 3)
    for conv in (layer.to_gates, layer.from_state):
        conv.weight.data[..., [0, 2]] = 0
    order = [slice(6, 9), slice(3, 6), slice(9, 12), slice(0, 3)]
    state = torch.cat([layer.from_state.weight[part, :, 1] for part in order])
    inputs = torch.cat([layer.to_gates.weight[part, :, 0, 1] for part in order])
    bias = torch.cat([layer.to_gates.bias[part] for part in order])
    reference.load_state_dict(
        {"weight_ih_l0": inputs, "weight_hh_l0": state, "bias_ih_l0": bias, "bias_hh_l0": torch.zeros(12)}
    )
    x = torch.randn(2, 6, 4, 5)
    ours = layer(x)
    for j in range(5):
        theirs, _ = reference(x[..., j].permute(2, 0, 1))
        torch.testing.assert_close(ours[..., j].permute(2, 0, 1), theirs)
