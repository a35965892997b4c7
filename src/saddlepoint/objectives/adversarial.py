"""Adversarial losses.

Every loss takes logits or scores of shape (B,) or (B, 1) in any float dtype, reduces in float32 (float64 stays), and
returns a scalar to be minimised. Logits are D before its sigmoid: D(x) = sigmoid(logit), log D = -softplus(-logit),
log(1 - D) = -softplus(logit).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus


def discriminator_minimax(real: Tensor, fake: Tensor) -> Tensor:
    """-E log D(x) - E log(1 - D(G(z))), from logits. Goodfellow et al. 2014 (arXiv 1406.2661), equation 1."""
    return softplus(-_column(real)).mean() + softplus(_column(fake)).mean()


def discriminator_targets(real: Tensor, fake: Tensor, real_target: Tensor, fake_target: Tensor) -> Tensor:
    """Cross-entropy of D with targets in [0, 1], (B,) or (B, 1): -t log D - (1 - t) log(1 - D), from logits.

    Soft or flipped labels: Salimans et al. 2016 (arXiv 1606.03498), section 3.4, there for real ones alone.
    """
    terms = [
        (softplus(_column(score)) - _column(target) * _column(score)).mean()
        for score, target in ((real, real_target), (fake, fake_target))
    ]
    return terms[0] + terms[1]


def generator_minimax(fake: Tensor) -> Tensor:
    """E log(1 - D(G(z))), from logits. Goodfellow et al. 2014, equation 1. Its gradient vanishes as D(G(z)) -> 0."""
    return -softplus(_column(fake)).mean()


def generator_nonsaturating(fake: Tensor) -> Tensor:
    """-E log D(G(z)), from logits. Goodfellow et al. 2014, section 3: the same fixed point, strong early gradients."""
    return softplus(-_column(fake)).mean()


def critic_wasserstein(real: Tensor, fake: Tensor) -> Tensor:
    """E f(G(z)) - E f(x): minus the critic's estimate of W1. Arjovsky et al. 2017 (arXiv 1701.07875), equation 2."""
    return _column(fake).mean() - _column(real).mean()


def generator_wasserstein(fake: Tensor) -> Tensor:
    """-E f(G(z)). Arjovsky et al. 2017, equation 2."""
    return -_column(fake).mean()


def relativistic_pairing_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """E softplus(-(D(x) - D(G(z)))), real and fake paired row by row.

    RpGAN, Jolicoeur-Martineau 2018 (arXiv 1807.00734), equation 2; Huang et al. 2024 (arXiv 2501.05441), equation 2.
    """
    return softplus(-_paired_difference(real, fake)).mean()


def relativistic_pairing_generator(real: Tensor, fake: Tensor) -> Tensor:
    """E softplus(-(D(G(z)) - D(x))): the discriminator's loss with the roles exchanged."""
    return softplus(_paired_difference(real, fake)).mean()


def relativistic_average_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """-E log s(D(x) - E D(G(z))) - E log(1 - s(D(G(z)) - E D(x))), s the sigmoid; each against the others' mean.

    RaGAN, Jolicoeur-Martineau 2018 (arXiv 1807.00734), section 4: RaSGAN. The means are over the whole batch.
    """
    real, fake = _column(real), _column(fake)
    return softplus(-(real - fake.mean())).mean() + softplus(fake - real.mean()).mean()


def relativistic_average_generator(real: Tensor, fake: Tensor) -> Tensor:
    """The discriminator's loss with the roles exchanged: fakes are to look more real than real ones on average."""
    return relativistic_average_discriminator(fake, real)


def discriminator_least_squares(real: Tensor, fake: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """E (D(x) - b)² / 2 + E (D(G(z)) - a)² / 2. Mao et al. 2017 (arXiv 1611.04076), equation 2."""
    return ((_column(real) - b).square().mean() + (_column(fake) - a).square().mean()) / 2


def generator_least_squares(fake: Tensor, c: float = 1.0) -> Tensor:
    """E (D(G(z)) - c)² / 2. Mao et al. 2017, equation 2."""
    return (_column(fake) - c).square().mean() / 2


def discriminator_hinge(real: Tensor, fake: Tensor) -> Tensor:
    """E max(0, 1 - D(x)) + E max(0, 1 + D(G(z))), whose generator minimises `generator_wasserstein`.

    Lim and Ye 2017 (arXiv 1705.02894), the slack of a soft-margin SVM; Miyato et al. 2018 (arXiv 1802.05957),
    equation 16.
    """
    return relu(1 - _column(real)).mean() + relu(1 + _column(fake)).mean()


def generator_gradients(points: int = 199) -> dict[str, Tensor]:
    """Why the non-saturating loss: each generator loss's derivative with respect to the logit of one fake.

    Returns D(G(z)) on a grid inside (0, 1) under "d_fake", and over it "minimax" (in closed form -D) and
    "nonsaturating" (-(1 - D)). Where the discriminator is sure of itself, D -> 0, only the second still teaches.
    """
    d_fake = torch.linspace(0, 1, points + 2, dtype=torch.float64)[1:-1]
    curves = {"d_fake": d_fake}
    for name, loss in (("minimax", generator_minimax), ("nonsaturating", generator_nonsaturating)):
        logits = d_fake.logit().requires_grad_()
        (mean_gradient,) = torch.autograd.grad(loss(logits), logits)
        curves[name] = mean_gradient * points  # the loss is a mean over fakes; one fake's share is wanted
    return curves


def _paired_difference(real: Tensor, fake: Tensor) -> Tensor:
    real, fake = _column(real), _column(fake)
    assert real.shape == fake.shape, f"pairs need as many real ({len(real)}) as fake ({len(fake)})"
    return real - fake


def _column(scores: Tensor) -> Tensor:
    """Scores as (B,) in at least float32. (B,) and (B, 1) mixed would broadcast to (B, B) unnoticed."""
    assert scores.ndim == 1 or scores.shape[1:] == (1,), f"scores are (B,) or (B, 1), not {tuple(scores.shape)}"
    return scores.flatten().to(torch.promote_types(scores.dtype, torch.float32))
