"""The one call from a recipe into the engine: one optimisation step of one player."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint import distributed
from saddlepoint.engine.device import DTYPES
from saddlepoint.engine.guard import Call, Guard
from saddlepoint.engine.optim import clip_, gradients, make_optimizer, parameters_of
from saddlepoint.recipe import Objective, Player, Recipe
from saddlepoint.types import Batch, Noise


@dataclass(kw_only=True)
class Seat:
    """A player at the table: what it owns and what moves it."""

    player: Player
    parameters: list[nn.Parameter]
    others: list[nn.Parameter]
    buffers: list[Tensor]
    frozen_buffers: list[Tensor]
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler


class Updater:
    """Implements `Update`. Losses of the current step gather in `logs`; the guard remembers what went wrong."""

    def __init__(
        self, recipe: Recipe[Any], *, seed: int, device: torch.device, precision: str, micro_batch: int
    ) -> None:
        self.recipe, self.seed, self.device = recipe, seed, device
        self.precision, self.micro_batch = precision, micro_batch
        self.world, self.guard = distributed.connected(), Guard()
        self.seats = {name: self._seat(player) for name, player in recipe.players().items()}
        self.begin(0)

    def _seat(self, player: Player) -> Seat:
        own = parameters_of(player)
        mine = {id(p) for p in own}
        buffers = {id(b): b for module in player.modules for b in module.buffers()}
        played = {id(b): b for p in self.recipe.players().values() for module in p.modules for b in module.buffers()}
        return Seat(
            player=player,
            parameters=own,
            others=[p for p in self.recipe.parameters() if id(p) not in mine],
            buffers=list(buffers.values()),
            frozen_buffers=[b for key, b in played.items() if key not in buffers],
            optimizer=make_optimizer(player),
            scaler=torch.amp.GradScaler(self.device.type, enabled=self.precision == "fp16"),
        )

    @property
    def idle(self) -> list[str]:
        """Players that have had no update, before a resume neither. Plain SGD, which keeps no state, cannot tell."""
        return [name for name, s in self.seats.items() if not s.optimizer.state and s.player.optimizer != "sgd"]

    def begin(self, t: int) -> None:
        """A new step: its noise and logs start afresh."""
        self.t, self.calls = t, 0
        self.logs: dict[str, list[Tensor]] = {}
        self.shown: dict[str, int] = dict.fromkeys(self.seats, 0)

    def __call__(self, player: str, objective: Objective, batch: Batch) -> Mapping[str, Tensor]:
        seat = self.seats[player]
        # Keyed by step and call, so noise differs between two updates on one batch and needs no saving.
        rows, start = len(batch), batch.noise.start
        noise = Noise("update", self.seed, self.t, self.calls, rows=rows, start=start, device=self.device)
        self.calls += 1
        self.shown[player] += rows * self.world.size
        for p in seat.others:
            p.requires_grad_(False)
        for p in seat.parameters:
            p.requires_grad_(True)
        seat.optimizer.zero_grad(set_to_none=True)
        frozen, own = [[b.clone() for b in buffers] for buffers in (seat.frozen_buffers, seat.buffers)]
        means: dict[str, Tensor] = {}
        for part in replace(batch, noise=noise).split(self.micro_batch or rows):
            share = len(part) / (rows * self.world.size)
            with torch.autocast(self.device.type, DTYPES[self.precision], enabled=self.precision != "fp32"):
                terms = objective(part)
            loss = terms["loss"]
            assert loss.requires_grad, f"{player}'s loss does not depend on its parameters"
            seat.scaler.scale(loss.float() * share).backward()
            for key, value in terms.items():
                mean = value.detach().float().mean() * share
                means[key] = means[key] + mean if key in means else mean
        distributed.sum_gradients(seat.parameters, means)
        bad, means["grad_norm"] = self._move(seat, means)
        # Running statistics see every forward pass: the others' stay, and the player's too if the update is refused.
        for buffer, old in zip(seat.frozen_buffers, frozen, strict=True):
            buffer.copy_(old)
        for buffer, old in zip(seat.buffers, own, strict=True):
            buffer.copy_(torch.where(bad, old, buffer))
        sums = batch.x.sum(dim=tuple(range(1, batch.x.ndim)))
        self.guard.add(Call(player=player, step=self.t, bad=bad, means=means, index=batch.index, sums=sums))
        for key, value in means.items():
            self.logs.setdefault(f"{player}/{key}", []).append(value)
        return means

    def _move(self, seat: Seat, means: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Step the optimiser unless something is not finite. Returns whether so, and the norm before clipping."""
        seat.scaler.unscale_(seat.optimizer)
        grads = gradients(seat.parameters)
        norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g.float()) for g in grads]))
        bad = ~torch.isfinite(means["loss"]) if seat.scaler.is_enabled() else ~torch.isfinite(means["loss"] + norm)
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
        return bad, norm
