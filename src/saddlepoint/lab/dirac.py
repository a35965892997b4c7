"""The Dirac-GAN: data are all 0, the generator says theta, the discriminator scores x with psi x.

Mescheder, Geiger and Nowozin 2018 (arXiv 1801.04406), definition 2.1: the smallest GAN in which training may circle
the solution theta = psi = 0 for ever. Every loss and penalty here is the one that trains real networks. Near the
solution the field of gradient play is linear, so its Jacobian's eigenvalues say what happens there: real parts below 0
arrive, 0 circle, above 0 leave. An eigenvalue that is 0 itself leaves it undecided.

WGAN-GP and DRAGAN have a kink at psi = 0: no Jacobian.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.objectives.games import GAMES
from saddlepoint.objectives.penalties import interpolates, orthogonality, slope, slope_squared

Vector = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
START = (1.0, 1.0)


REFUSED: Mapping[str, str] = {
    "auto-encoder": "Auto-encoder critics (ebgan, began) score by reconstruction error, for which psi x is no network.",
    "kernel": "Kernel losses (mmd_gan, gmmn) have no discriminator to play with.",
    "discrete": "Discrete boundary seeking (bs_gan_binary) needs a generator that gives draws their probability.",
    "ranking": "Ranking (gogan) needs the generator and the critic of the stage before, and here is one of each.",
    "features": "Feature matching and classes (improved_gan, catgan) are losses over more than the one score psi x.",
}
"""Games that cannot be played here, and why."""

NEUTRAL: Mapping[str, float] = {"least_squares": 0.5, "kl": 1.0, "kl_minimax": 1.0}
"""The score by which a discriminator says that it cannot tell, where it is not 0: midway between the codes 0 and 1; for
an f-divergence the v at which g_f(v) = f'(1), which in table 2 of f-GAN is 0 in all rows but KL's."""

Penalty = Callable[[Callable[[Tensor], Tensor], Tensor, Tensor, Tensor], Tensor]
"""Of the critic, real x, fake x and psi, of weight 1."""


def _between(real: Tensor, fake: Tensor) -> Tensor:
    return interpolates(real, fake, torch.full((1,), 0.5, dtype=real.dtype))


PENALTIES: Mapping[str, Penalty] = {
    "none": lambda critic, real, fake, psi: torch.zeros_like(psi),
    "r1": lambda critic, real, fake, psi: slope_squared(critic, real).mean() / 2,
    "r2": lambda critic, real, fake, psi: slope_squared(critic, fake).mean() / 2,
    "zero_centred": lambda critic, real, fake, psi: slope_squared(critic, _between(real, fake)).mean(),
    "wgan_gp": lambda critic, real, fake, psi: (slope(critic, _between(real, fake)) - 1).square().mean(),
    "dragan": lambda critic, real, fake, psi: (slope(critic, real + 0.1) - 1).square().mean(),
    "wgan_div": lambda critic, real, fake, psi: slope_squared(critic, _between(real, fake)).pow(3).mean(),
    "orthogonal": lambda critic, real, fake, psi: orthogonality([psi.reshape(1, 1)]),
}


def field(state: Tensor, objective: str, penalty: str = "none", weight: float = 1.0) -> Tensor:
    """Where gradient descent takes (theta, psi), (2,): each player's own negative gradient. Differentiable again."""
    game, neutral = GAMES[objective], NEUTRAL.get(objective, 0.0)
    theta, psi = state[0], state[1]

    def critic(x: Tensor) -> Tensor:
        return psi * x + neutral

    real, fake = torch.zeros(1, dtype=state.dtype), theta.reshape(1)
    scores = critic(real), critic(fake)
    punished = game.discriminator(*scores) + weight * PENALTIES[penalty](critic, real, fake, psi)
    (down_psi,) = torch.autograd.grad(punished, psi, create_graph=True)
    (down_theta,) = torch.autograd.grad(game.generator(*scores), theta, create_graph=True)
    return -torch.stack([down_theta, down_psi])


def jacobian(objective: str, penalty: str = "none", weight: float = 1.0) -> Vector | None:
    """Of the field at the solution, (2, 2); None where the field jumps as psi goes through 0."""
    beside = [field(_point(0, side), objective, penalty, weight) for side in (-1e-9, 1e-9)]
    if (beside[0] - beside[1]).abs().max() > 1e-6:
        return None
    solution = _point(0, 0)
    ways = field(solution, objective, penalty, weight)
    rows = [torch.autograd.grad(way, solution, retain_graph=True)[0] for way in ways.unbind()]
    return torch.stack(rows).numpy()


def eigenvalues(objective: str, penalty: str = "none", weight: float = 1.0) -> Complex | None:
    """Of the Jacobian, (2,), the slowest to arrive first; None where there is no Jacobian."""
    at = jacobian(objective, penalty, weight)
    if at is None:
        return None
    found = np.linalg.eigvals(at).astype(np.complex128)
    return found[np.argsort(-found.real, kind="stable")]


def play(
    objective: str,
    penalty: str = "none",
    weight: float = 1.0,
    *,
    lr: float = 0.1,
    steps: int = 300,
    start: tuple[float, float] = START,
) -> Vector:
    """(theta, psi) under simultaneous gradient descent, (steps + 1, 2) from the start on."""
    state = _point(*start)
    path = [state]
    for _ in range(steps):
        state = (state + lr * field(state, objective, penalty, weight)).detach().requires_grad_()
        path.append(state)
    return torch.stack(path).detach().numpy()


def word(found: Complex | None) -> str:
    """The eigenvalues, and what they say of the solution."""
    if found is None:
        return "a kink at the solution: no Jacobian"
    first, second = found
    shown = f"{first.real:.2f} ± {abs(first.imag):.2f}i" if first.imag else f"{first.real:.2f}, {second.real:.2f}"
    # Eigenvalues of a double root come out of the arithmetic 1e-8 apart.
    if abs(first.real) < 1e-6:
        says = "circles" if abs(first.imag) > 1e-6 else "undecided"
    else:
        says = "arrives" if first.real < 0 else "leaves"
    return f"{says} ({shown})".replace("-0.00", "0.00")


def _point(theta: float, psi: float) -> Tensor:
    return torch.tensor([theta, psi], dtype=torch.float64, requires_grad=True)
