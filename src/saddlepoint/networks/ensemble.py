"""Several networks in the place of one: each row of a batch goes through the one chosen for it."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class Ensemble(nn.ModuleList):
    """z (B, ...) and the network of each row, `which` (B,) int64 -> what those networks make of their rows, (B, ...).

    Sampling runs each network on its own rows only. While anything in it is in training mode, all run on all rows and
    their own are taken: batch norm's statistics want the whole batch, and several processes must run the same networks.
    """

    def __init__(self, networks: Iterable[nn.Module]) -> None:
        super().__init__(networks)

    def forward(self, z: Tensor, which: Tensor) -> Tensor:
        if any(module.training for network in self for module in network.modules()):
            made = torch.stack([network(z) for network in self])
            return made[which, torch.arange(len(z), device=z.device)]
        # By ascending network, then back into the rows' own order.
        parts = [self[k](z[which == k]) for k in which.unique().tolist()]
        return torch.cat(parts)[which.argsort(stable=True).argsort()]
