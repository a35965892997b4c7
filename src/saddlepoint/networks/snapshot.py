"""A network as it was: the same function with weights of another time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call


class Snapshot(nn.Module):
    """Computes what `network` did when it was last taken. Its weights are buffers: in the checkpoint, never trained."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self._network = (network,)  # in a tuple, so that its weights are not this module's too
        for name, tensor in network.state_dict().items():
            self.register_buffer(_flat(name), tensor.detach().clone())

    @torch.no_grad()
    def take(self) -> None:
        """Remember the network as it is now."""
        for name, tensor in self._network[0].state_dict().items():
            self.get_buffer(_flat(name)).copy_(tensor)

    def forward(self, *inputs: Any) -> Tensor:
        """In the network's present mode; running statistics that it would move stay as they are."""
        network = self._network[0]
        state = {name: self.get_buffer(_flat(name)).clone() for name in network.state_dict()}
        return functional_call(network, state, inputs)


def _flat(name: str) -> str:
    """A buffer's name has no dots."""
    return name.replace(".", "_")
