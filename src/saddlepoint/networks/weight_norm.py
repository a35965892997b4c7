"""Dense layers whose weights have a length of their own.

Tim Salimans, Diederik P. Kingma: Weight Normalization. NeurIPS 2016, arXiv 1602.07868.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import linear


class WeightNormLinear(nn.Module):
    """(B, inputs) -> (B, outputs), by the weights w = g v / |v| of each output (equation 2).

    train_scale: whether g is learned, or stays as `initialise` leaves it.
    """

    scale: Tensor

    def __init__(self, inputs: int, outputs: int, train_scale: bool = False) -> None:
        super().__init__()
        self.direction = nn.Parameter(0.1 * torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        if train_scale:
            self.scale = nn.Parameter(torch.ones(outputs))
        else:
            self.register_buffer("scale", torch.ones(outputs))

    def forward(self, x: Tensor) -> Tensor:
        gain = self.scale * torch.rsqrt(self.direction.square().sum(1))  # on outputs, which are fewer than weights
        return linear(x, self.direction) * gain + self.bias

    @torch.no_grad()
    def adapt(self, x: Tensor) -> None:
        """Set g and b so that each output has mean 0 and variance 1 over this batch (equation 5)."""
        outputs = self.forward(x).float() - self.bias  # not by self(x), which would call the hook that calls this
        std, mean = torch.std_mean(outputs, 0, correction=0)
        std = std.clamp_min(1e-6)
        self.scale.div_(std)
        self.bias.copy_(-mean / std)


@torch.no_grad()
def initialise(network: nn.Module, x: Tensor) -> None:
    """Adapt the layers of a network to data, each to what those before it make of x, noise and all."""

    def adapt(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(layer, WeightNormLinear)
        layer.adapt(inputs[0])

    layers = [layer for layer in network.modules() if isinstance(layer, WeightNormLinear)]
    hooks = [layer.register_forward_pre_hook(adapt) for layer in layers]
    network(x)
    for hook in hooks:
        hook.remove()
