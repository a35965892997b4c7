"""Batch norm over the joined batch of several processes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage]  # the only common base

from saddlepoint.distributed import connected, total


class JoinedBatchNorm(_BatchNorm):
    """Batch norm by the statistics of the joined batch. Evaluated, it is the plain one.

    torch's own SyncBatchNorm runs on CUDA only and its backward cannot be differentiated.
    """

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        x = input.float()
        dims, shape = [0, *range(2, x.ndim)], (1, -1, *[1] * (x.ndim - 2))
        count = x.numel() // x.shape[1] * connected().size
        mean = total(x.sum(dims)) / count
        centred = x - mean.view(shape)
        variance = total(centred.square().sum(dims)) / count
        self._remember(mean.detach(), variance.detach() * count / max(count - 1, 1))
        x = centred * torch.rsqrt(variance + self.eps).view(shape)
        if self.affine:
            x = x * self.weight.view(shape) + self.bias.view(shape)
        return x.to(input.dtype)

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        weight = self.momentum if self.momentum is not None else 1 / self.num_batches_tracked
        self.running_mean.add_((mean - self.running_mean) * weight)
        self.running_var.add_((variance - self.running_var) * weight)

    def _check_input_dim(self, input: Tensor) -> None:
        assert input.ndim >= 2, input.shape


def join_batch_norms(module: nn.Module) -> None:
    """Put `JoinedBatchNorm` in the place of every batch norm below `module`, with its tensors and their names."""
    made: dict[int, JoinedBatchNorm] = {}
    for parent in module.modules():
        for name, norm in parent.named_children():
            if isinstance(norm, _BatchNorm) and not isinstance(norm, JoinedBatchNorm):
                setattr(parent, name, made.setdefault(id(norm), _joined(norm)))


def _joined(norm: _BatchNorm) -> JoinedBatchNorm:
    new = JoinedBatchNorm(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
    for name, parameter in norm.named_parameters(recurse=False):
        setattr(new, name, parameter)
    for name, buffer in norm.named_buffers(recurse=False):
        setattr(new, name, buffer)
    return new.train(norm.training)
