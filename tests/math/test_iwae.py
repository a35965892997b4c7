"""The IWAE's bound and both of its gradients, against computation draw by draw."""

import math

import pytest
import torch
from test_linear_vae import MEAN, SPEC, STD, Given, X, batch_of
from torch import Tensor, nn

from saddlepoint.catalogue import create
from saddlepoint.recipes.iwae import doubly_reparameterised, log_mean
from saddlepoint.types import DataSpec, Noise

K = 6


def linear(k: int, **config: object):
    made = create("iwae", SPEC, latent=2, std=STD, k=k, **config)
    made.decoder = nn.Linear(2, 3)
    made.encoder = Given(torch.cat([MEAN + 0.3, torch.full((5, 2), -0.2)], 1))
    return made


def gradients(k: int, keys: int, **config: object) -> tuple[Tensor, Tensor]:
    """Of the encoder's output and the decoder's weights: the mean over many draws of the noise."""
    torch.manual_seed(0)
    made = linear(k, **config)
    loss = made.objective(batch_of(X.float().repeat(keys, 1)))["loss"]
    return torch.autograd.grad(loss, [made.encoder.output, made.decoder.weight])


@pytest.mark.parametrize("gradient", ["reparameterised", "doubly"])
def test_the_loss_is_minus_the_log_of_the_mean_weight(gradient: str):
    made = linear(K, gradient=gradient)
    x = X.float()
    q = made.posterior(x)
    normal = Noise("test", 0, rows=5).normal(K, 2)
    total = torch.zeros(5)
    for i in range(K):
        z = q.mean + q.log_std.exp() * normal[:, i]
        log_x = torch.distributions.Normal(made.decoder(z), STD).log_prob(x).sum(1)
        log_p = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(1)
        log_q = torch.distributions.Normal(q.mean, q.log_std.exp()).log_prob(z).sum(1)
        total = total + (log_x + log_p - log_q).exp()
    losses = made.objective(batch_of(x))
    torch.testing.assert_close(losses["loss"], -(total / K).log().mean())
    torch.testing.assert_close(-losses["loss"], log_mean(made.log_weights(x, Noise("test", 0, rows=5), K)).mean())


def test_negligible_draws_take_no_part():
    """Their weights in the gradient would be denormal numbers, which a CPU multiplies many times as slowly."""
    log_w = torch.tensor([[-100.0], [-101.0], [-124.0], [-130.0], [-190.0]], requires_grad=True)
    bound = log_mean(log_w)
    torch.testing.assert_close(bound, log_w.logsumexp(0) - math.log(5), rtol=0, atol=0)
    (of_bound,) = torch.autograd.grad(bound, log_w)
    (of_loss,) = torch.autograd.grad(doubly_reparameterised(log_w, torch.zeros(5, 1, 2)), log_w)
    assert of_bound[3:].eq(0).all()
    assert of_bound[:3].gt(0).all()
    for gradient in (of_bound, -of_loss):
        torch.testing.assert_close(gradient, log_w.detach().softmax(0), rtol=0, atol=1e-5)


def test_one_draw_is_the_vaes_bound():
    image = DataSpec(shape=(1, 8, 8))
    torch.manual_seed(0)
    iwae = create("iwae", image, k=1, channels=4)
    losses = iwae.objective(batch_of(torch.rand(5, 1, 8, 8) * 2 - 1))
    torch.testing.assert_close(losses["loss"], -losses["elbo"])


def test_both_gradients_agree_on_average_and_the_doubly_one_is_quieter():
    """Theorem of Tucker et al. 2019: equal expectations; at the optimum the doubly one's variance is far lower."""
    (plain, plain_decoder), (doubly, doubly_decoder) = (
        gradients(K, 20_000, gradient=name) for name in ("reparameterised", "doubly")
    )
    torch.testing.assert_close(plain_decoder, doubly_decoder)
    torch.testing.assert_close(plain, doubly, rtol=0.1, atol=0.02)
    spread = {}
    for name in ("reparameterised", "doubly"):
        torch.manual_seed(0)
        made = linear(64, gradient=name)
        each = []
        for key in range(40):
            loss = made.objective(batch_of(X.float(), key))["loss"]
            each.append(torch.autograd.grad(loss, made.encoder.output)[0])
        spread[name] = float(torch.stack(each).var(0).mean())
    assert spread["doubly"] < 0.7 * spread["reparameterised"]


def test_more_draws_tighten_the_bound():
    made = linear(1)
    made.decoder.weight, made.decoder.bias = nn.Parameter(torch.eye(3, 2)), nn.Parameter(torch.zeros(3))
    weights = made.log_weights(X.float(), Noise("w", rows=5), 50_000).detach().view(-1, 50, 5)
    bounds = [log_mean(weights[:, :k].transpose(0, 1)).mean(0) for k in (1, 5, 50)]
    assert (torch.stack(bounds).diff(dim=0) > 0).all()
    covariance = torch.eye(3, 2) @ torch.eye(3, 2).T + STD**2 * torch.eye(3)
    exact = torch.distributions.MultivariateNormal(torch.zeros(3), covariance).log_prob(X.float())
    assert (bounds[-1] < exact + 0.01).all()
    torch.testing.assert_close(weights.flatten(0, 1).logsumexp(0) - math.log(50_000), exact, rtol=0, atol=0.05)
