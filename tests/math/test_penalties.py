"""Gradient penalties against critics whose gradients are known."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck

from saddlepoint.objectives.penalties import gradient_norm, gradient_norm_squared, interpolates


def draw(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


W = draw(3, 4, 5)


def linear(x, w):
    return (x * w).flatten(1).sum(1)


def test_a_linear_critics_gradient_is_its_weights_over_all_dimensions():
    x = draw(6, 3, 4, 5).requires_grad_()
    torch.testing.assert_close(gradient_norm(linear(x, W), x), W.norm().expand(6))
    torch.testing.assert_close(gradient_norm_squared(linear(x, W)[:, None], x), W.square().sum().expand(6))


def test_each_sample_has_its_own():
    x = draw(6, 2).requires_grad_()
    torch.testing.assert_close(gradient_norm(x.square().sum(1) / 2, x), x.norm(dim=1))
    torch.testing.assert_close(gradient_norm_squared(x.square().sum(1) / 2, x), x.square().sum(1))


def test_the_penalties_gradients_reach_the_critic():
    w, x = W.clone().requires_grad_(), draw(6, 3, 4, 5).requires_grad_()
    (by_w,) = torch.autograd.grad((gradient_norm(linear(x, w), x) - 1).square().mean(), w)
    torch.testing.assert_close(by_w, 2 * (W.norm() - 1) * W / W.norm())
    (by_w,) = torch.autograd.grad(gradient_norm_squared(linear(x, w), x).mean() / 2, w)
    torch.testing.assert_close(by_w, W)


@pytest.mark.parametrize("norm", [None, nn.GroupNorm])
@pytest.mark.parametrize("penalty", [gradient_norm, gradient_norm_squared])
def test_double_backward_through_a_convolutional_critic_agrees_with_finite_differences(penalty, norm):
    torch.manual_seed(0)
    middle = [norm(1, 3)] if norm else []
    critic = nn.Sequential(
        nn.Conv2d(2, 3, 5, 2, 2), *middle, nn.Softplus(), nn.ConvTranspose2d(3, 2, 3), nn.Tanh(), nn.Conv2d(2, 1, 5)
    ).double()
    x = draw(2, 2, 5, 5).requires_grad_()

    def of_weights(kernel):
        scores = torch.func.functional_call(critic, {"0.weight": kernel}, (x,)).flatten(1)
        return penalty(scores, x)

    assert gradcheck(of_weights, (critic[0].weight.detach().clone().requires_grad_(),))


def test_a_flat_critic_gives_no_nan():
    w, x = torch.zeros(4, requires_grad=True), torch.randn(3, 4, requires_grad=True)
    (by_w,) = torch.autograd.grad((gradient_norm(linear(x, w), x) - 1).square().mean(), w)
    assert by_w.isfinite().all()


def test_interpolates_lie_between_each_pair_at_its_own_share():
    real, fake, epsilon = draw(4, 3, 2, 2), -draw(4, 3, 2, 2), torch.tensor([0.0, 1.0, 0.5, 0.25]).double()
    for form in (epsilon, epsilon[:, None], epsilon[:, None, None, None]):
        x = interpolates(real, fake, form)
        assert torch.equal(x[0], fake[0])
        assert torch.equal(x[1], real[1])
        torch.testing.assert_close(x[2], (real[2] + fake[2]) / 2)
        torch.testing.assert_close(x[3], 0.25 * real[3] + 0.75 * fake[3])


def test_gradients_of_half_precision_scores_are_measured_in_float32():
    x = torch.full((2, 4096), 1.0, dtype=torch.bfloat16, requires_grad=True)
    squared = gradient_norm_squared((x * 300).sum(1), x)  # 300² * 4096 overflows float16 and rounds in bfloat16
    assert squared.dtype == torch.float32
    torch.testing.assert_close(squared, torch.full((2,), 300.0**2 * 4096))


def test_scores_are_one_a_sample():
    x = draw(3, 2).requires_grad_()
    with pytest.raises(AssertionError, match="one score a sample"):
        gradient_norm(x, x)
