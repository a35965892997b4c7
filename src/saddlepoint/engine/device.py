"""Where to run and in which precision."""

from __future__ import annotations

import torch

from saddlepoint.distributed import launched
from saddlepoint.errors import UserError

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def pick_device(wanted: str = "auto") -> torch.device:
    """The device named, or the fastest there is.

    Raises:
        UserError: the device is not on this machine.
    """
    here = ["cpu"]
    if torch.cuda.is_available():
        here = ["cuda", *here]
    elif torch.backends.mps.is_available():
        here = ["mps", *here]
    if wanted == "auto":
        wanted = here[0]
    if wanted == "cuda" and launched().size > 1:  # each process has its own
        wanted = f"cuda:{launched().local_rank}"
    kind, colon, index = wanted.partition(":")
    count = torch.cuda.device_count() if kind == "cuda" else 1
    if kind not in here or (colon and not (index.isdecimal() and int(index) < count)):
        raise UserError(f"Device {wanted!r} is not on this machine: there is {' and '.join(here)}.")
    return torch.device(wanted)


def has_bf16(device: torch.device) -> bool:
    """Whether bfloat16 matrix work runs in hardware, where alone it is faster than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        ask = getattr(torch.cpu, "get_capabilities", None)  # newer than the oldest torch we take
        found = ask() if ask else {}
        return bool(found.get("avx512_bf16") or found.get("amx_bf16"))
    return False


def pick_precision(wanted: str, device: torch.device) -> str:
    """`auto` settled to fp32 or bf16."""
    if wanted == "auto":
        return "bf16" if has_bf16(device) else "fp32"
    return wanted


def seed_draws(seed: int, device: torch.device) -> None:
    """Seed torch's own generators, of the CPU and of the device.

    `torch.manual_seed` also leaves a note, with the stack, for each kind of device that is not in use: a tenth of a
    small network's step.
    """
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)
