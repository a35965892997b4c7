"""Several processes that train one model: who they are, and the little they tell each other.

torchrun starts them and says so in the environment (RANK, WORLD_SIZE, LOCAL_RANK). Each holds the whole model and a
slice of every batch; what it computes is what one process would compute over the joined batch. Tensors travel by NCCL
between GPUs and by gloo between CPUs. A second group, always gloo, lets the processes agree on the host what comes
next without waiting for a device, and notices at once when one of them dies.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from saddlepoint.errors import LostProcessError, UserError

TIMEOUT = timedelta(minutes=10)
"""How long a process waits for one that is alive and silent. A dead one is noticed at once."""


@dataclass(frozen=True)
class World:
    """This process among all: `rank` of `size`, and its number on its own machine."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def leads(self) -> bool:
        """Whether this is the one process that writes and speaks."""
        return self.rank == 0

    def slice(self, n: int) -> tuple[int, int]:
        """The rows [start, stop) of n that are this process's own; slices differ by one row at most."""
        return n * self.rank // self.size, n * (self.rank + 1) // self.size

    def __str__(self) -> str:
        return f"Process {self.rank} of {self.size}"


def launched() -> World:
    """The world as torchrun laid it out in the environment; one process without it.

    Raises:
        UserError: the variables are there in part, or are no numbers.
    """
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
    found = [os.environ.get(name, "") for name in names]
    if not any(found) or found[1] == "1":
        return World()
    if not all(value.isdigit() for value in found):
        given = ", ".join(f"{name}={value}" for name, value in zip(names, found, strict=True))
        raise UserError(f"The environment has {given}: start several processes with torchrun, which sets all three.")
    rank, size, local_rank = (int(value) for value in found)
    return World(rank, size, local_rank)


_world = World()  # global, as torch's own default group is
_control: Any = None  # the gloo group


def connected() -> World:
    """The world that is connected now; one process where none is."""
    return _world


@contextmanager
def connect(device: torch.device) -> Generator[World]:
    """Join the other processes for the time of the block. One alone has nothing to join, nor has one that has joined.

    Raises:
        LostProcessError: the others did not come.
    """
    global _world, _control
    world = launched()
    if world.size == 1 or _control:
        yield world
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    with _reached("before it began"):
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=TIMEOUT)
        _world, _control = world, dist.new_group(backend="gloo", timeout=TIMEOUT)
    try:
        yield world
        with _reached("at the end"):
            dist.barrier(_control)  # a process that leaves early takes down those who still talk to it
            dist.destroy_process_group()
    finally:
        _world, _control = World(), None


@contextmanager
def leader_first() -> Generator[None]:
    """The first process of each machine runs the block before its others do: it fills a cache, they read it."""
    world = connected()
    if world.size > 1 and world.local_rank:
        _wait()
    yield
    if world.size > 1:
        if not world.local_rank:
            _wait()
        _wait()


def agree(*values: float) -> list[float]:
    """The largest of each value over all processes: the same answer everywhere."""
    if not _control:
        return list(values)
    held = torch.tensor(values, dtype=torch.float64)
    with _reached():
        dist.all_reduce(held, dist.ReduceOp.MAX, group=_control)
    return held.tolist()


def share(text: str) -> str:
    """What the leader has to say, heard by all."""
    if not _control:
        return text
    said = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)
    length = torch.tensor(len(said))
    with _reached():
        dist.broadcast(length, 0, group=_control)
        heard = said if connected().leads else torch.empty(int(length), dtype=torch.uint8)
        dist.broadcast(heard, 0, group=_control)
    return bytes(heard.tolist()).decode()


def gather(rows: Tensor, n: int) -> Tensor:
    """The slices of all processes as the (n, ...) rows they are of, on the CPU. Not differentiable."""
    if not _control:
        return rows
    world = connected()
    longest = -(-n // world.size)
    padded = rows.new_zeros(longest, *rows.shape[1:], device="cpu")
    padded[: len(rows)] = rows.cpu()
    parts = [torch.empty_like(padded) for _ in range(world.size)]
    with _reached():
        dist.all_gather(parts, padded, group=_control)
    lengths = [stop - start for start, stop in (World(rank, world.size).slice(n) for rank in range(world.size))]
    return torch.cat([part[:length] for part, length in zip(parts, lengths, strict=True)])


def sum_gradients(parameters: Iterable[nn.Parameter], means: dict[str, Tensor]) -> None:
    """Gradients, and `means` beside them, become their sums over all processes: one message, in place.

    A parameter without a gradient anywhere keeps None; where only some have one, zeros stand in for the others.
    What is not finite in one process is not finite in any afterwards.
    """
    if not _control:
        return
    own = list(parameters)
    grads = [p.grad for p in own]
    has = torch.tensor([grad is not None for grad in grads], dtype=torch.float32, device=own[0].device)
    # reshape goes by position, not by memory: each gradient gets its values back in whatever layout it has.
    parts = [p.new_zeros(p.numel()) if g is None else g.reshape(-1) for p, g in zip(own, grads, strict=True)]
    flat = torch.cat([*parts, has, torch.stack(list(means.values()))])
    with _reached():
        dist.all_reduce(flat)
    sums = flat.split([*(p.numel() for p in own), len(own), len(means)])
    for grad, total in zip(grads, sums, strict=False):
        if grad is not None:
            grad.copy_(total.view(grad.shape))
    if any(grad is None for grad in grads):  # only here a look is needed, which waits for the device
        for p, total, count in zip(own, sums, sums[-2].tolist(), strict=False):
            if p.grad is None and count:
                p.grad = torch.empty_like(p).copy_(total.view(p.shape))
    means.update(zip(means, sums[-1], strict=True))


def broadcast(module: nn.Module) -> None:
    """Give every process the leader's parameters and buffers."""
    if _control:
        for tensor in module.state_dict().values():
            with _reached():
                held = tensor.contiguous()
                dist.broadcast(held, 0)
                tensor.copy_(held)


def first_difference(tensors: Mapping[str, Tensor]) -> str | None:
    """The first tensor that is not bit for bit the same in all processes, or None."""
    if not _control:
        return None
    bits = torch.stack([_checksum(tensor) for tensor in tensors.values()]).cpu()
    extremes = torch.cat([bits, -bits])
    with _reached():
        dist.all_reduce(extremes, dist.ReduceOp.MAX, group=_control)
    most, least = extremes[: len(bits)], -extremes[len(bits) :]
    return next((name for name, a, b in zip(tensors, most, least, strict=True) if a != b), None)


def _checksum(tensor: Tensor) -> Tensor:
    """A sum of the tensor's bits that depends on their places, int64 and below 2^63 in size by wrapping."""
    values = tensor.detach().reshape(-1)
    bits = values.double().view(torch.int64) if values.is_floating_point() else values.long()
    places = torch.arange(1, 2 * len(bits), 2, device=bits.device)
    return (bits * places).sum() >> 1  # halved, so that its negative exists too


class _Total(torch.autograd.Function):
    """Sum over processes. Its gradient is the same sum, so it can be differentiated any number of times."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        total = x.clone(memory_format=torch.contiguous_format)
        with _reached():
            dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        return total(grads[0])


def total(x: Tensor) -> Tensor:
    """The sum of x over all processes, differentiable twice."""
    return _Total.apply(x) if _control else x  # pyright: ignore[reportReturnType]


def whole_batch(rows: Tensor) -> Tensor:
    """The rows of all processes, (n, ...) -> (n * size, ...), differentiable twice; alone, the rows themselves.

    For objectives that compare examples with one another: each process computes the loss of the whole batch, and its
    gradient is that of one process with all rows.
    """
    if not _control:
        return rows
    world = connected()
    before, after = (rows.new_zeros(k * len(rows), *rows.shape[1:]) for k in (world.rank, world.size - 1 - world.rank))
    return total(torch.cat([before, rows, after]))


# What can go wrong -----------------------------------------------------------------------------------------


def _wait() -> None:
    with _reached():
        dist.barrier(_control)


@contextmanager
def _reached(when: str = "") -> Generator[None]:
    """Say in one sentence that another process could not be reached."""
    try:
        yield
    except RuntimeError as error:
        reason = str(error).partition("\n")[0].rpartition("] ")[2]
        raise LostProcessError(f"{launched()} lost another one{when and ' ' + when} ({reason})") from error
