"""One step on a copy of the recipe, to learn what training will ask for. It leaves no trace in the training."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.data.dataset import Data
from saddlepoint.distributed import World
from saddlepoint.engine.device import DTYPES
from saddlepoint.engine.optim import parameters_of
from saddlepoint.engine.stream import Stream
from saddlepoint.recipe import Objective, Recipe
from saddlepoint.types import Batch, Noise


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Where and on what to try a recipe."""

    recipe: Recipe[Any]
    data: Data
    device: torch.device
    precision: str

    def copy(self) -> Recipe[Any]:
        """The recipe in training mode, with weights, buffers and gradients of its own."""
        twin = copy.deepcopy(self.recipe).train()
        for p in twin.parameters():
            p.grad = None
        return twin

    def step(self, twin: Recipe[Any], rows: int) -> None:
        """The first step's forwards and backwards on `rows` examples; no optimiser moves, so nothing else is made."""
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(0)
            batches = Stream(self.data, rows, seed=0, device=self.device, world=World())
            twin.step(batches, Backward(twin, self.device, self.precision), 0)


class Backward:
    """Implements `Update` without moving anything."""

    def __init__(self, recipe: Recipe[Any], device: torch.device, precision: str) -> None:
        self.recipe, self.device, self.precision = recipe, device, precision
        self.players = {name: parameters_of(player) for name, player in recipe.players().items()}

    def __call__(self, player: str, objective: Objective, batch: Batch) -> Mapping[str, Tensor]:
        self.recipe.requires_grad_(False)
        for p in self.players[player]:
            p.grad = None
            p.requires_grad_(True)
        noise = Noise("probe", player, rows=len(batch), device=self.device)
        with torch.autocast(self.device.type, DTYPES[self.precision], enabled=self.precision != "fp32"):
            terms = objective(replace(batch, noise=noise))
        terms["loss"].float().backward()
        return {key: value.detach().float().mean() for key, value in terms.items()}


def differentiated_twice(probe: Probe) -> set[str]:
    """The recipe's networks whose gradients its objectives differentiate again, as gradient penalties do."""
    twin, found = probe.copy(), set[str]()
    for name, network in twin.named_children():
        for part in called(network):
            part.register_forward_hook(_watch(name, found))
    probe.step(twin, rows=2)
    return found


def called(network: nn.Module) -> list[nn.Module]:
    """The modules that a recipe calls: the network, or the members of a list of networks, itself never called."""
    return list(network) if isinstance(network, nn.ModuleList) else [network]


def _watch(name: str, found: set[str]) -> Callable[[nn.Module, object, object], None]:
    """A forward hook. Gradients flow with grad mode on only where they will be differentiated themselves."""

    def backward(_: Tensor) -> None:
        if torch.is_grad_enabled():
            found.add(name)

    def forward(_: nn.Module, __: object, output: object) -> None:
        for value in output if isinstance(output, tuple) else (output,):
            if isinstance(value, Tensor) and value.requires_grad:
                value.register_hook(backward)

    return forward
