"""What this machine offers a training: versions, devices, precision, threads, places to write."""

from __future__ import annotations

import importlib.util
import os
import platform
import tempfile
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
    "data": "datasets",
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
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    value = f"torch uses {torch.get_num_threads()} of {cores} cores; load {busy:.1f}"
    return Fact(topic="threads", value=value, advice=crowding(busy, torch.get_num_threads(), cores))


def crowding(busy: float, threads: int, cores: int) -> str:
    """Advice where threads outnumber free cores: OpenMP threads that wait for a core spin, and steps take many
    times as long (measured: 33 steps/s against 98 beside one busy core of two)."""
    if threads <= 1 or busy + threads <= cores + 0.5:
        return ""
    return "Other work keeps the cores busy: train with OMP_NUM_THREADS=1, or one job at a time."


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
