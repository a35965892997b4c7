"""Finding the latent of given examples, for generators that have no encoder."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def invert(
    generate: Callable[[Tensor], Tensor], x: Tensor, start: Tensor, steps: int = 300, lr: float = 0.1
) -> tuple[Tensor, Tensor]:
    """The z (B, D) whose examples are nearest x (B, ...) in mean |x - G(z)|, and that error (B,), float32.

    Adam from `start` (B, D), its rate falling to 0 along half a cosine; of all steps the best is kept, example by
    example. `generate` must treat each row apart. Berthelot et al. 2017 (arXiv 1703.10717), section 4.3, reach real
    images so.
    """
    z = start.detach().clone().requires_grad_()
    best, error = start.detach().clone(), torch.full((len(x),), torch.inf, device=x.device)
    adam = torch.optim.Adam([z], lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, max(steps, 1))
    with torch.enable_grad():
        for _ in range(steps + 1):
            apart = (x - generate(z)).float().abs().flatten(1).mean(1)
            better = apart.detach() < error
            best, error = torch.where(better[:, None], z.detach(), best), torch.where(better, apart.detach(), error)
            (z.grad,) = torch.autograd.grad(apart.sum(), z)
            adam.step()
            schedule.step()
    return best, error
