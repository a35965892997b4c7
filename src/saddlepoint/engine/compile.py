"""Compiling a recipe's networks by torch.compile, each apart, where that is possible."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from saddlepoint.engine.batch_norm import JoinedBatchNorm
from saddlepoint.engine.probe import Probe, called, differentiated_twice
from saddlepoint.errors import UserError

EAGER = "eager: its gradients are differentiated again, which compiled code cannot do"
JOINED = "eager: its batch norm is joined over processes"
_BACKEND = "inductor"  # the fast tests take another


def compile_networks(probe: Probe) -> dict[str, str]:
    """Compile the recipe's networks in place. Returns what became of each, for run.json.

    Weights, names and copies stay as they are; a copy is not compiled.

    Raises:
        UserError: nothing can be compiled on this machine.
    """
    _check_compiler(probe.device)
    eager = differentiated_twice(probe)
    outcome: dict[str, str] = {}
    for name, network in probe.recipe.named_children():
        if name in eager:
            outcome[name] = EAGER
        elif any(isinstance(module, JoinedBatchNorm) for module in network.modules()):
            outcome[name] = JOINED
        else:
            for part in called(network):
                _compile(part)
            outcome[name] = "compiled"
    return outcome


def _compile(network: nn.Module) -> None:
    """As `network.compile()`, which for a plain nn.Sequential silently does nothing, its frames being torch's own."""
    eager = network._call_impl  # pyright: ignore[reportPrivateUsage]

    def call(*args: Any, **kwargs: Any) -> Any:
        return eager(*args, **kwargs)

    # torch counts and limits recompilations by code object: each network has its own.
    call.__code__ = call.__code__.replace()
    compiled = torch.compile(call, dynamic=False, backend=_BACKEND)

    def choose(*args: Any, **kwargs: Any) -> Any:
        # Samples are drawn in eval mode and in any number, and each number would be compiled anew.
        return (compiled if network.training else eager)(*args, **kwargs)

    network._compiled_call_impl = choose  # pyright: ignore[reportPrivateUsage]


def _check_compiler(device: torch.device) -> None:
    """Try it on a trifle: what torch needs differs by device and system.

    Raises:
        UserError: it does not work here.
    """

    def trifle(x: torch.Tensor) -> torch.Tensor:
        return x.sin() + 1

    try:
        torch.compile(trifle, dynamic=False, backend=_BACKEND)(torch.ones(2, device=device))
    except RuntimeError as error:
        reason = " ".join(str(error).split("\n\n")[0].split())
        raise UserError(f"compile=true needs a C++ compiler that torch can use, and here is none: {reason}") from None
