"""How much memory training will take, known before its first step and compared with what there is."""

from __future__ import annotations

import os
import weakref
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from saddlepoint.engine.optim import at, parameters_of
from saddlepoint.engine.probe import Probe
from saddlepoint.errors import UserError
from saddlepoint.recipe import Player, Recipe


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Bytes that steps will take at least, on top of what a trainer has made before the first of them.

    Tensors alone are counted, to the byte; what the allocator adds is not.

    moments: the optimisers', which stay; timeline: what is alive after each operation of a step, so much for any
    number of rows in a micro-batch and so much for each; row: an example of the batch that waits for its turn.
    """

    moments: int
    timeline: list[tuple[float, float]]
    row: int

    def at(self, batch: int, micro_batch: int) -> int:
        peak = max(fixed + micro_batch * each for fixed, each in self.timeline)
        return self.moments + round(peak) + (batch - micro_batch) * self.row


def estimate(probe: Probe) -> Estimate:
    """Count the bytes alive at every operation of a step on 2 rows and on 4, and draw the line through the two.

    The line is drawn for each operation apart: at another number of rows the peak may be at another one.
    """
    two, four = (_timeline(probe, rows) for rows in (2, 4))
    if len(two) != len(four):  # a step whose operations depend on its rows
        two, four = [max(two)], [max(four)]
    lines = [(float(2 * a - b), (b - a) / 2) for a, b in zip(two, four, strict=True)]
    moments = sum(_moments(p) * _bytes(parameters_of(p)) for p in probe.recipe.players().values())
    return Estimate(moments=moments, timeline=lines, row=4 * probe.data.spec.dimensions)


def _moments(player: Player) -> int:
    """Numbers that its optimiser keeps for each parameter."""
    if player.optimizer == "sgd":
        return int(at(player.betas[0], 0) > 0)  # without momentum none
    return 2 if player.optimizer == "adam" else 1


def held(*recipes: Recipe[Any]) -> int:
    """Bytes of the parameters of recipes, which may share some."""
    return _bytes({id(p): p for recipe in recipes for p in recipe.parameters()}.values())


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(t.nbytes for t in tensors)


def _timeline(probe: Probe, rows: int) -> list[int]:
    twin = probe.copy()
    with Alive([*twin.parameters(), *twin.buffers()]) as alive:
        for p in twin.parameters():
            p.grad = torch.zeros_like(p)  # as in every step but the first
        probe.step(twin, rows)
    return alive.timeline


class Alive(TorchDispatchMode):
    """Counts the bytes of the tensors made while it is on and still alive, after each operation.

    `there`: tensors made before, whose views are no news.
    """

    def __init__(self, there: Iterable[Tensor] = ()) -> None:
        super().__init__()
        self.bytes = {t.untyped_storage().data_ptr(): 0 for t in there}
        self.now, self.timeline = 0, list[int]()

    def __torch_dispatch__(
        self, func: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for value in tree_leaves(result):
            if isinstance(value, Tensor):
                storage = value.untyped_storage()
                address = storage.data_ptr()
                if address and address not in self.bytes:
                    self.bytes[address] = storage.nbytes()
                    self.now += storage.nbytes()
                    weakref.finalize(storage, self._gone, address)
        self.timeline.append(self.now)
        return result

    def _gone(self, address: int) -> None:
        self.now -= self.bytes.pop(address)


HEAP = 1.8
"""What a training's memory may grow to, for each byte alive: glibc's heap was measured at 1.0 to 1.75."""


def check(probe: Probe, batch: int, micro_batch: int) -> str:
    """Compare the estimate with what is free. Returns a warning where the two are close, or nothing.

    Raises:
        UserError: it cannot fit; it says how much is missing, and the largest micro-batch that will.
    """
    expected, device = estimate(probe), probe.device
    rows, free = micro_batch or batch, available(device)
    least = expected.at(batch, rows)
    if free is None or least * HEAP <= free:
        return ""
    smaller = (rows >> i for i in range(1, rows.bit_length()))
    safe = next((part for part in smaller if expected.at(batch, part) * HEAP <= free), None)
    advice = f"micro_batch={safe} will fit" if safe else "a smaller micro_batch is not enough, a smaller model may be"
    if probe.recipe.compares:  # it takes its batch whole
        advice = "a smaller batch or model takes less"
    if least > free:
        raise UserError(
            f"Training takes at least {size(least)} more memory, and {size(free)} are free on {device}: {advice}."
        )
    return f"Memory may run out: training takes {size(least)} to {size(least * HEAP)} of {size(free)} free; {advice}."


@contextmanager
def advise(batch: int, micro_batch: int, device: torch.device) -> Generator[None]:
    """Turn running out of memory into a sentence.

    Raises:
        UserError: the device ran out of memory; it names a micro-batch to try.
    """
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, torch.OutOfMemoryError) and "DefaultCPUAllocator" not in str(error):
            raise
        rows = micro_batch or batch
        advice = f"micro_batch={rows // 2} takes about half as much" if rows > 1 else "a smaller model takes less"
        raise UserError(f"{device} ran out of memory in training: {advice}.") from None


def available(device: torch.device) -> int | None:
    """Bytes that a training may still take on the device; None where the system does not say."""
    if device.type == "cuda":
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + cached
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    limits = [limit for limit in (_free_of_machine(), _free_of_container()) if limit is not None]
    return min(limits) // int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if limits else None


def _free_of_machine(path: Path = Path("/proc/meminfo")) -> int | None:
    """What Linux could hand out without failing: memory, and swap."""
    if not path.exists():
        return None
    fields = dict(line.split(":") for line in path.read_text().splitlines())
    return sum(1024 * int(fields[key].split()[0]) for key in ("MemAvailable", "SwapFree"))


def _free_of_container(root: Path = Path("/sys/fs/cgroup")) -> int | None:
    """What the container's limit (cgroup v2, then v1) leaves; page cache counts as free."""
    for limit, usage, stat, key in (
        (root / "memory.max", root / "memory.current", root / "memory.stat", "inactive_file"),
        (
            root / "memory/memory.limit_in_bytes",
            root / "memory/memory.usage_in_bytes",
            root / "memory/memory.stat",
            "total_inactive_file",
        ),
    ):
        if limit.exists() and (text := limit.read_text().strip()) != "max":
            cache = dict(line.split() for line in stat.read_text().splitlines())
            return int(text) - int(usage.read_text()) + int(cache.get(key, 0))
    return None


def size(count: float) -> str:
    """Bytes as `310 MiB` or `2.4 GiB`."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
