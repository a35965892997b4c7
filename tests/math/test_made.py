"""MADE: every order is a model, the recipe is their mixture, and a draw takes each hidden unit once."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from saddlepoint.distributions import Levels
from saddlepoint.recipes.made import MADE, MADEConfig
from saddlepoint.types import DataSpec


def made(shape: tuple[int, ...] = (2, 2, 3), levels: int = 4, **config: object) -> MADE:
    torch.manual_seed(0)
    model = MADE(
        DataSpec(shape=shape, levels=levels), MADEConfig(**{"widths": (60, 50), "masks": 5, **config})
    ).double()
    for p in model.parameters():
        torch.nn.init.normal_(p, std=p.shape[-1] ** -0.5 * 2)
    return model


@pytest.mark.parametrize("widths", [(40,), (60, 50), (60, 40, 50)], ids=str)
def test_each_order_has_its_own_causality(widths: tuple[int, ...]):
    """By gradient: a number's logits move with every number before it in the order, and with no other."""
    model = made(widths=tuple(20 * w for w in widths))
    x = torch.randn(4, 12).double().requires_grad_()
    for mask in range(5):
        logits = model.network(x, mask).square().sum((0, 2))
        moves = torch.stack([torch.autograd.grad(o, x, retain_graph=True)[0].abs().sum(0) for o in logits]) > 0
        order = model.network.place[mask].argsort()
        assert not moves[order][:, order].triu().any()
        assert moves[order][:, order].tril(-1).sum() == 12 * 11 / 2
    orders = {tuple(row) for row in model.network.place.tolist()}
    assert len(orders) == 5


def test_the_mixture_is_the_mean_of_its_members_probabilities():
    model, x = made(), torch.randint(4, (6, 2, 2, 3)).double() * 2 / 3 - 1
    each = [Levels(model.logits(x, mask)).log_prob(x).exp() for mask in range(5)]
    torch.testing.assert_close(model.log_prob(x).exp(), torch.stack(each).mean(0))


def test_training_takes_the_masks_in_turn():
    model, seen = made(), []
    for t in range(7):
        model.step(iter([None]), lambda player, objective, batch: seen.append(model.turn), t)  # pyright: ignore[reportArgumentType]
    assert seen == [0, 1, 2, 3, 4, 0, 1]


def naive(model: MADE, uniform: Tensor, mask: int) -> Tensor:
    x = torch.zeros_like(uniform)
    for at in model.network.place[mask].argsort():
        x[:, at] = Levels(model.network(x, mask).transpose(1, 2)).sample(uniform)[:, at]
    return x


@pytest.mark.parametrize("widths", [(40,), (60, 50), (60, 40, 50)], ids=str)
def test_a_draw_gives_what_whole_passes_give(widths: tuple[int, ...]):
    model, uniform = made(widths=widths), torch.rand(11, 12).double()
    mask = torch.arange(11) % 5
    with torch.no_grad():
        drawn = model.network.draw(uniform, mask)
        expected = torch.stack([naive(model, uniform[b : b + 1], int(mask[b]))[0] for b in range(11)])
    assert torch.equal(drawn, expected)
    assert len(drawn.unique()) == 4


def test_deeper_units_never_have_nothing_to_see():
    first, second = made(widths=(3, 500)).network.degrees.split((3, 500), 1)
    assert (second.min(1).values >= first.min(1).values).all()
    assert first.min() >= 1
    assert second.max() <= 11
    assert math.isclose(float(made(widths=(100_000,), masks=1).network.degrees.double().mean()), 6, abs_tol=0.05)
