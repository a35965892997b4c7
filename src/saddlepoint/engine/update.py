"""The one call from a recipe into the engine: one optimisation step of one player."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.engine.device import DTYPES
from saddlepoint.engine.optim import clip_, gradients, make_optimizer, parameters_of
from saddlepoint.recipe import Objective, Player, Recipe
from saddlepoint.types import Batch, Noise


@dataclass(kw_only=True)
class Seat:
    """A player at the table: what it owns and what moves it."""

    player: Player
    parameters: list[nn.Parameter]
    others: list[nn.Parameter]
    frozen_buffers: list[Tensor]
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler


class Updater:
    """Implements `Update`. Losses and faults of the current step gather in `logs` and `faults`."""

    def __init__(
        self, recipe: Recipe[Any], *, seed: int, device: torch.device, precision: str, micro_batch: int
    ) -> None:
        self.recipe, self.seed, self.device = recipe, seed, device
        self.precision, self.micro_batch = precision, micro_batch
        self.seats = {name: self._seat(player) for name, player in recipe.players().items()}
        self.begin(0)

    def _seat(self, player: Player) -> Seat:
        own = parameters_of(player)
        mine = {id(p) for p in own}
        buffers = {id(b) for module in player.modules for b in module.buffers()}
        played = {id(b): b for p in self.recipe.players().values() for module in p.modules for b in module.buffers()}
        return Seat(
            player=player,
            parameters=own,
            others=[p for p in self.recipe.parameters() if id(p) not in mine],
            frozen_buffers=[b for key, b in played.items() if key not in buffers],
            optimizer=make_optimizer(player),
            scaler=torch.amp.GradScaler(self.device.type, enabled=self.precision == "fp16"),
        )

    def begin(self, t: int) -> None:
        """A new step: its noise, logs and faults start afresh."""
        self.t, self.calls = t, 0
        self.logs: dict[str, list[Tensor]] = {}
        self.faults: list[tuple[str, Tensor, Mapping[str, Tensor]]] = []
        self.shown: dict[str, int] = dict.fromkeys(self.seats, 0)

    def __call__(self, player: str, objective: Objective, batch: Batch) -> Mapping[str, Tensor]:
        seat = self.seats[player]
        # Keyed by step and call, so noise differs between two updates on one batch and needs no saving.
        noise = Noise("update", self.seed, self.t, self.calls, rows=len(batch), device=self.device)
        self.calls += 1
        self.shown[player] += len(batch)
        for p in seat.others:
            p.requires_grad_(False)
        for p in seat.parameters:
            p.requires_grad_(True)
        seat.optimizer.zero_grad(set_to_none=True)
        buffers = [b.clone() for b in seat.frozen_buffers]
        means: dict[str, Tensor] = {}
        for part in replace(batch, noise=noise).split(self.micro_batch or len(batch)):
            share = len(part) / len(batch)
            with torch.autocast(self.device.type, DTYPES[self.precision], enabled=self.precision != "fp32"):
                terms = objective(part)
            loss = terms["loss"]
            assert loss.requires_grad, f"{player}'s loss does not depend on its parameters"
            seat.scaler.scale(loss.float() * share).backward()
            for key, value in terms.items():
                mean = value.detach().float().mean() * share
                means[key] = means[key] + mean if key in means else mean
        for buffer, before in zip(seat.frozen_buffers, buffers, strict=True):
            buffer.copy_(before)
        means["grad_norm"] = self._move(seat, player, means)
        for key, value in means.items():
            self.logs.setdefault(f"{player}/{key}", []).append(value)
        return means

    def _move(self, seat: Seat, player: str, means: Mapping[str, Tensor]) -> Tensor:
        """Step the optimiser unless something is not finite. Returns the gradient's norm before clipping."""
        seat.scaler.unscale_(seat.optimizer)
        grads = gradients(seat.parameters)
        norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g.float()) for g in grads]))
        bad = ~torch.isfinite(means["loss"]) if seat.scaler.is_enabled() else ~torch.isfinite(means["loss"] + norm)
        self.faults.append((player, bad, means))
        if seat.player.clip:
            clip_(grads, norm, seat.player.clip)
        if seat.scaler.is_enabled():  # an overflow is fp16's daily business: the scaler skips and lowers its scale
            seat.scaler.step(seat.optimizer)
            seat.scaler.update()
        elif isinstance(seat.optimizer, torch.optim.Adam) and self.device.type in ("cpu", "cuda"):
            # The fused kernel itself leaves everything as it was: decided on the device, nothing waits.
            seat.optimizer.found_inf = bad.float()  # pyright: ignore[reportAttributeAccessIssue]
            seat.optimizer.step()
        elif not bad:
            seat.optimizer.step()
        return norm

    def found(self) -> tuple[str, list[str]] | None:
        """The first player of this step that met something not finite, and which terms; waits for the device."""
        for player, bad, means in self.faults:
            if bad:
                terms = [key for key, value in means.items() if key != "grad_norm" and not torch.isfinite(value)]
                return player, terms or ["gradient"]
        return None
