"""A player's optimiser: made from its description, stepped under the guard, saved as plain tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from saddlepoint.errors import UserError
from saddlepoint.recipe import Player, Schedule


def parameters_of(player: Player) -> list[nn.Parameter]:
    """The player's parameters, each once, in a stable order."""
    return list({id(p): p for module in player.modules for p in module.parameters()}.values())


def make_optimizer(player: Player) -> torch.optim.Optimizer:
    """The optimiser a player names, fused where torch has one."""
    parameters = parameters_of(player)
    lr, betas = at(player.lr, 0), (at(player.betas[0], 0), at(player.betas[1], 0))
    if player.optimizer == "adam":
        return torch.optim.Adam(
            parameters, lr, betas=betas, eps=player.eps, weight_decay=player.weight_decay, fused=True
        )
    if player.optimizer == "rmsprop":
        return torch.optim.RMSprop(parameters, lr, alpha=betas[1], eps=player.eps, weight_decay=player.weight_decay)
    return torch.optim.SGD(parameters, lr, momentum=betas[0], weight_decay=player.weight_decay)


def at(value: float | Schedule, images: int) -> float:
    """A hyperparameter's value after so many images."""
    return value(images) if callable(value) else value


def set_rates(optimizer: torch.optim.Optimizer, player: Player, images: int, factor: float) -> None:
    """Move the optimiser's rates to their values after `images`; `factor` is the run's warm-up and decay."""
    for group in optimizer.param_groups:
        group["lr"] = at(player.lr, images) * factor
        if "betas" in group:
            group["betas"] = (at(player.betas[0], images), at(player.betas[1], images))


def gradients(parameters: Iterable[nn.Parameter]) -> list[Tensor]:
    """The gradients there are, each laid out in memory as its parameter.

    A fused optimiser applies a gradient of other strides permuted, without an error.
    """
    found: list[Tensor] = []
    for p in parameters:
        if p.grad is not None:
            if p.grad.stride() != p.stride():
                p.grad = torch.empty_like(p).copy_(p.grad)
            found.append(p.grad)
    return found


def clip_(grads: list[Tensor], norm: Tensor, largest: float) -> None:
    """Scale gradients of total norm `norm` down to `largest`, in place."""
    factor = torch.clamp(largest / (norm + 1e-6), max=1.0)
    for grad in grads:
        grad.mul_(factor)


def state_tensors(optimizer: torch.optim.Optimizer, names: Mapping[int, str]) -> dict[str, Tensor]:
    """Every tensor of the optimiser's state as `parameter/field`. names: id of a parameter -> its name."""
    return {
        f"{names[id(p)]}/{field}": value if isinstance(value, Tensor) else torch.tensor(value)
        for p, state in optimizer.state.items()
        for field, value in state.items()
        if value is not None
    }


def load_state_tensors(
    optimizer: torch.optim.Optimizer, names: Mapping[int, str], tensors: Mapping[str, Tensor]
) -> None:
    """Put back what `state_tensors` gave; moments take their parameter's memory layout.

    Raises:
        UserError: a tensor is missing, or of no or another parameter; it names the first.
    """
    _check_state(optimizer, names, tensors)
    optimizer.state.clear()
    for group in optimizer.param_groups:
        for p in group["params"]:
            prefix = f"{names[id(p)]}/"
            for key, value in tensors.items():
                if key.startswith(prefix):
                    like = torch.empty_like(p, dtype=value.dtype) if value.shape == p.shape else value.clone()
                    optimizer.state[p][key.removeprefix(prefix)] = like.copy_(value)


def _check_state(optimizer: torch.optim.Optimizer, names: Mapping[int, str], tensors: Mapping[str, Tensor]) -> None:
    own = {names[id(p)]: p for group in optimizer.param_groups for p in group["params"]}
    fields = {key.rpartition("/")[2] for key in tensors}
    held = {key.rpartition("/")[0] for key in tensors}
    for key, tensor in tensors.items():
        p = own.get(key.rpartition("/")[0])
        if p is None or (tensor.numel() != 1 and tensor.shape != p.shape) or not tensor.dtype.is_floating_point:
            raise UserError(f"The optimiser's state does not fit this model: {key} is {tuple(tensor.shape)} there.")
    for name in held:
        for field in fields:
            if f"{name}/{field}" not in tensors:
                raise UserError(f"The optimiser's state does not fit this model: {name}/{field} is missing.")
