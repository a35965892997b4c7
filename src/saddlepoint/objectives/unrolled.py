"""Steps of Adam that stay in the graph, so that what comes of them can be differentiated.

Metz et al. 2017 (arXiv 1611.02163), equations 7 to 9; Adam is algorithm 1 of Kingma and Ba 2015 (arXiv 1412.6980).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

Parameters = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Adam:
    """Adam's moments of parameters by name, after `count` steps."""

    first: Parameters
    second: Parameters
    count: Tensor
    lr: float
    betas: tuple[float, float]
    eps: float = 1e-8

    def see(self, grads: Mapping[str, Tensor]) -> Adam:
        """After one more gradient."""
        (b1, b2), first, second = self.betas, self.first, self.second
        return replace(
            self,
            first={key: b1 * first[key] + (1 - b1) * grad for key, grad in grads.items()},
            second={key: b2 * second[key] + (1 - b2) * grad * grad for key, grad in grads.items()},
            count=self.count + 1,
        )

    def move(self, parameters: Mapping[str, Tensor]) -> Parameters:
        """The parameters after a step by the moments. eps stands within the root, whose slope at 0 has no bound."""
        scale = 1 - self.betas[1] ** self.count
        rate = self.lr / (1 - self.betas[0] ** self.count)
        return {
            key: value - rate * self.first[key] / (self.second[key] / scale + self.eps**2).sqrt()
            for key, value in parameters.items()
        }


class Moments(nn.Module):
    """Adam's moments of a network, as its own optimiser has them; buffers, so that they are in checkpoints."""

    def __init__(self, network: nn.Module, lr: float, betas: tuple[float, float]) -> None:
        super().__init__()
        self.lr, self.betas = lr, betas
        self.names = [name for name, _ in network.named_parameters()]
        for which in ("first", "second"):
            for i, p in enumerate(network.parameters()):
                self.register_buffer(f"{which}_{i}", torch.zeros_like(p))
        self.register_buffer("count", torch.zeros(()))

    def adam(self) -> Adam:
        """What they are now."""
        *moments, count = self.buffers()
        first = dict(zip(self.names, moments[: len(self.names)], strict=True))
        second = dict(zip(self.names, moments[len(self.names) :], strict=True))
        return Adam(first=first, second=second, count=count, lr=self.lr, betas=self.betas)

    @torch.no_grad()
    def see(self, grads: Mapping[str, Tensor]) -> None:
        """Take in a gradient, unless it is not finite: the network's own optimiser refuses it too."""
        good = torch.stack([grad.isfinite().all() for grad in grads.values()]).all()
        seen = self.adam().see(grads)
        for old, new in zip(self.buffers(), [*seen.first.values(), *seen.second.values(), seen.count], strict=True):
            old.copy_(torch.where(good, new, old))


def unrolled(
    loss: Callable[[Parameters], Tensor], parameters: Mapping[str, Tensor], steps: int, adam: Adam
) -> Parameters:
    """The parameters after `steps` of Adam on `loss`, differentiable through every step and moment: equation 7.

    loss: from parameters by name to a scalar, whose value may depend on other tensors: gradients reach those too.
    """
    now = dict(parameters)
    for _ in range(steps):
        grads = torch.autograd.grad(loss(now), list(now.values()), create_graph=True)
        adam = adam.see(dict(zip(now, grads, strict=True)))
        now = adam.move(now)
    return now
