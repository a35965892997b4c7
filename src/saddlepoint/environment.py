"""What this machine offers a training: versions, devices, precision, threads, places to write."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from saddlepoint import __version__
from saddlepoint.engine.device import has_bf16, pick_device, pick_precision
from saddlepoint.metrics import inception
from saddlepoint.metrics.store import cache_folder

CORE = ("torch", "numpy", "pillow", "safetensors", "pydantic", "cyclopts", "rich")
EXTRAS = {
    "plot": "matplotlib",
    "track": "tensorboard",
    "export": "onnxruntime",
    "hub": "huggingface_hub",
    "data": "pyarrow",
    "web": "fastapi",
}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One line of the report. `advice` says what to do where something is not as it should be."""

    topic: str
    value: str
    advice: str = ""


def environment(runs: Path) -> list[Fact]:
    """The machine as a training would find it. Nothing is downloaded and nothing stays written.

    runs: where runs would go.
    """
    device, cache = pick_device(), cache_folder(None)
    return [
        Fact(topic="saddlepoint", value=f"{__version__} on Python {platform.python_version()}, {platform.platform()}"),
        Fact(topic="packages", value=", ".join(f"{name} {_version(name)}" for name in CORE)),
        _extras(),
        Fact(topic="device", value=_device(device)),
        _precision(device),
        _threads(),
        _writable("runs", runs, "Give another place with --out."),
        _writable("cache", cache, "Set SADDLE_CACHE to a folder you can write."),
        _kept(cache),
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _extras() -> Fact:
    there = {extra for extra, module in EXTRAS.items() if importlib.util.find_spec(module)}
    lacking = [extra for extra in EXTRAS if extra not in there]
    value = f"installed: {', '.join(e for e in EXTRAS if e in there) or 'none'}"
    if lacking:
        value += f"; not installed: {', '.join(lacking)} (pip install 'saddlepoint[{lacking[0]}]')"
    return Fact(topic="extras", value=value)


def _device(device: torch.device) -> str:
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        count = torch.cuda.device_count()
        return f"cuda: {count} x {properties.name}, {properties.total_memory / 2**30:.0f} GiB"
    return f"{device.type}: {platform.processor() or platform.machine()}"


def _precision(device: torch.device) -> Fact:
    hardware = "bf16 in hardware" if has_bf16(device) else "no bf16 in hardware"
    return Fact(topic="precision", value=f"auto is {pick_precision('auto', device)} here: {hardware}")


def _threads() -> Fact:
    threads, cores, busy = torch.get_num_threads(), _cores(), busy_cores()
    crowded = free_threads(threads, cores, busy) < threads
    return Fact(
        topic="threads",
        value=f"torch uses {threads} of {cores} cores; other work keeps {busy:.1f} busy",
        advice="Training will take fewer threads, for crowded ones slow each other many times over." * crowded,
    )


def make_room() -> str:
    """Take fewer torch threads where other work keeps cores busy. Returns what to tell the user, or nothing.

    OpenMP threads that wait for a core spin: measured beside one busy core of two, 33 steps/s with two threads
    against 98 with one. A user who set OMP_NUM_THREADS has decided.
    """
    threads = torch.get_num_threads()
    free = free_threads(threads, _cores(), busy_cores())
    if "OMP_NUM_THREADS" in os.environ or free == threads:
        return ""
    take_threads(free)
    return f"Other work keeps this machine busy: torch takes {free} of its {threads} threads (OMP_NUM_THREADS decides)."


def take_threads(count: int) -> None:
    """Take so many torch threads, unless OMP_NUM_THREADS has decided."""
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(count)


def free_threads(threads: int, cores: int, busy: float) -> int:
    """How many of torch's threads have a core to themselves; one at least."""
    return max(1, min(threads, round(cores - busy)))


def busy_cores(seconds: float = 0.2) -> float:
    """Cores that the whole machine keeps busy now; the last minute's load where there is no /proc."""
    if not Path("/proc/stat").exists():
        return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    before = _ticks()
    time.sleep(seconds)
    idle, total = (now - then for now, then in zip(_ticks(), before, strict=True))
    return (os.cpu_count() or 1) * (1 - idle / total) if total else 0.0


def _ticks() -> tuple[int, int]:
    """Idle and all clock ticks since boot, over all cores."""
    ticks = [int(field) for field in Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _writable(topic: str, folder: Path, advice: str) -> Fact:
    """Tries it, in the folder or the nearest parent that exists."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        return Fact(topic=topic, value=f"{folder}: cannot be written ({error.strerror})", advice=advice)
    return Fact(topic=topic, value=f"{folder}: can be written")


def _kept(cache: Path) -> Fact:
    """What the cache holds: downloads, decoded data, features, classifiers."""
    files = [path for path in cache.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 2**20
    weights = (
        "there"
        if (cache / "weights" / inception.FILE).exists()
        else "not downloaded (needed for --features inception only)"
    )
    return Fact(topic="kept", value=f"{len(files)} files, {size:.0f} MiB; Inception weights {weights}")
