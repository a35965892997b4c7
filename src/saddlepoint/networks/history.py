"""A network's past.

Tim Salimans et al.: Improved Techniques for Training GANs. NeurIPS 2016, arXiv 1606.03498, section 3.3.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class History(nn.Module):
    """The mean of the parameters that a network has had, as buffers."""

    count: Tensor

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(()))
        for i, parameter in enumerate(network.parameters()):
            self.register_buffer(f"mean{i}", torch.zeros_like(parameter))

    def distance(self, network: nn.Module) -> Tensor:
        """|theta - 1/t sum_i theta[i]|^2 between the parameters and the mean of their past; 0 while there is none."""
        squares = [(now - past).square().sum() for now, past in self._pairs(network)]
        return torch.stack(squares).sum() * (self.count > 0)

    @torch.no_grad()
    def remember(self, network: nn.Module) -> None:
        """Take the parameters as they are now into the mean."""
        self.count.add_(1)
        for now, past in self._pairs(network):
            past.add_((now - past) / self.count)

    def _pairs(self, network: nn.Module) -> list[tuple[nn.Parameter, Tensor]]:
        return [(p, self.get_buffer(f"mean{i}")) for i, p in enumerate(network.parameters())]
